"""What failed for good is told somewhere else, once; and nothing gets lost on the way there."""

import sqlite3

import pytest

from lighttrace.alerts.loop import Alerts
from lighttrace.clock import FixedClock
from lighttrace.config import Config
from lighttrace.errors import DiskError
from lighttrace.settings.alerts import Alerts as AlertOptions
from lighttrace.store import outbox
from lighttrace.store.database import Transaction
from lighttrace.store.store import Store
from tests.mailbox import Mailbox, text_of
from tests.store.make import DAY, MINUTE, an_event, rows

ADA, SECOND_WAY = "nobody@example.com", "oncall@example.com"


def alerts(store: Store, box: Mailbox, clock: FixedClock, *to: str, second: str | None) -> Alerts:
    options = AlertOptions(to=to or (ADA,), fallback=second)
    config = Config(smtp=box.smtp(), alerts=options)
    return Alerts(store, lambda: config, clock)


async def states(store: Store) -> list[tuple[str, str]]:
    found = await rows(store, "select target, state from outbox order by id")
    return [(target, state) for target, state in found]


async def test_a_mailbox_that_does_not_exist_is_told_to_the_second_channel_at_once_and_once(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event(title="KeyError"))
    loop = alerts(store, box, clock, second=SECOND_WAY)
    for _ in range(4):
        await loop.step()
        clock.advance(30 * MINUTE)
    assert await states(store) == [(ADA, "failed"), (SECOND_WAY, "done")]
    (mail,) = box.messages
    assert mail["subject"] == f"Could not deliver a message to {ADA}"
    said = text_of(mail)
    assert "550 5.1.1 no such mailbox" in said and "What it was about: KeyError" in said
    assert "/issues/SHOP-1" in said


async def test_after_the_last_try_the_second_channel_is_told_why(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event())
    box.refuse = "451 4.7.1 greylisted for ever"
    loop = alerts(store, box, clock, "ada@example.com", second=SECOND_WAY)
    await loop.step()
    for minutes in (1, 5, 30, 180):
        assert await states(store) == [("ada@example.com", "due")]
        clock.advance(minutes * MINUTE)
        await loop.step()
    box.refuse = None
    await loop.step()
    assert await states(store) == [("ada@example.com", "failed"), (SECOND_WAY, "done")]
    assert "greylisted for ever" in text_of(box.messages[-1])


async def test_without_a_second_channel_it_is_tried_for_three_days(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event())
    box.refuse = "451 no"
    loop = alerts(store, box, clock, "ada@example.com", second=None)
    await loop.step()
    for _ in range(12):
        clock.advance(6 * 60 * MINUTE - 1)
        await loop.step()
    assert await states(store) == [("ada@example.com", "due")]
    clock.advance(DAY)
    await loop.step()
    assert await states(store) == [("ada@example.com", "failed")]


async def test_a_second_channel_that_fails_too_is_the_end(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event())
    loop = alerts(store, box, clock, "nobody@a.example", second="nobody@b.example")
    for _ in range(6):
        await loop.step()
        clock.advance(DAY)
    assert [state for _, state in await states(store)] == ["failed", "failed"]


async def test_a_message_that_we_cannot_put_together_holds_up_no_other(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event())
    loop = alerts(store, box, clock, "ada@example.com", "ben@example.com", second=None)

    def spoil(tx: Transaction) -> None:
        tx.execute("update outbox set payload = '{\"members\": 7}' where target like 'ada%'")

    box.refuse = "451 later"
    await loop.step()
    await store.write(spoil)
    box.refuse = None
    clock.advance(MINUTE)
    await loop.step()
    assert await states(store) == [("ada@example.com", "due"), ("ben@example.com", "done")]
    ((error,),) = await rows(store, "select error from outbox where state = 'due'")
    assert error.startswith("A mistake of LightTrace")


async def test_a_disk_that_is_full_when_a_mail_was_taken_loses_nothing_and_sends_no_second_mail(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event())
    loop = alerts(store, box, clock, "ada@example.com", second=None)
    box.refuse = "451 later"
    await loop.step()
    box.refuse = None
    await store.write(_fill_the_disk)
    clock.advance(MINUTE)
    with pytest.raises(DiskError):
        await loop.step()
    assert len(box.messages) == 1

    await store.write(lambda tx: tx.execute("pragma max_page_count = 1000000") and None)
    await store.write(outbox.release_claims)  # as the loop does when it is started again
    await loop.step()
    assert len(box.messages) == 1
    assert await states(store) == [("ada@example.com", "done")]


def _fill_the_disk(tx: Transaction) -> None:
    """No page can be added, and the last one of the deliveries is full."""
    tx.execute("insert into delivery select 100, 1, 0, 0, '', 0, ?", ("x" * 8_100,))
    pages = tx.execute("pragma page_count").fetchone()[0]
    tx.execute(f"pragma max_page_count = {pages}")
    try:
        tx.execute("savepoint rest")
        for number in range(200, 400):
            tx.execute("insert into delivery select ?, 1, 0, 0, '', 0, ?", (number, "x" * 8_100))
    except sqlite3.OperationalError:
        pass


@pytest.mark.parametrize("step_ms", [-400 * DAY, -2 * 60 * MINUTE, 2 * 60 * MINUTE, 400 * DAY])
async def test_a_clock_that_is_set_loses_nothing_and_sends_nothing_twice(
    store: Store, box: Mailbox, clock: FixedClock, step_ms: int
) -> None:
    loop = alerts(store, box, clock, "ada@example.com", second=None)
    await store.submit(an_event(group="a"))
    await loop.step()
    box.refuse = "451 later"
    for group in "bcd":
        await store.submit(an_event(group=group))
    clock.advance(5 * MINUTE)
    await loop.step()
    box.refuse = None
    await store.submit(an_event(group="e"))

    clock.advance(step_ms)
    for _ in range(8):
        await loop.step()
        clock.advance(30 * MINUTE)
    await loop.step()
    assert len(set(box.ids())) == len(box.ids())
    waiting = await rows(
        store, "select 1 from outbox where state = 'due' or (state = 'held' and done_at is null)"
    )
    assert waiting == []
