"""What was all but asleep and comes a few times in an hour: too often for chance, and too few for a
message. It is looked for every five minutes, and told by the way: `alerts/asides.py`.
"""

import asyncio
from collections.abc import Callable

from lighttrace.alerts.spikes.history import HOUR, History, Seen
from lighttrace.alerts.spikes.judge import stirs
from lighttrace.alerts.spikes.pasts import MINUTE_MS, ask
from lighttrace.alerts.spikes.watch import Setting
from lighttrace.clock import Clock
from lighttrace.store import stirring
from lighttrace.store.database import Reader
from lighttrace.store.minutes import Subject
from lighttrace.store.store import Store

LOOK_S = 300.0
BACK_MS = 2 * 300_000  # whose newest event is older was looked at before


async def watch(
    store: Store,
    sensitivity: Callable[[int], Setting],
    clock: Clock,
    wake: Callable[[], None],
    beat: Callable[[], None],
) -> None:
    """For ever. `wake` the alerts loop when there is a cause."""
    while True:
        await asyncio.sleep(LOOK_S)
        beat()
        if await look(store, sensitivity, clock.now_ms()) > 0:
            wake()


async def look(store: Store, sensitivity: Callable[[int], Setting], now_ms: int) -> int:
    """Note what stirs now; returns how many issues that are."""
    noted = 0
    for it in await store.read(stirring.candidates, now_ms - BACK_MS, now_ms):
        reason = await store.read(why, it, sensitivity(it.project_id), now_ms)
        noted += bool(reason) and await store.write(stirring.note, it, reason, now_ms)
    return noted


def why(db: Reader, it: Subject, sensitivity: Setting, now_ms: int) -> str:
    """`3 per h, usually 1 a week`; nothing if that is no news."""
    asked = ask(db, it, None, now_ms) if sensitivity != "off" else None
    if asked is None or sensitivity == "off" or not asked.open:
        return ""
    now = now_ms // MINUTE_MS
    verdict = stirs(last_hour(asked.history({}), now), now, sensitivity)
    return verdict.reason if verdict else ""


def last_hour(history: History, now: int) -> History:
    """With the one window that is looked at, out of the counts by minute."""
    events = round(history.events.between(now - HOUR + 1, now + 1))
    return History(
        {HOUR: Seen(events)},
        history.events,
        history.people,
        history.first_min,
        history.free_from,
        history.ceilings,
    )
