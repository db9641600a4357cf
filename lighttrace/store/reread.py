"""Events read again from what their clients sent, with what was uploaded for them since."""

import logging

from lighttrace.errors import EventError, StoreError
from lighttrace.event.decode import decode
from lighttrace.event.model import Event
from lighttrace.event.normalize import normalise
from lighttrace.store import bodies, readable
from lighttrace.store.database import Reader

log = logging.getLogger(__name__)


PROJECT = "select project_id from event where id = ?"


def event(db: Reader, row: int) -> Event | None:
    """None if its body is not kept, or damaged: that hides nothing but itself, and is logged."""
    found = with_body(db, row)
    return found[0] if found else None


def with_body(db: Reader, row: int) -> tuple[Event, bytes] | None:
    """The event and the bytes it was read from."""
    try:
        stored = bodies.of_event(db, row)
        if stored is None:
            return None
        sent = normalise(decode(stored.body).raw, stored.arrival)
        owner = db.execute(PROJECT, (row,)).fetchone()
        read, _ = readable.with_maps(db, owner[0], sent) if owner else (sent, None)
        return read, stored.body
    except (StoreError, EventError) as error:
        log.warning("event in row %d: %s", row, error)
        return None
