"""Events of minified code are made readable before they are grouped, in a reader's thread: maps are
read from the database, and the first use of a large one takes 20 ms.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from lighttrace.clock import Clock
from lighttrace.errors import StoreError
from lighttrace.event.model import Event
from lighttrace.ingest.origin import Origin
from lighttrace.store import maps, readable
from lighttrace.store.database import Reader
from lighttrace.store.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")

ASKED_ANEW_MS = 5_000  # of a project for which nothing was uploaded


class Maps:
    """Lives on the event loop."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._has: set[int] = set()
        self._asked_at: dict[int, int] = {}

    async def of(self, project_id: int, body: bytes) -> bool:
        """Whether what was posted may hold frames that uploaded maps make readable."""
        if not readable.may_concern(body):
            return False
        now_ms = self._clock.now_ms()
        if now_ms - self._asked_at.get(project_id, -ASKED_ANEW_MS) < ASKED_ANEW_MS:
            return project_id in self._has
        try:
            has = await self._store.read(maps.has_any, project_id)
        except StoreError as error:
            log.warning("source maps of project %d: %s", project_id, error)
            return False
        # not before it is known: who asks meanwhile, as all do after a start, asks too
        self._asked_at[project_id] = now_ms
        (self._has.add if has else self._has.discard)(project_id)
        return has

    async def work(self, work: Callable[..., T], what: Any, origin: Origin, *more: Any) -> T:
        """Call something that reads events, with maps at hand. Events are never lost to a map: if
        one cannot be read, they stay as they were sent.
        """
        try:
            made, bundle_ids = await self._store.read(_with_maps, work, what, origin, *more)
        except StoreError as error:
            log.warning("source maps of project %d: %s", origin.project_id, error)
            return work(what, origin, *more)
        for bundle_id in bundle_ids:
            self._store.touch_bundle(bundle_id)
        return made


def _with_maps(
    db: Reader, work: Callable[..., T], what: Any, origin: Origin, *more: Any
) -> tuple[T, set[int]]:
    used: set[int] = set()

    def read(event: Event) -> Event:
        try:
            found, bundle_ids = readable.with_maps(db, origin.project_id, event)
        except Exception:
            log.exception("source maps of an event of project %d", origin.project_id)
            return event
        used.update(bundle_ids)
        return found

    return work(what, replace(origin, readable=read), *more), used
