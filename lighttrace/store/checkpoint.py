"""Moving the write-ahead log into the database, beside the writer and not inside its batches.

With SQLite's own checkpoint inside a commit the 99th percentile of an answer was 50 ms, with this
thread 30 (docs/performance.md). The log is bounded all the same: see `HARD_BYTES`.
"""

import logging
import sqlite3
import threading
from pathlib import Path

from lighttrace.errors import StartError
from lighttrace.store.database import PAGE_SIZE_BYTES, Fault, fault_of, open_writer

log = logging.getLogger(__name__)

SOFT_FRAMES = 2048  # 16 MiB: begin moving pages, nobody waits
RESET_FRAMES = 8192  # 64 MiB: also make the next batch start the log anew; it waits a moment
HARD_BYTES = 128 * 1024 * 1024  # of the file: now the writer itself waits for a reset
IDLE_S = 2.0  # with nothing more to write, what is left is moved after this long
RETRY_S = 2.0  # after one that failed: a lock, a full disk
RESET_WAIT_MS = 1000  # for readers to let go of the old log
# A batch of n events writes about this many pages (bench/store.py); the true number is known only
# from the checkpoint, which is what corrects the guess.
PAGES_PER_BATCH = 15
PAGES_PER_EVENT = 9


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


class Checkpointer(threading.Thread):
    """Owns a connection of its own. `wrote` is called by the writer after each commit.

    What fails is tried again; of a damaged file `damage` tells the writer, which ends the process.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(name="checkpoint", daemon=True)
        self.damage: sqlite3.Error | None = None
        self._path = path
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._pages = 0  # guessed, since the last checkpoint
        self._trouble: str | None = None
        self._db: sqlite3.Connection | None = None

    def wrote(self, events: int) -> None:
        self._pages += PAGES_PER_BATCH + PAGES_PER_EVENT * events
        if self._pages >= SOFT_FRAMES:
            self._wake.set()

    def end(self) -> None:
        self._ended.set()
        self._wake.set()

    def run(self) -> None:
        seen = 0
        try:
            while not self._ended.is_set() and self.damage is None:
                woken = self._wake.wait(IDLE_S)
                self._wake.clear()
                at_rest = self._pages == seen and self._pages > 0
                if (woken or at_rest) and not self._ended.is_set():
                    self._try()
                seen = self._pages
        finally:
            self._close()

    def _try(self) -> None:
        pages, self._pages = self._pages, 0
        try:
            if self._db is None:
                self._db = self._open()
            if checkpoint(self._db, "PASSIVE") > RESET_FRAMES:
                checkpoint(self._db, "RESTART")
        except (sqlite3.Error, StartError) as error:
            if isinstance(error, sqlite3.Error) and fault_of(error) is Fault.CORRUPT:
                self.damage = error
                return
            # A full disk, most likely: the writer meets it too, and says so. The log stays.
            if self._trouble is None:
                log.warning("moving the log into the database is put off: %s", error)
            self._trouble = str(error)
            self._pages += pages
            self._close()
            self._ended.wait(RETRY_S)  # commits would wake it at once
        else:
            if self._trouble is not None:
                log.warning("the log is moved into the database again")
            self._trouble = None

    def _open(self) -> sqlite3.Connection:
        db = open_writer(self._path)
        db.execute(f"PRAGMA busy_timeout={RESET_WAIT_MS}")
        return db

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def checkpoint(db: sqlite3.Connection, mode: str) -> int:
    """Move what can be moved; returns how many frames the log holds, moved or not."""
    _, frames, _ = db.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    return int(frames)


def is_too_long(wal: Path) -> bool:
    """Whether the log's file has outgrown every bound, because checkpoints cannot keep up."""
    try:
        return wal.stat().st_size > HARD_BYTES
    except OSError:
        return False


assert RESET_FRAMES * PAGE_SIZE_BYTES < HARD_BYTES
