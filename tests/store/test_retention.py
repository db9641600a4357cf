"""Nothing grows for ever: by age, by size, whoever sends whatever."""

import random
from pathlib import Path

import pytest

from lighttrace.clock import FixedClock
from lighttrace.store import asides, cooldowns, mutes, retention, text_index
from lighttrace.store.database import Transaction
from lighttrace.store.doctor import disagreements
from lighttrace.store.mutes import Muted
from lighttrace.store.retention import Removed
from lighttrace.store.store import Store
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event, held, one, rows, running

ROOMY = 1 << 40


async def fill(store: Store, n: int, **over: object) -> None:
    """`n` events in one batch; values may be functions of the number."""
    async with held(store):
        for i in range(n):
            values = {k: v(i) if callable(v) else v for k, v in over.items()}
            store.submit(an_event(**values))
    await store.write(lambda tx: None)


async def sweep(
    store: Store, *, now_ms: int, keep_days: int = 90, max_bytes: int = ROOMY
) -> Removed:
    return await retention.sweep(store, now_ms=now_ms, keep_days=keep_days, max_bytes=max_bytes)


async def count(store: Store, table: str) -> int:
    return int(await one(store, f"select count(*) from {table}"))


async def test_events_are_kept_for_as_long_as_was_said(store: Store) -> None:
    await fill(store, 30, at=lambda i: NOON + i * DAY, user=lambda i: f"u{i}")
    now = NOON + 30 * DAY
    removed = await sweep(store, now_ms=now, keep_days=10)
    assert removed.events == 20
    assert await one(store, "select min(received_at) from event") == now - 10 * DAY
    assert await count(store, "event_body") == 10
    assert await one(store, "select n from issue_env where env_id = 0") == 30  # counts stay true
    assert await one(store, "select sum(n) from count_day") == 30
    assert await store.read(disagreements) == []
    assert (await sweep(store, now_ms=now, keep_days=10)) == Removed()


async def test_people_and_tag_values_go_with_their_events(store: Store) -> None:
    # Tag values of a batch are all marked with its newest day: so each day is a batch of its own.
    for i in range(30):
        await fill(store, 1, at=NOON + i * DAY, user=f"u{i}", tags=((f"key{i // 10}", f"v{i}"),))
    await sweep(store, now_ms=NOON + 30 * DAY, keep_days=10)
    assert await count(store, "hash_person") == 10
    assert await count(store, "person") in (10, 11)  # known to about an hour
    assert await rows(store, "select name from tag_key") == [("key1",), ("key2",)]
    assert await one(store, "select min(value) from tag_value where key_id = 3") == "v20"
    await store.submit(an_event(at=NOON + 30 * DAY, user="u3", tags=(("key0", "v3"),)))
    assert await store.read(disagreements) == []


async def test_what_is_kept_stays_whole(store: Store) -> None:
    """All rows of an event that is left are left."""
    await fill(store, 40, at=lambda i: NOON + i * HOUR, group=lambda i: f"g{i % 4}", user="ann")
    await sweep(store, now_ms=NOON + 2 * DAY, keep_days=1)
    assert await count(store, "event") == 16
    missing = (
        "select count(*) from event e left join event_body b on b.id = e.id where b.id is null"
    )
    assert await one(store, missing) == 0
    assert await count(store, "grouphash") == 4
    assert await store.read(disagreements) == []


async def test_counters_have_ages_of_their_own(store: Store) -> None:
    await fill(store, 100, at=lambda i: NOON + i * 10 * DAY)
    now = NOON + 990 * DAY
    await sweep(store, now_ms=now, keep_days=5000)
    assert await count(store, "count_minute") == 2
    assert await count(store, "count_hour") == 10
    assert await count(store, "count_day") == 74
    assert await count(store, "event") == 100


async def test_a_whole_text_table_is_dropped_when_its_last_event_is_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_index, "ROWS_SHIFT", 4)
    await fill(store, 100, at=lambda i: NOON + i * HOUR)
    assert len(await store.read(text_index.tables)) == 7
    await sweep(store, now_ms=NOON + 100 * HOUR, keep_days=2)
    left = await store.read(text_index.tables)
    oldest = await one(store, "select min(id) from event")
    assert left[-1][0] == oldest >> 4
    await sweep(store, now_ms=NOON + 90 * DAY, keep_days=2)
    assert await count(store, "event") == 0
    stored = await store.submit(an_event())  # the table the writer is at is still there
    assert stored.event_row == 101


async def test_the_ids_of_removed_events_are_not_given_out_again(
    tmp_path: Path, clock: FixedClock
) -> None:
    async with running(tmp_path / "lighttrace.db", clock) as store:
        await fill(store, 5)
        await sweep(store, now_ms=NOON + 900 * DAY, keep_days=1)
        assert await count(store, "event") == 0
    async with running(tmp_path / "lighttrace.db", clock) as store:
        assert (await store.submit(an_event())).event_row == 6


async def test_the_database_stays_within_its_size(store: Store) -> None:
    """A forgotten server: large events for ever, swept now and then."""
    limit = 6_000_000  # an empty database has 1.3 MB, and a bite takes 1.7
    rng = random.Random(1)
    sizes = []
    for n in range(12):
        await fill(
            store,
            100,
            at=lambda i, n=n: NOON + (n * 100 + i) * MINUTE,
            body=lambda i: rng.randbytes(6_000),
            group=lambda i: f"g{i % 7}",
        )
        await sweep(store, now_ms=NOON + 2 * DAY, max_bytes=limit)
        assert await store.read(retention.used_bytes) <= limit
        sizes.append(store.path.stat().st_size)
    assert await count(store, "event") > 100  # the newest
    assert await one(store, "select max(id) from event") == 1200
    assert max(sizes) < limit * 1.5  # a hundred events came between two sweeps
    assert await store.read(disagreements) == []


async def test_a_lower_limit_gives_room_back_to_the_disk(store: Store) -> None:
    rng = random.Random(1)
    await fill(store, 400, body=lambda i: rng.randbytes(6_000))
    await sweep(store, now_ms=NOON, max_bytes=1_500_000)
    path = store.path
    await store.close()
    assert path.stat().st_size < 1_700_000


@pytest.mark.parametrize("what", ["groups", "users", "releases and environments", "tag values"])
async def test_a_flood_of_small_things_stays_within_the_size(store: Store, what: str) -> None:
    """Somebody sends what is new every time: events are small then, all the rest is not."""
    limit = 2_800_000
    flood = {
        "groups": {"group": lambda i: f"g{clock_of(i)}"},
        "users": {"user": lambda i: f"{clock_of(i):08}"},
        "releases and environments": {"environment": lambda i: f"e{clock_of(i)}"},
        "tag values": {"tags": lambda i: tuple((f"k{k}", f"{clock_of(i)}") for k in range(5))},
    }[what]
    for n in range(12):
        base = n * 500

        def clock_of(i: int, base: int = base) -> int:
            return base + i

        await fill(store, 500, at=lambda i, b=base: NOON + (b + i) * 3 * MINUTE, **flood)
        now = NOON + (base + 500) * 3 * MINUTE
        await sweep(store, now_ms=now, max_bytes=limit)
        assert await store.read(retention.used_bytes) <= limit * 1.05, n
    assert await count(store, "event") > 50
    assert await store.read(disagreements) == []


async def test_issues_nobody_waits_for_go_after_a_year(store: Store) -> None:
    await fill(store, 3, group=lambda i: f"g{i}")

    def settle(tx: Transaction) -> None:
        tx.execute("update issue set state = id - 1")  # unresolved, resolved, archived
        tx.execute("update issue_env set state = issue_id - 1")

    await store.write(settle)
    await sweep(store, now_ms=NOON + 399 * DAY)
    assert await count(store, "issue") == 3
    await sweep(store, now_ms=NOON + 401 * DAY)
    assert await rows(store, "select id from issue") == [(1,)]
    assert await rows(store, "select issue_id from grouphash") == [(1,)]
    assert await count(store, "group_text") == 1
    assert await rows(store, "select rowid from group_fts where group_fts match 'keyerror'") == [
        (1,)
    ]
    again = await store.submit(an_event(group="g1"))
    assert again.new_issue


async def test_with_the_writer_busy_retention_waits_unless_the_limit_is_passed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sweep` asks for the queue before each bite; a queue that never empties must not fill the
    disk, and must not keep whoever calls from turning.
    """
    limit = 1_500_000
    rng = random.Random(1)
    await fill(store, 300, body=lambda i: rng.randbytes(6_000))
    with monkeypatch.context() as busy:
        busy.setattr(retention, "SHORT_QUEUE", -1)  # always busy
        busy.setattr(retention, "BITE", 5)
        busy.setattr(retention, "POLITE_S", 0)
        removed = await sweep(store, now_ms=NOON, max_bytes=limit)
        assert removed.events > 100
        assert removed.more
        used = await store.read(retention.used_bytes)
        assert limit * retention.PRESS_TO < used <= limit * retention.PATIENCE  # not done
        waited = await sweep(store, now_ms=NOON, max_bytes=limit)
        assert waited == Removed(more=True)
    removed = await sweep(store, now_ms=NOON, max_bytes=limit)
    assert not removed.more
    assert await store.read(retention.used_bytes) <= limit


async def test_a_bite_is_a_bite(store: Store) -> None:
    await fill(store, 50)
    await store.write(lambda tx: None)
    removed = await store.write(
        retention.bite, now_ms=NOON + 900 * DAY, keep_days=1, max_bytes=ROOMY, limit=20
    )
    assert removed == Removed(events=20, more=True)


async def test_old_letters_sessions_and_invites_go(store: Store) -> None:
    def add(tx: Transaction) -> None:
        tx.execute(
            "insert into cause(kind, issue_id, at, expanded_at) values('new', 1, 0, ?)", (NOON,)
        )
        tx.execute("insert into cause(kind, issue_id, at) values('new', 1, 0)")
        for state in ("done", "due"):
            tx.execute(
                """insert into outbox(dedupe, kind, target, caused_at, made_at, due_at, state,
                   message_id, payload) values(?1, 'new', 'a@b', 0, ?2, 0, ?1, ?1, '{}')""",
                (state, NOON),
            )
        tx.execute(
            "insert into user(id, email, name, role, created_at) values(1, 'a@b', 'a', 'owner', 0)"
        )
        tx.execute(
            "insert into web_session values(x'01', 1, 0, 0, ?, null, null, 'password')", (NOON,)
        )
        tx.execute(
            "insert into web_session values(x'02', 1, 0, 0, ?, null, null, 'password')",
            (NOON + 999 * DAY,),
        )

    await store.write(add)
    await sweep(store, now_ms=NOON + 91 * DAY)
    assert await count(store, "cause") == 1  # nobody has been told of it yet
    assert await rows(store, "select state from outbox") == [("due",)]
    assert await count(store, "web_session") == 1


async def test_pauses_and_mutes_go_when_they_mean_nothing_any_more(store: Store) -> None:
    def add(tx: Transaction) -> None:
        for rule, at in (("old", NOON - 9 * DAY), ("young", NOON - 7 * DAY)):
            cooldowns.spoke(tx, rule, 1, 1, at)
            mutes.add(tx, Muted(rule=rule), at + DAY, None, at)

    await store.write(add)
    await sweep(store, now_ms=NOON)
    assert await rows(store, "select rule from rule_told") == [("young",)]
    assert len(await rows(store, "select 1 from mute")) == 2
    await sweep(store, now_ms=NOON + 83 * DAY)
    assert await rows(store, "select rule from mute") == [("young",)]


async def test_what_no_digest_has_come_for_is_no_news_after_two_weeks(store: Store) -> None:
    def mention(tx: Transaction) -> None:
        asides.note(tx, "ada@example.com", "again", 1, NOON)
        asides.note(tx, "ada@example.com", "again", 2, NOON + 3 * DAY)

    await store.write(mention)
    await sweep(store, now_ms=NOON + 14 * DAY)
    assert await count(store, "aside") == 2
    await sweep(store, now_ms=NOON + 15 * DAY)
    assert [it.about for it in await store.read(asides.of, "ada@example.com", "again")] == [2]
