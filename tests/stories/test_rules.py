"""Rules, whole: from the file to the mailbox, through the writer and the loop."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lighttrace import config
from lighttrace.alerts import rules
from lighttrace.alerts.counting import Counting
from lighttrace.alerts.loop import Alerts
from lighttrace.clock import FixedClock
from lighttrace.store import mutes, users
from lighttrace.store.mutes import Muted
from lighttrace.store.store import Store
from tests.mailbox import Mailbox, mailbox, text_of
from tests.store.make import DAY, MINUTE, NOON, add_project, an_event, held

SECOND = 1_000
FILE = """
[smtp]
host = "{host}"
port = {port}
tls = "none"
from = "lighttrace@example.com"

[alerts]
to = ["ops@example.com"]

[[alerts.rule]]
name = "checkout is burning"
when = "20 events in 5m"
project = "shop"
where = "environment:production component:checkout"
to = ["mira@shop.example", "owner"]
"""
CHECKOUT = (("component", "checkout"),)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as made:
        yield made


class Team:
    def __init__(self, store: Store, alerts: Alerts, clock: FixedClock) -> None:
        self.store, self.alerts, self.clock = store, alerts, clock

    async def receive(self, times: int, **event: object) -> None:
        """So many events, a second apart, in one batch."""
        now_ms = self.clock.now_ms()
        async with held(self.store):
            waiting = [
                self.store.submit(an_event(at=now_ms + n * SECOND, **event)) for n in range(times)
            ]
        for it in waiting:
            await it
        self.clock.set(now_ms + times * SECOND)
        await self.alerts.step()


@pytest.fixture
async def team(tmp_path: Path, box: Mailbox) -> AsyncIterator[Team]:
    smtp = box.smtp()
    (file := tmp_path / "lighttrace.toml").write_text(FILE.format(host=smtp.host, port=smtp.port))
    settings = config.load(file, env={})
    clock = FixedClock(NOON)
    store = Store.open(tmp_path / "lighttrace.db", clock=clock, synchronous="NORMAL")
    store.watch(Counting(rules.policy(settings)))
    await store.start()
    try:
        await store.write(add_project)
        await store.write(users.add, "mira@shop.example", "Mira", "member", None, NOON)
        yield Team(store, Alerts(store, lambda: settings, clock), clock)
    finally:
        await store.close()


async def test_twenty_failing_checkouts_are_told_once_to_each_and_staging_is_not(
    team: Team, box: Mailbox
) -> None:
    await team.receive(25, tags=CHECKOUT, environment="staging")
    await team.receive(19, tags=CHECKOUT)
    assert box.messages == []
    await team.receive(6, tags=CHECKOUT)
    assert sorted(str(it["to"]) for it in box.messages) == ["mira@shop.example", "ops@example.com"]
    mail = box.messages[0]
    assert str(mail["subject"]) == "25 events in 5 min: KeyError in shop"
    assert "checkout is burning: 25 events in 5 min" in text_of(mail)
    await team.receive(25, tags=CHECKOUT)
    assert len(box.messages) == 2


async def test_what_is_muted_is_counted_and_not_sent(team: Team, box: Mailbox) -> None:
    mute = Muted(rule="checkout is burning")
    await team.store.write(mutes.add, mute, NOON + DAY, 1, NOON)
    await team.receive(25, tags=CHECKOUT)
    assert box.messages == []
    (it,) = await team.store.read(mutes.every, NOON + MINUTE)
    assert (it.made_by, it.held) == ("Mira", 2)
