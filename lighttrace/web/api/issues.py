"""Issues: lists, one of them, its hashes and tags; and the one thing that can be changed, its
state.
"""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.event.model import Json
from lighttrace.store import activity, counters, events, hashes, issue_list, issues, projects
from lighttrace.store import tag_stats as stats
from lighttrace.store.activity import Activity
from lighttrace.store.counters import DAY_MS, HOUR_MS, SPARK_BARS, Period
from lighttrace.store.database import Reader
from lighttrace.store.issue_list import IssuePage, IssueQuery
from lighttrace.store.issues import Issue
from lighttrace.store.projects import Project
from lighttrace.store.states import State
from lighttrace.web import guards, links, state
from lighttrace.web.api import queries, shapes
from lighttrace.web.api.answers import (
    NOTHING_THERE,
    Refused,
    answer,
    asked_cursor,
    asked_rows,
    number_of,
    page,
    time,
)
from lighttrace.web.api.organizations import check_organisation, find_project

CHANGED_AT_ONCE = 500  # issues in one transaction: 10,000 would hold up events for half a second
MOST_CHANGED = 100_000


async def issue_page(request: Request) -> Response:
    """The issues of the organisation, or of one project."""
    check_organisation(request)
    services = state.of(request)
    query, found, of = await services.store.read(_page, request, services.clock.now_ms())
    base_url = links.public(request, services.config)
    asked = request.query_params.get("statsPeriod") or ""
    rows = []
    for row in found.rows:
        shape = shapes.issue(row, of[row.project_id], base_url)
        shape["stats"] = {asked: _bars(row.spark, query)} if asked else {}
        shape["lifetime"] = {
            "count": str(row.n_ever),
            "userCount": row.people_ever,
            "firstSeen": time(row.first_at),
            "lastSeen": time(row.last_at),
        }
        rows.append(shape)
    return page(request, rows, *queries.sides(found, query.sort))


def _page(
    db: Reader, request: Request, now_ms: int
) -> tuple[IssueQuery, IssuePage, dict[int, Project]]:
    among = _projects(db, request)
    query = queries.read(request.query_params, among, now_ms, asked_rows(request))
    query = queries.at(query, asked_cursor(request))
    return query, issue_list.search(db, query), {it.id: it for it in among}


def _projects(db: Reader, request: Request) -> list[Project]:
    named = request.path_params.get("project")
    return projects.every(db) if named is None else [find_project(db, named)]


def _bars(spark: Sequence[int], query: IssueQuery) -> Json:
    """[second, events] for each bar of the sparkline."""
    assert query.period_ms is not None
    period = Period.last(query.period_ms, query.now_ms)
    width_ms = period.hours * HOUR_MS // SPARK_BARS
    return [[(period.since_ms + n * width_ms) // 1000, bar] for n, bar in enumerate(spark)]


def find_issue(db: Reader, named: str) -> Issue:
    """An issue by its number or its short id."""
    number = number_of(named)
    found = issues.by_short_id(db, named) if number is None else issues.get(db, number)
    if found is None:
        raise NOTHING_THERE
    return found


async def issue(request: Request) -> Response:
    check_organisation(request)
    return answer(await _whole(request, request.path_params["issue"]))


async def _whole(request: Request, named: str) -> Json:
    services = state.of(request)
    now_ms = services.clock.now_ms()
    found, of, history, day, month = await services.store.read(_one, named, now_ms)
    shape = shapes.issue(found, of, links.public(request, services.config))
    shape["stats"] = {"24h": day, "30d": month}
    shape["activity"] = [_activity(it) for it in history]
    shape["environments"] = [it.env for it in found.env_counts]
    for empty in ("seenBy", "participants", "pluginActions", "pluginIssues", "pluginContexts"):
        shape[empty] = []
    return shape


def _one(db: Reader, named: str, now_ms: int) -> tuple[Issue, Project, list[Activity], Json, Json]:
    found = find_issue(db, named)
    of = find_project(db, str(found.project_id))
    day = _series(db, found.id, HOUR_MS, 24, now_ms)
    month = _series(db, found.id, DAY_MS, 30, now_ms)
    return found, of, activity.of_issue(db, found.id), day, month


def _series(db: Reader, issue_id: int, bucket_ms: int, buckets: int, now_ms: int) -> Json:
    until_ms = (now_ms // bucket_ms + 1) * bucket_ms
    since_ms = until_ms - buckets * bucket_ms
    bars = counters.series(db, issue_id, None, since_ms, until_ms, bucket_ms)
    return [[(since_ms + n * bucket_ms) // 1000, bar] for n, bar in enumerate(bars)]


ACTIVITY_TYPES = {
    "resolved": "set_resolved",
    "archived": "set_ignored",
    "reopened": "set_unresolved",
    "undone": "set_unresolved",
    "regressed": "set_regression",
}


def _activity(it: Activity) -> Json:
    user = {"name": it.user_name} if it.user_name else None
    kind = ACTIVITY_TYPES.get(it.kind, it.kind)
    return {"id": str(it.id), "type": kind, "user": user, "data": {}, "dateCreated": time(it.at)}


async def hash_list(request: Request) -> Response:
    check_organisation(request)
    store = state.of(request).store
    return page(request, await store.read(_hashes, request.path_params["issue"]))


def _hashes(db: Reader, named: str) -> Json:
    of = find_issue(db, named)
    shown = []
    for it in hashes.of_issue(db, of.id):
        newest = events.newest_of_hash(db, it.id)
        latest = shapes.event(newest, of) if newest is not None else None
        shown.append({"id": it.hash, "latestEvent": latest, "eventCount": it.n})
    return shown


async def tag_list(request: Request) -> Response:
    check_organisation(request)
    store = state.of(request).store
    return answer(await store.read(_tags, request.path_params["issue"]))


async def tag(request: Request) -> Response:
    """One key. Counted over the newest 1,000 events, but the environment over all."""
    check_organisation(request)
    found = await state.of(request).store.read(_tags, request.path_params["issue"])
    wanted = next((it for it in found if it["key"] == request.path_params["key"]), None)
    if wanted is None:
        raise NOTHING_THERE
    return answer(wanted)


def _tags(db: Reader, named: str) -> list[Json]:
    of = find_issue(db, named)
    named_envs = [it for it in of.env_counts if it.env]
    values = [(it.env, it.n) for it in named_envs[: stats.TOP]]
    found = [shapes.tag("environment", sum(it.n for it in named_envs), values, len(named_envs))]
    rows = stats.of_issue(db, of.id, None)
    found += [shapes.tag(it.key, it.total, it.values, it.distinct) for it in rows]
    return [it for it in found if it["totalValues"]]


class Change(msgspec.Struct):
    """What a PUT may say. Everything else is refused by name, so that nobody believes it was done."""

    status: str | None = None
    substatus: str | None = None
    rest: dict[str, Json] = {}


SUBSTATUSES = {
    State.UNRESOLVED: ("ongoing",),
    State.RESOLVED: (),
    State.ARCHIVED: ("archived_forever",),
}


def wanted_state(body: bytes) -> State:
    """The state a PUT asks for. Raises Refused with what it asks for that cannot be done yet."""
    try:
        change = msgspec.json.decode(body, type=dict[str, Json])
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused(400, "Send a JSON object, such as {\"status\": \"resolved\"}.") from error
    for name, value in change.items():
        if name == "statusDetails" and value:
            raise Refused(400, "statusDetails is not understood yet: an issue is resolved or archived until somebody reopens it, or until it fails again.")
        if value and name not in ("status", "substatus"):
            raise Refused(400, f"{name[:50]} cannot be changed yet; only status can.")
    status = change.get("status")
    if type(status) is not str or status not in queries.STATES:
        raise Refused(400, f"status must be one of {', '.join(queries.STATES)}.")
    wanted = queries.STATES[status]
    substatus = change.get("substatus")
    if substatus and substatus not in SUBSTATUSES[wanted]:
        raise Refused(400, "That substatus cannot be chosen yet.")
    return wanted


async def change_issue(request: Request) -> Response:
    check_organisation(request)
    wanted = wanted_state(await request.body())
    store = state.of(request).store
    found = await store.read(find_issue, request.path_params["issue"])
    await _change(request, [found.id], wanted)
    return answer(await _whole(request, str(found.id)))


async def change_issues(request: Request) -> Response:
    """Several issues: those named by `id=`; without it all that `query` or `status` mean, and
    without these all of the project.
    """
    check_organisation(request)
    wanted = wanted_state(await request.body())
    services = state.of(request)
    ids = await services.store.read(_meant, request, services.clock.now_ms())
    if not ids and request.query_params.getlist("id"):
        raise Refused(404, "None of these issues is here.")
    for start in range(0, len(ids), CHANGED_AT_ONCE):
        await _change(request, ids[start : start + CHANGED_AT_ONCE], wanted)
    return answer({"status": shapes.STATUSES[wanted], "statusDetails": {}})


def _meant(db: Reader, request: Request, now_ms: int) -> list[int]:
    params = request.query_params
    among = _projects(db, request)
    named = queries.ids(params)
    if named is not None:
        return issues.in_projects(db, named, [it.id for it in among])
    query = queries.read(params, among, now_ms, 1)
    status = params.get("status")
    if status is not None and status not in queries.STATES:
        raise Refused(400, f"status must be one of {', '.join(queries.STATES)}.")
    if "query" not in params:
        query = msgspec.structs.replace(query)
    return issue_list.ids(db, query, MOST_CHANGED)


async def _change(request: Request, ids: Sequence[int], wanted: State) -> None:
    services = state.of(request)
    token = guards.token(request)
    await services.store.write(
        issues.set_state, ids, wanted, token.user_id, services.clock.now_ms(), cause="api"
    )
