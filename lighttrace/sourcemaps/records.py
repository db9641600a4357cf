"""What the child found in a bundle, on its way to the store: a file of small records, so that
neither side holds a bundle in memory.

A content comes before what refers to it: sources, then their map, then the files. The last record
is `Done` or `Failed`; without it the child did not come to its end.
"""

from collections.abc import Iterator
from typing import BinaryIO, TypeAlias

import msgspec

from lighttrace.errors import BundleError
from lighttrace.sourcemaps.bundle import Kind

PIECE_BYTES = 256 * 1024  # of compressed data in a record, and in a row
ROWS = 500  # sources in a record
MOST_BYTES = 4 * 1024 * 1024  # of a record; 500 sources with the longest paths are 1.6 MB
_LENGTH = 4


class Content(msgspec.Struct, frozen=True, tag="content"):
    """A content begins: its `Piece`s follow, and if it is a map its `Sources`. `sha1`: of the file
    as it was uploaded, for a map with all that was read beside it. `error`: why a map cannot be
    read; it has no pieces then.
    """

    kind: Kind
    sha1: bytes
    size_bytes: int
    error: str | None = None


class Piece(msgspec.Struct, frozen=True, tag="piece"):
    data: bytes


class Sources(msgspec.Struct, frozen=True, tag="sources"):
    """Some of a map's sources in order: path, the SHA-1 of its text or None, whether ignored."""

    rows: list[tuple[str, bytes | None, bool]]


class File(msgspec.Struct, frozen=True, tag="file"):
    """A file of the bundle, whose content has come before."""

    url: str
    kind: Kind
    sha1: bytes
    debug_id: bytes | None
    map_url: str | None


class Done(msgspec.Struct, frozen=True, tag="done"):
    """All of the bundle was read."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The bundle cannot be used; `why` is a sentence for whoever uploaded it."""

    why: str


Record: TypeAlias = Content | Piece | Sources | File | Done | Failed
_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


def write(out: BinaryIO, record: Record) -> None:
    data = _ENCODER.encode(record)
    out.write(len(data).to_bytes(_LENGTH, "little"))
    out.write(data)


def read(file: BinaryIO) -> Iterator[Record]:
    """The records of a file, up to and with the last. Raises BundleError if they break off."""
    while True:
        length = int.from_bytes(file.read(_LENGTH), "little")
        data = file.read(length) if 0 < length <= MOST_BYTES else b""
        try:
            record = _DECODER.decode(data)
        except msgspec.DecodeError:
            raise BundleError("Reading the bundle ended half-way.") from None
        yield record
        if isinstance(record, Done | Failed):
            return
