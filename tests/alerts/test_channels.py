"""Several ways out at once: each has its own fate, and none waits for another."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from lighttrace.alerts.loop import Alerts
from lighttrace.clock import FixedClock
from lighttrace.config import Config
from lighttrace.settings.alerts import Alerts as AlertOptions
from lighttrace.settings.server import Server
from lighttrace.settings.webhooks import Webhook
from lighttrace.store.store import Store
from tests.alerts.hooks import Answer, Hooked, a_hook, hooked
from tests.mailbox import Mailbox
from tests.store.make import NOON, an_event

ADA = "ada@example.com"
MINUTE = 60_000


@pytest.fixture
def chat() -> Iterator[Hooked]:
    with hooked("generic") as made:
        yield made


def config(box: Mailbox | None, *hooks: Webhook) -> Config:
    to = (*([ADA] if box else []), *(hook.target for hook in hooks))
    return Config(
        server=Server(url="https://errors.example.com"),
        smtp=box.smtp() if box else None,
        alerts=AlertOptions(to=to, webhooks=hooks),
    )


def alerts(store: Store, clock: FixedClock, *it: Any) -> Alerts:
    said = config(*it)
    return Alerts(store, lambda: said, clock)


async def rows(store: Store) -> list[tuple[str, str, int, str | None]]:
    ask = "select target, state, attempts, error from outbox order by id"
    return await store.read(lambda db: db.execute(ask).fetchall())


@asynccontextmanager
async def at_work(loop: Alerts, beat: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
    working = asyncio.create_task(loop.run(beat))
    try:
        yield
        assert not working.done(), "it goes on for ever"
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)


async def test_a_new_issue_is_told_by_mail_and_in_the_chat(
    store: Store, box: Mailbox, chat: Hooked, clock: FixedClock
) -> None:
    await store.submit(an_event(user="u-1", at=NOON - 1_500))
    assert await alerts(store, clock, box, a_hook("generic", chat.base)).step() == 2
    assert len(box.messages) == 1
    (it,) = chat.arrived
    said = it.json
    assert (said["kind"], said["headline"]) == ("new", "New in shop: KeyError")
    assert said["issue"]["id"] == "SHOP-1"
    assert (said["issue"]["events"], said["issue"]["users"]) == (1, 1)
    assert said["issue"]["url"] == "https://errors.example.com/issues/SHOP-1"
    assert said["actions"][0]["url"].endswith("/issues/SHOP-1?focus=acknowledge")
    ask = "select message_id from outbox where target = 'webhook:chat'"
    (message_id,) = await store.read(lambda db: db.execute(ask).fetchone())
    assert message_id.startswith(f"<{said['id']}@")


async def test_a_chat_needs_no_mail_server(store: Store, chat: Hooked, clock: FixedClock) -> None:
    await store.submit(an_event())
    await alerts(store, clock, None, a_hook("generic", chat.base)).step()
    assert len(chat.arrived) == 1


async def test_a_chat_that_is_down_is_asked_once_and_the_mail_goes_all_the_same(
    store: Store, box: Mailbox, chat: Hooked, clock: FixedClock
) -> None:
    for group in "abc":
        await store.submit(an_event(group=group))
    chat.answer = (503, {}, b"back soon")
    loop = alerts(store, clock, box, a_hook("generic", chat.base))
    await loop.step()
    await loop.step()
    assert len(box.messages) == len(chat.arrived) == 1
    told = [row for row in await rows(store) if row[0] == "webhook:chat"]
    assert [row[1:3] for row in told] == [("due", 1), ("held", 0), ("held", 0)]
    assert "answered 503: it is in trouble itself. It said: back soon" in str(told[0][3])

    chat.answer = (200, {}, b"ok")
    clock.advance(MINUTE)
    await loop.step()
    assert len(chat.arrived) == 2
    assert chat.arrived[0].json["id"] == chat.arrived[1].json["id"], "the same message again"
    assert chat.arrived[1].json["age_s"] == 60.0


async def test_it_is_tried_after_1_5_and_30_minutes_then_every_three_hours_for_three_days(
    store: Store, chat: Hooked, clock: FixedClock
) -> None:
    await store.submit(an_event())
    chat.answer = (500, {}, b"")
    loop = alerts(store, clock, None, a_hook("generic", chat.base))
    await loop.step()
    for minutes in (1, 5, 30, 180, 180):
        before = len(chat.arrived)
        clock.advance(minutes * MINUTE - 1)
        await loop.step()
        assert len(chat.arrived) == before
        clock.advance(1)
        await loop.step()
        assert len(chat.arrived) == before + 1
    clock.advance(72 * 60 * MINUTE)
    await loop.step()
    ((_, state, _, error),) = await rows(store)
    assert state == "failed" and "answered 500" in str(error)


@pytest.mark.parametrize(("status", "words"), [(404, "no such webhook"), (410, "was removed")])
async def test_a_webhook_that_is_gone_is_not_asked_again_for_that_message(
    store: Store, chat: Hooked, clock: FixedClock, status: int, words: str
) -> None:
    await store.submit(an_event())
    chat.answer = (status, {}, b"")
    loop = alerts(store, clock, None, a_hook("generic", chat.base))
    await loop.step()
    clock.advance(60 * MINUTE)
    await loop.step()
    ((_, state, attempts, error),) = await rows(store)
    assert (state, attempts) == ("failed", 1)
    assert words in str(error)


async def test_who_asks_for_a_pause_gets_it(store: Store, chat: Hooked, clock: FixedClock) -> None:
    await store.submit(an_event())
    chat.answer = (429, {"Retry-After": "90"}, b"")
    loop = alerts(store, clock, None, a_hook("generic", chat.base))
    await loop.step()
    clock.advance(89_000)
    await loop.step()
    assert len(chat.arrived) == 1
    chat.answer = (200, {}, b"ok")
    clock.advance(1_000)
    await loop.step()
    assert len(chat.arrived) == 2


async def test_a_storm_is_two_messages_in_a_chat_as_well(
    store: Store, chat: Hooked, clock: FixedClock
) -> None:
    for number in range(25):
        await store.submit(an_event(group=f"g{number}"))
    loop = alerts(store, clock, None, a_hook("generic", chat.base))
    await loop.step()
    clock.advance(5 * MINUTE)
    await loop.step()
    assert len(chat.arrived) == 2
    last = chat.arrived[-1].json
    assert (last["kind"], last["count"], len(last["issues"])) == ("digest", 24, 5)


async def test_what_waits_for_a_webhook_that_is_no_more_is_given_up_with_a_reason(
    store: Store, chat: Hooked, clock: FixedClock
) -> None:
    await store.submit(an_event())
    chat.answer = (503, {}, b"")
    await alerts(store, clock, None, a_hook("generic", chat.base)).step()
    clock.advance(MINUTE)
    await alerts(store, clock, None).step()
    ((_, state, _, error),) = await rows(store)
    assert state == "failed"
    assert error == "There is no [[alerts.webhook]] of that name any more: webhook:chat."


async def test_a_chat_that_does_not_answer_holds_up_neither_mails_nor_other_chats(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    free = threading.Event()

    def dawdle() -> Answer:
        free.wait(10)
        return 200, {}, b"ok"

    with hooked() as slow, hooked() as quick:
        slow.answer = dawdle
        hooks = (
            a_hook("slack", slow.base, name="slow"),
            a_hook("slack", quick.base, name="quick"),
        )
        loop = alerts(store, clock, box, *hooks)
        store.on_commit.append(loop.committed)
        async with at_work(loop):
            await store.submit(an_event(group="a"))
            await until(lambda: len(slow.arrived) == 1)
            clock.advance(16 * MINUTE)
            await store.submit(an_event(group="b"))
            await until(lambda: len(box.messages) == 2 and len(quick.arrived) == 2)
            assert len(slow.arrived) == 1, "one at a time, in their order"
            free.set()
            await until(lambda: len(slow.arrived) == 2)


async def test_mails_that_wait_for_a_server_keep_nobody_awake(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await store.submit(an_event())
    box.refuse = "451 greylisted"
    await alerts(store, clock, box).step()
    clock.advance(MINUTE)
    beats: list[None] = []
    async with at_work(alerts(store, clock, None), lambda: beats.append(None)):
        await asyncio.sleep(0.25)
    assert len(beats) <= 2


async def test_a_hostile_title_reaches_the_chat_in_shape(store: Store, clock: FixedClock) -> None:
    nasty = "<!channel> @here [x](https://evil.example)\r\nX-Evil: 1"
    await store.submit(an_event(title=nasty, value=nasty, release=nasty))
    with hooked("slack") as slack, hooked("ntfy") as ntfy, hooked("discord") as discord:
        hooks = [
            a_hook(kind, server.base, name=kind)
            for kind, server in (("slack", slack), ("ntfy", ntfy), ("discord", discord))
        ]
        assert await alerts(store, clock, None, *hooks).step() == 3
    assert "&lt;!channel&gt;" in json.dumps(slack.arrived[0].json)
