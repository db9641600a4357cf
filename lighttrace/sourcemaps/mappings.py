"""The `mappings` of a source map, base64 VLQ, as columns of numbers (ECMA-426, "Mappings").

A segment is read once and then looked up: a map of 400,000 segments holds some 30,000 different
ones. What is left, running totals, is done by C loops over whole columns; bench/sourcemaps.py.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate, chain, pairwise
from operator import itemgetter
from typing import NamedTuple

from lighttrace.errors import SourceMapError

MOST_TOKENS = 4_000_000  # some 60 MB of map; four times the largest that we have seen
MOST_LINES = 1_000_000  # of the generated file
_DIGITS = {
    digit: value
    for value, digit in enumerate(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    )
}
_LARGEST = 2**31 - 1


class _Deltas(NamedTuple):
    """What one segment adds to the running totals. `sourced`, `named`: 1 if it says so, else 0."""

    generated: int
    source: int
    line: int
    column: int
    name: int
    sourced: int
    named: int


class Tokens:
    """Tokens in the order of the generated file, a column for each of their numbers.

    `ends[n]` is the number of tokens up to the end of line n. `sources` and `names` count from 1,
    and 0 is none.
    """

    def __init__(self) -> None:
        self.ends = array("I")
        self.generated = array("I")
        self.sources = array("I")
        self.lines = array("I")
        self.columns = array("I")
        self.names = array("I")

    def __len__(self) -> int:
        return len(self.generated)

    def before(self, line: int, column: int) -> int:
        """How many tokens stand before a place of the generated file."""
        if line >= len(self.ends):
            return len(self)
        start = self.ends[line - 1] if line else 0
        return bisect_left(self.generated, column, start, self.ends[line])

    def forget(self, sources: set[int]) -> None:
        """Tokens of these sources, counted from 1, come from nowhere."""
        if sources:
            self.sources = array("I", [0 if n in sources else n for n in self.sources])


def read(mappings: str, sources: int, names: int) -> Tokens:
    """Decode `mappings`, of a map with so many sources and names.

    Raises SourceMapError if it is no VLQ, or points to a source or name that is not there.
    """
    if mappings.count(";") >= MOST_LINES:
        raise SourceMapError(f"The map describes more than {MOST_LINES:,} generated lines.")
    if mappings.count(",") + mappings.count(";") >= MOST_TOKENS:
        raise SourceMapError(f"The map has more than {MOST_TOKENS:,} mappings.")
    tokens, segments = Tokens(), _Segments()
    every: list[_Deltas] = []
    try:
        for line in mappings.split(";"):
            if line:
                row = [segments[segment] for segment in line.split(",") if segment]
                tokens.generated.extend(accumulate(map(itemgetter(0), row)))
                every += row
            tokens.ends.append(len(every))
        tokens.lines = array("I", accumulate(map(itemgetter(2), every)))
        tokens.columns = array("I", accumulate(map(itemgetter(3), every)))
        tokens.sources = _counted(every, 1, 5)
        tokens.names = _counted(every, 4, 6)
    except OverflowError:
        raise SourceMapError("The map points to places before the start of a file.") from None
    if max(tokens.sources, default=0) > sources:
        raise SourceMapError(
            f"The map points to source {max(tokens.sources)}, and lists only {sources}."
        )
    if max(tokens.names, default=0) > names:
        raise SourceMapError(f"The map points to name {max(tokens.names)}, and lists only {names}.")
    if min(map(itemgetter(0), every), default=0) < 0:
        _sort(tokens)
    return tokens


def _counted(every: list[_Deltas], delta: int, said: int) -> "array[int]":
    """Running totals from 1, and 0 where a segment does not say."""
    totals = accumulate(map(itemgetter(delta), every), initial=1)
    next(totals)
    says = list(map(itemgetter(said), every))
    counted = array("I", [total * says_so for total, says_so in zip(totals, says, strict=True)])
    if counted.count(0) != says.count(0):
        raise OverflowError
    return counted


class _Segments(dict[str, _Deltas]):
    """Every different segment, read when it is first met."""

    def __missing__(self, segment: str) -> _Deltas:
        match _numbers(segment):
            case [generated]:
                deltas = _Deltas(generated, 0, 0, 0, 0, 0, 0)
            case [generated, source, line, column]:
                deltas = _Deltas(generated, source, line, column, 0, 1, 0)
            case [generated, source, line, column, name]:
                deltas = _Deltas(generated, source, line, column, name, 1, 1)
            case numbers:
                raise SourceMapError(
                    f"A mapping of the map has {len(numbers)} numbers; it must be 1, 4 or 5."
                )
        self[segment] = deltas
        return deltas


def _numbers(segment: str) -> list[int]:
    numbers: list[int] = []
    value = shift = 0
    for character in segment:
        digit = _DIGITS.get(character)
        if digit is None:
            raise SourceMapError(f"The map's mappings hold {character!r}, which is not base64.")
        value |= (digit & 31) << shift
        shift += 5
        if digit < 32:
            if value >> 1 > _LARGEST:
                break
            numbers.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
        elif shift > 30:
            break
    if shift:
        raise SourceMapError("The map's mappings hold a number that does not end, or is too large.")
    return numbers


def _sort(tokens: Tokens) -> None:
    """Put the tokens of each line in the order of their columns: not all tools write them so."""
    bounds = pairwise(chain((0,), tokens.ends))
    order = [
        index
        for start, end in bounds
        for index in sorted(range(start, end), key=tokens.generated.__getitem__)
    ]
    for column in ("generated", "sources", "lines", "columns", "names"):
        values = getattr(tokens, column)
        setattr(tokens, column, array("I", map(values.__getitem__, order)))


class Section(NamedTuple):
    """A part of an index map: its tokens begin at `line`, `column` of the generated file."""

    line: int
    column: int
    tokens: Tokens
    sources: int
    names: int


def join(sections: Iterable[Section]) -> Tokens:
    """The tokens of an index map; `sections` in order. A section ends where the next one starts,
    whatever it says itself.

    Sources and names count on from those of the sections before. Raises SourceMapError for what
    would be too large.
    """
    joined = Tokens()
    sources = names = 0
    for section in sections:
        _cut(joined, section.line, section.column)
        try:
            _append(joined, section, sources, names)
        except OverflowError:
            raise SourceMapError("The map has lines of more than 4,294,967,295 columns.") from None
        sources += section.sources
        names += section.names
    return joined


def _cut(joined: Tokens, line: int, column: int) -> None:
    if line + 1 >= MOST_LINES:
        raise SourceMapError(f"The map describes more than {MOST_LINES:,} generated lines.")
    kept = joined.before(line, column)
    for values in (joined.generated, joined.sources, joined.lines, joined.columns, joined.names):
        del values[kept:]
    del joined.ends[line:]
    joined.ends.extend([kept] * (line - len(joined.ends)))


def _append(joined: Tokens, section: Section, sources: int, names: int) -> None:
    """`joined.ends` has the lines before the section's first."""
    tokens, start = section.tokens, len(joined)
    if start + len(tokens) > MOST_TOKENS:
        raise SourceMapError(f"The map has more than {MOST_TOKENS:,} mappings.")
    if section.line + len(tokens.ends) > MOST_LINES:
        raise SourceMapError(f"The map describes more than {MOST_LINES:,} generated lines.")
    first = tokens.ends[0] if tokens.ends else 0
    joined.ends.extend(start + end for end in tokens.ends)
    joined.generated.extend(column + section.column for column in tokens.generated[:first])
    joined.generated.extend(tokens.generated[first:])
    joined.sources.extend(source and source + sources for source in tokens.sources)
    joined.lines.extend(tokens.lines)
    joined.columns.extend(tokens.columns)
    joined.names.extend(name and name + names for name in tokens.names)
