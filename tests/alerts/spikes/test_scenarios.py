"""What a small team should hear, and what not: the decisions the rule was made for. Each plays an
issue's life; times are seconds since a Monday, midnight.
"""

import random

import pytest

from tests.alerts.spikes.street import Street, every

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
WEEK = 7 * DAY


def told(street: Street) -> list[str]:
    return [it.what for it in street.told]


def after(street: Street, onset: float) -> float:
    """Seconds from the onset to the first message."""
    return street.alerts()[0].at - onset


def poisson(rng: random.Random, per_min: float, start: float, end: float) -> list[float]:
    times, at = [], start
    while (at := at + rng.expovariate(per_min / MINUTE)) < end:
        times.append(at)
    return times


@pytest.mark.parametrize("onset", [0, 13, 30, 47, 59])
def test_1_a_steady_issue_becomes_ten_times_as_loud(onset: int) -> None:
    street, start = Street(), 3 * DAY + onset
    for at in every(MINUTE, 0, start):
        street.hear(at)
    assert street.told == []
    for at in every(6, start, start + 3 * MINUTE):
        street.hear(at)
    assert told(street) == ["spike"]
    assert after(street, start) <= 60
    assert street.verdicts[0].n >= 10
    assert street.alerts()[0].reason == f"{street.verdicts[0].n} per min, usually 1"


@pytest.mark.parametrize("shape", ["smooth", "office"])
def test_2_the_day_is_ten_times_as_loud_as_the_night(shape: str) -> None:
    """Weekends are quiet, and on Monday at eight everybody is back."""
    rng, street = random.Random(shape), Street()
    for hour in range(10, 24 * 15):
        day, clock = divmod(hour, 24)
        if day % 7 >= 5:
            share = 0.0
        elif shape == "office":
            share = 1.0 if 8 <= clock < 18 else 0.0
        else:
            share = max(0.0, 1 - abs(clock - 13) / 6)
        for at in poisson(rng, 0.5 + 4.5 * share, hour * HOUR, (hour + 1) * HOUR):
            street.hear(at)
    assert street.told == []


def test_3_three_in_an_hour_of_what_came_once_a_week() -> None:
    """It stirs with the third, which the next digest mentions; there is no alert."""
    street, stirred = Street(), []
    for at in (*every(WEEK, 0, 2 * WEEK), *every(20 * MINUTE, 2 * WEEK, 2 * WEEK + HOUR)):
        street.hear(at)
        stirred.append(street.stirs(at))
    assert stirred == ["", "", "", "", "3 per h, usually 1 a week"]
    street.pass_to(2 * WEEK + DAY)
    assert street.told == []


def test_3_a_client_that_tries_again_does_not_stir() -> None:
    """At once never, and after some minutes not if it always did."""
    street, quick, slow = Street(), [], []
    for at in every(4 * DAY, 0, 20 * DAY):
        for retry in every(5, at, at + 20):
            street.hear(retry)
            quick.append(street.stirs(retry))
    street = Street()
    for at in every(4 * DAY, 0, 20 * DAY):
        for retry in every(10 * MINUTE, at, at + 40 * MINUTE):
            street.hear(retry)
            slow.append(street.stirs(retry))
    assert not any(quick) and not any(slow)


def test_3_what_comes_now_and_then_anyway_does_not_stir() -> None:
    rng, street = random.Random(3), Street()
    stirred = []
    for at in poisson(rng, 0.3 / 60, 0, 14 * DAY):
        street.hear(at)
        stirred.append(street.stirs(at))
    assert len(stirred) > 80 and not any(stirred)


def test_4_one_every_twelve_minutes_of_what_came_once_a_week() -> None:
    street, start = Street(), 2 * WEEK
    for at in (*every(WEEK, 0, start), *every(12 * MINUTE, start, start + HOUR)):
        street.hear(at)
    assert told(street) == ["spike"]
    assert 48 <= after(street, start) / MINUTE <= 49
    assert street.alerts()[0].reason == "5 per h, usually 1 a week"


def test_5_one_person_in_a_loop() -> None:
    street, start = Street(), 3 * DAY
    for at in every(6 * HOUR, 0, start):
        street.hear(at, 1)
    for at in every(5, start, start + 15 * MINUTE):
        street.hear(at, 2)
    street.pass_to(start + HOUR)
    assert street.told == []


def test_6_as_many_from_twelve_people() -> None:
    street, start = Street(), 3 * DAY
    for at in every(6 * HOUR, 0, start):
        street.hear(at, 1)
    for number, at in enumerate(every(5, start, start + 15 * MINUTE)):
        street.hear(at, 100 + number % 12)
    assert told(street) == ["spike"]
    assert after(street, start) <= 60


def test_7_new_issues_after_a_deploy_are_no_spikes() -> None:
    """Forty of them within 90 s. What is said of them is said because they are new."""
    for number in range(40):
        street = Street()
        for at in every(4, number * 2, 30 * MINUTE):
            street.hear(at)
        assert street.told == []


def test_8_four_minutes_after_a_release() -> None:
    street, release = Street(), 3 * DAY + 10 * HOUR
    onset = release + 4 * MINUTE
    for at in every(30, 0, onset):
        street.hear(at)
    for at in every(4, onset, onset + 5 * MINUTE):
        street.hear(at)
    assert told(street) == ["spike"]
    assert after(street, onset) <= 60


def test_9_an_hourly_batch_that_always_fails() -> None:
    street = Street()
    for run in every(HOUR, 0, 5 * DAY):
        for at in every(1, run, run + 30):
            street.hear(at)
    assert street.told == []
    for at in every(0.3, 5 * DAY, 5 * DAY + 45):  # 150 in one run
        street.hear(at)
    assert told(street) == ["spike"]


def test_10_a_nightly_job() -> None:
    """The first night nobody can know; from the second on it is known."""
    street = Street()
    for night in every(DAY, 5 * MINUTE + 2 * HOUR, 10 * DAY):
        for at in every(1.25, night, night + 5 * MINUTE):  # 240
            street.hear(at)
        street.pass_to(night + 20 * HOUR)
    assert len(street.alerts()) <= 1
    assert all(it.at < DAY for it in street.alerts())


def test_10_a_nightly_job_that_begins_to_fail() -> None:
    """Of an issue that is known, the first night is a spike, and only that."""
    rng, street = random.Random(10), Street()
    times = poisson(rng, 0.02, 0, 14 * DAY)
    for night in every(DAY, 4 * DAY + 2 * HOUR + 5 * MINUTE, 14 * DAY):
        times += [*every(1.25, night, night + 5 * MINUTE)]
    for at in sorted(times):
        street.hear(at)
    assert [it.what for it in street.alerts()] == ["spike"]
    assert street.alerts()[0].at < 5 * DAY


def test_11_a_third_more() -> None:
    rng, street = random.Random(11), Street()
    for at in poisson(rng, 100, 0, 2 * DAY):
        street.hear(at)
    for at in poisson(rng, 130, 2 * DAY, 2 * DAY + HOUR):
        street.hear(at)
    assert street.told == []


def test_12_from_rare_to_three_a_minute() -> None:
    street, start = Street(), 3 * DAY
    for at in (*every(10 * MINUTE, 0, start), *every(20, start, start + 5 * MINUTE)):
        street.hear(at)
    assert told(street) == ["spike"]
    assert 2 * MINUTE <= after(street, start) <= 3 * MINUTE
    assert street.verdicts[0].width == 5
    assert street.alerts()[0].reason == "8 in 5 min, usually 6 an hour"


def test_13_what_stays_is_the_new_level() -> None:
    street, start = Street(), 3 * DAY
    for at in every(MINUTE, 0, start):
        street.hear(at)
    for at in every(MINUTE / 9, start, start + 3 * DAY):
        street.hear(at)
    assert told(street) == ["spike", "level_shift"]
    assert street.told[1].at - street.told[0].at == pytest.approx(DAY, abs=MINUTE)


def test_14_on_and_off() -> None:
    """Bursts of 5 min, pauses of 7: one message for all six of them."""
    street, start = Street(), 3 * DAY
    for at in every(10 * MINUTE, 0, start):
        street.hear(at)
    for burst in every(12 * MINUTE, start, start + 72 * MINUTE):
        for at in every(6, burst, burst + 5 * MINUTE):
            street.hear(at)
    street.pass_to(start + 4 * HOUR)
    assert told(street) == ["spike", "spike_over"]


def test_15_silence_and_then_as_always() -> None:
    street = Street()
    for at in (*every(12, 0, 4 * DAY), *every(12, 4 * DAY + 6 * HOUR, 5 * DAY)):
        street.hear(at)
    assert street.told == []


def test_16_loud_for_a_night() -> None:
    """Twenty a minute at three in the morning are too many, even if the day has fifteen."""
    rng, street, start = random.Random(16), Street(), 7 * DAY + 3 * HOUR
    for hour in range(10, 7 * 24 + 3):
        level = 15 if 8 <= hour % 24 < 20 else 1.5
        for at in poisson(rng, level, hour * HOUR, (hour + 1) * HOUR):
            street.hear(at)
    assert street.told == []
    for at in every(3, start, start + 3 * MINUTE):
        street.hear(at)
    assert told(street) == ["spike"]
    assert after(street, start) <= 60


def test_17_an_issue_of_forty_minutes_grows() -> None:
    street = Street()
    for at in (*every(2 * MINUTE, 0, 40 * MINUTE), *every(7.5, 40 * MINUTE, HOUR)):
        street.hear(at)
    assert street.told == []


def test_18_a_resolved_issue_comes_back() -> None:
    """With one event: that it is back is said, that it is loud is not."""
    street = Street()
    for at in every(HOUR, 0, 5 * DAY):
        street.hear(at)
    street.hear(12 * DAY)
    assert street.told == []


def test_19_fifteen_in_an_hour_of_what_was_two() -> None:
    """Archived until it escalates, it escalates; while it is open, it is a spike."""
    street = Street()
    for at in (*every(30 * MINUTE, 0, 5 * DAY), *every(4 * MINUTE, 5 * DAY, 5 * DAY + HOUR)):
        street.hear(at)
    assert told(street) == ["spike"]


def test_20_a_database_goes_down() -> None:
    """Twelve issues spike within two minutes: each is one spike, told together by the alerts."""
    for number in range(12):
        street, start = Street(), 4 * DAY + number * 10
        for at in every((3 + number) * MINUTE, 0, 4 * DAY):
            street.hear(at)
        for at in every(2, start, start + 10 * MINUTE):
            street.hear(at)
        assert told(street) == ["spike"]
        assert after(street, start) <= 60
