"""Environments, as events name them. The empty name is "none"; that of all environments is id 0 and
has no row. The writer makes them, and bounds their number (`interning.py`).
"""

from lighttrace.store.database import Reader

NAMES = "select id, name from environment order by name"


def names(db: Reader) -> list[tuple[int, str]]:
    """(id, name) of every environment an event has named."""
    return [(row[0], row[1]) for row in db.execute(NAMES)]


FIND = "select id from environment where name = ?"


def find(db: Reader, name: str) -> int | None:
    row = db.execute(FIND, (name,)).fetchone()
    return None if row is None else int(row[0])


ALL = 0  # `issue_env` has a row for it, the counters do not


def scope(db: Reader, name: str | None) -> int | None:
    """The environment to read `issue_env` by: ALL without a name, None for one nobody has used."""
    return ALL if name is None else find(db, name)
