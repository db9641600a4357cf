"""A rehearsal as the page shows it: lanes over 14 days, and its sentences. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from lighttrace.alerts.rehearse.missed import Missed
from lighttrace.alerts.rehearse.rehearsal import BAR_MS, Rehearsal, Sent
from lighttrace.store.rehearsal import Act
from lighttrace.web import format

MOST_SHOWN = 8  # of each list: the latest
MOST_PARTLY = 3
HIDDEN = 1.2  # per cent that the shape of a number covers on its left
# of a heap of marks the last has a number; others are bars
WIDE, MORE = 22, 7  # px of one that has two digits, and of each digit more
ROOM, ROOM_ON_PHONES = 2.6, 8.6  # per cent of the lane that two digits need
ACTED = {
    "acknowledged": "took it",
    "assigned": "gave it to somebody",
    "resolved": "resolved it",
    "archived": "archived it",
}
BARS, LANE, HELD = 34, 34, 24  # px high


@dataclass(frozen=True, slots=True)
class Told:
    """`number`: that of its mark; `after`: a sentence about what happened then."""

    number: int
    at: int
    title: str
    short_id: str
    project: str
    why: str
    after: str


@dataclass(frozen=True, slots=True)
class Lane:
    label: str
    n: int | None
    drawing: Markup


@dataclass(frozen=True, slots=True)
class Unheard:
    number: int
    at: int
    title: str
    short_id: str
    why: str
    it: Missed


def sent(found: Rehearsal) -> list[Told]:
    """The latest, the first of them first."""
    return [
        Told(
            number,
            it.it.at,
            it.face.title if it.face else f"{it.project} as a whole",
            it.face.short_id if it.face else "",
            it.project,
            _why(it),
            _after(it),
        )
        for number, it in enumerate(found.sent, 1)
    ][-MOST_SHOWN:]


def missed(found: Rehearsal) -> list[Unheard]:
    out = []
    for number, it in enumerate(found.missed, len(found.sent) + 1):
        face = found.faces[it.it.issue_id]
        out.append(Unheard(number, it.it.at, face.title, face.short_id, _unheard(it), it))
    return out[-MOST_SHOWN:]


def _why(it: Sent) -> str:
    words = f"{it.it.words[:1].upper()}{it.it.words[1:]}"
    if it.it.counted and it.face and 1000 <= it.it.at - it.face.first_at < format.DAY:
        words += f", {format.span(it.it.at - it.face.first_at)} after its first event"
    return f"{words}."


def _after(it: Sent) -> str:
    said = []
    if it.act is not None:
        said.append(_acted(it.act, it.it.at))
    if n := len(it.it.after):
        wait = format.span(it.it.after[0].at - it.it.at)
        more = "a second message" if n == 1 else f"{n} more messages"
        said.append(f"{more} {'' if n == 1 else 'from '}{wait} on {'was' if n == 1 else 'were'} "
                    "held back")  # fmt: skip
    if it.muted:
        said.append("it is muted now, so nobody would hear of it today")
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _acted(it: Act, since_ms: int) -> str:
    who = it.name or "somebody who is gone"
    return f"{who} {ACTED.get(it.kind, 'acted')} {format.span(it.at - since_ms)} later"


def _unheard(it: Missed) -> str:
    score = it.it.score
    news = f"It {it.became}" if it.became else ""
    if score is not None:
        news = f"{news}, and its impact is {score} now" if news else f"Its impact is {score} now"
    act = f" {_acted(it.act, it.it.at)}." if it.act else ""
    return f"{news}: {it.why}.{act}" if news else f"{it.why[:1].upper()}{it.why[1:]}.{act}"


def partly(found: Rehearsal) -> list[str]:
    """What was not looked at to its end."""
    said = []
    for it in found.partly[:MOST_PARTLY]:
        name = found.faces[it.issue_id].short_id if it.issue_id in found.faces else "an issue"
        if it.by_minute:
            said.append(
                f"The {it.total:,} events of {name} were counted by the minute, in which somebody "
                "who comes again in another minute counts again."
            )
        else:
            said.append(f"Of {name} the newest {it.asked:,} of {it.total:,} events were asked.")
    if (more := len(found.partly) - MOST_PARTLY) > 0:
        said.append(f"The same holds for {format.plural(more, 'more issue')}.")
    if found.quiet:
        verb = "was" if found.quiet == 1 else "were"
        said.append(f"{format.plural(found.quiet, 'quieter issue')} {verb} not counted.")
    return said


# --- the lanes ---


@dataclass(frozen=True, slots=True)
class Scale:
    since_ms: int
    until_ms: int
    zone: str
    now_ms: int

    def said(self, at_ms: int) -> str:
        return format.clock(at_ms, self.zone, self.now_ms)

    def at(self, at_ms: int) -> float:
        """Per cent from the left; a mark stays whole at both ends."""
        share = 100 * (at_ms - self.since_ms) / (self.until_ms - self.since_ms)
        return min(99.0, max(1.0, share))

    def days(self) -> list[tuple[float, str]]:
        """Where days begin, by the clock of whoever looks."""
        found, day = [], ""
        for at in range(self.since_ms, self.until_ms, format.HOUR):
            moment = format.local(at, self.zone)
            name = f"{moment:%a} {moment.day}"
            if day and name != day:
                found.append((100 * (at - self.since_ms) / (self.until_ms - self.since_ms), name))
            day = name
        return found


def lanes(found: Rehearsal, zone: str, now_ms: int) -> list[Lane]:
    scale = Scale(found.since_ms, found.until_ms, zone, now_ms)
    told = [(it.it.at, number) for number, it in enumerate(found.sent, 1)]
    first = len(told) + 1
    unheard = [(it.it.at, number) for number, it in enumerate(found.missed, first)]
    held = [it.it.at for it in found.held]
    return [
        Lane("All errors", None, _bars(found.bars, scale)),
        Lane("sent", len(told), marks(told, scale, "sent", "Sent")),
        Lane("held back", len(held), _ticks(held, scale)),
        Lane("missed", len(unheard), marks(unheard, scale, "miss", "Missed")),
    ]


def axis(found: Rehearsal, zone: str) -> Markup:
    days = Scale(found.since_ms, found.until_ms, zone, found.until_ms).days()
    out = ['<svg class="chart axs" height="18" aria-hidden="true">']
    for at, name in days[::2]:
        if at < 95:
            out.append(f'<text x="{at:.2f}%" y="13">{escape(name)}</text>')
    out.append('<text x="100%" y="13" text-anchor="end">now</text></svg>')
    return Markup("".join(out))


def _open(height: int, scale: Scale, label: str) -> list[str]:
    out = [f'<svg class="lane" height="{height}" role="img" aria-label="{escape(label)}">']
    for at, _ in scale.days():
        out.append(f'<line class="g" x1="{at:.2f}%" x2="{at:.2f}%" y1="0" y2="{height}"/>')
    return out


def _bars(values: Sequence[int], scale: Scale) -> Markup:
    total, top = sum(values), max(values, default=0) or 1
    label = f"All errors, every six hours: {format.plural(total, 'event')} in 14 days"
    if total:
        at = scale.since_ms + max(range(len(values)), key=values.__getitem__) * BAR_MS
        label += f", most of them from {scale.said(at)} on: {format.count(top)}"
    out, width = _open(BARS, scale, label), 100 / (len(values) or 1)
    for index, value in enumerate(values):
        if value:
            tall = max(1.5, value / top * (BARS - 4))
            out.append(
                f'<rect class="b" x="{index * width + 0.08:.2f}%" y="{BARS - tall:.1f}" '
                f'width="{width - 0.16:.2f}%" height="{tall:.1f}" rx="1"/>'
            )
    return Markup("".join(out) + "</svg>")


def marks(some: Sequence[tuple[int, int]], scale: Scale, kind: str, word: str) -> Markup:
    """(moment, number), oldest first. Of class `wide`: where there is room for it; on phones a
    `narrow` one is there instead.
    """
    out = _open(LANE, scale, _said([at for at, _ in some], scale, word))
    middle = LANE / 2
    out.append(f'<line class="ln" x1="0" x2="100%" y1="{middle}" y2="{middle}"/>')
    free = free_on_phones = 101.0
    drawn = []
    narrow: set[int] = set()  # thirds of a per cent: more marks would lie upon each other
    for at, number in reversed(some):
        x, half = scale.at(at), (WIDE + MORE * max(0, len(str(number)) - 2)) / 2
        if x > free:
            if x > free + ROOM - HIDDEN or round(3 * x) in narrow:
                continue
            narrow.add(round(3 * x))
            out.append(_narrow(x, kind))
            continue
        free = x - 2 * half * ROOM / WIDE
        where = ""
        if x <= free_on_phones:
            free_on_phones = x - 2 * half * ROOM_ON_PHONES / WIDE
        else:
            out.append(_narrow(x, kind, " narrow"))
            where = ' class="wide"'
        drawn.append(
            f'<svg{where} x="{x:.2f}%" overflow="visible">{_shape(kind, middle, half)}'
            f'<text class="{"in" if kind == "sent" else "out"}" y="{middle + 4}" '
            f'text-anchor="middle">{number}</text></svg>'
        )
    return Markup("".join((*out, *drawn)) + "</svg>")


def _shape(kind: str, middle: float, half: float) -> str:
    if kind == "sent":
        y, width = middle - 8, 2 * half
        return f'<rect class="sent" x="-{half}" y="{y}" width="{width}" height="16" rx="4"/>'
    top, foot = middle - 11, middle + 11
    return f'<path class="miss" d="M0 {top} {half} {middle} 0 {foot} -{half} {middle}z"/>'


def _narrow(x: float, kind: str, where: str = "") -> str:
    y = LANE / 2 - 6
    return f'<rect class="{kind}{where}" x="{x:.2f}%" y="{y}" width="3" height="12" rx="1"/>'


def _ticks(some: Sequence[int], scale: Scale) -> Markup:
    out = _open(HELD, scale, _said(some, scale, "Held back by the pause"))
    middle = HELD / 2
    out.append(f'<line class="ln" x1="0" x2="100%" y1="{middle}" y2="{middle}"/>')
    for place in sorted({round(3 * scale.at(at)) / 3 for at in some}):
        out.append(
            f'<svg x="{place:.2f}%" overflow="visible"><line class="held" x1="0" x2="0" '
            f'y1="{middle - 6}" y2="{middle + 6}"/></svg>'
        )
    return Markup("".join(out) + "</svg>")


def _said(some: Sequence[int], scale: Scale, word: str) -> str:
    if not some:
        return f"{word}: nothing"
    named = [scale.said(at) for at in some[:5]]
    more = f" and {len(some) - 5} more" if len(some) > 5 else ""
    return f"{word}: {len(some)}, on {', '.join(named)}{more}"
