"""Source maps that come after the events they are for: issues of the last day are read again.

A deploy mostly sends its first errors before its maps are there. Events are read anew whenever
somebody looks; here their issues get the names people wrote, and the next build of the same code
finds them.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from lighttrace.clock import Clock
from lighttrace.errors import EventError, StoreError
from lighttrace.event.grouping.rules import Rules
from lighttrace.event.model import Event
from lighttrace.event.scrub import ScrubRules
from lighttrace.ingest.errors import event_write
from lighttrace.ingest.origin import Origin
from lighttrace.sourcemaps.readable import is_mapped
from lighttrace.store import bodies, late_maps, readable
from lighttrace.store.database import Reader
from lighttrace.store.store import Store
from lighttrace.store.writes import EventWrite

log = logging.getLogger(__name__)

DAY_MS = 24 * 60 * 60 * 1000
LOOK_S = 10.0
PAUSE_S = 0.2
AS_STORED = ScrubRules(enabled=False)  # it was scrubbed before it was stored
TOGETHER = 20  # events of one turn: some 30 ms of a reader's thread

GroupingOf = Callable[[int], Rules]  # of a project


class LateMaps:
    """`grouping_of` is asked anew at each turn, so that a reload counts."""

    def __init__(self, store: Store, grouping_of: GroupingOf, clock: Clock) -> None:
        self._store = store
        self._grouping_of = grouping_of
        self._clock = clock

    async def run(self, beat: Callable[[], None]) -> None:
        while True:
            beat()
            await catch_up(self._store, self._grouping_of, self._clock.now_ms())
            await asyncio.sleep(LOOK_S)


async def catch_up(store: Store, grouping_of: GroupingOf, now_ms: int) -> int:
    """Read again what uploads since the last time may have made readable; how many groups that
    changed.
    """
    changed = 0
    uploads = await store.read(late_maps.uploads_since, await store.read(late_maps.done_until))
    for project_id in uploads:
        heard = await store.read(late_maps.heard_since, project_id, now_ms - DAY_MS)
        for at in range(0, len(heard), TOGETHER):
            some = heard[at : at + TOGETHER]
            found = await store.read(_read, project_id, grouping_of(project_id), now_ms, some)
            if found:
                await store.write(late_maps.adopt, found, now_ms)
            changed += len(found)
            await asyncio.sleep(PAUSE_S)
    if uploads:
        await store.write(late_maps.looked_at, max(uploads.values()))
    return changed


def _read(
    db: Reader, project_id: int, grouping: Rules, now_ms: int, some: Sequence[tuple[int, int]]
) -> list[tuple[int, EventWrite]]:
    """(issue, its event as it is now) of those that a map changes."""
    changed: list[Event] = []

    def read(event: Event) -> Event:
        found, _ = readable.with_maps(db, project_id, event)
        if is_mapped(found):
            changed.append(found)
        return found

    found = []
    for issue_id, row in some:
        changed.clear()
        try:
            stored = bodies.of_event(db, row)
            if stored is None or not readable.may_concern(stored.body):
                continue
            arrival = stored.arrival
            origin = Origin(
                *(project_id, 0, arrival.received_at, arrival.ip_address, arrival.user_agent),
                scrub=AS_STORED,
                grouping=grouping,
                readable=read,
            )
            write = event_write(
                stored.body, origin, sent_at=arrival.sent_at, header_id=arrival.event_id
            )
        except (EventError, StoreError) as error:
            log.warning("event in row %d: %s", row, error)
            continue
        if changed:
            found.append((issue_id, write))
    return found
