"""`/issues/{short_id}/events`: all events of an issue as a table, with chosen tags as columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.event.model import Json
from lighttrace.store import issue_events, tag_stats, users
from lighttrace.store.database import Reader
from lighttrace.store.events import EventRow
from lighttrace.store.issue_events import EventPage, EventQuery
from lighttrace.store.issues import Issue
from lighttrace.web import around, guards, links, state, tags_view
from lighttrace.web.around import ROWS, Scope
from lighttrace.web.guards import Guard, Page
from lighttrace.web.mistake import Mistake

OPTION = "event_columns"  # of a person
MOST_COLUMNS = 8
MOST_OFFERED = 60
TEXT = 1_000
BY_ITSELF = 3  # columns where nobody has chosen any
# They have columns of their own.
FIXED = frozenset({"release", "user", "level"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says. `columns` None: what the person is used to."""

    text: str
    oldest_first: bool
    columns: tuple[str, ...] | None
    cursor: int | None
    back: bool

    @classmethod
    def read(cls, request: Request) -> "Asked":
        params = request.query_params
        columns = params.get("columns")
        cursor = params.get("cursor", "")
        number = cursor.removeprefix("-")
        return cls(
            text=" ".join(params.get("query", "").split()),
            oldest_first=params.get("sort") == "oldest",
            columns=None if columns is None else named(columns.split(",")),
            cursor=int(number) if number.isascii() and number.isdigit() and len(number) < 16
            else None,
            back=cursor.startswith("-"),
        )  # fmt: skip

    def own(self) -> dict[str, str | None]:
        """Its parameters, but for the page."""
        return {
            "query": self.text or None,
            "sort": "oldest" if self.oldest_first else None,
            "columns": None if self.columns is None else ",".join(self.columns),
        }


@dataclass(frozen=True, slots=True)
class Line:
    """An event and its values for the columns."""

    event: EventRow
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """`titled`: the events do not all say what the issue is called. `offered`: the tags that can be
    columns.
    """

    page: EventPage
    mistake: Mistake | None
    lines: tuple[Line, ...]
    titled: bool
    columns: tuple[str, ...]
    offered: tuple[str, ...]


def named(keys: Sequence[Json]) -> tuple[str, ...]:
    """Columns as somebody named them: each once, at most MOST_COLUMNS."""
    wanted = (key[:200] for key in keys if isinstance(key, str) and key and key not in FIXED)
    return tuple(dict.fromkeys(wanted))[:MOST_COLUMNS]


async def index(request: Request) -> Response:
    asked = Asked.read(request)
    chosen = asked.columns
    usual = guards.person(request).options.get(OPTION)
    if chosen is None and isinstance(usual, list):
        chosen = named(usual)

    def events(db: Reader, issue: Issue, scope: Scope, since_ms: int) -> Shown:
        query = EventQuery(
            env=scope.environment,
            since_ms=since_ms,
            text=asked.text,
            oldest_first=asked.oldest_first,
            cursor=asked.cursor,
            back=asked.back,
            limit=ROWS,
            user_id=guards.person(request).id,
            now_ms=state.of(request).clock.now_ms(),
        )
        found = issue_events.page(db, issue.id, query)
        keys = offered(db, issue, scope)
        columns = keys[:BY_ITSELF] if chosen is None else chosen
        lines = tuple(_line(it, columns) for it in found.rows)
        called = f"{issue.title}: {issue.value}" if issue.value else issue.title
        titled = any(it.title != called for it in found.rows)
        wrong = None if found.mistake is None else Mistake.of(asked.text, found.mistake)
        return Shown(found, wrong, lines, titled, columns, _with(keys, columns))

    return await around.page(
        request, "events", "pages/event_table.html", events, asked.own(), asked=asked
    )


def offered(db: Reader, issue: Issue, scope: Scope) -> tuple[str, ...]:
    """The tags of the newest events, those that tell most first."""
    stats = tag_stats.of_issue(db, issue.id, scope.environment)
    every = tags_view.distributions(stats, everything=True)
    return tuple(it.key for it in every if it.key not in FIXED and "," not in it.key)[:MOST_OFFERED]


def _with(offered: tuple[str, ...], columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*columns, *offered)))


def _line(event: EventRow, columns: tuple[str, ...]) -> Line:
    tags = dict(event.tags)
    return Line(event, tuple(tags.get(key, "") for key in columns))


async def choose_columns(request: Request) -> Response:
    """Which tags are columns, from now on and in the address that follows."""
    person, short_id = guards.person(request), request.path_params["short_id"]
    async with request.form(max_files=0, max_fields=MOST_OFFERED + 20) as form:
        columns = named([str(it) for it in form.getlist("column")])
        kept = {name: str(form[name])[:TEXT] for name in ("environment", "period", "query", "sort")
                if name in form}  # fmt: skip
    options: dict[str, Any] = {**person.options, OPTION: list(columns)}
    await state.of(request).store.write(users.set_options, person.id, options)
    target = links.url(request, f"/issues/{short_id}/events", **kept, columns=",".join(columns))
    return RedirectResponse(links.local(request, target), status_code=303)


PAGES = (
    Page("/issues/{short_id}/events", index, Guard.SIGNED_IN, name="issue_events"),
    Page("/issues/{short_id}/columns", choose_columns, Guard.SIGNED_IN, ("POST",)),
)
