"""Debug files: mappings of ProGuard and R8, and bundles of sources, which events name by an id.

Such a file is a bundle like any other (`bundles.receive`, for the project and no release); that it
has an id for this project is what is kept here. Of several under one id the newest upload counts.
"""

from dataclasses import dataclass

from lighttrace.store.database import Reader, Transaction
from lighttrace.store.maps import debug_key

NAME = """
insert into debug_file(project_id, debug_id, bundle_id, name, at) values (?, ?, ?, ?, ?)
on conflict do update set name = excluded.name, at = excluded.at
"""


def name_it(
    tx: Transaction, project_id: int, debug_id: str, bundle_id: int, name: str, now_ms: int
) -> None:
    """Events of the project mean this bundle by this id, a UUID in any spelling; another id is
    passed over. `name`: of the file, as it was uploaded.
    """
    key = debug_key(debug_id)
    if key is not None:
        tx.execute(NAME, (project_id, key, bundle_id, name, now_ms))


@dataclass(frozen=True, slots=True)
class DebugFile:
    """`id` is for `artifacts.content`; `error`: why it cannot be read."""

    id: int
    error: str | None
    bundle_id: int


MAPPING = """
select a.id, a.error, d.bundle_id from debug_file d
 cross join bundle b on b.id = d.bundle_id and b.state = 'ok'
 cross join bundle_file f on f.bundle_id = d.bundle_id and f.url = '~/mapping.txt'
 cross join artifact a on a.id = f.artifact_id and a.kind = 'mapping'
 where d.project_id = ? and d.debug_id = ? order by d.at desc, d.bundle_id desc limit 1
"""
SOURCE = """
select a.id, a.error, d.bundle_id from debug_file d
 cross join bundle b on b.id = d.bundle_id and b.state = 'ok'
 cross join bundle_file f on f.bundle_id = d.bundle_id and f.url = ?3
 cross join artifact a on a.id = f.artifact_id and a.kind = 'source'
 where d.project_id = ?1 and d.debug_id = ?2 order by d.at desc, d.bundle_id desc limit 1
"""


def mapping(db: Reader, project_id: int, debug_id: str) -> DebugFile | None:
    return _found(db, MAPPING, project_id, debug_id)


def source(db: Reader, project_id: int, debug_id: str, url: str) -> DebugFile | None:
    """A file of a bundle of sources, by where it lies in it: `~/com/shop/Pay.jvm`."""
    return _found(db, SOURCE, project_id, debug_id, url)


def _found(db: Reader, sql: str, project_id: int, debug_id: str, *more: str) -> DebugFile | None:
    key = debug_key(debug_id)
    row = db.execute(sql, (project_id, key, *more)).fetchone() if key else None
    return None if row is None else DebugFile(*row)
