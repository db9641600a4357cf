"""Judging again: when rules or names have changed, open issues are judged by their newest events.

A little at a time, in a reader's thread: an event takes about a millisecond to read again. What is
left to do stands in the database, so a restart goes on where the last run ended.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from lighttrace.clock import Clock
from lighttrace.event.owners import Rulebook
from lighttrace.event.tags import all_tags
from lighttrace.ingest import ownership
from lighttrace.store import events, judging, owners, reread
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.owners import Unjudged
from lighttrace.store.store import Store
from lighttrace.store.writes import Judgement

TOGETHER = 20  # issues of one turn: some 20 ms of a reader's thread
BUSY_S, IDLE_S = 0.2, 15.0  # between two turns, while there is something to do and while not

RulesOf = Callable[[int], Rulebook]  # of a project


class JudgeAgain:
    """`rules_of` is asked anew at each turn, so that a reload counts."""

    def __init__(self, store: Store, rules_of: RulesOf, clock: Clock) -> None:
        self._store = store
        self._rules_of = rules_of
        self._clock = clock

    async def run(self, beat: Callable[[], None]) -> None:
        while True:
            beat()
            more = await judge_some(self._store, self._rules_of, self._clock.now_ms())
            await asyncio.sleep(BUSY_S if more else IDLE_S)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`judgement` None: no event is left to judge by. `mark`: of the rules."""

    issue: Unjudged
    mark: int
    judgement: Judgement | None
    high_value: str | None


async def judge_some(store: Store, rules_of: RulesOf, now_ms: int) -> int:
    """Judge some of the open issues that today's rules have not judged; how many that were."""
    if await store.read(owners.names_changed):
        await store.write(owners.take_names)
    verdicts = await store.read(_judge, rules_of)
    if verdicts:
        await store.write(_write, verdicts, now_ms)
    return len(verdicts)


def _judge(db: Reader, rules_of: RulesOf) -> list[Verdict]:
    left = owners.unjudged(db, lambda project_id: rules_of(project_id).mark, TOGETHER)
    return [_verdict(db, issue, rules_of(issue.project_id)) for issue in left]


def _verdict(db: Reader, issue: Unjudged, rules: Rulebook) -> Verdict:
    # what an earlier event said counts as long as the rule is there
    words = {rule.words for rule in rules.high_value}
    kept = issue.high_value if issue.high_value in words else None
    rows = events.newest_rows(db, issue.issue_id, 1)
    event = reread.event(db, rows[0]) if rows else None
    if event is None:
        return Verdict(issue, rules.mark, None, kept)
    judgement, value = ownership.judge(event, all_tags(event), rules, is_new=True)
    return Verdict(issue, rules.mark, judgement, kept or value)


def _write(tx: Transaction, verdicts: list[Verdict], now_ms: int) -> None:
    for it in verdicts:
        issue = it.issue
        if it.judgement is not None:
            judging.give(tx, issue.issue_id, it.judgement, now_ms)
        else:
            owners.keep(tx, issue.issue_id, it.mark)
        owners.set_value(tx, issue.issue_id, issue.high_value, it.high_value)
