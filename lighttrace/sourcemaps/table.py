"""A decoded source map as a few arrays of numbers, searched by bisection: no object per mapping.

As bytes it is a head and one zstd frame, each array in the narrowest type that holds its numbers.
A 6 MB map of 400,000 mappings is 1.2 MB of bytes and 5 MB in memory; what it costs is measured in
docs/performance.md, "Source maps".
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from struct import Struct
from struct import error as StructError
from typing import NamedTuple

from lighttrace.errors import SourceMapError
from lighttrace.sourcemaps.mappings import Tokens

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# in the machine's own order of bytes: a table of a machine with another one is not recognised
_MAGIC = 0x4C544D31
_COLUMNS = 7
_HEAD = Struct(f"=I I {'c I ' * _COLUMNS}")
_ZSTD: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 3,
    zstd.CompressionParameter.checksum_flag: 1,  # so that what is read back can be trusted
}
_SIZES = {b"B": 1, b"H": 2, b"I": 4}
_LARGEST_BYTES = 256 * 1024 * 1024
_DAMAGED = "The table of this source map is damaged, or of another version. Upload the map again."


class Token(NamedTuple):
    """Where a place of the generated file comes from; all from 0.

    `source` counts through the sources of the map; −1: the place comes from none of them, and the
    rest says nothing. `name` is the original name of the identifier that stands there, if the map
    has it.
    """

    source: int
    line: int
    column: int
    name: str | None


class Table:
    """All mappings of one source map."""

    __slots__ = ("_columns", "_ends", "_generated", "_lines", "_name_ends", "_names", "_sources",
                 "_spelt")  # fmt: skip

    def __init__(self, columns: Sequence[memoryview], spelt: memoryview) -> None:
        self._ends, self._generated, self._sources = columns[:3]
        self._lines, self._columns, self._names, self._name_ends = columns[3:]
        self._spelt = spelt

    @classmethod
    def of(cls, tokens: Tokens, names: Iterable[str]) -> "Table":
        """The table of decoded mappings; `names` is the map's list."""
        spelt = [name.encode("utf-8", "replace") for name in names]
        columns = (tokens.ends, tokens.generated, tokens.sources, tokens.lines, tokens.columns)
        name_ends = array("I", accumulate(map(len, spelt)))
        return cls(
            [_narrow(column) for column in (*columns, tokens.names, name_ends)],
            memoryview(b"".join(spelt)),
        )

    @property
    def size_bytes(self) -> int:
        """What it takes in memory."""
        return self._spelt.nbytes + sum(column.nbytes for column in self._all())

    def __len__(self) -> int:
        """The number of mappings."""
        return len(self._generated)

    @property
    def line_count(self) -> int:
        """How many lines of the generated file the map speaks of."""
        return len(self._ends)

    def find(self, line: int, column: int) -> Token | None:
        """What the generated place `line`, `column` comes from, both from 0.

        It is the last mapping of that line before the column, or the first of those at it: what
        other readers of maps say, too. None: the line is not in the map, or has no mapping so
        early.
        """
        ends = self._ends
        if not 0 <= line < len(ends):
            return None
        start = ends[line - 1] if line else 0
        index = bisect_left(self._generated, column, start, ends[line])
        if index == ends[line] or self._generated[index] != column:
            index -= 1
        if index < start:
            return None
        source = self._sources[index]
        if not source:
            return Token(-1, -1, -1, None)
        name = self._names[index]
        return Token(
            source - 1,
            self._lines[index],
            self._columns[index],
            self._name(name - 1) if name else None,
        )

    def _name(self, index: int) -> str:
        ends = self._name_ends
        return str(self._spelt[ends[index - 1] if index else 0 : ends[index]], "utf-8", "replace")

    def _all(self) -> tuple[memoryview, ...]:
        first = (self._ends, self._generated, self._sources)
        return (*first, self._lines, self._columns, self._names, self._name_ends)

    def to_bytes(self) -> bytes:
        """The table as it is stored."""
        columns = self._all()
        shapes = (part for column in columns for part in (column.format.encode(), len(column)))
        head = _HEAD.pack(_MAGIC, len(self._spelt), *shapes)
        return head + zstd.compress(b"".join((*columns, self._spelt)), options=_ZSTD)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Table":
        """A table as `to_bytes` wrote it. Raises SourceMapError if it is none."""
        try:
            magic, spelt, *shapes = _HEAD.unpack_from(data)
            codes, lengths = shapes[::2], shapes[1::2]
            sizes = [_SIZES[code] * length for code, length in zip(codes, lengths, strict=True)]
            size = sum(sizes) + spelt
            if magic != _MAGIC or size > _LARGEST_BYTES:
                raise SourceMapError(_DAMAGED)
            stream = zstd.ZstdDecompressor()
            plain = memoryview(stream.decompress(data[_HEAD.size :], size + 1))
        except (KeyError, StructError, zstd.ZstdError):
            raise SourceMapError(_DAMAGED) from None
        if len(plain) != size or not stream.eof:
            raise SourceMapError(_DAMAGED)
        ends = list(accumulate(sizes, initial=0))
        return cls(
            [
                plain[start:end].cast(code.decode())
                for code, (start, end) in zip(codes, pairwise(ends), strict=True)
            ],
            plain[ends[-1] :],
        )


def _narrow(column: "array[int]") -> memoryview:
    largest = max(column, default=0)
    code = "B" if largest < 1 << 8 else "H" if largest < 1 << 16 else "I"
    return memoryview(array(code, column))
