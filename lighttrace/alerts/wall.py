"""Moments as the clock on the wall tells them, in a zone. Pure: the zones are data.

Where clocks are put forward, a time that is left out is as long after midnight as on other days;
where they are put back, a time that comes twice is meant when it comes first.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")


def zone(name: object) -> ZoneInfo:
    """A zone by its name; UTC for one that an update has taken away, or that nobody has given."""
    try:
        return ZoneInfo(str(name or "UTC"))
    except (KeyError, ValueError, OSError):
        return UTC_ZONE


def named(zone: ZoneInfo) -> str:
    """Behind a time: ` UTC`, ` (Europe/Berlin)`."""
    return " UTC" if zone.key == "UTC" else f" ({zone.key})"


def span(since_ms: int, until_ms: int, zone: ZoneInfo) -> str:
    """`14:20 to 14:25 (Europe/Berlin)`, `Monday 23:10 to Tuesday 04:00 UTC`."""
    first, last = local(since_ms, zone), local(until_ms, zone)
    form = "%H:%M" if first.date() == last.date() else "%A %H:%M"
    said = (
        f"{first:{form}}"
        if f"{first:{form}}" == f"{last:{form}}"
        else (f"{first:{form}} to {last:{form}}")
    )
    return said + named(zone)


def day_and_time(at_ms: int, now_ms: int, zone: ZoneInfo) -> str:
    """`14:00` of today, `Friday 12:00` of the days around, `3 December 12:00`."""
    then, days = local(at_ms, zone), (day_of(at_ms, zone) - day_of(now_ms, zone)).days
    clock = f"{then:%H:%M}"
    if days == 0:
        return clock
    return f"{then:%A} {clock}" if abs(days) < 7 else f"{then.day} {then:%B} {clock}"


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
