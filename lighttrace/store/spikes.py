"""Spikes of issues, and of projects as a whole: one row from its beginning to its end, written with
the causes of its messages and what the activity says of it. What is one: docs/spikes.md.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from lighttrace.event.model import Json
from lighttrace.store import activity, causes
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.minutes import Subject
from lighttrace.store.tallies import DAY_MS, MINUTE_MS

Counted: TypeAlias = Literal["events", "people"]
Message: TypeAlias = Literal["spike", "spike_escalated"]
Ending: TypeAlias = Literal["over", "level_shift", "closed"]  # closed: by what somebody did
MOST_FACTOR = 1000.0  # times the usual; of what is rare it would be any number


@dataclass(frozen=True, slots=True)
class Spike:
    """`n` of `counted` in `width` minutes as of the last look, where `rate` a minute are usual;
    `reason` says it in words. `since`: the minute its window began in. `most_events`,
    `most_people`: what a minute of it counts in later baselines, None if all. `peak`: of five
    minutes. `calm_from`: a minute. `told`: messages so far, `told_at` the last. Other times are ms.
    """

    id: int
    subject: Subject
    counted: Counted
    width: int
    n: int
    rate: float
    reason: str
    since: int
    most_events: float | None
    most_people: float | None
    peak: int
    calm_from: int | None = None
    told: int = 0
    told_at: int | None = None
    started_at: int = 0
    ended_at: int | None = None

    @property
    def since_ms(self) -> int:
        return self.since * MINUTE_MS

    @property
    def factor(self) -> float:
        """Times the usual, at most MOST_FACTOR."""
        return min(MOST_FACTOR, self.n / (self.rate * self.width))


COLUMNS = """s.id, s.project_id, s.issue_id, s.counted, s.width, s.n, s.rate, s.reason, s.since,
  s.most_events, s.most_people, s.peak, s.calm_from, s.told, s.told_at, s.started_at, s.ended_at"""
OPEN = f"""
select {COLUMNS} from spike s indexed by spike_open where s.ended_at is null order by s.id
"""


def open_ones(db: Reader) -> list[Spike]:
    return [_spike(row) for row in db.execute(OPEN)]


OF_ISSUE = f"""
select {COLUMNS} from spike s where issue_id = :issue_id and started_at > :since order by started_at
"""
OF_PROJECT = f"""
select {COLUMNS} from spike s where project_id = :project_id and issue_id is null
   and started_at > :since order by started_at
"""


def of_subject(db: Reader, it: Subject, since_ms: int) -> list[Spike]:
    """Those that began after `since_ms`, the oldest first."""
    values = {"issue_id": it.issue_id, "project_id": it.project_id, "since": since_ms}
    sql = OF_PROJECT if it.issue_id is None else OF_ISSUE
    return [_spike(row) for row in db.execute(sql, values)]


OF_ISSUES = f"""
select {COLUMNS} from json_each(?) w
 cross join spike s on coalesce(s.issue_id, -s.project_id) = w.value and s.ended_at is null
"""


def of_issues(db: Reader, issue_ids: Sequence[int]) -> dict[int, Spike]:
    """The spikes that issues are in."""
    found = [_spike(row) for row in db.execute(OF_ISSUES, (json.dumps(list(issue_ids)),))]
    return {it.subject.issue_id: it for it in found if it.subject.issue_id is not None}


def _spike(row: Any) -> Spike:
    id_, project_id, issue_id, *rest = row
    return Spike(id_, Subject(project_id, issue_id), *rest)


# Only of what is open: an issue that was archived a moment ago is not to be heard of. And not of a
# project while one of its issues says it better.
BEGIN = """
insert into spike(project_id, issue_id, counted, width, n, rate, reason, since, most_events,
  most_people, peak, started_at)
select :project_id, :issue_id, :counted, :width, :n, :rate, :reason, :since, :most_events,
  :most_people, :peak, :now_ms
 where iif(:issue_id is null,
   not exists(select 1 from spike
               where project_id = :project_id and issue_id is not null and ended_at is null),
   exists(select 1 from issue where id = :issue_id and state = 0 and merged_into is null))
on conflict do nothing returning id
"""
MARK = "update issue set spike_factor = ? where id = ?"


def begin(
    tx: Transaction,
    it: Spike,
    said: dict[str, Json] | None,
    now_ms: int,
    noted: Mapping[str, Json] | None = None,
) -> Spike | None:
    """A spike begins, and with `said` a message about it is caused; the activity says its reason
    and what is `noted`. Returns it as it is stored, or None if there is one already or nobody wants
    to hear of it. The id and the times of `it` are not looked at.
    """
    values = {
        "project_id": it.subject.project_id,
        "issue_id": it.subject.issue_id,
        "counted": it.counted,
        "width": it.width,
        "n": it.n,
        "rate": it.rate,
        "reason": it.reason,
        "since": it.since,
        "most_events": it.most_events,
        "most_people": it.most_people,
        "peak": it.peak,
        "now_ms": now_ms,
    }
    row = tx.execute(BEGIN, values).fetchone()
    if row is None:
        return None
    begun = replace(it, id=int(row[0]), started_at=now_ms)
    if it.subject.issue_id is not None:
        tx.execute(MARK, (it.factor, it.subject.issue_id))
        _note(tx, it.subject, "spiking", now_ms, {"reason": it.reason, **(noted or {})})
    if said is not None and tell(tx, begun, "spike", said, now_ms):
        begun = replace(begun, told=1, told_at=now_ms)
    return begun


GO_ON = """
update spike set n = ?, reason = ?, peak = ?, calm_from = ? where id = ? and ended_at is null
"""


def go_on(tx: Transaction, it: Spike) -> None:
    """Store how loud it is now."""
    values = (it.n, it.reason, it.peak, it.calm_from, it.id)
    if tx.execute(GO_ON, values).rowcount and it.subject.issue_id is not None:
        tx.execute(MARK, (it.factor, it.subject.issue_id))


TELL = """
update spike set told = told + 1, told_at = :now_ms
 where id = :id and told = :told and ended_at is null
"""
LAST_EVENT = "select last_event from issue_env where env_id = 0 and issue_id = ?"


def tell(tx: Transaction, it: Spike, kind: Message, said: dict[str, Json], now_ms: int) -> bool:
    """Cause a message. False if this one was caused before, or the spike is over."""
    values = {"id": it.id, "told": it.told, "now_ms": now_ms}
    if tx.execute(TELL, values).rowcount == 0:
        return False
    issue_id = it.subject.issue_id
    row = None if issue_id is None else tx.execute(LAST_EVENT, (issue_id,)).fetchone()
    if kind == "spike_escalated":
        _note(tx, it.subject, kind, now_ms, {"reason": said["reason"]})
    return causes.note(
        tx,
        kind,
        now_ms,
        issue_id=issue_id,
        project_id=it.subject.project_id,
        event_row=row and row[0],
        said={"spike": it.id, **said},
        dedupe=f"spike:{it.id}:{it.told}",
    )


END = """
update spike set ended_at = :now_ms, ending = :ending,
  most_events = iif(:ending = 'level_shift', null, most_events),
  most_people = iif(:ending = 'level_shift', null, most_people)
 where id = :id and ended_at is null
"""


def end(
    tx: Transaction, it: Spike, ending: Ending, now_ms: int, said: dict[str, Json] | None = None
) -> bool:
    """It is over, or the new level, or nobody's concern any more. False if it had ended."""
    if tx.execute(END, {"id": it.id, "ending": ending, "now_ms": now_ms}).rowcount == 0:
        return False
    if it.subject.issue_id is not None:
        tx.execute(MARK, (None, it.subject.issue_id))
        if ending != "closed":
            kind = "spike_over" if ending == "over" else ending
            _note(tx, it.subject, kind, now_ms, {"spike": it.id, **(said or {})})
    return True


def _note(tx: Transaction, subject: Subject, kind: str, now_ms: int, said: dict[str, Json]) -> None:
    if subject.issue_id is not None:
        activity.record(tx, [subject.issue_id], kind, None, now_ms, said)


def told(db: Reader, it: Subject, now_ms: int) -> tuple[int | None, int]:
    """(when the last message about it was caused, how many today)."""
    since = now_ms - 2 * DAY_MS
    found = [spike for spike in of_subject(db, it, since) if spike.told_at is not None]
    today = now_ms - now_ms % DAY_MS
    last = max((spike.told_at for spike in found if spike.told_at), default=None)
    return last, sum(spike.told for spike in found if (spike.told_at or 0) >= today)
