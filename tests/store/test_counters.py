"""Counting one issue over time: the chart on its page and the totals above it."""

import pytest

from lighttrace.store import counters
from lighttrace.store.counters import Period
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event
from tests.store.shelf import Shelf


def test_a_day_is_this_hour_and_the_23_before() -> None:
    period = Period.last(DAY, NOON + 59 * MINUTE)
    assert period.hours == 24 and period.since_ms == NOON - 23 * HOUR


def test_a_short_period_is_rather_longer_than_shorter() -> None:
    period = Period.last(HOUR, NOON + MINUTE)
    assert period.since_ms == NOON - HOUR


@pytest.mark.parametrize("hours", [1, 5, 12, 13, 24, 36, 37, 100, 720])
@pytest.mark.parametrize("since", [480_000, 480_001, 480_013, 480_023])
def test_hours_and_days_make_up_the_period_without_gap_or_overlap(since: int, hours: int) -> None:
    period = Period(since, since + hours)
    some, days = period.units(fine=False)
    covered = some + [day * 24 + hour for day in days for hour in range(24)]
    assert covered[:hours] == list(range(since, since + hours))
    assert len(covered) - hours < 24  # the rest of today, of which nothing has come yet
    assert period.units(fine=True) == (list(range(since, since + hours)), [])


def test_a_chart_has_a_bar_for_each_bucket_and_leaves_out_the_rest(shelf: Shelf) -> None:
    for minutes, env in ((0, "production"), (1, "staging"), (59, "production"), (61, "production")):
        shelf.receive(an_event(at=NOON - minutes * MINUTE, environment=env))
    shelf.receive(an_event(group="b", at=NOON))
    since, until = NOON - 59 * MINUTE, NOON + MINUTE
    by_minute = counters.series(shelf.db, 1, None, since, until, MINUTE)
    assert len(by_minute) == 60 and (by_minute[0], by_minute[-2:]) == (1, [1, 1])
    assert sum(by_minute) == 3
    assert counters.series(shelf.db, 1, "production", since, until, 30 * MINUTE) == [1, 1]
    assert counters.series(shelf.db, 1, "nowhere", since, until, 30 * MINUTE) == [0, 0]


@pytest.mark.parametrize("bucket_ms", [MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY])
def test_charts_of_any_grain_count_the_same(shelf: Shelf, bucket_ms: int) -> None:
    midnight = NOON - 12 * HOUR
    for n in range(100):
        shelf.receive(an_event(at=midnight + n * n * 4000))
    bars = counters.series(shelf.db, 1, None, midnight, midnight + DAY, bucket_ms)
    assert sum(bars) == 100 and len(bars) == DAY // bucket_ms


def test_a_chart_with_too_many_bars_is_refused(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="at most 3000"):
        counters.series(shelf.db, 1, None, 0, NOON, MINUTE)


def test_totals_of_a_period_and_of_all_time(shelf: Shelf) -> None:
    shelf.receive(an_event(at=NOON - 30 * DAY, user="ada"))
    shelf.receive(an_event(at=NOON - HOUR, user="ada", environment="staging"))
    shelf.receive(an_event(at=NOON, user="bob"), an_event(at=NOON, user="ada"))
    assert counters.totals(shelf.db, 1, None, 0) == (4, 2)
    assert counters.totals(shelf.db, 1, None, NOON - DAY) == (3, 2)
    assert counters.totals(shelf.db, 1, "staging", NOON - DAY) == (1, 1)
    assert counters.totals(shelf.db, 1, None, NOON + DAY) == (0, 0)
    assert counters.totals(shelf.db, 1, "nowhere", 0) == (0, 0)
    assert counters.totals(shelf.db, 77, None, 0) == (0, 0)


def test_who_is_met_in_three_environments_is_one_person(shelf: Shelf) -> None:
    for env in ("production", "staging", None):
        shelf.receive(an_event(user="ada", environment=env), an_event(user="bob"))
    period = Period.last(DAY, NOON)
    envs = counters.scopes(shelf.db, None)
    assert counters.people(shelf.db, [1], envs, period) == {1: 2}
    assert counters.people_at_most(shelf.db, [1], envs, period) == {1: 4}
