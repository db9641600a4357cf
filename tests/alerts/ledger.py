"""A fresh database with a bare connection, for what decides inside one transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lighttrace.store import migrations

SCHEMA = sorted(Path(migrations.__file__).parent.glob("*.sql"))


@contextmanager
def ledger(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "lighttrace.db")) as connection:
        for one in SCHEMA:
            connection.executescript(one.read_text(encoding="utf-8"))
        yield connection


def a_cause(tx: sqlite3.Connection, *, at: int, kind: str = "new", issue_id: int = 1) -> int:
    """A cause as the writer puts it beside its event; returns its id."""
    row = tx.execute(
        "insert into cause(kind, issue_id, event_row, at) values (?, ?, 1, ?)", (kind, issue_id, at)
    )
    assert row.lastrowid is not None
    return row.lastrowid
