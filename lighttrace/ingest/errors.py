"""Error events: payload bytes become an `EventWrite`. Pure but for ids where a client sent none.

The order is fixed: decode, scrub, normalise, make readable, then what reads the event. Nothing
secret reaches the group, the title, the tags or the disk, because only `scrub` sees the event
before it is scrubbed.
"""

from uuid import uuid4

import msgspec

from lighttrace.errors import EventError
from lighttrace.event.decode import decode
from lighttrace.event.frames import search_text
from lighttrace.event.model import Arrival, Raw
from lighttrace.event.normalize import event_id, normalise
from lighttrace.event.person import person
from lighttrace.event.scrub import scrub
from lighttrace.event.tags import all_tags
from lighttrace.event.title import titles
from lighttrace.ingest import ownership
from lighttrace.ingest.origin import Origin
from lighttrace.store.writes import EventWrite

# Clients of before envelopes send everything as an event and say in it what it is.
OTHER_FAMILIES = {"transaction": "transaction", "feedback": "feedback"}


class OtherFamilyError(EventError):
    """The payload is no error event but one of a family that has its own place."""

    def __init__(self, category: str) -> None:
        super().__init__(f"This is not an error but of the family {category}.")
        self.category = category


def event_write(
    payload: bytes,
    origin: Origin,
    *,
    sent_at: int | None = None,
    header_id: str | None = None,
    is_alone: bool = True,
) -> EventWrite:
    """Read one event.

    `header_id` is the envelope's: it wins over the payload's if the event is alone in its envelope,
    since it is the one the client knows. Raises EventError.
    """
    decoded = decode(payload)
    raw = decoded.raw
    family = OTHER_FAMILIES.get(raw["type"]) if type(raw.get("type")) is str else None
    if family is not None:
        raise OtherFamilyError(family)
    scrubbed = scrub(raw, origin.scrub, payload)
    arrival = Arrival(
        received_at=origin.received_at,
        event_id=_id(raw, header_id, is_alone),
        sent_at=sent_at,
        ip_address=origin.ip,
        user_agent=origin.user_agent,
    )
    sent = normalise(scrubbed.raw, arrival)
    read = origin.readable(sent) if origin.readable is not None else sent
    event = origin.grouping.seen(read)
    grouping = origin.grouping.group(event)
    affected = person(event)
    group = (origin.project_id, grouping.version, grouping.hash)
    is_new = not origin.familiar.knows(group, origin.received_at)
    changed = decoded.cleaned or scrubbed.changed
    tags = all_tags(event)
    minified_hash = None
    if is_new and read is not sent:
        minified = origin.grouping.group(origin.grouping.seen(sent)).hash
        minified_hash = minified if minified != grouping.hash else None
    judgement, high_value = ownership.judge(event, tags, origin.rules, is_new=is_new)
    return EventWrite(
        project_id=origin.project_id,
        key_id=origin.key_id,
        event=event.without_parts(),
        body=msgspec.json.encode(scrubbed.raw) if changed else payload,
        derived=msgspec.json.encode(arrival),
        titles=titles(event, main=grouping.main, named=grouping.title),
        hash=grouping.hash,
        grouping_version=grouping.version,
        explain=origin.grouping.explain(event).encode() if is_new else b"",
        category=event.kind,
        tags=tags,
        person_key=affected.key if affected else None,
        person_shown=affected.shown if affected else None,
        search_frames=search_text(event) if is_new else "",
        judgement=judgement,
        high_value=high_value,
        minified_hash=minified_hash,
    )


def _id(raw: Raw, header_id: str | None, is_alone: bool) -> str:
    own = event_id(raw.get("event_id"))
    found = (header_id or own) if is_alone else (own or header_id)
    return found or uuid4().hex
