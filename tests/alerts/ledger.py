"""A fresh database with a bare connection, for what decides inside one transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lighttrace.store import migrate


@contextmanager
def ledger(folder: Path) -> Iterator[sqlite3.Connection]:
    path = folder / "lighttrace.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate.migrate(connection, path)
        connection.execute("pragma journal_mode=memory")
        connection.execute("pragma synchronous=off")
        yield connection


def a_cause(tx: sqlite3.Connection, *, at: int, kind: str = "new", issue_id: int = 1) -> int:
    """A cause as the writer puts it beside its event; returns its id."""
    row = tx.execute(
        "insert into cause(kind, issue_id, event_row, at) values (?, ?, 1, ?)", (kind, issue_id, at)
    )
    assert row.lastrowid is not None
    return row.lastrowid
