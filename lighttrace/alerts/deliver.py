"""Messages that are due are claimed, read, handed to their channel and recorded.

At least once, under one Message-ID: if we die after the channel took a message and before we could
record that, it goes out again as the same message.
"""

import logging
from typing import Protocol

from lighttrace.alerts import fallback, news
from lighttrace.alerts.news import News
from lighttrace.clock import Clock
from lighttrace.errors import DeliveryError, StoreError
from lighttrace.store import outbox
from lighttrace.store.outbox import Attempt, Message
from lighttrace.store.store import Store

log = logging.getLogger(__name__)

MINUTE_MS = 60_000
BACK_OFF_MS = (
    1 * MINUTE_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    180 * MINUTE_MS,
)  # then every three hours
GIVE_UP_MS = 72 * 60 * MINUTE_MS  # a mail server that was away over a weekend still gets its mail
BATCH = 50


class Channel(Protocol):
    @property
    def name(self) -> str:
        """Whose messages it takes: "mail", or the target of a webhook."""
        ...

    async def hand_over(self, news: News, message: Message, now_ms: int) -> tuple[str, str]:
        """Hand one message over; returns its code and the server's words. Raises DeliveryError."""
        ...


def next_try_ms(attempts: int) -> int:
    """How long to wait after the `attempts`-th failure."""
    return BACK_OFF_MS[min(attempts, len(BACK_OFF_MS)) - 1]


async def deliver_due(
    store: Store, channel: Channel, base_url: str, clock: Clock, second: str | None = None
) -> int:
    """Send every message of a channel that is due; returns how many were handed over. `second` is
    told of those that failed for good.

    A channel that is down is asked once, not once a message: the others wait a minute, or as long
    as it asked for, without having been tried. A message that we cannot put together waits like one
    that was refused, and holds up no other.
    """
    sent = 0
    for message in await store.read(outbox.due, clock.now_ms(), BATCH, channel.name):
        if not await store.write(outbox.claim, message.id, clock.now_ms()):
            continue
        try:
            sent += await _deliver(store, channel, message, base_url, clock, second)
        except DeliveryError as error:
            pause_ms = _pause_ms(error, BACK_OFF_MS[0])
            await store.write(outbox.put_off, channel.name, clock.now_ms(), pause_ms)
            break
    return sent


async def _deliver(
    store: Store,
    channel: Channel,
    message: Message,
    base_url: str,
    clock: Clock,
    second: str | None,
) -> bool:
    began_s = clock.monotonic_s()
    try:
        told = await store.read(news.read, message, message.payload, base_url, clock.now_ms())
        if told is None:
            words = "The issue was deleted before its message went out."
            await store.write(outbox.give_up, message.id, Attempt(clock.now_ms(), "gone", 0, words))
            return False
        code, answer = await channel.hand_over(told, message, clock.now_ms())
    except StoreError:
        raise
    except DeliveryError as error:
        await _record_failure(store, message, error, began_s, clock, second)
        if error.channel_down:
            raise
        return False
    except Exception as error:
        log.exception("message %d (%s) could not be put together", message.id, message.kind)
        ours = DeliveryError(f"A mistake of LightTrace: {type(error).__name__}", code="internal")
        await _record_failure(store, message, ours, began_s, clock, second)
        return False
    took_ms = round((clock.monotonic_s() - began_s) * 1000)
    done = Attempt(clock.now_ms(), code, took_ms, answer)
    await store.write(outbox.record_delivered, message.id, done)
    return True


async def _record_failure(
    store: Store,
    message: Message,
    error: DeliveryError,
    began_s: float,
    clock: Clock,
    second: str | None,
) -> None:
    now_ms = clock.now_ms()
    took_ms = round((clock.monotonic_s() - began_s) * 1000)
    failed = Attempt(now_ms, error.code, took_ms, str(error))
    too_often = second is not None and message.attempts + 1 >= fallback.TRIES
    if error.permanent or too_often or now_ms - message.made_at > GIVE_UP_MS:
        await store.write(fallback.give_up, message, failed, second, now_ms)
    else:
        pause_ms = _pause_ms(error, next_try_ms(message.attempts + 1))
        await store.write(outbox.postpone, message.id, failed, now_ms + pause_ms)


def _pause_ms(error: DeliveryError, usual_ms: int) -> int:
    """As long as the channel asked for, if it did."""
    return usual_ms if error.retry_after_s is None else error.retry_after_s * 1000
