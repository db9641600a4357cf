"""Environments, as events name them. The empty name is "none"; that of all environments is id 0 and
has no row. The writer makes them, and bounds their number (`interning.py`).
"""

import json

from lighttrace.store.database import Reader
from lighttrace.store.sight import Sight

NAMES = "select id, name from environment order by name"


def names(db: Reader) -> list[tuple[int, str]]:
    """(id, name) of every environment an event has named."""
    return [(row[0], row[1]) for row in db.execute(NAMES)]


SEEN = """
select v.id, v.name from environment v
 where exists(select 1 from issue_env e where e.env_id = v.id
    and e.project_id in (select value from json_each(?))) order by v.name
"""


def seen(db: Reader, sight: Sight) -> list[tuple[int, str]]:
    """(id, name) of the environments that issues somebody sees were in."""
    if sight.project_ids is None:
        return names(db)
    return [(row[0], row[1]) for row in db.execute(SEEN, (json.dumps(list(sight.project_ids)),))]


FIND = "select id from environment where name = ?"


def find(db: Reader, name: str) -> int | None:
    row = db.execute(FIND, (name,)).fetchone()
    return None if row is None else int(row[0])


ALL = 0  # `issue_env` has a row for it, the counters do not


def scope(db: Reader, name: str | None) -> int | None:
    """The environment to read `issue_env` by: ALL without a name, None for one nobody has used."""
    return ALL if name is None else find(db, name)
