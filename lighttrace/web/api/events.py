"""Events: those of an issue or a project, one of them in Sentry's shape, and as it is stored."""

import re

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.event.model import Json
from lighttrace.store import bodies, events, feedback, issues, reread
from lighttrace.store.database import Reader
from lighttrace.store.events import EventRow
from lighttrace.store.issues import Issue
from lighttrace.store.sight import Sight
from lighttrace.web import guards, state
from lighttrace.web.api import event_shape, shapes
from lighttrace.web.api.answers import (
    NO_NEWER,
    NO_OLDER,
    NOTHING_THERE,
    Refused,
    Side,
    answer,
    asked_cursor,
    asked_rows,
    page,
    refuse_filters,
)
from lighttrace.web.api.issues import find_issue
from lighttrace.web.api.organizations import check_organisation, find_project

EVENT_ID = re.compile("[0-9a-f]{32}")
WHICH = {"latest": "latest", "oldest": "first", "recommended": "recommended"}
BODY_GONE = Refused(404, "Only the counts of this event are kept, its body is not.")


async def of_issue(request: Request) -> Response:
    """`/issues/{issue}/events/`, newest first."""
    return await _listed(request)


async def of_project(request: Request) -> Response:
    """`/projects/{org}/{project}/events/`, newest first."""
    return await _listed(request)


async def _listed(request: Request) -> Response:
    check_organisation(request)
    refuse_filters(request, "query", "environment", "statsPeriod", "start", "end", "sort")
    if request.query_params.get("full", "") not in ("", "0", "false"):
        raise Refused(400, "Lists hold no whole events: ask for each by its id.")
    cursor, limit = asked_cursor(request), asked_rows(request)
    path, sight = request.path_params, guards.sight(request)
    rows, previous, following = await state.of(request).store.read(
        _page, path.get("project"), path.get("issue"), sight, cursor, limit
    )
    return page(request, rows, previous, following)


def _page(
    db: Reader,
    project: str | None,
    issue: str | None,
    sight: Sight,
    cursor: tuple[int, int, bool] | None,
    limit: int,
) -> tuple[list[Json], Side, Side]:
    """A cursor is (row, 0, back): the page lies beyond that row. The end of the way back is the
    first page, a full one.
    """
    of = find_issue(db, issue, sight) if issue is not None else None
    project_id = find_project(db, project, sight).id if project is not None else 0
    row, back = (cursor[0], cursor[2]) if cursor else (None, False)
    if row is not None and back:
        if of is not None:
            newer = events.newer_rows(db, of.id, row, limit + 1)
        else:
            newer = events.newer_rows_of_project(db, project_id, row, limit + 1)
        if len(newer) > limit:
            rows = newer[limit - 1 :: -1]
            shown = _shown(db, events.of_rows(db, rows), of, sight)
            return shown, Side(f"{rows[0]}:0:1", True), Side(f"{rows[-1]}:0:0", True)
        row = None
    if of is not None:
        found, after = events.list_of_issue(db, of.id, row, limit)
    else:
        found, after = events.list_of_project(db, project_id, row, limit)
    previous, following = NO_NEWER, NO_OLDER
    if found:
        previous = Side(f"{found[0].row}:0:1", row is not None)
        following = Side(f"{found[-1].row}:0:0", False)
    elif row is not None:
        previous, following = Side(f"{max(0, row - 1)}:0:1", True), Side(f"{row}:0:0", False)
    if after is not None:
        following = Side(f"{after}:0:0", True)
    return _shown(db, found, of, sight), previous, following


def _shown(db: Reader, rows: list[EventRow], of: Issue | None, sight: Sight) -> list[Json]:
    """`of`: the issue of all of them; without it each has its own."""
    known: dict[int | None, Issue | None] = {of.id: of} if of else {None: None}
    for issue_id in {it.issue_id for it in rows} - known.keys():
        known[issue_id] = issues.get(db, issue_id, sight) if issue_id is not None else None
    return [shapes.event(it, known[it.issue_id]) for it in rows]


async def one_of_issue(request: Request) -> Response:
    """`latest`, `oldest`, `recommended`, or the one of an id."""
    check_organisation(request)
    env = request.query_params.get("environment")
    refuse_filters(request, "query", "statsPeriod", "start", "end")
    path, sight = request.path_params, guards.sight(request)
    found = await state.of(request).store.read(
        _one_of_issue, path["issue"], path["event_id"], env, sight
    )
    return answer(found)


def _one_of_issue(db: Reader, named: str, which: str, env: str | None, sight: Sight) -> Json:
    of = find_issue(db, named, sight)
    row = events.chosen(db, of.id, WHICH.get(which) or event_id(which), env)
    if row is None:
        raise NOTHING_THERE
    return _whole(db, row, sight)


async def one_of_project(request: Request) -> Response:
    check_organisation(request)
    path, sight = request.path_params, guards.sight(request)
    store = state.of(request).store
    return answer(await store.read(_in_project, path["project"], path["event_id"], sight))


def _in_project(db: Reader, project: str, named: str, sight: Sight) -> Json:
    return _whole(db, find_event(db, project, named, sight), sight)


def find_event(db: Reader, project: str, named: str, sight: Sight) -> EventRow:
    """An event by project and id."""
    found = events.by_event_id(db, event_id(named), find_project(db, project, sight).id)
    if found is None:
        raise NOTHING_THERE
    return found


def event_id(text: str) -> str:
    """32 hex digits, as given or out of a UUID."""
    plain = text.replace("-", "").lower() if len(text) <= 36 else ""
    if not EVENT_ID.fullmatch(plain):
        raise NOTHING_THERE
    return plain


def _whole(db: Reader, row: EventRow, sight: Sight) -> Json:
    of = issues.get(db, row.issue_id, sight) if row.issue_id is not None else None
    around = events.around(db, of.id, row.row) if of else None
    said = feedback.of_event(db, row.event_id, row.project_id)
    stored = reread.with_body(db, row.row)
    if stored is None:
        return event_shape.without_body(row, of, around, said)
    event, body = stored
    return event_shape.whole(row, event, len(body), of, around, said)


async def stored(request: Request) -> Response:
    """`…/events/{event_id}/json/`: what the client sent, secrets removed."""
    check_organisation(request)
    path, sight = request.path_params, guards.sight(request)
    body = await state.of(request).store.read(_stored, path["project"], path["event_id"], sight)
    return Response(body, media_type="application/json")


def _stored(db: Reader, project: str, named: str, sight: Sight) -> bytes:
    found = bodies.of_event(db, find_event(db, project, named, sight).row)
    if found is None:
        raise BODY_GONE
    return found.body
