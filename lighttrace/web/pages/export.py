"""`/issues/export.csv`, `.ndjson`: what a list of issues finds, by the same address parameters.
`/issues/{short_id}/events.csv`, `.ndjson`: the events of an issue, by those of their table.

A file is sent while it is read, a page at a time, each in a reading of its own: nothing is held in
memory or in the way of others. Rows that came in meanwhile are not in it twice.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lighttrace.errors import QueryError
from lighttrace.event.model import Json
from lighttrace.store import issue_events, issue_list
from lighttrace.store.database import Reader
from lighttrace.store.events import EventRow
from lighttrace.store.issue_events import EventPage, EventQuery
from lighttrace.store.issue_list import IssuePage, IssueQuery, IssueRow
from lighttrace.store.issues import Issue
from lighttrace.store.states import level_name
from lighttrace.web import around, export, format, guards, links, state
from lighttrace.web.around import Scope
from lighttrace.web.export import MOST_ROWS
from lighttrace.web.guards import Guard, Page
from lighttrace.web.listing import Listing
from lighttrace.web.pages import event_table
from lighttrace.web.pages import issues as issues_page

PAGE = 100  # issues at once
EVENTS = 500  # events at once
ISSUE_COLUMNS = (
    *("short_id", "project", "title", "value", "culprit", "level", "unhandled", "state", "events"),
    *("users", "events_ever", "users_ever", "first_seen", "last_seen", "first_release"),
    *("last_release", "assigned_to", "acknowledged_at", "url"),
)
EVENT_COLUMNS = (
    *("event_id", "received_at", "happened_at", "environment", "release", "level", "title"),
    *("user", "trace_id"),
)


async def issues(request: Request) -> Response:
    kind = request.path_params["kind"]
    if kind not in export.TYPES:
        raise HTTPException(404)
    asked = Listing.read(request.query_params).but()
    services = state.of(request)
    now_ms = services.clock.now_ms()
    query = await services.store.read(_query, asked, issues_page.asker(request), now_ms)
    if query is None:
        raise HTTPException(404)
    url = f"{links.public(request, services.config)}/issues/"
    return _file(request, kind, "issues", _issues(request, query, kind, url))


def _query(db: Reader, asked: Listing, asker: issues_page.Asker, now_ms: int) -> IssueQuery | None:
    """What the list asks for; None where there is nothing it could be about."""
    try:
        looking = issues_page.looking(db, asked, asker, now_ms)
        return None if looking is None else replace(asked.query(looking, PAGE), all_counts=False)
    except QueryError as error:
        raise HTTPException(400, str(error)) from error


async def _issues(request: Request, query: IssueQuery, kind: str, url: str) -> AsyncIterator[str]:
    services = state.of(request)
    sent: set[int] = set()
    yield export.head(kind, ISSUE_COLUMNS)
    while True:
        page: IssuePage = await services.store.read(issue_list.search, query)
        fresh = [it for it in page.rows if it.id not in sent]
        rows = fresh[: MOST_ROWS - len(sent)]
        sent.update(it.id for it in rows)
        yield export.lines(kind, ISSUE_COLUMNS, [_issue(it, url) for it in rows])
        if len(fresh) > len(rows) or (page.next_cursor and len(sent) == MOST_ROWS):
            yield export.foot(kind, export.cut())
            return
        if page.next_cursor is None:
            return
        query = replace(query, cursor=page.next_cursor)


def _issue(it: IssueRow, url: str) -> list[Json]:
    return [
        *(it.short_id, it.project_slug, it.title, it.value, it.culprit, level_name(it.level)),
        *("yes" if it.unhandled else "no", it.state.name.lower(), it.n, it.people, it.n_ever),
        *(it.people_ever, export.time(it.first_at), export.time(it.last_at)),
        *(it.first_release or "", it.last_release or "", it.assignee.shown if it.assignee else ""),
        export.time(it.acknowledged_at) if it.acknowledged_at is not None else "",
        url + it.short_id,
    ]


async def events(request: Request) -> Response:
    kind = request.path_params["kind"]
    if kind not in export.TYPES:
        raise HTTPException(404)
    asked = event_table.Asked.read(request)

    def offered(db: Reader, issue: Issue, scope: Scope, since_ms: int) -> tuple[str, ...]:
        return event_table.offered(db, issue, scope)

    issue, scope, keys = await around.ask(request, offered)
    query = EventQuery(
        env=scope.environment,
        since_ms=scope.since_ms(state.of(request).clock.now_ms()),
        text=asked.text,
        oldest_first=asked.oldest_first,
        limit=EVENTS,
        user_id=guards.person(request).id,
        now_ms=state.of(request).clock.now_ms(),
    )
    keys = asked.columns if asked.columns is not None else keys
    name = f"{issue.short_id}-events".lower()
    return _file(request, kind, name, _events(request, issue.id, query, keys, kind))


async def _events(
    request: Request, issue_id: int, query: EventQuery, keys: Sequence[str], kind: str
) -> AsyncIterator[str]:
    """In CSV each tag has a column, in NDJSON they are one object."""
    store = state.of(request).store
    more = [f"tag:{key}" for key in keys] if kind == "csv" else ["tags"]
    columns = [*EVENT_COLUMNS, *more]
    sent = 0
    yield export.head(kind, columns)
    while True:
        page: EventPage = await store.read(issue_events.page, issue_id, query)
        rows = page.rows[: MOST_ROWS - sent]
        sent += len(rows)
        yield export.lines(kind, columns, [_event(it, keys, kind) for it in rows])
        if page.mistake:
            yield export.foot(kind, str(page.mistake))
            return
        if len(page.rows) > len(rows) or (page.after and sent == MOST_ROWS):
            yield export.foot(kind, export.cut())
            return
        if page.after is None:
            return
        query = replace(query, cursor=page.after)


def _event(it: EventRow, keys: Sequence[str], kind: str) -> list[Json]:
    tags = dict(it.tags)
    return [
        *(it.event_id, export.time(it.received_at), export.time(it.happened_at), it.env),
        *(it.release or "", level_name(it.level), it.title, it.person or "", it.trace_id or ""),
        *([tags.get(key, "") for key in keys] if kind == "csv" else [tags]),
    ]


def _file(request: Request, kind: str, name: str, body: AsyncIterator[str]) -> Response:
    now_ms = state.of(request).clock.now_ms()
    day = f"{format.local(now_ms, 'UTC'):%Y-%m-%d}"
    disposition = f'attachment; filename="{name}-{day}.{kind}"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return StreamingResponse(body, headers=headers, media_type=export.TYPES[kind])


PAGES = (
    Page("/issues/export.{kind}", issues, Guard.SIGNED_IN, name="issues_export"),
    Page("/issues/{short_id}/events.{kind}", events, Guard.SIGNED_IN, name="events_export"),
)
