"""Lists of issues: filtered, sorted, a page at a time. Every row says how often and for how many in
the period and environment of the list.

By last or first seen, a page is one scan of a narrow range of `issue_env`. By events or users
nobody sums everything: what `issue_env` counted in all its life bounds what an issue can have in
the period, so the walk goes by that and ends when no later issue can come before the page's last
(docs/storage.md, "How they stay fast").
"""

import json
from dataclasses import dataclass, replace
from typing import Any

from lighttrace.store import archiving, assignees, counters, environments, events, owners, releases
from lighttrace.store.archiving import Archive
from lighttrace.store.assignees import Assignee
from lighttrace.store.counters import Period, Units
from lighttrace.store.database import Reader, among
from lighttrace.store.issue_order import (
    Cursor,
    Filter,
    Ranked,
    Scope,
    Sort,
    rank,
    read_cursor,
)
from lighttrace.store.issues import short_id
from lighttrace.store.owners import Owner
from lighttrace.store.search import matching
from lighttrace.store.states import State, Substate

MOST_ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueQuery:
    """`project_ids` None = all; `env` None = all, empty = none; `period_ms` and `state` None = any.

    `cursor` is `next_cursor` or `prev_cursor` of a page of the same query; one that cannot be read
    means the first page.
    """

    project_ids: tuple[int, ...] | None = None
    env: str | None = None
    period_ms: int | None = None
    state: State | None = None
    text: str = ""
    sort: Sort = "last_seen"
    cursor: str | None = None
    limit: int = 25
    now_ms: int


@dataclass(frozen=True, slots=True)
class IssueRow:
    """`n` and `people` are of the period and environment, `n_ever` and `people_ever` of all the
    time in the environment, like the times and releases. `spark`: the period in 24 bars.
    """

    id: int
    short_id: str
    project_id: int
    project_slug: str
    title: str
    value: str
    culprit: str
    level: int
    category: str
    platform: str | None
    unhandled: bool
    state: State
    substate: Substate
    state_at: int
    n: int
    people: int
    n_ever: int
    people_ever: int
    first_at: int
    last_at: int
    first_release: str | None
    last_release: str | None
    spark: tuple[int, ...]
    tags_hint: tuple[tuple[str, str], ...]
    archive: Archive
    acknowledged_at: int | None
    acknowledged_by: str | None  # a name
    assignee: Assignee | None
    owner: Owner | None = None  # by the rules


@dataclass(frozen=True, slots=True)
class IssuePage:
    """`total` counts what the query matches on all pages; `first_index` is 0 for the first page."""

    rows: tuple[IssueRow, ...]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None
    first_index: int


WHERE_ENV = "e.env_id = :env_id"
WHERE_SEEN = "e.last_at >= :since_ms"
WHERE_STATE = "e.state = :state"
WHERE_PROJECTS = "e.project_id in (select value from json_each(:project_ids))"
WHERE_ANY_PROJECT = "e.project_id not in (select id from project where deleted_at is not null)"
WHERE_TEXT = "e.issue_id in (select value from json_each(:matching))"


def _filter(db: Reader, query: IssueQuery, env_id: int, since_ms: int) -> Filter:
    where = [WHERE_ENV]
    values: dict[str, Any] = {"env_id": env_id}
    if since_ms:
        where.append(WHERE_SEEN)
        values["since_ms"] = since_ms
    if query.state is not None:
        where.append(WHERE_STATE)
        values["state"] = query.state
    if query.project_ids is None:
        where.append(WHERE_ANY_PROJECT)
    else:
        where.append(WHERE_PROJECTS)
        values["project_ids"] = json.dumps(query.project_ids)
    issue_ids = matching(db, query.text, query.env, since_ms)
    if issue_ids is not None:
        where.append(WHERE_TEXT)
        values["matching"] = json.dumps(list(issue_ids))
    return Filter(" and ".join(where), values)


TOTAL = "select count(*) from issue_env e where {where}"


def search(db: Reader, query: IssueQuery) -> IssuePage:
    """The page of a query. An environment nobody has used has no issues."""
    env_id = environments.scope(db, query.env)
    if env_id is None:
        return IssuePage((), None, None, 0, 0)
    period = None if query.period_ms is None else Period.last(query.period_ms, query.now_ms)
    scope = Scope(env_id, counters.scopes(db, query.env), period)
    chosen = _filter(db, query, env_id, period.since_ms if period else 0)
    limit = max(1, min(query.limit, MOST_ROWS))
    cursor = read_cursor(query.cursor, query.sort)
    read: dict[int, Units] = {}
    found = rank(db, query.sort, chosen, scope, cursor, limit + 1, read)
    if cursor is not None and cursor.back and len(found) <= limit:
        cursor = None  # the way back ends here: the first page, and a full one
        found = rank(db, query.sort, chosen, scope, cursor, limit + 1, read)
    more, ranked = len(found) > limit, found[:limit]
    index = cursor.index if cursor else 0
    before, after = index > 0, more
    if cursor is not None and cursor.back:
        ranked.reverse()
        index = max(0, index - len(ranked))
        before, after = True, True
    return IssuePage(
        rows=tuple(_rows(db, ranked, query.sort, scope, query.now_ms, read)),
        next_cursor=_edge(query.sort, ranked[-1], False, index + len(ranked)) if after else None,
        prev_cursor=_edge(query.sort, ranked[0], True, index) if before and ranked else None,
        total=db.execute(TOTAL.format(where=chosen.where), chosen.values).fetchone()[0],
        first_index=index,
    )


IDS = "select e.issue_id from issue_env e where {where} limit :limit"


def ids(db: Reader, query: IssueQuery, limit: int) -> list[int]:
    """The issues of a query, whatever its page and order; at most `limit` of them."""
    env_id = environments.scope(db, query.env)
    if env_id is None:
        return []
    period = None if query.period_ms is None else Period.last(query.period_ms, query.now_ms)
    chosen = _filter(db, query, env_id, period.since_ms if period else 0)
    rows = db.execute(IDS.format(where=chosen.where), {**chosen.values, "limit": limit})
    return [row[0] for row in rows]


def of_ranked(
    db: Reader, ranked: Ranked, env: str | None, period_ms: int, now_ms: int
) -> list[IssueRow]:
    """The rows of (people in the period, issue) that somebody else has ranked, in their order."""
    env_id = environments.scope(db, env)
    if env_id is None:
        return []
    scope = Scope(env_id, counters.scopes(db, env), Period.last(period_ms, now_ms))
    return _rows(db, ranked, "users", scope, now_ms, {})


TOTALS = """
select sum(e.state = 0), sum(e.state = 1), sum(e.state = 2) from issue_env e where {where}
"""


def totals(db: Reader, query: IssueQuery) -> dict[State, int]:
    """How many issues of each state a query matches, whatever state it asks for; one scan."""
    env_id = environments.scope(db, query.env)
    if env_id is None:
        return dict.fromkeys(State, 0)
    period = None if query.period_ms is None else Period.last(query.period_ms, query.now_ms)
    any_state = replace(query, state=None)
    chosen = _filter(db, any_state, env_id, period.since_ms if period else 0)
    row = db.execute(TOTALS.format(where=chosen.where), chosen.values).fetchone()
    return {state: row[state] or 0 for state in State}


def _edge(sort: Sort, row: tuple[int, int], back: bool, index: int) -> str:
    return Cursor(sort, row[0], row[1], back, index).encode()


PAGE = """
with wanted(issue_id, env_id) as ({values})
select i.id, j.short_prefix, i.short, i.project_id, j.slug, i.title, i.value, i.culprit, i.level,
  i.category, i.platform, i.unhandled, i.state, i.substate, i.state_at, e.n, e.people, e.first_at,
  e.last_at, e.first_release, e.last_release, e.last_event, i.archive, i.acknowledged_at, a.name,
  u.id, u.name, u.email, t.id, t.slug
  from wanted w cross join issue i on i.id = w.issue_id
 cross join issue_env e on e.env_id = w.env_id and e.issue_id = w.issue_id
 cross join project j on j.id = i.project_id
  left join user a on a.id = i.acknowledged_by
  left join user u on u.id = i.assignee_user left join team t on t.id = i.assignee_team
"""


def _rows(
    db: Reader,
    ranked: Ranked,
    sort: Sort,
    scope: Scope,
    now_ms: int,
    read: dict[int, Units],
) -> list[IssueRow]:
    """The rows of these issues, in this order. `read`: what is known already of the counters."""
    issue_ids = [issue_id for _, issue_id in ranked]
    keys = [(issue_id, scope.env_id) for issue_id in issue_ids]
    found = {row[0]: row for row in among(db, PAGE, keys)}
    period = scope.period or Period.last(counters.ALL_TIME_HOURS * counters.HOUR_MS, now_ms)
    unread = [issue_id for issue_id in issue_ids if issue_id not in read]
    units = read | counters.units(db, unread, scope.envs, period) if unread else read
    old = []
    if scope.period is not None:
        old = [it for it, row in found.items() if row[17] < scope.period.since_ms]
    if sort == "users":  # then the order came from them
        people = {issue_id: n for n, issue_id in ranked}
    else:
        people = counters.people(db, old, scope.envs, period) if old else {}
    versions = releases.names(db, {it for row in found.values() for it in row[19:21] if it})
    hints = events.hints(db, [row[21] for row in found.values()])
    owned = owners.of_issues(db, issue_ids)
    rows = []
    for issue_id in issue_ids:
        if issue_id not in found:
            continue
        id_, prefix, short, project_id, slug, title, value, culprit, *row = found[issue_id]
        level, category, platform, unhandled, state, substate, state_at, n_ever, *row = row
        people_ever, first_at, last_at, first_release, last_release, last_event, *row = row
        archive, acknowledged_at, acknowledged_by, *assignee = row
        spark = counters.spark(units.get(issue_id, []), period)
        rows.append(
            IssueRow(
                id=id_,
                short_id=short_id(prefix, short),
                project_id=project_id,
                project_slug=slug,
                title=title,
                value=value or "",
                culprit=culprit or "",
                level=level,
                category=category,
                platform=platform,
                unhandled=bool(unhandled),
                state=State(state),
                substate=Substate(substate),
                state_at=state_at,
                n=sum(spark) if issue_id in old else n_ever,
                people=people.get(issue_id, 0) if issue_id in old else people_ever,
                n_ever=n_ever,
                people_ever=people_ever,
                first_at=first_at,
                last_at=last_at,
                first_release=versions.get(first_release),
                last_release=versions.get(last_release),
                spark=spark,
                tags_hint=hints.get(last_event, ()),
                archive=archiving.decode(archive),
                acknowledged_at=acknowledged_at,
                acknowledged_by=acknowledged_by,
                assignee=assignees.of_columns(*assignee),
                owner=owned.get(issue_id),
            )
        )
    return rows
