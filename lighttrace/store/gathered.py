"""What a digest looks up: the issues it tells of, how loud they were in its time, and what their
events share.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.store import counters, tag_stats
from lighttrace.store.counters import SCOPES, Period
from lighttrace.store.database import Reader
from lighttrace.store.issues import short_id

SAMPLED_ISSUES = 50  # the loudest, whose events' tags are looked at
SAMPLE = 100  # events of each


@dataclass(frozen=True, slots=True)
class Member:
    """One issue of a digest. `release` is the one it began in, `deployed_at` (ms) the first event
    of that release in its project; `n`: events in the digest's time.
    """

    id: int
    project: str
    short_id: str
    title: str
    value: str
    culprit: str
    created_at: int
    release: str
    deployed_at: int | None
    n: int
    n_of_release: int


ISSUES = """
select i.id, p.slug, p.short_prefix, i.short, i.title, i.value, i.culprit, i.created_at,
  e.first_release, r.version, d.first_event_at
  from json_each(?) w cross join issue i on i.id = w.value
 cross join project p on p.id = i.project_id and p.deleted_at is null
 cross join issue_env e on e.env_id = 0 and e.issue_id = i.id
  left join release r on r.id = e.first_release
  left join release_project d on d.project_id = i.project_id and d.release_id = e.first_release
"""
BY_RELEASE = f"""
{SCOPES}
select s.issue_id, c.release_id, sum(c.n) from json_each(:hours) h cross join scope s
  cross join count_hour c on c.hour = h.value and c.hash_id = s.hash_id and c.env_id = s.env_id
 group by s.issue_id, c.release_id
"""


def members(db: Reader, issue_ids: Sequence[int], period: Period) -> list[Member]:
    """The issues that are still there, the loudest first."""
    counted = _by_release(db, issue_ids, period)
    found = []
    for row in db.execute(ISSUES, (json.dumps(list(issue_ids)),)):
        id_, project, prefix, short, title, value, culprit, created_at, *release = row
        release_id, version, deployed_at = release
        n = counted.get(id_, Counter())
        found.append(
            Member(
                *(id_, project, short_id(prefix, short), title, value or "", culprit or ""),
                *(created_at, version or "", deployed_at, n.total(), n[release_id or 0]),
            )
        )
    return sorted(found, key=lambda it: (-it.n, it.id))


def _by_release(db: Reader, issue_ids: Sequence[int], period: Period) -> dict[int, Counter[int]]:
    values = {
        "issues": json.dumps(list(issue_ids)),
        "envs": json.dumps(counters.scopes(db, None)),
        "hours": json.dumps(list(range(period.since_hour, period.until_hour))),
    }
    found: dict[int, Counter[int]] = {}
    for issue_id, release_id, n in db.execute(BY_RELEASE, values):
        found.setdefault(issue_id, Counter())[release_id] += n
    return found


PEOPLE = f"""
{SCOPES} select count(distinct h.person_id) from scope s
 cross join hash_person h indexed by hash_person_recent
    on h.hash_id = s.hash_id and h.env_id = s.env_id and h.last_hour >= :since_hour
"""


def people(db: Reader, issue_ids: Sequence[int], period: Period) -> int:
    """How many people met any of them."""
    values = {
        "issues": json.dumps(list(issue_ids)),
        "envs": json.dumps(counters.scopes(db, None)),
        "since_hour": period.since_hour,
    }
    return int(db.execute(PEOPLE, values).fetchone()[0])


TOTAL = """
select coalesce(sum(o.n), 0) from outcome_hour o
 where o.hour >= :since_hour and o.hour < :until_hour
   and o.project_id = (select id from project where slug = :project)
   and o.source = 'server' and o.outcome = 'accepted'
"""


def total_of(db: Reader, project: str, period: Period) -> int:
    """All that a project has sent in the period."""
    values = {
        "project": project,
        "since_hour": period.since_hour,
        "until_hour": period.until_hour,
    }
    return int(db.execute(TOTAL, values).fetchone()[0])


def tags(db: Reader, some: Sequence[Member], since_ms: int) -> dict[str, Counter[str]]:
    """Key → value → how many events of the issues bear it, estimated from the newest of each."""
    found: dict[str, Counter[str]] = {}
    for it in some[:SAMPLED_ISSUES]:
        rows = tag_stats.newest(db, it.id, None, SAMPLE, since_ms)
        tally = tag_stats.of_rows(db, rows)
        for key, values in tally.by_key.items():
            for value, n in values.items():
                found.setdefault(key, Counter())[value] += round(it.n * n / tally.events)
    return found


OTHER_VALUE = """
select exists(select 1 from tag_value
 where key_id = (select id from tag_key where name = ?) and value <> ?)
"""
OTHER_RELEASE = """
select exists(select 1 from release_project d join project p on p.id = d.project_id
 join release r on r.id = d.release_id where p.slug = ? and r.version <> ?)
"""


def has_other_value(db: Reader, key: str, value: str) -> bool:
    """Whether there is any other value of a tag: if not, that events share it says nothing."""
    return bool(db.execute(OTHER_VALUE, (key, value)).fetchone()[0])


def has_other_release(db: Reader, project: str, version: str) -> bool:
    return bool(db.execute(OTHER_RELEASE, (project, version)).fetchone()[0])


def since(at_ms: int, now_ms: int) -> Period:
    """From the hour of a moment to now."""
    until_hour = now_ms // counters.HOUR_MS + 1
    return Period(min(at_ms // counters.HOUR_MS, until_hour - 1), until_hour)
