"""When a rule last spoke of an issue, or of a project: what its pause is counted from."""

from lighttrace.store.database import Reader, Transaction

LAST = "select at from rule_told where rule = ? and issue_id = ? and project_id = ?"


def last_at(db: Reader, rule: str, issue_id: int | None, project_id: int) -> int | None:
    row = db.execute(LAST, (rule, issue_id or 0, project_id)).fetchone()
    return int(row[0]) if row else None


SPOKE = """
insert into rule_told(rule, issue_id, project_id, at) values(?, ?, ?, ?)
on conflict(rule, issue_id, project_id) do update set at = excluded.at
"""


def spoke(tx: Transaction, rule: str, issue_id: int | None, project_id: int, now_ms: int) -> None:
    tx.execute(SPOKE, (rule, issue_id or 0, project_id, now_ms))
