"""A message about one issue, as a mail tells it: what happened, to whom, where, what lies behind it
and why it came. The HTML and the text are both made of this, so neither knows more. Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from lighttrace.alerts.background import MOST_RELEASES, Back, Background, Bars, Release
from lighttrace.alerts.news import CODE_LENGTH, Line, News, Told, age
from lighttrace.alerts.phrases import headline, label, left, quote, short, times, why
from lighttrace.alerts.spikes.words import number
from lighttrace.store.counters import DAY_MS, HOUR_MS

Tone: TypeAlias = Literal["red", "plum", "org"]
TONES: dict[str, Tone] = {"new": "red", "regression": "plum"}
SOON_MS = 30 * 60_000  # what begins this soon after a release may be its doing
SAME_MS = 1_000  # what comes this soon after a release came with its first event
HIGH, LOW, NONE = 56, 3, 1  # px of a bar
BY_RULE = "The next mail about this issue comes when a rule speaks of it again."
_COUNTED = re.compile(r"([\d,]+) ((?:events|users)\b.*)")  # of a rule that counts
BLOCKS = "▁▂▃▄▅▆▇█"
SHA = 7  # letters of a commit
NOTE = 200  # letters
NEXT = {
    "new": "The next mail about this issue comes if it gets loud, or comes back.",
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
    """What matters, what explains it, and more sentences below."""

    first: str
    rest: str = ""
    more: tuple[str, ...] = ()


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
    source: tuple[str, str] | None  # the address of that line at its host, and words for it
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
    suspect: str
    why: str
    later: str
    age: str
    held: str
    quote: str  # what a user said about it

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
    bars = behind.bars if behind.bars and behind.bars.has_past else None
    return Story(
        scope=" · ".join(filter(None, (short(told.project), short(told.environment)))),
        kicker=_kicker(news, told) + ("" if news.opinion else _impact(told)),
        tone=TONES.get(news.kind, "org"),
        headline=headline(told),
        function=short(place.function) if place else "",
        file=short(place.file if place and place.file else told.culprit),
        source=_source(told),
        aside=_aside(news, told),
        facts=tuple(_facts(news, told)),
        box=_box(news, told),
        bars=tuple(_bars(bars)) if bars else (),
        drawn=_drawn(bars) if bars else "",
        under=_under(bars, behind.back, news.at + news.age_s * 1000) if bars else "",
        shared=tuple(
            Shared(
                short(f"{it.key}: {it.value}"),
                f"{it.there:.0f} % of all events",
                f"{it.here:.0f} %",
            )
            for it in behind.shared
        ),
        code=tuple(replace(it, text=it.text[:CODE_LENGTH]) for it in place.code) if place else (),
        steps=tuple(filter(None, map(short, told.steps))),
        note=_note(news, behind),
        suspect=_suspect(told),
        why=why(news),
        later=BY_RULE if news.by_rule else NEXT.get(news.kind, BY_RULE),
        age=left(news),
        held=f"{news.more} more message{' is' if news.more == 1 else 's are'} held, and told "
        "together soon."
        if news.more
        else "",
        quote=quote(news),
    )


def _suspect(told: Told) -> str:
    if told.suspect is None:
        return ""
    it = told.suspect
    said = f": {short(it.change.subject, 100)}" if it.change.subject else ""
    who = f" by {short(it.change.author, 60)}" if it.change.author else ""
    where = f"touched {short(it.file, 120)}, frame {it.frame}"
    return f"Suspect commit {short(it.change.sha[:SHA])}{who}{said}, {where}."


def _source(told: Told) -> tuple[str, str] | None:
    link = told.place.link if told.place else None
    return None if link is None else (link.url, f"Code at {link.at}")


def _kicker(news: News, told: Told) -> str:
    unhandled = " · unhandled" if told.unhandled else ""
    back, kind = told.background.back, str(news.kind)
    match kind:
        case "new":
            what = {"fatal": "fatal error", "warning": "warning", "error": "error"}
            return f"New {what.get(told.level, 'issue')}{unhandled}"
        case "regression":
            at = f" in {short(back.release)}" if back and back.release else ""
            return f"Came back{at}{unhandled}"
        case "escalating":
            return f"Out of the archive{unhandled}"
        case "spike" | "spike_escalated":
            many = f", {times(news)}" if times(news) else ""
            return ("Spiking" if kind == "spike" else "Still rising") + many + unhandled
    if news.opinion is not None and (who := short(news.opinion.who)):
        return f"Feedback from {who}"
    return label(news) + unhandled


def _impact(told: Told) -> str:
    return f" · impact {told.impact}" if told.impact else ""


def _aside(news: News, told: Told) -> str:
    if news.kind == "new":
        known = told.background.release
        return "" if known else short(told.release)
    return f"known for {told.since}"


def _facts(news: News, told: Told) -> Iterator[tuple[str, str]]:
    behind = told.background
    if behind.since_at is None:
        if told.people:
            yield f"{told.people:,}", f"{_of(told.people, 'user')} in {told.since}"
        yield f"{told.count:,}", _of(told.count, "event") + ("" if told.people else _in(told))
        yield from _after(behind.release)
        return
    since = f"since {_clock(behind.since_at)}"
    loud, _, usually = short(news.louder).partition(", usually ")
    counted = _COUNTED.fullmatch(loud)
    if usually:
        yield loud, f"usually {usually}"
    elif counted:
        yield counted[1], counted[2]
    elif news.rate is not None:
        yield f"{news.rate.count:,}", f"events in {news.rate.window_min} min"
    else:
        yield _most(behind.events), f"{_of(behind.events, 'event')} {since}"
    if behind.people and news.kind != "users":
        usual = behind.usual_people
        than = since if usual is None else f"usually {number(usual) if usual >= 0.05 else 'none'}"
        users = _of(behind.people, "user")
        yield _most(behind.people), f"{users}{' ' if usual is None else ', '}{than}"
    if counted and not usually and told.count > behind.events:
        yield f"{told.count:,}", f"{_of(told.count, 'event')} in all"
    elif usually or news.rate is not None:
        yield age((news.at + news.age_s * 1000 - behind.since_at) / 1000), since
    else:
        yield from _after(behind.release)


def _after(release: Release | None) -> Iterator[tuple[str, str]]:
    if release is not None and SAME_MS <= release.before_ms <= DAY_MS:
        yield _span(release.before_ms), f"after {short(release.version, 40)}"


def _in(told: Told) -> str:
    return f" in {told.since}"


def _box(news: News, told: Told) -> Said | None:
    behind = told.background
    if behind.back is not None:
        return _resolved(behind.back)
    if behind.release is not None and _is_soon(behind.release):
        verb = "Began with" if news.kind == "new" else "Loud since"
        version = short(behind.release.version, 80)
        after = f"{_span(behind.release.before_ms)} after the first event of this release."
        if behind.release.before_ms < SAME_MS:
            after = "with its very first event."
        return Said(f"{verb} {version}", after)
    return None


def _resolved(back: Back) -> Said:
    """Who had resolved it, and what is different now."""
    who = short(back.by, 80)
    by = f" by {who}" if who else ""
    note = short(back.note, NOTE)
    wrote = (f"{who} wrote then: “{note}”",) if note else ()
    return Said(
        f"Resolved{by} on {_day(back.resolved_at)}",
        f"quiet for {age(back.quiet_ms / 1000)}.",
        (_meanwhile(back), *wrote),
    )


def _meanwhile(back: Back) -> str:
    names, n = [short(it, 80) for it in back.releases], len(back.releases)
    if n == 0:
        return "No release began since."
    if n == 1:
        return f"One release began since: {names[0]}."
    many = f"{n}" if n < MOST_RELEASES else "Many"
    return f"{many} releases began since, the first {names[-1]}, the newest {names[0]}."


def _note(news: News, behind: Background) -> str:
    if news.kind not in ("spike", "spike_escalated"):
        return ""
    if behind.release is None or _is_soon(behind.release):
        return ""
    version, before = short(behind.release.version, 80), _span(behind.release.before_ms)
    return f"No release began within 30 minutes before. The nearest is {version}, {before} earlier."


def _is_soon(release: Release) -> bool:
    return 0 <= release.before_ms <= SOON_MS


def _bars(bars: Bars) -> Iterator[Bar]:
    top = max(bars.counts, default=0) or 1
    quiet = len(bars.counts) - bars.told
    for position, n in enumerate(bars.counts):
        height = max(LOW, round(HIGH * n / top)) if n else NONE
        yield Bar(height, "barq" if not n else "bar" if position < quiet else "barh")


def _drawn(bars: Bars) -> str:
    top = max(bars.counts, default=0) or 1
    return "".join(BLOCKS[min(7, 8 * n // top)] if n else "·" for n in bars.counts)


def _under(bars: Bars, back: Back | None, now_ms: float) -> str:
    hourly = bars.unit_ms == HOUR_MS
    unit, until = ("an hour", _clock(now_ms)) if hourly else ("a day", "today")
    most = max(bars.counts, default=0)
    highest = f"the highest is {most:,} {_of(most, 'event')}"
    resolved = f"resolved on {_day(back.resolved_at)}, " if back else ""
    return f"one bar {unit} until {until}; {resolved}{highest}"


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
