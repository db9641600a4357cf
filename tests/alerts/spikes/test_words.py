"""Numbers with a unit and a baseline, as people say them."""

import pytest

from lighttrace.alerts.spikes import words
from lighttrace.alerts.spikes.history import DAY, HOUR, WEEK


@pytest.mark.parametrize(
    ("n", "width", "rate", "said"),
    [
        (61, 60, 4 / HOUR, "61 per h, usually 4"),
        (10, 1, 1.0, "10 per min, usually 1"),
        (37, 5, 0.4, "37 in 5 min, usually 2"),
        (2_400, 15, 90.0, "2,400 in 15 min, usually 1,350"),
        (8, 5, 0.1, "8 in 5 min, usually 6 an hour"),
        (5, 60, 1.5 / DAY, "5 per h, usually 1.5 a day"),
        (5, 60, 1 / WEEK, "5 per h, usually 1 a week"),
        (5, 60, 0.1 / WEEK, "5 per h, usually none"),
    ],
)
def test_how_many_there_are_and_were(n: int, width: int, rate: float, said: str) -> None:
    assert words.louder(n, width, rate) == said


def test_people_are_called_people() -> None:
    assert words.louder(12, 5, 0.2, "people") == "12 people in 5 min, usually 1"


def test_later_there_are_more_or_less() -> None:
    assert words.still("10 per min, usually 1", 2_400, 1, "events") == "2,400 per min, usually 1"
    said = "5 people per h, usually 1 a week"
    assert words.still(said, 9, 60, "people") == "9 people per h, usually 1 a week"


def test_a_new_level() -> None:
    assert words.stays(9.0, 1.0) == "stays at 9 a minute (was 1)"
    assert words.stays(0.5, 0.025) == "stays at 30 an hour (was 1.5)"
    assert words.stays(0.0, 0.0) == "stays rare"
