"""What is said of a spike: "61 per h, usually 4"."""

from lighttrace.alerts.shapes.text import cut, line
from lighttrace.alerts.spikes.history import DAY, HOUR, WEEK, Counted

SPANS = {1: "per min", 15: "in 15 min", 5: "in 5 min", HOUR: "per h"}
MOST_RELEASE = 80  # letters
USUALLY = ", usually "
SLOWER = ((HOUR, "an hour"), (DAY, "a day"), (WEEK, "a week"))


def louder(n: int, width: int, rate: float, counted: Counted = "events") -> str:
    """How many there are in a window of `width` minutes, and how many there were before.

    `rate` is a minute's. What is rarer than one a window is said by the hour, day or week.
    """
    return f"{_now(n, width, counted)}{USUALLY}{usually(rate, width)}"


def still(reason: str, n: int, width: int, counted: Counted) -> str:
    """The same words, some time later: as many as there are now, where as many were usual."""
    return f"{_now(n, width, counted)}{USUALLY}{reason.partition(USUALLY)[2]}"


def _now(n: int, width: int, counted: Counted) -> str:
    return f"{n:,}{' people' if counted == 'people' else ''} {SPANS[width]}"


def began(release: str, after_ms: int) -> str:
    """began 4 min after shop@2.1.0"""
    seconds = after_ms // 1000
    after = f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"
    return f"began {after} after {cut(line(release), MOST_RELEASE)}"


def stays(rate: float, was: float) -> str:
    """stays at 9 a minute (was 1)"""
    for span, unit in ((1, "a minute"), *SLOWER):
        if rate * span >= 0.95:
            return f"stays at {number(rate * span)} {unit} (was {number(was * span)})"
    return "stays rare"


def usually(rate: float, width: int) -> str:
    """`4`, `1.5`, `1 a day`, `none`: what is usual in `width` minutes."""
    if rate * width >= 0.95:
        return number(rate * width)
    for span, words in SLOWER:
        if span > width and rate * span >= 0.95:
            return f"{number(rate * span)} {words}"
    return "none"


def number(value: float) -> str:
    """`1,204`, `5`, `1.5`, `0.08`: as exact as anybody wants to know."""
    if value >= 2.95:
        return f"{value:,.0f}"
    return f"{value:.1f}".removesuffix(".0") if value >= 0.95 else f"{value:.2g}"
