"""What people wrote about an event: the `user_report` item, the fields of the dialog. Pure."""

from collections.abc import Mapping

from lighttrace.errors import EventError
from lighttrace.event import text
from lighttrace.event.decode import decode
from lighttrace.event.model import Json
from lighttrace.event.normalize import event_id
from lighttrace.store.writes import FeedbackWrite

NAME, EMAIL, MESSAGE = 128, 254, 8192  # characters; longer ones are cut


def user_report(payload: bytes, project_id: int, received_at: int) -> FeedbackWrite:
    """Read the payload of an item. Raises EventError."""
    raw = decode(payload).raw
    found = event_id(raw.get("event_id"))
    if found is None:
        raise EventError("The report names no event.")
    return feedback(raw, found, project_id, received_at)


def feedback(
    fields: Mapping[str, Json], about: str, project_id: int, received_at: int
) -> FeedbackWrite:
    """`name`, `email`, `comments` about an event (32 hex). Raises EventError without comments."""
    message = (text.string(fields.get("comments"), MESSAGE) or "").strip()
    if not message:
        raise EventError("The report says nothing.")
    return FeedbackWrite(
        project_id=project_id,
        event_id=about,
        name=(text.string(fields.get("name"), NAME) or "").strip(),
        email=(text.string(fields.get("email"), EMAIL) or "").strip(),
        message=message,
        received_at=received_at,
    )
