"""Counts by minute of an issue, or of a project as a whole: what spikes are judged by.

Rows are kept by time first, so those of one issue are looked up minute by minute, in hours in which
it has any. Times are minutes since 1970 by the time of receipt; what came late does not count.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from lighttrace.store.database import Reader
from lighttrace.store.tallies import HOUR_MS, LATE_MS, MINUTE_MS
from lighttrace.store.writes import Heard

HOUR = 60
SIXTY = json.dumps(list(range(HOUR)))
MOST_RECALLED = 50_000  # events; a second of work at a start

Count: TypeAlias = tuple[int, int, int]  # minute, events with three of a person at most, people


@dataclass(frozen=True, slots=True)
class Subject:
    """What may be loud: an issue, or, with None, its project."""

    project_id: int
    issue_id: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """`first_min`: of its first event, or since when minutes are kept. `open`: somebody may want to
    hear of it.
    """

    first_min: int
    open: bool


ISSUE = """
select (select min(created_at) from grouphash where issue_id = i.id) / 60000,
  i.state = 0 and i.merged_into is null and j.deleted_at is null and j.archived_at is null
  from issue i join project j on j.id = i.project_id where i.id = ?
"""
PROJECT = """
select first_event_at / 60000, deleted_at is null and archived_at is null from project where id = ?
"""
OLDEST = "select coalesce(min(minute), 0) from count_minute"


def known(db: Reader, it: Subject) -> Known | None:
    """None if it is gone, or has no events."""
    if it.issue_id is None:
        row = db.execute(PROJECT, (it.project_id,)).fetchone()
    else:
        row = db.execute(ISSUE, (it.issue_id,)).fetchone()
    if row is None or row[0] is None:
        return None
    return Known(max(row[0], db.execute(OLDEST).fetchone()[0]), bool(row[1]))


OF_ISSUE = """
with busy as materialized (
  select h.value as hour, g.id as hash_id from json_each(:hours) h
   cross join grouphash g on g.issue_id = :issue_id
   where exists(select 1 from count_hour c where c.hour = h.value and c.hash_id = g.id))
select c.minute, sum(c.capped), sum(c.people)
  from busy b cross join json_each(:sixty) m
 cross join count_minute c on c.minute = b.hour * 60 + m.value and c.hash_id = b.hash_id
 where c.minute >= :since group by c.minute having sum(c.capped) > 0
"""
OF_PROJECT = """
select c.minute, c.capped, 0 from json_each(:hours) h cross join json_each(:sixty) m
 cross join project_minute c on c.minute = h.value * 60 + m.value and c.project_id = :project_id
 where c.minute >= :since and c.capped > 0 order by c.minute
"""


def counts(db: Reader, it: Subject, since: int, now: int) -> list[Count]:
    """From minute `since` up to `now`, in order, without those that have nothing."""
    values = {
        "hours": json.dumps(list(range(since // HOUR, now // HOUR + 1))),
        "sixty": SIXTY,
        "issue_id": it.issue_id,
        "project_id": it.project_id,
        "since": since,
    }
    return db.execute(OF_PROJECT if it.issue_id is None else OF_ISSUE, values).fetchall()


NEWEST = """
select e.id, e.project_id, g.issue_id, e.received_at, e.person_id,
  e.received_at - e.happened_at > :late_ms
  from event e cross join grouphash g on g.id = e.hash_id order by e.id desc limit :limit
"""
BEFORE = """
select g.project_id, g.issue_id, c.minute, sum(c.capped) from count_minute c
 cross join grouphash g on g.id = c.hash_id
 where c.minute >= ? and c.minute < ? and g.issue_id is not null group by 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class LastHour:
    """What a program that starts has to remember. `events`: oldest first. `counts`: of the minutes
    before them, if there are too many events: project, issue, minute, events.
    """

    events: tuple[Heard, ...]
    counts: tuple[tuple[int, int, int, int], ...] = ()
    newest_row: int = 0


def last_hour(db: Reader, now_ms: int, limit: int = MOST_RECALLED) -> LastHour:
    found: list[Heard] = []
    since_ms, oldest, rows, newest = now_ms - HOUR_MS, now_ms, 0, 0
    for row, project_id, issue_id, at, person_id, late in _newest(db, limit):
        newest = max(newest, row)
        if at < since_ms:
            break
        rows, oldest = rows + 1, at
        if issue_id is not None and not late:
            found.append(Heard(row, project_id, issue_id, at, person_id))
    if rows < limit:
        return LastHour(tuple(reversed(found)), newest_row=newest)
    whole = oldest // MINUTE_MS + 1  # of the minute before, some events were not read
    events = tuple(it for it in reversed(found) if it.at // MINUTE_MS >= whole)
    before = db.execute(BEFORE, (since_ms // MINUTE_MS, whole)).fetchall()
    return LastHour(events, tuple(before), newest)


def _newest(db: Reader, limit: int) -> Iterator[tuple[int, int, int | None, int, int | None, int]]:
    return db.execute(NEWEST, {"late_ms": LATE_MS, "limit": limit})
