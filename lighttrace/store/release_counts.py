"""How often things failed in releases, and what came back in them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.store import counters
from lighttrace.store.database import Reader

HOUR_MS = 60 * 60 * 1000
DAY_HOURS = 24
MOST_RETURNED = 2_000  # entries of the activity that are looked at


@dataclass(frozen=True, slots=True)
class Span:
    """Bars of whole hours (UTC), up to the one of now."""

    since_hour: int
    bars: int
    hours: int  # of a bar

    @property
    def since_ms(self) -> int:
        return self.since_hour * HOUR_MS

    @property
    def until_ms(self) -> int:
        return (self.since_hour + self.bars * self.hours) * HOUR_MS

    def at(self, at_ms: int) -> float:
        """Where a moment is, in per cent of the span."""
        return 100 * (at_ms - self.since_ms) / (self.until_ms - self.since_ms)


def span(length_ms: int, bars: int, now_ms: int) -> Span:
    """The last so many ms in at most so many bars."""
    hours = max(1, -(-length_ms // HOUR_MS))
    width = -(-hours // bars)
    count = -(-hours // width)
    until = (now_ms // HOUR_MS // width + 1) * width
    return Span(until - count * width, count, width)


@dataclass(frozen=True, slots=True)
class Courses:
    """Events over a span by project and release, 0 for none: as many numbers as it has bars."""

    found: dict[tuple[int, int], list[int]]
    bars: int

    def of_project(self, *project_ids: int) -> list[int]:
        return self._sum([key for key in self.found if key[0] in project_ids])

    def of_release(self, release_id: int) -> list[int]:
        return self._sum([key for key in self.found if key[1] == release_id])

    def every(self) -> list[int]:
        return self._sum(list(self.found))

    def _sum(self, keys: list[tuple[int, int]]) -> list[int]:
        sums = [0] * self.bars
        for key in keys:
            for at, n in enumerate(self.found[key]):
                sums[at] += n
        return sums


COURSES = """
select (c.hour - :since) / :width, c.project_id, c.release_id, sum(c.n) from count_release c
 where c.hour >= :since and c.hour < :until
   and c.project_id in (select value from json_each(:project_ids))
   and (:envs is null or c.env_id in (select value from json_each(:envs)))
 group by 1, 2, 3
"""


def courses(db: Reader, project_ids: Sequence[int], env: str | None, over: Span) -> Courses:
    values = {
        "since": over.since_hour,
        "until": over.since_hour + over.bars * over.hours,
        "width": over.hours,
        "project_ids": json.dumps(list(project_ids)),
        "envs": None if env is None else json.dumps(counters.scopes(db, env)),
    }
    found: dict[tuple[int, int], list[int]] = {}
    for bar, project_id, release_id, n in db.execute(COURSES, values):
        found.setdefault((project_id, release_id), [0] * over.bars)[bar] = n
    return Courses(found, over.bars)


def last_day(db: Reader, project_ids: Sequence[int], env: str | None, now_ms: int) -> Courses:
    """The last 24 hours as one bar: whose events they are says how far a release is adopted."""
    until = now_ms // HOUR_MS + 1
    return courses(db, project_ids, env, Span(until - DAY_HOURS, 1, DAY_HOURS))


RETURNED = """
select distinct json_extract(a.detail, '$.release'), a.issue_id
  from activity a indexed by activity_regressed cross join issue i on i.id = a.issue_id
 where a.kind = 'regressed' and a.at >= :since and i.merged_into is null
   and i.project_id in (select value from json_each(:project_ids))
 order by a.at desc limit :limit
"""


def returned(db: Reader, project_ids: Sequence[int], since_ms: int) -> dict[str, list[int]]:
    """Release → the issues that came back in it since a moment, the last first."""
    found: dict[str, list[int]] = {}
    values = {"since": since_ms, "project_ids": json.dumps(list(project_ids))}
    for version, issue_id in db.execute(RETURNED, {**values, "limit": MOST_RETURNED}):
        if version:
            found.setdefault(version, []).append(issue_id)
    return found
