"""How often and for how many: reading the counters of issues over a period.

Periods begin with an hour. They are read as the hours up to the first midnight and whole days from
there on, so that thirty days are at most 53 look-ups an issue; the counts stay exact. Counters go
by receive time, UTC.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from lighttrace.store import environments
from lighttrace.store.database import Reader

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
HOURS = 24  # of a day
SPARK_BARS = 24
# Up to here a sparkline is drawn from hours, above it from days: 14 d of hours for 25 issues take
# 16 ms, of days 4 (docs/storage.md, "How they stay fast").
FINE_HOURS = 7 * HOURS
# Up to here it is drawn from minutes: of two hours a bar is five of them.
FINEST_HOURS = 2
SHORT_HOURS = 12
MOST_HOURS = 731 * HOURS  # days are kept for two years
ALL_TIME_HOURS = 90 * HOURS  # what the sparkline shows where there is no period
# Of two ways to tell people apart; see `people`.
SCANNED_ROW_US, COUNTED_ROW_US, LOOKED_UP_US = 0.07, 0.022, 0.45

Units: TypeAlias = list[tuple[int, int, int]]  # (first minute, how many minutes, events)


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of `since_hour` to now, which is in the hour before `until_hour`."""

    since_hour: int
    until_hour: int

    @classmethod
    def last(cls, period_ms: int, now_ms: int) -> "Period":
        """The hour of now and as many before it as make up the period; in a short period, where
        the hour that is not over makes a difference, one more.
        """
        until = now_ms // HOUR_MS + 1
        hours = max(1, min(-(-period_ms // HOUR_MS), MOST_HOURS))
        return cls(until - hours - (hours < SHORT_HOURS), until)

    @property
    def since_ms(self) -> int:
        return self.since_hour * HOUR_MS

    @property
    def hours(self) -> int:
        return self.until_hour - self.since_hour

    @property
    def minutes(self) -> list[int]:
        return list(range(self.since_hour * 60, self.until_hour * 60))

    @property
    def is_fine(self) -> bool:
        """Whether its sparklines are drawn from hours."""
        return self.hours <= FINE_HOURS

    def units(self, *, fine: bool) -> tuple[list[int], list[int]]:
        """(hours, days) that together are the period; hours only if `fine`."""
        midnight = -(-self.since_hour // HOURS) * HOURS
        if fine or midnight >= self.until_hour:
            return list(range(self.since_hour, self.until_hour)), []
        days = range(midnight // HOURS, -(-self.until_hour // HOURS))
        return list(range(self.since_hour, midnight)), list(days)


# An issue is counted hash by hash in the environments it was seen in; `cross join` fixes the order
# of the loops, which the planner gets wrong (docs/storage.md, "How they stay fast").
SCOPES = """
with scope as materialized (
  select e.issue_id, e.env_id, e.n, e.people, e.first_at, g.id as hash_id
    from json_each(:issues) w
   cross join issue_env e on e.env_id in (select value from json_each(:envs))
     and e.issue_id = w.value
   cross join grouphash g on g.issue_id = e.issue_id)
"""
MINUTES_OF = """
 select s.issue_id, m.value as start, 1 as width, c.n from json_each(:minutes) m cross join scope s
  cross join count_minute c on c.minute = m.value and c.hash_id = s.hash_id and c.env_id = s.env_id
"""
HOURS_OF = """
 select s.issue_id, h.value * 60 as start, 60 as width, c.n from json_each(:hours) h
  cross join scope s
  cross join count_hour c on c.hour = h.value and c.hash_id = s.hash_id and c.env_id = s.env_id
"""
DAYS_OF = """
 select s.issue_id, d.value * 1440 as start, 1440 as width, c.n from json_each(:days) d
  cross join scope s
  cross join count_day c on c.day = d.value and c.env_id = s.env_id and c.hash_id = s.hash_id
"""
COUNT = f"{SCOPES} select issue_id, sum(n) from ({HOURS_OF} union all {DAYS_OF}) group by issue_id"


def events(
    db: Reader, issue_ids: Sequence[int], env_ids: Sequence[int], period: Period
) -> dict[int, int]:
    """Events of each issue in the period; an issue without any is left out."""
    values = _values(issue_ids, env_ids, period, fine=False)
    return {row[0]: row[1] for row in db.execute(COUNT, values)}


UNITS = f"""
{SCOPES} select issue_id, start, width, sum(n) from ({HOURS_OF} union all {DAYS_OF})
 group by issue_id, start
"""
UNITS_OF_MINUTES = f"""
{SCOPES} select issue_id, start, width, sum(n) from ({MINUTES_OF}) group by issue_id, start
"""


def units(
    db: Reader, issue_ids: Sequence[int], env_ids: Sequence[int], period: Period
) -> dict[int, Units]:
    """What sparklines of the period are drawn from; an issue without events in it is left out."""
    found: dict[int, Units] = {}
    sql, values = UNITS, _values(issue_ids, env_ids, period, fine=period.is_fine)
    if period.hours <= FINEST_HOURS:
        sql, values = UNITS_OF_MINUTES, values | {"minutes": json.dumps(period.minutes)}
    for issue_id, start, width, n in db.execute(sql, values):
        found.setdefault(issue_id, []).append((start, width, n))
    return found


def spark(found: Units, period: Period) -> tuple[int, ...]:
    """The period in SPARK_BARS bars, oldest first; their sum is what `events` says.

    Where a bar is shorter than a day, a day's events are spread over its bars evenly.
    """
    bars = [0] * SPARK_BARS
    for start, width, n in found:
        _spread(bars, n, start - period.since_hour * 60, width, period.hours * 60)
    return tuple(bars)


def _spread(bars: list[int], n: int, start: int, width: int, length: int) -> None:
    """Add `n` events of the minutes from `start` on to the bars these minutes fall into."""
    end = min(start + width, length)  # the day that is not over yet
    done = 0
    for bar in range(start * SPARK_BARS // length, SPARK_BARS):
        bar_end = (bar + 1) * length / SPARK_BARS
        share = n if bar_end >= end else round(n * (bar_end - start) / (end - start))
        bars[bar] += share - done
        done = share
        if done == n:
            return


AT_MOST = f"""
{SCOPES} select s.issue_id, sum((
  select count(*) from hash_person p indexed by hash_person_recent
   where p.hash_id = s.hash_id and p.env_id = s.env_id and p.last_hour >= :since_hour))
  from scope s group by s.issue_id
"""
SHAPES = f"""
{SCOPES} select issue_id, count(distinct hash_id), sum(people), max(people), min(first_at)
  from scope group by issue_id
"""
OF_ONE_HASH = f"""
{SCOPES}, largest as materialized (
  select issue_id, env_id, max(n) from scope group by issue_id)
select s.issue_id, sum(iif(s.env_id = l.env_id, (
  select count(*) from hash_person p indexed by hash_person_recent
   where p.hash_id = s.hash_id and p.env_id = s.env_id and p.last_hour >= :since_hour), (
  select count(*) from hash_person p indexed by hash_person_recent
   where p.hash_id = s.hash_id and p.env_id = s.env_id and p.last_hour >= :since_hour
     and not exists(
       select 1 from hash_person q not indexed
        where q.hash_id = s.hash_id and q.person_id = p.person_id and q.last_hour >= :since_hour
          and (q.env_id = l.env_id or q.env_id < s.env_id)))))
  from largest l join scope s on s.issue_id = l.issue_id group by s.issue_id
"""
# the key of `hash_person` has the rows of a person side by side
OF_ONE_HASH_SCANNED = f"""
{SCOPES} select s.issue_id, (
  select count(*) from (
    select 1 from hash_person p not indexed
     where p.hash_id = s.hash_id and p.last_hour >= :since_hour group by p.person_id))
  from (select distinct issue_id, hash_id from scope) s
"""
OF_MANY_HASHES = f"""
{SCOPES} select s.issue_id, count(distinct p.person_id) from scope s
 cross join hash_person p indexed by hash_person_recent
   on p.hash_id = s.hash_id and p.env_id = s.env_id and p.last_hour >= :since_hour
 group by s.issue_id
"""


def people_at_most(
    db: Reader, issue_ids: Sequence[int], env_ids: Sequence[int], period: Period
) -> dict[int, int]:
    """As `people`, but who was met in two environments counts twice."""
    return dict(db.execute(AT_MOST, _since(issue_ids, env_ids, period)).fetchall())


def people(
    db: Reader, issue_ids: Sequence[int], env_ids: Sequence[int], period: Period
) -> dict[int, int]:
    """People each issue has met in the period, in all of the environments together: in one, or in
    all there are.

    `count(distinct …)` is the dear way, 0.55 µs a row, and only merged issues need it. Of others
    the largest environment is simply counted, and who was met elsewhere is looked up there; or,
    where that makes many look-ups, all there is of the hash is gone through (docs/storage.md, "How
    they stay fast").
    """
    ways: dict[str, list[int]] = {OF_ONE_HASH: [], OF_ONE_HASH_SCANNED: [], OF_MANY_HASHES: []}
    shapes = db.execute(SHAPES, _since(issue_ids, env_ids, period))
    for issue_id, hashes, met, met_in_largest, first_at in shapes:
        age_hours = max(1, period.until_hour - first_at // HOUR_MS)
        share = min(1.0, period.hours / age_hours)  # of it all, as far as one can guess
        seeking = share * (COUNTED_ROW_US * met + LOOKED_UP_US * (met - met_in_largest))
        if hashes > 1:
            way = OF_MANY_HASHES
        elif len(env_ids) > 1 and SCANNED_ROW_US * met < seeking:
            way = OF_ONE_HASH_SCANNED
        else:
            way = OF_ONE_HASH
        ways[way].append(issue_id)
    found: dict[int, int] = {}
    for way, some in ways.items():
        if some:
            found |= dict(db.execute(way, _since(some, env_ids, period)).fetchall())
    return found


def _since(issue_ids: Sequence[int], env_ids: Sequence[int], period: Period) -> dict[str, Any]:
    return {
        "issues": json.dumps(list(issue_ids)),
        "envs": json.dumps(list(env_ids)),
        "since_hour": period.since_hour,
    }


def scopes(db: Reader, env: str | None) -> list[int]:
    """The environments to count in: the one of that name, all of them, or none if it is unknown."""
    if env is None:
        return [env_id for env_id, _ in environments.names(db)]
    found = environments.find(db, env)
    return [] if found is None else [found]


STORED = "select n, people, first_at from issue_env where env_id = ? and issue_id = ?"


def totals(db: Reader, issue_id: int, env: str | None, since_ms: int) -> tuple[int, int]:
    """(events, people) of an issue since the beginning of the hour of `since_ms`."""
    env_id = environments.scope(db, env)
    row = db.execute(STORED, (env_id, issue_id)).fetchone()
    if row is None:
        return 0, 0
    n, met, first_at = row
    if since_ms <= first_at:  # everything there ever was
        return n, met
    newest = db.execute("select max(hour) from count_hour").fetchone()[0] or 0
    since_hour = since_ms // HOUR_MS
    period = Period(since_hour, max(since_hour, newest) + 1)
    envs = scopes(db, env)
    counted = events(db, [issue_id], envs, period).get(issue_id, 0)
    return counted, people(db, [issue_id], envs, period).get(issue_id, 0)


SERIES_BY = {
    MINUTE_MS: """
 select t.value, sum(c.n) from json_each(:times) t cross join scope s
  cross join count_minute c on c.minute = t.value and c.hash_id = s.hash_id and c.env_id = s.env_id
""",
    HOUR_MS: """
 select t.value, sum(c.n) from json_each(:times) t cross join scope s
  cross join count_hour c on c.hour = t.value and c.hash_id = s.hash_id and c.env_id = s.env_id
""",
    DAY_MS: """
 select t.value, sum(c.n) from json_each(:times) t cross join scope s
  cross join count_day c on c.day = t.value and c.env_id = s.env_id and c.hash_id = s.hash_id
""",
}
MOST_UNITS = 3_000  # look-ups of one chart; two days of minutes, four months of hours


def series(
    db: Reader, issue_id: int, env: str | None, since_ms: int, until_ms: int, bucket_ms: int
) -> list[int]:
    """Events of an issue in each bucket from `since_ms` up to `until_ms`, oldest first.

    `since_ms` and `bucket_ms` are multiples of a minute, an hour or a day, which says what the
    buckets are counted from; minutes are kept for 15 days, hours for 90. Raises ValueError if the
    chart asks for more than MOST_UNITS of them.
    """
    since_ms -= since_ms % MINUTE_MS
    unit_ms = next((u for u in (DAY_MS, HOUR_MS) if not (since_ms % u or bucket_ms % u)), MINUTE_MS)
    times = range(since_ms // unit_ms, -(-until_ms // unit_ms))
    if len(times) > MOST_UNITS:
        raise ValueError(f"a chart of {len(times)} units; at most {MOST_UNITS} are counted")
    buckets = [0] * -(-(until_ms - since_ms) // bucket_ms)
    values = {
        "issues": json.dumps([issue_id]),
        "envs": json.dumps(scopes(db, env)),
        "times": json.dumps(list(times)),
    }
    for time, n in db.execute(f"{SCOPES} {SERIES_BY[unit_ms]} group by t.value", values):
        buckets[(time * unit_ms - since_ms) // bucket_ms] += n
    return buckets


def _values(
    issue_ids: Sequence[int], env_ids: Sequence[int], period: Period, *, fine: bool
) -> dict[str, str]:
    hours, days = period.units(fine=fine)
    return {
        "issues": json.dumps(list(issue_ids)),
        "envs": json.dumps(list(env_ids)),
        "hours": json.dumps(hours),
        "days": json.dumps(days),
    }
