"""Charts as SVG, drawn on the server. Pure: numbers in, markup out, no style attribute anywhere.

Fluid drawings have no viewBox: x and width in per cent, y in pixels, so bars stretch and text does
not. A chart is one image to a screen reader; its `label` says the numbers in a sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup, escape

from lighttrace.web import format

SPARK_WIDTH, SPARK_HEIGHT = 104, 26
HEAD, FOOT = 14, 18  # px above the bars for the top number, below them for the axis
NICE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
USUAL_AT = 10  # per cent from the left: clear of the scale, and of the bars that are new
FILLS = ("k1", "k2", "k3", "k5", "k7")  # the fifth is "everything else"


def spark(values: Sequence[int], label: str, tone: str = "", tail: int = 0) -> Markup:
    """The course of an issue in a row: as many bars as values. `tail` last ones wear the tone
    (`err`, `spike`): the part that made the state.
    """
    count, top = len(values) or 1, max(values, default=0) or 1
    step = SPARK_WIDTH / count
    out = [
        f'<svg class="spark{" " + tone if tone else ""}" '
        f'viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" role="img" aria-label="{escape(label)}">'
    ]
    for index, value in enumerate(values):
        if value <= 0:
            continue
        height = max(1.5, value / top * (SPARK_HEIGHT - 5))
        hot = ' class="hi"' if tail and index >= count - tail else ""
        out.append(
            f'<rect{hot} x="{index * step:.1f}" y="{SPARK_HEIGHT - 1 - height:.1f}" '
            f'width="{step - 1.2:.1f}" height="{height:.1f}" rx="1"/>'
        )
    base = SPARK_HEIGHT - 0.5
    out.append(f'<line class="base" x1="0" x2="{SPARK_WIDTH}" y1="{base}" y2="{base}"/></svg>')
    return Markup("".join(out))


@dataclass(frozen=True, slots=True)
class Tick:
    """A word under the axis, `at` per cent from the left."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Usual:
    """A level that bars are compared with, and its words."""

    value: float
    text: str


def nice_top(value: int) -> float:
    """The round number at or above a value, for the top of the scale."""
    size = 1.0
    while size * 10 <= value:
        size *= 10
    return next((size * step for step in NICE if size * step >= value), size * 10)


def bars(
    values: Sequence[int],
    label: str,
    *,
    height: int = 120,
    ticks: Sequence[Tick] = (),
    unit: str = "",
    names: Sequence[str] = (),
    links: Sequence[str] = (),
    usual: Usual | None = None,
    hot: int | None = None,
) -> Markup:
    """Events over time. `names` say each bar's time, for the pointer; `unit` is written at the top
    line, e.g. " / h". `usual` is a line across; bars from `hot` on have the colour of spikes. With
    `links` each bar leads somewhere, and the drawing is no image any more but a group of links.
    """
    highest = max(max(values, default=0), ceil(usual.value) if usual else 0)
    count, top = len(values) or 1, nice_top(highest or 1)
    plot = height - HEAD - FOOT
    foot = HEAD + plot
    lines = ((foot - plot / 2, top / 2, ""), (HEAD, top, unit)) if top > 1 else ((HEAD, top, unit),)
    width = 100 / count
    out = [
        f'<svg class="chart" height="{height}" role="{"group" if links else "img"}" '
        f'aria-label="{escape(label)}">',
        *(f'<line class="g" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>' for y, _, _ in lines),
    ]
    for index, value in enumerate(values):
        if value <= 0:
            continue
        tall = max(1.5, value / top * plot)
        tone = "b" if hot is None or index < hot else "b loud"
        name = f"<title>{escape(names[index])}: {format.count(value)}</title>" if names else ""
        bar = (
            f'<rect class="{tone}" x="{index * width + width * 0.1:.2f}%" y="{foot - tall:.1f}" '
            f'width="{width * 0.8:.2f}%" height="{tall:.1f}" rx="1.5"'
            + (f">{name}</rect>" if name else "/>")
        )
        if links:  # reached by the pointer; by keyboard the list itself is nearer than 70 bars
            said = f"{names[index]}: {format.count(value)}" if names else format.count(value)
            bar = (
                f'<a href="{escape(links[index])}" tabindex="-1" aria-label="{escape(said)}">'
                f"{bar}</a>"
            )
        out.append(bar)
    out += (
        f'<text x="0" y="{y - 4:.1f}">{value:,g}{escape(said)}</text>' for y, value, said in lines
    )
    if usual is not None:
        y = foot - usual.value / top * plot
        out.append(
            f'<line class="us" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/><text class="us" '
            f'x="{USUAL_AT}%" y="{y - 4:.1f}">{escape(usual.text)}</text>'
        )
    out.append(f'<line class="ax" x1="0" x2="100%" y1="{foot + 0.5}" y2="{foot + 0.5}"/>')
    for tick in ticks:
        anchor = "start" if tick.at <= 1 else "end" if tick.at >= 99 else "middle"
        out.append(
            f'<text x="{tick.at:g}%" y="{height - 3}" text-anchor="{anchor}">'
            f"{escape(tick.text)}</text>"
        )
    return Markup("".join(out) + "</svg>")


def score(parts: Sequence[int], label: str, *, most: int = 100, height: int = 8) -> Markup:
    """A sum as one bar of its parts, in the steps of one hue; what is missing to `most` is pale."""
    whole = max(most, sum(parts))
    out = [f'<svg width="100%" height="{height}" role="img" aria-label="{escape(label)}">']
    out.append(f'<rect class="kline" width="100%" height="{height}"/>')
    x = 0.0
    for index, part in enumerate(parts):
        share = 100 * part / whole
        out.append(
            f'<rect class="st{min(index, 3) + 1}" x="{x:.2f}%" width="{max(0.4, share - 0.5):.2f}%"'
            f' height="{height}"/>'
        )
        x += share
    return Markup("".join(out) + "</svg>")


def segments(parts: Sequence[int], label: str, *, height: int = 6) -> Markup:
    """Shares of a whole as one bar, the largest first; what is beyond the fills is left blank."""
    whole = sum(parts) or 1
    out = [f'<svg width="100%" height="{height}" role="img" aria-label="{escape(label)}">']
    x = 0.0
    for index, part in enumerate(parts):
        share = 100 * part / whole
        fill = FILLS[min(index, len(FILLS) - 1)]
        wide = max(0.4, share - (0.6 if len(parts) > 1 else 0))
        out.append(f'<rect class="{fill}" x="{x:.2f}%" width="{wide:.2f}%" height="{height}"/>')
        x += share
    return Markup("".join(out) + "</svg>")
