"""The inbox as its address says it, and its rows as they are said: why an issue ranks where it
does, in at most three reasons with their numbers. Pure.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from lighttrace.event.impact import Impact, Part
from lighttrace.store.inbox import Group
from lighttrace.store.inbox_rows import InboxRow
from lighttrace.store.states import Substate
from lighttrace.web import chart_view, charts, format
from lighttrace.web.chart_view import Deployed
from lighttrace.web.listing import Pill, bars_since
from lighttrace.web.stacks import Call, Stack
from lighttrace.web.view import EventView

PERIODS = {"1h": format.HOUR, "6h": 6 * format.HOUR, "24h": format.DAY}
PERIOD_WORDS = {"1h": "1 h", "6h": "6 h", "24h": "24 h"}
DEFAULT_PERIOD = "24h"
BAR_MS = {"1h": format.MINUTE, "6h": 5 * format.MINUTE, "24h": 20 * format.MINUTE}
GROUPS: tuple[Group, ...] = ("act", "next", "wait")
GROUP_WORDS: Mapping[Group, tuple[str, str]] = {
    "act": ("Act now", "Impact 70 and up, nobody has acknowledged it yet"),
    "next": ("Next", "Acknowledged, or smaller"),
    "wait": ("Can wait", "Impact under 35"),
}
MINE = "@me"  # no slug of a team begins like that
MOST_REASONS = 3
UNITS = {"1h": " errors / min", "6h": " errors / 5 min", "24h": " errors / 20 min"}
TICKS = 4
STEPS = 3  # before the crash, in the peek
AROUND = 3  # lines before the crashing one there, and one less behind it


@dataclass(frozen=True, slots=True)
class Asked:
    """`environment` None = all, empty = none. `team`: a slug, MINE, or empty for all. `group`: the
    only one that is shown.
    """

    project: str | None = None
    environment: str | None = None
    period: str = DEFAULT_PERIOD
    team: str = ""
    group: Group | None = None

    @classmethod
    def read(cls, params: Mapping[str, str]) -> "Asked":
        """Whatever an address says that makes no sense is the default."""
        period = params.get("period", "")
        return cls(
            project=params.get("project") or None,
            environment=params.get("environment"),
            period=period if period in PERIODS else DEFAULT_PERIOD,
            team=params.get("team", ""),
            group=next((it for it in GROUPS if it == params.get("group")), None),
        )

    def pairs(self) -> dict[str, str | None]:
        """The query string, defaults left out."""
        return {
            "project": self.project,
            "environment": self.environment,
            "period": self.period if self.period != DEFAULT_PERIOD else None,
            "team": self.team or None,
            "group": self.group,
        }

    def but(self, **changes: str | None) -> "Asked":
        """The same inbox with something changed, and all its groups unless that is the change."""
        return replace(self, **{"group": None, **changes})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Said:
    """A reason as a sentence: the strong beginning, the rest, the short id of what it leads to."""

    strong: str = ""
    text: str = ""
    leads_to: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An issue of the inbox and what is drawn for it. `hot`: the tag that makes it so valuable."""

    it: InboxRow
    pill: Pill | None
    reasons: tuple[Said, ...]
    tag: tuple[str, str] | None
    hot: bool
    spark: Markup

    @property
    def score(self) -> int:
        return int(self.it.standing.impact.score)


def row(it: InboxRow, period: str, now_ms: int) -> Row:
    value = _tag(it.standing.facts.high_value)
    hints = it.issue.tags_hint
    return Row(
        it,
        pill(it),
        reasons(it, period, now_ms),
        value or (hints[0] if hints else None),
        value is not None,
        _spark(it, period, now_ms),
    )


def pill(it: InboxRow) -> Pill | None:
    """What happened to it of late, in a word."""
    facts, kinds = it.standing.facts, {part.kind for part in it.standing.impact.parts}
    if facts.regressed:
        return Pill("regr", "Regressed", "regress")
    if "spiking" in kinds:
        return Pill("spike", f"Spiking {facts.spike_factor:.0f}×", "spike")
    if it.issue.substate is Substate.ESCALATING:
        return Pill("spike", "Escalating", "spike")
    return Pill("new", "New", "spark") if it.standing.since is not None else None


def reasons(it: InboxRow, period: str, now_ms: int) -> tuple[Said, ...]:
    """Who is at it, then what counts most. Something is said in any case."""
    found: list[Said] = []
    if it.issue.acknowledged_at is not None:
        when = format.ago(it.issue.acknowledged_at, now_ms)
        found.append(Said(it.issue.acknowledged_by or "Somebody", f" acknowledged {when}"))
    for part in it.standing.impact.parts:
        said = _reason(part, it, period, now_ms)
        if said is not None:
            found.append(said)
    if not found:
        last = format.ago(it.issue.last_at, now_ms)
        found.append(Said("", f"{format.plural(it.issue.n, 'event')}, the last {last}"))
    return tuple(found[:MOST_REASONS])


def _reason(part: Part, it: InboxRow, period: str, now_ms: int) -> Said | None:
    facts, around = it.standing.facts, it.around
    age_ms = max(0, now_ms - facts.first_at)
    if part.kind == "new":
        return Said(f"first event {format.ago(facts.first_at, now_ms)}")
    if part.kind == "regressed":
        strong = f"back in {around.back_in}" if around.back_in else "came back"
        if around.resolved_at is None:
            return Said(strong)
        by = f" by {around.resolved_by}" if around.resolved_by else ""
        return Said(strong, f", was resolved {format.ago(around.resolved_at, now_ms)}{by}")
    if part.kind == "users":
        span = format.span(age_ms) if age_ms < PERIODS[period] else PERIOD_WORDS[period]
        return Said("", f"{part.words} in {span}")
    if part.kind == "spiking" and it.issue.spike is not None:
        now, _, usual = it.issue.spike.reason.partition(", ")
        return Said(now, f", {usual}")
    if part.kind == "high_value":
        return Said("", "high-value path" if _tag(facts.high_value) is None else "of high value")
    if part.kind == "same_trace" and around.worse:
        return Said("", facts.worse or "", around.worse)
    return Said("", part.words) if part.words != "fatal" else None  # its mark says that


def _tag(rule: str | None) -> tuple[str, str] | None:
    """The tag that a high-value rule is about; None if it is about something else."""
    if rule is None:
        return None
    name, colon, value = rule.split(" ")[0].partition(":")
    named = name.removeprefix("tags.")
    return (named, value.strip('"')) if colon and named != name else None


def _spark(it: InboxRow, period: str, now_ms: int) -> Markup:
    """Bars are red from where it began or came back, and orange from where it got loud."""
    since, tone = it.standing.since, "err"
    if since is None and it.issue.spike is not None:
        since, tone = it.issue.spike.since_ms, "spike"
    tail = bars_since(since, it.issue.spark, PERIODS[period], now_ms)
    last = format.ago(it.issue.last_at, now_ms)
    label = f"{format.plural(it.issue.n, 'event')} in {PERIOD_WORDS[period]}, the last {last}"
    return charts.spark(it.issue.spark, label, tone, tail)


@dataclass(frozen=True, slots=True)
class Window:
    """What the chart asks of the counters: whole bars, the last one holds now."""

    since_ms: int
    until_ms: int
    bar_ms: int


def window(period: str, now_ms: int) -> Window:
    bar_ms = BAR_MS[period]
    until_ms = (now_ms // bar_ms + 1) * bar_ms
    return Window(until_ms - PERIODS[period], until_ms, bar_ms)


def chart(
    values: Sequence[int],
    shown: Window,
    period: str,
    zone: str,
    link: Callable[[int, int], str],
    deploys: Sequence[Deployed] = (),
) -> Markup:
    """Errors over the period, on the person's clock; each bar leads where `link` says of its
    beginning and end.
    """
    span_ms = shown.until_ms - shown.since_ms
    ticks = [
        charts.Tick(100 * step / TICKS, _clock(shown.since_ms + span_ms * step // TICKS, zone))
        for step in range(TICKS)
    ]
    starts = range(shown.since_ms, shown.until_ms, shown.bar_ms)
    names = [f"{_clock(at, zone)}–{_clock(at + shown.bar_ms, zone)}" for at in starts]
    words, total = PERIOD_WORDS[period], sum(values)
    label = f"{format.plural(total, 'error')} in {words}"
    if total:
        top = max(range(len(values)), key=values.__getitem__)
        label += f", most of them {names[top]}: {format.count(values[top])}"
    return charts.bars(
        values,
        label,
        height=108 + (16 if deploys else 0),
        ticks=[*ticks, charts.Tick(100, "now")],
        unit=UNITS[period],
        names=names,
        links=[link(at, at + shown.bar_ms) for at in starts],
        deploys=chart_view.marks(deploys, shown.since_ms, shown.until_ms, zone),
    )


def _clock(at_ms: int, zone: str) -> str:
    return f"{format.local(at_ms, zone):%H:%M}"


def score_bar(it: Impact) -> Markup:
    """The sum as a bar of its parts."""
    return charts.score([part.points for part in it.parts], it.sentence)


def crash(shown: EventView) -> Call | None:
    """The crashing frame, with a few lines around its own; None without a stack."""
    call = next((it for stack in _stacks(shown) for it in _calls(stack) if it.pill), None)
    if call is None:
        return None
    hit = next((at for at, line in enumerate(call.lines) if line.hit), 0)
    return replace(call, lines=call.lines[max(0, hit - AROUND) : hit + AROUND])


def _stacks(shown: EventView) -> Iterator[Stack]:
    yield from (link.stack for link in shown.raised)
    if shown.stack is not None:
        yield shown.stack
    yield from (task.stack for task in shown.threads if task.stack is not None)


def _calls(stack: Stack) -> Iterator[Call]:
    return (it for it in stack.entries if isinstance(it, Call))
