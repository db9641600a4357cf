"""The store as the rest of LightTrace sees it: hand over an event, change something, read
something.

Everything that changes goes through one writer's thread and is answered after COMMIT. Reading runs
in a few threads of its own, each with a connection that cannot write. See docs/storage.md.
"""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from lighttrace.clock import Clock
from lighttrace.errors import DiskError, QueueFullError, StartError, StoreError
from lighttrace.store import bodies, migrate
from lighttrace.store.checkpoint import checkpoint, wal_of
from lighttrace.store.database import (
    Fault,
    Reader,
    Synchronous,
    Transaction,
    damage,
    fault_of,
    open_reader,
    open_writer,
    require_sqlite,
    snapshot,
    transaction,
)
from lighttrace.store.keys import KeyCache
from lighttrace.store.lock import Lock
from lighttrace.store.migrate import Progress
from lighttrace.store.tokens import Use
from lighttrace.store.watching import Watch
from lighttrace.store.writer import Job, Settled, Writer
from lighttrace.store.writes import Committed, EventWrite, Outcome, Refusal, Stored

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

MOST_QUEUED = 4096  # writes waiting, as limits.queue; about two seconds of the writer's work
MOST_QUEUED_BYTES = 64 * 1024 * 1024  # of their bodies; decoded they take some five times that
MOST_CALLS = 512  # a person's change may wait behind a full queue, so many of them
READER_THREADS = 3
CLOSE_S = 2.0  # for the writer to finish its queue


@dataclass(frozen=True, slots=True)
class StoreHealth:
    queue: int
    disk_full: bool  # or cannot be written for another reason; ends by itself
    writer_alive: bool
    size_bytes: int  # of the database and its log
    last_batch_ms: int


class Store:
    """Made by `open`, running from `start` to `close`. Methods belong to the loop's thread."""

    def __init__(self, path: Path, clock: Clock, lock: Lock, db: sqlite3.Connection) -> None:
        self.path = path
        self.on_commit: list[Callable[[Committed], None]] = []
        self.on_fatal: list[Callable[[str], None]] = []  # the process must end, with this reason
        self._clock = clock
        self._lock = lock
        self._db = db
        self._key_reader = open_reader(path)
        self.keys = KeyCache(self._key_reader)
        self._writer = Writer(
            db, path, clock, self.keys, deliver=self._deliver, on_fatal=self._tell_fatal
        )
        try:
            self._writer.prepare()
        except BaseException:
            self._key_reader.close()
            raise
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queued = 0
        self._has_ended = False  # the writer failed; its thread may need a moment more
        self._queued_bytes = 0
        self._closing = False
        self._readers = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._pool = ThreadPoolExecutor(
            READER_THREADS, thread_name_prefix="reader", initializer=self._open_reader
        )

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        synchronous: Synchronous = "FULL",
        create: bool = True,
        copy: bool = True,
        progress: Progress | None = None,
    ) -> "Store":
        """Take the database's lock, make or migrate the database. Raises StartError.

        `copy`: whether a database with data is copied before a migration changes it; `progress` is
        given lines about that, for people.
        """
        require_sqlite()
        path = path.absolute()
        if create:
            _make_folder(path.parent)
        elif not path.is_file():
            raise _nothing_there(path)
        lock = Lock.take(path)
        try:
            with _in_a_sentence(path):
                db = _open(path, synchronous, copy, progress)
                try:
                    return cls(path, clock, lock, db)
                except BaseException:
                    db.close()
                    raise
        except BaseException:
            lock.release()
            raise

    @staticmethod
    @contextmanager
    def connect(path: Path) -> Iterator[Transaction]:
        """For commands, while a server may be running: one short transaction, whole or not at all.

        Raises StartError if there is no database of this version, or if it stays locked.
        """
        require_sqlite()
        if not path.is_file():
            raise _nothing_there(path)
        with _in_a_sentence(path):
            db = open_writer(path)
        with closing(db):
            migrate.require_current(db, path)
            try:
                with transaction(db) as tx:
                    yield tx
            except sqlite3.Error as error:
                fault = fault_of(error)
                if fault is Fault.DATA:
                    raise
                if fault is Fault.CORRUPT:
                    raise StartError(damage(path, error)) from error
                raise StartError(f"{path} cannot be written just now: {error}.") from error

    def watch(self, watch: Watch) -> None:
        """Before `start`: who looks at each event as it is stored, in the writer's thread."""
        self._writer.watch(watch)

    async def start(self) -> None:
        """Start writing. The loop this runs in is the one that futures resolve on."""
        self._loop = asyncio.get_running_loop()
        self._writer.start()

    async def close(self) -> None:
        """Finish what is queued, for at most two seconds, and leave the file tidy."""
        if self._closing:
            return
        self._closing = True
        if self._writer.ident is not None:
            self._writer.queue.put(None)
            await asyncio.to_thread(self._writer.join, CLOSE_S)
            self._writer.abandoned = True
            await asyncio.to_thread(self._writer.join)  # the batch it is at, no more
            await asyncio.sleep(0)  # answers of the last batch are on their way to this loop
        self._refuse_rest()
        await asyncio.to_thread(self._close_files)

    def submit(self, write: EventWrite) -> "asyncio.Future[Stored]":
        """Queue an event; the future resolves after COMMIT, or with DiskError or StoreError.

        Raises QueueFullError at once if the writer has more to do than it may hold.
        """
        full = self._queued >= MOST_QUEUED or self._queued_bytes >= MOST_QUEUED_BYTES
        if full:
            raise QueueFullError("more events are waiting than the disk can take")
        future = self._enqueue(write=write)
        self._queued_bytes += len(write.body)
        return future

    async def write(
        self, fn: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call `fn(tx, …)` in the writer's next batch, all of it or nothing; its result after
        COMMIT.

        What it raises is raised here, and then nothing it did remains. It may be called a second
        time when another part of its batch fails, so it must change nothing but the database.
        """
        if self._queued >= MOST_QUEUED + MOST_CALLS:
            raise QueueFullError("more changes are waiting than the disk can take")
        call = partial(_call, fn, args, kwargs)
        result: T = await self._enqueue(call=call)
        return result

    async def read(
        self, fn: Callable[Concatenate[Reader, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call `fn(db, …)` in a reader's thread, on one snapshot, for at most five seconds."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, partial(self._read, fn, args, kwargs))

    def count(self, *things: Outcome) -> None:
        """Count outcomes, written within a second. Those of `EventWrite`s the writer counts."""
        self._writer.side.ledger.count(things, self._clock.now_ms())

    def refuse(self, refusal: Refusal) -> None:
        """Remember a refused request, written within a second; of a flood only the newest."""
        self._writer.side.ring.add(refusal, self._clock.now_ms())

    def touch_key(self, key_id: int) -> None:
        """Remember that a key was used just now."""
        self._writer.side.touch_key(key_id, self._clock.now_ms())

    def touch_token(self, token_id: int, ip: str | None, agent: str | None) -> None:
        """Remember that a token was used just now, and by whom."""
        self._writer.side.touch_token(token_id, Use(self._clock.now_ms(), ip, agent))

    def touch_bundle(self, bundle_id: int) -> None:
        """Remember that an event was read with files of a bundle just now, so that it is kept."""
        self._writer.side.touch_bundle(bundle_id, self._clock.now_ms())

    def health(self) -> StoreHealth:
        return StoreHealth(
            queue=self._queued,
            disk_full=self._writer.disk_trouble is not None,
            writer_alive=self._writer.is_alive() and not self._has_ended,
            size_bytes=_size_of(self.path) + _size_of(wal_of(self.path)),
            last_batch_ms=self._writer.last_batch_ms,
        )

    def _enqueue(
        self,
        write: EventWrite | None = None,
        call: Callable[[Transaction], Any] | None = None,
    ) -> "asyncio.Future[Any]":
        stopped = self._closing or self._has_ended or not self._writer.is_alive()
        if stopped or self._loop is None:
            raise StoreError("the store is not running")
        job = Job(self._loop.create_future(), write, call)
        self._queued += 1
        self._writer.queue.put(job)
        return job.future

    def _deliver(self, settled: list[Settled], committed: Committed | None) -> None:
        """In the writer's thread: one crossing to the loop for a whole batch."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._settle, settled, committed)
        except RuntimeError:
            log.warning("the loop ended before %d answers", len(settled))

    def _settle(self, settled: list[Settled], committed: Committed | None) -> None:
        self._queued -= len(settled)
        for it in settled:
            if it.job.write is not None:
                self._queued_bytes -= len(it.job.write.body)
            if it.job.future.done():  # cancelled: whoever waited is gone
                continue
            if it.error is not None:
                it.job.future.set_exception(it.error)
            else:
                it.job.future.set_result(it.value)
        if committed is not None:
            for tell in self.on_commit:
                tell(committed)

    def _tell_fatal(self, reason: str) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._end, reason)

    def _end(self, reason: str) -> None:
        self._has_ended = True  # first of all: what is queued from here on nobody would answer
        self._refuse_rest()
        for tell in self.on_fatal:
            tell(reason)

    def _refuse_rest(self) -> None:
        rest: list[Settled] = []
        gone = StoreError("the store has stopped")
        while not self._writer.queue.empty():
            job = self._writer.queue.get_nowait()
            if job is not None:
                rest.append(Settled(job, error=gone))
        self._settle(rest, None)

    def _open_reader(self) -> None:
        self._readers.db = db = open_reader(self.path)
        self._opened.append(db)

    def _read(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        try:
            with snapshot(self._readers.db) as db:
                return fn(db, *args, **kwargs)
        except sqlite3.DatabaseError as error:
            fault, code = fault_of(error), getattr(error, "sqlite_errorcode", None)
            if fault is Fault.CORRUPT:
                raise StoreError(damage(self.path, error)) from error
            if code == sqlite3.SQLITE_INTERRUPT:
                raise StoreError("this took longer than five seconds to look up") from error
            writes = code == sqlite3.SQLITE_READONLY  # a mistake of the caller
            if fault is Fault.DISK and not writes:
                raise DiskError(f"the database cannot be read: {error}") from error
            raise

    def _close_files(self) -> None:
        self._pool.shutdown()
        for db in (*self._opened, self._key_reader):
            db.close()
        try:
            checkpoint(self._db, "TRUNCATE")
        except sqlite3.Error as error:
            log.warning("the log could not be moved into the database: %s", error)
        finally:
            self._db.close()
            self._lock.release()


def _call(
    fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], tx: Transaction
) -> T:
    return fn(tx, *args, **kwargs)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"Cannot make the folder {folder}: {error.strerror}.") from error


def _nothing_there(path: Path) -> StartError:
    return StartError(
        f"There is no database at {path}. `lighttrace serve` makes one; "
        "--data or --config says where it is."
    )


def _open(
    path: Path, synchronous: Synchronous, copy: bool, progress: Progress | None
) -> sqlite3.Connection:
    if not path.exists():
        path.touch(0o600)  # bodies of events are nobody else's business
    db = open_writer(path, synchronous=synchronous)
    try:
        migrate.migrate(db, path, copy=copy, progress=progress)
        with transaction(db) as tx:
            bodies.add_shipped(tx)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def _in_a_sentence(path: Path) -> Iterator[None]:
    """Whatever keeps a database from being opened, as a StartError."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        if fault_of(error) is Fault.CORRUPT:
            raise StartError(damage(path, error)) from error
        raise StartError(f"Cannot open the database {path}: {error}.") from error


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
