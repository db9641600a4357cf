"""Outcomes and refusals: bounded, whatever comes."""

import pytest

from lighttrace.clock import FixedClock
from lighttrace.store import outcomes, refusals
from lighttrace.store.store import Store
from lighttrace.store.writes import Outcome, Refusal
from tests.store.make import HOUR, NOON, an_event, held, one, rows, running


async def flush(store: Store) -> None:
    await store.write(lambda tx: None)


async def test_totals_are_by_kind_and_since_an_hour(store: Store, clock: FixedClock) -> None:
    store.count(Outcome(1, 1, "error", "invalid", "body", n=2))
    clock.advance(HOUR)
    store.count(Outcome(1, 1, "error", "invalid", "body"), Outcome(2, 0, "session", "unsupported"))
    await flush(store)
    hour = NOON // HOUR
    both = await store.read(outcomes.totals, None, hour)
    assert both == [
        ("error", "invalid", "body", "server", 3),
        ("session", "unsupported", "", "server", 1),
    ]
    assert await store.read(outcomes.totals, 1, hour + 1) == [
        ("error", "invalid", "body", "server", 1)
    ]


async def test_reasons_a_client_invents_do_not_fill_the_table(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "MOST_KINDS", 3)
    async with held(store):
        for n in range(10):
            store.count(Outcome(1, 1, "error", "client_discard", f"reason {n}" * 99))
    await flush(store)
    found = await rows(store, "select reason, n from outcome_hour")
    assert len(found) <= 5 and sum(n for _, n in found) == 10
    assert max(len(reason) for reason, _ in found) <= 64


async def test_an_outcome_that_cannot_be_written_holds_nobody_up(store: Store) -> None:
    store.count(Outcome(1, 1, "error", "invalid", n=1 << 80))
    store.count(Outcome(1, 1, "half \ud800", "invalid"))
    stored = await store.submit(an_event())
    assert stored.event_row == 1
    assert await one(store, "select n from outcome_hour where outcome = 'accepted'") == 1


async def test_the_rate_is_of_the_last_two_hours(store: Store, clock: FixedClock) -> None:
    for _ in range(30):
        await store.submit(an_event())
    assert await store.read(outcomes.recent_rate, NOON + 30 * 60_000) == 30 / 90


async def test_refusals_are_found_by_the_project_of_their_url(
    store: Store, clock: FixedClock
) -> None:
    store.refuse(
        Refusal(1, "auth", "The key is not known.", ip="203.0.113.9", sdk="sentry.python/2")
    )
    store.refuse(Refusal(2, "auth", "no key"))
    store.refuse(Refusal(1, "body", "half a \ud800", event_id="no hex" * 9))
    await flush(store)
    found = await store.read(refusals.of_project, 1, NOON)
    assert [(it.reason, it.ip) for it in found] == [("body", None), ("auth", "203.0.113.9")]


async def test_a_flood_of_refusals_keeps_the_newest(
    store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "SLOTS", 50)
    for n in range(7):
        async with held(store):
            for i in range(30):
                store.refuse(Refusal(1, f"{n}-{i}", "flood"))
        clock.advance(1000)
        await flush(store)
    reasons = [it.reason for it in await store.read(refusals.of_project, 1, 0)]
    assert len(reasons) == 50
    assert sum(reason.startswith("6-") for reason in reasons) == 30


async def test_the_ring_goes_on_where_it_stood(store: Store, clock: FixedClock) -> None:
    store.refuse(Refusal(1, "first", ""))
    path = store.path
    await flush(store)
    await store.close()
    clock.advance(1000)
    async with running(path, clock) as again:
        again.refuse(Refusal(1, "second", ""))
        await flush(again)
        assert await rows(again, "select slot, reason from refusal") == [
            (0, "first"),
            (1, "second"),
        ]


def test_of_what_waits_only_so_much_is_kept() -> None:
    ring = refusals.Ring()
    for n in range(1000):
        ring.add(Refusal(1, str(n), ""), NOON)
    taken = ring.take()
    assert len(taken) == refusals.MOST_WAITING
    ring.add(Refusal(1, "later", ""), NOON)
    ring.put_back(taken)
    assert ring.take()[-1][7] == "later"
