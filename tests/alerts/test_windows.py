"""Windows and gates: how many there were in the last minutes, and when that is worth a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.alerts.windows import MINUTE_MS, Events, Gate, People

MINUTES = st.integers(1, 60)
GAPS = st.lists(st.integers(0, 5 * MINUTE_MS), max_size=60)


@given(minutes=MINUTES, gaps=GAPS)
def test_a_window_counts_no_event_that_is_older_and_all_of_nearly_its_length(
    minutes: int, gaps: list[int]
) -> None:
    window, at_ms, times = Events(minutes), 1_795_000_000_000, []
    for gap in gaps:
        at_ms += gap
        times.append(at_ms)
        window.move(at_ms)
        n = window.add()
        length_ms = minutes * MINUTE_MS
        assert n <= sum(it > at_ms - length_ms for it in times)
        assert n >= sum(it > at_ms - 0.95 * length_ms for it in times)


@given(minutes=MINUTES, met=st.lists(st.tuples(st.integers(0, 5 * MINUTE_MS), st.integers(1, 9))))
def test_a_person_counts_once_and_of_many_the_number_is_right_up_to_the_bound(
    minutes: int, met: list[tuple[int, int]]
) -> None:
    few, all_of_them, at_ms = People(minutes, most=4), People(minutes, most=100), 10**12
    for gap, person in met:
        at_ms += gap
        few.move(at_ms)
        all_of_them.move(at_ms)
        assert few.add(person) == min(4, all_of_them.add(person))


def test_a_clock_that_is_put_back_takes_nothing_out_and_keeps_nothing_for_ever() -> None:
    window = Events(5)
    for at_ms in (10**12, 10**12 - 10**9, 10**12 - 10**9):
        window.move(at_ms)
        window.add()
    assert window.n == 3
    assert window.move(10**12 + 5 * MINUTE_MS) == 0


def test_a_gate_opens_upwards_and_again_after_it_was_below_half() -> None:
    gate, opened = Gate(10), []
    before = 0
    for after in (9, 10, 11, 5, 10, 4, 10, 12):
        if gate.passes(before, after, 0):
            opened.append((before, after))
            gate.shut()
        before = after
    assert opened == [(9, 10), (4, 10)]


@pytest.mark.parametrize(
    ("n", "calm", "still_loud"),
    [(10, 4, 5), (11, 5, 6), (5, 2, 3), (3, 1, 2), (2, 0, 1), (1, 0, 1)],
)
def test_calmer_is_fewer_than_half_to_the_last_event(n: int, calm: int, still_loud: int) -> None:
    for before, opens in ((still_loud, False), (calm, True)):
        gate = Gate(n)
        assert gate.passes(n - 1, n, 0)
        gate.shut()
        assert gate.passes(before, before + 1, 0) is (opens and before + 1 >= n)
        assert gate.passes(max(before, n - 1), n, 0) is opens  # once it was calm, it stays armed


def test_a_gate_that_waits_opens_later() -> None:
    gate = Gate(2)
    assert gate.passes(1, 2, 0)
    gate.wait(100)
    assert not gate.passes(2, 3, 99)
    assert gate.passes(3, 4, 100)
