"""Uploaded files put into the store by hand, as if a bundle had been read."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from uuid import UUID

from lighttrace.store import artifacts, bundles
from lighttrace.store.artifacts import Kind, Source
from lighttrace.store.bundles import Build, File
from lighttrace.store.database import Transaction
from tests.store.make import NOON

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@dataclass(frozen=True)
class Put:
    """A file of a bundle. `data`: the text of a script or a source, of a map its table; `sources`
    of a map: path → text, or None where it has none.
    """

    url: str
    kind: Kind
    data: bytes = b""
    debug_id: str | None = None
    map_url: str | None = None
    sources: Mapping[str, str | None] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    error: str | None = None


def put_content(
    tx: Transaction, kind: Kind, data: bytes, now_ms: int = NOON, error: str | None = None
) -> int:
    """A content, whole; returns its id."""
    name = sha1(data + (error or "").encode()).digest()
    artifact_id, is_new = artifacts.begin(tx, kind, name, len(data), now_ms)
    if is_new:
        packed = zstd.compress(data) if error is None else b""
        for number, at in enumerate(range(0, len(packed), artifacts.PIECE_BYTES)):
            artifacts.append(tx, artifact_id, number, packed[at : at + artifacts.PIECE_BYTES])
        artifacts.finish(tx, artifact_id, error)
    return artifact_id


def put_bundle(
    tx: Transaction, builds: Sequence[Build], *files: Put, name: str = "", now_ms: int = NOON
) -> int:
    """A bundle of these files for these builds, ready; returns its id."""
    made = bundles.create(tx, sha1((name or repr(files)).encode()).digest(), [], now_ms)
    bundles.associate(tx, made.id, builds, "tests/1.0", now_ms)
    if made.state == "ok":
        return made.id
    assert bundles.take(tx, now_ms) == bundles.by_sha1(tx, made.sha1)
    for number, it in enumerate(files):
        artifact_id = put_content(tx, it.kind, it.data, now_ms, it.error)
        if it.sources and not artifacts.sources(tx, artifact_id):
            sources = [
                Source(
                    path,
                    None if text is None else put_content(tx, "source", text.encode(), now_ms),
                    path in it.ignored,
                )
                for path, text in it.sources.items()
            ]
            artifacts.add_sources(tx, artifact_id, 0, sources)
        debug_id = UUID(it.debug_id).bytes if it.debug_id else None
        bundles.add_files(tx, made.id, number, [File(it.url, artifact_id, debug_id, it.map_url)])
    bundles.settle(tx, made.id, sum(len(it.data) for it in files), now_ms)
    return made.id
