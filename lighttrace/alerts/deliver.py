"""Messages that are due are claimed, read, handed to their channel and recorded.

At least once, under one Message-ID: if we die after the channel took a message and before we could
record that, it goes out again as the same message.
"""

import logging
from dataclasses import dataclass
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

    @property
    def in_full(self) -> bool:
        """Whether it shows what lies behind an issue, which takes a while to read."""
        ...

    async def hand_over(self, news: News, message: Message, now_ms: int) -> tuple[str, str]:
        """Hand one message over; returns its code and the server's words. Raises DeliveryError."""
        ...


def next_try_ms(attempts: int) -> int:
    """How long to wait after the `attempts`-th failure."""
    return BACK_OFF_MS[min(attempts, len(BACK_OFF_MS)) - 1]


@dataclass(frozen=True, slots=True)
class Courier:
    """Takes messages to their channel. `second` is told of those that failed for good. `handed`:
    what a channel has taken and nobody could write down yet, as on a full disk; it is not handed
    over again.
    """

    store: Store
    clock: Clock
    base_url: str
    second: str | None
    handed: dict[int, Attempt]
    terms: news.Terms = news.DEFAULT_TERMS

    async def deliver_due(self, channel: Channel) -> int:
        """Send every message of a channel that is due; returns how many were handed over.

        A channel that is down is asked once, not once a message: the others wait a minute, or as
        long as it asked for, without having been tried. A message that we cannot put together waits
        like one that was refused, and holds up no other.
        """
        sent, now_ms = 0, self.clock.now_ms
        for message in await self.store.read(outbox.due, now_ms(), BATCH, channel.name):
            if not await self.store.write(outbox.claim, message.id, now_ms()):
                continue
            try:
                sent += await self._deliver(channel, message)
            except DeliveryError as error:
                pause_ms = _pause_ms(error, BACK_OFF_MS[0])
                await self.store.write(outbox.put_off, channel.name, now_ms(), pause_ms)
                break
        return sent

    async def _deliver(self, channel: Channel, message: Message) -> bool:
        began_s = self.clock.monotonic_s()
        try:
            if message.id not in self.handed:
                done = await self._hand_over(channel, message)
                if done is None:
                    return False
                self.handed[message.id] = done
        except StoreError:
            raise
        except DeliveryError as error:
            await self._record_failure(message, error, began_s)
            if error.channel_down:
                raise
            return False
        except Exception as error:
            log.exception("message %d (%s) could not be put together", message.id, message.kind)
            what = f"A mistake of LightTrace: {type(error).__name__}"
            await self._record_failure(message, DeliveryError(what, code="internal"), began_s)
            return False
        await self.store.write(outbox.record_delivered, message.id, self.handed[message.id])
        del self.handed[message.id]
        return True

    async def _hand_over(self, channel: Channel, message: Message) -> Attempt | None:
        """What the channel said; None if there is nothing left to tell of."""
        began_s, now_ms = self.clock.monotonic_s(), self.clock.now_ms
        asked = (message, message.payload, self.base_url, now_ms(), self.terms)
        told = await self.store.read(news.read, *asked, in_full=channel.in_full)
        if told is None:
            words = "The issue was deleted before its message went out."
            gone = Attempt(now_ms(), "gone", 0, words)
            await self.store.write(outbox.give_up, message.id, gone)
            return None
        code, answer = await channel.hand_over(told, message, now_ms())
        took_ms = round((self.clock.monotonic_s() - began_s) * 1000)
        return Attempt(now_ms(), code, took_ms, answer)

    async def _record_failure(self, message: Message, error: DeliveryError, began_s: float) -> None:
        now_ms = self.clock.now_ms()
        took_ms = round((self.clock.monotonic_s() - began_s) * 1000)
        failed = Attempt(now_ms, error.code, took_ms, str(error))
        too_often = self.second is not None and message.attempts + 1 >= fallback.TRIES
        if error.permanent or too_often or now_ms - message.made_at > GIVE_UP_MS:
            await self.store.write(fallback.give_up, message, failed, self.second, now_ms)
        else:
            pause_ms = _pause_ms(error, next_try_ms(message.attempts + 1))
            await self.store.write(outbox.postpone, message.id, failed, now_ms + pause_ms)


def _pause_ms(error: DeliveryError, usual_ms: int) -> int:
    """As long as the channel asked for, if it did."""
    return usual_ms if error.retry_after_s is None else error.retry_after_s * 1000
