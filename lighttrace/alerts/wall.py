"""Moments as the clock on the wall tells them, in a zone. Pure: the zones are data.

Where clocks are put forward, a time that is left out is as long after midnight as on other days;
where they are put back, a time that comes twice is meant when it comes first.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def moment(day: date, at: time, zone: ZoneInfo) -> int:
    """Of a day and a time of day, in ms since 1970."""
    return _ms(datetime.combine(day, at, zone))


def late_moment(day: date, at: time, zone: ZoneInfo) -> int:
    """As `moment`, but a time that comes twice is meant when it comes last."""
    local = datetime.combine(day, at, zone)
    return max(_ms(local), _ms(local.replace(fold=1)))


def day_of(at_ms: int, zone: ZoneInfo) -> date:
    return local(at_ms, zone).date()


def local(at_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def days_around(at_ms: int, zone: ZoneInfo, before: int, after: int) -> Iterator[date]:
    """The days from so many before that moment's to so many after it."""
    middle = day_of(at_ms, zone)
    return (middle + number * DAY for number in range(-before, after + 1))


def last_moment(at_ms: int, at: time, zone: ZoneInfo, weekday: int | None = None) -> int:
    """When it was `at` last, on any day or on a `weekday` (Monday is 0); up to now included."""
    return max(
        when
        for day in days_around(at_ms, zone, 8, 1)
        if weekday is None or day.weekday() == weekday
        if (when := moment(day, at, zone)) <= at_ms
    )


def _ms(local: datetime) -> int:
    return round(local.timestamp() * 1000)
