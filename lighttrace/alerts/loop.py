"""The alerts loop: woken by a commit that wrote a cause, it expands, delivers, and sleeps until the
next message is due. Each channel has its own errand, so that one that is slow holds up no other.
"""

import asyncio
import contextlib
from collections.abc import Callable
from urllib.parse import urlsplit

from lighttrace.alerts import fallback, quiet, rules
from lighttrace.alerts.deliver import BATCH, Courier
from lighttrace.alerts.expand import expand_due
from lighttrace.alerts.mail import Mailer, host_of
from lighttrace.alerts.news import Terms
from lighttrace.alerts.webhook import Post
from lighttrace.clock import Clock
from lighttrace.config import Config
from lighttrace.settings.mail import Smtp
from lighttrace.settings.webhooks import PREFIX
from lighttrace.store import lanes, outbox
from lighttrace.store.outbox import Attempt
from lighttrace.store.store import Store
from lighttrace.store.writes import Committed

LONGEST_SLEEP_S = 30.0
MAIL = "mail"


class Alerts:
    """`config` is asked anew at each step, so that a reload counts from the next message on."""

    def __init__(self, store: Store, config: Callable[[], Config], clock: Clock) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._wake = asyncio.Event()
        self._handed: dict[int, Attempt] = {}  # outlives a loop that has to be started again
        self._mailer: Mailer | None = None

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
        errands: dict[str, asyncio.Task[int]] = {}
        try:
            while True:
                beat()
                self._wake.clear()
                await self._expand()
                for done in [name for name, errand in errands.items() if errand.done()]:
                    errands.pop(done).result()  # raises what it raised
                due_at = await self._store.read(outbox.next_due_at)
                for name in self._now_due(due_at):
                    if name not in errands:
                        errands[name] = asyncio.create_task(self._deliver(name))
                later = [at for name, at in due_at.items() if name not in errands]
                window = await self._store.read(lanes.next_at)
                await self._rest([*later, *([window] if window else [])], errands)
        finally:
            for errand in errands.values():
                errand.cancel()
            await asyncio.gather(*errands.values(), return_exceptions=True)
            await self._leave()

    async def step(self) -> int:
        """Do what there is to do now; returns how many messages were handed over."""
        await self._expand()
        due_at = await self._store.read(outbox.next_due_at)
        sent = await asyncio.gather(*map(self._deliver, self._now_due(due_at)))
        await self._leave()
        return sum(sent)

    async def _expand(self) -> None:
        """Without a channel causes are only marked as done: a server set up later must not send
        last month's news.
        """
        config = self._config()
        told, host = rules.policy(config), sender_host(config)
        hours = quiet.of_file(config.alerts)
        while await self._store.write(expand_due, told, hours, host, self._clock.now_ms()):
            pass

    def _now_due(self, due_at: dict[str, int]) -> list[str]:
        """The channels with something to do. Mail waits for a server, however long."""
        now_ms, has_mail = self._clock.now_ms(), self._config().smtp is not None
        return [n for n, at in due_at.items() if at <= now_ms and (n != MAIL or has_mail)]

    async def _deliver(self, channel: str) -> int:
        config, store, clock = self._config(), self._store, self._clock
        second = config.alerts.fallback
        terms = Terms.of(config)
        courier = Courier(store, clock, config.base_url, second, self._handed, terms)
        if channel == MAIL:
            assert config.smtp is not None
            mailer = await self._mailer_for(config.smtp)
            return await courier.deliver_due(mailer)
        hook = config.alerts.webhook(channel.removeprefix(PREFIX))
        if hook is None:
            words = f"There is no [[alerts.webhook]] of that name any more: {channel}."
            now_ms = clock.now_ms()
            await store.write(fallback.forsake, channel, words, second, now_ms, BATCH)
            return 0
        return await courier.deliver_due(Post(hook))

    async def _mailer_for(self, smtp: Smtp) -> Mailer:
        """The same from burst to burst, until a reload names another server."""
        if self._mailer is None or self._mailer.smtp != smtp:
            await self._leave()
            self._mailer = Mailer(smtp)
        return self._mailer

    async def _leave(self) -> None:
        mailer, self._mailer = self._mailer, None
        if mailer is not None:
            await mailer.close()

    async def _rest(self, due_at: list[int], errands: dict[str, asyncio.Task[int]]) -> None:
        """Until there is something new, an errand is done, the next message is due or a window
        closes."""
        now_ms = self._clock.now_ms()
        later = [(at - now_ms) / 1000 for at in due_at if at > now_ms]
        pause_s = max(0.05, min([LONGEST_SLEEP_S, *later]))
        woken = asyncio.create_task(self._wake.wait())
        try:
            await asyncio.wait(
                [woken, *errands.values()],
                timeout=pause_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            woken.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await woken


def sender_host(config: Config) -> str:
    """The right side of Message-IDs."""
    if config.smtp is not None:
        return host_of(config.smtp)
    return urlsplit(config.base_url).hostname or "localhost"
