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
MARK_HEAD = 30  # px above the bars where deploys are marked
MARK_LENGTH = 26  # characters
MARK_WIDTH = 800  # px: how wide a chart is supposed to be, for labels that must not meet
FILLS = ("k1", "k2", "k3", "k5", "k7")  # the fifth is "everything else"


def spark(
    values: Sequence[int], label: str, tone: str = "", tail: int = 0, flag: float | None = None
) -> Markup:
    """The course of an issue in a row: as many bars as values. `tail` last ones wear the tone
    (`err`, `spike`): the part that made the state. `flag`: a deploy, in per cent from the left.
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
    if flag is not None:
        x = flag * SPARK_WIDTH / 100
        out.append(
            f'<line class="dep" x1="{x:.1f}" x2="{x:.1f}" y1="-1" y2="{SPARK_HEIGHT}"/>'
            f'<path class="flag" d="M{x:.1f} -1h6l-1.8 2.4L{x + 6:.1f} 3.8h-6z"/>'
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


@dataclass(frozen=True, slots=True)
class Mark:
    """A deploy, `at` per cent from the left; without `text` only a line. `name` is for the pointer;
    a `hot` one keeps its text on a phone.
    """

    at: float
    text: str
    name: str
    href: str = ""
    hot: bool = False


def marks(deploys: Sequence[tuple[float, str, str, str]], *, hot: str = "") -> list[Mark]:
    """Deploys (at, version, name, address), oldest first: labels that would lie on each other are
    left out, the older first. `hot`: the version that the page is about.
    """
    found: list[Mark] = []
    taken = 101.0
    for at, version, name, href in reversed(deploys):
        shown = version if len(version) <= MARK_LENGTH else version[: MARK_LENGTH - 1] + "…"
        half = (len(shown) * 6.4 + 14) / MARK_WIDTH * 50
        right = min(at + half, 100) if at > 50 else at + half
        fits = right <= taken
        found.append(Mark(at, shown if fits else "", name, href, version == hot))
        if fits:
            taken = right - 2 * half
    return found[::-1]


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
    own: Sequence[int] = (),
    deploys: Sequence[Mark] = (),
) -> Markup:
    """Events over time. `names` say each bar's time, for the pointer; `unit` is written at the top
    line, e.g. " / h". `usual` is a line across; bars from `hot` on have the colour of spikes. With
    `links` each bar leads somewhere, and the drawing is no image any more but a group of links.
    `own`: what of each bar is the page's own; the rest is pale then.
    """
    highest = max(max(values, default=0), ceil(usual.value) if usual else 0)
    count, top = len(values) or 1, nice_top(highest or 1)
    head = MARK_HEAD if deploys else HEAD
    plot = height - head - FOOT
    foot = head + plot
    lines = ((foot - plot / 2, top / 2, ""), (head, top, unit)) if top > 1 else ((head, top, unit),)
    width = 100 / count
    leads = links or any(mark.href for mark in deploys)
    out = [
        f'<svg class="chart" height="{height}" role="{"group" if leads else "img"}" '
        f'aria-label="{escape(label)}">',
        *(f'<line class="g" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>' for y, _, _ in lines),
    ]
    for index, value in enumerate(values):
        if value <= 0:
            continue
        tall = max(1.5, value / top * plot)
        tone = "b" if hot is None or index < hot else "b loud"
        if own:
            tone = "b rest"
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
        if own and own[index] > 0:
            part = max(1.5, own[index] / top * plot)
            out.append(
                f'<rect class="b" x="{index * width + width * 0.1:.2f}%" y="{foot - part:.1f}" '
                f'width="{width * 0.8:.2f}%" height="{part:.1f}" rx="1.5"/>'
            )
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
    out += (_drawn(mark, foot) for mark in deploys)
    return Markup("".join(out) + "</svg>")


def _drawn(mark: Mark, foot: float) -> str:
    wide = len(mark.text) * 6.4 + 12
    edge = 30 if mark.hot else 6  # its text stays on a phone, where it is half as wide as the chart
    left = 0 if mark.at < edge else -wide if mark.at > 100 - edge else -wide / 2
    label = (
        f'<rect class="db" x="{left:.1f}" y="1" width="{wide:.1f}" height="17" rx="4"/>'
        f'<text class="dt" x="{left + wide / 2:.1f}" y="13" text-anchor="middle">'
        f"{escape(mark.text)}</text>"
    )
    group = (
        f'<g class="{"own" if mark.hot else ""}"><title>{escape(mark.name)}</title>'
        f'<line class="dl" x1="0" x2="0" y1="18" y2="{foot:.1f}"/>{label if mark.text else ""}</g>'
    )
    if mark.href and mark.text:
        group = f'<a href="{escape(mark.href)}" tabindex="-1">{group}</a>'
    return f'<svg x="{mark.at:.2f}%" overflow="visible">{group}</svg>'


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
