"""Releases, as events name them. The writer makes them and knows their order (`interning.py`)."""

from collections.abc import Iterable

from lighttrace.store.database import Reader, among

NAMES = """
with wanted(id) as ({values})
select r.id, r.version from wanted w cross join release r on r.id = w.id
"""


def names(db: Reader, ids: Iterable[int]) -> dict[int, str]:
    """id → version, of those that are there."""
    return {row[0]: row[1] for row in among(db, NAMES, [(release_id,) for release_id in set(ids)])}
