"""What the child found goes into the store: in many short transactions, between those of events."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from lighttrace.errors import BundleError
from lighttrace.sourcemaps.records import Content, Done, Failed, File, Piece, Record, Sources
from lighttrace.store import artifacts, bundles
from lighttrace.store.artifacts import Kind, Source
from lighttrace.store.database import Transaction

BATCH_BYTES = 256 * 1024  # of one transaction
BATCH_RECORDS = 200
ROW_BYTES = 512  # what a source of a map counts as

Key = tuple[Kind, bytes]


@dataclass(frozen=True, slots=True)
class Kept:
    """How far it is. `written`: the content that is being written; None if there is none, or it was
    there already.
    """

    written: int | None = None
    error: str | None = None
    pieces: int = 0
    sources: int = 0
    files: int = 0
    ids: Mapping[Key, int] = field(default_factory=dict)  # of this batch only


def batches(found: Iterable[Record]) -> Iterator[list[Record]]:
    """Records that go into the store together."""
    batch: list[Record] = []
    size = 0
    for record in found:
        batch.append(record)
        if isinstance(record, Piece):
            size += len(record.data)
        elif isinstance(record, Sources):
            size += len(record.rows) * ROW_BYTES
        if size >= BATCH_BYTES or len(batch) >= BATCH_RECORDS:
            yield batch
            batch, size = [], 0
    yield batch


def keep(
    tx: Transaction,
    bundle_id: int,
    batch: Iterable[Record],
    before: Kept,
    ids: Mapping[Key, int],
    now_ms: int,
) -> Kept:
    """Write some records; returns how far it is then. `ids`: of all contents so far.

    Raises BundleError with the sentence of a bundle that cannot be used.
    """
    now = replace(before, ids={})
    new: dict[Key, int] = {}
    files: list[bundles.File] = []

    def id_of(key: Key) -> int:
        found = new.get(key) or ids.get(key)
        if found is None:
            raise BundleError("Something in the bundle is not what it was said to be.")
        return found

    for record in batch:
        match record:
            case Piece(data):
                if now.written is not None:
                    artifacts.append(tx, now.written, now.pieces, data)
                now = replace(now, pieces=now.pieces + 1)
            case Sources(rows):
                if now.written is not None:
                    some = [
                        Source(path, None if name is None else id_of(("source", name)), ignored)
                        for path, name, ignored in rows
                    ]
                    artifacts.add_sources(tx, now.written, now.sources, some)
                now = replace(now, sources=now.sources + len(rows))
            case Content(kind, name, size_bytes, error):
                now = _finish(tx, now)
                artifact_id, is_new = artifacts.begin(tx, kind, name, size_bytes, now_ms)
                new[(kind, name)] = artifact_id
                now = replace(now, written=artifact_id if is_new else None, error=error)
            case File(url, kind, name, debug_id, map_url):
                now = _finish(tx, now)
                files.append(bundles.File(url, id_of((kind, name)), debug_id, map_url))
            case Done():
                now = _finish(tx, now)
            case Failed(why):
                raise BundleError(why)
    bundles.add_files(tx, bundle_id, now.files, files)
    return replace(now, files=now.files + len(files), ids=new)


def _finish(tx: Transaction, now: Kept) -> Kept:
    if now.written is not None:
        artifacts.finish(tx, now.written, now.error)
    return replace(now, written=None, error=None, pieces=0, sources=0)
