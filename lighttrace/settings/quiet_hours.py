"""`[alerts.quiet_hours]`, and what else in `[alerts]` goes by the clock on the wall."""

import difflib
import re
from collections.abc import Iterator
from datetime import time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from msgspec import field

from lighttrace.toml.setting import Disagreement, Note, Table, read_by
from lighttrace.toml.spelling import as_toml

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _time(value: Any) -> time:
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError
    return time(int(found[1]), int(found[2]))


def _zone(value: Any) -> ZoneInfo:
    # the list, rather than to try: a zone is a path below the folder of zones
    if not isinstance(value, str):
        raise ValueError
    if value not in (known := available_timezones()):
        near = difflib.get_close_matches(value, known, n=1)
        raise ValueError(f'did you mean "{near[0]}"?' if near else "")
    return ZoneInfo(value)


def _daily(value: Any) -> tuple[time, ZoneInfo]:
    if not isinstance(value, str) or " " not in value.strip():
        raise ValueError
    at, _, zone = value.strip().partition(" ")
    return _time(at), _zone(zone.strip())


def _days(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError
    for one in value:
        if one not in EVERY_DAY:
            raise ValueError(f"{as_toml(one)} is not one of {', '.join(EVERY_DAY)}")
    return tuple(day for day in EVERY_DAY if day in value)


TimeOfDay = Annotated[time, read_by(_time, 'a time of day, such as "22:00"')]
Zone = Annotated[ZoneInfo, read_by(_zone, 'a time zone, such as "Europe/Berlin"')]
Daily = Annotated[
    tuple[time, ZoneInfo], read_by(_daily, 'a time of day and a zone, "08:00 Europe/Berlin"')
]


class QuietHours(Table, frozen=True):
    """`[alerts.quiet_hours]`: when nobody is to be disturbed. What comes in these hours is told in
    one message after them. People choose their own on the page of their account; this holds for all
    who have not.
    """

    from_: Annotated[TimeOfDay, Note(example="22:00")] = field(name="from")
    """When they begin, by the clock on the wall."""
    to: Annotated[TimeOfDay, Note(example="07:00")]
    """When they end; if that is before they begin, on the next day."""
    zone: Annotated[Zone, Note(example="Europe/Berlin")]
    """Where that clock hangs."""
    days: Annotated[tuple[str, ...], read_by(_days, 'a list of days, such as ["sat", "sun"]')] = (
        EVERY_DAY
    )
    """The days on which they begin."""
    level: Literal["none", "spike", "escalating", "regression"] = "escalating"
    """What goes out all the same: "none" nothing at all, "spike" only an issue that is far louder
    than usual, "escalating" also one that comes out of the archive by itself, "regression" also one
    that was resolved and is back.
    """

    def disagreements(self) -> Iterator[Disagreement]:
        if self.from_ == self.to:
            yield Disagreement("to", "quiet hours that end when they begin are none.")


class WebhookHours(QuietHours, frozen=True):
    """`[alerts.webhook.quiet_hours]`: when nothing is to come here, instead of in the hours of
    [alerts.quiet_hours]. It stands below the table of its webhook.
    """
