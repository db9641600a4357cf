"""Events read again from what their clients sent."""

import logging

from lighttrace.errors import EventError, StoreError
from lighttrace.event.decode import decode
from lighttrace.event.model import Event
from lighttrace.event.normalize import normalise
from lighttrace.store import bodies
from lighttrace.store.database import Reader

log = logging.getLogger(__name__)


def event(db: Reader, row: int) -> Event | None:
    """None if its body is not kept, or damaged: that hides nothing but itself, and is logged."""
    found = with_body(db, row)
    return found[0] if found else None


def with_body(db: Reader, row: int) -> tuple[Event, bytes] | None:
    """The event and the bytes it was read from."""
    try:
        stored = bodies.of_event(db, row)
        return (normalise(decode(stored.body).raw, stored.arrival), stored.body) if stored else None
    except (StoreError, EventError) as error:
        log.warning("event in row %d: %s", row, error)
        return None
