"""Why somebody may have to be told: written with the event that caused it, turned into messages by
the alerts loop.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lighttrace.store.database import Reader, Transaction

Kind: TypeAlias = Literal["new", "regression", "escalating"]


@dataclass(frozen=True, slots=True)
class Cause:
    """`event_row` is the event it happened with; it may be gone by the time the cause is read."""

    id: int
    kind: Kind
    issue_id: int
    event_row: int | None
    at: int  # ms


ADD = "insert into cause(kind, issue_id, event_row, at) values(?, ?, ?, ?)"


def add(tx: Transaction, causes: Iterable[tuple[Kind, int, int, int]]) -> None:
    """Each is (kind, issue_id, event_row, at in ms)."""
    tx.executemany(ADD, causes)


DUE = """
select id, kind, issue_id, event_row, at from cause where expanded_at is null order by id limit ?
"""


def due(db: Reader, limit: int) -> list[Cause]:
    """The oldest causes nobody has turned into messages yet."""
    return [Cause(*row) for row in db.execute(DUE, (limit,))]


MARK_EXPANDED = "update cause set expanded_at = ? where id = ? and expanded_at is null"


def mark_expanded(tx: Transaction, cause_id: int, now_ms: int) -> bool:
    """Claim a cause. False if it was expanded already: its messages exist."""
    return tx.execute(MARK_EXPANDED, (now_ms, cause_id)).rowcount == 1
