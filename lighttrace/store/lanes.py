"""What is held for each target, and what it heard of late: what `alerts/storm.py` decides from, and
what became of it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lighttrace.store.database import Reader, Transaction

MOST_HELD = 2_000  # of one target at a time; the rest is told of later
HOUR_MS = 3_600_000
LOOK_MS = 10 * 60_000  # between two looks at all that is held for a target


@dataclass(frozen=True, slots=True)
class Lane:
    """The last message of a target, how often its window has grown, the newest news it was told,
    the newest strong one. Times are ms.
    """

    told_at: int | None = None
    step: int = 0
    news_at: int | None = None
    strong_at: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waits to be told. `at`: when it was made, ms."""

    id: int
    kind: str
    at: int
    issue_id: int | None


TARGETS = """
select distinct target from outbox indexed by outbox_untold where state = 'held' and done_at is null
"""


def targets(db: Reader) -> list[str]:
    """For whom something is held."""
    return [row[0] for row in db.execute(TARGETS)]


HELD = """
select id, kind, made_at, issue_id from outbox
 where target = ? and state = 'held' and done_at is null order by id limit ?
"""


def held(db: Reader, target: str) -> list[Held]:
    """Oldest first."""
    return [Held(*row) for row in db.execute(HELD, (target, MOST_HELD))]


LANE = "select told_at, step, news_at, strong_at from lane where target = ?"


def lane(db: Reader, target: str) -> Lane:
    row = db.execute(LANE, (target,)).fetchone()
    return Lane(*row) if row else Lane()


PUT = """
insert into lane(target, told_at, step, news_at, strong_at, until, seen)
values (?, ?, ?, ?, ?, ?, ?)
on conflict(target) do update set told_at = excluded.told_at, step = excluded.step,
  news_at = excluded.news_at, strong_at = excluded.strong_at, until = excluded.until,
  seen = excluded.seen
"""


def put(tx: Transaction, target: str, lane: Lane, until: int | None, seen: int) -> None:
    """`until`: when to decide again, if nothing urgent comes before; `seen`: the newest message
    that this was decided with.
    """
    values = (lane.told_at, lane.step, lane.news_at, lane.strong_at, until, seen)
    tx.execute(PUT, (target, *values))


WAITS = """
select exists(select 1 from lane l where l.target = :target
  and l.until > :now_ms and l.until <= :soon
  and not exists(select 1 from outbox o indexed by outbox_untold
     where o.target = :target and o.state = 'held' and o.done_at is null and o.id > l.seen
       and o.kind in (select value from json_each(:urgent))))
"""


def waits(db: Reader, target: str, urgent: Iterable[str], now_ms: int) -> bool:
    """Whether it is decided until when a target is told nothing, and nothing urgent has come since.
    Looks at what is new alone: in a storm thousands may be held. After LOOK_MS all is looked at
    again, as quiet hours may have been chosen anew or the clock put back.
    """
    values = {
        "target": target,
        "now_ms": now_ms,
        "soon": now_ms + LOOK_MS,
        "urgent": json.dumps(sorted(urgent)),
    }
    return bool(db.execute(WAITS, values).fetchone()[0])


WAKE = "update lane set until = null where until <= ?"


def wake(tx: Transaction, now_ms: int) -> None:
    """Forget the windows that are over: whatever is still held is decided anew."""
    tx.execute(WAKE, (now_ms,))


NEXT = "select min(until) from lane where until is not null"


def next_at(db: Reader) -> int | None:
    """When the next window closes (ms)."""
    found: int | None = db.execute(NEXT).fetchone()[0]
    return found


# What was sent by a clock that was put back since is an hour ahead at most.
SENT = """
select done_at from outbox
 where target = ? and state = 'done' and done_at > ? and done_at < ? order by done_at
"""
PENDING = "select count(*) from outbox where target = ? and state = 'due'"


def sent(db: Reader, target: str, now_ms: int) -> Sequence[int]:
    """When a target got the messages of its last hour (ms)."""
    return [row[0] for row in db.execute(SENT, (target, now_ms - HOUR_MS, now_ms + HOUR_MS))]


def pending(db: Reader, target: str) -> int:
    """How many messages are on their way to a target."""
    return int(db.execute(PENDING, (target,)).fetchone()[0])
