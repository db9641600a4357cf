"""Events of an issue over time: which bars a period has, and how its axis is named. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from markupsafe import Markup

from lighttrace.alerts.spikes import words
from lighttrace.store.spikes import Spike
from lighttrace.web import charts, format
from lighttrace.web.charts import Mark, Tick, Usual

Deployed: TypeAlias = tuple[int, str]  # when (ms) which version went out

# period → length of one bar; minutes are kept for 15 days, hours for 90 (docs/storage.md)
BARS = {
    "1h": format.MINUTE,
    "24h": format.HOUR,
    "7d": 3 * format.HOUR,
    "14d": 6 * format.HOUR,
    "30d": format.DAY,
    "90d": format.DAY,
}
UNITS = {"1h": " / min", "24h": " / h", "7d": " in 3 h", "14d": " in 6 h"}
TICKS = 4


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked of the counters: whole bars, the last one holds now."""

    since_ms: int
    until_ms: int
    bar_ms: int


def window(period: str, period_ms: int, now_ms: int) -> Window:
    """Bars begin at whole multiples of their length, days at midnight UTC as they are counted."""
    bar_ms = BARS[period]
    until_ms = (now_ms // bar_ms + 1) * bar_ms
    return Window(until_ms - period_ms, until_ms, bar_ms)


def draw(
    values: list[int],
    shown: Window,
    period: str,
    period_words: str,
    zone: str,
    spike: Spike | None = None,
    deploys: Sequence[Deployed] = (),
) -> Markup:
    """The chart, in the words of the person's time zone; of a spike with what is usual. `deploys`:
    oldest first.
    """
    span_ms = shown.until_ms - shown.since_ms
    ticks = [
        Tick(100 * step / TICKS, _tick(shown.since_ms + span_ms * step // TICKS, period, zone))
        for step in range(TICKS + 1)
    ]
    names = [
        _name(shown.since_ms + at * shown.bar_ms, shown.bar_ms, zone) for at in range(len(values))
    ]
    usual = None
    if spike is not None and spike.counted == "events":
        usual = _usual(spike, shown.bar_ms)
    return charts.bars(
        values,
        _sentence(values, names, period_words) + (f". {spike.reason}" if spike else ""),
        height=128 + (16 if deploys else 0),
        ticks=ticks,
        unit=UNITS.get(period, " / day"),
        names=names,
        usual=usual,
        hot=None if spike is None else max(0, (spike.since_ms - shown.since_ms) // shown.bar_ms),
        deploys=marks(deploys, shown.since_ms, shown.until_ms, zone),
    )


def marks(deploys: Sequence[Deployed], since_ms: int, until_ms: int, zone: str) -> list[Mark]:
    """Those of the time a chart shows."""
    length = until_ms - since_ms
    return charts.marks(
        [
            (
                100 * (at - since_ms) / length,
                version,
                f"{version} went out {format.moment(at, zone)}",
                "",
            )
            for at, version in deploys
            if since_ms <= at < until_ms
        ]
    )


def _usual(spike: Spike, bar_ms: int) -> Usual:
    """What is usual in a bar."""
    value = spike.rate * bar_ms / format.MINUTE
    return Usual(value, f"usually {words.number(value)}")


def _tick(at_ms: int, period: str, zone: str) -> str:
    at = format.local(at_ms, "UTC" if BARS[period] == format.DAY else zone)
    return f"{at:%H:%M}" if period in ("1h", "24h") else f"{at.day} {at:%b}"


def _name(at_ms: int, bar_ms: int, zone: str) -> str:
    if bar_ms == format.DAY:
        day = format.local(at_ms, "UTC")
        return f"{day.day} {day:%b}"
    start = format.local(at_ms, zone)
    end = start + timedelta(milliseconds=bar_ms)
    return f"{start.day} {start:%b, %H:%M}–{end:%H:%M}"


def _sentence(values: list[int], names: list[str], period_words: str) -> str:
    if not any(values):
        return f"No events in {period_words}"
    top = max(range(len(values)), key=values.__getitem__)
    return (
        f"{format.plural(sum(values), 'event')} in {period_words}, "
        f"most of them {names[top]}: {format.count(values[top])}"
    )
