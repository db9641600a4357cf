"""Which map a script has: by the debug id it carries, else by the URL it came from in a build.

Of several the newest upload counts. Debug ids hold whatever the release and the URL; of a URL,
`~` stands for scheme and host, and query and fragment do not count. Sentry's tools expect that
order.
"""

from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlsplit
from uuid import UUID

from lighttrace.store.bundles import Build
from lighttrace.store.database import Reader


@dataclass(frozen=True, slots=True)
class FoundMap:
    """`id` is for `artifacts.content` and `artifacts.sources`, and never given out again; `error`:
    why it cannot be read. `script_id`: the script's own text, if it was uploaded. `bundle_id` is
    for `Store.touch_bundle`.
    """

    id: int
    error: str | None
    script_id: int | None
    bundle_id: int


class Lack(Enum):
    """Why a build has no map for a URL."""

    RELEASE = auto()  # nothing was uploaded for the release
    DIST = auto()  # nothing for this dist of it; for others there is (`dists`)
    URL = auto()  # other files were, this one was not
    NAMELESS = auto()  # the script was, but it names no map
    MAP = auto()  # the script names a map that was not uploaded


@dataclass(frozen=True, slots=True)
class NoMap:
    """`dists`: those of the release that have files, `''` for none; `map_url`: the one of MAP."""

    lack: Lack
    dists: tuple[str, ...] = ()
    map_url: str | None = None


BY_DEBUG_ID = """
select a.id, a.error, f.bundle_id, (
    select s.artifact_id from bundle_file s cross join artifact t on t.id = s.artifact_id
     where s.debug_id = f.debug_id and s.bundle_id = f.bundle_id and t.kind = 'script' limit 1)
  from bundle_file f
 cross join bundle b on b.id = f.bundle_id and b.state = 'ok'
 cross join artifact a on a.id = f.artifact_id and a.kind = 'map'
 where f.debug_id = ?1
   and exists(select 1 from bundle_build where bundle_id = f.bundle_id and project_id = ?2)
 order by f.bundle_id desc limit 1
"""


def by_debug_id(db: Reader, project_id: int, debug_id: str) -> FoundMap | None:
    """The map of a debug id, a UUID in any spelling, among what was uploaded for the project."""
    key = debug_key(debug_id)
    row = db.execute(BY_DEBUG_ID, (key, project_id)).fetchone() if key else None
    return None if row is None else FoundMap(row[0], row[1], row[3], row[2])


def by_url(db: Reader, build: Build, url: str) -> FoundMap | NoMap:
    """The map of a script by its URL, in exactly this release and dist. Files that were uploaded
    for no release are found by their debug ids only.
    """
    if not build.release:
        return NoMap(Lack.RELEASE)
    script = _file(db, build, url, "script")
    if script is None:
        # a map that was uploaded alone lies beside its script, mostly
        alone = _file(db, build, url + ".map", "map") or _file(db, build, url, "map")
        return _nothing(db, build) if alone is None else alone.map()
    named = _file(db, build, script.map_url, "map") if script.map_url else None
    if named is not None:
        return named.map(script.artifact_id)
    if script.debug_id is not None:
        by_id = by_debug_id(db, build.project_id, script.debug_id.hex())
        if by_id is not None:
            return by_id
    beside = None if script.map_url else _file(db, build, url + ".map", "map")
    if beside is not None:
        return beside.map(script.artifact_id)
    return NoMap(Lack.MAP if script.map_url else Lack.NAMELESS, map_url=script.map_url)


@dataclass(frozen=True, slots=True)
class _File:
    artifact_id: int
    error: str | None
    debug_id: bytes | None
    map_url: str | None
    bundle_id: int

    def map(self, script_id: int | None = None) -> FoundMap:
        return FoundMap(self.artifact_id, self.error, script_id, self.bundle_id)


BY_URL = """
select f.artifact_id, a.error, f.debug_id, f.map_url, f.bundle_id from bundle_build u
 cross join bundle b on b.id = u.bundle_id and b.state = 'ok'
 cross join bundle_file f on f.bundle_id = u.bundle_id and f.url = ?
 cross join artifact a on a.id = f.artifact_id and a.kind = ?
 where u.project_id = ? and u.release = ? and u.dist = ?
 order by u.at desc, f.bundle_id desc, f.number desc limit 1
"""


def _file(db: Reader, build: Build, url: str, kind: str) -> _File | None:
    of = (kind, build.project_id, build.release, build.dist)
    for spelling in spellings(url):
        row = db.execute(BY_URL, (spelling, *of)).fetchone()
        if row is not None:
            return _File(*row)
    return None


DISTS = """
select distinct u.dist from bundle_build u cross join bundle b on b.id = u.bundle_id
 where u.project_id = ? and u.release = ? and b.state = 'ok' order by u.dist limit 20
"""


def _nothing(db: Reader, build: Build) -> NoMap:
    rows = db.execute(DISTS, (build.project_id, build.release)).fetchall()
    dists = tuple(row[0] for row in rows)
    if not dists:
        return NoMap(Lack.RELEASE)
    return NoMap(Lack.URL if build.dist in dists else Lack.DIST, dists)


ANY = """
select exists(select 1 from bundle_build u cross join bundle b on b.id = u.bundle_id
 where u.project_id = ? and b.state = 'ok')
"""


def has_any(db: Reader, project_id: int) -> bool:
    """Whether anything was uploaded for the project."""
    return bool(db.execute(ANY, (project_id,)).fetchone()[0])


WAITING = """
select exists(select 1 from bundle b
 where b.state in ('created', 'assembling') and exists(
    select 1 from bundle_build where bundle_id = b.id and project_id = ?))
"""


def is_waiting(db: Reader, project_id: int) -> bool:
    """Whether something that was uploaded for the project has still to be read."""
    return bool(db.execute(WAITING, (project_id,)).fetchone()[0])


def spellings(url: str) -> tuple[str, ...]:
    """How a URL may be named in a bundle: as it is, without query and fragment, and with `~` for
    scheme and host.
    """
    plain = url.partition("#")[0].partition("?")[0]
    if plain.startswith("~"):
        return (plain,)
    try:
        parts = urlsplit(plain)
    except ValueError:
        return (plain,)
    if not parts.scheme and not parts.netloc:
        return (plain, "~" + plain) if plain.startswith("/") else (plain, "~/" + plain)
    return plain, "~" + (parts.path or "/")


def debug_key(debug_id: str) -> bytes | None:
    """A debug id as it is stored; None if it is no UUID."""
    try:
        return UUID(debug_id).bytes if len(debug_id) <= 45 else None
    except ValueError:
        return None
