"""The thread that moves the log into the database: nothing that is over some day may end it."""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lighttrace.clock import FixedClock
from lighttrace.store import checkpoint, database
from lighttrace.store.checkpoint import SOFT_FRAMES, Checkpointer, is_too_long, wal_of
from lighttrace.store.database import APPLICATION_ID, PAGE_SIZE_BYTES, open_writer
from tests.store.make import an_event, running

SOON_S = 10.0


def wait_for(happened: Callable[[], bool]) -> None:
    """Until another thread has done it."""
    end_s = time.monotonic() + SOON_S
    while not happened():
        assert time.monotonic() < end_s
        time.sleep(0.01)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of ours that is not in WAL yet, and a checkpointer in a hurry."""
    for name in ("IDLE_S", "RETRY_S"):
        monkeypatch.setattr(checkpoint, name, 0.02)
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 10)
    path = tmp_path / "lighttrace.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"pragma page_size = {PAGE_SIZE_BYTES}")
        db.execute(f"pragma application_id = {APPLICATION_ID}")
        db.execute("create table thing(body)")
    return path


@contextmanager
def at_work(path: Path) -> Iterator[Checkpointer]:
    checkpointer = Checkpointer(path)
    checkpointer.start()
    try:
        yield checkpointer
    finally:
        checkpointer.end()
        checkpointer.join(SOON_S)
        assert not checkpointer.is_alive()


def write_much(db: sqlite3.Connection) -> None:
    db.execute("insert into thing values(zeroblob(?))", (SOFT_FRAMES * PAGE_SIZE_BYTES,))


def test_a_lock_is_waited_for_and_then_the_log_is_moved(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with at_work(path) as checkpointer:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin exclusive")
            checkpointer.wrote(SOFT_FRAMES)
            wait_for(lambda: "put off: database is locked" in caplog.text)
            wait_for(lambda: checkpointer._pages >= SOFT_FRAMES)  # it has forgotten nothing
            wait_for(lambda: checkpointer._pages == 0)  # and tries again
            other.execute("rollback")
        with closing(open_writer(path)) as db:
            write_much(db)
            assert path.stat().st_size < 10 * PAGE_SIZE_BYTES
            checkpointer.wrote(SOFT_FRAMES)
            wait_for(lambda: path.stat().st_size > SOFT_FRAMES * PAGE_SIZE_BYTES)
            wait_for(lambda: "moved into the database again" in caplog.text)
            for _ in range(12):
                write_much(db)
                checkpointer.wrote(SOFT_FRAMES)
                wait_for(lambda: checkpointer._pages == 0)
            assert not is_too_long(wal_of(path))
    assert caplog.text.count("put off") == 1  # said once, however often it tried


def test_it_waits_for_a_file_that_is_not_there_just_now(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = path.read_bytes()
    path.write_bytes(b"no database at all" * 9)
    with at_work(path) as checkpointer:
        checkpointer.wrote(SOFT_FRAMES)
        wait_for(lambda: "put off: Cannot use" in caplog.text)
        path.write_bytes(content)
        wait_for(lambda: checkpointer._pages == 0 and "again" in caplog.text)


async def test_damage_that_it_finds_ends_the_writer_with_a_sentence(
    tmp_path: Path, clock: FixedClock
) -> None:
    reasons: list[str] = []
    async with running(tmp_path / "lighttrace.db", clock) as store:
        store.on_fatal.append(reasons.append)
        damage = sqlite3.DatabaseError("database disk image is malformed")
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        store._writer._checkpointer.damage = damage
        with pytest.raises(Exception, match="stopped"):
            await store.submit(an_event())
    assert len(reasons) == 1 and "is damaged" in reasons[0]
