"""The impact is a sum, and its parts say why."""

from dataclasses import fields, replace
from math import log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.event import impact
from lighttrace.event.impact import Facts, Weights, score, users_points

NOW = 1_795_000_000_000
HOUR, DAY = 3_600_000, 86_400_000
OLD = Facts(first_at=NOW - 9 * DAY)
PLAIN = Weights()


def parts(facts: Facts, weights: Weights = PLAIN) -> dict[str, int]:
    return {it.kind: it.points for it in score(facts, weights, NOW).parts}


def test_the_first_row_of_the_design_comes_to_94() -> None:
    facts = Facts(
        first_at=NOW - 22 * 60_000,
        users=312,
        events=412,
        high_value="component: checkout",
        after_deploy_min=18,
    )
    found = score(facts, PLAIN, NOW)
    assert found.score == 94
    assert [(it.label, it.points) for it in found.parts] == [
        ("new", 40),
        ("users", 26),
        ("high value", 16),
        ("after deploy", 12),
    ]
    assert found.sentence == "Impact 94: new 40, users 26, high value 16, after deploy 12"
    assert found.level == "high"


def test_nothing_known_is_nothing_counted() -> None:
    found = score(OLD, PLAIN, NOW)
    assert (found.score, found.parts, found.level) == (0, (), "low")
    assert found.sentence == "Impact 0: no reason"


@pytest.mark.parametrize(
    ("change", "kind", "points"),
    [
        ({"first_at": NOW - DAY + 1}, "new", 40),
        ({"regressed": True}, "regressed", 36),
        ({"spike_factor": 10.0, "events": 10}, "spiking", 30),
        ({"spike_factor": 14.7, "events": 61}, "spiking", 35),
        ({"spike_factor": 900.0, "events": 61}, "spiking", 35),
        ({"users": 1}, "users", 3),
        ({"users": 58}, "users", 18),
        ({"users": 10_000_000}, "users", 30),
        ({"high_value": "component: checkout"}, "high_value", 16),
        ({"after_deploy_min": 60}, "after_deploy", 12),
        ({"failed_fix": True}, "failed_fix", 10),
        ({"fatal": True}, "fatal", 10),
        ({"unhandled": True}, "fatal", 10),
        ({"fatal": True, "unhandled": True}, "fatal", 10),
        ({"worse": "PaymentError in shop-api"}, "same_trace", 8),
    ],
)
def test_each_reason_alone(change: dict[str, object], kind: str, points: int) -> None:
    assert parts(replace(OLD, **change)) == {kind: points}


@pytest.mark.parametrize(
    "change",
    [
        {"first_at": NOW - DAY},
        {"spike_factor": 2.9, "events": 500},
        {"spike_factor": 50.0, "events": 9},
        {"after_deploy_min": 61},
        {"after_deploy_min": -1},
        {"failed_fix": False},
        {"high_value": ""},
    ],
)
def test_what_is_just_too_little_counts_nothing(change: dict[str, object]) -> None:
    assert parts(replace(OLD, **change)) == {}


def test_what_came_back_within_a_day_is_not_called_new() -> None:
    assert parts(Facts(first_at=NOW - HOUR, regressed=True)) == {"regressed": 36}


def test_a_weight_of_0_turns_a_reason_off_and_others_scale() -> None:
    facts = Facts(first_at=NOW, users=9, events=30, spike_factor=10.0)
    assert parts(facts) == {"new": 40, "spiking": 30, "users": 10}
    assert parts(facts, Weights(new=0, users=60, spiking=70)) == {"spiking": 60, "users": 21}


def test_more_than_a_hundred_is_a_hundred_and_the_parts_stay_whole() -> None:
    facts = Facts(
        first_at=NOW, users=900, high_value="x", after_deploy_min=1, failed_fix=True, fatal=True,
        worse="y",
    )  # fmt: skip
    found = score(facts, PLAIN, NOW)
    assert sum(it.points for it in found.parts) == 126
    assert found.score == 100


@given(st.integers(0, 10**9))
def test_points_of_users_are_the_formula_of_the_design(users: int) -> None:
    exact = min(30.0, 10.4 * log10(users + 1))
    assert abs(users_points(users, 30) - exact) <= 0.5 + 1e-9


@given(st.integers(0, 100), st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_people_never_count_less_and_never_more_than_the_weight(
    most: int, some: int, others: int
) -> None:
    few, many = sorted((some, others))
    assert 0 <= users_points(few, most) <= users_points(many, most) <= most


@given(
    st.builds(
        Facts,
        first_at=st.integers(0, NOW * 2),
        users=st.integers(0, 10**9),
        events=st.integers(0, 10**9),
        regressed=st.booleans(),
        spike_factor=st.none() | st.floats(0, 1e12),
        high_value=st.none() | st.text(max_size=9),
        after_deploy_min=st.none() | st.integers(-9, 99),
        failed_fix=st.none() | st.booleans(),
        fatal=st.booleans(),
        unhandled=st.booleans(),
        worse=st.none() | st.text(max_size=9),
    ),
    st.builds(Weights, **{it.name: st.integers(0, 100) for it in fields(Weights)}),
)
def test_the_score_is_the_sum_of_its_parts(facts: Facts, weights: Weights) -> None:
    found = score(facts, weights, NOW)
    assert found.score == min(100, sum(it.points for it in found.parts))
    assert all(0 < it.points <= getattr(weights, it.kind) and it.label for it in found.parts)
    assert [it.points for it in found.parts] == sorted(
        (it.points for it in found.parts), reverse=True
    )


def test_the_levels_are_those_of_the_groups() -> None:
    assert [impact.level(it) for it in (100, 70, 69, 35, 34, 0)] == [
        "high", "high", "medium", "medium", "low", "low",
    ]  # fmt: skip
