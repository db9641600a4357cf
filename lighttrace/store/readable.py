"""Events with their minified frames as uploaded source maps have them.

What is read of maps is kept in memory by the SHA-1 of what was uploaded, so it is true for every
database and for ever; which map a script has is asked anew each time, so an upload counts at once.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from lighttrace.errors import SourceMapError, StoreError
from lighttrace.event.model import Event, Unmapped
from lighttrace.sourcemaps import jvm, missing, readable
from lighttrace.sourcemaps.readable import Ask, Lines, Original
from lighttrace.sourcemaps.retrace import Mapping
from lighttrace.sourcemaps.table import Table, Token
from lighttrace.store import artifacts, debug_files, maps
from lighttrace.store.bundles import Build
from lighttrace.store.database import Reader
from lighttrace.store.maps import FoundMap, Lack, NoMap

T = TypeVar("T")

TABLE_BYTES = 32 * 1024 * 1024  # six maps of 6 MB; a single larger one is kept all the same
TEXT_BYTES = 16 * 1024 * 1024
MAPPING_BYTES = 64 * 1024 * 1024  # four of 30 MB as text
LINE_BYTES = 60  # of a string, beside its letters


# columns, which only engines of JavaScript send, and images of the JVM
SIGNS = (b'"colno"', b'"proguard"', b'"jvm"')


def may_concern(body: bytes) -> bool:
    """Whether it is worth while to look for files that make an event readable."""
    return any(sign in body for sign in SIGNS)


class Memory(Generic[T]):
    """The last used of what is large and never changes, up to so many bytes; for all threads."""

    def __init__(self, most_bytes: int, size: Callable[[T], int]) -> None:
        self._most_bytes = most_bytes
        self._size = size
        self._held: OrderedDict[bytes, T] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: bytes) -> T | None:
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def put(self, key: bytes, value: T) -> None:
        with self._lock:
            if key in self._held:
                return
            self._held[key] = value
            self._bytes += self._size(value)
            while self._bytes > self._most_bytes and len(self._held) > 1:
                self._bytes -= self._size(self._held.popitem(last=False)[1])


def _text_bytes(lines: tuple[str, ...]) -> int:
    return sum(map(len, lines)) + LINE_BYTES * len(lines)


TABLES: Memory[Table] = Memory(TABLE_BYTES, lambda table: table.size_bytes)
TEXTS: Memory[tuple[str, ...]] = Memory(TEXT_BYTES, _text_bytes)


MAPPINGS: Memory[Mapping] = Memory(MAPPING_BYTES, lambda mapping: mapping.size_bytes)


class Uploaded:
    """What was uploaded for a project, as `sourcemaps.readable` asks for it. `bundle_ids`: those
    that were of use.
    """

    def __init__(self, db: Reader, project_id: int) -> None:
        self._db = db
        self._project_id = project_id
        self.bundle_ids: set[int] = set()

    def script(self, ask: Ask) -> Lines:
        """The lines of a script as it was uploaded; empty if it was not."""
        found = self._find(ask)
        if isinstance(found, Unmapped) or found.script_id is None:
            return ()
        return _lines(self._db, found.script_id)

    def __call__(self, ask: Ask) -> "_Map | Unmapped":
        found = self._find(ask)
        if isinstance(found, Unmapped):
            return found
        if found.error is not None:
            return missing.broken(found.error)
        table = self._table(found.id)
        if isinstance(table, Unmapped):
            return table
        self.bundle_ids.add(found.bundle_id)
        return _Map(self._db, found.id, table)

    def mapping(self, debug_id: str) -> Mapping | Unmapped:
        """As `sourcemaps.jvm` asks for it."""
        found = debug_files.mapping(self._db, self._project_id, debug_id)
        if found is None:
            return missing.mapping(debug_id)
        key = artifacts.sha1_of(self._db, found.id)
        mapping = None if key is None else MAPPINGS.get(key)
        if mapping is None:
            try:
                data = artifacts.content(self._db, found.id)
                if key is None or data is None:
                    return missing.broken_mapping("it was removed")
                mapping = Mapping(data)
            except (StoreError, SourceMapError) as error:
                return missing.broken_mapping(str(error))
            MAPPINGS.put(key, mapping)
        self.bundle_ids.add(found.bundle_id)
        return mapping

    def source(self, debug_id: str, urls: Sequence[str]) -> Lines:
        """The lines of the first of these files that a bundle of sources has."""
        for url in urls:
            found = debug_files.source(self._db, self._project_id, debug_id, url)
            if found is not None:
                self.bundle_ids.add(found.bundle_id)
                return _lines(self._db, found.id)
        return ()

    def _find(self, ask: Ask) -> FoundMap | Unmapped:
        if ask.debug_id is not None:
            by_id = maps.by_debug_id(self._db, self._project_id, ask.debug_id)
            if by_id is not None:
                return by_id
        if not ask.release:
            return missing.debug_id(ask.debug_id) if ask.debug_id else missing.no_release()
        by_url = maps.by_url(self._db, Build(self._project_id, ask.release, ask.dist), ask.url)
        if isinstance(by_url, FoundMap):
            return by_url
        return missing.debug_id(ask.debug_id) if ask.debug_id else _why(by_url, ask)

    def _table(self, map_id: int) -> Table | Unmapped:
        key = artifacts.sha1_of(self._db, map_id)
        if key is None:
            return missing.broken("it was removed")
        table = TABLES.get(key)
        if table is None:
            try:
                data = artifacts.content(self._db, map_id)
                if data is None:
                    return missing.broken("it was removed")
                table = Table.from_bytes(data)
            except (StoreError, SourceMapError) as error:
                return missing.broken(str(error))
            TABLES.put(key, table)
        return table


class _Map:
    """One map, with the sources that are asked for."""

    def __init__(self, db: Reader, map_id: int, table: Table) -> None:
        self._db = db
        self._map_id = map_id
        self._originals: dict[int, Original] = {}
        self.find: Callable[[int, int], Token | None] = table.find

    def original(self, source: int) -> Original:
        found = self._originals.get(source)
        if found is None:
            it = artifacts.source(self._db, self._map_id, source)
            found = Original("unknown", False, ())
            if it is not None:
                lines = () if it.artifact_id is None else _lines(self._db, it.artifact_id)
                found = Original(it.path, it.ignored, lines)
            self._originals[source] = found
        return found


def _lines(db: Reader, artifact_id: int) -> tuple[str, ...]:
    key = artifacts.sha1_of(db, artifact_id)
    if key is None:
        return ()
    lines = TEXTS.get(key)
    if lines is None:
        try:
            data = artifacts.content(db, artifact_id)
        except StoreError:
            return ()
        if data is None:
            return ()
        text = data.decode("utf-8", "replace").replace("\r\n", "\n")
        lines = tuple(text.split("\n"))
        TEXTS.put(key, lines)
    return lines


def _why(found: NoMap, ask: Ask) -> Unmapped:
    match found.lack:
        case Lack.RELEASE:
            return missing.release(ask.release)
        case Lack.DIST:
            return missing.dist(ask.release, ask.dist, found.dists)
        case Lack.URL:
            return missing.url(ask.release, maps.spellings(ask.url)[-1])
        case Lack.NAMELESS:
            return missing.nameless(maps.spellings(ask.url)[-1])
        case Lack.MAP:
            return missing.map_file(found.map_url or "")


def as_sent(db: Reader, project_id: int, event: Event) -> Event:
    """What `with_maps` made readable as it was sent, with the code of uploaded scripts."""
    uploaded = Uploaded(db, project_id)
    return readable.as_sent(
        event, lambda frame: uploaded.script(readable.ask(event, frame.abs_path or ""))
    )


def with_maps(db: Reader, project_id: int, event: Event) -> tuple[Event, frozenset[int]]:
    """The event as people can read it, and the bundles that made it so (`Store.touch_bundle`)."""
    uploaded = Uploaded(db, project_id)
    found = jvm.readable(readable.readable(event, uploaded), uploaded)
    return found, frozenset(uploaded.bundle_ids)
