"""What is acknowledged is there; what cannot be stored costs nobody else anything."""

import asyncio
import secrets
import sqlite3
from pathlib import Path

import pytest

from lighttrace.clock import FixedClock
from lighttrace.errors import DiskError, QueueFullError, StoreError
from lighttrace.store import store as store_module
from lighttrace.store import tokens
from lighttrace.store.database import Transaction, open_reader
from lighttrace.store.doctor import disagreements
from lighttrace.store.store import Store
from lighttrace.store.writes import Committed, EventWrite, Heard, Outcome, Stored
from tests.store.make import MINUTE, NOON, add_project, an_event, held, one, rows, running


async def settled(*futures: "asyncio.Future[Stored]") -> list[Stored | BaseException]:
    return await asyncio.gather(*futures, return_exceptions=True)


async def test_an_event_is_on_disk_when_it_is_acknowledged(store: Store) -> None:
    write = an_event()
    stored = await store.submit(write)
    other = open_reader(store.path)  # sees only what is committed
    try:
        found = other.execute(
            "select lower(hex(event_id)) from event where id = ?", (stored.event_row,)
        )
        assert found.fetchall() == [(write.event.event_id,)]
    finally:
        other.close()


async def test_nothing_of_an_event_is_seen_before_all_of_it(store: Store) -> None:
    """Event, body, counters, issue, cause and outcome appear in one step."""
    tables = ("event", "event_body", "count_minute", "issue", "cause", "outcome_hour", "group_text")
    other = open_reader(store.path)
    seen = set()

    def look(tx: Transaction) -> None:
        seen.add(tuple(other.execute(f"select count(*) from {t}").fetchone()[0] for t in tables))

    async with held(store):
        event = store.submit(an_event())
        looking = asyncio.ensure_future(store.write(look))  # after the event, in its transaction
        await asyncio.sleep(0)
    await event
    await looking
    await store.write(look)
    other.close()
    assert seen == {(0,) * len(tables), (1,) * len(tables)}


@pytest.mark.parametrize(
    "poison",
    [
        {"happened_at": 1 << 70},
        {"tags": (("city", "\ud800"),)},
        {"event_id": "not hex"},
        {"title": "half a character \udfff"},
    ],
    ids=["integer beyond 64 bit", "lone surrogate in a tag", "no event id", "surrogate in a title"],
)
async def test_a_poison_row_costs_only_itself(store: Store, poison: dict[str, object]) -> None:
    async with held(store):
        before = [store.submit(an_event(group=f"g{i}", user=f"u{i}")) for i in range(5)]
        bad = store.submit(an_event(**poison))
        after = [store.submit(an_event(group=f"g{i}", environment="dev")) for i in range(5)]
    answers = await settled(*before, *after)
    assert all(isinstance(it, Stored) for it in answers), answers
    (error,) = await settled(bad)
    assert type(error) is StoreError
    assert await one(store, "select count(*) from event") == 10
    assert await one(store, "select count(*) from issue") == 5
    assert await store.read(disagreements) == []


async def test_several_poison_rows_in_one_batch_are_all_found(store: Store) -> None:
    async with held(store):
        futures = [
            store.submit(an_event(happened_at=(1 << 70) if i % 7 == 3 else NOON)) for i in range(64)
        ]
    answers = await settled(*futures)
    assert [isinstance(it, StoreError) for it in answers] == [i % 7 == 3 for i in range(64)]
    assert await store.read(disagreements) == []


async def test_an_event_of_a_project_that_is_not_there_is_refused(store: Store) -> None:
    good, bad = await settled(store.submit(an_event()), store.submit(an_event(project_id=99)))
    assert isinstance(good, Stored)
    assert type(bad) is StoreError


async def test_what_a_rolled_back_batch_learned_is_forgotten(store: Store) -> None:
    """New hash, environment, release, tag and person, all in a batch that could not be committed;
    the same again must not refer to rows that never came to be.
    """
    new = {"group": "new", "environment": "new", "release": "new@1", "user": "new"}
    tags = (("new", "new"),)
    async with held(store):
        first = store.submit(an_event(**new, tags=tags))
        failing = asyncio.ensure_future(store.write(fail_like_a_full_disk))
        await asyncio.sleep(0)
    assert [type(it) for it in await settled(first, failing)] == [DiskError, DiskError]
    await settled(*(store.submit(an_event(**new, tags=tags)) for _ in range(3)))
    assert await one(store, "select count(*) from event") == 3
    assert await rows(store, "select name from environment") == [("new",)]
    assert await one(store, "select n from tag_value where value = 'new'") == 3
    assert await one(store, "select people from issue_env where env_id = 0") == 1
    assert await store.read(disagreements) == []


def fail_like_a_full_disk(tx: Transaction) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


async def test_a_full_disk_is_said_and_ends_by_itself(store: Store) -> None:
    await store.submit(an_event(group="before"))
    await store.write(limit_pages, 10)
    heavy = [an_event(group=f"g{i}", body=secrets.token_bytes(20_000)) for i in range(30)]
    answers = await settled(*(store.submit(write) for write in heavy))
    assert {type(it) for it in answers} >= {DiskError}
    assert store.health().disk_full
    assert store.health().writer_alive

    await store.write(limit_pages, 1 << 30)
    assert not store.health().disk_full
    again = await settled(*(store.submit(write) for write in heavy))
    assert all(isinstance(it, Stored) for it in again)
    assert await one(store, "select count(*) from event") == 31
    assert await store.read(disagreements) == []


def limit_pages(tx: Transaction, more: int) -> None:
    pages = tx.execute("PRAGMA page_count").fetchone()[0]
    tx.execute(f"PRAGMA max_page_count={min(pages + more, 1 << 30)}")


async def test_the_writer_finds_out_alone_that_the_disk_has_room_again(store: Store) -> None:
    """Nobody sends while /health says no, so nobody but the writer can find out."""
    full = asyncio.ensure_future(store.write(fail_like_a_full_disk))
    assert [type(it) for it in await settled(full)] == [DiskError]
    recovered = asyncio.Event()
    store.on_commit.append(lambda committed: recovered.set())
    assert store.health().disk_full
    await asyncio.wait_for(recovered.wait(), 5)
    assert not store.health().disk_full


async def test_a_full_queue_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MOST_QUEUED", 10)
    async with held(store):
        taken = [store.submit(an_event()) for _ in range(9)]
        with pytest.raises(QueueFullError):
            store.submit(an_event())
        assert store.health().queue == 10
    assert all(isinstance(it, Stored) for it in await settled(*taken))
    assert isinstance(await store.submit(an_event()), Stored)
    assert store.health().queue == 0


async def test_a_queue_of_large_bodies_is_full_earlier(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MOST_QUEUED_BYTES", 10_000)
    async with held(store):
        store.submit(an_event(body=b"x" * 10_000))
        with pytest.raises(QueueFullError):
            store.submit(an_event())


async def test_a_change_is_there_when_it_is_answered(store: Store) -> None:
    assert await store.write(add_project, 7, slug="seven") == f"{7:032x}"
    assert await one(store, "select slug from project where id = 7") == "seven"


async def test_a_change_that_fails_leaves_nothing_and_harms_nobody(store: Store) -> None:
    def half(tx: Transaction) -> None:
        add_project(tx, 7, slug="seven")
        raise KeyError("in the middle")

    async with held(store):
        event = store.submit(an_event())
        failing = asyncio.ensure_future(store.write(half))
        working = asyncio.ensure_future(store.write(add_project, 8, slug="eight"))
        await asyncio.sleep(0)
    with pytest.raises(KeyError):
        await failing
    await working
    assert isinstance(await event, Stored)
    assert await rows(store, "select slug from project order by id") == [("shop",), ("eight",)]


async def test_an_event_that_was_queued_before_a_change_is_stored_before_it(store: Store) -> None:
    """Else "resolve" would be undone by an event the person had already seen coming."""
    issue_id = (await store.submit(an_event())).issue_id

    def resolve(tx: Transaction) -> None:
        tx.execute("update issue set state = 1 where id = ?", (issue_id,))

    async with held(store):
        event = store.submit(an_event())
        resolving = asyncio.ensure_future(store.write(resolve))
        await asyncio.sleep(0)
    await resolving
    assert not (await event).regressed
    assert await one(store, "select state from issue") == 1


async def test_a_damaged_database_ends_the_process_with_a_reason(
    tmp_path: Path, clock: FixedClock
) -> None:
    def find_damage(tx: Transaction) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    async with running(tmp_path / "lighttrace.db", clock) as store:
        reasons: list[str] = []
        store.on_fatal.append(reasons.append)
        async with held(store):
            event = store.submit(an_event())
            damage = asyncio.ensure_future(store.write(find_damage))
            await asyncio.sleep(0)
        answers = await settled(event, damage)
        assert [type(it) for it in answers] == [StoreError, StoreError]
        while not reasons:
            await asyncio.sleep(0.01)
        assert "damaged" in reasons[0] and str(store.path) in reasons[0]
        assert not store.health().writer_alive
        with pytest.raises(StoreError):
            store.submit(an_event())


async def test_closing_finishes_what_is_queued(tmp_path: Path, clock: FixedClock) -> None:
    path = tmp_path / "lighttrace.db"
    async with running(path, clock) as store:
        futures = [store.submit(an_event()) for _ in range(300)]
    assert all(isinstance(it, Stored) for it in await settled(*futures))
    assert not path.with_name("lighttrace.db-wal").exists()  # all of it is in the one file
    async with running(path, clock) as again:
        assert await one(again, "select count(*) from event") == 300


async def test_a_closed_store_takes_nothing_more(tmp_path: Path, clock: FixedClock) -> None:
    async with running(tmp_path / "lighttrace.db", clock) as store:
        pass
    with pytest.raises(StoreError):
        store.submit(an_event())
    with pytest.raises(StoreError):
        await store.write(add_project, 2)


async def test_subscribers_hear_what_a_batch_changed(store: Store) -> None:
    heard: list[Committed] = []
    store.on_commit.append(heard.append)
    async with held(store):
        futures = [store.submit(an_event(group=g)) for g in ("a", "b", "a")]
    await asyncio.gather(*futures)
    assert heard[-1] == Committed(
        frozenset({1, 2}),
        frozenset({1}),
        causes=2,
        heard=tuple(Heard(row, 1, issue, NOON, None) for row, issue in ((1, 1), (2, 2), (3, 1))),
    )

    def resolve(tx: Transaction) -> None:
        tx.execute("update issue set state = 1 where id = 2")

    await store.write(resolve)
    assert heard[-1] == Committed(frozenset({2}), frozenset({1}))


async def test_outcomes_are_written_with_the_next_batch(store: Store, clock: FixedClock) -> None:
    lost = Outcome(1, 1, "error", "client_discard", "queue_overflow", n=3, source="client")
    store.count(lost, lost, Outcome(1, 1, "attachment", "unsupported"))
    await store.submit(an_event())
    clock.advance(MINUTE)
    store.count(lost)
    await store.write(lambda tx: None)
    found = await rows(store, "select category, outcome, source, n from outcome_hour order by n")
    assert found == [
        ("attachment", "unsupported", "server", 1),
        ("error", "accepted", "server", 1),
        ("error", "client_discard", "client", 9),
    ]


async def test_outcomes_of_a_rolled_back_batch_are_counted_later(store: Store) -> None:
    store.count(Outcome(1, 1, "error", "invalid"))
    full = asyncio.ensure_future(store.write(fail_like_a_full_disk))
    assert [type(it) for it in await settled(full)] == [DiskError]
    await store.write(lambda tx: None)
    assert await rows(store, "select outcome, n from outcome_hour") == [("invalid", 1)]


async def test_the_use_of_a_key_is_remembered_to_ten_seconds(
    store: Store, clock: FixedClock
) -> None:
    for _ in range(3):
        store.touch_key(1)
        await store.write(lambda tx: None)
        clock.advance(4_000)
    assert await one(store, "select used_at from project_key") == NOON
    store.touch_key(1)
    await store.write(lambda tx: None)
    assert await one(store, "select used_at from project_key") == NOON + 12_000


async def test_the_use_of_a_token_is_remembered_to_five_minutes(
    store: Store, clock: FixedClock
) -> None:
    token, _ = await store.write(tokens.add, "ci", ("event:read",), None, NOON)
    for number in range(3):
        store.touch_token(token.id, "192.0.2.7", f"sentry-cli/{number}" + "x" * 500)
        await store.write(lambda tx: None)
        clock.advance(2 * 60_000)
    seen = "select used_at, used_ip, substr(used_agent, 1, 12), length(used_agent) from api_token"
    assert await rows(store, seen) == [(NOON, "192.0.2.7", "sentry-cli/0", 100)]
    store.touch_token(token.id, None, None)
    await store.write(lambda tx: None)
    assert await rows(store, seen) == [(NOON + 6 * 60_000, None, None, None)]


async def test_many_clients_at_once_lose_nothing(store: Store) -> None:
    async def client(n: int) -> list[EventWrite]:
        writes = [an_event(group=f"g{(n + i) % 9}", user=f"u{n}") for i in range(20)]
        for write in writes:
            assert isinstance(await store.submit(write), Stored)
        return writes

    sent = [write for writes in await asyncio.gather(*map(client, range(25))) for write in writes]
    found = await rows(store, "select lower(hex(event_id)) from event")
    assert {row[0] for row in found} == {write.event.event_id for write in sent}
    assert await one(store, "select sum(n) from issue_env where env_id = 0") == 500
    assert await store.read(disagreements) == []
