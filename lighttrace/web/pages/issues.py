"""`/issues`: the list. `/issues/news`: what changed in it since it was drawn, as fragments."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.store import assignees, environments, issue_list, projects
from lighttrace.store.assignees import Assignee
from lighttrace.store.database import Reader
from lighttrace.store.issue_list import IssuePage
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.web import actions, guards, links, listing, said, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.listing import OFFERED, PERIOD_WORDS, SORT_WORDS, STATES, Listing
from lighttrace.web.render import render

SEEN = 100  # ids of rows a page may ask news about


@dataclass(frozen=True, slots=True)
class Way:
    """A filter to drop, and how many issues there would be without it."""

    words: str
    value: str
    without: Listing
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the list shows. `ways`: how to see something where it shows nothing."""

    page: IssuePage
    counts: dict[str, int]
    environments: tuple[str, ...]
    projects: tuple[Project, ...]
    project: Project | None
    ways: tuple[Way, ...]
    assignees: tuple[Assignee, ...]

    @property
    def waiting(self) -> Project | None:
        """The project that has never had an event, where none of those looked at has."""
        looked_at = (self.project,) if self.project else self.projects
        if any(it is not None and it.first_event_at is not None for it in looked_at):
            return None
        return next((it for it in reversed(looked_at) if it is not None), None)


async def index(request: Request) -> Response:
    asked = Listing.read(request.query_params)
    return await shown(request, asked, toasts=said.toasts(request))


async def shown(
    request: Request,
    asked: Listing,
    *,
    block: str | None = None,
    headers: dict[str, str] | None = None,
    toasts: tuple[tuple[str, str], ...] = (),
) -> Response:
    """The list an address asks for; `block` where the request's target does not say which part."""
    services = state.of(request)
    now_ms = services.clock.now_ms()
    found = await services.store.read(_find, asked, guards.sight(request), now_ms)
    if found is None:
        raise HTTPException(404)
    return render(
        request,
        "pages/issues.html",
        block=block,
        headers=headers,
        cur="issues",
        project=asked.project,
        found=found,
        rows=tuple(listing.row(it, asked, now_ms) for it in found.page.rows),
        **tabs(request, asked, found.counts),
        sorts=SORT_WORDS,
        periods=OFFERED,
        period_words=PERIOD_WORDS,
        may_change=guards.person(request).role in guards.MEMBERS,
        may_add=guards.person(request).role in guards.ADMINS,
        archives=actions.OFFERED,
        toasts=toasts,
    )


def tabs(request: Request, asked: Listing, counts: dict[str, int]) -> dict[str, Any]:
    """What the tabs need, wherever they are drawn."""
    return {
        "asked": asked,
        "counts": counts,
        "states": tuple(STATES),
        "address": partial(_address, request),
    }


def _address(request: Request, asked: Listing) -> str:
    return links.url(request, "/issues", **asked.pairs())


def _find(db: Reader, asked: Listing, sight: Sight, now_ms: int) -> Found | None:
    every = tuple(projects.every(db, sight))
    project = next((it for it in every if it.slug == asked.project), None)
    if asked.project and project is None:
        return None
    within = _within(project, sight)
    page = issue_list.search(db, asked.query(within, now_ms))
    if not page.rows and asked.cursor:
        page = issue_list.search(db, asked.but().query(within, now_ms))
    counts = _counts(db, asked, within, now_ms)
    ways = () if page.rows else _ways(db, asked, project, sight, now_ms)
    names = tuple(name for _, name in environments.seen(db, sight))
    whom = tuple(assignees.every(db))
    return Found(page, counts, names, every, project, ways, whom)


Within: TypeAlias = tuple[int, ...] | None  # the projects a list is about; None: all there are


def _within(project: Project | None, sight: Sight) -> Within:
    return (project.id,) if project else sight.within(None)


def tab_counts(db: Reader, asked: Listing, sight: Sight, now_ms: int) -> dict[str, int]:
    """Issues in each state, under the filters of this list."""
    project = projects.by_slug(db, asked.project, sight) if asked.project else None
    if asked.project and project is None:
        return {}
    return _counts(db, asked, _within(project, sight), now_ms)


def _counts(db: Reader, asked: Listing, within: Within, now_ms: int) -> dict[str, int]:
    names = [name for name, wanted in STATES.items() if wanted is not None]
    counts = {name: _count(db, asked.but(state=name), within, now_ms) for name in names}
    return {**counts, "all": sum(counts.values())}


def _count(db: Reader, asked: Listing, within: Within, now_ms: int) -> int:
    query = replace(asked.query(within, now_ms, limit=1), sort="last_seen", cursor=None)
    return issue_list.search(db, query).total or 0


def _ways(
    db: Reader, asked: Listing, project: Project | None, sight: Sight, now_ms: int
) -> tuple[Way, ...]:
    """Each filter that could be dropped, with what would be seen then."""
    here, everywhere = _within(project, sight), _within(None, sight)
    ways = []
    if asked.text:
        ways.append(("Search", asked.text, asked.but(text=""), here))
    if asked.environment is not None:
        shown = asked.environment or "none"
        ways.append(("Environment", shown, asked.but(environment=None), here))
    if asked.period != "90d":
        words = PERIOD_WORDS[asked.period]
        ways.append(("Period", words, asked.but(period="90d"), here))
    if asked.state != "all":
        ways.append(("State", asked.state, asked.but(state="all"), here))
    if asked.project:
        ways.append(("Project", asked.project, asked.but(project=None), everywhere))
    return tuple(
        Way(words, value, without, _count(db, without, scope, now_ms))
        for words, value, without, scope in ways
    )


async def news(request: Request) -> Response:
    """Numbers of the rows that are seen, and how many rows wait to be shown. Nothing moves."""
    services = state.of(request)
    now_ms = services.clock.now_ms()
    asked = of_current(request)
    seen = ids(request.query_params.get("seen", ""))
    drawn_at = _number(request.query_params.get("drawn", ""))
    found = await services.store.read(_news, asked, guards.sight(request), now_ms, len(seen))
    if found is None:
        return Response(status_code=204)
    page, counts = found
    waiting = 0
    if asked.cursor is None:
        top = page.rows[: listing.ROWS]
        waiting = sum(it.id not in seen and it.last_at > drawn_at for it in top)
    return render(
        request,
        "parts/issue_news.html",
        block="news",
        rows=tuple(listing.row(it, asked, now_ms) for it in page.rows if it.id in seen),
        waiting=waiting,
        here=_address(request, asked.but()),
        **tabs(request, asked, counts),
    )


def of_current(request: Request) -> Listing:
    """The list that is open in the browser: htmx names its address."""
    query = urlsplit(request.headers.get("hx-current-url", "")[:4000]).query
    return Listing.read(dict(parse_qsl(query, keep_blank_values=True)))


def _news(
    db: Reader, asked: Listing, sight: Sight, now_ms: int, more: int
) -> tuple[IssuePage, dict[str, int]] | None:
    project = projects.by_slug(db, asked.project, sight) if asked.project else None
    if asked.project and project is None:
        return None
    # what was on top may have moved down by as many rows as came in
    limit = min(issue_list.MOST_ROWS, listing.ROWS + more)
    within = _within(project, sight)
    page = issue_list.search(db, asked.query(within, now_ms, limit))
    return page, _counts(db, asked, within, now_ms)


def ids(text: str) -> frozenset[int]:
    return frozenset(_number(part) for part in text[: SEEN * 12].split(",")[:SEEN]) - {0}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


PAGES = (
    Page("/issues", index, Guard.SIGNED_IN, name="issues"),
    Page("/issues/news", news, Guard.SIGNED_IN, name="issue_news"),
)
