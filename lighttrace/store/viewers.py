"""Who has looked at an issue, and when last."""

from dataclasses import dataclass

from lighttrace.store.database import Reader, Transaction

STEP_MS = 5 * 60 * 1000  # "last" is exact to this: a look is not worth a write each
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Viewer:
    user_id: int
    name: str
    first_at: int  # ms
    last_at: int


OF_ISSUE = """
select s.user_id, u.name, s.first_at, s.last_at from issue_seen s join user u on u.id = s.user_id
 where s.issue_id = ? order by s.last_at desc limit ?
"""


def of_issue(db: Reader, issue_id: int) -> list[Viewer]:
    """The one who looked last comes first."""
    return [Viewer(*row) for row in db.execute(OF_ISSUE, (issue_id, MOST_SHOWN))]


LAST = "select last_at from issue_seen where issue_id = ? and user_id = ?"


def is_due(db: Reader, issue_id: int, user_id: int, now_ms: int) -> bool:
    """Whether a look of this person has to be noted."""
    row = db.execute(LAST, (issue_id, user_id)).fetchone()
    return row is None or now_ms - row[0] >= STEP_MS


NOTE = """
insert into issue_seen(issue_id, user_id, first_at, last_at)
select i.id, u.id, ?3, ?3 from issue i, user u where i.id = ?1 and u.id = ?2
on conflict(issue_id, user_id) do update set last_at = max(last_at, excluded.last_at)
"""


def note(tx: Transaction, issue_id: int, user_id: int, now_ms: int) -> None:
    """Record a look; nothing happens if the issue or the person is gone by now."""
    tx.execute(NOTE, (issue_id, user_id, now_ms))
