"""When a rule speaks: `new`, `spike`, `50 events in 5m`, `10 users`. Pure; the words are those of
docs/alerts.md, "When".
"""

import difflib
import re
from dataclasses import dataclass

from lighttrace.errors import RuleError

MOST_EVENTS = 100_000
MOST_USERS = 10_000
DAY_MIN = 24 * 60
MOST_PAUSE_MIN = 7 * DAY_MIN
LEAST_PAUSE_MIN = 5  # of a rule that speaks of every event
USUAL_PAUSE_MIN = 30  # of rules that count, and of every event

SIMPLE = {
    "new": "an issue is seen for the first time",
    "regression": "a resolved issue is back",
    "escalating": "an archived issue is louder than foreseen",
    "spike": "an issue is far louder than usual",
    "every": "an event comes",
    "feedback": "a user says something",
    "quota": "a project sends more than can be taken",
    "ingest": "much of what a project sends is refused",
}
COUNTING = ("50 events in 5m", "10 users in 1h", "10 users")
# what people call these moments as well
MEANT = {
    **dict.fromkeys(("new issue", "new issues", "first seen", "created", "first"), "new"),
    **dict.fromkeys(("regressed", "reopened", "resolved", "unresolved", "back"), "regression"),
    **dict.fromkeys(("escalated", "unarchived", "unmuted", "archived"), "escalating"),
    **dict.fromkeys(("spiking", "anomaly", "loud"), "spike"),
    **dict.fromkeys(("volume", "frequency", "count", "events", "event frequency"), COUNTING[0]),
    **dict.fromkeys(("users", "people", "affected users"), COUNTING[1]),
    **dict.fromkeys(("every event", "always", "all", "any", "*", "event"), "every"),
    **dict.fromkeys(("quota reached", "over quota", "rate limit"), "quota"),
    **dict.fromkeys(("refused", "ingest trouble", "ingest errors", "dropped"), "ingest"),
    **dict.fromkeys(("user feedback", "user report"), "feedback"),
}
LATER = {
    "monitor": "monitors are watched",
    "crash_free": "the health of releases is measured",
}

_COUNT = re.compile(r"(\d{1,9}) +(events?|users?)(?: +(?:in|within) +(\d{1,5}) ?([a-z]+))?", re.I)
_SEVERAL = re.compile(r"\s*(?:,|;|\||\bor\b|\band\b)\s*", re.I)
_DURATION = re.compile(r"(\d{1,5}) ?([a-z]+)", re.I)
_UNITS_MIN = {
    **dict.fromkeys(("m", "min", "minute", "minutes"), 1),
    **dict.fromkeys(("h", "hour", "hours"), 60),
    **dict.fromkeys(("d", "day", "days"), DAY_MIN),
}


@dataclass(frozen=True, slots=True)
class Trigger:
    """`kind`: a word of SIMPLE, or `events` or `users` with how many, within so many minutes; 0:
    since the issue was first seen.
    """

    kind: str
    n: int = 0
    minutes: int = 0

    @property
    def counts(self) -> bool:
        """Whether it has to look at every event."""
        return self.kind in ("events", "users", "every")

    @property
    def usual_pause_min(self) -> int:
        return USUAL_PAUSE_MIN if self.counts else 0

    @property
    def is_of_project(self) -> bool:
        """Whether it is about a project as a whole, of which nothing more can be asked."""
        return self.kind in ("quota", "ingest")

    @property
    def said(self) -> str:
        """As half a sentence, behind "when"."""
        if not self.n:
            return SIMPLE[self.kind]
        what = f"{self.n:,} {self.kind}"
        if self.minutes:
            return f"an issue has {what} within {pause(self.minutes)}"
        return f"an issue has met {what}"

    def __str__(self) -> str:
        if not self.n:
            return self.kind
        return f"{self.n} {self.kind}" + (f" in {duration(self.minutes)}" if self.minutes else "")


def trigger(text: str) -> Trigger:
    """One of the words, or a count. Raises RuleError with a sentence."""
    plain = " ".join(text.split())
    if plain.lower() in SIMPLE:
        return Trigger(plain.lower())
    found = _COUNT.fullmatch(plain)
    if found is not None:
        return _count(found)
    for word, when in LATER.items():
        if re.match(rf"{word}\b", plain.lower()):
            raise RuleError(f'"{word}" comes as soon as {when}, and is not there yet.')
    known = ", ".join([*SIMPLE, *(f'"{it}"' for it in COUNTING)])
    raise RuleError(f'"{plain[:50]}" is no moment. {_near(plain.lower())}There is: {known}.')


def _near(plain: str) -> str:
    """What was probably meant, as a question; nothing if nobody can know."""
    several = [it for it in _SEVERAL.split(re.sub(r"(?<=\d),(?=\d)", "", plain)) if it]
    if len(several) > 1 and all(
        it in SIMPLE or it in MEANT or _COUNT.fullmatch(it) for it in several
    ):
        listed = ", ".join(f'"{MEANT.get(it, it)}"' for it in several)
        return f"Did you mean [{listed}]? "
    if plain in MEANT:
        return f'Did you mean "{MEANT[plain]}"? '
    number = re.sub(r"(?<=\d)[,._' ](?=\d{3})", "", plain)  # 1,000
    number = re.sub(r"^\D*(?=\d)", "", number)  # > 50, more than 50
    number = re.sub(r"\b(?:per|every|/|within the last|in the last)(?= ?\d)", "in", number)
    number = re.sub(r"\b(?:errors?|exceptions?|times|occurrences)\b", "events", number)
    number = re.sub(r"\b(?:people|persons?|customers?)\b", "users", number)
    if number != plain and _COUNT.fullmatch(number):
        return f'Did you mean "{number}"? '
    near = difflib.get_close_matches(plain, [*SIMPLE, *COUNTING], n=1, cutoff=0.6)
    return f'Did you mean "{near[0]}"? ' if near else ""


def _count(found: re.Match[str]) -> Trigger:
    n, kind = int(found[1]), found[2].lower().rstrip("s") + "s"
    most = MOST_EVENTS if kind == "events" else MOST_USERS
    if not 1 <= n <= most:
        raise RuleError(f"{n:,} {kind} cannot be waited for: from 1 to {most:,}.")
    if found[3] is None:
        if kind == "events":
            raise RuleError(f'within what time? Say "{n} events in 5m".')
        return Trigger(kind, n)
    minutes = _minutes(found[3], found[4])
    if not 1 <= minutes <= DAY_MIN:
        raise RuleError(f"{found[3]}{found[4]} is too long or too short: from 1m to 24h.")
    return Trigger(kind, n, minutes)


def _minutes(count: str, unit: str) -> int:
    if unit.lower() not in _UNITS_MIN:
        raise RuleError(f'"{count}{unit}" is no time: say 5m, 1h or 1d.')
    return int(count) * _UNITS_MIN[unit.lower()]


def minutes_of(text: str) -> int:
    """A pause such as `30m`, `1h`, `1d`. Raises RuleError."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise RuleError(f'"{text[:30]}" is no time: say 5m, 1h or 1d.')
    minutes = _minutes(found[1], found[2])
    if not 1 <= minutes <= MOST_PAUSE_MIN:
        raise RuleError("from 1m to 7d.")
    return minutes


def duration(minutes: int) -> str:
    """`5m`, `1h`, `1d`: as the file has it."""
    for unit_min, unit in ((DAY_MIN, "d"), (60, "h")):
        if minutes % unit_min == 0:
            return f"{minutes // unit_min}{unit}"
    return f"{minutes}m"


def pause(minutes: int) -> str:
    """`5 min`, `an hour`, `2 hours`, `a day`: as people say it."""
    for unit_min, one, many in ((DAY_MIN, "a day", "days"), (60, "an hour", "hours")):
        if minutes % unit_min == 0:
            n = minutes // unit_min
            return one if n == 1 else f"{n} {many}"
    return f"{minutes} min"
