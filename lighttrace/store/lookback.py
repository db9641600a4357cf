"""What a rule that counts asks of the past, when the process is new and an issue is not."""

import json

from lighttrace.store.causes import Kind
from lighttrace.store.database import Reader
from lighttrace.store.tallies import LATE_MS

MINUTE_MS = 60_000

MINUTES = """
select c.minute, sum(c.n) from json_each(:minutes) w
 cross join grouphash g on g.issue_id = :issue_id
 cross join count_minute c on c.minute = w.value and c.hash_id = g.id group by c.minute
"""


def minutes(db: Reader, issue_id: int, since_ms: int, until_ms: int) -> list[tuple[int, int]]:
    """(minute, events) of an issue, oldest first."""
    wanted = list(range(since_ms // MINUTE_MS, until_ms // MINUTE_MS + 1))
    values = {"minutes": json.dumps(wanted), "issue_id": issue_id}
    return [(row[0], row[1]) for row in db.execute(MINUTES, values)]


MET = """
select e.id, e.received_at, e.person_id from json_each(?) w cross join event e on e.id = w.value
 where e.received_at >= ? and e.received_at - e.happened_at <= ? order by e.id
"""


def met(db: Reader, rows: list[int], since_ms: int) -> list[tuple[int, int, int | None]]:
    """(row, when it was received, who met it) of these events, oldest first, without those that
    came late.
    """
    found = db.execute(MET, (json.dumps(rows), since_ms, LATE_MS))
    return [(row[0], row[1], row[2]) for row in found]


PEOPLE = "select people from issue_env where env_id = 0 and issue_id = ?"


def people(db: Reader, issue_id: int) -> int:
    """How many people an issue has ever met."""
    row = db.execute(PEOPLE, (issue_id,)).fetchone()
    return int(row[0]) if row else 0


CAUSED = "select 1 from cause where issue_id = ? and at >= ? and kind = ? and rule = ? limit 1"


def has_spoken(db: Reader, kind: Kind, rule: str, issue_id: int, since_ms: int) -> bool:
    """Whether a rule has counted up to its number of late."""
    return db.execute(CAUSED, (issue_id, since_ms, kind, rule)).fetchone() is not None


BEEN = "select 1 from cause where issue_id = ? and kind = ? limit 1"


def has_been(db: Reader, kind: Kind, issue_id: int) -> bool:
    return db.execute(BEEN, (issue_id, kind)).fetchone() is not None


NEWBORN = """
select id, created_at from issue not indexed
 where id > (select max(id) from issue) - ? and created_at > ? order by id
"""


def newborn(db: Reader, since_ms: int, most: int) -> list[tuple[int, int]]:
    """(issue, when it was made) of the newest `most` that were made since a moment."""
    return [(row[0], row[1]) for row in db.execute(NEWBORN, (most, since_ms))]


SLUG = "select slug from project where id = ?"


def slug(db: Reader, project_id: int) -> str:
    row = db.execute(SLUG, (project_id,)).fetchone()
    return str(row[0]) if row else ""
