"""What of an event can be searched: its text in `event_fts_N`, as the writer puts it together.

Words come first, then a token for each thing that a key of the language asks for. What is the same
for all events of a group, such as frames, is indexed with the group.
"""

from functools import lru_cache

from lighttrace.event.model import Event, User
from lighttrace.event.title import Titles
from lighttrace.store import text_index
from lighttrace.store.text_index import presence, token
from lighttrace.store.writes import EventWrite

# Few values, asked for with every event; those of tags are remembered by `interning.Tags`.
_token = lru_cache(maxsize=2_000)(token)
USER_KEYS = ("id", "email", "username", "ip")


def tokens(event: Event, project_id: int) -> set[str]:
    """The tokens of an event besides those of its tags."""
    found = {
        text_index.EVERY,
        _token("environment", event.environment or ""),
        _token("level", event.level),
        _token("project", str(project_id)),
    }
    if event.release:
        found.add(_token("release", event.release))
    if event.sdk_name:
        found.add(_token("sdk", event.sdk_name.lower()))
    if event.trace_id:
        found.add(token("trace", event.trace_id))
        found.add(presence("trace"))
    if event.user is not None:
        found |= user_tokens(event.user)
    if text_index.is_odd_time(event.happened_at, event.received_at):
        found.add(text_index.ODD_TIME)
    return found


@lru_cache(maxsize=5_000)
def user_tokens(user: User) -> frozenset[str]:
    """`user.email` and its like, in lower case: nobody remembers how it was written."""
    values = zip(USER_KEYS, (user.id, user.email, user.username, user.ip_address), strict=True)
    known = [(f"user.{key}", value.lower()) for key, value in values if value]
    return frozenset(it for key, value in known for it in (token(key, value), presence(key)))


def text(write: EventWrite, own: Titles | None, found: set[str]) -> str:
    """`own`: title and value, where they are not those of the group."""
    words = text_index.spoken(own.title, own.value) if own is not None else ""
    return f"{words} {write.person_shown or ''} {' '.join(found)}"
