"""Lists of issues: searched, sorted, a page at a time. Every row says how often and for how many in
the period and environment of the list, and of the events that its search means.

A search about issues alone is a filter of `issue_env` (`issue_order.py`); one that means some of
their events is counted in the text index (`search/narrowed.py`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lighttrace.event.query.tree import EVERYTHING, Node
from lighttrace.store import (
    archiving,
    assignees,
    counters,
    environments,
    events,
    owners,
    releases,
    spikes,
    text_index,
)
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
from lighttrace.store.search import compile, narrowed
from lighttrace.store.search.asker import Asker
from lighttrace.store.search.classes import classes
from lighttrace.store.search.conditions import (
    Both,
    Condition,
    all_of,
    any_of,
    is_about_issues,
    leaves,
    says,
    sql_of,
)
from lighttrace.store.search.narrowed import Narrowed, Numbers
from lighttrace.store.search.span import Span
from lighttrace.store.spikes import Spike
from lighttrace.store.states import State, Substate

MOST_ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueQuery:
    """`project_ids` None = all; `env` None = all, empty = none; `period_ms` and `state` None = any.

    `cursor` is `next_cursor` or `prev_cursor` of a page of the same query; one that cannot be read
    means the first page. `what` is the search, `user_id` who asks it (`me`). `people_later`: people
    of the rows may be left uncounted where that takes long; `all_counts`: how many there are of
    each state must be said, however long that takes.
    """

    project_ids: tuple[int, ...] | None = None
    env: str | None = None
    period_ms: int | None = None
    state: State | None = None
    what: Node = EVERYTHING
    user_id: int | None = None
    sort: Sort = "last_seen"
    cursor: str | None = None
    limit: int = 25
    people_later: bool = False
    all_counts: bool = False
    now_ms: int


@dataclass(frozen=True, slots=True)
class IssueRow:
    """`n` and `people` are of the period, environment and search, `people` None where they are to
    be said later; `n_ever`, `people_ever` and the releases of all the time in the environment.
    `first_at` and `last_at` too, but where the search means some of the events they are of these,
    in the period, and `first_ever`, `last_ever` are not. `spark`: the period in 24 bars. `key`:
    what it is sorted by.
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
    people: int | None
    n_ever: int
    people_ever: int
    first_at: int
    last_at: int
    first_ever: int
    last_ever: int
    first_release: str | None
    last_release: str | None
    spark: tuple[int, ...]
    tags_hint: tuple[tuple[str, str], ...]
    archive: Archive
    acknowledged_at: int | None
    acknowledged_by: str | None  # a name
    assignee: Assignee | None
    key: int
    owner: Owner | None = None  # by the rules
    spike: Spike | None = None  # that it is in


@dataclass(frozen=True, slots=True)
class IssuePage:
    """`counts`: how many issues of each state the query matches, whatever state it asks for, and
    `total` of that state; None where that is not known by the way. `first_index` is 0 for the first
    page. `remarks`: sentences about what was not looked at.
    """

    rows: tuple[IssueRow, ...]
    next_cursor: str | None
    prev_cursor: str | None
    first_index: int
    counts: dict[State, int] | None
    total: int | None
    remarks: tuple[str, ...] = ()


WHERE_ENV = "e.env_id = :env_id"
WHERE_SEEN = "e.last_at >= :since_ms"
WHERE_STATE = "e.state = :state"
WHERE_PROJECTS = "e.project_id in (select value from json_each(:project_ids))"
WHERE_ANY_PROJECT = "e.project_id not in (select id from project where deleted_at is not null)"
# what is asked of an issue's own row is asked there, so that a list stays a scan of `issue_env`
WHERE_ISSUE = "exists(select 1 from issue i where i.id = e.issue_id and {sql})"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query made ready: which issues, `any_state` those of all states, and `of_events` what is
    asked of their events, True if nothing is.
    """

    chosen: Filter
    any_state: Filter
    of_events: Condition
    scope: Scope
    asker: Asker


def _ready(db: Reader, query: IssueQuery) -> _Asked | None:
    """None: there are none, for nothing has happened in that environment. Raises QueryError."""
    env_id = environments.scope(db, query.env)
    if env_id is None:
        return None
    asker = Asker(query.now_ms, query.user_id, query.project_ids)
    condition = compile.condition(db, query.what, asker)
    parts = condition.parts if isinstance(condition, Both) else (condition,)
    of_events = all_of([part for part in parts if not is_about_issues(part)])
    of_issues = [part for part in parts if is_about_issues(part)]
    where = [WHERE_ENV]
    values: dict[str, Any] = {"env_id": env_id}
    period = None if query.period_ms is None else Period.last(query.period_ms, query.now_ms)
    if period is not None and of_events is True:
        where.append(WHERE_SEEN)
        values["since_ms"] = period.since_ms
    if query.project_ids is None:
        where.append(WHERE_ANY_PROJECT)
    else:
        where.append(WHERE_PROJECTS)
        values["project_ids"] = json.dumps(query.project_ids)
    for part in of_issues:
        sql = sql_of(part)
        where.append(WHERE_ISSUE.format(sql=sql) if "i." in sql else sql)
        for leaf in leaves(part):
            values |= leaf.values  # type: ignore[union-attr]
    scope = Scope(env_id, counters.scopes(db, query.env), period)
    any_state = chosen = Filter(" and ".join(where), values)
    if query.state is not None:
        where = [*where, WHERE_STATE]
        chosen = Filter(" and ".join(where), {**values, "state": query.state})
    return _Asked(chosen, any_state, of_events, scope, asker)


MOST_PROJECT_TOKENS = 8


def _narrowed(db: Reader, query: IssueQuery, asked: _Asked) -> Narrowed:
    """The events that are meant, counted."""
    everywhere: list[Condition] = []
    if query.env is not None:
        everywhere.append(says([text_index.token("environment", query.env)]))
    if query.project_ids is not None and len(query.project_ids) <= MOST_PROJECT_TOKENS:
        own = [says([text_index.token("project", str(it))]) for it in query.project_ids]
        everywhere.append(any_of(own))
    period = asked.scope.period
    span = Span.since(db, period.since_ms if period else 0)
    where, values = asked.any_state.where, asked.any_state.values
    found = classes(db, asked.of_events, all_of(everywhere), where, values, span)
    shown = period or Period.last(counters.ALL_TIME_HOURS * counters.HOUR_MS, query.now_ms)
    span = span.parted(narrowed.NEWEST)
    return Narrowed(db, asked.any_state, query.state, found, span, asked.scope, shown)


NONE = dict.fromkeys(State, 0)
NOTHING = IssuePage((), None, None, 0, NONE, 0)


def search(db: Reader, query: IssueQuery) -> IssuePage:
    """The page of a query. Raises QueryError."""
    asked = _ready(db, query)
    if asked is None or asked.of_events is False:
        return NOTHING if asked is None else replace(NOTHING, remarks=tuple(asked.asker.remarks))
    limit = max(1, min(query.limit, MOST_ROWS))
    cursor = read_cursor(query.cursor, query.sort)
    listing = _listing(db, query, asked)
    found = listing.rank(cursor, limit + 1)
    if cursor is not None and cursor.back and len(found) <= limit:
        cursor = None  # the way back ends here: the first page, and a full one
        found = listing.rank(cursor, limit + 1)
    more, ranked = len(found) > limit, found[:limit]
    index = cursor.index if cursor else 0
    before, after = index > 0, more
    if cursor is not None and cursor.back:
        ranked.reverse()
        index = max(0, index - len(ranked))
        before, after = True, True
    counts = listing.counts()
    return IssuePage(
        rows=tuple(listing.rows(ranked)),
        next_cursor=_edge(query.sort, ranked[-1], False, index + len(ranked)) if after else None,
        prev_cursor=_edge(query.sort, ranked[0], True, index) if before and ranked else None,
        first_index=index,
        counts=counts,
        total=None if counts is None else _total(counts, query.state),
        remarks=tuple(asked.asker.remarks),
    )


@dataclass(slots=True)
class _Whole:
    """A list of issues with all of their events."""

    db: Reader
    query: IssueQuery
    asked: _Asked
    _read: dict[int, Units] = field(default_factory=dict)

    def rank(self, cursor: Cursor | None, limit: int) -> Ranked:
        asked = self.asked
        return rank(self.db, self.query.sort, asked.chosen, asked.scope, cursor, limit, self._read)

    def rows(self, ranked: Ranked) -> list[IssueRow]:
        scope, query = self.asked.scope, self.query
        return _rows(self.db, ranked, query.sort, scope, query.now_ms, self._read)

    def counts(self) -> dict[State, int]:
        return _counts(self.db, self.asked.any_state)


class _Part:
    """A list of issues with some of their events."""

    def __init__(self, db: Reader, query: IssueQuery, asked: _Asked) -> None:
        self.db = db
        self.query = query
        self.asked = asked
        self._narrowed = _narrowed(db, query, asked)

    def rank(self, cursor: Cursor | None, limit: int) -> Ranked:
        return self._narrowed.rank(self.query.sort, cursor, limit)

    def rows(self, ranked: Ranked) -> list[IssueRow]:
        query = self.query
        ids = [issue_id for _, issue_id in ranked]
        later = query.people_later and query.sort != "users"
        numbers = self._narrowed.numbers(ids, people_later=later)
        return _rows(
            self.db, ranked, query.sort, self.asked.scope, query.now_ms, {}, numbers=numbers
        )

    def counts(self) -> dict[State, int] | None:
        return self._narrowed.counts(at_once=self.query.all_counts)


def _listing(db: Reader, query: IssueQuery, asked: _Asked) -> "_Whole | _Part":
    return _Whole(db, query, asked) if asked.of_events is True else _Part(db, query, asked)


IDS = "select e.issue_id from issue_env e where {where} limit :limit"


def ids(db: Reader, query: IssueQuery, limit: int) -> list[int]:
    """The issues of a query, whatever its page and order; at most `limit` of them."""
    asked = _ready(db, query)
    if asked is None or asked.of_events is False:
        return []
    if asked.of_events is not True:
        return _narrowed(db, query, asked).ids()[:limit]
    rows = db.execute(IDS.format(where=asked.chosen.where), {**asked.chosen.values, "limit": limit})
    return [row[0] for row in rows]


def of_ids(db: Reader, query: IssueQuery, issue_ids: Sequence[int]) -> list[IssueRow]:
    """The rows of issues that a query finds and somebody else has put in order."""
    asked = _ready(db, query)
    if asked is None or asked.of_events is False:
        return []
    return _listing(db, query, asked).rows([(0, it) for it in issue_ids])


def of_ranked(
    db: Reader, ranked: Ranked, env: str | None, period_ms: int, now_ms: int
) -> list[IssueRow]:
    """The rows of (people in the period, issue) that somebody else has ranked, in their order."""
    env_id = environments.scope(db, env)
    if env_id is None:
        return []
    scope = Scope(env_id, counters.scopes(db, env), Period.last(period_ms, now_ms))
    return _rows(db, ranked, "users", scope, now_ms, {})


def totals(db: Reader, query: IssueQuery) -> dict[State, int]:
    """How many issues of each state a query matches, whatever its own. Raises QueryError."""
    asked = _ready(db, query)
    if asked is None or asked.of_events is False:
        return NONE
    if asked.of_events is not True:
        return _narrowed(db, query, asked).counts(at_once=True) or NONE
    return _counts(db, asked.any_state)


COUNTS = """
select sum(e.state = 0), sum(e.state = 1), sum(e.state = 2) from issue_env e where {where}
"""


def _counts(db: Reader, chosen: Filter) -> dict[State, int]:
    row = db.execute(COUNTS.format(where=chosen.where), chosen.values).fetchone()
    return {state: row[state] or 0 for state in State}


def _total(counts: dict[State, int], state: State | None) -> int:
    return sum(counts.values()) if state is None else counts[state]


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
    numbers: dict[int, Numbers] | None = None,
) -> list[IssueRow]:
    """The rows of these issues, in this order. `read`: what is known already of the counters;
    `numbers`: what they have of a search that means some of their events.
    """
    issue_ids = [issue_id for _, issue_id in ranked]
    key_of = {issue_id: key for key, issue_id in ranked}
    keys = [(issue_id, scope.env_id) for issue_id in issue_ids]
    found = {row[0]: row for row in among(db, PAGE, keys)}
    period = scope.period or Period.last(counters.ALL_TIME_HOURS * counters.HOUR_MS, now_ms)
    counted = [issue_id for issue_id in issue_ids if numbers is None]
    unread = [issue_id for issue_id in counted if issue_id not in read]
    units = read | counters.units(db, unread, scope.envs, period) if unread else read
    old = []
    if scope.period is not None and numbers is None:
        old = [it for it, row in found.items() if row[17] < scope.period.since_ms]
    if sort == "users":  # then the order came from them
        people = {issue_id: n for n, issue_id in ranked}
    else:
        people = counters.people(db, old, scope.envs, period) if old else {}
    versions = releases.names(db, {it for row in found.values() for it in row[19:21] if it})
    hints = events.hints(db, [row[21] for row in found.values()])
    owned, blind = owners.of_issues(db, issue_ids), assignees.blind(db, issue_ids)
    loud = spikes.of_issues(db, issue_ids)
    rows = []
    for issue_id in issue_ids:
        if issue_id not in found:
            continue
        id_, prefix, short, project_id, slug, title, value, culprit, *row = found[issue_id]
        level, category, platform, unhandled, state, substate, state_at, n_ever, *row = row
        people_ever, first_at, last_at, first_release, last_release, last_event, *row = row
        archive, acknowledged_at, acknowledged_by, *assignee = row
        if numbers is not None:
            own = numbers[issue_id]
        else:
            spark = counters.spark(units.get(issue_id, []), period)
            is_old = issue_id in old
            own = Numbers(
                n=sum(spark) if is_old else n_ever,
                people=people.get(issue_id, 0) if is_old else people_ever,
                first_at=first_at,
                last_at=last_at,
                spark=spark,
            )
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
                n=own.n,
                people=own.people,
                n_ever=n_ever,
                people_ever=people_ever,
                first_at=own.first_at,
                last_at=own.last_at,
                first_ever=first_at,
                last_ever=last_at,
                first_release=versions.get(first_release),
                last_release=versions.get(last_release),
                spark=own.spark,
                tags_hint=hints.get(last_event, ()),
                archive=archiving.decode(archive),
                acknowledged_at=acknowledged_at,
                acknowledged_by=acknowledged_by,
                assignee=assignees.of_columns(*assignee, sees=issue_id not in blind),
                owner=owned.get(issue_id),
                spike=loud.get(issue_id),
                key=key_of[issue_id],
            )
        )
    return rows
