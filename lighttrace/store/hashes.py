"""The hashes of an issue: why its events are one. An issue has more than one after the grouping has
changed or issues were merged.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lighttrace.store.database import Reader, among


@dataclass(frozen=True, slots=True)
class Hash:
    """`explain` is the encoded `grouping.Explanation` of its first event; `n` its stored events."""

    id: int
    hash: str  # 32 hex
    version: int
    created_at: int
    explain: bytes
    n: int


OF_ISSUE = """
select id, lower(hex(hash)), version, created_at, coalesce(explain, ''),
  (select count(*) from event where hash_id = g.id)
  from grouphash g where issue_id = ? order by id
"""


def of_issue(db: Reader, issue_id: int) -> list[Hash]:
    """The oldest first."""
    return [
        Hash(id_, hash_, version, created_at, explain.encode(), n)
        for id_, hash_, version, created_at, explain, n in db.execute(OF_ISSUE, (issue_id,))
    ]


@dataclass(frozen=True, slots=True)
class HashRow:
    """A hash of a list. `newest_row` is that of its newest event, None if it has none any more."""

    id: int
    hash: str  # 32 hex
    n: int
    newest_row: int | None


PAGE = """
select id, lower(hex(hash)), (select count(*) from event where hash_id = g.id),
  (select id from event where hash_id = g.id order by id desc limit 1)
  from grouphash g where issue_id = ? and id > ? order by id limit ?
"""


def page_of_issue(db: Reader, issue_id: int, after: int, limit: int) -> list[HashRow]:
    """At most `limit` of them, the oldest first, from the one after `after` on."""
    return [HashRow(*row) for row in db.execute(PAGE, (issue_id, after, limit))]


@dataclass(frozen=True, slots=True)
class Kind:
    """A hash of an issue as people choose between them. `home_issue`: whose it was before a merge;
    `day`: events of the last 24 hours, oldest first.
    """

    id: int
    hash: str  # 32 hex
    version: int
    created_at: int
    explain: bytes
    home_issue: int | None
    n: int
    newest_row: int | None
    day: tuple[int, ...]


KINDS = """
select id, lower(hex(hash)), version, created_at, coalesce(explain, ''), home_issue,
  (select count(*) from event where hash_id = g.id),
  (select id from event where hash_id = g.id order by id desc limit 1)
  from grouphash g where issue_id = ? order by id limit ?
"""
DAY = """
select c.hash_id, c.hour, sum(c.n) from json_each(:hours) h cross join json_each(:ids) w
 cross join count_hour c on c.hour = h.value and c.hash_id = w.value
 group by c.hash_id, c.hour
"""
HOURS = 24


def kinds(db: Reader, issue_id: int, now_ms: int, limit: int) -> list[Kind]:
    """At most `limit`, the oldest first."""
    rows = db.execute(KINDS, (issue_id, limit)).fetchall()
    this_hour = now_ms // 3_600_000
    hours = range(this_hour - HOURS + 1, this_hour + 1)
    ids = [row[0] for row in rows]
    values = {"hours": json.dumps(list(hours)), "ids": json.dumps(ids)}
    counted = {(id_, hour): n for id_, hour, n in db.execute(DAY, values)}
    return [
        Kind(
            *(id_, hash_, version, created_at, explain.encode(), home, n, newest),
            day=tuple(counted.get((id_, hour), 0) for hour in hours),
        )
        for id_, hash_, version, created_at, explain, home, n, newest in rows
    ]


HOW_MANY = "select count(*) from grouphash where issue_id = ?"


def how_many(db: Reader, issue_id: int) -> int:
    return int(db.execute(HOW_MANY, (issue_id,)).fetchone()[0])


ISSUES = """
with wanted(project_id, hash, version) as ({values})
select g.hash, g.issue_id from wanted w cross join grouphash g
    on g.project_id = w.project_id and g.hash = w.hash and g.version = w.version
 where g.issue_id is not null
"""


def issues(db: Reader, project_id: int, hashes: Iterable[bytes], version: int) -> dict[bytes, int]:
    """The issue of each hash, of those that have one."""
    keys = [(project_id, one, version) for one in hashes]
    return dict(among(db, ISSUES, keys))


ISSUES_OF_EVENTS = """
select e.id, g.issue_id from json_each(?) w cross join event e on e.id = w.value
 cross join grouphash g on g.id = e.hash_id
 where g.issue_id is not null
"""


def issues_of_events(db: Reader, rows: Sequence[int]) -> dict[int, int]:
    """row → issue, in the order of the rows; without what is gone or discarded."""
    return dict(db.execute(ISSUES_OF_EVENTS, (json.dumps(list(rows)),)).fetchall())


FIND = "select id from grouphash where issue_id = ? and hash = ? order by version desc limit 1"


def find(db: Reader, issue_id: int, hash_: str) -> int | None:
    """The id of a hash of an issue by its 32 hex."""
    try:
        row = db.execute(FIND, (issue_id, bytes.fromhex(hash_))).fetchone()
    except ValueError:
        return None
    return int(row[0]) if row else None
