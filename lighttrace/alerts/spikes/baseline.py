"""What is usual: how many a minute, how unevenly, and how many at the worst.

`now` is the minute that is running; a window of `width` minutes touches the minutes from
`now − width` to `now`, as it need not begin with one. Reasons and figures: docs/spikes.md.
"""

from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from lighttrace.alerts.spikes.history import DAY, HOUR, KNOWN_DAYS, WEEK, WINDOWS
from lighttrace.alerts.spikes.series import Series

GUARD = 5  # minutes before a window that are not asked what is usual: a spike may begin in them
LEAST_RECENT = 20  # minutes known, for the last hour to say anything
SEASONAL_AGE = 3 * DAY
HALF_HOUR = 30
ENOUGH = 30  # events; what fewer say is mostly chance
FLOOR = 0.5  # events in all the time known: what never happened may still happen
MOST_SPREAD, FEW_SPREAD, YOUNG_SPREAD, LEAST_WINDOWS = 50.0, 1.5, 3.0, 8
UNSURE = 1.5  # one day's measure of what is above 1 may be so much too small
NEAR = 2 * HOUR  # around the same time on earlier days
SAME_TIME = 15  # where a job that runs every day is, whatever was made of it the first time
THURSDAY = 3  # minute 0 was one; Monday is 0


def rate(usual: Series, now: int, width: int, first_min: int) -> float:
    """Events a minute that were to be expected in the window: the largest of what the last hour,
    the same time on earlier days, or the last day say.
    """
    known_from = max(first_min, now - KNOWN_DAYS * DAY)
    rates = [FLOOR / max(1, now - known_from), _recent(usual, now, width, first_min)]
    if now - first_min >= SEASONAL_AGE and (days := _days(usual, now, width, first_min)):
        rates.append(fmean([it.rate for it in days], [it.weight for it in days]))
        if sum(it.n for it in days) < ENOUGH:  # too rare to have a time of day
            rates.append(average(usual, now, first_min))
    else:
        rates.append(_mean(usual, now - max(width, GUARD) - DAY, DAY, first_min))
    return max(rates)


def average(usual: Series, now: int, first_min: int) -> float:
    """Events a minute in all the time known, but for the last hour."""
    return _mean(usual, now - HOUR - KNOWN_DAYS * DAY, KNOWN_DAYS * DAY, first_min)


def _mean(usual: Series, start: int, length: int, first_min: int, least: int = 1) -> float:
    """The rate of the part of it that is known, 0 if fewer than `least` minutes are."""
    end = start + length
    start = max(start, first_min)
    return usual.between(start, end) / (end - start) if end - start >= least else 0.0


def _recent(usual: Series, now: int, width: int, first_min: int) -> float:
    return _mean(usual, now - max(width, GUARD) - HOUR, HOUR, first_min, LEAST_RECENT)


@dataclass(frozen=True, slots=True)
class Day:
    """An earlier day at the same time: its rate, how many events that was, and how much it says."""

    rate: float
    n: float
    weight: int


def _days(usual: Series, now: int, width: int, first_min: int) -> list[Day]:
    """Earlier days, those of the same weekday with twice the weight; for working days working days
    and for weekends weekends, if there are any.
    """
    middle = now - width // 2
    alike, every = [], []
    for ago in range(1, KNOWN_DAYS + 1):
        then = middle - ago * DAY
        if then - 45 < first_min:
            break
        day = _day(usual, then, 2 if ago % 7 == 0 else 1)
        every.append(day)
        if _is_weekend(then) == _is_weekend(middle):
            alike.append(day)
    return alike if sum(day.weight for day in alike) >= 2 else every


def _day(usual: Series, middle: int, weight: int) -> Day:
    """Of three half hours around the moment the largest, as what begins at nine may begin at ten
    past; of few events, all three.
    """
    edges = [usual.before(middle + at) for at in (-45, -15, 15, 45)]
    n = edges[3] - edges[0]
    if n < ENOUGH:
        return Day(n / (3 * HALF_HOUR), n, weight)
    largest = max(after - before for before, after in pairwise(edges))
    return Day(largest / HALF_HOUR, n, weight)


def _is_weekend(minute: int) -> bool:
    return (minute // DAY + THURSDAY) % 7 >= 5


def spread(usual: Series, now: int, width: int, first_min: int) -> float:
    """Variance over mean of windows of the last day. What smaller windows say counts as well: there
    are more of them, and where minutes are uneven, hours are.
    """
    few = FEW_SPREAD if now - first_min >= DAY else YOUNG_SPREAD
    start, end = max(first_min, now - width - DAY), now - width
    return max(_spread(usual, start, end, it, few) for it in WINDOWS if it <= width)


def spread_of_week(usual: Series, now: int, width: int, first_min: int) -> float:
    """The same of the last week, which has heaps that a day may not have: clients that try again,
    jobs. 1 if there were too few events to tell. It takes 8 ms.
    """
    start, end = max(first_min, now - width - WEEK), now - width
    if usual.between(start, end) < ENOUGH:
        return 1.0
    return max(_spread(usual, start, end, it, FEW_SPREAD) for it in WINDOWS if it <= width)


def _spread(usual: Series, start: int, end: int, width: int, few: float) -> float:
    """Within blocks of an hour and more, so that day and night are not taken for unevenness. With
    few windows or events not less than `few`; where there was nothing at all, nothing is uneven.
    """
    edges = [usual.before(at) for at in range(end, start - 1, -width)]  # the newest first
    counts = [after - before for after, before in pairwise(edges)]
    if len(counts) < LEAST_WINDOWS:
        return 1.0 if width == HOUR else few
    mean = fmean(counts)
    if mean == 0:
        return 1.0
    least = 1.0 if sum(counts) >= ENOUGH else few
    size = max(4, HOUR // width)
    deviations, freedom = 0.0, 0
    for first in range(0, len(counts), size):
        block = counts[first : first + size]
        middle = fmean(block)
        deviations += sum([(it - middle) ** 2 for it in block])
        freedom += len(block) - 1
    measured = deviations / max(1, freedom) / mean
    return min(MOST_SPREAD, max(least, 1 + UNSURE * (measured - 1)))


def most(usual: Series, raw: Series, now: int, width: int) -> float:
    """The most such a window held in the last three hours, and about this time in the last week:
    so a job that runs hourly or nightly is known. What was reported as a spike counts in full for
    three hours, and on other days at the very same time only.
    """
    start = now - width
    found = raw.largest(width, start - 3 * HOUR, start)
    for day in range(DAY, WEEK + 1, DAY):
        near = usual.largest(width, start - day - NEAR, now + 1 - day + NEAR)
        same = raw.largest(width, start - day - SAME_TIME, now + 1 - day + SAME_TIME)
        found = max(found, near, same)
    return found
