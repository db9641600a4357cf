"""When something happened: times of every form, clocks that are off, times that cannot be."""

from typing import Any

import pytest

from lighttrace.event.model import Arrival, Event
from lighttrace.event.text import time_ms
from tests.event.make import ID, NOW, read, remarks

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-23T12:14:57.800Z", "2026-11-23T12:14:57.8Z", "2026-11-23T12:14:57.800000Z",
        "2026-11-23T12:14:57.800123456Z", "2026-11-23T12:14:57.800", "2026-11-23 12:14:57.800",
        "2026-11-23t12:14:57.8z", "2026-11-23T13:14:57.800+01:00", "2026-11-23T07:14:57.800-05:00",
        "2026-11-23T17:59:57.800+0545", "2026-11-23T12:14:57,800Z", " 2026-11-23T12:14:57.800Z ",
        NOW / 1000, str(NOW / 1000), NOW, str(NOW),
    ],
)  # fmt: skip
def test_one_moment_has_many_forms(said: Any) -> None:
    assert time_ms(said) == NOW
    event = read(timestamp=said)
    assert event.happened_at == NOW and event.remarks == ()


def test_minutes_are_enough_and_a_leap_second_is_its_minutes_last() -> None:
    assert time_ms("2026-11-23T12:14Z") == NOW - 57_800
    assert time_ms("2026-11-23T12:14:60Z") == time_ms("2026-11-23T12:14:59Z")


@pytest.mark.parametrize(
    "said",
    [
        "", "soon", "2026-11-23", "12:14:57", "2026-13-23T12:14:57Z", "2026-02-30T12:14:57Z",
        "2026-11-23T25:14:57Z", "0000-01-01T00:00:00Z", "1969-12-31T23:59:59Z", 0, -1, -1.5, True,
        1e300, 2**70, -(2**70), [], {}, "9" * 40, "2026-11-23T12:14:57Zzz", "NaN",
    ],
)  # fmt: skip
def test_what_is_no_time_is_noted_and_the_clock_of_here_counts(said: Any) -> None:
    assert time_ms(said) is None
    event = read(timestamp=said)
    assert event.happened_at == NOW and remarks(event) == [("invalid_data", "timestamp")]


def test_without_a_time_it_happened_now() -> None:
    event = read(timestamp=None)
    assert event.happened_at == NOW and event.remarks == ()


def at(said_ms: int, sent_ms: int | None = None) -> Event:
    return read(timestamp=said_ms / 1000, arrival=Arrival(NOW, ID, sent_at=sent_ms))


@pytest.mark.parametrize(
    "off", [-20 * DAY, -2 * HOUR, -55 * MINUTE, 55 * MINUTE, 3 * HOUR, 400 * DAY]
)
def test_a_clock_that_is_off_is_corrected_by_when_it_sent(off: int) -> None:
    event = at(NOW - 5 * SECOND + off, NOW + off)
    assert event.happened_at == NOW - 5 * SECOND
    assert remarks(event) == [("clock_drift", "timestamp")]


def test_a_few_minutes_are_the_networks() -> None:
    for late in (1 * SECOND, 54 * MINUTE):
        event = at(NOW - late - 5 * SECOND, NOW - late)
        assert event.happened_at == NOW - late - 5 * SECOND and event.remarks == ()


def test_an_event_out_of_a_cache_keeps_its_old_time() -> None:
    event = at(NOW - 3 * DAY, NOW)
    assert event.happened_at == NOW - 3 * DAY and event.remarks == ()


def test_a_time_that_cannot_be_is_replaced_by_now() -> None:
    assert at(NOW + 59 * SECOND).happened_at == NOW + 59 * SECOND
    future = at(NOW + 61 * SECOND)
    assert (future.happened_at, remarks(future)) == (NOW, [("future_timestamp", "timestamp")])
    assert at(NOW - 29 * DAY).happened_at == NOW - 29 * DAY
    past = at(NOW - 31 * DAY)
    assert (past.happened_at, remarks(past)) == (NOW, [("past_timestamp", "timestamp")])
