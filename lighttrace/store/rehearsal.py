"""What a composed rule is rehearsed on: what happened in the last 14 days, and the minutes in which
issues had events. Reads only.
"""

import json
from dataclasses import dataclass

from lighttrace.store.database import Reader
from lighttrace.store.issues import short_id

MOST_CAUSES = 2_000  # the newest
MOST_ISSUES = 60  # whose minutes are counted: those with the newest causes
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Happened:
    """A cause with the issue it is about."""

    kind: str
    at: int
    event_row: int | None
    issue_id: int
    short_id: str
    title: str
    project: str


CAUSES = """
select c.kind, c.at, c.event_row, i.id, p.short_prefix, i.short, i.title, p.slug
  from (select * from cause order by id desc limit :most) c
  cross join issue i on i.id = c.issue_id cross join project p on p.id = i.project_id
 where c.at >= :since and c.kind <> 'again' and i.merged_into is null and p.deleted_at is null
   and (:project_ids is null or p.id in (select value from json_each(:project_ids)))
 order by c.id
"""


def happened(db: Reader, project_ids: tuple[int, ...] | None, since_ms: int) -> list[Happened]:
    """Oldest first."""
    ids = None if project_ids is None else json.dumps(project_ids)
    values = {"project_ids": ids, "since": since_ms, "most": MOST_CAUSES}
    return [
        Happened(kind, at, row, issue_id, short_id(prefix, short), title, slug)
        for kind, at, row, issue_id, prefix, short, title, slug in db.execute(CAUSES, values)
    ]


MINUTES = """
with busy as materialized (
  select distinct c.hour, c.hash_id from json_each(:hours) h
   cross join grouphash g on g.issue_id = :issue_id
   cross join count_hour c on c.hour = h.value and c.hash_id = g.id)
select c.minute, sum(c.n), sum(c.people)
  from busy b cross join json_each(:sixty) m
 cross join count_minute c on c.minute = b.hour * 60 + m.value and c.hash_id = b.hash_id
 group by c.minute order by c.minute
"""
SIXTY = json.dumps(list(range(60)))


def minutes(db: Reader, issue_id: int, since_ms: int, until_ms: int) -> list[tuple[int, int, int]]:
    """(minute, events, people) of an issue, where it had any."""
    hours = list(range(since_ms // HOUR_MS, until_ms // HOUR_MS + 1))
    values = {"hours": json.dumps(hours), "issue_id": issue_id, "sixty": SIXTY}
    return db.execute(MINUTES, values).fetchall()
