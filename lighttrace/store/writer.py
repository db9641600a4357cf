"""The one thread that writes: takes what is queued, commits it together, answers after COMMIT.

It does not wait for company: under load batches form by themselves, and when idle a lingering of
5 ms would be the whole latency. What can go wrong, and what then:

- one row SQLite refuses: the batch is rolled back and tried again in halves, down to that row;
- disk full, I/O error, locked for too long: everybody in the batch gets DiskError, nothing is
  remembered, the thread goes on and finds out by itself when it is over;
- a damaged file, or a mistake in here: `on_fatal`, and the process ends with the reason.
"""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from lighttrace.clock import Clock
from lighttrace.errors import DiskError, StoreError
from lighttrace.store import keys, settings
from lighttrace.store.batch import Done, Packed, store_events
from lighttrace.store.bodies import Compressor
from lighttrace.store.checkpoint import Checkpointer, checkpoint, is_too_long, wal_of
from lighttrace.store.database import Fault, Transaction, damage, fault_of
from lighttrace.store.keys import KeyCache
from lighttrace.store.memory import REMEMBERED, Memory, Noticed
from lighttrace.store.sidework import SideWork
from lighttrace.store.watching import Watch
from lighttrace.store.writes import Committed, EventWrite, Heard

log = logging.getLogger(__name__)

# More an event is cheaper, but a batch of 512 answers its first event after 135 ms
# (docs/storage.md)
MOST_JOBS = 128
EVERYTHING = REMEMBERED | {"keys", "dictionaries"}
IDLE_S = 1.0  # outcomes, refusals and uses of keys wait no longer than this for a batch


@dataclass(slots=True, eq=False)
class Job:
    """Something to do in a transaction: an event to store, or a function to call.

    A function may be called again when its batch has to be tried again: it changes nothing but the
    database.
    """

    future: "asyncio.Future[Any]"
    write: EventWrite | None = None
    call: Callable[[Transaction], Any] | None = None
    packed: Packed | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a job: a value, or an exception."""

    job: Job
    value: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class Changes:
    """What the transactions of one turn changed, together."""

    any: bool = False
    issue_ids: set[int] = field(default_factory=set)
    project_ids: set[int] = field(default_factory=set)
    causes: int = 0
    heard: list[Heard] = field(default_factory=list)
    regrouped: set[int] = field(default_factory=set)

    def add(self, done: Done, noticed: Noticed) -> None:
        self.issue_ids |= done.issue_ids | noticed.issue_ids
        self.project_ids |= done.project_ids | noticed.project_ids
        self.regrouped |= noticed.regrouped
        self.causes += done.causes
        self.heard += done.heard

    def committed(self) -> Committed | None:
        if not self.any:
            return None
        return Committed(
            issue_ids=frozenset(self.issue_ids),
            project_ids=frozenset(self.project_ids),
            causes=self.causes,
            heard=tuple(self.heard),
            regrouped=frozenset(self.regrouped),
        )


Deliver = Callable[[list[Settled], Committed | None], None]


class Writer(threading.Thread):
    """`deliver` and `on_fatal` are called in this thread."""

    def __init__(
        self,
        db: sqlite3.Connection,
        path: Path,
        clock: Clock,
        key_cache: KeyCache,
        *,
        deliver: Deliver,
        on_fatal: Callable[[str], None],
    ) -> None:
        super().__init__(name="writer", daemon=True)
        self.queue: SimpleQueue[Job | None] = SimpleQueue()  # None: stop after what is before it
        self.side = SideWork()
        self.disk_trouble: str | None = None
        self.last_batch_ms = 0
        self.abandoned = False  # stop after this batch, whatever is queued
        self._db = db
        self._path = path
        self._wal = wal_of(path)
        self._clock = clock
        self._keys = key_cache
        self._deliver = deliver
        self._on_fatal = on_fatal
        self._memory = Memory()
        self._noticed = Noticed()
        self._compressor = Compressor(db)
        self._checkpointer = Checkpointer(path)
        self._others = 0  # PRAGMA data_version: moves when another process commits
        self._stopping = False

    def watch(self, watch: Watch) -> None:
        """Before `start`: who looks at each event."""
        self._memory.watch = watch

    def prepare(self) -> None:
        """Read what must be there before the first request. Called once, before `start`."""
        self._noticed.watch(self._db)
        self._others_wrote()
        self._keys.put(keys.every(self._db))

    def run(self) -> None:
        self._checkpointer.start()
        try:
            while not (self._stopping or self.abandoned):
                self._turn(self._gather())
        except Exception as error:
            log.critical("the writer ends", exc_info=error)
            self._on_fatal(_why(self._path, error))
        finally:
            self._checkpointer.end()
            self._checkpointer.join()

    def _gather(self) -> list[Job]:
        """What is queued, at most a batch of it; empty after a while with nothing."""
        jobs: list[Job] = []
        with suppress(Empty):
            job = self.queue.get(timeout=IDLE_S)
            while job is not None:
                jobs.append(job)
                if len(jobs) == MOST_JOBS:
                    return jobs
                job = self.queue.get_nowait()
            self._stopping = True
        return jobs

    def _turn(self, jobs: list[Job]) -> None:
        began_s = self._clock.monotonic_s()
        settled: list[Settled] = []
        changes = Changes()
        try:
            if self._checkpointer.damage is not None:
                raise self._checkpointer.damage
            if jobs or self.side or self.disk_trouble is not None:
                self._commit_or_split(jobs, settled, changes)
            elif self._others_wrote():
                self._refresh(EVERYTHING)
                changes.any = True
        except Exception:
            answered = {id(it.job) for it in settled}
            gone = StoreError("the store has stopped")
            settled += [Settled(job, error=gone) for job in jobs if id(job) not in answered]
            raise
        finally:
            if settled or changes.any:
                self._deliver(settled, changes.committed())
        if not jobs:
            return
        self.last_batch_ms = round((self._clock.monotonic_s() - began_s) * 1000)
        self._checkpointer.wrote(len(jobs))
        if is_too_long(self._wal):
            self._empty_log()

    def _empty_log(self) -> None:
        try:
            checkpoint(self._db, "RESTART")
        except sqlite3.Error as error:  # a disk that is full now is met by the next batch
            if fault_of(error) is Fault.CORRUPT:
                raise

    def _commit_or_split(self, jobs: list[Job], settled: list[Settled], changes: Changes) -> None:
        """Commit the jobs, all together if that can be; else in halves, to find the one that
        cannot.
        """
        try:
            settled += self._commit(jobs, changes)
        except Exception as error:
            self._roll_back()
            fault = fault_of(error)
            if fault is Fault.CORRUPT:
                raise
            if fault is Fault.DISK:
                self._note_trouble(error)
                sorry = DiskError(f"the database cannot be written: {error}")
                settled += [Settled(job, error=sorry) for job in jobs]
            elif not jobs:
                raise  # nothing of it came from outside: a mistake in here
            elif len(jobs) == 1:
                log.error("refused by the store", exc_info=error)
                refusal = StoreError(f"could not be stored: {error}")
                settled.append(Settled(jobs[0], error=refusal))
            else:
                half = len(jobs) // 2
                self._commit_or_split(jobs[:half], settled, changes)
                self._commit_or_split(jobs[half:], settled, changes)

    def _commit(self, jobs: list[Job], changes: Changes) -> list[Settled]:
        events = [job for job in jobs if job.write is not None]
        packed = [self._pack(job, job.write) for job in events if job.write is not None]
        now_ms = self._clock.now_ms()
        self._noticed.clear()
        taken = self.side.take()
        try:
            self._db.execute("BEGIN IMMEDIATE")
            if others_wrote := self._others_wrote():
                self._refresh(REMEMBERED)
            # Events first: one that was queued before "resolve" must not reopen the issue.
            done = store_events(self._db, self._memory, packed, now_ms)
            self.side.write(self._db, taken, done.outcomes, now_ms)
            settled = [
                Settled(job, error=it) if isinstance(it, StoreError) else Settled(job, it)
                for job, it in zip(events, done.answers, strict=True)
            ]
            settled += [self._call(job, job.call) for job in jobs if job.call is not None]
            if self.disk_trouble is not None:
                settings.put(self._db, "disk_trouble_ended_at", str(now_ms))
            self._db.execute("COMMIT")
        except BaseException:
            self.side.put_back(taken)
            raise
        self._memory.keep()
        if self.disk_trouble is not None:
            log.warning("the database can be written again")
            self.disk_trouble = None
            changes.any = True  # pages show whether the disk is full
        self._refresh(EVERYTHING if others_wrote else self._noticed.stale)
        changes.add(done, self._noticed)
        changes.any = changes.any or bool(settled) or others_wrote
        return settled

    def _pack(self, job: Job, write: EventWrite) -> Packed:
        if job.packed is None:
            job.packed = Packed(write, *self._compressor.compress(write.project_id, write.body))
        return job.packed

    def _call(self, job: Job, call: Callable[[Transaction], Any]) -> Settled:
        """Run a function under its own savepoint: what it raises is its caller's alone."""
        self._db.execute("SAVEPOINT call")
        try:
            value = call(self._db)
        except Exception as error:
            if fault_of(error) is not Fault.DATA or not self._db.in_transaction:
                raise
            self._db.execute("ROLLBACK TO call")
            self._db.execute("RELEASE call")
            return Settled(job, error=error)
        self._db.execute("RELEASE call")
        return Settled(job, value)

    def _roll_back(self) -> None:
        self._memory.drop()
        if self._db.in_transaction:  # SQLite rolls back by itself when the disk is full
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")

    def _note_trouble(self, error: Exception) -> None:
        if self.disk_trouble is None:
            log.error("the database cannot be written: %s", error)
        self.disk_trouble = str(error)

    def _others_wrote(self) -> bool:
        """Whether another process has committed since the last look."""
        before = self._others
        self._others = int(self._db.execute("PRAGMA data_version").fetchone()[0])
        return self._others != before

    def _refresh(self, stale: Iterable[str]) -> None:
        for what in stale:
            if what == "keys":
                self._keys.put(keys.every(self._db))
            elif what == "dictionaries":
                self._compressor.forget()
            else:
                self._memory.forget(what)


def _why(path: Path, error: Exception) -> str:
    if fault_of(error) is Fault.CORRUPT:
        return f"Nothing more is written. {damage(path, error)}"
    return f"The writer of {path} has stopped: {error!r}."
