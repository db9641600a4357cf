"""A decoded source map as a few arrays of numbers, searched by bisection: no object per mapping.

As bytes it is a head and one zstd frame, each array in the narrowest type that holds its numbers.
What that costs is measured in docs/performance.md, "Source maps".
"""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from struct import Struct
from struct import error as StructError
from typing import NamedTuple

from lighttrace.errors import SourceMapError
from lighttrace.sourcemaps.mappings import Tokens
from lighttrace.sourcemaps.scopes import Change

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# in the machine's own order of bytes: a table of a machine with another one is not recognised
_MAGIC = 0x4C544D33
_ZSTD: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 3,
    zstd.CompressionParameter.checksum_flag: 1,  # so that what is read back can be trusted
}
_SIZES = {b"B": 1, b"H": 2, b"I": 4}
_LARGEST_BYTES = 256 * 1024 * 1024
_DAMAGED = "The table of this source map is damaged, or of another version. Upload the map again."
# a call begins where a mapping does, so one that is so far behind the last of its line is of
# another build; what is nearer may be in a long text, where nothing is mapped
_FAR = 10_000
_UNKNOWN, _NAMELESS, _NAMED = 0, 1, 2  # in `functions`; from 2 on it is a name


class Token(NamedTuple):
    """Where a place of the generated file comes from; all from 0.

    `source` counts through the sources of the map; −1: the place comes from none of them, and the
    rest says nothing. `name` is the original name of the identifier that stands there, if the map
    has it. `function` is the function around the original place: empty if it has no name, None if
    that is not known.
    """

    source: int
    line: int
    column: int
    name: str | None
    function: str | None


_NOWHERE = Token(-1, -1, -1, None, None)


class _Arrays(NamedTuple):
    """`ends` has an entry for each generated line: the number of mappings up to its end. `sources`
    and `names` count from 1, 0 is none. `name_ends` are places in the text of all names.

    `change_ends` has an entry for the generated file and one for each source: the number of changes
    of the function up to its end. Each is at a line and a column, and `functions` says what comes.
    `widths` are the lengths of generated lines; there are none if the script was not at hand.
    """

    ends: memoryview
    generated: memoryview
    sources: memoryview
    lines: memoryview
    columns: memoryview
    names: memoryview
    name_ends: memoryview
    change_ends: memoryview
    change_lines: memoryview
    change_columns: memoryview
    functions: memoryview
    widths: memoryview


_HEAD = Struct(f"=I I {'c I ' * len(_Arrays._fields)}")


class Table:
    """All mappings of one source map, and which function each original place is in."""

    __slots__ = ("_all", "_spelt")

    def __init__(self, arrays: _Arrays, spelt: memoryview) -> None:
        self._all = arrays
        self._spelt = spelt

    @classmethod
    def of(
        cls,
        tokens: Tokens,
        names: Sequence[str],
        changes: Iterable[Sequence[Change]] = (),
        widths: Iterable[int] = (),
    ) -> "Table":
        """The table of decoded mappings. `names` is the map's list; `changes` are those of the
        generated file, then those of each source, none of what was not understood; `widths` the
        lengths of the generated file's lines, none if that is not known.
        """
        spelt = [*names]
        numbers = {name: number for number, name in enumerate(names, _NAMED) if name}
        ends, lines, columns, functions = (array("I") for _ in range(4))
        for of_source in changes:
            for line, column, function in of_source:
                lines.append(line)
                columns.append(column)
                if function and function not in numbers:
                    numbers[function] = len(spelt) + _NAMED
                    spelt.append(function)
                functions.append(_UNKNOWN if function is None else numbers.get(function, _NAMELESS))
            ends.append(len(lines))
        texts = [name.encode("utf-8", "replace") for name in spelt]
        arrays = (
            *(tokens.ends, tokens.generated, tokens.sources, tokens.lines, tokens.columns),
            *(tokens.names, array("I", accumulate(map(len, texts)))),
            *(ends, lines, columns, functions, array("I", widths)),
        )
        return cls(_Arrays(*map(_narrow, arrays)), memoryview(b"".join(texts)))

    @property
    def size_bytes(self) -> int:
        """What it takes in memory."""
        return self._spelt.nbytes + sum(values.nbytes for values in self._all)

    def __len__(self) -> int:
        """The number of mappings."""
        return len(self._all.generated)

    @property
    def line_count(self) -> int:
        """How many lines of the generated file the map speaks of."""
        return len(self._all.ends)

    def find(self, line: int, column: int) -> Token | None:
        """What the generated place `line`, `column` comes from, both from 0.

        It is the last mapping of that line before the column, or the first of those at it: what
        other readers of maps say, too. None: the place is outside; the line is not in the map, has
        no mapping so early, or ends before the column.
        """
        every = self._all
        ends, generated = every.ends, every.generated
        if not 0 <= line < len(ends):
            return None
        start, end = ends[line - 1] if line else 0, ends[line]
        index = bisect_left(generated, column, start, end)
        if index == end or generated[index] != column:
            index -= 1
        if index < start or column > self._width(line, end):
            return None
        source = every.sources[index]
        if not source:
            return _NOWHERE
        name, place = every.names[index], (every.lines[index], every.columns[index])
        function = self._function(source, *place)
        if function is None:
            function = self._function(0, line, column)
        return Token(source - 1, *place, self._name(name - 1) if name else None, function)

    def _width(self, line: int, end: int) -> int:
        widths = self._all.widths
        return widths[line] if line < len(widths) else self._all.generated[end - 1] + _FAR

    def _function(self, file: int, line: int, column: int) -> str | None:
        """The function that a place is in, as of the last change before it. `file`: 0 for the
        generated one, sources from 1.
        """
        every = self._all
        if file >= len(every.change_ends):
            return None
        start = every.change_ends[file - 1] if file else 0
        end = bisect_right(every.change_lines, line, start, every.change_ends[file])
        on_line = bisect_left(every.change_lines, line, start, end)
        index = bisect_right(every.change_columns, column, on_line, end) - 1
        function = every.functions[index] if index >= start else _UNKNOWN
        if function < _NAMED:
            return "" if function == _NAMELESS else None
        return self._name(function - _NAMED)

    def _name(self, index: int) -> str:
        ends = self._all.name_ends
        return str(self._spelt[ends[index - 1] if index else 0 : ends[index]], "utf-8", "replace")

    def to_bytes(self) -> bytes:
        """The table as it is stored."""
        shapes = (part for values in self._all for part in (values.format.encode(), len(values)))
        head = _HEAD.pack(_MAGIC, len(self._spelt), *shapes)
        return head + zstd.compress(b"".join((*self._all, self._spelt)), options=_ZSTD)

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
        parts = zip(codes, pairwise(accumulate(sizes, initial=0)), strict=True)
        arrays = (plain[start:end].cast(code.decode()) for code, (start, end) in parts)
        return cls(_Arrays(*arrays), plain[size - spelt :])


def _narrow(values: "array[int]") -> memoryview:
    largest = max(values, default=0)
    code = "B" if largest < 1 << 8 else "H" if largest < 1 << 16 else "I"
    return memoryview(array(code, values))
