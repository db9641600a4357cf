"""What the page of alerts asks of past messages: what each rule told, what became of all of them,
how each channel fares. Changes nothing.
"""

import json
from dataclasses import dataclass, field

from lighttrace.store.database import Reader
from lighttrace.store.sendings import Counts
from lighttrace.store.sight import Sight

DAY_MS = 86_400_000
DAYS = 14
MOST_MESSAGES = 20_000  # of the period, the newest
MOST_TRIES = 2_000  # in which a channel has to show

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
    for rule, days_ago, n, last_at, *rest in db.execute(BY_RULE, _values(sight, now_ms, DAYS)):
        told = found.setdefault(rule, Told())
        told.by_day[DAYS - 1 - min(DAYS - 1, max(0, days_ago))] += n
        told.last_at = max(told.last_at, last_at)
        gathered, retried, failed = rest
        told.gathered += gathered
        told.retried += retried
        told.failed += failed
    return found


COUNTS = f"""
select case when near.state = 'held' then iif(near.told_by is null, 'waiting', 'gathered')
            when near.state = 'due' then 'waiting' when near.state = 'done' then 'sent'
            else 'failed' end, count(*)
  from (select * from outbox indexed by outbox_made where made_at > :since
         order by made_at desc limit :most) near
 where {SEEN} group by 1
"""


def counts(db: Reader, sight: Sight, now_ms: int, days: int = 1) -> Counts:
    """What became of the messages of the last days, of those that somebody may know of."""
    return Counts(**dict(db.execute(COUNTS, _values(sight, now_ms, days)).fetchall()))


def _values(sight: Sight, now_ms: int, days: int) -> dict[str, int | str | None]:
    ids = sight.project_ids
    return {
        "project_ids": None if ids is None else json.dumps(sorted(ids)),
        "now_ms": now_ms,
        "since": now_ms - days * DAY_MS,
        "most": MOST_MESSAGES,
    }


@dataclass(frozen=True, slots=True)
class Try:
    """The last try of a channel."""

    at: int
    ok: bool
    code: str
    took_ms: int


LAST_TRIES = """
select case when o.target like 'webhook:%' then o.target else 'mail' end, max(d.id), d.at, d.ok,
  d.code, d.took_ms
  from (select * from delivery order by id desc limit ?) d cross join outbox o on o.id = d.outbox_id
 group by 1
"""


def last_tries(db: Reader) -> dict[str, Try]:
    """`mail` or `webhook:NAME` → its last try, where there was one of late."""
    found = db.execute(LAST_TRIES, (MOST_TRIES,))
    return {
        channel: Try(at, bool(ok), code or "", took_ms)
        for channel, _, at, ok, code, took_ms in found
    }
