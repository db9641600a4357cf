"""Bundles: files that were uploaded together, and the builds (project, release, dist) they are of.

created → assembling → ok or error. A bundle is known by its SHA-1 and read once; the same one for
another build only gets a row more. Nothing of a bundle that failed is kept but its sentence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from lighttrace.store.database import Reader, Transaction
from lighttrace.store.sight import Sight

State: TypeAlias = Literal["created", "assembling", "ok", "error", "gone"]
NAME_BYTES = 20  # a SHA-1
FORGOTTEN = 500  # files in one transaction
WAITING: frozenset[State] = frozenset({"created", "assembling"})
DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Build:
    """What a bundle was uploaded for; '' where nothing was said."""

    project_id: int
    release: str = ""
    dist: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """`chunks`: the SHA-1s of its parts in order, until it is read. Times are ms."""

    id: int
    sha1: bytes
    state: State
    error: str | None
    chunks: tuple[bytes, ...]
    changed_at: int


COLUMNS = "id, sha1, state, error, chunks, changed_at"
BY_SHA1 = f"select {COLUMNS} from bundle where sha1 = ?"


def by_sha1(db: Reader, sha1: bytes) -> Bundle | None:
    return _bundle(db.execute(BY_SHA1, (sha1,)).fetchone())


CREATE = f"""
insert into bundle(sha1, state, chunks, made_at, changed_at, used_at)
values (?1, 'created', ?2, ?3, ?3, ?3)
on conflict(sha1) do update set state = 'created', error = null, chunks = ?2, changed_at = ?3
  where state = 'error'
returning {COLUMNS}
"""


def create(tx: Transaction, sha1: bytes, chunks: Sequence[bytes], now_ms: int) -> Bundle:
    """The bundle, waiting to be read; one that is known already is left as it is, unless it
    failed.
    """
    row = tx.execute(CREATE, (sha1, b"".join(chunks), now_ms)).fetchone()
    found = _bundle(row) or by_sha1(tx, sha1)
    assert found is not None
    return found


ASSOCIATE = """
insert into bundle_build(project_id, release, dist, bundle_id, at, tool) values (?, ?, ?, ?, ?, ?)
on conflict do update set at = excluded.at, tool = excluded.tool
"""
USED = "update bundle set used_at = max(used_at, ?) where id = ?"


def associate(
    tx: Transaction, bundle_id: int, builds: Iterable[Build], tool: str, now_ms: int
) -> None:
    """The bundle is of these builds as well. `tool`: what uploaded it."""
    rows = [(it.project_id, it.release, it.dist, bundle_id, now_ms, tool) for it in builds]
    tx.executemany(ASSOCIATE, rows)
    tx.execute(USED, (now_ms, bundle_id))


def receive(
    tx: Transaction,
    sha1: bytes,
    chunks: Sequence[bytes],
    builds: Iterable[Build],
    tool: str,
    now_ms: int,
) -> Bundle:
    """The bundle, of these builds from now on, waiting to be read if it is not known."""
    found = create(tx, sha1, chunks, now_ms)
    associate(tx, found.id, builds, tool, now_ms)
    return found


BUILDS = "select project_id, release, dist, at from bundle_build where bundle_id = ?"


def builds(db: Reader, bundle_id: int) -> dict[Build, int]:
    """The builds a bundle is of, and when it was uploaded for each the last time (ms)."""
    rows = db.execute(BUILDS, (bundle_id,))
    return {Build(project_id, release, dist): at for project_id, release, dist, at in rows}


def is_seen(db: Reader, bundle_id: int, sight: Sight) -> bool:
    """Whether somebody sees a project that the bundle was uploaded for."""
    return any(sight.sees(it.project_id) for it in builds(db, bundle_id))


BROKEN = """
select f.url, a.error from bundle_file f cross join artifact a on a.id = f.artifact_id
 where f.bundle_id = ? and a.error is not null order by f.url limit 20
"""


def broken(db: Reader, bundle_id: int) -> dict[str, str]:
    """Maps of a bundle that cannot be read, by URL, and why; at most twenty."""
    return dict(db.execute(BROKEN, (bundle_id,)).fetchall())


ANY_WAITING = "select exists(select 1 from bundle where state in ('created', 'assembling'))"


def any_waiting(db: Reader) -> bool:
    return bool(db.execute(ANY_WAITING).fetchone()[0])


BROKEN_OFF = f"select {COLUMNS} from bundle where state = 'assembling' order by id limit 1"
TAKE = f"""
update bundle set state = 'assembling', changed_at = ?
 where id = (select id from bundle where state = 'created' order by id limit 1)
returning {COLUMNS}
"""


def take(tx: Transaction, now_ms: int) -> Bundle | None:
    """The bundle to be read next, which is being read from now on. One that was being read when
    the server ended comes first.
    """
    broken_off = _bundle(tx.execute(BROKEN_OFF).fetchone())
    return broken_off or _bundle(tx.execute(TAKE, (now_ms,)).fetchone())


@dataclass(frozen=True, slots=True)
class File:
    """A file of a bundle. `url`: where browsers find it, `~` for any host; `debug_id`: 16 bytes;
    `map_url`: where a script says its map is, already joined with `url`.
    """

    url: str
    artifact_id: int
    debug_id: bytes | None = None
    map_url: str | None = None


ADD_FILE = """
insert into bundle_file(bundle_id, url, number, artifact_id, debug_id, map_url)
values (?, ?, ?, ?, ?, ?)
"""
COUNT_FILES = "update bundle set files = files + ? where id = ?"


def add_files(tx: Transaction, bundle_id: int, first: int, files: Sequence[File]) -> None:
    """Some of its files, numbered from `first` on. They are found once it is `ok`."""
    rows = [
        (bundle_id, it.url, number, it.artifact_id, it.debug_id, it.map_url)
        for number, it in enumerate(files, first)
    ]
    tx.executemany(ADD_FILE, rows)
    tx.execute(COUNT_FILES, (len(rows), bundle_id))


FORGET_FILES = f"""
delete from bundle_file where bundle_id = ?1 and (url, number) in (
  select url, number from bundle_file where bundle_id = ?1 limit {FORGOTTEN})
"""
START_ANEW = "update bundle set files = 0 where id = ?"


def forget_files(tx: Transaction, bundle_id: int) -> bool:
    """Some of the files that an attempt has left which broke off or failed; whether there are
    more.
    """
    tx.execute(START_ANEW, (bundle_id,))
    return tx.execute(FORGET_FILES, (bundle_id,)).rowcount == FORGOTTEN


END = """
update bundle set state = ?, error = ?, chunks = null, size_bytes = ?, changed_at = ?
 where id = ? and state = 'assembling'
"""


def settle(
    tx: Transaction, bundle_id: int, size_bytes: int, now_ms: int, error: str | None = None
) -> None:
    """It has been read; or, with `error`, it cannot be, and why: its files are forgotten by
    then.
    """
    state: State = "ok" if error is None else "error"
    tx.execute(END, (state, error, size_bytes, now_ms, bundle_id))


TOUCH = "update bundle set used_at = ? where id = ? and used_at < ?"


def touch(tx: Transaction, used: dict[int, int]) -> None:
    """Bundles an event was read with, and when (ms): they are kept for longer. A day is exact
    enough.
    """
    rows = [(at, bundle_id, at - DAY_MS) for bundle_id, at in used.items()]
    tx.executemany(TOUCH, rows)


def _bundle(row: tuple[Any, ...] | None) -> Bundle | None:
    if row is None:
        return None
    bundle_id, sha1, state, error, chunks, changed_at = row
    names = chunks or b""
    some = tuple(names[at : at + NAME_BYTES] for at in range(0, len(names), NAME_BYTES))
    return Bundle(bundle_id, sha1, state, error, some, changed_at)
