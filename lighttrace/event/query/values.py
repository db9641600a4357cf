"""What the value of a key may be: numbers, times, levels. Raises ValueError with what it takes."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lighttrace.event.model import LEVELS
from lighttrace.event.query import keys
from lighttrace.event.query.keys import Kind
from lighttrace.event.query.tree import Op, Value

UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
DAY_MS = UNIT_MS["d"]
COMPARED = {Kind.LEVEL, Kind.NUMBER, Kind.TIME, Kind.RELEASE, Kind.TAG}
_RELATIVE = re.compile(r"([+-]?)(\d{1,5})([smhdw])")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNITS = {"k": 1_000, "m": 1_000_000}
MOST_NUMBER = 10**15


@dataclass(frozen=True, slots=True)
class Span:
    """Moments in ms: from `since` on, and before `until`; None is open."""

    since: int | None
    until: int | None


def check(kind: Kind, op: Op, value: Value) -> None:
    """Refuse a value that the kind of its key does not have."""
    text = value.text
    if kind is Kind.STATE and text.lower() not in keys.STATES | keys.STATE_ALIASES:
        raise ValueError(f"is: takes {', '.join(keys.STATES)}; not {text[:50]}.")
    if kind is Kind.LEVEL and text.lower() not in LEVELS:
        raise ValueError(f"level: takes {', '.join(LEVELS)}; not {text[:50]}.")
    if kind is Kind.NUMBER:
        number(text)
    if kind is Kind.TIME:
        span(op, text, 0)


def number(text: str) -> int:
    """`10`, `1k`, `2m`."""
    found = re.fullmatch(r"(\d{1,12})([km]?)", text.lower())
    if found is None:
        raise ValueError(f"{text[:50] or 'Nothing'} is not a number, such as 10 or 2k.")
    return min(int(found[1]) * _UNITS.get(found[2], 1), MOST_NUMBER)


def decimal(text: str) -> float | None:
    """A number in a tag, or None."""
    found = re.fullmatch(r"-?\d{1,15}(\.\d{1,10})?", text)
    return float(text) if found else None


def is_relative(op: Op, text: str) -> bool:
    """Whether a time is said from now on back, as `-24h` is, and no date."""
    return _relative(op, text) is not None


def _relative(op: Op, text: str) -> re.Match[str] | None:
    found = _RELATIVE.fullmatch(text)
    return found if found and (found[1] or op) else None


def span(op: Op, text: str, now_ms: int) -> Span:
    """The moments a time means.

    `-24h` is the last 24 hours and `+7d` everything before the last 7 days, whatever the sign of
    comparison that some put before them; `<24h` and `>7d`, as one says of an age, are the same. A
    date is the whole day (UTC), a moment its second.
    """
    if found := _relative(op, text):
        sign, count, unit = found.groups()
        if not sign:
            sign, op = ("-" if op in ("<", "<=") else "+"), ""
        at = now_ms - int(count) * UNIT_MS[unit]
        within = (sign == "-") is not (op in ("<", "<="))
        return Span(at, None) if within else Span(None, at)
    start, length_ms = _moment(text)
    match op:
        case ">":
            return Span(start + length_ms, None)
        case ">=":
            return Span(start, None)
        case "<":
            return Span(None, start)
        case "<=":
            return Span(None, start + length_ms)
    return Span(start, start + length_ms)


def _moment(text: str) -> tuple[int, int]:
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        start = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{text[:50] or 'Nothing'} is not a time, such as -24h, +7d or 2026-11-24."
        ) from error
    return start, DAY_MS if _DATE.fullmatch(text) else 1000


def holds(op: Op, sign: int) -> bool:
    """Whether a comparison holds, given the sign of left against right."""
    return {"": sign == 0, ">": sign > 0, ">=": sign >= 0, "<": sign < 0, "<=": sign <= 0}[op]
