"""A source map as it was uploaded becomes a table and its sources (ECMA-426). Pure; raises
SourceMapError only, for input that is as hostile as all input.

What tools write and the standard does not foresee is understood where it can mean one thing only:
no `names`, sources without a name, `x_google_ignoreList`, `debug_id`, sections within sections, a
map that begins with `)]}'`. See docs/source-maps.md.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec

from lighttrace.errors import SourceMapError
from lighttrace.sourcemaps import mappings, paths
from lighttrace.sourcemaps.mappings import Section, Tokens
from lighttrace.sourcemaps.scopes import Change, changes, changes_of_minified, widths
from lighttrace.sourcemaps.table import Table

MOST_BYTES = 64 * 1024 * 1024
MOST_SOURCES = 100_000
MOST_NAMES = 1_000_000
MOST_SECTIONS = 20_000
DEEPEST_SECTIONS = 8
MOST_SCANNED = 24_000_000  # characters of all sources that are looked through for functions: 6 s
_DEBUG_ID = re.compile(
    r"\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?", re.I
)


@dataclass(frozen=True, slots=True)
class Source:
    """One original file. `content` is its text if the map has it; `ignored`: the map says that it
    is none of the application's own.
    """

    path: str
    content: str | None
    ignored: bool


@dataclass(frozen=True, slots=True)
class Decoded:
    """A map. `file`: the generated file's name, as the map has it; `debug_id`: as `debug_id()`."""

    table: Table
    sources: tuple[Source, ...]
    debug_id: str | None
    file: str | None


class _Map(msgspec.Struct):
    """What is read of a map's JSON. Fields that a map can be read without may hold anything."""

    version: Any = None
    mappings: str | None = None
    sections: list["_Section"] | None = None
    sources: list[str | None] | None = None
    sourcesContent: list[Any] | None = None
    names: list[Any] | None = None
    sourceRoot: Any = None
    file: Any = None
    ignoreList: Any = None
    x_google_ignoreList: Any = None
    debugId: Any = None
    debug_id: Any = None


class _Offset(msgspec.Struct):
    line: int
    column: int


class _Section(msgspec.Struct):
    offset: _Offset
    map: _Map | None = None
    url: Any = None


_DECODER = msgspec.json.Decoder(_Map)


class _Flat(msgspec.Struct):
    """A map without sections."""

    tokens: Tokens
    sources: list[Source]
    names: list[str]


def decode(
    data: bytes,
    text_of: Callable[[str], str | None] = lambda path: None,
    script: str | None = None,
) -> Decoded:
    """Read a source map. Raises SourceMapError, whose sentence says what is wrong with it.

    `text_of` is asked for the texts of sources that the map does not have itself, by their paths;
    what it raises comes through. `script`, the generated file, says how long its lines are, and
    names functions if there are texts that nobody has.
    """
    if len(data) > MOST_BYTES:
        raise SourceMapError(f"The map is larger than {MOST_BYTES // 2**20} MiB.")
    read = _json(data)
    flat = _flat(read, 0)
    sources = [
        it if it.content is not None else replace(it, content=text_of(it.path))
        for it in flat.sources
    ]
    changed = _changes(sources)
    minified: list[Change] = []
    if script is not None and not all(changed):
        minified = changes_of_minified(script, partial(_original, flat))
    lengths = widths(script)[: len(flat.tokens.ends)] if script is not None else ()
    return Decoded(
        Table.of(flat.tokens, flat.names, [minified, *changed], lengths),
        tuple(sources),
        _debug_id_of(read),
        read.file if isinstance(read.file, str) and read.file else None,
    )


def debug_id(value: object) -> str | None:
    """A debug id in lower case with dashes, however it was written; None if it is none."""
    match = _DEBUG_ID.fullmatch(value.strip()) if isinstance(value, str) else None
    return "-".join(match.groups()).lower() if match else None


def _json(data: bytes) -> _Map:
    if data.startswith((b")]}", b"\xef\xbb\xbf")):
        data = data.removeprefix(b"\xef\xbb\xbf")
        if data.startswith(b")]}"):  # against being run as a script: the first line does not count
            data = data.partition(b"\n")[2]
    try:
        try:
            return _DECODER.decode(data)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):
            # NaN, halves of surrogate pairs, bytes that are no UTF-8: rare, and no reason to refuse
            plain = json.loads(data.decode("utf-8", "replace"), parse_int=_integer)
            return msgspec.convert(plain, _Map)
    except msgspec.ValidationError as error:
        raise SourceMapError(f"This is not a source map: {error}.") from None
    except (ValueError, RecursionError) as error:
        raise SourceMapError(f"The map is not JSON: {error}.") from None


def _integer(digits: str) -> int:
    return int(digits) if len(digits) < 20 else 2**63  # Python refuses thousands of digits


def _flat(read: _Map, depth: int) -> _Flat:
    if read.version not in (None, 3, "3"):
        raise SourceMapError("The map is of another version than 3, the only one that is known.")
    if read.sections is not None:
        return _joined(read.sections, depth)
    if read.mappings is None:
        raise SourceMapError("This is not a source map: it has neither `mappings` nor `sections`.")
    sources, names = _sources(read), [_text(name) for name in read.names or ()]
    if len(sources) > MOST_SOURCES:
        raise SourceMapError(f"The map has more than {MOST_SOURCES:,} sources.")
    if len(names) > MOST_NAMES:
        raise SourceMapError(f"The map has more than {MOST_NAMES:,} names.")
    tokens = mappings.read(read.mappings, len(sources), len(names))
    nothing = {n for n, name in enumerate(read.sources or (), 1) if not name}
    tokens.forget({n for n in nothing if sources[n - 1].content is None})
    return _Flat(tokens, sources, names)


def _sources(read: _Map) -> list[Source]:
    """Sources without name and text are among them, since they are counted through."""
    root = read.sourceRoot if isinstance(read.sourceRoot, str) else ""
    contents = read.sourcesContent or []
    ignored = _numbers(read.ignoreList) | _numbers(read.x_google_ignoreList)
    return [
        Source(
            paths.clean(_text(source), root) if source else paths.UNNAMED,
            _text(contents[n]) if n < len(contents) and isinstance(contents[n], str) else None,
            n in ignored,
        )
        for n, source in enumerate(read.sources or ())
    ]


def _joined(sections: list[_Section], depth: int) -> _Flat:
    """The map that sections make together, as if it had been written without."""
    if depth >= DEEPEST_SECTIONS:
        raise SourceMapError(f"The map's sections nest deeper than {DEEPEST_SECTIONS} levels.")
    if len(sections) > MOST_SECTIONS:
        raise SourceMapError(f"The map has more than {MOST_SECTIONS:,} sections.")
    sources: list[Source] = []
    names: list[str] = []
    parts: list[Section] = []
    before = (-1, -1)
    for section in sections:
        if section.map is None:
            raise SourceMapError("A section of the map is kept elsewhere (`url`); join them first.")
        at = (section.offset.line, section.offset.column)
        if min(at) < 0 or at < before or max(at) >= 2**31:
            raise SourceMapError("The map's sections are not in the order of the generated file.")
        part, before = _flat(section.map, depth + 1), at
        parts.append(Section(*at, part.tokens, len(part.sources), len(part.names)))
        sources += part.sources
        names += part.names
    return _Flat(mappings.join(parts), sources, names)


def _changes(sources: list[Source]) -> list[list[Change]]:
    """Of each source, where its functions begin and end. The application's own come first, as long
    as there is time.
    """
    found: list[list[Change]] = [[] for _ in sources]
    left = MOST_SCANNED
    for n in sorted(range(len(sources)), key=lambda n: "node_modules/" in sources[n].path):
        content = sources[n].content
        if content is not None and len(content) <= left:
            left -= len(content)
            found[n] = changes(sources[n].path, content)
    return found


def _original(flat: _Flat, line: int, column: int, word: str) -> str | None:
    """What a word of the generated file was called, if the map speaks of its very place. A mapping
    without a name says that it was not renamed, but not every tool writes names.
    """
    tokens = flat.tokens
    index = tokens.before(line, column)
    if line >= len(tokens.ends) or index >= tokens.ends[line] or tokens.generated[index] != column:
        return None
    name = tokens.names[index]
    return flat.names[name - 1] if name else word if len(word) > 3 else None


def _debug_id_of(read: _Map) -> str | None:
    """The map's own, else that of a section."""
    own = debug_id(read.debugId) or debug_id(read.debug_id)
    inner = (_debug_id_of(section.map) for section in read.sections or () if section.map)
    return own or next(filter(None, inner), None)


def _text(value: object) -> str:
    """Without halves of surrogate pairs, which no file can hold."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _numbers(value: object) -> frozenset[int]:
    return frozenset(n for n in value if type(n) is int) if isinstance(value, list) else frozenset()
