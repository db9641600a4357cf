"""What happened to an issue, and who did it. A change can be taken back for ten minutes by whoever
holds its token.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lighttrace.event.model import Json
from lighttrace.store import branches
from lighttrace.store.database import Reader, Transaction

UNDO_MS = 10 * 60 * 1000
MOST_SHOWN = 200
BACK = "back"  # of a detail: for `take` only
UNDONE = "undone"
TOKEN = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Activity:
    """`kind`: resolved, archived, reopened, acknowledged, unacknowledged, assigned, unassigned by
    people (assigned also by rules), regressed or unarchived by an event, undone. `undo` takes the
    whole change back, of this issue and all that were changed with it, until `undo_until` (ms).
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
  from json_each(?) w cross join activity a on a.issue_id = w.value
  left join user u on u.id = a.user_id
 order by a.at desc, a.id desc limit ?
"""


def of_issue(db: Reader, issue_id: int) -> list[Activity]:
    """The newest MOST_SHOWN entries of an issue and of all that were merged into it, newest
    first.
    """
    found = []
    family = json.dumps(branches.family(db, issue_id))
    for id_, at, name, kind, detail, undo, until in db.execute(OF_ISSUE, (family, MOST_SHOWN)):
        shown = json.loads(detail)
        shown.pop(BACK, None)
        found.append(Activity(id_, at, name, kind, shown, undo or None, until))
    return found


ADD = """
insert into activity(issue_id, at, user_id, kind, detail, undo, undo_until)
values (?, ?, ?, ?, ?, ?, ?)
"""


def record(
    tx: Transaction,
    issue_ids: Sequence[int],
    kind: str,
    user_id: int | None,
    now_ms: int,
    said: Mapping[str, Json],
    *,
    back: Json = None,
) -> Undo | None:
    """An entry for each of the issues. With `back`, what `take` will hand out again, the first one
    carries a token that takes the whole change back; without it, None.
    """
    if not issue_ids:
        return None
    detail = {**said, "count": len(issue_ids)}
    token = secrets.token_bytes(16) if back is not None else None
    until = now_ms + UNDO_MS if token else None
    first = json.dumps({**detail, BACK: back} if token else detail)
    tx.execute(ADD, (issue_ids[0], now_ms, user_id, kind, first, token, until))
    rest = json.dumps(detail)
    tx.executemany(ADD, [(it, now_ms, user_id, kind, rest, None, None) for it in issue_ids[1:]])
    return Undo(token.hex(), len(issue_ids)) if token else None


ISSUE_OF = "select issue_id from activity where undo = ?"


def issue_of(db: Reader, token: str) -> int | None:
    """The first issue of the change that a token takes back."""
    if not TOKEN.fullmatch(token):
        return None
    row = db.execute(ISSUE_OF, (bytes.fromhex(token),)).fetchone()
    return None if row is None else int(row[0])


TAKE = """
update activity set undo = null, undo_until = null where undo = ? and undo_until > ?
returning detail
"""


def take(tx: Transaction, token: str, now_ms: int) -> dict[str, Any] | None:
    """Use a token up: what its change left to be taken back. None if it is unknown, used or too
    old.
    """
    if not TOKEN.fullmatch(token):
        return None
    row = tx.execute(TAKE, (bytes.fromhex(token), now_ms)).fetchone()
    found: dict[str, Any] | None = json.loads(row[0]).get(BACK) if row else None
    return found
