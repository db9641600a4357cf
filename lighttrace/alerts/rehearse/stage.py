"""What a rule is rehearsed on, read once: what happened in its projects, the events of the issues
that may have reached its numbers or half of them, and what people did.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil

from lighttrace.alerts import trouble
from lighttrace.alerts.rehearse.asking import YES, Answer, Asker, newest
from lighttrace.alerts.rehearse.moments import Course, Tick
from lighttrace.alerts.rules import Rule
from lighttrace.event import impact
from lighttrace.event.impact import Weights
from lighttrace.event.triggers import Trigger
from lighttrace.store import inbox, rehearsal
from lighttrace.store.database import Reader
from lighttrace.store.inbox import InboxQuery
from lighttrace.store.rehearsal import Act, Face, Happened, Met, Rows

DAYS = 14
DAY_MS, HOUR_MS, MINUTE_MS = 86_400_000, 3_600_000, 60_000
MOST_LOUD = 20  # of issues with more events than that, which are counted by the minute
MOST_ISSUES = 100  # whose events are read: those that had the loudest hours
MOST_OF_ISSUE = 2_000  # events
MOST_EVENTS = 12_000  # of all of them
MOST_SINGLE = 5_000  # where a single event is enough: such a rule speaks of nearly all of them
MOST_MINUTES = 15_000  # of issues with more events, which are counted by the minute
MOST_MISSED = 60
# what is news by itself: who should have been told of it by some rule or other
LOUD = frozenset({"new", "regression", "escalating", "spike"})
STRONG = LOUD - {"new"}


@dataclass
class Tape:
    """The events of an issue. `asked` of `total` were asked the search; `by_minute`: they are too
    many, so its minutes were counted.
    """

    issue_id: int
    ticks: tuple[Tick, ...]
    answers: dict[int, Answer]
    asked: int
    total: int
    by_minute: bool = False
    _courses: dict[tuple[str, int, int, int], Course] = field(default_factory=dict)

    def matching(self, without: int = 0, or_missing: int = 0) -> Sequence[Tick]:
        """Those of which the search is true."""
        if self.by_minute:
            return self.ticks
        good = {row for row, it in self.answers.items() if it.holds(without, or_missing)}
        return [it for it in self.ticks if it.row in good]

    def course(self, trigger: Trigger, without: int = 0, or_missing: int = 0) -> Course:
        """How they add up within the time of a trigger."""
        key = (trigger.kind, trigger.minutes, without, or_missing)
        if key not in self._courses:
            self._courses[key] = Course(trigger, self.matching(without, or_missing))
        return self._courses[key]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An issue somebody would have wanted to hear of. `at`: of the news, or of its last event;
    `score`: its impact now, where that is why.
    """

    issue_id: int
    at: int
    kinds: tuple[str, ...]
    score: int | None = None


@dataclass
class Stage:
    """`quiet`: issues beyond the bound, which were not counted. `born`: tapes from the beginning,
    for people since an issue was first seen.
    """

    rule: Rule
    since_ms: int
    now_ms: int
    slugs: dict[int, str]
    asker: Asker
    db: Reader = field(repr=False)
    causes: list[tuple[Happened, Answer]] = field(default_factory=list)
    tapes: dict[int, Tape] = field(default_factory=dict)
    born: dict[int, Tape] = field(default_factory=dict)
    faces: dict[int, Face] = field(default_factory=dict)
    acts: dict[int, list[Act]] = field(default_factory=dict)
    candidates: list[Candidate] = field(default_factory=list)

    quiet: int = 0

    def act_after(self, issue_id: int | None, at_ms: int) -> Act | None:
        """What somebody did with an issue within a day."""
        some = self.acts.get(issue_id, ()) if issue_id is not None else ()
        return next((it for it in some if at_ms <= it.at < at_ms + DAY_MS), None)


def read(db: Reader, rule: Rule, slugs: dict[int, str], weights: Weights, now_ms: int) -> Stage:
    """`slugs`: the projects of the rule, as far as whoever asks sees them."""
    since_ms = now_ms - DAYS * DAY_MS
    asker = Asker(db, rule.where, reads_bodies=rule.reads_bodies)
    stage = Stage(rule, since_ms, now_ms, slugs, asker, db)
    ids = sorted(slugs)
    if not ids:
        return stage
    happened = rehearsal.happened(db, ids, since_ms) + _troubles(db, ids, since_ms, now_ms)
    stage.causes = _asked(db, asker, happened)
    stage.acts = rehearsal.acts(db, ids, since_ms)
    stage.candidates = _candidates(db, stage, ids, weights)
    _load(db, stage, ids)
    wanted = {it.issue_id for it, _ in stage.causes if it.issue_id is not None}
    wanted |= {*stage.tapes, *stage.born, *(it.issue_id for it in stage.candidates)}
    stage.faces = rehearsal.faces(db, wanted)
    return stage


def _troubles(db: Reader, ids: Sequence[int], since_ms: int, now_ms: int) -> list[Happened]:
    """Refusals and quotas by the hour: an hour is judged as it was in the end."""
    found = []
    for it in rehearsal.shares(db, ids, since_ms):
        at = min((it.hour + 1) * HOUR_MS - 1, now_ms)
        share = it.refused / (it.refused + it.accepted) if it.refused else 0.0
        if it.refused >= trouble.LEAST_REFUSED and share >= trouble.LEAST_SHARE:
            said = {"n": it.refused, "share": round(share * 100)}
            found.append(Happened("ingest", at, None, None, it.project_id, dict(said)))
        if it.limited:
            found.append(Happened("quota", at, None, None, it.project_id, {"n": it.limited}))
    return found


def _asked(db: Reader, asker: Asker, happened: Sequence[Happened]) -> list[tuple[Happened, Answer]]:
    """Each cause with what the search is of its event, or of the newest of its issue. What is about
    a project as a whole has no event, and fails any search; the same if it is past the bound.
    """
    happened = [it for it in happened if it.kind not in ("ingest", "quota") or it.issue_id is None]
    if not asker.parts:
        return [(it, YES) for it in happened]
    nothing = Answer(fails=(1 << len(asker.parts)) - 1)
    there = rehearsal.of_rows(db, (it.event_row for it in happened if it.event_row is not None))
    rows: list[int | None] = []
    for it in happened:
        row = it.event_row if it.event_row in there else None
        if row is None and it.issue_id is not None:
            row = newest(db, it.issue_id)
        rows.append(row)
    there |= rehearsal.of_rows(db, (it for it in rows if it is not None and it not in there))
    answers = asker.ask([there[it] for it in sorted(there)])
    return [
        (it, answers.get(row, nothing) if row is not None else nothing)
        for it, row in zip(happened, rows, strict=True)
    ]


def _candidates(db: Reader, stage: Stage, ids: Sequence[int], weights: Weights) -> list[Candidate]:
    """Issues that came back, spiked or got louder than foreseen, or that were new and that somebody
    handled within a day; and what needs somebody now. The newest MOST_MISSED.
    """
    found: dict[int, Candidate] = {}
    for it, _ in stage.causes:
        if it.issue_id is None or it.kind not in LOUD:
            continue
        before = found.get(it.issue_id)
        if before is not None or it.kind in STRONG or stage.act_after(it.issue_id, it.at):
            kinds = (*(before.kinds if before else ()), it.kind)
            at = before.at if before else it.at
            found[it.issue_id] = Candidate(it.issue_id, at, tuple(dict.fromkeys(kinds)))
    query = InboxQuery(
        project_ids=tuple(ids), period_ms=DAY_MS, weights=weights, now_ms=stage.now_ms, group="act"
    )
    for standing in inbox.find(db, query).shown.get("act", ()):
        issue_id, score = standing.issue_id, standing.impact.score
        if issue_id not in found and score >= impact.ACT_NOW:
            news = [c for c, _ in stage.causes if c.issue_id == issue_id and c.kind in LOUD]
            at = news[-1].at if news else max(standing.facts.first_at, stage.since_ms)
            kinds = tuple(dict.fromkeys(c.kind for c in news))
            found[issue_id] = Candidate(issue_id, at, kinds, score)
    return sorted(found.values(), key=lambda it: it.at)[-MOST_MISSED:]


def least_an_hour(it: Trigger) -> int:
    """How many events an hour has at least that is touched by a time, of the trigger or twice as
    long, in which half of the number was reached: of the hours it touches, the one with most. What
    happens in other hours can neither reach a number nor keep it reached.
    """
    return max(1, ceil(ceil(it.n / 2) / ((2 * it.minutes + 59) // 60 + 1)))


def _load(db: Reader, stage: Stage, ids: Sequence[int]) -> None:
    """The events that numbers are counted of."""
    within = [it for it in stage.rule.when if it.counts and (it.minutes or it.kind == "every")]
    ever = [it for it in stage.rule.when if it.kind == "users" and not it.minutes]
    left = MOST_EVENTS
    if within:
        least = min(1 if it.kind == "every" else least_an_hour(it) for it in within)
        left = MOST_EVENTS if least > 1 else MOST_SINGLE
        wide_ms = max(2 * it.minutes for it in within) * MINUTE_MS
        found = rehearsal.busy(db, ids, stage.since_ms - wide_ms, least, MOST_ISSUES + MOST_LOUD)
        busy = found.hours
        sizes = {it: sum(hours.values()) for it, hours in busy.items()}
        loud = [it for it in busy if sizes[it] > MOST_OF_ISSUE]
        if stage.asker.of_event or sum(sizes.values()) <= left:
            loud = []  # which of its events match, its minutes do not say
        stage.tapes = _by_minute(db, loud[:MOST_LOUD], busy, stage.since_ms - wide_ms)
        rows = Rows(db, stage.since_ms - wide_ms)
        missed = [it.issue_id for it in reversed(stage.candidates)]
        chosen = [it for it in busy if it not in loud][:MOST_ISSUES]
        stage.quiet += found.total - len(stage.tapes) - len(chosen)
        chosen = [it for it in dict.fromkeys((*missed, *chosen)) if it not in stage.tapes]
        chosen.sort(key=lambda it: sizes.get(it, 0))  # what the quiet leave is the others'
        for at, issue_id in enumerate(chosen):
            spans = _spans(rows, busy.get(issue_id) or _all_hours(stage), wide_ms)
            tape = rehearsal.met(db, issue_id, spans, left // (len(chosen) - at))
            total = len(tape.met)
            if not tape.whole:
                total = max(total + 1, sizes.get(issue_id, 0))
            share = stage.asker.left // (len(chosen) - at)
            stage.tapes[issue_id] = _tape(stage, issue_id, tape.met, total, share)
            left -= len(tape.met)
    if ever:
        half = min(max(1, ceil(it.n / 2)) for it in ever)
        lively = rehearsal.lively(db, ids, stage.since_ms, half)
        chosen = lively[:MOST_ISSUES]
        stage.quiet += len(lively) - len(chosen)
        for at, issue_id in enumerate(chosen):
            # the store counts whoever ever met it; a rule with a search counts what came in time
            late = not stage.asker.of_event
            most = max(1, min(left, MOST_OF_ISSUE))
            tape = rehearsal.first_met(db, issue_id, most, late=late)
            total = len(tape.met) + (not tape.whole)
            share = stage.asker.left // (len(chosen) - at)
            stage.born[issue_id] = _tape(stage, issue_id, tape.met, total, share)
            left -= len(tape.met)


def _all_hours(stage: Stage) -> Iterable[int]:
    return range(stage.since_ms // HOUR_MS, stage.now_ms // HOUR_MS + 1)


def _spans(rows: Rows, hours: Iterable[int], wide_ms: int) -> list[tuple[int, int]]:
    """The rows of these hours, and of the time around them that they may share a number with; what
    overlaps is one.
    """
    spans: list[tuple[int, int]] = []
    for hour in sorted(hours):
        first, end = rows.span(hour * HOUR_MS - wide_ms, (hour + 1) * HOUR_MS + wide_ms)
        if spans and first <= spans[-1][1]:
            first = spans.pop()[0]
        spans.append((first, end))
    return spans


def _by_minute(
    db: Reader, issue_ids: Sequence[int], busy: dict[int, dict[int, int]], since_ms: int
) -> dict[int, Tape]:
    """The loudest of these, while their minutes are not too many."""
    found: dict[int, Tape] = {}
    left = MOST_MINUTES
    minutes = rehearsal.minutes(db, issue_ids, since_ms) if issue_ids else {}
    for issue_id in issue_ids:
        hours = busy[issue_id]
        near = {hour + by for hour in hours for by in (-1, 0, 1)}
        some = [it for it in minutes.get(issue_id, ()) if it[0] // HOUR_MS in near]
        left -= len(some)
        if left < 0:
            break
        ticks = tuple(Tick(at, None, None, n, people) for at, n, people in some)
        total = sum(it.n for it in ticks)
        found[issue_id] = Tape(issue_id, ticks, {}, total, total, by_minute=True)
    return found


def _tape(stage: Stage, issue_id: int, met: Sequence[Met], total: int, share: int) -> Tape:
    answers = stage.asker.ask(met, share)
    return Tape(issue_id, tuple(map(Tick.of, met)), answers, len(answers), total)


def looked_at(tapes: Iterable[Tape]) -> list[Tape]:
    """Those that not all of was asked, or that were counted by the minute; the most first."""
    some = [it for it in tapes if it.by_minute or it.asked < it.total]
    return sorted(some, key=lambda it: it.total, reverse=True)
