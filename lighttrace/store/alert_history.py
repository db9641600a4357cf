"""What the page of alerts asks of past messages: what each rule told, what became of all of them,
which wait for another try. Changes nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from lighttrace.store import sendings
from lighttrace.store.database import Reader
from lighttrace.store.sendings import Attempt
from lighttrace.store.sight import Sight

DAY_MS = 86_400_000
DAYS = 14
MOST_MESSAGES = 10_000  # of a period, the newest: 30 ms
MOST_OF_RULES = 5_000  # whose rules are read out of the payload: 30 ms
MOST_RETRIED = 200

# Who sees some projects only is told of messages about their issues.
SEEN = """
 (:project_ids is null or near.issue_id in (
   select id from issue where project_id in (select value from json_each(:project_ids))))
"""
BY_RULE = f"""
select r.value, (:now_ms - near.made_at) / 86400000, count(*), max(near.made_at),
  sum(near.state = 'held' and near.told_by is not null),
  sum(near.state = 'due' and near.attempts > 0), sum(near.state = 'failed')
  from (select * from outbox indexed by outbox_made where made_at > :since
         order by made_at desc limit :most) near
 cross join json_each(near.payload, '$.rules') r
 where {SEEN} group by 1, 2
"""


@dataclass(slots=True)
class Told:
    """Messages of a rule in the last 14 days. `by_day`: the oldest day first, today is the last;
    `gathered`: told in another message; `retried`: waiting for another try.
    """

    by_day: list[int] = field(default_factory=lambda: [0] * DAYS)
    last_at: int = 0
    gathered: int = 0
    retried: int = 0
    failed: int = 0

    @property
    def n(self) -> int:
        return sum(self.by_day)


def by_rule(db: Reader, sight: Sight, now_ms: int) -> dict[str, Told]:
    """By the name of the rule; empty is what holds without any."""
    found: dict[str, Told] = {}
    values = {**_values(sight, now_ms - DAYS * DAY_MS, MOST_OF_RULES), "now_ms": now_ms}
    for rule, days_ago, n, last_at, *rest in db.execute(BY_RULE, values):
        told = found.setdefault(rule, Told())
        told.by_day[DAYS - 1 - min(DAYS - 1, max(0, days_ago))] += n
        told.last_at = max(told.last_at, last_at)
        gathered, retried, failed = rest
        told.gathered += gathered
        told.retried += retried
        told.failed += failed
    return found


@dataclass(frozen=True, slots=True)
class Became:
    """What became of the messages of a period. `sent`: handed over; `failed`: given up; `retried`:
    refused and tried again later; `due`: on their way; `held`: they wait for a window or the end of
    quiet hours; `gathered`: told in `digests` other messages.
    """

    sent: int = 0
    failed: int = 0
    retried: int = 0
    due: int = 0
    held: int = 0
    gathered: int = 0
    digests: int = 0

    @property
    def went_out(self) -> int:
        """Those that were tried, whatever came of it."""
        return self.sent + self.failed + self.retried

    @property
    def held_back(self) -> int:
        return self.held + self.gathered

    @property
    def all(self) -> int:
        return self.went_out + self.due + self.held_back


BECAME = f"""
select case when near.state = 'held' then iif(near.told_by is null, 'held', 'gathered')
            when near.state = 'due' then iif(near.attempts > 0, 'retried', 'due')
            when near.state = 'done' then 'sent' else 'failed' end,
  count(*), count(distinct near.told_by)
  from (select * from outbox indexed by outbox_made where made_at > :since
         order by made_at desc limit :most) near
 where {SEEN} group by 1
"""


def became(db: Reader, sight: Sight, since_ms: int) -> Became:
    """Of the messages that were made since then, and that somebody may know of."""
    found = db.execute(BECAME, _values(sight, since_ms)).fetchall()
    counts = {what: n for what, n, _ in found}
    return Became(**counts, digests=max((digests for *_, digests in found), default=0))


WAITED = f"""
select count(*) from (select * from outbox indexed by outbox_made
    where made_at >= :since and made_at < :until order by made_at desc limit :most) near
 where (near.released_at >= :until
     or (near.state = 'held' and (near.done_at is null or near.done_at >= :until))) and {SEEN}
"""


def waited(db: Reader, sight: Sight, since_ms: int, until_ms: int) -> int:
    """How many messages of a time were held until it was over."""
    values = {**_values(sight, since_ms), "until": until_ms}
    return int(db.execute(WAITED, values).fetchone()[0])


def _values(sight: Sight, since_ms: int, most: int = MOST_MESSAGES) -> dict[str, int | str | None]:
    ids = sight.project_ids
    return {
        "project_ids": None if ids is None else json.dumps(sorted(ids)),
        "since": since_ms,
        "most": most,
    }


@dataclass(frozen=True, slots=True)
class Retried:
    """A message that was refused, and is tried again at `due_at`. `attempts`: newest first."""

    target: str
    rules: tuple[str, ...]
    made_at: int
    due_at: int
    attempts: Sequence[Attempt]


RETRIED = f"""
select near.id, near.target, near.payload ->> '$.rules', near.made_at, near.due_at
  from (select * from outbox indexed by outbox_pending where state = 'due' limit :most) near
 where near.attempts > 0 and near.error is not null and {SEEN} order by near.id desc
"""


def retried(db: Reader, sight: Sight) -> list[Retried]:
    """The messages that wait for another try, newest first."""
    found = db.execute(RETRIED, _values(sight, 0, MOST_RETRIED)).fetchall()
    tries = sendings.attempts(db, [row[0] for row in found])
    return [
        Retried(target, tuple(json.loads(rules or "[]")), made_at, due_at, tries.get(id_, ()))
        for id_, target, rules, made_at, due_at in found
    ]
