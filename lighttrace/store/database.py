"""Connections to the one database file, and what SQLite's errors mean to us.

Three kinds: the server's writer (one, owned by the writer's thread), readers (`mode=ro` and
`query_only`, one a thread) and, for commands, a short `BEGIN IMMEDIATE`. The reasons for each
pragma: docs/storage.md, "Connection settings".
"""

import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from enum import Enum, auto
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from lighttrace.clock import SystemClock
from lighttrace.errors import StartError

Reader: TypeAlias = sqlite3.Connection  # may select, inside one read transaction
Transaction: TypeAlias = sqlite3.Connection  # inside the writer's transaction, or a command's own
Synchronous = Literal["FULL", "NORMAL"]

# "Litr": marks the file as ours, for `file(1)` and for people who name the wrong one
APPLICATION_ID = 0x4C697472
OLDEST_SQLITE = (3, 38, 0)  # STRICT tables, RETURNING, unixepoch()
PAGE_SIZE_BYTES = 8192  # 17 % smaller file than 4096 with bodies of 2.5 KB (bench/store.py)
# a command of the CLI may hold the write lock this long before a batch is answered 503
BUSY_TIMEOUT_MS = 5000
WRITER_CACHE_KIB = 64 * 1024
READER_CACHE_KIB = 16 * 1024
WAL_KEPT_BYTES = 64 * 1024 * 1024  # a WAL that had to grow is cut back to this when it starts anew
MOST_KEYS = 128  # of one question to the database
READ_LIMIT_S = 5.0  # a snapshot held longer keeps the WAL from being emptied
STEPS_BETWEEN_LOOKS = 20_000  # virtual machine steps; about 1 ms


class Fault(Enum):
    """What a failed statement means for the batch it was in."""

    DATA = auto()  # this row, nothing else: the batch is tried again without it
    DISK = auto()  # full, I/O error, locked for too long: everybody waits or is told 503
    CORRUPT = auto()  # nothing more may be written


DISK_CODES = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
}
CORRUPT_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def fault_of(error: BaseException) -> Fault:
    """What kind of trouble an exception out of a batch is. What did not come from SQLite is about
    its row.
    """
    code = _code(error)
    if code in CORRUPT_CODES:
        return Fault.CORRUPT
    return Fault.DISK if code in DISK_CODES else Fault.DATA


def _code(error: BaseException) -> int:
    """SQLite's number of an error, or 0 (it is no error) if it is not one of SQLite's."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else 0  # extended codes: family in the low byte


def require_sqlite() -> None:
    """Refuse, by name, an SQLite that cannot hold the schema."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise StartError(
            f"This Python ({sys.executable}) uses SQLite {sqlite3.sqlite_version}; "
            f"LightTrace needs {needed} or newer. Use a newer Python, or a system with a newer "
            "SQLite (Debian 12, Ubuntu 22.10, Alpine 3.16)."
        )


def damage(path: Path, error: object) -> str:
    """What to say of a database that SQLite finds damaged."""
    return (
        f"The database {path} is damaged ({error}): stop LightTrace if it runs, keep the file, "
        "and restore the newest backup."
    )


def require_ours(path: Path) -> None:
    """Raises StartError for a file that is no database, or another program's, before anything in it
    changes: to open it as ours would turn it into WAL. What holds no table is ours to fill.

    It is read by SQLite and never by `open`: to close a file ends all the locks that this process
    has on it, and another one would take the log of a running server for its own
    (sqlite.org/howtocorrupt.html, 2.2).
    """
    size, has_log = _size(path), _size(path.with_name(path.name + "-wal")) > 0
    if size == 0:
        return
    try:
        found = _look(path, immutable=True)
    except sqlite3.Error as error:
        if not has_log:
            raise _unreadable(path, error) from error
        found = None  # perhaps half of the log was moved: then the other half tells
    if has_log and (found is None or found.application != APPLICATION_ID):
        try:
            found = _look(path, immutable=False)  # of a first start that was killed it has all
        except sqlite3.Error as error:
            raise _unreadable(path, error) from error
    assert found is not None
    if found.size_bytes == 0:
        raise _no_database(path)  # shorter than a page; SQLite takes it for a new one
    if found.application != APPLICATION_ID and found.tables:
        raise not_ours(path)
    if found.size_bytes > size and not has_log:
        raise StartError(damage(path, "its end is missing"))


class _Found(NamedTuple):
    application: int
    tables: int
    size_bytes: int  # as its first page has it


def _look(path: Path, *, immutable: bool) -> _Found:
    """`immutable`: as it is on the disk, without a lock, and without a log being made for it."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable={int(immutable)}"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        ask = (
            "PRAGMA application_id",
            "select count(*) from sqlite_master",
            "PRAGMA page_count",
            "PRAGMA page_size",
        )
        try:
            application, tables, pages, page_bytes = (
                int(db.execute(it).fetchone()[0]) for it in ask
            )
        except UnicodeDecodeError as error:  # SQLite repeats what it cannot read
            raise StartError(damage(path, "its schema cannot be read")) from error
        return _Found(application, tables, pages * page_bytes)


def _unreadable(path: Path, error: sqlite3.Error) -> StartError:
    if _code(error) == sqlite3.SQLITE_NOTADB:
        return _no_database(path)
    if fault_of(error) is Fault.CORRUPT:
        return StartError(damage(path, error))
    return StartError(f"Cannot open the database {path}: {error}.")


def _no_database(path: Path) -> StartError:
    return StartError(
        f"Cannot use {path}: this file is not a database. If it was one of LightTrace, "
        "restore the newest backup; if not, name another folder with --data."
    )


def not_ours(path: Path) -> StartError:
    return StartError(
        f"{path} is an SQLite database, but not one of LightTrace. It stays as it is: "
        "name another folder with --data."
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def open_writer(path: Path, *, synchronous: Synchronous = "FULL") -> sqlite3.Connection:
    """The connection that writes; makes the file if it is not there. Any one thread at a time may
    use it.

    Raises StartError if the file is not ours, or sqlite3.Error; nothing has changed then.
    """
    require_ours(path)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    try:
        db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        # Both are decided once, by the first page written; on an existing file they change nothing.
        db.execute(f"PRAGMA page_size={PAGE_SIZE_BYTES}")
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(f"PRAGMA synchronous={synchronous}")
        db.execute("PRAGMA foreign_keys=ON")
        db.execute("PRAGMA wal_autocheckpoint=0")
        db.execute(f"PRAGMA journal_size_limit={WAL_KEPT_BYTES}")
        db.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
        db.execute("PRAGMA temp_store=MEMORY")
        # Debian builds with SECURE_DELETE, which rewrites every freed page; FAST zeroes only pages
        # written anyway.
        db.execute("PRAGMA secure_delete=FAST")
    except sqlite3.Error:
        db.close()
        raise
    return db


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, whatever it is asked."""
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        db.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        db.execute("PRAGMA query_only=ON")
        db.execute(f"PRAGMA cache_size=-{READER_CACHE_KIB}")
        db.execute("PRAGMA temp_store=MEMORY")
    except sqlite3.Error:
        db.close()
        raise
    return db


@contextmanager
def snapshot(db: sqlite3.Connection) -> Iterator[Reader]:
    """One view of the database for as long as the block runs; a query past the limit is
    interrupted.
    """
    db.set_progress_handler(_late(READ_LIMIT_S), STEPS_BETWEEN_LOOKS)
    db.execute("BEGIN")
    try:
        yield db
    finally:
        db.set_progress_handler(None, 0)
        if db.in_transaction:
            # nothing was written; a rollback cannot fail where a commit could
            db.execute("ROLLBACK")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[Transaction]:
    """All of the block or nothing of it, holding the write lock from its beginning."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite may have rolled back by itself, after SQLITE_FULL for one
            db.execute("ROLLBACK")
        raise


def among(db: sqlite3.Connection, sql: str, keys: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
    """Rows of `sql` for many keys at once; its `{values}` becomes the list of keys.

    A join with a list of rows seeks once a key; `(a, b) in (values …)` scans the whole table
    (3.40). Lists are padded with their last key to a power of two, and `sql` must bear a key given
    twice, so that a handful of prepared statements serve every length.
    """
    for start in range(0, len(keys), MOST_KEYS):
        some = list(keys[start : start + MOST_KEYS])
        size = 1 << (len(some) - 1).bit_length()
        some += [some[-1]] * (size - len(some))
        yield from db.execute(
            _padded(sql, size, len(some[0])), [value for key in some for value in key]
        )


@lru_cache(maxsize=256)
def _padded(sql: str, rows: int, columns: int) -> str:
    row = "(" + ",".join("?" * columns) + ")"
    return sql.format(values="values " + ",".join([row] * rows))


def _late(limit_s: float) -> Callable[[], int]:
    # A watchdog over real work: an injected clock that stands still would never bark.
    clock = SystemClock()
    until_s = clock.monotonic_s() + limit_s
    return lambda: int(clock.monotonic_s() > until_s)
