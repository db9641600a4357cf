"""What the rows of a list say of themselves."""

import pytest

from lighttrace.web.format import DAY, HOUR, MINUTE
from lighttrace.web.listing import bars_since

NOON = 20_780 * DAY + 12 * HOUR
BARS = (0,) * 24


@pytest.mark.parametrize(
    ("ago", "bars"),
    [(0, 1), (MINUTE, 1), (2 * MINUTE, 2), (HOUR, 2), (22 * HOUR, 23), (DAY, 24), (9 * DAY, 24)],
)
def test_red_bars_begin_in_the_hour_something_began(ago: int, bars: int):
    """A minute past noon the newest bar is that of the hour from noon on."""
    assert bars_since(NOON + MINUTE - ago, BARS, DAY, NOON + MINUTE) == bars


def test_without_a_beginning_no_bar_is_red():
    assert bars_since(None, BARS, DAY, NOON) == 0
    assert bars_since(NOON, (), DAY, NOON) == 1
