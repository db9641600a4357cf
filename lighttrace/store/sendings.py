"""What went out, what was held back and how it fared: the history of messages, for pages and for
the message that says we are alive. Changes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from lighttrace.event.model import Json
from lighttrace.store.database import Reader
from lighttrace.store.issues import short_id
from lighttrace.store.sight import Sight

PAGE = 50
LOOKED_AT = 3_000  # rows of one page for somebody who sees some projects only
MOST_AGES = 20_000  # messages of a day; more say no more about the middle of them
# that do not go out when something happens, but when their time has come
TIMED = ("weekly", "alive")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `code`: of SMTP or HTTP, or what kept us from getting one; `answer`: in words."""

    at: int
    ok: bool
    code: str
    took_ms: int
    answer: str


@dataclass(frozen=True, slots=True)
class Sending:
    """One message; times are ms. `state`: `held` (waits, or `told_by` names the message that told
    of it), `due` (on its way), `done`, `failed`. `age_ms`: from what it tells of to its being
    handed over. `attempts`: newest first; `level` of the issue. Without an issue: a digest, a
    report, or its issue is gone.
    """

    id: int
    kind: str
    target: str
    state: str
    issue: str | None
    title: str | None
    project: str | None
    caused_at: int
    made_at: int
    done_at: int | None
    told_by: int | None
    error: str | None
    issue_id: int | None
    level: int | None
    payload: dict[str, Json]
    attempts: tuple[Attempt, ...]

    @property
    def age_ms(self) -> int | None:
        return None if self.done_at is None else max(0, self.done_at - self.caused_at)


@dataclass(frozen=True, slots=True)
class History:
    """`cursor` leads to what is older; None: there is nothing."""

    rows: tuple[Sending, ...]
    cursor: int | None


HISTORY = """
select near.id, near.kind, near.target, near.state, p.short_prefix, i.short, i.title, p.slug,
  near.caused_at, near.made_at, near.done_at, near.told_by, near.error, near.issue_id, i.level,
  near.payload
  from (select * from outbox where id >= :first and id < :before
         and (:state is null or state = :state) order by id desc limit :looked_at) near
  left join issue i on i.id = near.issue_id left join project p on p.id = i.project_id
 where :project_ids is null or i.project_id in (select value from json_each(:project_ids))
 order by near.id desc limit :limit
"""
OLDEST_OF = """
select min(id) from (select id from outbox where id >= :first and id < :before
  and (:state is null or state = :state) order by id desc limit :looked_at)
"""


def history(
    db: Reader,
    sight: Sight,
    cursor: int | None = None,
    limit: int = PAGE,
    *,
    since_ms: int = 0,
    state: str | None = None,
) -> History:
    """The newest messages made since a moment, or those that follow a cursor; `state`: only those.
    Who sees some projects only sees the messages about their issues: digests and reports tell of
    others too.
    """
    ids = sight.project_ids
    values = {
        "first": _first_since(db, since_ms),
        "before": cursor if cursor is not None else 2**62,
        "state": state,
        "looked_at": limit + 1 if ids is None else LOOKED_AT,
        "project_ids": None if ids is None else json.dumps(sorted(ids)),
        "limit": limit + 1,
    }
    found = db.execute(HISTORY, values).fetchall()
    if len(found) > limit:
        older: int | None = found[limit - 1][0]
    else:  # of those looked at, these are all; there may be more behind them
        last = db.execute(OLDEST_OF, values).fetchone()[0]
        older = last if last is not None and _any_below(db, {**values, "before": last}) else None
    tries = attempts(db, [row[0] for row in found[:limit]])
    return History(tuple(_sending(row, tries) for row in found[:limit]), older)


FIRST_SINCE = """
select id from outbox indexed by outbox_made where made_at >= ? order by made_at, id limit 1
"""


def _first_since(db: Reader, since_ms: int) -> int:
    """The id of the first message made since then; beyond all if there is none."""
    row = db.execute(FIRST_SINCE, (since_ms,)).fetchone() if since_ms else (0,)
    return 2**62 if row is None else int(row[0])


ANY_BELOW = """
select exists(select 1 from outbox where id >= :first and id < :before
  and (:state is null or state = :state))
"""


def _any_below(db: Reader, values: Mapping[str, Any]) -> bool:
    return bool(db.execute(ANY_BELOW, values).fetchone()[0])


ATTEMPTS = """
select d.outbox_id, d.at, d.ok, d.code, d.took_ms, d.answer
  from json_each(?) w cross join delivery d on d.outbox_id = w.value order by d.id desc
"""


def attempts(db: Reader, ids: Sequence[int]) -> dict[int, list[Attempt]]:
    """The tries of messages, newest first."""
    found: dict[int, list[Attempt]] = {}
    for outbox_id, at, ok, code, took_ms, answer in db.execute(ATTEMPTS, (json.dumps(list(ids)),)):
        one = Attempt(at, bool(ok), code or "", took_ms, answer or "")
        found.setdefault(outbox_id, []).append(one)
    return found


def _sending(row: Sequence[Any], tries: dict[int, list[Attempt]]) -> Sending:
    id_, kind, target, state, prefix, short, title, slug, *rest, payload = row
    return Sending(
        *(id_, kind, target, state, short_id(prefix, short) if prefix else None, title, slug),
        *(*rest, json.loads(payload), tuple(tries.get(id_, ()))),
    )


@dataclass(frozen=True, slots=True)
class Ages:
    """How long messages took, in ms, apart from what was held back on purpose: from what they tell
    of to the channel's yes. None: there were none.
    """

    count: int
    p50_ms: int | None
    p95_ms: int | None


AGES = """
select max(0, o.made_at - o.caused_at) + max(0, o.done_at - o.released_at)
  from outbox o indexed by outbox_done
 where o.state = 'done' and o.done_at >= :since
   and o.kind not in (select value from json_each(:timed))
 order by o.done_at desc limit :most
"""
GATHERED = ("digest", "held")  # made of older news: what is measured is their way from then on


def ages(db: Reader, since_ms: int) -> Ages:
    """Of the messages that were handed over since a moment."""
    values = {"since": since_ms, "timed": json.dumps([*TIMED, *GATHERED]), "most": MOST_AGES}
    return ages_of([row[0] for row in db.execute(AGES, values)])


def ages_of(some: Sequence[int]) -> Ages:
    """The middle and the slow end of ages in ms."""
    if not some:
        return Ages(0, None, None)
    if len(some) == 1:
        return Ages(1, some[0], some[0])
    cuts = quantiles(some, n=20, method="inclusive")
    return Ages(len(some), round(cuts[9]), round(cuts[18]))


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages of a period. `sent`: handed over; `failed`: given up; `waiting`: on their way, or
    held until a window closes; `gathered`: told in another message. What was muted is counted by
    its mute.
    """

    sent: int = 0
    failed: int = 0
    waiting: int = 0
    gathered: int = 0


COUNTS = """
select case when o.state = 'held' then iif(o.told_by is null, 'waiting', 'gathered')
            when o.state = 'due' then 'waiting' when o.state = 'done' then 'sent'
            else 'failed' end as what, count(*)
  from outbox o indexed by outbox_made where o.made_at >= ? and o.made_at < ? group by 1
"""


def counts(db: Reader, since_ms: int, until_ms: int) -> Counts:
    """What became of the messages that were made in a period."""
    return Counts(**dict(db.execute(COUNTS, (since_ms, until_ms)).fetchall()))


STUCK = """
select exists(select 1 from outbox where state = 'due' and attempts > 1 and error is not null)
"""


def is_stuck(db: Reader) -> bool:
    """Whether a message waits that was refused more than once."""
    return bool(db.execute(STUCK).fetchone()[0])
