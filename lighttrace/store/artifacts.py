"""Contents of uploaded files, each once per kind, whatever build and project it belongs to: of a
map or a mapping the table that was decoded from it, of a script or a source its text.

One is begun, appended to in pieces, so that no transaction of the writer is long, and finished;
until then nobody finds it. Which file has which content: `bundles.py`. See docs/storage.md,
"Uploaded files".
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lighttrace.errors import StoreError
from lighttrace.store.database import Reader, Transaction

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Kind: TypeAlias = Literal["map", "script", "source", "mapping"]
PIECE_BYTES = 256 * 1024

FIND = "select id, state, error from artifact where kind = ? and sha1 = ?"
BEGIN = """
insert into artifact(kind, sha1, state, size_bytes, made_at)
values (?, ?, 'writing', ?, ?) returning id
"""
# what an upload that broke off left of it, or one that could not be read
START_ANEW = (
    "delete from map_source where map_id = ?",
    "delete from artifact_piece where artifact_id = ?",
    "update artifact set state = 'writing', error = null where id = ?",
)


def begin(
    tx: Transaction, kind: Kind, sha1: bytes, size_bytes: int, now_ms: int
) -> tuple[int, bool]:
    """The id of a content, and whether it has to be written: it may be there already."""
    row = tx.execute(FIND, (kind, sha1)).fetchone()
    if row is None:
        values = (kind, sha1, size_bytes, now_ms)
        return int(tx.execute(BEGIN, values).fetchone()[0]), True
    artifact_id, state, error = row
    if state == "ready" and error is None:
        return int(artifact_id), False
    for sql in START_ANEW:
        tx.execute(sql, (artifact_id,))
    return int(artifact_id), True


APPEND = "insert into artifact_piece(artifact_id, number, data) values (?, ?, ?)"


def append(tx: Transaction, artifact_id: int, number: int, piece: bytes) -> None:
    """A piece of the compressed data, PIECE_BYTES or the last."""
    tx.execute(APPEND, (artifact_id, number, piece))


@dataclass(frozen=True, slots=True)
class Source:
    """A source of a map: what it is called there, whose text it is, whether it is no code of the
    application (`ignoreList`).
    """

    path: str
    artifact_id: int | None
    ignored: bool = False


ADD_SOURCE = """
insert into map_source(map_id, number, path, source_id, ignored) values (?, ?, ?, ?, ?)
"""


def add_sources(tx: Transaction, map_id: int, first: int, sources: Iterable[Source]) -> None:
    """Some of a map's sources, numbered from `first` on."""
    rows = [
        (map_id, number, it.path, it.artifact_id, it.ignored)
        for number, it in enumerate(sources, first)
    ]
    tx.executemany(ADD_SOURCE, rows)


FINISH = """
update artifact set state = 'ready', error = ?2, stored_bytes =
  (select coalesce(sum(length(data)), 0) from artifact_piece where artifact_id = ?1)
 where id = ?1
"""


def finish(tx: Transaction, artifact_id: int, error: str | None = None) -> None:
    """All of it is there; or, with `error`, it is a map that cannot be read, and why."""
    tx.execute(FINISH, (artifact_id, error))


SOURCES = "select path, source_id, ignored from map_source where map_id = ? order by number"


def sources(db: Reader, map_id: int) -> tuple[Source, ...]:
    """The sources of a map, by their numbers."""
    rows = db.execute(SOURCES, (map_id,))
    return tuple(Source(path, source_id, bool(ignored)) for path, source_id, ignored in rows)


ONE_SOURCE = "select path, source_id, ignored from map_source where map_id = ? and number = ?"


def source(db: Reader, map_id: int, number: int) -> Source | None:
    """One source of a map."""
    row = db.execute(ONE_SOURCE, (map_id, number)).fetchone()
    return None if row is None else Source(row[0], row[1], bool(row[2]))


SHA1_OF = "select sha1 from artifact where id = ? and state = 'ready'"


def sha1_of(db: Reader, artifact_id: int) -> bytes | None:
    """Of the file as it was uploaded: what is known of it holds for ever. None if it is gone."""
    row = db.execute(SHA1_OF, (artifact_id,)).fetchone()
    return None if row is None else bytes(row[0])


PIECES = """
select p.data from artifact a cross join artifact_piece p on p.artifact_id = a.id
 where a.id = ? and a.state = 'ready' order by p.number
"""


def content(db: Reader, artifact_id: int) -> bytes | None:
    """A map's table (`Table.from_bytes`), that of a mapping (`retrace.Mapping`), or a text in
    UTF-8; None if it is gone or was never readable.
    """
    pieces = [row[0] for row in db.execute(PIECES, (artifact_id,))]
    try:
        return zstd.decompress(b"".join(pieces)) if pieces else None
    except zstd.ZstdError as error:
        raise StoreError(f"artifact {artifact_id} cannot be decompressed: {error}") from error


@dataclass(frozen=True, slots=True)
class Sizes:
    """What uploaded files take, in bytes: as they were uploaded, and in the database."""

    bundles: int
    files: int
    uploaded_bytes: int
    stored_bytes: int


SIZES = """
select (select count(*) from bundle where state = 'ok'), count(*),
  coalesce(sum(size_bytes), 0), coalesce(sum(stored_bytes), 0) from artifact
"""


def sizes(db: Reader) -> Sizes:
    """For the system page. Contents that several files have count once."""
    return Sizes(*db.execute(SIZES).fetchone())
