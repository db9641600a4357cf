"""How a spike goes on: who is told when, when it is worse, when it is over. Arithmetic only; times
are whole minutes.
"""

from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal, TypeAlias

from lighttrace.alerts.spikes import baseline
from lighttrace.alerts.spikes.history import DAY, HOUR, Counted, History

COOLDOWN = HOUR  # between two messages about one issue
MOST_A_DAY = 6
WORSE = 2  # times the peak: worth another message
CALM = 15  # minutes on end, and the width of the window that has to be calm
LONGEST = DAY  # what stays so long is the new level
PEAK_WIDTH = 5

Change: TypeAlias = Literal["spike", "spike_escalated", "spike_over", "level_shift"]


@dataclass(frozen=True, slots=True)
class Episode:
    """A spike that is not over. `rate`: what was usual a minute when it began. `peak`: the most
    that five minutes held, as far as anybody was told. `calm_from`: it has been calm since.
    `told`: the minute of its last message, None if it had none yet.
    """

    since: int
    counted: Counted
    rate: float
    peak: int = 0
    calm_from: int | None = None
    told: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Messages about an issue, whatever the spike: the minute of the last, and how many today."""

    last: int | None = None
    today: int = 0

    def may(self, now: int) -> bool:
        rested = self.last is None or now - self.last >= COOLDOWN
        return rested and self.today < MOST_A_DAY


def step(it: Episode, history: History, said: Said, now: int) -> tuple[Episode, Change | None]:
    """The episode as it is now, and what became of it."""
    if now - it.since >= LONGEST:
        return it, "level_shift"
    it = replace(it, calm_from=_calm_from(it, history, now))
    if it.calm_from is not None and now - it.calm_from >= CALM:
        return it, "spike_over"
    n = history.windows[PEAK_WIDTH].of(it.counted)
    if it.told is None:
        it = replace(it, peak=max(it.peak, n))
        if said.may(now) and it.calm_from is None:
            return replace(it, told=now), "spike"
    elif now - it.told < COOLDOWN:  # the peak is what those who were told may have seen
        it = replace(it, peak=max(it.peak, n))
    elif n > WORSE * it.peak and said.may(now):
        return replace(it, peak=n, told=now), "spike_escalated"
    return it, None


def _calm_from(it: Episode, history: History, now: int) -> int | None:
    n, usual = history.windows[CALM].of(it.counted), history.usual(it.counted)
    expected = CALM * max(it.rate, baseline.rate(usual, now, CALM, history.first_min))
    calm = n <= max(1.5 * expected, expected + 3 * sqrt(expected) + 2)
    return (now if it.calm_from is None else it.calm_from) if calm else None
