"""Counts by minute, of which most are nothing."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Ceiling:
    """From minute `start` on, before `end`, a minute counts at most this much."""

    start: int
    end: int
    events: float
    people: float


@dataclass(frozen=True, slots=True)
class Series:
    """`minutes`: those with events, rising. `sums[i]`: what was counted before `minutes[i]`."""

    minutes: Sequence[int]
    sums: Sequence[float]

    @classmethod
    def of(cls, counts: Iterable[tuple[int, float]]) -> "Series":
        """`counts`: (minute, count), minutes rising."""
        pairs = list(counts)
        minutes = tuple(minute for minute, _ in pairs)
        return cls(minutes, tuple(accumulate((n for _, n in pairs), initial=0)))

    def index(self, minute: int) -> int:
        """How many minutes with events there are before that one."""
        return bisect_left(self.minutes, minute)

    def before(self, minute: int) -> float:
        """What was counted before that minute."""
        return self.sums[bisect_left(self.minutes, minute)]

    def between(self, start: int, end: int) -> float:
        """What was counted from minute `start` on, before `end`."""
        first = bisect_left(self.minutes, start)
        return self.sums[bisect_left(self.minutes, end, first)] - self.sums[first]

    def largest(self, width: int, start: int, end: int) -> float:
        """The most that `width` minutes in a row counted, all of them in [start, end)."""
        most = 0.0
        last = end - width
        if last < start:
            return most
        first = bisect_left(self.minutes, start)
        # A window can be moved on to its first minute with events; or it is the last one.
        for index in range(first, bisect_right(self.minutes, last, first)):
            until = bisect_left(self.minutes, self.minutes[index] + width, index)
            most = max(most, self.sums[until] - self.sums[index])
        return max(most, self.between(last, end))

    def under(self, start: int, end: int, most: float) -> "Series":
        """The same with minutes from `start` on, before `end`, cut to `most`."""
        first = bisect_left(self.minutes, start)
        last = bisect_left(self.minutes, end, first)
        if first == last:
            return self
        sums = list(self.sums[: first + 1])
        for index in range(first, last):
            sums.append(sums[-1] + min(most, self.sums[index + 1] - self.sums[index]))
        gone = self.sums[last] - sums[-1]
        sums += [it - gone for it in self.sums[last + 1 :]]
        return Series(self.minutes, sums)


EMPTY = Series((), (0,))
