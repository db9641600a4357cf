"""What stands out in an issue against its whole project. Pure.

A value stands out if its share here is surely larger than in the project over the same time. How
sure one can be depends on how many people are behind the numbers, so each share is taken with
Wilson's bounds: what it is at least here, what it is at most there. Ten points between the two are
worth a line; with few events the bounds are wide, so small numbers keep silent by themselves.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

from lighttrace.store.events import OTHER
from lighttrace.store.tag_stats import Tally

MOST_LINES = 3
FEWEST_EVENTS = 20
SURE = 3.0  # standard deviations: a bound is wrong once in 700
GAP = 0.1
# Where in the code something failed is the same for every event of an issue, and said by its title.
PLACES = frozenset(
    {"transaction", "url", "mechanism", "handled", "level", "logger", "environment", "site", "sdk"}
    | {"component", "team", "area", "feature", "service"}
)


@dataclass(frozen=True, slots=True)
class Standout:
    """`here` of 100 events of the issue bear the value, `there` of 100 of the project."""

    key: str
    value: str
    here: float
    there: float
    gap: float  # between the bounds, of 1


def standing_out(here: Tally, there: Tally) -> tuple[Standout, ...]:
    """The most telling values first, at most MOST_LINES; one of a family such as `browser` and
    `browser.name`.
    """
    shown: list[Standout] = []
    families: set[str] = set()
    for found in sorted(_candidates(here, there), key=lambda it: (-it.gap, it.key, it.value)):
        family = found.key.partition(".")[0]
        if family not in families:
            families.add(family)
            shown.append(found)
    return tuple(shown[:MOST_LINES])


def _candidates(here: Tally, there: Tally) -> Iterator[Standout]:
    for key, values in here.by_key.items():
        total, others = values.total(), there.by_key.get(key, Counter())
        if key in PLACES or total < FEWEST_EVENTS or total * 2 < here.events or not others:
            continue
        known, known_there = _people(here, total), _people(there, others.total())
        for value, n in values.items():
            if value == OTHER:
                continue
            share, share_there = n / total, others[value] / others.total()
            gap = _bounds(share, known)[0] - _bounds(share_there, known_there)[1]
            if gap >= GAP:
                yield Standout(key, value, 100 * share, 100 * share_there, gap)


def _people(of: Tally, events: int) -> float:
    """How many testimonies so many of its events are."""
    return max(1.0, events * of.witnesses / of.events)


def _bounds(share: float, n: float) -> tuple[float, float]:
    """Wilson's score interval: what a share seen in `n` trials is at least and at most."""
    square = SURE * SURE / n
    centre = share + square / 2
    width = SURE * sqrt(share * (1 - share) / n + square / (4 * n))
    return (centre - width) / (1 + square), (centre + width) / (1 + square)
