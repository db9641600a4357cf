"""A decoded mapping, and the way back: from a class, a method and a line to those people wrote.

As bytes it is an index of blocks, each some classes in the order of their names and compressed by
itself: a lookup opens one block, so a mapping of 30 MB costs the memory of its compressed form and
of a few blocks. Figures: docs/performance.md, "Java and Kotlin".
"""

import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from lighttrace.errors import SourceMapError
from lighttrace.sourcemaps.proguard import Call, Class, Span, classes

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK = 100  # methods in a block, about; 5 kB of text
OPENED = 200  # blocks that are kept open
OPENED_BYTES = OPENED * 40 * 1024
MOST_NAMES = 3  # of a method that may be any of several
_MAGIC = b"LTR1"
_LENGTH = 4
_DAMAGED = "The table of this mapping is damaged, or of another version. Upload the mapping again."


class Place(NamedTuple):
    """One call as it was written. `file`: empty if the mapping does not say it; `line` from 1."""

    holder: str
    function: str
    line: int | None
    file: str


class _Index(msgspec.Struct, array_like=True):
    """Of each block the name of its first class, and its size."""

    firsts: list[str]
    sizes: list[int]


_ENCODER = msgspec.msgpack.Encoder()
_BLOCK = msgspec.msgpack.Decoder(dict[str, Class])
_INDEX = msgspec.msgpack.Decoder(_Index)


def build(data: bytes) -> bytes:
    """The table of a mapping file, for `Mapping`. Raises SourceMapError."""
    index = _Index([], [])
    packed: list[bytes] = []
    for first, block in _blocks(data):
        packed.append(zstd.compress(_ENCODER.encode(block)))
        index.firsts.append(first)
        index.sizes.append(len(packed[-1]))
    head = zstd.compress(_ENCODER.encode(index))
    return b"".join((_MAGIC, len(head).to_bytes(_LENGTH, "little"), head, *packed))


def _blocks(data: bytes) -> Iterator[tuple[str, dict[str, Class]]]:
    block: dict[str, Class] = {}
    size = 0
    for name, found in classes(data):
        block[name] = found
        size += 1 + sum(len(spans) for spans in found.methods.values())
        if size >= BLOCK:
            yield next(iter(block)), block
            block, size = {}, 0
    if block:
        yield next(iter(block)), block


class Mapping:
    """Made of what `build` has made. Safe for several threads. Raises SourceMapError."""

    def __init__(self, data: bytes) -> None:
        end = len(_MAGIC) + _LENGTH
        start = end + int.from_bytes(data[len(_MAGIC) : end], "little")
        if data[: len(_MAGIC)] != _MAGIC:
            raise SourceMapError(_DAMAGED)
        try:
            index = _INDEX.decode(zstd.decompress(data[end:start]))
        except (zstd.ZstdError, msgspec.DecodeError) as error:
            raise SourceMapError(_DAMAGED) from error
        self._firsts = index.firsts
        self._ends = [start]
        for size in index.sizes:
            self._ends.append(self._ends[-1] + size)
        if self._ends[-1] != len(data) or len(index.firsts) != len(index.sizes):
            raise SourceMapError(_DAMAGED)
        self._data = data
        self._opened: dict[int, dict[str, Class]] = {}
        self.size_bytes = len(data) + OPENED_BYTES

    def find(self, obfuscated: str) -> Class | None:
        """A class by the name it runs under, `a.b.c`."""
        at = bisect_right(self._firsts, obfuscated) - 1
        if at < 0:
            return None
        block = self._opened.get(at)
        if block is None:
            try:
                packed = self._data[self._ends[at] : self._ends[at + 1]]
                block = _BLOCK.decode(zstd.decompress(packed))
            except (zstd.ZstdError, msgspec.DecodeError) as error:
                raise SourceMapError(_DAMAGED) from error
            if len(self._opened) >= OPENED:
                self._opened.clear()
            self._opened[at] = block
        return block.get(obfuscated)


def spans(found: Class, function: str, line: int | None) -> list[Span]:
    """What may have been running; several if it cannot be told. Empty: none fits the line, or the
    class has no such method.
    """
    known = found.methods.get(function, [])
    if line:
        exact = [it for it in known if it.first <= line <= it.last]
        return exact[:1] or [it for it in known if not it.last]
    return [it for it in known if not it.last] or known


def places(found: Class, spans: Sequence[Span], line: int | None) -> list[Place]:
    """The calls of one span or more as they were written, innermost first: more than one where
    calls were inlined.
    """
    if len(spans) == 1:
        span = spans[0]
        written = [it for it in span.calls if not it.synthesized] or span.calls[-1:]
        return [_place(found, it, span, line) for it in written]
    outer = [it.calls[-1] for it in spans]
    names = sorted({it.function for it in outer})
    called = " or ".join(names[:MOST_NAMES])
    holders = {(it.holder, it.file) for it in outer}
    holder, file = next(iter(holders)) if len(holders) == 1 else ("", "")
    # without ranges the lines are those of the file
    kept = line if not any(it.last for it in spans) else None
    return [Place(holder or found.name, called, kept, file if holder else found.file)]


def _place(found: Class, call: Call, span: Span, line: int | None) -> Place:
    holder, file = (call.holder, call.file) if call.holder else (found.name, found.file)
    return Place(holder, call.function, _line(call, span, line), file)


def _line(call: Call, span: Span, line: int | None) -> int | None:
    if not line:
        return call.first if call.first and call.first == call.last else None
    if not call.first:
        return line
    if call.last <= call.first or not span.last:
        return call.first
    return min(call.first + line - span.first, call.last)
