"""Issues to read: lists, and one of them with its history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.event.impact import Weights
from lighttrace.event.model import Json
from lighttrace.store import (
    activity,
    counters,
    issue_list,
    issues,
    notes,
    projects,
    suggestions,
    viewers,
)
from lighttrace.store.activity import Activity
from lighttrace.store.counters import DAY_MS, HOUR_MS, SPARK_BARS, Period
from lighttrace.store.database import Reader
from lighttrace.store.inbox import Standing
from lighttrace.store.issue_list import IssueQuery, IssueRow
from lighttrace.store.issues import Issue
from lighttrace.store.notes import Note
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.store.viewers import Viewer
from lighttrace.web import guards, links, state, viewer
from lighttrace.web.api import queries, shapes
from lighttrace.web.api.answers import (
    NOTHING_THERE,
    Refused,
    Side,
    answer,
    asked_cursor,
    asked_rows,
    number_of,
    page,
    time,
)
from lighttrace.web.api.organizations import check_organisation, find_project

MOST_RANKED = 100_000  # issues of a list by impact


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list, and what its rows say beside themselves."""

    query: IssueQuery
    rows: Sequence[IssueRow]
    sides: tuple[Side, Side]
    projects: dict[int, Project]
    comments: dict[int, int]
    standings: dict[int, Standing]


async def listed(request: Request) -> Response:
    """The issues of the organisation, or of one project."""
    check_organisation(request)
    services = state.of(request)
    found = await services.store.read(_page, request, services.clock.now_ms())
    base_url = links.public(request, services.config)
    asked = request.query_params.get("statsPeriod") or ""
    rows = []
    for row in found.rows:
        of, standing = found.projects[row.project_id], found.standings.get(row.id)
        shape = shapes.issue(row, of, base_url, found.comments.get(row.id, 0), standing)
        shape["stats"] = {asked: _bars(row.spark, found.query)} if asked else {}
        shape["lifetime"] = {
            "count": str(row.n_ever),
            "userCount": row.people_ever,
            "firstSeen": time(row.first_ever),
            "lastSeen": time(row.last_ever),
        }
        rows.append(shape)
    return page(request, rows, *found.sides)


def _page(db: Reader, request: Request, now_ms: int) -> Listed:
    among = asked_projects(db, request)
    understood = partial(suggestions.understood, db, within=guards.sight(request).within(None))
    params, limit = request.query_params, asked_rows(request)
    user_id = guards.token(request).user_id
    query = queries.read(params, among, understood, user_id, now_ms, limit)
    cursor = asked_cursor(request)
    ranked = partial(
        viewer.standings,
        db,
        env=query.env,
        sight=guards.sight(request),
        weights=state.of(request).config.impact.weights,
        now_ms=now_ms,
    )
    rows: Sequence[IssueRow]
    if queries.is_by_impact(params):
        ids = queries.answered(partial(issue_list.ids, db, query, MOST_RANKED + 1))
        if len(ids) > MOST_RANKED:
            raise Refused(400, f"These are more than {MOST_RANKED:,} issues: narrow the search.")
        standings = ranked(ids)
        some, sides = _by_impact(ids, standings, cursor, limit)
        rows = issue_list.of_ids(db, query, some)
    else:
        query = queries.at(query, cursor)
        found = queries.answered(partial(issue_list.search, db, query))
        rows, sides = found.rows, queries.sides(found)
        standings = ranked([it.id for it in rows])
    comments = notes.counts(db, [it.id for it in rows])
    return Listed(query, rows, sides, {it.id: it for it in among}, comments, standings)


def _by_impact(
    issue_ids: Iterable[int],
    standings: Mapping[int, Standing],
    cursor: tuple[int, int, bool] | None,
    limit: int,
) -> tuple[list[int], tuple[Side, Side]]:
    """The page of a cursor, the highest first, of equals the newest; what stands nowhere has 0."""
    places = sorted(
        ((standings[it].impact.score if it in standings else 0, it) for it in issue_ids),
        reverse=True,
    )
    score, issue_id, back = cursor or (2**63, 0, False)
    edge = (score, issue_id)
    newer = sum(place > edge if back else place >= edge for place in places)
    start = max(0, newer - limit) if back else newer
    some = places[start : start + limit]
    sides = queries.sides_of(some, start > 0, start + limit < len(places))
    return [it for _, it in some], sides


def asked_projects(db: Reader, request: Request) -> list[Project]:
    """The project of the path, or all that are seen."""
    named, sight = request.path_params.get("project"), guards.sight(request)
    return projects.every(db, sight) if named is None else [find_project(db, named, sight)]


def _bars(spark: Sequence[int], query: IssueQuery) -> Json:
    """[second, events] for each bar of the sparkline."""
    assert query.period_ms is not None
    period = Period.last(query.period_ms, query.now_ms)
    length_ms = period.hours * HOUR_MS
    return [
        [(period.since_ms + n * length_ms // SPARK_BARS) // 1000, bar]
        for n, bar in enumerate(spark)
    ]


def find_issue(db: Reader, named: str, sight: Sight) -> Issue:
    """An issue by its number or its short id."""
    number = number_of(named)
    if number is None:
        found = issues.by_short_id(db, named, sight)
    else:
        found = issues.get(db, number, sight)
    if found is None:
        raise NOTHING_THERE
    return found


async def one(request: Request) -> Response:
    check_organisation(request)
    return answer(await whole(request, request.path_params["issue"]))


@dataclass(frozen=True, slots=True)
class Whole:
    """An issue with what lists leave out. `day`, `month`: [second, events]."""

    issue: Issue
    project: Project
    history: list[Activity]
    comments: list[Note]
    comment_count: int
    standing: Standing | None
    viewers: list[Viewer]
    day: Json
    month: Json


async def whole(request: Request, named: str) -> Json:
    services = state.of(request)
    now_ms = services.clock.now_ms()
    weights = services.config.impact.weights
    found = await services.store.read(_whole, named, guards.sight(request), weights, now_ms)
    base_url = links.public(request, services.config)
    shape = shapes.issue(found.issue, found.project, base_url, found.comment_count, found.standing)
    shape["stats"] = {"24h": found.day, "30d": found.month}
    entries = [(it.at, _activity(it)) for it in found.history]
    entries += [(it.at, shapes.comment(it)) for it in found.comments]
    shape["activity"] = [entry for _, entry in sorted(entries, key=itemgetter(0), reverse=True)]
    shape["environments"] = [it.env for it in found.issue.env_counts]
    shape["seenBy"] = [shapes.viewer(it) for it in found.viewers]
    whose = guards.token(request).user_id
    shape["hasSeen"] = any(it.user_id == whose for it in found.viewers)
    for empty in ("participants", "pluginActions", "pluginIssues", "pluginContexts"):
        shape[empty] = []
    return shape


def _whole(db: Reader, named: str, sight: Sight, weights: Weights, now_ms: int) -> Whole:
    found = find_issue(db, named, sight)
    return Whole(
        found,
        find_project(db, str(found.project_id), sight),
        activity.of_issue(db, found.id),
        notes.of_issue(db, found.id),
        notes.counts(db, [found.id]).get(found.id, 0),
        viewer.standings(db, [found.id], None, sight, weights, now_ms).get(found.id),
        viewers.of_issue(db, found.id),
        _series(db, found.id, HOUR_MS, 24, now_ms),
        _series(db, found.id, DAY_MS, 30, now_ms),
    )


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
    "unarchived": "set_escalating",
    "assigned": "assigned",
    "unassigned": "unassigned",
}


def _activity(it: Activity) -> Json:
    data = {}
    if it.kind == "regressed":
        data = {"event_id": it.detail.get("event_id"), "version": it.detail.get("release")}
    elif it.kind == "assigned":
        data = {"assigneeName": it.detail.get("to")}
    return {
        "id": str(it.id),
        "type": ACTIVITY_TYPES.get(it.kind, it.kind),
        "user": {"name": it.user_name} if it.user_name else None,
        "data": data,
        "dateCreated": time(it.at),
    }
