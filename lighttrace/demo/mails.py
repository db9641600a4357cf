"""What the people of the made-up shop were told as it happened, and what they mute. Nothing is
sent: messages are noted as taken by a mail server that does not exist.
"""

from dataclasses import replace

from lighttrace.alerts import quiet
from lighttrace.alerts.expand import expand_due
from lighttrace.alerts.rules import policy
from lighttrace.config import Config
from lighttrace.demo.people import DOMAIN
from lighttrace.store import causes, mutes, outbox, projects, users
from lighttrace.store.database import Transaction
from lighttrace.store.mutes import Muted
from lighttrace.store.outbox import Attempt
from lighttrace.store.sight import ALL

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MADE_AFTER_MS = 300
TOOK_MS = (600, 1_100, 800, 2_000, 400, 1_300, 2_800, 900)  # until the mail server said yes
TAKEN, BUSY = "250 2.0.0 Ok: queued", "mail.shop.example is busy; try again later"
GONE = "mail.shop.example does not know this mailbox"
ANSWERED, DOWN = "ok", "pager.shop.example answered 503: it is down for maintenance"
WAYS = ("mail", "webhook:chat")
PAGER, REFUSED_AFTER_MS = "webhook:pager", (0, 60_000, 360_000)  # and again after half an hour
MOST = 50


class Mails:
    """`turn` is called as time goes by."""

    def __init__(self, config: Config) -> None:
        self.policy = replace(policy(config), mails=True)
        self._hours = quiet.of_file(config.alerts)
        self._n = 0

    def turn(self, tx: Transaction, now_ms: int) -> None:
        """Tell what is to be told by now."""
        due = causes.due(tx, MOST)
        at = due[-1].at + MADE_AFTER_MS if due else now_ms
        while expand_due(tx, self.policy, self._hours, DOMAIN, at):
            pass
        for message in outbox.due(tx, at, MOST, PAGER):
            self._refuse(tx, message.id, at)
        for message in [it for way in WAYS for it in outbox.due(tx, at, MOST, way)]:
            outbox.claim(tx, message.id, at)
            took_ms = TOOK_MS[self._n % len(TOOK_MS)]
            self._n += 1
            if self._n % 24 == 17:
                outbox.give_up(tx, message.id, Attempt(at + took_ms, "550", took_ms, GONE))
                continue
            if self._n % 40 == 34:
                busy = Attempt(at + took_ms, "421", took_ms, BUSY)
                outbox.postpone(tx, message.id, busy, at + 60_000)
                outbox.claim(tx, message.id, at + 60_000)
                took_ms += 60_000
            code, said = ("250", TAKEN) if "@" in message.target else ("200", ANSWERED)
            done = Attempt(at + took_ms, code, took_ms % 60_000, said)
            outbox.record_delivered(tx, message.id, done)

    def _refuse(self, tx: Transaction, message_id: int, at: int) -> None:
        """Three times; the next try is still to come."""
        for after_ms in REFUSED_AFTER_MS:
            outbox.claim(tx, message_id, at + after_ms)
            no = Attempt(at + after_ms, "503", 240, DOWN)
            outbox.postpone(tx, message_id, no, at + REFUSED_AFTER_MS[-1] + 30 * 60_000)


def mute(tx: Transaction, now_ms: int) -> None:
    """What was muted of late."""
    ids = {it.email.partition("@")[0]: it.id for it in users.every(tx)}
    fulfillment = projects.by_slug(tx, "fulfillment", ALL)
    night, until = Muted(rule="Stock at night"), now_ms + 3 * DAY_MS
    mutes.hold(tx, mutes.add(tx, night, until, ids["jonas"], now_ms - DAY_MS), 4)
    if fulfillment is not None:
        own = Muted(project_id=fulfillment.id, for_user=ids["mira"])
        mutes.add(tx, own, now_ms + 15 * HOUR_MS, ids["mira"], now_ms - HOUR_MS)
