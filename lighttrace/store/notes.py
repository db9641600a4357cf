"""Comments: what people write about an issue, in Markdown, kept as it was written. Those of issues
that were merged into one are shown with it, and go with theirs when it is taken apart.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.store import branches
from lighttrace.store.database import Reader, Transaction

MOST_TEXT = 10_000  # characters of a comment
MOST_SHOWN = 200  # of an issue, the newest


@dataclass(frozen=True, slots=True)
class Note:
    """`user_id` and `user_name` are None of somebody who is gone, or of a script of nobody."""

    id: int
    issue_id: int
    user_id: int | None
    user_name: str | None
    user_email: str | None
    at: int
    edited_at: int | None
    body: str


COLUMNS = "n.id, n.issue_id, n.user_id, u.name, u.email, n.at, n.edited_at, n.body"
OF_ISSUE = f"""
select {COLUMNS} from json_each(?) w cross join note n on n.issue_id = w.value
  left join user u on u.id = n.user_id
 where (n.at, n.id) < (?, ?) order by n.at desc, n.id desc limit ?
"""


def of_issue(
    db: Reader, issue_id: int, limit: int = MOST_SHOWN, before: tuple[int, int] | None = None
) -> list[Note]:
    """The newest comments before the one of that time and id, newest first."""
    family = json.dumps(branches.family(db, issue_id))
    values = (family, *(before or (2**62, 0)), limit)
    return [Note(*row) for row in db.execute(OF_ISSUE, values)]


BY_ID = f"select {COLUMNS} from note n left join user u on u.id = n.user_id where n.id = ?"


def by_id(db: Reader, note_id: int) -> Note | None:
    row = db.execute(BY_ID, (note_id,)).fetchone()
    return Note(*row) if row else None


COUNTS = """
with recursive family(root, id) as (
  select value, value from json_each(?)
  union all select f.root, i.id from family f cross join issue i on i.merged_into = f.id)
select f.root, count(*) from family f cross join note n on n.issue_id = f.id group by f.root
"""


def counts(db: Reader, issue_ids: Sequence[int]) -> dict[int, int]:
    """issue → its comments; an issue without any is left out."""
    return dict(db.execute(COUNTS, (json.dumps(list(issue_ids)),)).fetchall())


ADD = "insert into note(issue_id, user_id, at, body) values (?, ?, ?, ?) returning id"


def add(tx: Transaction, issue_id: int, user_id: int | None, body: str, now_ms: int) -> int:
    """Returns the id of the comment."""
    return int(tx.execute(ADD, (issue_id, user_id, now_ms, body)).fetchone()[0])


EDIT = "update note set body = ?, edited_at = ? where id = ? and body <> ?"


def edit(tx: Transaction, note_id: int, body: str, now_ms: int) -> bool:
    """False if it says that already, or is gone."""
    return tx.execute(EDIT, (body, now_ms, note_id, body)).rowcount == 1


REMOVE = "delete from note where id = ?"


def remove(tx: Transaction, note_id: int) -> bool:
    return tx.execute(REMOVE, (note_id,)).rowcount == 1
