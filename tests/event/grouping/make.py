"""Events for grouping, written as short as the table of docs/grouping.md."""

from typing import Any

from lighttrace.event.grouping.lt1 import group
from lighttrace.event.model import Arrival, Event
from lighttrace.event.normalize import normalise

NOW = 1_795_000_000_000


def frame(function: str = "", app: bool | None = True, **fields: Any) -> dict[str, Any]:
    """`app=None`: the client did not say."""
    made = {"function": function or None, **fields}
    return made if app is None else {**made, "in_app": app}


def link(
    type: str | None, value: str | None, *frames: dict[str, Any], **fields: Any
) -> dict[str, Any]:
    made: dict[str, Any] = {"type": type, "value": value, **fields}
    return {**made, "stacktrace": {"frames": list(frames)}} if frames else made


def event(platform: str, *links: dict[str, Any], **fields: Any) -> Event:
    raw: dict[str, Any] = {"platform": platform, **fields}
    if links:
        raw["exception"] = {"values": list(links)}
    return normalise(raw, Arrival(NOW, "e" * 32))


def same(one: Event, other: Event) -> bool:
    return group(one).hash == group(other).hash
