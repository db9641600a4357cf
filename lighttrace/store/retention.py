"""Forgetting: by age, and by the size of the database, so that a forgotten server does not fill its
disk. In bites small enough to go between two batches of the writer.

Events go oldest first. What hangs on events (people, tag values, text) follows the oldest event
that is left; counters and the rest have ages of their own (`ageing.py`). A full database of small
things, an attack by new users or new groups, is pressed until it fits as well.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from lighttrace.store import ageing, settings, text_index, training
from lighttrace.store.ageing import Age
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.store import Store
from lighttrace.store.tallies import DAY_MS, HOUR_MS

BITE = 200  # events; 27 ms of the writer (docs/storage.md, "Retention")
PRESS_TO = 0.95  # of the size limit: a full database is not pressed again with every event
PATIENCE = 1.02  # of the size limit: above it, retention no longer waits for a quiet moment
SHORT_QUEUE = 32  # writes waiting; with more, retention lets them go first
POLITE_S = 0.02
MOST_NAPS = 100  # 2 s of waiting; then whoever calls beats, asks the time anew and comes again
FREE_SHARE = 0.05  # of the file may stay free, for what comes next
VACUUM_PAGES = 100  # 30 ms
BODY_OVERHEAD_BYTES = 400  # of an event besides its body: its row, its indexes, its counters
SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Removed:
    """What one bite took. `more`: there is more to do at once."""

    events: int = 0
    rows: int = 0  # of other tables
    pages: int = 0  # given back to the disk
    more: bool = False

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(
            self.events + other.events,
            self.rows + other.rows,
            self.pages + other.pages,
            other.more,
        )


async def sweep(store: Store, *, now_ms: int, keep_days: int, max_bytes: int) -> Removed:
    """Remove all that is due, between the writer's batches. Cheap when nothing is: call it often,
    every ten seconds or so, since between two calls the database grows past its limit.

    With a writer that is never at rest it returns before it is done, and says `more`.
    """
    total = Removed()
    naps = 0
    limit = max_bytes
    if await store.read(used_bytes) > max_bytes:
        limit = int(max_bytes * PRESS_TO)
    while True:
        busy = store.health().queue > SHORT_QUEUE
        if busy and await store.read(used_bytes) < max_bytes * PATIENCE:
            if naps == MOST_NAPS:
                return replace(total, more=True)
            naps += 1
            await asyncio.sleep(POLITE_S)
            continue
        removed = await store.write(
            bite, now_ms=now_ms, keep_days=keep_days, max_bytes=limit, limit=BITE
        )
        total += removed
        if not removed.more:
            return total


def used_bytes(db: Reader) -> int:
    """What the database holds, free pages not counted."""
    pages, free, size = _pages(db)
    return (pages - free) * size


def _pages(db: Reader) -> tuple[int, int, int]:
    names = ("page_count", "freelist_count", "page_size")
    pages, free, size = (int(db.execute(f"PRAGMA {name}").fetchone()[0]) for name in names)
    return pages, free, size


OLDEST = "select id, received_at from event order by id limit 1"


def bite(
    tx: Transaction, *, now_ms: int, keep_days: int, max_bytes: int, limit: int = BITE
) -> Removed:
    """Remove a little of what is due: the first kind of thing there is any of."""
    cutoff = now_ms - keep_days * DAY_MS
    pressed = used_bytes(tx) > max_bytes
    whatever_age = pressed and _mostly_events(tx)
    if events := _remove_events(tx, limit, before_ms=None if whatever_age else cutoff):
        return Removed(events=events, more=True)
    if rows := _age(tx, now_ms, cutoff, pressed):
        return Removed(rows=rows, more=True)
    if pressed and (events := _remove_events(tx, limit, before_ms=None)):
        return Removed(events=events, more=True)
    pages = _give_back(tx)
    return Removed(pages=pages, more=pages > 0)


LAST_HOUR = "retention.hour"  # setting: when everything was looked through the last time


def _age(tx: Transaction, now_ms: int, cutoff: int, pressed: bool) -> int:
    """One step of what is not events. Once an hour is often enough, but for a full database."""
    hour = str(now_ms // HOUR_MS)
    if not pressed and settings.get(tx, LAST_HOUR) == hour:
        return 0
    oldest = tx.execute(OLDEST).fetchone()
    oldest_row, oldest_at = (1 << 62, now_ms) if oldest is None else oldest
    age = Age(now_ms, max(cutoff, oldest_at), oldest_row, pressed)
    for step in STEPS:
        if rows := step(tx, age):
            return rows
    settings.put(tx, LAST_HOUR, hour)
    return 0


def _remove_text(tx: Transaction, age: Age) -> int:
    return text_index.drop_before(tx, age.oldest_row)


def _remove_dictionaries(tx: Transaction, age: Age) -> int:
    return training.remove_unused(tx, age.oldest_at)


STEPS: tuple[Callable[[Transaction, Age], int], ...] = (
    _remove_text,
    *ageing.STEPS,
    _remove_dictionaries,
)

EXTENT = "select coalesce(min(id), 0), coalesce(max(id), -1) from event"
BODY_SIZE = """
select coalesce(avg(length(data) + length(derived)), 0)
  from (select data, derived from event_body order by id limit ?)
"""


def _mostly_events(tx: Transaction) -> bool:
    """Whether events are at least half of what the database holds. Estimated from the oldest."""
    first, last = tx.execute(EXTENT).fetchone()
    each = tx.execute(BODY_SIZE, (SAMPLE,)).fetchone()[0] + BODY_OVERHEAD_BYTES
    return bool((last - first + 1) * each * 2 >= used_bytes(tx))


OLD_EVENTS = "select id, received_at from event order by id limit ?"
REMOVE_EVENTS = "delete from event where id <= ?"
REMOVE_BODIES = "delete from event_body where id <= ?"


def _remove_events(tx: Transaction, limit: int, before_ms: int | None) -> int:
    """The oldest events, at most `limit`; only those received before `before_ms` if it is given."""
    old = tx.execute(OLD_EVENTS, (limit,)).fetchall()
    if before_ms is not None:
        # Rows rise with receive time up to a moment, so the first that is too young ends the bite.
        young = (i for i, (_, received_at) in enumerate(old) if received_at >= before_ms)
        old = old[: next(young, len(old))]
    if not old:
        return 0
    tx.execute(REMOVE_EVENTS, (old[-1][0],))
    tx.execute(REMOVE_BODIES, (old[-1][0],))
    return len(old)


def _give_back(tx: Transaction) -> int:
    """Return free pages to the disk, if there are many."""
    pages, free, _ = _pages(tx)
    if free <= pages * FREE_SHARE:
        return 0
    wanted = min(VACUUM_PAGES, free - int(pages * FREE_SHARE))
    for _ in range(wanted):
        # Python fetches one row of it, which frees one page, whatever number is given; and
        # `executescript`, which would free all, commits the transaction it is in.
        tx.execute("PRAGMA incremental_vacuum(1)").fetchall()
    return wanted
