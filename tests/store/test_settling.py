"""Full tables of the text index become one piece, in small steps, and say what they said."""

import sqlite3
from pathlib import Path

import pytest

from lighttrace.event.query.tree import Word
from lighttrace.store import issue_list, settings, settling, text_index
from lighttrace.store.database import Reader
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.store import Store
from tests.store.make import NOON, an_event
from tests.store.shelf import a_shelf

STRUCTURE = "select block from {table}_data where id = 10"  # sqlite.org/fts5.html, "structure"


def segments(db: Reader) -> dict[int, int]:
    """table → how many pieces it is in; newest first."""
    found = {}
    for number, table in text_index.tables(db):
        (block,) = db.execute(STRUCTURE.format(table=table)).fetchone()
        found[number] = block[5]
    return found


async def fill(store: Store, count: int) -> None:
    for n in range(count):
        value = f"order {n} failed"
        await store.submit(an_event(group=f"g{n % 3}", received_at=NOON + n, value=value))


def found(db: Reader, word: str) -> list[tuple[int, int]]:
    rows = issue_list.search(db, IssueQuery(what=Word(word), now_ms=NOON)).rows
    return [(it.id, it.n) for it in rows]


async def test_full_tables_are_settled_and_the_one_that_is_written_is_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_index, "ROWS_SHIFT", 4)
    monkeypatch.setattr(text_index, "ROW_MASK", 15)
    await fill(store, 44)
    before = await store.read(segments)
    assert list(before) == [2, 1, 0] and before[0] > 1

    assert await settling.sweep(store) > 0
    after = await store.read(segments)
    assert after == {2: before[2], 1: 1, 0: 1}
    assert await store.read(settings.get, text_index.SETTLED) == "1"
    assert await settling.sweep(store) == 0

    await fill(store, 16)  # the third is full
    assert await settling.sweep(store) > 0
    assert (await store.read(segments))[2] == 1


def test_what_was_settled_finds_what_it_found(tmp_path: Path) -> None:
    with a_shelf(tmp_path) as shelf:
        for n in range(300):
            value = f"order {n % 7} failed"
            shelf.receive(an_event(group=f"g{n % 3}", received_at=NOON + n, value=value))
        said = [found(shelf.db, word) for word in ("3", "failed", "order")]
        assert said[0] and said[1]
        make_another_table(shelf.db)
        assert text_index.settle(shelf.db)
        while text_index.settle(shelf.db):
            pass
        assert segments(shelf.db)[0] == 1
        assert [found(shelf.db, word) for word in ("3", "failed", "order")] == said


def make_another_table(db: sqlite3.Connection) -> None:
    db.execute(text_index.CREATE.format(table="event_fts_1"))
