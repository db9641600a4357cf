"""Why somebody may have to be told: written with the event that caused it, or when something is
noticed later, and turned into messages by the alerts loop.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from lighttrace.event.model import Json
from lighttrace.store.database import Reader, Transaction

# `events`, `users` and `every` are rules that count; `loud`: a new issue that is not small.
# `again`: what was all but asleep comes a few times; it is mentioned, not told.
Kind: TypeAlias = Literal[
    "new", "regression", "escalating", "spike", "spike_escalated", "loud", "events", "users",
    "every", "feedback", "quota", "ingest", "again",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cause:
    """`event_row` is the event it happened with; it may be gone by the time the cause is read.
    About an issue, or (`issue_id` None) a project. `rule`: the name of the rule that counted;
    `said`: the numbers for the message.
    """

    id: int
    kind: Kind
    issue_id: int | None
    event_row: int | None
    at: int  # ms
    project_id: int | None = None
    rule: str | None = None
    said: dict[str, Json] = field(default_factory=dict)


ADD = "insert into cause(kind, issue_id, event_row, at) values(?, ?, ?, ?)"


def add(tx: Transaction, causes: Iterable[tuple[Kind, int, int, int]]) -> None:
    """Each is (kind, issue_id, event_row, at in ms)."""
    tx.executemany(ADD, causes)


NOTE = """
insert into cause(kind, issue_id, event_row, at, project_id, rule, said, dedupe)
values(:kind, :issue_id, :event_row, :at, :project_id, :rule, :said, :dedupe)
on conflict(dedupe) do nothing
"""


def note(
    tx: Transaction,
    kind: Kind,
    at: int,
    *,
    issue_id: int | None = None,
    project_id: int | None = None,
    event_row: int | None = None,
    rule: str | None = None,
    said: dict[str, Json] | None = None,
    dedupe: str | None = None,
) -> bool:
    """One cause with what it says. `dedupe` makes it unique for ever: False if it was there."""
    values = {
        "kind": kind,
        "issue_id": issue_id,
        "event_row": event_row,
        "at": at,
        "project_id": project_id,
        "rule": rule,
        "said": json.dumps(said or {}),
        "dedupe": dedupe,
    }
    return tx.execute(NOTE, values).rowcount == 1


DUE = """
select id, kind, issue_id, event_row, at, project_id, rule, said from cause
 where expanded_at is null order by id limit ?
"""


def due(db: Reader, limit: int) -> list[Cause]:
    """The oldest causes nobody has turned into messages yet."""
    return [
        Cause(id_, kind, issue_id, event_row, at, project_id, rule, json.loads(said))
        for id_, kind, issue_id, event_row, at, project_id, rule, said in db.execute(DUE, (limit,))
    ]


MARK_EXPANDED = "update cause set expanded_at = ? where id = ? and expanded_at is null"


def mark_expanded(tx: Transaction, cause_id: int, now_ms: int) -> bool:
    """Claim a cause. False if it was expanded already: its messages exist."""
    return tx.execute(MARK_EXPANDED, (now_ms, cause_id)).rowcount == 1
