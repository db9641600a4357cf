"""When a rule speaks, as people write it down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.errors import RuleError
from lighttrace.event.triggers import Trigger, duration, minutes_of, pause, trigger


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("new", Trigger("new")),
        (" Regression ", Trigger("regression")),
        ("50 events in 5m", Trigger("events", 50, 5)),
        ("1  event within 1 hour", Trigger("events", 1, 60)),
        ("10 users in 24h", Trigger("users", 10, 1440)),
        ("10 users in 1d", Trigger("users", 10, 1440)),
        ("10 USERS", Trigger("users", 10)),
    ],
)
def test_a_moment_is_read(text: str, means: Trigger) -> None:
    assert trigger(text) == means
    assert trigger(str(means)) == means


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("spikes", 'Did you mean "spike"?'),
        ("50 event in 5m and more", 'Did you mean "50 events in 5m"?'),
        ("50 events", 'Say "50 events in 5m"'),
        ("0 events in 5m", "cannot be waited for"),
        ("1000000 events in 5m", "cannot be waited for"),
        ("5 events in 2d", "too long or too short"),
        ("5 events in 0m", "too long or too short"),
        ("5 events in 5s", "is no time: say 5m"),
        ("crash_free < 99 %", "comes as soon as the health of releases is measured"),
        ("monitor", "comes as soon as monitors are watched"),
        ("", "There is: new"),
    ],
)
def test_what_is_no_moment_is_explained(text: str, sentence: str) -> None:
    with pytest.raises(RuleError, match=sentence.replace("?", r"\?")):
        trigger(text)


@given(st.text(max_size=60))
def test_whatever_is_written_is_a_moment_or_a_sentence(text: str) -> None:
    try:
        assert trigger(str(trigger(text))) == trigger(text)
    except RuleError as error:
        assert str(error).endswith(".")


@given(st.integers(1, 7 * 24 * 60))
def test_a_pause_is_written_as_it_is_read(minutes: int) -> None:
    assert minutes_of(duration(minutes)) == minutes


def test_a_pause_is_said_as_people_do() -> None:
    assert [pause(it) for it in (5, 60, 90, 120, 1440, 2880)] == [
        "5 min", "an hour", "90 min", "2 hours", "a day", "2 days",
    ]  # fmt: skip
    for wrong in ("", "5", "m", "8d", "0m", "5 weeks"):
        with pytest.raises(RuleError):
            minutes_of(wrong)
