"""What somebody does not want to hear of for a time: an issue, a project, a rule, or anything at
all. Every mute ends: at a time, or earlier, when as much has happened as its condition says (those
of archiving). Messages that were not made because of one are counted.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lighttrace.errors import RefusedError
from lighttrace.store import archiving
from lighttrace.store.archiving import Archive
from lighttrace.store.database import Reader, Transaction

LONGEST_MS = 366 * 24 * 3_600_000
MOST_OPEN = 1_000  # they are all looked at with every message


@dataclass(frozen=True, slots=True)
class Muted:
    """What is muted: at most one of the three, and for a person (`for_user`) perhaps none, which
    is everything. Without a person it is muted for everybody.
    """

    issue_id: int | None = None
    project_id: int | None = None
    rule: str | None = None
    for_user: int | None = None

    def covers(self, issue_id: int | None, project_id: int | None, rule: str) -> bool:
        if self.issue_id is not None:
            return issue_id == self.issue_id
        if self.project_id is not None:
            return project_id == self.project_id
        return rule == self.rule if self.rule is not None else self.for_user is not None


@dataclass(frozen=True, slots=True)
class Mute:
    """`made_by`: a name, None of somebody who is gone. `condition`: what ends it before `until` if
    it happens earlier. `held`: messages that were not made because of it.
    """

    id: int
    what: Muted
    made_by: str | None
    made_at: int
    until: int
    condition: Archive | None
    held: int


COUNT = "select count(*) from mute where ended_at is null and until > ?"
ADD = """
insert into mute(issue_id, project_id, rule, for_user, made_by, made_at, until, condition)
values(?, ?, ?, ?, ?, ?, ?, ?) returning id
"""


def add(
    tx: Transaction,
    what: Muted,
    until: int,
    made_by: int | None,
    now_ms: int,
    *,
    condition: Archive | None = None,
) -> int:
    """Mute something until a time in ms, and return the mute's id. Raises RefusedError with a
    sentence for people.
    """
    if sum(it is not None for it in (what.issue_id, what.project_id, what.rule)) > 1:
        raise RefusedError("One thing is muted at a time: an issue, a project or a rule.")
    if what == Muted():
        raise RefusedError("Nothing is muted for everybody at once.")
    if not now_ms < until <= now_ms + LONGEST_MS:
        raise RefusedError("A mute ends: within a year, and not before it begins.")
    if condition is not None and (what.issue_id is None or condition.kind in ("forever", "time")):
        raise RefusedError("A condition is a number of events or people of an issue.")
    if tx.execute(COUNT, (now_ms,)).fetchone()[0] >= MOST_OPEN:
        raise RefusedError(f"{MOST_OPEN:,} mutes are as many as there may be; end some first.")
    begun = None
    if condition is not None and what.issue_id is not None:
        begun = archiving.encode(archiving.begun(tx, condition, what.issue_id, now_ms))
    values = (what.issue_id, what.project_id, what.rule, what.for_user)
    row = tx.execute(ADD, (*values, made_by, now_ms, until, begun)).fetchone()
    return int(row[0])


END = "update mute set ended_at = ? where id = ? and ended_at is null"


def end(tx: Transaction, mute_id: int, now_ms: int) -> bool:
    """False if it had ended."""
    return tx.execute(END, (now_ms, mute_id)).rowcount == 1


HOLD = "update mute set held = held + ? where id = ?"


def hold(tx: Transaction, mute_id: int, messages: int) -> None:
    """Count messages that were not made because of it."""
    tx.execute(HOLD, (messages, mute_id))


SELECT = """
select m.id, m.issue_id, m.project_id, m.rule, m.for_user, u.name, m.made_at, m.until, m.condition,
  m.held
  from mute m left join user u on u.id = m.made_by
"""
# of an issue that was merged into another nothing is told anyway
OPEN = f"""
{SELECT} where m.ended_at is null and m.until > ? and (m.issue_id is null
   or exists(select 1 from issue_env e where e.env_id = 0 and e.issue_id = m.issue_id))
 order by m.until, m.id
"""


def every(db: Reader, now_ms: int) -> list[Mute]:
    """All that have not ended, by when they will."""
    return [_mute(row) for row in db.execute(OPEN, (now_ms,))]


OF_ISSUE = f"{SELECT} where m.issue_id = ? and m.ended_at is null and m.until > ? order by m.until"


def of_issue(db: Reader, issue_id: int, now_ms: int) -> list[Mute]:
    """Those of the issue itself, for everybody and for single people."""
    return [_mute(row) for row in db.execute(OF_ISSUE, (issue_id, now_ms))]


OF_PERSON = f"{SELECT} where m.for_user = ? and m.ended_at is null and m.until > ? order by m.until"


def of_person(db: Reader, user_id: int, now_ms: int) -> list[Mute]:
    """What somebody has muted for themselves."""
    return [_mute(row) for row in db.execute(OF_PERSON, (user_id, now_ms))]


HELD_SINCE = f"{SELECT} where m.held > 0 and coalesce(m.ended_at, m.until) >= ? order by m.until"


def held_since(db: Reader, since_ms: int) -> list[Mute]:
    """Those that kept something back and have not ended before then."""
    return [_mute(row) for row in db.execute(HELD_SINCE, (since_ms,))]


SOME = f"""
{SELECT.replace("m.until", "min(m.until, coalesce(m.ended_at, m.until))")}
 where m.id in (select value from json_each(?)) order by m.id
"""


def some(db: Reader, mute_ids: Iterable[int]) -> list[Mute]:
    """Also those that have ended; `until` is when they did."""
    return [_mute(row) for row in db.execute(SOME, (json.dumps(list(mute_ids)),))]


ABOUT = f"""
{SELECT} where m.ended_at is null and m.until > ?
   and (m.issue_id is null or m.issue_id in (select value from json_each(?)))
 order by m.until, m.id
"""


def in_force(tx: Transaction, issue_ids: Iterable[int], now_ms: int) -> list[Mute]:
    """All that count now for these issues. One whose condition is met ends with this look at it;
    those of other issues are not looked at, as a condition may take a millisecond to read.
    """
    found = []
    for it in map(_mute, tx.execute(ABOUT, (now_ms, json.dumps(list(issue_ids)))).fetchall()):
        issue_id = it.what.issue_id
        conditions = [(issue_id, it.condition)] if issue_id and it.condition else []
        if archiving.met(tx, conditions, now_ms):
            end(tx, it.id, now_ms)
        else:
            found.append(it)
    return found


def _mute(row: Sequence[Any]) -> Mute:
    mute_id, issue_id, project_id, rule, for_user, made_by, made_at, until, condition, held = row
    what = Muted(issue_id, project_id, rule, for_user)
    ends = archiving.decode(condition) if condition is not None else None
    return Mute(mute_id, what, made_by, made_at, until, ends, held)
