"""The process that reads one bundle: `python -m lighttrace.sourcemaps.child BUNDLE OUT`.

Decoding a map takes twenty times its size in memory for a second or two. In a process of its own
that memory is given back, the loop that answers events keeps running, and a bundle that is made to
do harm meets the limits of this process and not the server. It knows no database and no network:
it reads a file, and writes records (`records.py`).
"""

import os
import resource
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

from lighttrace.errors import BundleError, SourceMapError
from lighttrace.sourcemaps import bundle, decode, paths, proguard, records, retrace
from lighttrace.sourcemaps.bundle import Bundle, Kind, Member
from lighttrace.sourcemaps.comments import comments, inline_map
from lighttrace.sourcemaps.records import Content, Done, Failed, File, Piece, Record, Sources

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_S = 240
OUTPUT_BYTES = 1024 * 1024 * 1024
NICE = 5  # events go first; of a core that is busy it still gets a quarter, with 10 a tenth
LEVEL = 6  # a fifth smaller than 3; half the speed, which is 60 MB/s
MAPPING_URL = "~/mapping.txt"  # what a mapping is called, whatever its file was
TOO_MUCH_MEMORY = f"Reading it takes more than {MEMORY_BYTES // 2**20} MiB of memory."


def main(source: str, target: str) -> None:
    _limit()
    with Path(source).open("rb") as file, Path(target).open("wb") as out:
        for record in read(file):
            records.write(out, record)


def _limit() -> None:
    os.nice(NICE)
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, OUTPUT_BYTES),
    ):
        with suppress(ValueError, OSError):  # a lower limit holds already; macOS knows no RLIMIT_AS
            resource.setrlimit(what, (most, most))


def read(file: BinaryIO) -> Iterator[Record]:
    """What is in a bundle or a mapping, up to `Done` or `Failed`. Pure."""
    head = file.read(proguard.HEAD_BYTES)
    file.seek(0)
    try:
        if proguard.is_one(head):
            yield from _mapping(file.read(proguard.MOST_BYTES + 1))
        else:
            yield from Reading(bundle.read(file)).records()
    except (BundleError, SourceMapError) as error:
        yield Failed(str(error))
    except MemoryError:
        yield Failed(TOO_MUCH_MEMORY)
    else:
        yield Done()


def _mapping(data: bytes) -> Iterator[Record]:
    """A file of its own, not in a bundle."""
    name = _name(data)
    table = retrace.build(data)
    yield Content("mapping", name, len(data))
    yield from _pieces(table)
    yield File(MAPPING_URL, "mapping", name, None, None)


def _pieces(data: bytes) -> Iterator[Piece]:
    packed = zstd.compress(data, LEVEL)
    for at in range(0, len(packed), records.PIECE_BYTES):
        yield Piece(packed[at : at + records.PIECE_BYTES])


class Reading:
    """One bundle being read. Contents that it has several times are given out once."""

    def __init__(self, opened: Bundle) -> None:
        self._bundle = opened
        self._told: set[tuple[Kind, bytes]] = set()
        self._maps: dict[tuple[bytes, bytes], bytes] = {}  # map and script: what it is known by
        self._own_ids: dict[bytes, bytes] = {}  # of maps that carry their debug id themselves
        # the texts of sources that their map does not have itself
        self._texts = {
            paths.clean(it.url.removeprefix("~/")): it
            for it in opened.members
            if it.kind == "source"
        }
        scripts = [it for it in opened.members if it.kind == "script"]
        self._by_id = {it.debug_id: it for it in scripts if it.debug_id is not None}
        self._by_map = {
            join(it.url, it.map_url) if it.map_url else f"{it.url}.map": it for it in scripts
        }

    def records(self) -> Iterator[Record]:
        for member in self._bundle.members:
            content = self._bundle.read(member)
            if member.kind == "map":
                name = yield from self._map(content, self._script_text(member))
                yield self._map_file(member.url, name, member.debug_id)
            elif member.kind == "script":
                yield from self._script(member, content)
            else:
                yield from self._text("source", content)
                yield File(member.url, "source", _name(content), member.debug_id, None)

    def _script(self, member: Member, content: bytes) -> Iterator[Record]:
        """A script; a map that is written into it becomes a file beside it."""
        script = split(content)
        debug_id = member.debug_id or _id_bytes(script.debug_id)
        named = member.map_url or script.map_url
        map_url = None if named is None or named.startswith("data:") else join(member.url, named)
        if script.map is not None:
            map_url = member.url + ".inline.map"
            name = yield from self._map(script.map, script.code.decode("utf-8", "replace"))
            yield self._map_file(map_url, name, debug_id)
        yield from self._text("script", script.code)
        yield File(member.url, "script", _name(script.code), debug_id, map_url)

    def _map_file(self, url: str, name: bytes, debug_id: bytes | None) -> File:
        return File(url, "map", name, debug_id or self._own_ids.get(name), None)

    def _map(self, content: bytes, script: str | None) -> Generator[Record, None, bytes]:
        """Returns what the map is known by: its own SHA-1, or if more was read than the map, that
        of all of it. Else whoever has a map that others have, too, would read the sources that
        they uploaded beside it, or they the ones that he did.
        """
        key = (_name(content), b"" if script is None else _name(script.encode("utf-8", "replace")))
        known = self._maps.get(key)
        if known is not None:
            return known
        read = [it for it in key if it]

        @cache  # a map may name one file a hundred thousand times
        def text_of(path: str) -> str | None:
            text = self._source_text(path)
            if text is not None:
                read.append(_name(f"{path}\0{text}".encode("utf-8", "replace")))
            return text

        why = None
        try:
            decoded = decode.decode(content, text_of, script)
            table = decoded.table.to_bytes()
        except SourceMapError as error:
            why = str(error)
        except MemoryError:
            why = TOO_MUCH_MEMORY
        name = self._maps[key] = read[0] if len(read) == 1 else _name(b"".join(read))
        if why is not None:
            if ("map", name) not in self._told:
                self._told.add(("map", name))
                yield Content("map", name, len(content), why)
            return name
        if own_id := _id_bytes(decoded.debug_id):
            self._own_ids[name] = own_id
        rows: list[tuple[str, bytes | None, bool]] = []
        names: dict[str | None, bytes | None] = {None: None}
        for source in decoded.sources:
            if source.content is not None and source.content not in names:
                text = source.content.encode("utf-8", "replace")
                names[source.content] = _name(text)
                yield from self._text("source", text)
            rows.append((source.path, names[source.content], source.ignored))
        yield from self._content("map", name, len(content), table)
        for at in range(0, len(rows), records.ROWS):
            yield Sources(rows[at : at + records.ROWS])
        return name

    def _source_text(self, path: str) -> str | None:
        return self._decoded(self._texts.get(path))

    def _script_text(self, of_map: Member) -> str | None:
        known = self._by_id.get(of_map.debug_id) if of_map.debug_id else None
        return self._decoded(known or self._by_map.get(of_map.url))

    def _decoded(self, member: Member | None) -> str | None:
        return None if member is None else self._bundle.read(member).decode("utf-8", "replace")

    def _text(self, kind: Kind, text: bytes) -> Iterator[Record]:
        yield from self._content(kind, _name(text), len(text), text)

    def _content(self, kind: Kind, name: bytes, size_bytes: int, data: bytes) -> Iterator[Record]:
        if (kind, name) in self._told:
            return
        self._told.add((kind, name))
        yield Content(kind, name, size_bytes)
        yield from _pieces(data)


@dataclass(frozen=True, slots=True)
class Script:
    """A script without the map that is written into it, the URL of its map, and that map."""

    code: bytes
    debug_id: str | None
    map_url: str | None = None
    map: bytes | None = None


def split(content: bytes) -> Script:
    """What the comments of a script say of its map."""
    said = comments(content)
    if said.map_url is None:
        return Script(content, said.debug_id)
    try:
        inside = inline_map(said.map_url)
    except SourceMapError:
        inside = b""  # becomes a map that cannot be read, which says so
    if inside is None:
        return Script(content, said.debug_id, said.map_url[: bundle.MOST_URL])
    start, end = said.map_at
    return Script(content[:start] + content[end:], said.debug_id, map=inside)


def join(url: str, reference: str) -> str:
    """Where a script's map is: as browsers join, but that `~` may stand for scheme and host."""
    try:
        if not url.startswith("~"):
            return urljoin(url, reference)
        if urlsplit(reference).scheme:
            return reference
        host = "http://~"
        return urljoin(host + url[1:], reference).replace(host, "~", 1)
    except ValueError:
        return reference


def _id_bytes(debug_id: str | None) -> bytes | None:
    return None if debug_id is None else bytes.fromhex(debug_id.replace("-", ""))


def _name(content: bytes) -> bytes:
    return sha1(content, usedforsecurity=False).digest()


if __name__ == "__main__":
    arguments: Sequence[str] = sys.argv[1:]
    main(*arguments)
