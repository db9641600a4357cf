"""A message about one issue, as a mail tells it: what happened, to whom, where, what lies behind it
and why it came. The HTML and the text are both made of this, so neither knows more. Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from lighttrace.alerts.background import Background, Bars, Release
from lighttrace.alerts.news import Line, News, Told, age
from lighttrace.alerts.reasons import SAID
from lighttrace.alerts.shapes.text import cut, line
from lighttrace.store.counters import HOUR_MS

Tone: TypeAlias = Literal["red", "plum", "org"]
TONES: dict[str, Tone] = {"new": "red", "loud": "red", "regression": "plum"}
SOON_MS = 30 * 60_000  # what begins this soon after a release may be its doing
HIGH, LOW = 56, 1  # px of a bar
BY_RULE = "The next mail about this issue comes when a rule speaks of it again."
_COUNTED = re.compile(r"([\d,]+) ((?:events|users)\b.*)")  # of a rule that counts
BLOCKS = "▁▂▃▄▅▆▇█"
TITLE, VALUE, SHORT = 120, 240, 120
NEXT = {
    "new": "The next mail about this issue comes if it is far louder than usual or comes back.",
    "regression": "The next mail about this issue comes if it is far louder than usual.",
    "escalating": "The next mail about this issue comes if it is far louder than usual.",
    "spike": "The next mail about this issue comes when it is louder still, or comes back.",
    "spike_escalated": "The next mail about this issue comes when it is louder still.",
}


@dataclass(frozen=True, slots=True)
class Bar:
    height: int
    tone: Literal["barq", "bar", "barh"]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that matters, and one that explains it."""

    first: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Shared:
    """What most of its events have in common: what, how it is in the project, and here."""

    what: str
    usual: str
    here: str


@dataclass(frozen=True, slots=True)
class Story:
    scope: str
    kicker: str
    tone: Tone
    headline: str
    function: str
    file: str
    aside: str
    facts: tuple[tuple[str, str], ...]  # (number, what of)
    box: Said | None
    bars: tuple[Bar, ...]
    drawn: str  # the same bars in a line of text
    under: str
    shared: tuple[Shared, ...]
    code: tuple[Line, ...]
    steps: tuple[str, ...]
    note: str
    why: str
    later: str
    age: str
    held: str

    @property
    def numbers(self) -> tuple[str, ...]:
        """The facts in words: `61 per h, usually 4`, `38 users in 38 s`."""
        comma = ", "
        return tuple(
            f"{value}{comma if label.startswith('usually') else ' '}{label}"
            for value, label in self.facts
        )


def story(news: News, told: Told) -> Story:
    behind, place = told.background, told.place
    return Story(
        scope=" · ".join(filter(None, (line(told.project), line(told.environment)))),
        kicker=_kicker(news, told),
        tone=TONES.get(news.kind, "org"),
        headline=_headline(told),
        function=cut(line(place.function), SHORT) if place else "",
        file=cut(line(place.file if place and place.file else told.culprit), SHORT),
        aside=_aside(news, told),
        facts=tuple(_facts(news, told)),
        box=_box(news, told),
        bars=tuple(_bars(behind.bars)) if behind.bars else (),
        drawn=_drawn(behind.bars) if behind.bars else "",
        under=_under(behind.bars, news.at + news.age_s * 1000) if behind.bars else "",
        shared=tuple(
            Shared(
                cut(line(f"{it.key}: {it.value}"), SHORT),
                f"{it.there:.0f} % of all events",
                f"{it.here:.0f} %",
            )
            for it in behind.shared
        ),
        code=place.code if place else (),
        steps=tuple(filter(None, map(line, told.steps))),
        note=_note(news, behind),
        why="; ".join(cut(line(it), VALUE) for it in news.reasons)
        or SAID.get(news.kind, "it is new"),
        later=NEXT.get(news.kind, BY_RULE),
        age=f"Left {age(news.age_s)} after {_cause(news)}.",
        held=f"{news.more} more message{' is' if news.more == 1 else 's are'} held, and told "
        "together soon."
        if news.more
        else "",
    )


def subject(news: News, told: Told) -> str:
    """The fact in a line: `New in shop: KeyError, 38 users so far`, `Back in api@2.4.1: KeyError`,
    `14× more: OperationalError in fulfillment`.
    """
    title = cut(line(told.title) or told.short_id, 60)
    at = f"{title} in {line(told.project)}"
    match news.kind:
        case "regression":
            back = told.background.back
            return f"Back in {(back and line(back.release)) or line(told.project)}: {title}"
        case "escalating":
            return f"Out of the archive: {at}"
        case "spike":
            return f"{times(news) or 'Spiking'}: {at}"
        case "spike_escalated":
            return f"Still rising{', ' if times(news) else ''}{times(news)}: {at}"
        case "new":
            return f"New in {line(told.project)}: {_to_whom(told, title)}"
        case "volume" | "users" if line(news.louder):
            return f"{line(news.louder)}: {at}"
    return f"{LABELS.get(news.kind, 'Again')}: {at}"


LABELS = {"volume": "Many events", "users": "Many users",
          "events": "Many events", "feedback": "Feedback", "every": "Again"}  # fmt: skip


def times(news: News) -> str:
    """`14× more`; nothing where nothing is usual."""
    rate = news.rate
    factor = rate.count / rate.usual if rate is not None and rate.usual > 0 else 0
    return f"{min(factor, 1000):.0f}× more" if factor >= 2 else ""


def _to_whom(told: Told, title: str) -> str:
    if told.people > 1:
        return f"{title}, {told.people:,} users so far"
    return f"{title}: {line(told.value)}" if line(told.value) else title


def _headline(told: Told) -> str:
    title, value = cut(line(told.title), TITLE), cut(line(told.value), VALUE)
    return f"{title}: {value}" if value and title else title or value or told.short_id


def _why(news: News) -> str:
    reasons = "; ".join(cut(line(it), VALUE) for it in news.reasons)
    return reasons or SAID.get(news.kind, "a rule says so")


def _kicker(news: News, told: Told) -> str:
    unhandled = " · unhandled" if told.unhandled else ""
    back, kind = told.background.back, str(news.kind)
    match kind:
        case "new" | "loud":
            what = {"fatal": "fatal error", "warning": "warning", "error": "error"}
            loud = " and loud:" if kind == "loud" else ""
            return f"New{loud} {what.get(told.level, 'issue')}{unhandled}"
        case "regression":
            at = f" in {line(back.release)}" if back and back.release else ""
            return f"Came back{at}{unhandled}"
        case "escalating":
            return f"Out of the archive{unhandled}"
        case "spike" | "spike_escalated":
            many = f", {times(news)}" if times(news) else ""
            return ("Spiking" if kind == "spike" else "Still rising") + many + unhandled
    return LABELS.get(kind, "Again") + unhandled


def _aside(news: News, told: Told) -> str:
    if news.kind in ("new", "loud"):
        known = told.background.release
        return "" if known else line(told.release)
    return f"known for {told.since}"


def _facts(news: News, told: Told) -> Iterator[tuple[str, str]]:
    behind = told.background
    if behind.since_at is None:
        if told.people:
            yield f"{told.people:,}", f"{_of(told.people, 'user')} in {told.since}"
        yield f"{told.count:,}", _of(told.count, "event") + ("" if told.people else _in(told))
        if behind.release:
            yield _span(behind.release.before_ms), f"after {cut(line(behind.release.version), 40)}"
        return
    since = f"since {_clock(behind.since_at)}"
    loud, _, usually = news.louder.partition(", usually ")
    counted = _COUNTED.fullmatch(line(loud))
    if usually:
        yield loud, f"usually {usually}"
    elif counted:
        yield counted[1], counted[2]
    elif news.rate is not None:
        yield f"{news.rate.count:,}", f"events in {news.rate.window_min} min"
    else:
        yield _most(behind.events), f"{_of(behind.events, 'event')} {since}"
    if behind.people and news.kind != "users":
        yield _most(behind.people), f"{_of(behind.people, 'user')} {since}"
    if counted and not usually:
        yield f"{told.count:,}", f"{_of(told.count, 'event')} in all"
    elif usually or news.rate is not None:
        yield age((news.at + news.age_s * 1000 - behind.since_at) / 1000), since
    elif behind.release and behind.release.before_ms >= 0:
        yield _span(behind.release.before_ms), f"after {cut(line(behind.release.version), 40)}"


def _in(told: Told) -> str:
    return f" in {told.since}"


def _box(news: News, told: Told) -> Said | None:
    behind = told.background
    if behind.back is not None:
        by = f" by {line(behind.back.by)}" if line(behind.back.by) else ""
        quiet = age(behind.back.quiet_ms / 1000)
        return Said(f"Resolved{by} on {_day(behind.back.resolved_at)}", f"quiet for {quiet}.")
    if behind.release is not None and _is_soon(behind.release):
        verb = "Began with" if str(news.kind) in ("new", "loud") else "Loud since"
        version = cut(line(behind.release.version), 80)
        after = _span(behind.release.before_ms)
        return Said(f"{verb} {version}", f"{after} after the first event of this release.")
    return None


def _note(news: News, behind: Background) -> str:
    if news.kind not in ("spike", "spike_escalated"):
        return ""
    if behind.release is None or _is_soon(behind.release):
        return ""
    version, before = cut(line(behind.release.version), 80), _span(behind.release.before_ms)
    return f"No release began within 30 minutes before. The nearest is {version}, {before} earlier."


def _is_soon(release: Release) -> bool:
    return 0 <= release.before_ms <= SOON_MS


def _bars(bars: Bars) -> Iterator[Bar]:
    top = max(bars.counts, default=0) or 1
    quiet = len(bars.counts) - bars.told
    for number, n in enumerate(bars.counts):
        height = max(LOW, round(HIGH * n / top)) if n else LOW
        yield Bar(height, "barq" if not n else "bar" if number < quiet else "barh")


def _drawn(bars: Bars) -> str:
    top = max(bars.counts, default=0) or 1
    return "".join(BLOCKS[min(7, 8 * n // top)] if n else "·" for n in bars.counts)


def _under(bars: Bars, now_ms: float) -> str:
    hourly = bars.unit_ms == HOUR_MS
    unit, until = ("an hour", _clock(now_ms)) if hourly else ("a day", "today")
    most = max(bars.counts, default=0)
    highest = f"the highest is {most:,} {_of(most, 'event')}"
    return f"one bar {unit} until {until}; {highest}"


def _cause(news: News) -> str:
    return "it was noticed" if news.kind.startswith("spike") else "the event arrived"


def _of(n: int, one: str) -> str:
    return one if n == 1 else f"{one}s"


def _most(n: int) -> str:
    return "10,000+" if n >= 10_000 else f"{n:,}"


def _span(ms: int) -> str:
    return age(max(0, ms) / 1000)


def _at(ms: float) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _clock(ms: float) -> str:
    return f"{_at(ms):%H:%M} UTC"


def _day(ms: int) -> str:
    return f"{_at(ms).day} {_at(ms):%B}"
