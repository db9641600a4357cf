"""Rules that look at every event: so many events, so many people, every one. In the transaction of
the event, so what is counted is stored and what is told happened.

In memory are a window for each rule and issue; they are made again from the tables when the process
is new (docs/alerts.md, "After a restart"). A project without such rules costs a look into a dict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lighttrace.alerts.newborn import Nursery
from lighttrace.alerts.rules import Policy, Rule
from lighttrace.alerts.windows import MINUTE_MS, Events, Gate, People
from lighttrace.event.model import Json
from lighttrace.event.query.match import Test, compiled
from lighttrace.event.query.subject import Group, Subject
from lighttrace.event.query.tree import EVERYTHING
from lighttrace.event.triggers import Trigger
from lighttrace.store import causes, events, lookback, subjects
from lighttrace.store.causes import Kind
from lighttrace.store.database import Transaction
from lighttrace.store.tallies import is_late
from lighttrace.store.watching import Seen

ASK_AGAIN_MS = 10_000  # how often an issue is looked at, while a number is reached
LATEST_KEPT_MS = 30_000
MOST_ISSUES = 20_000  # of a rule: those seen last
MOST_GROUPS = 5_000
LOOKED_AT = 500  # events of an issue that are read again after a start, where a rule has a search


@dataclass(slots=True)
class Window:
    counted: Events | People
    gate: Gate


@dataclass(frozen=True, eq=False)
class Counter:
    """A rule and one of its numbers. `of_event` None: every event counts."""

    rule: Rule
    trigger: Trigger
    of_event: Test | None
    of_issue: Test | None
    windows: dict[int, Window] = field(default_factory=dict)
    spoken_at: dict[int, int] = field(default_factory=dict)  # of "every": issue → ms

    @property
    def kind(self) -> Kind:
        return self.trigger.kind  # type: ignore[return-value]

    @property
    def is_for_ever(self) -> bool:
        """People since an issue was first seen, whoever they are: the store counts them."""
        it = self.trigger
        return it.kind == "users" and not it.minutes and self.of_event is None

    def empty(self) -> Window:
        n, minutes = self.trigger.n, self.trigger.minutes
        if self.trigger.kind == "events":
            return Window(Events(minutes), Gate(n))
        return Window(People(minutes, 2 * n), Gate(n))


def _counters(policy: Policy) -> list[Counter]:
    return [
        Counter(
            rule,
            trigger,
            None if rule.of_event == EVERYTHING else compiled(rule.of_event),
            None if rule.of_issue == EVERYTHING else compiled(rule.of_issue),
        )
        for rule in policy.counting
        for trigger in rule.when
        if trigger.counts
    ]


@dataclass(slots=True)
class Plan:
    """The counters, and which of them are for a project, found out when it is first met."""

    counters: list[Counter]
    projects: dict[int, tuple[str, list[Counter]]] = field(default_factory=dict)

    def of_project(self, tx: Transaction, project_id: int) -> tuple[str, list[Counter]]:
        found = self.projects.get(project_id)
        if found is None:
            slug = lookback.slug(tx, project_id)
            own = [it for it in self.counters if it.rule.is_for(slug)]
            found = self.projects[project_id] = slug, own
        return found


@dataclass(slots=True)
class Batch:
    """What a batch has to look things up in, and what came of it: (counter, issue) → row."""

    tx: Transaction
    seen: Sequence[Seen]
    first_row: int
    crossed: dict[tuple[int, int], tuple[Counter, Seen]] = field(default_factory=dict)


class Counting:
    """What looks at each event (`store.watching.Watch`). `take` may be called from another thread;
    everything else is the writer's.
    """

    def __init__(self, policy: Policy) -> None:
        self._plan = Plan(_counters(policy))
        self._nursery = Nursery()
        self._groups: dict[int, Group] = {}
        self._latest: dict[int, tuple[int, frozenset[str]]] = {}

    def take(self, policy: Policy) -> None:
        """Other rules from now on. Those that stay as they were go on counting."""
        before = {(it.rule, it.trigger): it for it in self._plan.counters}
        self._plan = Plan([before.get((it.rule, it.trigger), it) for it in _counters(policy)])

    def forget(self) -> None:
        for it in self._plan.counters:
            it.windows.clear()
            it.spoken_at.clear()
        self._nursery = Nursery()
        self._groups.clear()

    def look(
        self,
        tx: Transaction,
        seen: Sequence[Seen],
        newcomers: Mapping[tuple[int, int], int],
        now_ms: int,
    ) -> int:
        """See `store.watching.Watch`."""
        made = self._nursery.look(tx, seen, newcomers, now_ms)
        plan = self._plan
        if not plan.counters:
            return made
        batch = Batch(tx, seen, seen[0].row)
        for it in seen:
            slug, counters = plan.of_project(tx, it.write.project_id)
            if counters:
                self._count(batch, it, slug, counters, newcomers)
        for counter, last in batch.crossed.values():
            made += _note(tx, counter, last)
        return made

    def _count(
        self,
        batch: Batch,
        it: Seen,
        slug: str,
        counters: list[Counter],
        newcomers: Mapping[tuple[int, int], int],
    ) -> None:
        event = it.write.event
        if is_late(event.received_at, event.happened_at):
            return
        subject: Subject | None = None
        for counter in counters:
            test = counter.of_event
            if test is not None:
                subject = subject or self._subject(batch.tx, it, slug)
                if not test(subject):
                    continue
            if not self._crosses(batch, counter, it, newcomers):
                continue
            if counter.of_issue is not None:
                subject = subject or self._subject(batch.tx, it, slug)
                if not counter.of_issue(subject):
                    self._ask_later(counter, it)
                    continue
            if (window := counter.windows.get(it.issue_id)) is not None:
                window.gate.shut()
            elif counter.kind == "every":
                _remember(counter, it.issue_id, event.received_at)
            batch.crossed[id(counter), it.issue_id] = counter, it

    def _crosses(
        self,
        batch: Batch,
        counter: Counter,
        it: Seen,
        newcomers: Mapping[tuple[int, int], int],
    ) -> bool:
        """Whether the number is reached with this event."""
        at_ms, issue_id = it.write.event.received_at, it.issue_id
        window = counter.windows.get(issue_id)
        if window is None:
            if counter.trigger.kind == "every":
                return at_ms - counter.spoken_at.get(issue_id, 0) >= counter.rule.pause_ms(True)
            if counter.is_for_ever:
                new = newcomers.get((issue_id, 0), 0)
                return bool(new) and _reaches(batch, counter, issue_id, new)
            window = self._begin(batch, counter, it)
        counted = window.counted
        before = counted.move(at_ms)
        if isinstance(counted, Events):
            return window.gate.passes(before, counted.add(), at_ms)
        if it.person_id is None:
            return False
        return window.gate.passes(before, counted.add(it.person_id), at_ms)

    def _ask_later(self, counter: Counter, it: Seen) -> None:
        if (window := counter.windows.get(it.issue_id)) is not None:
            window.gate.wait(it.write.event.received_at + ASK_AGAIN_MS)

    def _subject(self, tx: Transaction, it: Seen, slug: str) -> Subject:
        hash_id, issue_id, project_id = it.group.hash_id, it.issue_id, it.write.project_id
        now_ms = it.write.event.received_at
        return subjects.of_write(
            it,
            slug,
            lambda: self._group(tx, hash_id),
            lambda: subjects.issue(tx, issue_id),
            lambda: self._latest_of(tx, project_id, now_ms),
        )

    def _group(self, tx: Transaction, hash_id: int) -> Group:
        """What a group says never changes."""
        found = self._groups.get(hash_id)
        if found is None:
            if len(self._groups) >= MOST_GROUPS:
                self._groups.clear()
            found = self._groups[hash_id] = subjects.group(tx, hash_id)
        return found

    def _latest_of(self, tx: Transaction, project_id: int, now_ms: int) -> frozenset[str]:
        until_ms, found = self._latest.get(project_id, (0, frozenset()))
        if not 0 <= until_ms - now_ms <= LATEST_KEPT_MS:
            found = subjects.latest(tx, project_id)
            self._latest[project_id] = now_ms + LATEST_KEPT_MS, found
        return found

    def _begin(self, batch: Batch, counter: Counter, it: Seen) -> Window:
        """A window with what was there before this process, or before it was forgotten."""
        if len(counter.windows) >= MOST_ISSUES:
            for issue_id in list(counter.windows)[: MOST_ISSUES // 2]:
                del counter.windows[issue_id]
        window = counter.windows[it.issue_id] = counter.empty()
        if not it.is_new:
            _recall(batch, counter, it, window)
        return window


def _remember(counter: Counter, issue_id: int, at_ms: int) -> None:
    if len(counter.spoken_at) >= MOST_ISSUES:
        counter.spoken_at.clear()  # the pause is looked up again before anything is told
    counter.spoken_at[issue_id] = at_ms


def _reaches(batch: Batch, counter: Counter, issue_id: int, new: int) -> bool:
    """Whether the people of this batch bring an issue to the number."""
    if (id(counter), issue_id) in batch.crossed:
        return False
    people = lookback.people(batch.tx, issue_id)
    return people - new < counter.trigger.n <= people


def _recall(batch: Batch, counter: Counter, it: Seen, window: Window) -> None:
    tx, trigger, until_ms = batch.tx, counter.trigger, it.write.event.received_at
    length_ms = trigger.minutes * MINUTE_MS
    since_ms = until_ms - length_ms if length_ms else 0
    counted = window.counted
    if isinstance(counted, Events) and counter.of_event is None:
        _recall_minutes(batch, it, counted, since_ms, until_ms)
    else:
        _recall_events(batch, counter, it, counted, since_ms)
    if not length_ms:
        has_spoken = counted.n >= trigger.n  # or it was reached before there was a rule
    else:
        of_late_ms = max(2 * length_ms, counter.rule.pause_ms(True))
        who = (counter.kind, counter.rule.name, it.issue_id)
        has_spoken = lookback.has_spoken(tx, *who, until_ms - of_late_ms)
    if has_spoken and 2 * counted.n >= trigger.n:
        window.gate.shut()


def _recall_minutes(batch: Batch, it: Seen, counted: Events, since_ms: int, until_ms: int) -> None:
    """From the counters, which have the events of this batch already."""
    own: dict[int, int] = {}
    for other in batch.seen:
        if other.issue_id == it.issue_id:
            minute = other.write.event.received_at // MINUTE_MS
            own[minute] = own.get(minute, 0) + 1
    for minute, n in lookback.minutes(batch.tx, it.issue_id, since_ms, until_ms):
        if (left := n - own.get(minute, 0)) > 0:
            counted.move(min(minute * MINUTE_MS + MINUTE_MS // 2, until_ms))
            counted.add(left)


def _recall_events(
    batch: Batch, counter: Counter, it: Seen, counted: Events | People, since_ms: int
) -> None:
    """From the newest events themselves."""
    rows = events.newest_rows(batch.tx, it.issue_id, LOOKED_AT, before=batch.first_row)
    met = lookback.met(batch.tx, rows, since_ms)
    test = counter.of_event
    meant = subjects.of_rows(batch.tx, [row for row, _, _ in met]) if test and met else {}
    for row, at_ms, person_id in met:
        if test is not None and (row not in meant or not test(meant[row])):
            continue
        counted.move(at_ms)
        if isinstance(counted, Events):
            counted.add()
        elif person_id is not None:
            counted.add(person_id)


def _note(tx: Transaction, counter: Counter, last: Seen) -> bool:
    rule, trigger, issue_id = counter.rule, counter.trigger, last.issue_id
    said: dict[str, Json] = {}
    key = str(last.row)
    if trigger.kind != "every":
        window = counter.windows.get(issue_id)
        n = window.counted.n if window is not None else lookback.people(tx, issue_id)
        said = {"n": n, "minutes": trigger.minutes}
    if trigger.kind == "users" and not trigger.minutes:
        key = "ever"
    return causes.note(
        tx,
        counter.kind,
        last.write.event.received_at,
        issue_id=issue_id,
        event_row=last.row,
        rule=rule.name,
        said=said,
        dedupe=f"{trigger}:{rule.name}:{issue_id}:{key}",
    )
