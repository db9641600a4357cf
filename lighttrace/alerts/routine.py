"""What is sent because its time has come: the report of Monday morning, and the line a day that
says we are alive. Each goes into the outbox under a key with its day, so that it is made once.
"""

from collections.abc import Callable, Sequence

from lighttrace.alerts import asides, wall, weekly
from lighttrace.clock import Clock
from lighttrace.config import Config
from lighttrace.settings.webhooks import PREFIX
from lighttrace.store import outbox, outcomes, sendings, users
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.outbox import Draft
from lighttrace.store.store import Store

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
LATE_MS = 12 * HOUR_MS  # after that, a line about yesterday says nothing any more


class Routine:
    """Remembers what it has made, so that a look costs nothing; after a restart the outbox knows.
    `wake` is told that there is something to send.
    """

    def __init__(
        self,
        store: Store,
        config: Callable[[], Config],
        clock: Clock,
        host: Callable[[], str],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._host = host
        self._wake = wake
        self._made: set[str] = set()

    async def look(self) -> int:
        """Make what is due now; returns how many messages that were."""
        config, now_ms = self._config(), self._clock.now_ms()
        drafts = await self._store.read(due, config, now_ms)
        fresh = [it for it in drafts if it.dedupe not in self._made]
        if not fresh:
            return 0
        made = await self._store.write(_add, fresh, self._host(), now_ms)
        self._made = {it.dedupe for it in drafts}
        if made:
            self._wake()
        return made


def due(db: Reader, config: Config, now_ms: int) -> list[Draft]:
    """The messages whose time has come and has not passed long ago."""
    found = []
    if config.alerts.weekly and config.smtp is not None:
        for person in filter(weekly.wants, users.every(db)):
            when = weekly.due_at(person, now_ms)
            if when is not None:
                key = f"weekly:{person.id}:{wall.day_of(when, weekly.zone_of(person))}"
                kept = weekly.payload(person, when)
                found.append(Draft(key, "weekly", person.email, None, when, dict(kept)))
    if config.alerts.alive is not None:
        at, zone = config.alerts.alive
        when = wall.last_moment(now_ms, at, zone)
        reached = [it for it in config.alerts.to if config.smtp or it.startswith(PREFIX)]
        targets = reached if now_ms - when < LATE_MS else []
        words = {"words": alive(db, when)} if targets else {}
        for target in targets:
            key = f"alive:{target}:{wall.day_of(when, zone)}"
            found.append(Draft(key, "alive", target, None, when, dict(words)))
    return found


def alive(db: Reader, until_ms: int) -> str:
    """`Alive: 12,040 events, 14 messages sent in the last day, 3 told together with others`"""
    counts = sendings.counts(db, until_ms - DAY_MS, until_ms)
    events = outcomes.accepted(db, (until_ms - DAY_MS) // HOUR_MS, until_ms // HOUR_MS)
    said = [
        f"{events:,} event{'s' * (events != 1)}",
        f"{counts.sent} message{'s' * (counts.sent != 1)} sent in the last day",
    ]
    if counts.gathered:
        said.append(f"{counts.gathered} told together with others")
    if counts.failed:
        said.append(f"{counts.failed} not delivered")
    return f"Alive: {', '.join(said)}"


def _add(tx: Transaction, drafts: Sequence[Draft], host: str, now_ms: int) -> int:
    return sum(_add_one(tx, it, host, now_ms) for it in drafts)


def _add_one(tx: Transaction, it: Draft, host: str, now_ms: int) -> bool:
    """A report mentions what no digest has."""
    message_id = outbox.add(tx, it, host, now_ms)
    if message_id is not None and it.kind == "weekly":
        person = users.by_email(tx, it.target)
        zone = weekly.zone_of(person) if person else wall.UTC_ZONE
        outbox.say(tx, message_id, asides.take(tx, it.target, person, zone, now_ms))
    return message_id is not None
