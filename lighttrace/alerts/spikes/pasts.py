"""The past of issues as the rule needs it: read once in three hours, and then only what is new.

Bounded by `MOST_MINUTES`, of all of them together; the one that was looked at longest ago goes.
"""

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lighttrace.alerts.spikes.episode import Said
from lighttrace.alerts.spikes.history import DAY, HOUR, KNOWN_DAYS, History, Seen
from lighttrace.alerts.spikes.judge import FOR_EVER
from lighttrace.alerts.spikes.series import Ceiling, Series
from lighttrace.store import minutes, spikes
from lighttrace.store.database import Reader
from lighttrace.store.minutes import Count, Subject
from lighttrace.store.spikes import Spike

MINUTE_MS = 60_000
LOOKED_BACK = KNOWN_DAYS * DAY + 2 * HOUR
MOST_MINUTES = 500_000  # with events, of all issues together: 16 MB
FRESH = 3 * HOUR  # for which a past is only added to


@dataclass(frozen=True, slots=True)
class Past:
    """Counts by minute up to `read_at`, from `begun_at` on (minutes)."""

    events: Series
    people: Series
    begun_at: int
    read_at: int

    @property
    def size(self) -> int:
        return len(self.events.minutes)


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer of the database about one issue. `history` has no windows yet."""

    past: Past
    first_min: int
    open: bool
    spikes: Sequence[Spike]
    said: Said

    def history(self, windows: Mapping[int, Seen]) -> History:
        ended = [it.ended_at // MINUTE_MS for it in self.spikes if it.ended_at is not None]
        return History(
            windows=windows,
            events=self.past.events,
            people=self.past.people,
            first_min=self.first_min,
            free_from=max(ended, default=0),
            ceilings=tuple(_ceilings(self.spikes)),
        )


def _ceilings(found: Iterable[Spike]) -> Iterable[Ceiling]:
    for it in found:
        if it.most_events is not None and it.most_people is not None:
            end = FOR_EVER if it.ended_at is None else it.ended_at // MINUTE_MS
            yield Ceiling(it.since, end, it.most_events, it.most_people)


def ask(db: Reader, subject: Subject, past: Past | None, now_ms: int) -> Asked | None:
    """All there is to know; with the past of a moment ago, only what came since is read of it.
    None if the issue is gone.
    """
    known = minutes.known(db, subject)
    if known is None:
        return None
    now = now_ms // MINUTE_MS
    if past is None or now - past.begun_at >= FRESH:
        past = _past(minutes.counts(db, subject, now - LOOKED_BACK, now), now)
    else:
        # The minute that was running is read again, and the one before: a batch may have been late.
        past = _longer(past, minutes.counts(db, subject, past.read_at - 1, now), now)
    last, today = spikes.told(db, subject, now_ms)
    said = Said(None if last is None else last // MINUTE_MS, today)
    found = spikes.of_subject(db, subject, now_ms - LOOKED_BACK * MINUTE_MS)
    return Asked(past, known.first_min, known.open, found, said)


def _past(counts: Sequence[Count], now: int) -> Past:
    times = array("q", [minute for minute, _, _ in counts])
    events = _sums(0.0, [n for _, n, _ in counts])
    people = _sums(0.0, [n for _, _, n in counts])
    return Past(Series(times, events), Series(times, people), now, now)


def _longer(past: Past, counts: Sequence[Count], now: int) -> Past:
    kept = past.events.index(past.read_at - 1)
    times = array("q", past.events.minutes[:kept]) + array("q", [it[0] for it in counts])
    events = array("d", past.events.sums[:kept]) + _sums(
        past.events.sums[kept], [n for _, n, _ in counts]
    )
    people = array("d", past.people.sums[:kept]) + _sums(
        past.people.sums[kept], [n for _, _, n in counts]
    )
    return Past(Series(times, events), Series(times, people), past.begun_at, now)


def _sums(initial: float, counts: Iterable[int]) -> "array[float]":
    sums = array("d", [initial])
    for n in counts:
        initial += n
        sums.append(initial)
    return sums


class Pasts:
    """What was read, by the key of its subject."""

    def __init__(self) -> None:
        self._pasts: OrderedDict[int, Past] = OrderedDict()
        self._size = 0

    def get(self, key: int) -> Past | None:
        return self._pasts.get(key)

    def put(self, key: int, past: Past) -> None:
        self.drop(key)
        self._pasts[key] = past
        self._size += past.size
        while self._size > MOST_MINUTES and len(self._pasts) > 1:
            self.drop(next(iter(self._pasts)))

    def drop(self, key: int) -> None:
        gone = self._pasts.pop(key, None)
        if gone is not None:
            self._size -= gone.size
