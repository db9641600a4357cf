"""Sums over a sparse series agree with adding up minute by minute."""

from hypothesis import given
from hypothesis import strategies as st

from lighttrace.alerts.spikes.series import EMPTY, Series

SPAN = 60
counts = st.dictionaries(st.integers(0, SPAN), st.integers(1, 9), max_size=30)
edges = st.integers(-5, SPAN + 5)


def series(found: dict[int, int]) -> Series:
    return Series.of(sorted(found.items()))


def added(found: dict[int, int], start: int, end: int) -> int:
    return sum(n for minute, n in found.items() if start <= minute < end)


@given(counts, edges, st.integers(0, 40))
def test_what_was_counted_between(found: dict[int, int], start: int, length: int) -> None:
    assert series(found).between(start, start + length) == added(found, start, start + length)
    assert series(found).before(start) == added(found, -9, start)


@given(counts, st.integers(1, 20), edges, st.integers(0, 40))
def test_the_largest_window_is_the_largest(
    found: dict[int, int], width: int, start: int, length: int
) -> None:
    end = start + length
    every = [added(found, at, at + width) for at in range(start, end - width + 1)]
    assert series(found).largest(width, start, end) == max(every, default=0)


@given(counts, edges, st.integers(0, 40), st.floats(0, 9))
def test_a_ceiling_cuts_its_minutes_and_no_other(
    found: dict[int, int], start: int, length: int, most: float
) -> None:
    end = start + length
    cut = {at: min(n, most) if start <= at < end else n for at, n in found.items()}
    under = series(found).under(start, end, most)
    for at in range(-1, SPAN + 2):
        assert abs(under.before(at) - sum(n for it, n in cut.items() if it < at)) < 1e-9


def test_of_nothing_there_is_nothing() -> None:
    assert EMPTY.between(0, 9) == EMPTY.largest(5, 0, 9) == 0
    assert EMPTY.under(0, 9, 1.0) is EMPTY
