"""The one thing scripts can change about issues, their state: of one, of several, of all that a
search finds.
"""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.event.model import Json
from lighttrace.store import archiving, issue_list, issues, triage, users
from lighttrace.store.database import Reader
from lighttrace.store.states import State
from lighttrace.web import guards, state
from lighttrace.web.api import queries, shapes
from lighttrace.web.api.answers import Refused, answer
from lighttrace.web.api.issues import asked_projects, find_issue, whole
from lighttrace.web.api.organizations import check_organisation

CHANGED_AT_ONCE = 500  # issues in one transaction: 10,000 would hold up events for half a second
MOST_CHANGED = 100_000
SUBSTATUSES = {
    State.UNRESOLVED: ("ongoing",),
    State.RESOLVED: (),
    State.ARCHIVED: ("archived_forever",),
}
# A misspelt or unknown parameter would leave the change to all issues of the project.
MEANT_BY_ID = frozenset({"id", "project"})
MEANT_BY_SEARCH = frozenset({"query", "status", "statsPeriod", "environment", "project"})
LATER = {
    "statusDetails": "statusDetails is not understood yet: an issue stays resolved until it fails "
    "again, and archived until somebody reopens it.",
    "assignedTo": "Issues cannot be assigned yet.",
    "merge": "Issues cannot be merged yet.",
    "discard": "Issues cannot be discarded yet.",
}


def wanted_state(body: bytes) -> State:
    """The state a PUT asks for. Raises Refused with what it asks for that cannot be done yet."""
    try:
        change = msgspec.json.decode(body, type=dict[str, Json])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, 'Send a JSON object, such as {"status": "resolved"}.') from error
    for name, value in change.items():
        if value and name not in ("status", "substatus"):
            other = f"{name[:50]} cannot be changed; only status can."
            raise Refused(400, LATER.get(name, other))
    status = change.get("status")
    if type(status) is not str or status not in queries.STATES:
        raise Refused(400, f"status must be one of {', '.join(queries.STATES)}.")
    wanted = queries.STATES[status]
    substatus = change.get("substatus")
    if substatus and substatus not in SUBSTATUSES[wanted]:
        raise Refused(400, "That substatus cannot be chosen yet.")
    return wanted


async def one(request: Request) -> Response:
    check_organisation(request)
    await _check_person(request)
    wanted = wanted_state(await request.body())
    found = await state.of(request).store.read(
        find_issue, request.path_params["issue"], guards.sight(request)
    )
    await _change(request, [found.id], wanted)
    return answer(await whole(request, str(found.id)))


async def several(request: Request) -> Response:
    """The issues named by `id=`; without it those that `query` or `status` mean, and without these
    all of the project.
    """
    check_organisation(request)
    await _check_person(request)
    wanted = wanted_state(await request.body())
    services = state.of(request)
    ids = await services.store.read(_meant, request, services.clock.now_ms())
    for start in range(0, len(ids), CHANGED_AT_ONCE):
        await _change(request, ids[start : start + CHANGED_AT_ONCE], wanted)
    return answer({"status": shapes.STATUSES[wanted], "statusDetails": {}})


def _meant(db: Reader, request: Request, now_ms: int) -> list[int]:
    params = request.query_params
    among = asked_projects(db, request)
    named = queries.ids(params)
    known = MEANT_BY_SEARCH if named is None else MEANT_BY_ID
    if unknown := params.keys() - known:
        beside = "here" if named is None else "beside id"
        raise Refused(400, f"{min(unknown)[:50]} is not understood {beside}.")
    if named is not None:
        chosen = queries.named_projects(among, params.getlist("project"))
        found = issues.in_projects(db, named, [it.id for it in chosen])
        if not found:
            raise Refused(404, "None of these issues is here.")
        return found
    query = queries.read(params, among, now_ms, 1)
    if "query" not in params and "status" not in params:
        query = replace(query, state=None)
    ids = issue_list.ids(db, query, MOST_CHANGED + 1)
    if len(ids) > MOST_CHANGED:
        raise Refused(400, f"These are more than {MOST_CHANGED:,} issues: narrow the search.")
    return ids


async def _check_person(request: Request) -> None:
    """A token changes no more than the person it belongs to may."""
    user_id = guards.token(request).user_id
    if user_id is None:
        return
    person = await state.of(request).store.read(users.by_id, user_id)
    if person is None or person.role not in guards.MEMBERS:
        raise Refused(403, "Viewers can look but not change anything.")


async def _change(request: Request, ids: Sequence[int], wanted: State) -> None:
    services = state.of(request)
    user_id, now_ms = guards.token(request).user_id, services.clock.now_ms()
    await services.store.write(
        triage.set_state, ids, wanted, user_id, now_ms, archive=archiving.FOREVER, cause="api"
    )
