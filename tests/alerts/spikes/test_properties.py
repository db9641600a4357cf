"""What must hold whatever is sent: the outcome depends on counts, people and times alone."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from lighttrace.alerts.spikes.history import DAY, WEEK, WINDOWS, History, Seen
from lighttrace.alerts.spikes.judge import judge
from lighttrace.alerts.spikes.rings import Ring
from lighttrace.alerts.spikes.series import Ceiling, Series
from tests.alerts.spikes.street import MONDAY, Street

NOW = MONDAY + 2 * WEEK + 777


@st.composite
def histories(draw: st.DrawFn) -> History:
    rng = random.Random(draw(st.integers(0, 1 << 30)))
    age = draw(st.integers(0, 20 * DAY))
    rate = 10 ** draw(st.floats(-4, 0.5))
    minutes = sorted({NOW - rng.randrange(age + 1) for _ in range(int(min(3_000, rate * age)))})
    pairs = [(minute, rng.choice((1, 1, 2, 5))) for minute in minutes]
    loud = sorted(draw(st.lists(st.integers(0, 400), min_size=4, max_size=4)))
    end = NOW - draw(st.integers(0, 3 * DAY))
    ceilings = (Ceiling(end - 90, end, 1.5, 1.0),) if draw(st.booleans()) else ()
    return History(
        windows={width: Seen(n, n // 2) for width, n in zip(WINDOWS, loud, strict=True)},
        events=Series.of(pairs),
        people=Series.of((minute, min(n, 2)) for minute, n in pairs),
        first_min=NOW - age,
        ceilings=ceilings,
    )


def moved(history: History, by: int) -> History:
    def later(series: Series) -> Series:
        return replace(series, minutes=[it + by for it in series.minutes])

    return replace(
        history,
        events=later(history.events),
        people=later(history.people),
        first_min=history.first_min + by,
        ceilings=tuple(
            replace(it, start=it.start + by, end=it.end + by) for it in history.ceilings
        ),
    )


@given(histories(), st.integers(-40, 40))
@settings(max_examples=150, deadline=None)
def test_other_weeks_are_like_this_one(history: History, weeks: int) -> None:
    by = weeks * WEEK
    assert judge(moved(history, by), NOW + by, "default") == judge(history, NOW, "default")


@given(histories())
@settings(max_examples=150, deadline=None)
def test_what_is_a_spike_to_the_deaf_is_one_to_the_sensitive(history: History) -> None:
    low, usual, high = (judge(history, NOW, it) for it in ("low", "default", "high"))
    assert not (low and not usual) and not (usual and not high)


@given(histories(), st.integers(1, 500))
@settings(max_examples=150, deadline=None)
def test_more_in_every_window_is_a_spike_as_well(history: History, more: int) -> None:
    if judge(history, NOW, "default") is None:
        return
    louder = {width: Seen(it.events + more, it.people) for width, it in history.windows.items()}
    assert judge(replace(history, windows=louder), NOW, "default") is not None


@given(
    st.lists(st.tuples(st.integers(0, 3700), st.integers(0, 30) | st.none()), max_size=300),
    st.integers(0, 3700),
)
@settings(max_examples=200, deadline=None)
def test_a_ring_counts_three_of_each_person(
    heard: list[tuple[int, int | None]], later: int
) -> None:
    """Exactly, up to the five seconds that a window may be longer."""
    start, ring = MONDAY * 60, Ring()
    now = start + max([at for at, _ in heard], default=0) + later
    for at, person in sorted(heard, key=lambda it: it[0]):
        ring.add(start + at, person)
    for width, seen in ring.windows(now).items():
        since = (now // 5 - width * 12) * 5 - start
        there = [person for at, person in heard if at >= since]
        known = [it for it in there if it is not None]
        assert seen.people == len(set(known))
        assert seen.events == len(there) - len(known) + sum(
            min(3, known.count(who)) for who in set(known)
        )


@given(
    st.lists(st.floats(0, 3 * 86400), min_size=1, max_size=60),
    st.integers(1, 4000),
    st.floats(0.05, 30),
)
@settings(max_examples=40, deadline=None)
def test_one_person_alone_is_never_a_spike(past: list[float], times: int, apart: float) -> None:
    """Whatever somebody does in a loop, in an issue that others have met before."""
    street, start = Street(), 3.5 * 86400
    for at in sorted(past):
        street.hear(at, 7)
    street.told.clear()
    for number in range(times):
        street.hear(start + number * apart, 1)
    assert [it for it in street.told if it.at >= start] == []


@given(st.integers(0, 12 * 60), st.integers(0, 1000))
@settings(max_examples=12, deadline=None)
def test_a_restart_changes_nothing_but_its_grace(minute: int, seed: int) -> None:
    """Two outages in twelve hours; the tracker is started anew at any minute of them."""
    rng = random.Random(seed)
    start = 2 * 86400.0
    times = [rng.uniform(0, start + 12 * 3600) for _ in range(1_200)]
    for outage in (3 * 3600, 8 * 3600):
        times += [start + outage + rng.uniform(0, 1500) for _ in range(400)]
    times.sort()
    plain, again = Street(), Street()
    at_restart = start + minute * 60
    restarted = False
    for at in times:
        if at >= at_restart and not restarted:
            restarted = True
            again.restart(at_restart)
        plain.hear(at)
        again.hear(at)
    for street in (plain, again):
        street.pass_to(start + 14 * 3600)
    expected, found = plain.alerts(), again.alerts()
    assert [it.what for it in found] == [it.what for it in expected]
    assert all(0 <= b.at - a.at <= 360 for a, b in zip(expected, found, strict=True))


def test_more_people_than_a_ring_remembers_are_still_a_crowd() -> None:
    ring = Ring()
    for person in range(1_000):
        ring.add(MONDAY * 60 + person // 10, person)
    seen = ring.windows(MONDAY * 60 + 100)
    assert seen[5].events == 1_000
    assert seen[5].people == 200
    assert ring.windows(MONDAY * 60 + 2 * 3600)[60] == Seen(0, 0)
