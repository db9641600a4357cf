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


PROJECT = """
insert or ignore into project(id, slug, name, short_prefix, salt, created_at)
values(1, 'shop', 'Shop', 'SHOP', x'00', 0)
"""
ISSUE = """
insert or ignore into issue(id, project_id, short, title, level, state_at, created_at)
values(?1, 1, ?1, 'KeyError', 40, 0, 0)
"""


def a_cause(
    tx: sqlite3.Connection, *, at: int, kind: str = "new", issue_id: int | None = None
) -> int:
    """A cause as the writer puts it beside its event, of an issue of its own unless it is said
    which; returns its id.
    """
    tx.execute(PROJECT)
    if issue_id is None:
        issue_id = tx.execute("select coalesce(max(id), 0) + 1 from issue").fetchone()[0]
    tx.execute(ISSUE, (issue_id,))
    row = tx.execute(
        "insert into cause(kind, issue_id, event_row, at) values (?, ?, 1, ?)", (kind, issue_id, at)
    )
    assert row.lastrowid is not None
    return row.lastrowid
