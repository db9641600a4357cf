"""What needs somebody, in order: the open issues of a period by their impact, in three groups.

Nobody counts the people of ten thousand issues. One scan gives each issue the facts that are stored
with it, and whom it met in all its life bounds whom it can have met in the period. Only what may
reach "Next" by that bound is counted; the rest can wait, and its number is known without
(docs/storage.md, "How they stay fast").
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

from lighttrace.event import impact
from lighttrace.event.impact import Facts, Impact, Weights
from lighttrace.store import counters, environments, same_trace
from lighttrace.store.counters import Period
from lighttrace.store.database import Reader
from lighttrace.store.states import LEVEL_NUMBERS, State, Substate

Group: TypeAlias = Literal["act", "next", "wait"]
GROUPS: tuple[Group, ...] = ("act", "next", "wait")
MOST_SHOWN = 25  # of each group; 50 rows are 150 KB of HTML
MOST_LEADS = 50  # whose traces are looked at
# Of an error that was not handled these say that a request or a job failed. In a browser or on a
# phone it is an everyday thing.
BACKEND = (
    "python", "node", "java", "go", "ruby", "php", "csharp", "elixir", "perl", "rust", "native",
)  # fmt: skip
COUNTED_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Whose:
    """Issues that are theirs: assigned to one of them or, while nobody has them, by the rules."""

    user_ids: tuple[int, ...] = ()
    team_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxQuery:
    """`project_ids` None = all; `env` None = all, empty = none; `whose` None = everybody's.
    `group`: the only one that is wanted; without, "Act now" and "Next".
    """

    project_ids: tuple[int, ...] | None = None
    env: str | None = None
    period_ms: int
    whose: Whose | None = None
    weights: Weights = field(default_factory=Weights)
    group: Group | None = None
    now_ms: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an issue stands, and why. `since`: when it began or came back, if that is its state.
    `worse_id`: the issue in whose trace it happened.
    """

    issue_id: int
    facts: Facts
    impact: Impact
    acknowledged: bool
    since: int | None
    worse_id: int | None = None

    @property
    def group(self) -> Group:
        if self.impact.score >= impact.ACT_NOW and not self.acknowledged:
            return "act"
        return "next" if self.impact.score >= impact.NEXT or self.acknowledged else "wait"

    @property
    def order(self) -> tuple[int, int]:
        """The highest first; of equals the newest."""
        return (-self.impact.score, -self.facts.first_at)


@dataclass(frozen=True, slots=True)
class Inbox:
    """`shown`: at most MOST_SHOWN of each group that was wanted, in order. `counts`: of all there
    are. `waiting_since`: of what waits longest in "Act now", as far as that is known.
    """

    shown: dict[Group, tuple[Standing, ...]]
    counts: dict[Group, int]
    waiting_since: int | None = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def find(db: Reader, query: InboxQuery) -> Inbox:
    """The inbox of a query. An environment nobody has used is empty."""
    scene = _scene(db, query)
    if scene is None:
        return Inbox({}, dict.fromkeys(GROUPS, 0))
    found = _rank(db, scene, _candidates(db, scene), impact.NEXT)
    groups: dict[Group, list[Standing]] = {name: [] for name in GROUPS}
    for standing in sorted(found.ranked, key=lambda it: it.order):
        groups[standing.group].append(standing)
    counts = {name: len(groups[name]) for name in GROUPS}
    counts["wait"] += len(found.rest)
    if query.group == "wait":
        groups["wait"] = _first_of(db, scene, found, groups["wait"])
    wanted = (query.group,) if query.group else GROUPS[:2]
    return Inbox(
        {name: tuple(groups[name][:MOST_SHOWN]) for name in wanted},
        counts,
        min((it.since for it in groups["act"] if it.since is not None), default=None),
    )


def count_act_now(db: Reader, query: InboxQuery) -> int:
    """How many need somebody now; looks only at what may reach that."""
    scene = _scene(db, query)
    if scene is None:
        return 0
    some = _candidates(db, scene, least=impact.ACT_NOW)
    found = _rank(db, scene, some, impact.ACT_NOW)
    return sum(it.group == "act" for it in found.ranked)


SOME = "e.issue_id in (select value from json_each(:issue_ids))"


def standing(db: Reader, issue_id: int, query: InboxQuery) -> Standing | None:
    """Where one issue stands; None if it is not open or did not happen in the period."""
    return standings(db, [issue_id], query).get(issue_id)


def standings(db: Reader, issue_ids: Sequence[int], query: InboxQuery) -> dict[int, Standing]:
    """Where some issues stand, by the same sum; what `standing` has no answer for is left out."""
    scene = _scene(db, query)
    if scene is None:
        return {}
    values = scene.values | {"issue_ids": json.dumps(list(issue_ids))}
    found = _settle(db, scene, _candidates(db, replace(scene, where=(SOME,), values=values)))
    if found:
        ahead, _ = _parted(_candidates(db, scene, least=impact.ACT_NOW), scene, impact.ACT_NOW)
        found = _join(db, scene, found, _leads(db, _settle(db, scene, ahead)))
    return {it.issue_id: it for it in found}


QUIET = """
select count(*) from issue_env e cross join issue i on i.id = e.issue_id
 where e.env_id = :env_id and e.state = :open and e.last_at < :since_ms and {where}
"""


def quiet(db: Reader, query: InboxQuery) -> int:
    """Open issues that did not happen in the period."""
    scene = _scene(db, query)
    if scene is None:
        return 0
    sql = QUIET.format(where=" and ".join(scene.where))
    return int(db.execute(sql, scene.values).fetchone()[0])


@dataclass(frozen=True, slots=True)
class _Scene:
    """A query, with what the statements need."""

    query: InboxQuery
    envs: Sequence[int]
    period: Period
    where: tuple[str, ...]
    values: dict[str, Any]

    @property
    def weights(self) -> Weights:
        return self.query.weights


IN_PROJECTS = "e.project_id in (select value from json_each(:project_ids))"
IN_ANY_PROJECT = "e.project_id not in (select id from project where deleted_at is not null)"
THEIRS = """
(i.assignee_user in (select value from json_each(:user_ids))
 or i.assignee_team in (select value from json_each(:team_ids))
 or i.assignee_user is null and i.assignee_team is null
  and (i.owner_user in (select value from json_each(:user_ids))
   or i.owner_team in (select value from json_each(:team_ids))))
"""


def _scene(db: Reader, query: InboxQuery) -> _Scene | None:
    env_id = environments.scope(db, query.env)
    if env_id is None:
        return None
    period = Period.last(query.period_ms, query.now_ms)
    values: dict[str, Any] = {
        "env_id": env_id,
        "open": State.UNRESOLVED,
        "since_ms": period.since_ms,
        "new_since": query.now_ms - impact.NEW_MS,
        "regressed": Substate.REGRESSED,
        "fatal": LEVEL_NUMBERS["fatal"],
        "backend": json.dumps(BACKEND),
    }
    where = [IN_ANY_PROJECT]
    if query.project_ids is not None:
        where = [IN_PROJECTS]
        values["project_ids"] = json.dumps(query.project_ids)
    if query.whose is not None:
        where.append(THEIRS)
        values["user_ids"] = json.dumps(query.whose.user_ids)
        values["team_ids"] = json.dumps(query.whose.team_ids)
    return _Scene(query, counters.scopes(db, query.env), period, tuple(where), values)


class _Candidate(NamedTuple):
    """A row of the scan. `marks`: which of the facts that are stored hold, as bits."""

    issue_id: int
    people: int
    first_at: int
    acknowledged: int
    spike_factor: float | None
    high_value: str | None
    state_at: int
    marks: int


NEW, REGRESSED, HIGH_VALUE, FATAL, UNHANDLED, SPIKING = (1 << bit for bit in range(6))
CANDIDATES = """
select e.issue_id, e.people, e.first_at, i.acknowledged_at is not null, i.spike_factor,
  i.high_value, i.state_at, (e.first_at > :new_since) + 2 * (i.substate = :regressed)
  + 4 * (i.high_value is not null) + 8 * (i.level >= :fatal)
  + 16 * (i.unhandled and coalesce(i.platform, '') in (select value from json_each(:backend)))
  + 32 * (i.spike_factor is not null) as marks
  from issue_env e cross join issue i on i.id = e.issue_id
 where e.env_id = :env_id and e.state = :open and e.last_at >= :since_ms and {where}
"""
MARKED = "marks in (select value from json_each(:marked))"


def _candidates(db: Reader, scene: _Scene, least: int = 0) -> list[_Candidate]:
    """The open issues of the period; of those only what may reach `least`."""
    where, values = list(scene.where), scene.values
    if least:
        most = scene.weights.users + scene.weights.same_trace
        certain = enumerate(_certain(scene.weights))
        where.append(MARKED)
        marked = [marks for marks, points in certain if points + most >= least]
        values = values | {"marked": json.dumps(marked)}
    rows = db.execute(CANDIDATES.format(where=" and ".join(where)), values)
    return list(map(_Candidate._make, rows))


@lru_cache(maxsize=16)
def _certain(weights: Weights) -> tuple[int, ...]:
    """By its marks, what an issue has without people and traces, if it spikes at its worst."""
    return tuple(_points_of(marks, weights) for marks in range(2 * SPIKING))


def _points_of(marks: int, weights: Weights) -> int:
    facts = Facts(
        first_at=impact.NEW_MS if marks & NEW else 0,
        regressed=bool(marks & REGRESSED),
        high_value="x" if marks & HIGH_VALUE else None,
        fatal=bool(marks & (FATAL | UNHANDLED)),
        spike_factor=float("inf") if marks & SPIKING else None,
        events=impact.LEAST_EVENTS,
    )
    return sum(it.points for it in impact.score(facts, weights, impact.NEW_MS).parts)


@lru_cache(maxsize=64)
def _people_for(least: int, weights: Weights) -> tuple[float, ...]:
    """By its marks, how many people an issue must have met to reach `least`."""
    steps = impact.users_steps(weights.users)
    missing = (least - points for points in _certain(weights))
    return tuple(
        0 if points <= 0 else steps[points] if points < len(steps) else float("inf")
        for points in missing
    )


@dataclass(frozen=True, slots=True)
class _Leads:
    """What needs somebody now by its own points, the worst first; and by issue, which of them its
    events share a trace with.
    """

    standings: tuple[Standing, ...] = ()
    linked: Mapping[int, set[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Found:
    """`ranked`: what reaches a number, or is acknowledged, and perhaps more; `rest` cannot."""

    ranked: list[Standing]
    rest: list[_Candidate]
    leads: _Leads


def _rank(db: Reader, scene: _Scene, some: Sequence[_Candidate], least: int) -> _Found:
    ahead, rest = _parted(some, scene, least)
    ranked = _settle(db, scene, ahead)
    leads = _leads(db, ranked) if scene.weights.same_trace else _Leads()
    near, far = _parted(rest, scene, least - scene.weights.same_trace)
    lifted = [it for it in near if it.issue_id in leads.linked]
    ranked = _join(db, scene, ranked + _settle(db, scene, lifted), leads)
    rest = far + [it for it in near if it.issue_id not in leads.linked]
    return _Found(ranked, rest, leads)


def _parted(
    some: Sequence[_Candidate], scene: _Scene, least: int
) -> tuple[list[_Candidate], list[_Candidate]]:
    """What may reach `least` without a worse issue, or is acknowledged; and what cannot."""
    needed = _people_for(least, scene.weights)
    ahead: list[_Candidate] = []
    rest: list[_Candidate] = []
    for it in some:
        (ahead if it.acknowledged or it.people >= needed[it.marks] else rest).append(it)
    return ahead, rest


def _leads(db: Reader, ranked: Sequence[Standing]) -> _Leads:
    found = sorted((it for it in ranked if it.group == "act"), key=lambda it: it.order)
    first = tuple(found[:MOST_LEADS])
    return _Leads(first, same_trace.linked(db, [it.issue_id for it in first]))


def _settle(db: Reader, scene: _Scene, some: Sequence[_Candidate]) -> list[Standing]:
    """Standings with the people and events of the period counted."""
    # what is younger than the period has had all it ever had in it
    old = [it.issue_id for it in some if it.people and it.first_at < scene.period.since_ms]
    people = counters.people(db, old, scene.envs, scene.period) if old else {}
    counted = set(old)
    spiking = [it.issue_id for it in some if it.marks & SPIKING]
    events = counters.events(db, spiking, scene.envs, scene.period) if spiking else {}
    found = []
    for it in some:
        facts = Facts(
            first_at=it.first_at,
            users=people.get(it.issue_id, 0) if it.issue_id in counted else it.people,
            events=events.get(it.issue_id, 0),
            regressed=bool(it.marks & REGRESSED),
            spike_factor=it.spike_factor,
            high_value=it.high_value,
            fatal=bool(it.marks & FATAL),
            unhandled=bool(it.marks & UNHANDLED),
        )
        scored = impact.score(facts, scene.weights, scene.query.now_ms)
        since = it.state_at if facts.regressed else it.first_at if it.marks & NEW else None
        found.append(Standing(it.issue_id, facts, scored, bool(it.acknowledged), since))
    return found


TITLES = """
select i.id, i.title || ' in ' || j.slug from json_each(?) w cross join issue i on i.id = w.value
 cross join project j on j.id = i.project_id
"""


def _join(db: Reader, scene: _Scene, some: Sequence[Standing], leads: _Leads) -> list[Standing]:
    """The same, and what happened in the trace of a worse issue that needs somebody now says so."""
    worse: dict[int, int] = {}
    for it in some:
        near = leads.linked.get(it.issue_id, ())
        first = next((lead for lead in leads.standings if lead.issue_id in near), None)
        if first is not None and first.order < it.order:
            worse[it.issue_id] = first.issue_id
    titles = dict(db.execute(TITLES, (json.dumps(sorted(set(worse.values()))),)).fetchall())
    found = []
    for it in some:
        lead_id = worse.get(it.issue_id)
        if lead_id is not None:
            facts = replace(it.facts, worse=titles[lead_id])
            scored = impact.score(facts, scene.weights, scene.query.now_ms)
            it = replace(it, facts=facts, impact=scored, worse_id=lead_id)
        found.append(it)
    return found


def _first_of(
    db: Reader, scene: _Scene, found: _Found, known: Sequence[Standing]
) -> list[Standing]:
    """The first MOST_SHOWN of what can wait, in order; counted only as far as they can be it."""
    best = list(known)
    certain, weights, linked = _certain(scene.weights), scene.weights, found.leads.linked

    def bound(it: _Candidate) -> int:
        more = weights.same_trace if it.issue_id in linked else 0
        return certain[it.marks] + impact.users_points(it.people, weights.users) + more

    bounds = sorted((-bound(it), -it.first_at, it) for it in found.rest)
    for start in range(0, len(bounds), COUNTED_AT_ONCE):
        some = bounds[start : start + COUNTED_AT_ONCE]
        if len(best) >= MOST_SHOWN and best[MOST_SHOWN - 1].order <= some[0][:2]:
            break
        settled = _settle(db, scene, [it for *_, it in some])
        best += _join(db, scene, settled, found.leads)
        best.sort(key=lambda it: it.order)
    return best
