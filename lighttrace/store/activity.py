"""What happened to an issue, and who did it. A change of state can be taken back for ten minutes by
whoever holds its token.
"""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.event.model import Json
from lighttrace.store import state_changes
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.state_changes import Change
from lighttrace.store.states import State, Substate

UNDO_MS = 10 * 60 * 1000
MOST_SHOWN = 200
KINDS = {State.UNRESOLVED: "reopened", State.RESOLVED: "resolved", State.ARCHIVED: "archived"}
UNDONE = "undone"
TOKEN = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Activity:
    """`kind` is resolved, archived, reopened, undone or regressed. `undo` takes the whole change
    back, of this issue and all that were changed with it, until `undo_until` (ms).
    """

    id: int
    at: int
    user_name: str | None  # None: nobody, or somebody who is gone
    kind: str
    detail: dict[str, Json]
    undo: str | None = None
    undo_until: int | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes a change of `count` issues back."""

    token: str
    count: int


OF_ISSUE = """
select a.id, a.at, u.name, a.kind, a.detail, lower(hex(a.undo)), a.undo_until
  from activity a left join user u on u.id = a.user_id
 where a.issue_id = ? order by a.at desc, a.id desc limit ?
"""


def of_issue(db: Reader, issue_id: int) -> list[Activity]:
    """The newest MOST_SHOWN entries, newest first."""
    found = []
    for id_, at, name, kind, detail, undo, until in db.execute(OF_ISSUE, (issue_id, MOST_SHOWN)):
        shown = json.loads(detail)
        shown.pop("before", None)  # of all issues of the change: for `undo` only
        found.append(Activity(id_, at, name, kind, shown, undo or None, until))
    return found


ADD = """
insert into activity(issue_id, at, user_id, kind, detail, undo, undo_until)
values (?, ?, ?, ?, ?, ?, ?)
"""


def record_change(
    tx: Transaction,
    before: Sequence[Change],
    state: State,
    user_id: int | None,
    now_ms: int,
    cause: str,
) -> Undo:
    """An entry for each issue that came into `state`. The first one carries the token and what all
    of them were.
    """
    token = secrets.token_bytes(16)
    kind, until = KINDS[state], now_ms + UNDO_MS
    detail = {"cause": cause, "count": len(before)}
    was = [[it.issue_id, it.state, it.substate, it.state_at] for it in before]
    first = json.dumps({**detail, "state": state, "before": was})
    tx.execute(ADD, (before[0].issue_id, now_ms, user_id, kind, first, token, until))
    rest = json.dumps(detail)
    tx.executemany(
        ADD, [(it.issue_id, now_ms, user_id, kind, rest, None, None) for it in before[1:]]
    )
    return Undo(token.hex(), len(before))


TAKE = """
update activity set undo = null, undo_until = null where undo = ? and undo_until > ?
returning at, detail
"""
STILL_SO = """
select i.id from json_each(?) w cross join issue i on i.id = w.value
 where i.state = ? and i.state_at = ?
"""


def undo(tx: Transaction, token: str, user_id: int | None, now_ms: int) -> list[int] | None:
    """Take a change of state back, once; returns the issues that were put back.

    An issue that somebody or something has changed since stays as it is. None if the token is
    unknown, used or too old.
    """
    if not TOKEN.fullmatch(token):
        return None
    key = bytes.fromhex(token)
    row = tx.execute(TAKE, (key, now_ms)).fetchone()
    if row is None:
        return None
    at, detail = row[0], json.loads(row[1])
    was = {it[0]: Change(it[0], State(it[1]), Substate(it[2]), it[3]) for it in detail["before"]}
    values = (json.dumps(list(was)), detail["state"], at)
    still = [issue_id for (issue_id,) in tx.execute(STILL_SO, values)]
    state_changes.put(tx, [was[issue_id] for issue_id in still])
    said = json.dumps({"what": KINDS[State(detail["state"])], "count": len(still)})
    tx.executemany(
        ADD, [(issue_id, now_ms, user_id, UNDONE, said, None, None) for issue_id in still]
    )
    return still
