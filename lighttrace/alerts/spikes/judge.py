"""Is this louder than usual? Figures and why they are what they are: docs/spikes.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Literal, TypeAlias

from lighttrace.alerts.spikes import baseline, words
from lighttrace.alerts.spikes.baseline import GUARD
from lighttrace.alerts.spikes.history import DAY, HOUR, KNOWN_DAYS, WINDOWS, Counted, History
from lighttrace.alerts.spikes.rings import Needs
from lighttrace.alerts.spikes.series import Ceiling, Series
from lighttrace.alerts.spikes.tail import tail

Sensitivity: TypeAlias = Literal["low", "default", "high"]

# fewest worth a message, by the width of the window
LEAST: Mapping[Counted, Mapping[int, int]] = {
    "events": {1: 8, 5: 8, 15: 8, 60: 5},
    "people": {1: 5, 5: 5, 15: 5, 60: 3},
}
STIRRING = 3  # events in an hour, in as many minutes, of what is all but asleep
YOUNG = DAY  # until it is so old, the fewest are twice as many, and the ratio larger
YOUNG_RATIO = 2.0  # more
ABOVE_MOST = 1.25
FOR_EVER = 1 << 40  # minutes
LEAST_BASE = 30  # minutes of baseline, and as many as the window has
BATCH_AGE, BATCH_RATIO, BATCH_LEAST = 3 * DAY, 4, 5  # a batch that fails as never before


@dataclass(frozen=True, slots=True)
class Strictness:
    """`alpha`: how unlikely a count must be, 1e-6 gave no false alarm in 399 simulated issue-days.
    `ratio`: how many times the usual.
    """

    alpha: float
    ratio: float
    halved: bool = False


STRICTNESS: Mapping[Sensitivity, Strictness] = {
    "low": Strictness(1e-9, 5.0),
    "default": Strictness(1e-6, 3.0),
    "high": Strictness(1e-4, 2.0, halved=True),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A spike: `n` of `counted` in `width` minutes, where `expected` were usual, and `most` the
    most there were. `rate`: usual a minute, guessed high. `plain`: on the average of what is known.
    `spread`: variance over mean. `chance`: of so many.
    """

    width: int
    counted: Counted
    n: int
    rate: float
    plain: float
    spread: float
    most: float
    chance: float

    @property
    def expected(self) -> float:
        return self.rate * self.width

    @property
    def factor(self) -> float:
        """Times the usual."""
        return self.n / self.expected

    @property
    def reason(self) -> str:
        """61 per h, usually 4"""
        # A guess is on the safe side: of what is rare it says days where weeks are meant.
        rate = self.rate if self.expected >= 1 else self.plain
        return words.louder(self.n, self.width, rate, self.counted)


def judge(history: History, now: int, sensitivity: Sensitivity) -> Verdict | None:
    """The smallest window that is a spike, events before people, or None. `now`: the minute."""
    return look(history, now, sensitivity)[0]


def look(history: History, now: int, sensitivity: Sensitivity) -> tuple[Verdict | None, Needs]:
    """The verdict, and what windows have to hold for another look: the fewest, and of those that
    hold as many, the ratio to what is usual. What else the rule asks takes longer to find out.
    """
    age, found = now - history.first_min, {}
    for counted in LEAST:
        found[counted] = fewest(sensitivity, counted, young=age < YOUNG)
    if age < HOUR:  # everything about it is new, which is said of it already
        return None, found
    ratio = STRICTNESS[sensitivity].ratio + (YOUNG_RATIO if age < YOUNG else 0.0)
    for counted in LEAST:
        if not (candidates := _candidates(history, now, found[counted], counted)):
            continue
        usual = history.usual(counted)
        for width in candidates:
            rate = baseline.rate(usual, now, width, history.first_min)
            found[counted][width] = max(found[counted][width], ceil(ratio * rate * width))
            if history.windows[width].of(counted) >= found[counted][width]:
                verdict = _surprise(history, now, sensitivity, counted, width, usual, rate)
                if verdict is not None:
                    return verdict, found
    return None, found


def stirs(history: History, now: int, sensitivity: Sensitivity) -> Verdict | None:
    """What comes too often for chance in this hour, and less often than a spike would; or None.

    Nobody is disturbed by it, so usual is what it was on the average of all the time known: what is
    rare has no time of day. A client that tries again at once does not make one failure three.
    """
    raw = history.raw("events")
    if raw.index(now + 1) - raw.index(now + 1 - HOUR) < STIRRING:
        return None
    n, usual = history.windows[HOUR].events, history.usual("events")
    fewest_of_spike = fewest(sensitivity, "events", young=False)[HOUR]
    if now - history.first_min < BATCH_AGE or now - HOUR < history.free_from:
        return None
    if not STIRRING <= n < fewest_of_spike:
        return None
    known = min(now - history.first_min, KNOWN_DAYS * DAY)
    rate = max(baseline.average(usual, now, history.first_min), baseline.FLOOR / known)
    most = raw.largest(HOUR, now - known, now - HOUR)  # a failure that is tried again, each time
    spread = baseline.spread(usual, now, HOUR, history.first_min)
    chance = tail(n, rate * HOUR, spread)
    if n <= ABOVE_MOST * most or chance >= STRICTNESS[sensitivity].alpha:
        return None
    return Verdict(HOUR, "events", n, rate, rate, spread, most, chance)


def _candidates(
    history: History, now: int, least: Mapping[int, int], counted: Counted
) -> list[int]:
    """Windows that hold enough to be looked at, and begin after the last spike."""
    age = now - history.first_min
    return [
        width
        for width in WINDOWS
        if history.windows[width].of(counted) >= least[width]
        and age - max(width, GUARD) >= max(width, LEAST_BASE)
        and now - width >= history.free_from
    ]


def fewest(sensitivity: Sensitivity, counted: Counted, *, young: bool) -> dict[int, int]:
    """What a window has to hold, by its width."""
    halved = STRICTNESS[sensitivity].halved
    return {
        width: (max(3, n // 2) if halved else n) * (2 if young else 1)
        for width, n in LEAST[counted].items()
    }


def ceiling(history: History, now: int, verdict: Verdict) -> Ceiling:
    """What minutes of the spike that begins now count in later baselines; it has no end yet."""
    events, people = (_usual_minute(history, now, counted) for counted in LEAST)
    return Ceiling(now - verdict.width, FOR_EVER, events, people)


def _usual_minute(history: History, now: int, counted: Counted) -> float:
    usual = history.usual(counted)
    rate = baseline.rate(usual, now, 1, history.first_min)
    return rate + 3 * sqrt(baseline.spread(usual, now, 1, history.first_min) * rate)


def _surprise(
    history: History,
    now: int,
    sensitivity: Sensitivity,
    counted: Counted,
    width: int,
    usual: Series,
    rate: float,
) -> Verdict | None:
    """The verdict on a window that holds enough, if it never held as much and hardly ever would."""
    n = history.windows[width].of(counted)
    most = baseline.most(usual, history.raw(counted), now, width)
    if n <= ABOVE_MOST * most:
        return None
    spread = baseline.spread(usual, now, width, history.first_min)
    plain = baseline.average(usual, now, history.first_min)
    alpha = STRICTNESS[sensitivity].alpha
    chance = tail(n, rate * width, spread)
    if chance < alpha and now - history.first_min > DAY:  # asked last, since it takes longest
        spread = max(spread, baseline.spread_of_week(usual, now, width, history.first_min))
        chance = tail(n, rate * width, spread)
    old, least = now - history.first_min > BATCH_AGE, LEAST[counted][width]
    as_never = old and n >= BATCH_RATIO * most and n >= BATCH_LEAST * least
    if chance >= alpha and not as_never:
        return None
    return Verdict(width, counted, n, rate, plain, spread, most, chance)
