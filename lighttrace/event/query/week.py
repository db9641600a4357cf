"""`time:"Mon-Fri 09:00-18:00 Europe/Berlin"`: a part of the week, for rules. Pure.

Days may be left out (all of them) and hours too (the whole day), the zone may not: whoever reads
the rule must not have to guess it. Hours that end before they begin go over midnight and belong to
the day they begin on.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from lighttrace.errors import QueryError
from lighttrace.event.query.subject import Subject
from lighttrace.event.query.tree import Term

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EXAMPLE = 'time:"Mon-Fri 09:00-18:00 Europe/Berlin"'
_HOURS = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DAYS = re.compile(r"[a-z]{3,9}(?:[-,][a-z]{3,9})*", re.IGNORECASE)
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Week:
    """`days` from 0, Monday; `start` and `end` in minutes of the day, `end` up to 24:00."""

    days: frozenset[int]
    start: int
    end: int
    zone: ZoneInfo

    def holds(self, at_ms: int) -> bool:
        local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.zone)
        return self.covers(local.weekday(), local.hour * 60 + local.minute)

    def covers(self, day: int, minute: int) -> bool:
        """By the clock on the wall there."""
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        if minute >= self.start:
            return day in self.days
        return minute < self.end and (day - 1) % 7 in self.days


def read(text: str) -> Week:
    """Raises QueryError with a sentence."""
    words = text.split()
    days, hours = frozenset(range(7)), (0, DAY_MINUTES)
    if words and _DAYS.fullmatch(words[0]) and words[0][:3].lower() in DAYS:
        days = _days(words.pop(0))
    if words and (found := _HOURS.fullmatch(words[0])):
        hours = _hours(found)
        words.pop(0)
    if len(words) != 1:
        said = f"{text[:60]} names no zone" if not words else f"{text[:60]} is no part of the week"
        raise QueryError(f"{said}, such as {EXAMPLE}.", 0, 0)
    try:
        zone = ZoneInfo(words[0])
    except (OSError, ValueError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        near = difflib.get_close_matches(words[0], available_timezones(), n=1)
        ask = f"Did you mean {near[0]}?" if near else "They are called Europe/Berlin or UTC."
        sentence = f"There is no time zone {words[0][:50]}. {ask}"
        raise QueryError(sentence, 0, 0) from error
    return Week(days, *hours, zone)


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = part.partition("-")
        start, end = _day(first), _day(last if dash else first)
        found.update((start + n) % 7 for n in range((end - start) % 7 + 1))
    return frozenset(found)


def _day(word: str) -> int:
    if word[:3] not in DAYS:
        raise QueryError(f"{word[:20]} is no day: they are called Mon, Tue, Wed and so on.", 0, 0)
    return DAYS.index(word[:3])


def _hours(found: re.Match[str]) -> tuple[int, int]:
    hour, minute, until_hour, until_minute = map(int, found.groups())
    start, end = hour * 60 + minute, until_hour * 60 + until_minute
    if max(minute, until_minute) > 59 or start >= DAY_MINUTES or end > DAY_MINUTES or start == end:
        raise QueryError(f"{found[0]} are no hours, such as 09:00-18:00 or 22:00-06:00.", 0, 0)
    return start, end


def test(term: Term) -> Callable[[Subject], bool]:
    """What a term of `time:` asks. Raises QueryError."""
    if term.op:
        raise QueryError(f"time: takes a part of the week, such as {EXAMPLE}.", 0, 0)
    weeks = [read(value.text) for value in term.values]
    return lambda subject: any(week.holds(subject.at_ms) for week in weeks)
