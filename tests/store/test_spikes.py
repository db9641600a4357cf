"""Spikes as rows, and what a database from before spikes is counted anew."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lighttrace.store import spikes
from lighttrace.store.database import Transaction, open_writer, transaction
from lighttrace.store.migrate import migrate, shipped
from lighttrace.store.minutes import Subject
from lighttrace.store.spikes import Spike
from lighttrace.store.store import Store
from tests.store.make import DAY, HOUR, MINUTE, NOON, add_project, an_event, one, rows

AT = NOON // MINUTE
LOUD = Spike(0, Subject(1, 1), "events", 60, 61, 4 / 60, "61 per h, usually 4", AT - 60, 1, 1, 9)
ADD_EVENT = """
insert into event(event_id, project_id, hash_id, received_at, happened_at, env_id, person_id, level,
  flags, tags) values(randomblob(16), 1, 1, ?, ?, 1, ?, 40, 0, x'')
"""


@pytest.fixture
async def issue(store: Store) -> Store:
    await store.submit(an_event())
    return store


async def begun(store: Store, it: Spike = LOUD) -> Spike:
    found = await store.write(spikes.begin, it, None, NOON)
    assert found is not None
    return found


async def test_there_is_one_at_a_time(issue: Store) -> None:
    first = await begun(issue)
    assert await issue.write(spikes.begin, LOUD, None, NOON + MINUTE) is None
    assert await issue.write(spikes.end, first, "over", NOON + HOUR)
    assert await issue.write(spikes.begin, LOUD, None, NOON + 2 * HOUR) is not None


async def test_a_project_is_not_loud_while_one_of_its_issues_is(issue: Store) -> None:
    whole = replace(LOUD, subject=Subject(1))
    first = await begun(issue)
    assert await issue.write(spikes.begin, whole, None, NOON) is None
    await issue.write(spikes.end, first, "over", NOON + HOUR)
    assert await issue.write(spikes.begin, whole, None, NOON + HOUR) is not None


async def test_its_message_is_caused_with_it_or_not_at_all(issue: Store) -> None:
    said = {"reason": LOUD.reason}
    first = await issue.write(spikes.begin, LOUD, said, NOON)
    assert first is not None and (first.told, first.told_at) == (1, NOON)
    assert await issue.read(spikes.open_ones) == [first]
    assert await issue.write(spikes.begin, LOUD, said, NOON) is None
    assert await one(issue, "select count(*) from cause where kind = 'spike'") == 1


async def test_a_message_is_caused_once(issue: Store) -> None:
    it = await begun(issue)
    said = {"reason": it.reason}
    assert await issue.write(spikes.tell, it, "spike", said, NOON)
    assert not await issue.write(spikes.tell, it, "spike", said, NOON + 1)
    again = replace(it, told=1)
    assert await issue.write(spikes.tell, again, "spike_escalated", said, NOON + 2 * HOUR)
    found = await rows(issue, "select kind, dedupe from cause where kind <> 'new' order by id")
    assert found == [("spike", f"spike:{it.id}:0"), ("spike_escalated", f"spike:{it.id}:1")]
    assert await issue.read(spikes.told, it.subject, NOON + 3 * HOUR) == (NOON + 2 * HOUR, 2)
    assert await issue.read(spikes.told, it.subject, NOON + DAY) == (NOON + 2 * HOUR, 0)


async def test_the_new_level_is_not_cut_any_more(issue: Store) -> None:
    it = await begun(issue)
    await issue.write(spikes.end, it, "level_shift", NOON + DAY, {"minutes": 1440, "reason": "x"})
    (kept,) = await issue.read(spikes.of_subject, it.subject, NOON - DAY)
    assert (kept.most_events, kept.most_people, kept.ended_at) == (None, None, NOON + DAY)


async def test_what_was_rare_is_a_thousand_times_as_loud_at_most(issue: Store) -> None:
    await begun(issue, replace(LOUD, rate=1e-9))
    assert await one(issue, "select spike_factor from issue") == 1000


@pytest.fixture
def old(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database of before, in which four events of five came late."""
    path = tmp_path / "old.db"
    path.touch()
    before = [it for it in shipped() if it.version < 4]
    with closing(open_writer(path)) as db:
        migrate(db, path, steps=before)
        with transaction(db) as tx:
            _fill(tx)
        migrate(db, path, copy=False)
        yield db


def _fill(tx: Transaction) -> None:
    add_project(tx)
    tx.execute(
        "insert into issue(id, project_id, short, title, level, state_at, created_at)"
        " values(1, 1, 1, 't', 40, 0, 0)"
    )
    tx.execute(
        "insert into grouphash(id, project_id, hash, version, issue_id, created_at)"
        " values(1, 1, x'00', 1, 1, 0)"
    )
    for person, late in ((1, 0), (1, HOUR), (1, HOUR), (2, HOUR), (None, HOUR)):
        tx.execute(ADD_EVENT, (NOON, NOON - late, person))
    tx.execute("insert into count_minute values(?, 1, 1, 5, 5, 2)", (AT,))
    tx.execute("insert into count_minute values(?, 1, 1, 7, 6, 3)", (AT + 1,))
    tx.execute("insert into cause(kind, issue_id, event_row, at) values('new', 1, 1, 5)")


def test_what_came_late_is_counted_anew(old: sqlite3.Connection) -> None:
    assert old.execute("select minute, n, capped, people from count_minute").fetchall() == [
        (AT, 5, 1, 1),
        (AT + 1, 7, 6, 3),
    ]
    assert old.execute("select minute, n, capped from project_minute").fetchall() == [
        (AT, 5, 1),
        (AT + 1, 7, 6),
    ]


def test_causes_are_kept(old: sqlite3.Connection) -> None:
    assert old.execute("select kind, issue_id, event_row, at from cause").fetchall() == [
        ("new", 1, 1, 5)
    ]
