"""Releases, as events name them. The writer makes them and knows their order (`interning.py`);
what people and their tools tell of them: `announced.py`.
"""

import json
from collections.abc import Iterable

from lighttrace.store import events
from lighttrace.store.database import Reader, among

NAMES = """
with wanted(id) as ({values})
select r.id, r.version from wanted w cross join release r on r.id = w.id
"""


def names(db: Reader, ids: Iterable[int]) -> dict[int, str]:
    """id → version, of those that are there."""
    return {row[0]: row[1] for row in among(db, NAMES, [(release_id,) for release_id in set(ids)])}


BEGAN = """
select d.first_event_at from release r
  join release_project d on d.project_id = ? and d.release_id = r.id
 where r.version = ?
"""


def began_at(db: Reader, project_id: int, version: str) -> int | None:
    """When the first event of a release came (ms): until deploys are told, it stands for one."""
    row = db.execute(BEGAN, (project_id, version)).fetchone()
    return None if row is None else int(row[0])


LAST_BEFORE = """
select r.version, d.first_event_at from release_project d join release r on r.id = d.release_id
 where d.project_id = ? and d.first_event_at <= ? order by d.first_event_at desc limit 1
"""


def last_before(db: Reader, project_id: int, at_ms: int) -> tuple[str, int] | None:
    """The newest release of a project at a moment: its version and its first event (ms)."""
    row = db.execute(LAST_BEFORE, (project_id, at_ms)).fetchone()
    return None if row is None else (row[0], row[1])


CARRIED = """
select e.received_at, e.release_id from json_each(?) w cross join event e on e.id = w.value
 where e.received_at >= ? order by e.id
"""


def carried(db: Reader, issue_id: int, since_ms: int, limit: int) -> list[tuple[int, int | None]]:
    """When the newest events of an issue since a moment came (ms), and the release of each, oldest
    first.
    """
    rows = json.dumps(events.newest_rows(db, issue_id, limit))
    return [(row[0], row[1]) for row in db.execute(CARRIED, (rows, since_ms))]


FIRST_EVENT = """
select r.version, d.first_event_at from release r
  join release_project d on d.project_id = ? and d.release_id = r.id
 where r.id = ?
"""


def first_event(db: Reader, project_id: int, release_id: int) -> tuple[str, int]:
    """The version of a release that a project has events of, and when the first of them came."""
    version, at = db.execute(FIRST_EVENT, (project_id, release_id)).fetchone()
    return str(version), int(at)


BETWEEN = """
select r.version from release_project d join release r on r.id = d.release_id
 where d.project_id = ? and d.first_event_at > ? and d.first_event_at <= ?
 order by d.first_event_at desc limit ?
"""


def begun_between(
    db: Reader, project_id: int, since_ms: int, until_ms: int, most: int
) -> tuple[str, ...]:
    """The versions that a project saw for the first time then, the newest first."""
    return tuple(row[0] for row in db.execute(BETWEEN, (project_id, since_ms, until_ms, most)))
