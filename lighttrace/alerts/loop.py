"""The alerts loop: woken by a commit that wrote a cause, it expands, delivers, and sleeps until the
next message is due.
"""

import asyncio
from collections.abc import Callable

from lighttrace.alerts.deliver import deliver_due
from lighttrace.alerts.expand import expand_due
from lighttrace.alerts.mail import Mailer, host_of
from lighttrace.clock import Clock
from lighttrace.config import Config
from lighttrace.store import outbox
from lighttrace.store.store import Store
from lighttrace.store.writes import Committed

LONGEST_SLEEP_S = 30.0  # also how late a held-back summary may be once its hour has room


class Alerts:
    """`config` is asked anew at each step, so that a reload counts from the next message on."""

    def __init__(self, store: Store, config: Callable[[], Config], clock: Clock) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._wake = asyncio.Event()

    def committed(self, batch: Committed) -> None:
        """For `Store.on_commit`."""
        if batch.causes:
            self.wake()

    def wake(self) -> None:
        """There is something in the outbox that no event has put there."""
        self._wake.set()

    async def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """For ever; raises what the database raises, its supervisor starts it again."""
        await self._store.write(outbox.release_claims)
        while True:
            beat()
            self._wake.clear()
            await self.step()
            pause_s = await self._sleep_s()
            try:
                await asyncio.wait_for(self._wake.wait(), pause_s)
            except TimeoutError:
                continue

    async def step(self) -> int:
        """Do what there is to do now; returns how many messages were handed over.

        Without `[smtp]` causes are only marked as done: a server set up later must not send last
        month's news.
        """
        config = self._config()
        smtp = config.smtp
        if smtp is None:
            while await self._store.write(expand_due, (), "", self._clock.now_ms()):
                pass
            return 0
        targets, host = tuple(dict.fromkeys(config.alerts.to)), host_of(smtp)
        while await self._store.write(expand_due, targets, host, self._clock.now_ms()):
            pass
        async with Mailer(smtp) as mailer:
            return await deliver_due(self._store, mailer, config.base_url, self._clock)

    async def _sleep_s(self) -> float:
        due_at = await self._store.read(outbox.next_due_at)
        if due_at is None:
            return LONGEST_SLEEP_S
        return min(LONGEST_SLEEP_S, max(0.05, (due_at - self._clock.now_ms()) / 1000))
