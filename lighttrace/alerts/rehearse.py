"""A rule rehearsed on the last 14 days: what it would have told, and what it would have kept quiet
about. Changes nothing, and is bounded: newest causes, newest issues.

Searches are asked of the event of a cause, or of the newest of an issue, as they are now.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lighttrace.alerts.rules import MINUTE_MS, TOLD_AS, Rule
from lighttrace.event.query.subject import Subject
from lighttrace.event.query.tree import EVERYTHING
from lighttrace.event.triggers import Trigger
from lighttrace.store import events, rehearsal, subjects
from lighttrace.store.database import Reader
from lighttrace.store.rehearsal import Happened

DAYS = 14
DAY_MS = 86_400_000
MOST_ASKED = 150  # causes that a search is asked of, each an event that is read
LOUD = frozenset({"new", "regression", "escalating", "spike"})


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """`sent`: what it would have told, `missed`: issues that were news and that it would never have
    told of. `unasked`: causes beyond the bound that were left out.
    """

    sent: tuple[Happened, ...]
    missed: tuple[Happened, ...]
    paused: int = 0
    unasked: int = 0


def rehearse(db: Reader, rule: Rule, project_ids: tuple[int, ...] | None, now_ms: int) -> Rehearsed:
    since_ms = now_ms - DAYS * DAY_MS
    every = [it for it in rehearsal.happened(db, project_ids, since_ms) if rule.is_for(it.project)]
    heard = [it for it in every if rule.hears(it.kind)]
    asker = _Asker(db, rule)
    spoken = [it for it in heard if asker.matches(it)]
    for trigger in rule.when:
        if trigger.kind in ("events", "users") and trigger.minutes:
            spoken += _counted(db, asker, trigger, every, since_ms, now_ms)
    sent, paused = _paused(sorted(spoken, key=lambda it: it.at), rule)
    told = {it.issue_id for it in sent}
    missed = {it.issue_id: it for it in every if it.kind in LOUD and it.issue_id not in told}
    return Rehearsed(tuple(sent), tuple(missed.values()), paused, asker.unasked)


class _Asker:
    """Asks the search of a rule, so many times at most."""

    def __init__(self, db: Reader, rule: Rule) -> None:
        self._db, self._rule = db, rule
        self._left = MOST_ASKED
        self.unasked = 0

    def matches(self, it: Happened) -> bool:
        if self._rule.where == EVERYTHING:
            return True
        if not self._left:
            self.unasked += 1
            return False
        self._left -= 1
        subject = self._subject(it)
        return subject is not None and self._rule.test(subject)

    def _subject(self, it: Happened) -> Subject | None:
        rows = [it.event_row] if it.event_row is not None else []
        found = subjects.of_rows(self._db, rows) if rows else {}
        if not found:
            newest = events.newest_rows(self._db, it.issue_id, 1)
            found = subjects.of_rows(self._db, newest)
        return next(iter(found.values()), None)


def _counted(
    db: Reader,
    asker: _Asker,
    trigger: Trigger,
    every: Iterable[Happened],
    since_ms: int,
    now_ms: int,
) -> list[Happened]:
    """When an issue reached the number, by the minute."""
    newest = {it.issue_id: it for it in every}
    found = []
    for it in list(newest.values())[-rehearsal.MOST_ISSUES :]:
        if not asker.matches(it):
            continue
        minutes = rehearsal.minutes(db, it.issue_id, since_ms, now_ms)
        counts = [(at, n if trigger.kind == "events" else people) for at, n, people in minutes]
        for minute in reached(counts, trigger.n, trigger.minutes):
            at = minute * MINUTE_MS
            found.append(
                Happened(str(trigger), at, None, it.issue_id, it.short_id, it.title, it.project)
            )
    return found


def reached(counts: list[tuple[int, int]], wanted: int, minutes: int) -> list[int]:
    """The minutes in which a number is reached within so many minutes; again only after it has
    fallen below half.
    """
    found: list[int] = []
    total = first = 0
    armed = True
    for minute, n in counts:
        while counts[first][0] <= minute - minutes:
            total -= counts[first][1]
            first += 1
        armed = armed or 2 * total < wanted
        total += n
        if armed and total >= wanted:
            found.append(minute)
            armed = False
    return found


def _paused(spoken: list[Happened], rule: Rule) -> tuple[list[Happened], int]:
    """What is left when the rule keeps its pause, and how many are not."""
    last: dict[int, int] = {}
    sent, paused = [], 0
    for it in spoken:
        pause_ms = rule.pause_ms(it.kind not in LOUD and it.kind not in TOLD_AS)
        before = last.get(it.issue_id)
        if before is not None and pause_ms and it.at - before < pause_ms:
            paused += 1
            continue
        last[it.issue_id] = it.at
        sent.append(it)
    return sent, paused
