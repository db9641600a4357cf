"""How old messages were when they were handed over, drawn: the slow end as a line over its area,
the middle dashed, and what is promised. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from lighttrace.alerts.news import age
from lighttrace.store.sendings import Ages

PROMISED_MS = 5_000  # docs/alerts.md, "The page of alerts"
HEIGHT, HEAD, FOOT = 116, 26, 18
WIDTH = 1_000  # of the inner drawing, which is stretched
LEAST, MOST = 1.3, 2  # how high the scale is, in promises: what is above is cut, and said
EDGE = 8  # per cent: nearer to it a word is set from there


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float


def draw(course: Sequence[Ages], label: str, first: str) -> Markup:
    """`course`: one entry for each span of time, the oldest first; where there was no message the
    line goes on to the next. `first` names the left end of the axis. One message that was tried
    again must not press the promise to the floor, so the scale ends, and the highest is named.
    """
    plot = HEIGHT - HEAD - FOOT
    slow = [it.p95_ms for it in course]
    highest = max((it for it in slow if it is not None), default=0)
    top = min(max(PROMISED_MS * LEAST, highest), PROMISED_MS * MOST)
    step = WIDTH / max(1, len(course) - 1)

    def points(values: Sequence[int | None]) -> list[Point]:
        return [
            Point(n * step, plot - min(it, top) / top * plot)
            for n, it in enumerate(values)
            if it is not None
        ]

    worst, middle = points(slow), points([it.p50_ms for it in course])
    promised = HEAD + plot - PROMISED_MS / top * plot
    half = HEAD + plot - PROMISED_MS / 2 / top * plot
    foot = HEAD + plot + 0.5
    out = [
        f'<svg class="chart ages" height="{HEIGHT}" role="img" aria-label="{escape(label)}">',
        f'<line class="g" x1="0" x2="100%" y1="{half:.1f}" y2="{half:.1f}"/>',
        f'<line class="g" x1="0" x2="100%" y1="{promised:.1f}" y2="{promised:.1f}"/>',
        f'<svg x="0" y="{HEAD}" width="100%" height="{plot}" viewBox="0 0 {WIDTH} {plot}" '
        'preserveAspectRatio="none" overflow="visible">',
    ]
    if len(worst) > 1:
        area = f"{worst[0].x:.1f},{plot} {_list(worst)} {worst[-1].x:.1f},{plot}"
        out.append(f'<polygon class="a1" points="{area}"/>')
        for name, line in (("l2", middle), ("l1", worst)):
            out.append(
                f'<polyline class="{name}" vector-effect="non-scaling-stroke" '
                f'stroke-linejoin="round" points="{_list(line)}"/>'
            )
    out.append("</svg>")
    out += (
        f'<circle class="p1" cx="{it.x / WIDTH * 100:.2f}%" cy="{HEAD + it.y:.1f}" r="2"/>'
        for it in worst
    )
    out += (
        f'<text x="0" y="{y - 4:.1f}">{words}</text>'
        for y, words in ((half, "2.5 s"), (promised, "5 s promised"))
    )
    if highest > top:
        out.append(_above(slow.index(highest) * step / WIDTH * 100, age(highest / 1000)))
    out.append(
        f'<line class="ax" x1="0" x2="100%" y1="{foot}" y2="{foot}"/>'
        f'<text x="0" y="{HEIGHT - 3}">{escape(first)}</text>'
        f'<text x="100%" y="{HEIGHT - 3}" text-anchor="end">now</text>'
    )
    return Markup("".join(out) + "</svg>")


def _above(x: float, words: str) -> str:
    anchor = "start" if x < EDGE else "end" if x > 100 - EDGE else "middle"
    return f'<text x="{x:.2f}%" y="{HEAD - 6}" text-anchor="{anchor}">{words}</text>'


def _list(some: Sequence[Point]) -> str:
    return " ".join(f"{it.x:.1f},{it.y:.1f}" for it in some)
