"""What scripts change about issues: of one, of several, of all that a search finds."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import RefusedError
from lighttrace.event.model import Json
from lighttrace.event.query.tree import EVERYTHING
from lighttrace.store import assignees, issue_list, issues, suggestions, triage, viewers
from lighttrace.store.database import Reader, Transaction
from lighttrace.web import guards, state
from lighttrace.web.api import queries, shapes
from lighttrace.web.api.answers import Refused, answer
from lighttrace.web.api.issues import asked_projects, find_issue, whole
from lighttrace.web.api.organizations import check_organisation
from lighttrace.web.api.wanted import Wanted
from lighttrace.web.api.wanted import read as wanted_in

CHANGED_AT_ONCE = 500  # issues in one transaction: 10,000 would hold up events for half a second
MOST_CHANGED = 100_000
# A misspelt or unknown parameter would leave the change to all issues of the project.
MEANT_BY_ID = frozenset({"id", "project"})
MEANT_BY_SEARCH = frozenset({"query", "status", "statsPeriod", "environment", "project"})


async def one(request: Request) -> Response:
    check_organisation(request)
    wanted = wanted_in(await request.body(), state.of(request).clock.now_ms())
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
    wanted = wanted_in(await request.body(), state.of(request).clock.now_ms())
    services = state.of(request)
    ids = await services.store.read(_meant, request, services.clock.now_ms())
    for start in range(0, len(ids), CHANGED_AT_ONCE):
        await _change(request, ids[start : start + CHANGED_AT_ONCE], wanted)
    return answer(await services.store.read(_told, wanted))


def _told(db: Reader, wanted: Wanted) -> Json:
    """What was asked for, as Sentry says it."""
    told: dict[str, Json] = {}
    if wanted.state is not None:
        told |= {"status": shapes.STATUSES[wanted.state], "statusDetails": {}}
    if wanted.assign is not None:
        told["assignedTo"] = shapes.assignee(assignees.find(db, wanted.assign))
    if wanted.seen:
        told["hasSeen"] = True
    return told


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
    user_id = guards.token(request).user_id
    understood = partial(suggestions.understood, db, within=guards.sight(request).within(None))
    query = queries.read(params, among, understood, user_id, now_ms, 1)
    if "query" not in params and "status" not in params:
        query = replace(query, what=EVERYTHING)
    ids = queries.answered(partial(issue_list.ids, db, query, MOST_CHANGED + 1))
    if len(ids) > MOST_CHANGED:
        raise Refused(400, f"These are more than {MOST_CHANGED:,} issues: narrow the search.")
    return ids


async def _change(request: Request, ids: Sequence[int], wanted: Wanted) -> None:
    services = state.of(request)
    user_id, now_ms = guards.token(request).user_id, services.clock.now_ms()
    try:
        await services.store.write(_carry_out, ids, wanted, user_id, now_ms)
    except RefusedError as error:
        raise Refused(400, str(error)) from error


def _carry_out(
    tx: Transaction, ids: Sequence[int], wanted: Wanted, user_id: int | None, now_ms: int
) -> None:
    if wanted.assign is not None:
        whom = assignees.find(tx, wanted.assign)
        if wanted.assign and whom is None:
            raise Refused(400, f"There is nobody called {wanted.assign[:100]} here.")
        triage.assign(tx, ids, whom, user_id, now_ms, cause="api")
    if wanted.state is not None:
        archive = wanted.archive
        triage.set_state(tx, ids, wanted.state, user_id, now_ms, archive=archive, cause="api")
    if wanted.seen and user_id is not None:
        for issue_id in ids:
            viewers.note(tx, issue_id, user_id, now_ms)
