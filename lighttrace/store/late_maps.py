"""Source maps that come after the events they are for: whom they concern, and what then changes."""

from lighttrace.store import groups, issue_changes, settings
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.groups import HashKey
from lighttrace.store.writes import EventWrite

DONE = "maps.looked_at"  # setting: uploads up to then have been looked at, ms
HOUR_MS = 60 * 60 * 1000
SETTLES_MS = 15 * 60 * 1000  # within which an upload is read, or never
MOST_GROUPS = 500  # of a project, at one time


def done_until(db: Reader) -> int:
    return int(settings.get(db, DONE) or 0)


UPLOADED = """
select u.project_id, max(max(b.changed_at, u.at))
  from bundle b cross join bundle_build u on u.bundle_id = b.id
 where b.used_at >= ?1 - ?2 and b.state = 'ok' and max(b.changed_at, u.at) > ?1
 group by u.project_id
"""


def uploads_since(db: Reader, since_ms: int) -> dict[int, int]:
    """Project → when something was last uploaded for it and read, of those where that was later."""
    return dict(db.execute(UPLOADED, (since_ms, SETTLES_MS)).fetchall())


HEARD = """
with lately(hash_id) as (select distinct hash_id from count_hour where hour >= ?2)
select g.issue_id, (select max(id) from event where hash_id = g.id)
  from lately l cross join grouphash g on g.id = l.hash_id
 where g.project_id = ?1 and g.issue_id is not null and g.discard = 0 limit ?3
"""


def heard_since(db: Reader, project_id: int, since_ms: int) -> list[tuple[int, int]]:
    """(issue, newest event's row) of the groups of a project that had events since."""
    values = (project_id, since_ms // HOUR_MS, MOST_GROUPS)
    return [(row[0], row[1]) for row in db.execute(HEARD, values) if row[1] is not None]


KNOWN = "select 1 from grouphash where project_id = ? and hash = ? and version = ?"


def adopt(tx: Transaction, found: list[tuple[int, EventWrite]], now_ms: int) -> None:
    """Each issue is called what its event says now that it can be read, and is the issue of what
    will be sent of the same place. An issue that has such a hash already keeps it: nothing is
    merged here.
    """
    faces = issue_changes.faces(tx, {issue_id for issue_id, _ in found})
    for issue_id, write in found:
        key: HashKey = (write.project_id, write.hash, write.grouping_version)
        if tx.execute(KNOWN, key).fetchone() is None:
            groups.add_hash(tx, write, issue_id, now_ms)
        if issue_id in faces:
            faces[issue_id].follow(write)
    issue_changes.save(tx, (face for face in faces.values() if face.changed))


def looked_at(tx: Transaction, until_ms: int) -> None:
    settings.put(tx, DONE, str(until_ms))
