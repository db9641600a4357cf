"""Bodies come back as they went in, and a dictionary of the project's own makes them small."""

import json
import random

import pytest

from lighttrace.errors import StoreError
from lighttrace.store import bodies, training
from lighttrace.store.database import Reader
from lighttrace.store.store import Store
from tests.store.make import DAY, HOUR, NOON, an_event, one, rows


def stored(db: Reader, row: int) -> bytes:
    sql = "select dictionary_id, data, size_bytes from event_body where id = ?"
    return bodies.decompress(db, *db.execute(sql, (row,)).fetchone())


@pytest.mark.parametrize("body", [b"{}", b"", b"\x00\xff" * 70_000, '{"ł":"€"}'.encode()])
async def test_a_body_comes_back_byte_for_byte(store: Store, body: bytes) -> None:
    answer = await store.submit(an_event(body=body))
    assert await store.read(stored, answer.event_row) == body


async def test_the_shipped_dictionary_is_in_every_database(store: Store) -> None:
    assert await rows(store, "select id, data from dictionary") == [(1, bodies.shipped())]


async def test_a_damaged_body_is_an_error_and_not_a_wrong_body(store: Store) -> None:
    await store.submit(an_event())
    for damage in ("data = substr(data, 1, 10)", "size_bytes = 3", "dictionary_id = 77"):
        await store.write(
            lambda tx, sql=damage: tx.execute(f"update event_body set {sql}").rowcount
        )
        with pytest.raises(StoreError):
            await store.read(stored, 1)


def a_body(rng: random.Random) -> bytes:
    """Long, and mostly what the project sent before: frames of its own code."""
    words = random.Random(7)
    frames = [
        {"function": f"f{words.getrandbits(40):x}", "module": f"m{words.getrandbits(60):x}"}
        for _ in range(80)
    ]
    return json.dumps({"id": rng.getrandbits(128), "frames": frames}).encode()


async def test_a_project_gets_a_dictionary_of_its_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "FIRST_AFTER_ROWS", 40)
    rng = random.Random(1)
    for n in range(39):
        await store.submit(an_event(body=a_body(rng), group=f"g{n % 9}"))
    assert await training.improve(store, NOON) == 0  # too few to learn from
    await store.submit(an_event(body=a_body(rng)))
    assert await training.improve(store, NOON) == 1
    assert await training.improve(store, NOON) == 0  # and not again with every call

    body = a_body(rng)
    answer = await store.submit(an_event(body=body))
    ((dictionary_id, size),) = await rows(
        store,
        "select dictionary_id, length(data) from event_body where id = ?",
        answer.event_row,
    )
    before = await one(store, "select length(data) from event_body where id = 1")
    assert dictionary_id == bodies.FIRST_TRAINED_ID
    assert size < before / 4
    assert await store.read(stored, answer.event_row) == body
    assert len(await store.read(stored, 1)) > 1000  # the old ones are read with theirs


async def test_a_dictionary_that_does_not_pay_is_not_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "FIRST_AFTER_ROWS", 30)
    rng = random.Random(1)
    for n in range(40):  # noise has nothing in common with other noise
        await store.submit(an_event(body=rng.randbytes(4000), group=f"g{n % 9}"))
    assert await training.improve(store, NOON) == 0
    assert await one(store, "select count(*) from dictionary") == 1


async def test_a_dictionary_is_kept_while_a_body_may_name_it(store: Store) -> None:
    for now_ms in (NOON, NOON + HOUR):
        proposal = training.Proposal(1, 0, bodies.shipped())
        assert await store.write(training.adopt, proposal, now_ms)
    await store.submit(an_event(at=NOON + DAY))
    for oldest_at, left in ((NOON + HOUR, [1, 1000, 1001]), (NOON + 3 * HOUR, [1, 1001])):
        await store.write(training.remove_unused, oldest_at)
        assert [row[0] for row in await rows(store, "select id from dictionary")] == left
