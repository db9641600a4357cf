"""How old messages were when they were handed over, as a course over time, and how each channel
fares: what the alert path says of itself. Waiting on purpose does not count. Changes nothing.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from lighttrace.store import sendings
from lighttrace.store.database import Reader
from lighttrace.store.sendings import Ages
from lighttrace.store.sight import Sight

MOST_TAKEN = 5_000  # of the time looked at, the newest: 30 ms
MOST_TRIES = 2_000  # in which a channel has to show

TAKEN = """
select o.done_at, max(0, o.made_at - o.caused_at) + max(0, o.done_at - o.released_at),
  o.target like 'webhook:%'
  from outbox o indexed by outbox_done
 where o.state = 'done' and o.done_at >= :since
   and o.kind not in (select value from json_each(:apart))
   and (:project_ids is null or o.issue_id in (
     select id from issue where project_id in (select value from json_each(:project_ids))))
 order by o.done_at desc limit :most
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """One message: when it was handed over, and how old it was then, in ms."""

    at: int
    age_ms: int
    by_hook: bool


def taken(db: Reader, sight: Sight, since_ms: int) -> list[Taken]:
    """The messages handed over since a moment, newest first, of those that somebody may know of."""
    ids = sight.project_ids
    values = {
        "since": since_ms,
        "apart": json.dumps([*sendings.TIMED, *sendings.GATHERED]),
        "project_ids": None if ids is None else json.dumps(sorted(ids)),
        "most": MOST_TAKEN,
    }
    return [Taken(at, age, bool(hook)) for at, age, hook in db.execute(TAKEN, values)]


def ages(some: Iterable[Taken]) -> Ages:
    return sendings.ages_of([it.age_ms for it in some])


def course(some: Iterable[Taken], since_ms: int, unit_ms: int, n: int) -> tuple[Ages, ...]:
    """The same for each of `n` spans of time, the oldest first."""
    spans: list[list[int]] = [[] for _ in range(n)]
    for it in some:
        at = (it.at - since_ms) // unit_ms
        if 0 <= at < n:
            spans[at].append(it.age_ms)
    return tuple(map(sendings.ages_of, spans))


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a channel."""

    at: int
    ok: bool
    code: str
    took_ms: int


TRIES = """
select case when o.target like 'webhook:%' then o.target else 'mail' end, d.ok, max(d.id), d.at,
  d.code, d.took_ms
  from (select * from delivery order by id desc limit ?) d cross join outbox o on o.id = d.outbox_id
 group by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Channel:
    """The last yes and the last no of a channel, where there was one of late."""

    yes: Try | None = None
    no: Try | None = None

    @property
    def is_down(self) -> bool:
        """Whether the last answer was a no."""
        return self.no is not None and (self.yes is None or self.yes.at < self.no.at)


def channels(db: Reader) -> dict[str, Channel]:
    """By `mail` or `webhook:NAME`."""
    found: dict[str, dict[bool, Try]] = {}
    for channel, ok, _, at, code, took_ms in db.execute(TRIES, (MOST_TRIES,)):
        found.setdefault(channel, {})[bool(ok)] = Try(at, bool(ok), code or "", took_ms)
    return {name: Channel(tries.get(True), tries.get(False)) for name, tries in found.items()}


LAST_ALIVE = """
select max(done_at) from outbox indexed by outbox_done
 where state = 'done' and done_at >= ? and kind = 'alive'
"""
PENDING = """
select count(*), min(made_at) from (
  select made_at from outbox indexed by outbox_pending where state = 'due' limit ?)
"""


@dataclass(frozen=True, slots=True)
class Outbox:
    """What waits to be handed over, and since when the oldest does; when the last line went out
    that says we are alive (ms).
    """

    waiting: int
    oldest_at: int | None
    alive_at: int | None


def outbox(db: Reader, since_ms: int) -> Outbox:
    """As it is now; of lines since a moment."""
    waiting, oldest_at = db.execute(PENDING, (MOST_TAKEN,)).fetchone()
    return Outbox(waiting, oldest_at, db.execute(LAST_ALIVE, (since_ms,)).fetchone()[0])
