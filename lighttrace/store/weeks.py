"""A week of what somebody sees, for the report of Monday morning."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.store import counters
from lighttrace.store.counters import Period
from lighttrace.store.database import Reader
from lighttrace.store.issues import short_id

LEAST_MESSAGES = 20  # of an issue nobody opened, to be called noise
MOST_NOISE = 3


@dataclass(frozen=True, slots=True)
class Week:
    """How many issues of the week were new, and how many came back."""

    new: int
    regressed: int


# One range of `issue_env`, as a list is; what came back has events.
WEEK = """
select coalesce(sum(i.created_at >= :since and i.created_at < :until), 0),
  coalesce(sum(exists(select 1 from activity a where a.issue_id = i.id and a.at >= :since
     and a.at < :until and a.kind = 'regressed')), 0)
  from issue_env e cross join issue i on i.id = e.issue_id
 where e.env_id = 0 and e.last_at >= :since
   and (:project_ids is null or e.project_id in (select value from json_each(:project_ids)))
   and e.project_id not in (select id from project where deleted_at is not null)
"""


def of(db: Reader, project_ids: Sequence[int] | None, since_ms: int, until_ms: int) -> Week:
    return Week(*db.execute(WEEK, _values(project_ids, since_ms, until_ms)).fetchone())


NOBODYS = """
select e.people, e.issue_id from issue_env e cross join issue i on i.id = e.issue_id
 where e.env_id = 0 and e.last_at >= :since and e.first_at >= :since and e.first_at < :until
   and e.state = 0 and i.assignee_user is null and i.assignee_team is null
   and i.acknowledged_at is null
   and (:project_ids is null or e.project_id in (select value from json_each(:project_ids)))
   and e.project_id not in (select id from project where deleted_at is not null)
 order by e.people desc, e.n desc limit :limit
"""


def nobodys(
    db: Reader, project_ids: Sequence[int] | None, since_ms: int, until_ms: int, limit: int
) -> list[tuple[int, int]]:
    """(people, issue) of the open issues of the week that nobody has taken, most people first."""
    values = _values(project_ids, since_ms, until_ms) | {"limit": limit}
    return [(row[0], row[1]) for row in db.execute(NOBODYS, values)]


BACK = """
select e.issue_id from issue_env e
 where e.env_id = 0 and e.last_at >= :since and e.state = 0
   and exists(select 1 from activity a where a.issue_id = e.issue_id and a.at >= :since
         and a.at < :until and a.kind = 'regressed')
   and (:project_ids is null or e.project_id in (select value from json_each(:project_ids)))
   and e.project_id not in (select id from project where deleted_at is not null)
 order by e.people desc, e.n desc limit :limit
"""


def back(
    db: Reader, project_ids: Sequence[int] | None, since_ms: int, until_ms: int, limit: int
) -> list[tuple[int, int]]:
    """(people of the week, issue) of those that came back in it and are still open; first what most
    people have ever met.
    """
    values = _values(project_ids, since_ms, until_ms) | {"limit": limit}
    found = [row[0] for row in db.execute(BACK, values)]
    week = Period.last(until_ms - since_ms, until_ms - 1)
    people = counters.people(db, found, counters.scopes(db, None), week)
    return [(people.get(issue_id, 0), issue_id) for issue_id in found]


@dataclass(frozen=True, slots=True)
class Noise:
    """An issue that made messages which nobody followed."""

    short_id: str
    title: str
    messages: int


NOISE = """
with told as materialized (
  select issue_id, count(*) as n from outbox indexed by outbox_made
   where made_at >= :since and made_at < :until and issue_id is not null
     and kind not in ('mention', 'failed')
   group by issue_id having n >= :least)
select p.short_prefix, i.short, i.title, t.n from told t cross join issue i on i.id = t.issue_id
 cross join project p on p.id = i.project_id and p.deleted_at is null
 where i.state = 0 and i.merged_into is null
   and (:project_ids is null or i.project_id in (select value from json_each(:project_ids)))
   and not exists(select 1 from issue_seen s where s.issue_id = i.id and s.last_at >= :since)
 order by t.n desc limit :limit
"""


def noise(
    db: Reader, project_ids: Sequence[int] | None, since_ms: int, until_ms: int
) -> list[Noise]:
    """The unresolved issues that made most messages, and that nobody has opened all the while."""
    values = _values(project_ids, since_ms, until_ms)
    values |= {"least": LEAST_MESSAGES, "limit": MOST_NOISE}
    return [
        Noise(short_id(prefix, short), title, n)
        for prefix, short, title, n in db.execute(NOISE, values)
    ]


def _values(
    project_ids: Sequence[int] | None, since_ms: int, until_ms: int
) -> dict[str, str | int | None]:
    return {
        "since": since_ms,
        "until": until_ms,
        "project_ids": None if project_ids is None else json.dumps(list(project_ids)),
    }
