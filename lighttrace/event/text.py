"""Text out of anything: the small conversions that reading an event is made of. Never raises."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from lighttrace.event.model import Json

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?"
    r"\s*([Zz]|[+-]\d\d:?\d\d)?"
)
_NUMERIC = re.compile(r"-?\d{1,15}(?:\.\d{1,12})?")
MAX_SECONDS = 1e11  # above this a number of seconds is one of milliseconds


def string(value: Json, limit: int) -> str | None:
    """A string of at most `limit` characters; numbers and booleans become text, all else None."""
    kind = type(value)
    if kind is str:
        if not value:
            return None
        return value if len(value) <= limit else cut(value, limit)
    if kind is bool:
        return "True" if value else "False"
    if kind is int or kind is float:
        return str(value)[:limit]
    return None


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 3] + "..."


def as_json(value: Json, limit: int) -> str:
    """Anything as text: strings as they are, the rest as JSON."""
    if type(value) is str:
        return cut(value, limit)
    return cut(msgspec.json.encode(value).decode(), limit)


def integer(value: Json) -> int | None:
    """A number that counts something: not negative, not a boolean; whole floats and digits are
    taken.
    """
    kind = type(value)
    if kind is int:
        return value if 0 <= value < 2**31 else None
    if kind is float:
        return int(value) if value.is_integer() and 0 <= value < 2**31 else None
    if kind is str and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return None


def mapping(value: Json) -> dict[str, Json]:
    return value if type(value) is dict else {}


def values(value: Json) -> list[Json]:
    """The entries of `{"values": […]}`, `[…]` or one bare object: SDKs send all three."""
    if type(value) is dict:
        inner = value.get("values")
        if type(inner) is list:
            return inner
        return [] if "values" in value or not value else [value]
    return value if type(value) is list else []


def pairs(value: Json) -> Iterator[tuple[Json, Json]]:
    """Keys and values of a map, a list of pairs, or a list of `{key, value}`."""
    if type(value) is dict:
        yield from value.items()
    elif type(value) is list:
        for entry in value:
            if type(entry) is list and len(entry) == 2:
                yield entry[0], entry[1]
            elif type(entry) is dict and "key" in entry:
                yield entry["key"], entry.get("value")


def time_ms(value: Json) -> int | None:
    """RFC 3339 text (no zone means UTC), seconds as a number or as digits, milliseconds if huge."""
    kind = type(value)
    if kind is str:
        if _NUMERIC.fullmatch(value):
            value = float(value)
        else:
            return _iso_ms(value)
    elif kind is not int and kind is not float:
        return None
    if abs(value) >= MAX_SECONDS:
        value /= 1000
    return round(value * 1000) if 0 < value < MAX_SECONDS else None


def _iso_ms(text: str) -> int | None:
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        at = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            min(int(second or 0), 59),
            0,
            UTC,
        )
    except ValueError:
        return None
    ms = round(at.timestamp()) * 1000 + int((fraction or "0").ljust(3, "0")[:3])
    if zone and zone not in "Zz":
        offset_min = int(zone[1:3]) * 60 + int(zone[-2:])
        ms += offset_min * 60_000 * (1 if zone[0] == "-" else -1)
    return ms if ms > 0 else None
