"""What a composed rule is rehearsed on: what happened of late, which issues were loud enough for a
number, their events, and what people did about them. Reads only, and every read is bounded.
"""

import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lighttrace.event.model import Json
from lighttrace.store import events
from lighttrace.store.database import Reader
from lighttrace.store.issues import short_id
from lighttrace.store.tallies import HOUR_MS, LATE_MS, MINUTE_MS

MOST_CAUSES = 2_000  # the newest
MOST_ACTS = 5_000
SAMPLES = 1_000  # of where in the table of events it was when, 2 ms
MOST_VALUES = 5_000  # of tags
MOST_MINUTES = 300_000  # of all issues, 60 ms


@dataclass(frozen=True, slots=True)
class Happened:
    """A cause that no rule has counted. `issue_id` None: it is about a project as a whole."""

    kind: str
    at: int  # ms
    event_row: int | None
    issue_id: int | None
    project_id: int
    said: dict[str, Json] = field(default_factory=dict)


# the bound is of all causes there are, so that what is read of others' projects is bounded too
CAUSES = """
select k.kind, k.at, k.event_row, i.id, j.id, k.said
  from cause k left join issue i on i.id = k.issue_id
 cross join project j on j.id = coalesce(i.project_id, k.project_id)
 where k.id > (select max(id) from cause) - :most and k.at >= :since and k.rule is null
   and k.kind <> 'again' and j.deleted_at is null and j.archived_at is null
   and (k.issue_id is null or i.merged_into is null)
   and j.id in (select value from json_each(:project_ids))
 order by k.id
"""


def happened(db: Reader, project_ids: Sequence[int], since_ms: int) -> list[Happened]:
    """Oldest first."""
    values = {"project_ids": json.dumps(project_ids), "since": since_ms, "most": MOST_CAUSES}
    found = db.execute(CAUSES, values)
    return [
        Happened(kind, at, row, issue_id, project_id, json.loads(said))
        for kind, at, row, issue_id, project_id, said in found
    ]


@dataclass(frozen=True, slots=True)
class Face:
    """An issue as it is named, with the numbers of all its life."""

    issue_id: int
    short_id: str
    title: str
    project: str
    project_id: int
    events: int
    people: int
    first_at: int
    last_at: int


FACES = """
select i.id, j.short_prefix, i.short, i.title, i.value, j.slug, j.id, e.n, e.people, e.first_at,
  e.last_at
  from json_each(?) w cross join issue i on i.id = w.value
 cross join issue_env e on e.env_id = 0 and e.issue_id = i.id
 cross join project j on j.id = i.project_id
"""


def faces(db: Reader, issue_ids: Iterable[int]) -> dict[int, Face]:
    return {
        id_: Face(id_, short_id(prefix, short), f"{title}: {value}" if value else title, *rest)
        for id_, prefix, short, title, value, *rest in db.execute(
            FACES, (json.dumps(sorted(set(issue_ids))),)
        )
    }


HASHED = """
select id, issue_id from grouphash
 where issue_id is not null and project_id in (select value from json_each(?))
"""
# Rows come in the order of their key, so nothing is sorted; where an issue is made of several
# hashes, each of them may be quiet in an hour in which all together are not.
BUSY = """
with several(hash_id) as materialized (
  select g.id from (select issue_id from grouphash where issue_id is not null
    group by issue_id having count(*) > 1) merged
   cross join grouphash g on g.issue_id = merged.issue_id)
select c.hash_id, c.hour, sum(c.n) from count_hour c where c.hour >= :since
 group by c.hour, c.hash_id
having sum(c.n) >= :least or c.hash_id in (select hash_id from several)
"""


@dataclass(frozen=True, slots=True)
class Busy:
    """`hours`: issue → hour → events, the loudest first, of `total`."""

    hours: dict[int, dict[int, int]]
    total: int


def busy(db: Reader, project_ids: Sequence[int], since_ms: int, least: int, most: int) -> Busy:
    """The issues with the loudest hours, and their hours in which they had so many at least."""
    issue_of = dict(db.execute(HASHED, (json.dumps(project_ids),)).fetchall())
    found: dict[int, dict[int, int]] = {}
    values = {"since": since_ms // HOUR_MS, "least": least}
    for hash_id, hour, n in db.execute(BUSY, values):
        if (issue_id := issue_of.get(hash_id)) is not None:
            hours = found.setdefault(issue_id, {})
            hours[hour] = hours.get(hour, 0) + n
    top = {it: max(hours.values()) for it, hours in found.items()}
    loudest = sorted((n, issue_id) for issue_id, n in top.items() if n >= least)
    return Busy(
        {it: {at: n for at, n in found[it].items() if n >= least}
         for _, it in reversed(loudest[-most:])},
        len(loudest),
    )  # fmt: skip


LIVELY = """
select e.issue_id from issue_env e
 where e.env_id = 0 and e.last_at >= :since and e.people >= :people
   and e.project_id in (select value from json_each(:project_ids))
 order by e.first_at desc, e.issue_id desc
"""


def lively(db: Reader, project_ids: Sequence[int], since_ms: int, people: int) -> list[int]:
    """Issues that had events since, and have ever met so many people; the youngest first."""
    values = {"project_ids": json.dumps(project_ids), "since": since_ms, "people": people}
    return [row[0] for row in db.execute(LIVELY, values)]


@dataclass(frozen=True, slots=True)
class Met:
    """An event as it is counted. `alike`: what is equal of events of which a search that asks
    neither for people nor for times is true of both or of none.
    """

    row: int
    at: int  # ms, of its receipt
    person_id: int | None
    alike: Any


COLUMNS = """
select e.id, e.received_at, e.person_id, e.hash_id, e.env_id, e.level, e.release_id, e.title, e.tags
"""
SPANS = f"""
{COLUMNS} from json_each(:spans) span cross join grouphash g on g.issue_id = :issue_id
 cross join event e on e.hash_id = g.id and e.id >= span.value ->> 0 and e.id < span.value ->> 1
 where e.received_at - e.happened_at <= :late limit :most
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """`whole`: there are no more."""

    met: list[Met]
    whole: bool


def met(db: Reader, issue_id: int, spans: Sequence[tuple[int, int]], most: int) -> Stretch:
    """The events of an issue in spans of rows (the second is not of it), the newest spans first
    while they are not too many; in their order, without those that came late.
    """
    values = {
        "issue_id": issue_id,
        "spans": json.dumps(sorted(spans, reverse=True)),
        "late": LATE_MS,
        "most": most + 1,
    }
    found = [_met(it) for it in db.execute(SPANS, values)]
    return Stretch(sorted(found[:most], key=lambda it: it.row), len(found) <= most)


SOME = f"""
{COLUMNS} from json_each(:rows) w cross join event e on e.id = w.value
 where e.received_at - e.happened_at <= :late order by e.id
"""


def first_met(db: Reader, issue_id: int, most: int, *, late: bool) -> Stretch:
    """The oldest events there are of an issue. `late`: also those that came late."""
    rows = events.newer_rows(db, issue_id, events.NO_ROW_BEFORE, most + 1)
    found = of_rows(db, rows[:most], None if late else LATE_MS)
    return Stretch(list(found.values()), len(rows) <= most)


def of_rows(db: Reader, rows: Iterable[int], late_ms: int | None = None) -> dict[int, Met]:
    """Some events, in their order; those that are gone, or came later than that, are left out."""
    late = 2**62 if late_ms is None else late_ms
    values = {"rows": json.dumps(sorted(set(rows))), "late": late}
    return {it[0]: _met(it) for it in db.execute(SOME, values)}


def _met(columns: Any) -> Met:
    return Met(columns[0], columns[1], columns[2], columns[3:])


HASHES = """
select g.id, g.issue_id from json_each(?) w cross join grouphash g on g.issue_id = w.value
"""
# Minutes of several issues are one walk along the key; minute by minute it would be 20,000 seeks
# for each of them.
MINUTES = """
select walked.hash_id, walked.minute, walked.n, walked.people
  from (select minute, hash_id, n, people from count_minute where minute >= :since
    order by minute desc limit :most) walked
 where walked.hash_id in (select value from json_each(:hashes))
"""


def minutes(
    db: Reader, issue_ids: Iterable[int], since_ms: int
) -> dict[int, list[tuple[int, int, int]]]:
    """Issue → (ms of its end, events, people) of its minutes, out of the newest MOST_MINUTES of
    all issues.
    """
    issues = dict(db.execute(HASHES, (json.dumps(list(issue_ids)),)).fetchall())
    values = {
        "hashes": json.dumps(list(issues)),
        "since": since_ms // MINUTE_MS,
        "most": MOST_MINUTES,
    }
    found: dict[int, dict[int, tuple[int, int]]] = {}
    for hash_id, minute, n, people in db.execute(MINUTES, values):
        own = found.setdefault(issues[hash_id], {})
        before = own.get(minute, (0, 0))
        own[minute] = before[0] + n, before[1] + people
    return {
        issue_id: [((it + 1) * MINUTE_MS - 1, *own[it]) for it in sorted(own)]
        for issue_id, own in found.items()
    }


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did with an issue: acknowledged, assigned, resolved or archived it."""

    at: int
    name: str  # empty: somebody who is gone
    kind: str


ACTS = """
select a.issue_id, a.at, coalesce(u.name, ''), a.kind
  from activity a cross join issue i on i.id = a.issue_id left join user u on u.id = a.user_id
 where a.at >= :since and a.user_id is not null
   and a.kind in ('acknowledged', 'assigned', 'resolved', 'archived')
   and i.project_id in (select value from json_each(:project_ids))
 order by a.at desc limit :most
"""


def acts(db: Reader, project_ids: Sequence[int], since_ms: int) -> dict[int, list[Act]]:
    """Of the newest MOST_ACTS: what people did with each issue, oldest first."""
    values = {"project_ids": json.dumps(project_ids), "since": since_ms, "most": MOST_ACTS}
    found: dict[int, list[Act]] = {}
    for issue_id, *it in reversed(db.execute(ACTS, values).fetchall()):
        found.setdefault(issue_id, []).append(Act(*it))
    return found


SHARES = """
select hour, project_id, sum(iif(outcome = 'accepted', n, 0)),
  sum(iif(outcome in ('invalid', 'too_large'), n, 0)), sum(iif(outcome = 'rate_limited', n, 0))
  from outcome_hour where hour >= :since and source = 'server'
   and project_id in (select value from json_each(:project_ids))
 group by hour, project_id
"""


@dataclass(frozen=True, slots=True)
class Hour:
    """What became of what a project sent in an hour since 1970."""

    hour: int
    project_id: int
    accepted: int
    refused: int
    limited: int


def shares(db: Reader, project_ids: Sequence[int], since_ms: int) -> list[Hour]:
    """The ledger, hour by hour, as `outcomes.of_projects` sums it up."""
    values = {"project_ids": json.dumps(project_ids), "since": since_ms // HOUR_MS}
    return [Hour(*row) for row in db.execute(SHARES, values)]


TAGGED = """
select v.id from tag_key k cross join tag_value v on v.key_id = k.id
 where k.name in (select value from json_each(:names)) limit :most
"""


def tag_ids(db: Reader, names: Iterable[str]) -> frozenset[int] | None:
    """The values of some tags, as events name them; None if there are more than MOST_VALUES."""
    values = {"names": json.dumps(sorted(names)), "most": MOST_VALUES + 1}
    found = frozenset(row[0] for row in db.execute(TAGGED, values))
    return found if len(found) <= MOST_VALUES else None


SAMPLED = """
select w.value, (select e.received_at from event e where e.id >= w.value order by e.id limit 1)
  from json_each(:rows) w
"""


class Rows:
    """About where moments are in the table of events: rows rise with the time of receipt."""

    def __init__(self, db: Reader, since_ms: int) -> None:
        newest = events.newest_row(db)
        first = events.first_row_since(db, since_ms)
        step = max(1, (newest - first) // SAMPLES)
        rows = json.dumps(list(range(first, newest + 1, step)))
        found = [it for it in db.execute(SAMPLED, {"rows": rows}) if it[1] is not None]
        self._rows = [first, *(row for row, _ in found), newest + 1]
        self._times = [at for _, at in found]

    def span(self, since_ms: int, until_ms: int) -> tuple[int, int]:
        """All rows between two moments are from the first row up to before the second; a few that
        are not may be too.
        """
        return (
            self._rows[bisect_left(self._times, since_ms)],
            self._rows[bisect_left(self._times, until_ms) + 1],
        )
