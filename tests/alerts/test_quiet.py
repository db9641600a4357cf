"""Quiet hours by the clock on the wall, also in the nights in which it is changed."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.alerts import wall
from lighttrace.alerts.quiet import Hours, Quiet, ended_at, ends_at, of_options, of_settings
from lighttrace.settings.quiet_hours import QuietHours

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
EVERY_DAY = frozenset(range(7))
NIGHT = Quiet(EVERY_DAY, time(22), time(7), BERLIN)
HOUR, DAY = 3_600_000, 86_400_000


def at(text: str) -> int:
    """UTC, in ms."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_a_night_begins_in_the_evening_and_ends_on_the_next_day():
    assert ends_at(NIGHT, at("2026-11-24T20:59:59")) is None  # 21:59:59 in Berlin
    assert ends_at(NIGHT, at("2026-11-24T21:00:00")) == at("2026-11-25T06:00:00")
    assert ends_at(NIGHT, at("2026-11-25T05:59:59")) == at("2026-11-25T06:00:00")
    assert ends_at(NIGHT, at("2026-11-25T06:00:00")) is None
    assert ended_at(NIGHT, at("2026-11-25T12:00:00")) == at("2026-11-25T06:00:00")


def test_days_are_those_on_which_it_begins():
    weekend = Quiet(
        frozenset({4, 5, 6}), time(18), time(8), BERLIN
    )  # Friday evening is one of them
    assert ends_at(weekend, at("2026-11-27T20:00:00")) == at("2026-11-28T07:00:00")
    assert ends_at(weekend, at("2026-11-30T06:00:00")) == at("2026-11-30T07:00:00")
    assert ends_at(weekend, at("2026-11-30T20:00:00")) is None  # Monday
    assert ends_at(weekend, at("2026-11-27T05:00:00")) is None  # Thursday's night


@pytest.mark.parametrize(
    ("start", "end", "begins", "ends"),
    [
        # 29 March 2026: 02:00 is 03:00
        ((22, 0), (7, 0), "2026-03-28T21:00", "2026-03-29T05:00"),
        ((2, 30), (7, 0), "2026-03-29T01:30", "2026-03-29T05:00"),  # as long after midnight as ever
        ((22, 0), (2, 30), "2026-03-28T21:00", "2026-03-29T01:30"),
        # 25 October 2026: 03:00 is 02:00 again
        ((22, 0), (7, 0), "2026-10-24T20:00", "2026-10-25T06:00"),
        ((2, 30), (7, 0), "2026-10-25T00:30", "2026-10-25T06:00"),  # when it comes first
        ((22, 0), (2, 30), "2026-10-24T20:00", "2026-10-25T01:30"),  # when it comes last
    ],
)
def test_the_nights_in_which_clocks_are_changed(start, end, begins, ends):
    night = Quiet(EVERY_DAY, time(*start), time(*end), BERLIN)
    first, last = at(f"{begins}:00"), at(f"{ends}:00")
    assert ends_at(night, first - 1) is None
    assert ends_at(night, first) == last
    assert ends_at(night, last - 1) == last
    assert ends_at(night, last) is None


def test_hours_that_a_change_of_clocks_leaves_nothing_of_are_none():
    gap = Quiet(EVERY_DAY, time(2, 15), time(2, 15, 1), BERLIN)
    assert ends_at(gap, at("2026-03-29T01:15:00")) in (None, at("2026-03-29T01:15:01"))


@given(
    st.integers(at("2026-01-01T00:00:00"), at("2027-01-01T00:00:00")),
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.sets(st.integers(0, 6)),
    st.sampled_from([BERLIN, NEW_YORK, ZoneInfo("Asia/Kolkata"), ZoneInfo("Australia/Lord_Howe")]),
)
def test_quiet_hours_always_end_and_then_it_is_not_quiet(now, start, end, days, zone):
    hours = Quiet(frozenset(days), time(*divmod(start, 60)), time(*divmod(end, 60)), zone, "spike")
    until = ends_at(hours, now)
    if until is not None:
        assert now < until <= now + DAY + 2 * HOUR
        assert ended_at(hours, until) == until
    assert ended_at(hours, now) <= now


def test_each_level_lets_through_what_the_one_before_it_does():
    kinds = ("spike", "spike_escalated", "escalating", "regression", "new", "mention")
    through = {
        level: [
            kind
            for kind in kinds
            if Quiet(EVERY_DAY, time(1), time(2), BERLIN, level).lets_through(kind)
        ]
        for level in ("none", "spike", "escalating", "regression")
    }
    assert through == {
        "none": [],
        "spike": ["spike", "spike_escalated"],
        "escalating": ["spike", "spike_escalated", "escalating"],
        "regression": ["spike", "spike_escalated", "escalating", "regression"],
    }


def test_the_file_and_the_account_say_the_same_thing():
    chosen = {"days": ["sat", "sun"], "from": "20:00", "to": "09:30", "level": "none"}
    of_file = QuietHours(
        from_=time(20), to=time(9, 30), zone=BERLIN, days=("sat", "sun"), level="none"
    )
    assert of_options({"quiet": chosen, "timezone": "Europe/Berlin"}) == of_settings(of_file)


@pytest.mark.parametrize(
    "broken",
    [None, 7, {}, {"days": ["someday"]}, {"days": [], "from": "25:00", "to": "x", "level": 1}],
)
def test_what_cannot_be_understood_is_no_quiet_hours(broken):
    assert of_options({"quiet": broken, "timezone": "Europe/Berlin"}) is None


def test_a_moment_of_the_week_is_found_in_the_zone_it_is_meant_in():
    tuesday = at("2026-11-24T12:00:00")
    assert wall.last_moment(tuesday, time(8), BERLIN, weekday=0) == at("2026-11-23T07:00:00")
    assert wall.last_moment(tuesday, time(8), BERLIN) == at("2026-11-24T07:00:00")
    assert wall.last_moment(at("2026-11-23T06:59:59"), time(8), BERLIN, 0) == at(
        "2026-11-16T07:00:00"
    )


def test_a_span_is_told_by_the_clock_of_its_reader():
    noon = at("2026-11-24T12:20:00")
    assert wall.span(noon, noon + 5 * HOUR // 60, wall.UTC_ZONE) == "12:20 to 12:25 UTC"
    assert wall.span(noon, noon + 20_000, BERLIN) == "13:20 (Europe/Berlin)"
    night = at("2026-11-24T22:10:00")
    said = "Tuesday 23:10 to Wednesday 05:10 (Europe/Berlin)"
    assert wall.span(night, night + 6 * HOUR, BERLIN) == said
    assert wall.zone("Nowhere/Land") == wall.zone(None) == wall.UTC_ZONE


def test_times_are_told_by_the_clock_of_a_webhooks_own_hours_or_of_the_file():
    own = Quiet(EVERY_DAY, time(20), time(9), NEW_YORK)
    hours = Hours(NIGHT, {"webhook:a": own, "webhook:b": None})
    assert hours.zone_of("webhook:a") == "America/New_York"
    assert hours.zone_of("webhook:b") == hours.zone_of("ops@x.example") == "Europe/Berlin"
    assert Hours().zone_of("ops@x.example") == "UTC"
