"""From an event to the mailbox, through the real store: once, whatever dies in between."""

from typing import Any

from lighttrace.alerts.loop import Alerts
from lighttrace.clock import FixedClock
from lighttrace.config import Config
from lighttrace.settings.alerts import Alerts as AlertOptions
from lighttrace.store import outbox
from lighttrace.store.store import Store
from tests.mailbox import Mailbox, html_of, text_of
from tests.store.make import MINUTE, NOON, an_event

ADA, BEN = "ada@example.com", "ben@example.com"


def alerts(
    store: Store, box: Mailbox, clock: FixedClock, to: tuple[str, ...] = (ADA,), **smtp: Any
) -> Alerts:
    config = Config(smtp=box.smtp(**smtp), alerts=AlertOptions(to=to))
    return Alerts(store, lambda: config, clock)


async def test_a_new_issue_makes_one_mail_for_each_recipient(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event(user="u-1"))
    await alerts(store, box, clock, (ADA, BEN)).step()
    assert sorted(box.recipients) == [ADA, BEN]
    assert len(set(box.ids())) == 2
    assert "KeyError" in box.subjects()[0]
    assert "/issues/" in text_of(box.messages[0])
    assert "/issues/" in html_of(box.messages[0])


async def test_more_events_of_the_issue_and_repeats_make_no_more_mails(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    first = an_event()
    for write in (first, first, an_event(), an_event()):
        await store.submit(write)
    loop = alerts(store, box, clock)
    await loop.step()
    await loop.step()
    assert len(box.messages) == 1


async def test_a_server_that_is_down_loses_nothing_and_is_asked_once_not_once_a_mail(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event())
    three = (ADA, BEN, "eve@example.com")
    loop = alerts(store, box, clock, three)
    await alerts(store, box, clock, three, port=1).step()
    assert box.messages == []
    attempts = await store.read(
        lambda db: db.execute("select sum(attempts) from outbox").fetchone()[0]
    )
    assert attempts == 1

    clock.advance(5 * 60_000)
    await loop.step()
    assert len(box.messages) == 3


async def test_a_refusal_is_kept_with_its_reason_and_tried_again_under_the_same_id(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event())
    box.refuse = "451 4.7.1 greylisted"
    loop = alerts(store, box, clock)
    await loop.step()
    error, message_id = await store.read(
        lambda db: db.execute("select error, message_id from outbox").fetchone()
    )
    assert "451" in error

    await loop.step()
    assert box.messages == []
    box.refuse = None
    clock.advance(60_000)
    await loop.step()
    assert box.ids() == [message_id]


async def test_dying_between_the_servers_yes_and_our_record_sends_the_same_message_again(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event())
    loop = alerts(store, box, clock)
    await loop.step()
    # as if the process had died before it could write down that the mail was taken
    await store.write(
        lambda tx: tx.execute("update outbox set state = 'due', claimed_at = 1, done_at = null")
    )
    await loop.step()
    assert len(box.messages) == 1, "a claimed message belongs to whoever claimed it"

    assert await store.write(outbox.release_claims) == 1
    await loop.step()
    assert len(box.messages) == 2
    assert len(set(box.ids())) == 1


async def test_without_smtp_nothing_waits_for_a_server_that_may_come_one_day(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event())
    without = Config(alerts=AlertOptions(to=(ADA,)))
    await Alerts(store, lambda: without, clock).step()
    await alerts(store, box, clock).step()
    assert box.messages == []


async def test_a_title_cannot_smuggle_a_header_or_markup_into_a_mail(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(
        an_event(title="Oops\r\nBcc: eve@example.com", value="<img src=x onerror=1>")
    )
    await alerts(store, box, clock).step()
    (message,) = box.messages
    assert message["Bcc"] is None
    assert "<img" not in html_of(message)
    assert "&lt;img" in html_of(message)


async def test_a_message_that_was_tried_again_says_how_old_it_is_by_then(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event())
    clock.advance(1_200)
    box.refuse = "451 4.7.1 try again later"
    loop = alerts(store, box, clock)
    await loop.step()
    ids = await store.read(lambda db: db.execute("select message_id from outbox").fetchone())
    box.refuse = None
    clock.advance(6 * MINUTE)
    await loop.step()
    assert "Left 6 min after the event arrived." in text_of(box.messages[0])
    assert "Left 6 min after the event arrived." in html_of(box.messages[0])
    assert box.ids() == list(ids)


async def test_a_message_says_how_long_its_event_waited_for_the_database_too(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    clock.advance(3_000)
    await store.submit(an_event(at=NOON))
    clock.advance(1_200)
    await alerts(store, box, clock).step()
    assert "Left 4.2 s after the event arrived." in text_of(box.messages[0])
