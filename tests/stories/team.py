"""Somebody with a mailbox, and a shop that breaks, with a clock that is told what time it is."""

from typing import Any

from lighttrace.alerts.loop import Alerts
from lighttrace.clock import FixedClock
from lighttrace.config import Config
from lighttrace.settings.alerts import Alerts as AlertOptions
from lighttrace.store import causes, lanes, outbox
from lighttrace.store.database import Transaction
from lighttrace.store.store import Store
from tests.mailbox import Mailbox
from tests.store.make import an_event

ADA = "ada@example.com"


class Team:
    """`box` is where mail for ADA arrives, who is told of everything."""

    def __init__(self, store: Store, box: Mailbox, clock: FixedClock) -> None:
        self.store, self.box, self.clock = store, box, clock
        self.config = Config(smtp=box.smtp(), alerts=AlertOptions(to=(ADA,)))
        self.alerts = Alerts(store, lambda: self.config, clock)

    async def receive(self, **event: Any) -> int:
        stored = await self.store.submit(an_event(at=self.clock.now_ms(), **event))
        await self.alerts.step()
        assert stored.issue_id is not None
        return stored.issue_id

    async def cause(self, kind: str, issue_id: int) -> None:
        def add(tx: Transaction) -> None:
            tx.execute(causes.ADD, (kind, issue_id, None, self.clock.now_ms()))

        await self.store.write(add)
        await self.alerts.step()

    async def wait(self, ms: int) -> None:
        """The loop sleeps until a window closes or a message is due."""
        until = self.clock.now_ms() + ms
        while self.clock.now_ms() < until:
            due = await self.store.read(outbox.next_due_at)
            window = await self.store.read(lanes.next_at)
            times = [at for at in (window, *due.values()) if at is not None]
            at = min([it for it in times if it > self.clock.now_ms()], default=until)
            self.clock.set(min(at, until))
            await self.alerts.step()
