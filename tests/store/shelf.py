"""A database that events were stored in by the writer's own code, without its thread: for tests of
what is read, and of changes made inside one transaction.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from lighttrace.store.batch import Packed, store_events
from lighttrace.store.bodies import Compressor
from lighttrace.store.database import open_writer, transaction
from lighttrace.store.memory import Memory
from lighttrace.store.watching import Watch
from lighttrace.store.writes import EventWrite, Stored
from tests.fresh import database
from tests.store.make import add_project


class Shelf:
    """`db` reads and writes; each statement outside `transaction(db)` commits by itself."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self._memory = Memory()
        self._compressor = Compressor(db)

    def receive(self, *writes: EventWrite) -> list[Stored]:
        """Store events, as the writer does when they come together."""
        packed = [Packed(it, *self._compressor.compress(it.project_id, it.body)) for it in writes]
        now_ms = max(it.event.received_at for it in writes)
        with transaction(self.db) as tx:
            answers = store_events(tx, self._memory, packed, now_ms).answers
        self._memory.keep()
        stored = [it for it in answers if isinstance(it, Stored)]
        assert len(stored) == len(writes)
        return stored

    def receive_one(self, write: EventWrite) -> int:
        """Store one event; returns the issue it belongs to."""
        issue_id = self.receive(write)[0].issue_id
        assert issue_id is not None
        return issue_id

    def lose(self, *writes: EventWrite) -> None:
        """Store events, and have the disk fail before it is done."""
        packed = [Packed(it, *self._compressor.compress(it.project_id, it.body)) for it in writes]
        with suppress(OSError), transaction(self.db) as tx:
            store_events(tx, self._memory, packed, writes[0].event.received_at)
            raise OSError
        self._memory.drop()

    def watch(self, watch: Watch) -> None:
        """Let somebody look at each event that comes."""
        self._memory.watch = watch

    def forget_hashes(self) -> None:
        """Somebody moved hashes between issues."""
        self._memory.groups.cache.forget()


@contextmanager
def a_shelf(folder: Path, *projects: str) -> Iterator[Shelf]:
    """A new database with these projects, numbered from 1; one called `shop` if none is named."""
    path = folder / "lighttrace.db"
    database(path)
    with closing(open_writer(path, synchronous="NORMAL")) as db:
        with transaction(db) as tx:
            for number, slug in enumerate(projects or ("shop",), 1):
                add_project(tx, number, slug)
        yield Shelf(db)
