"""What was decided about an issue, as values, and the one place that writes them: to the issue, and
to the copies of its state that its environments carry.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lighttrace.store.database import Transaction
from lighttrace.store.states import State, Substate


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody decided about an issue, column by column."""

    issue_id: int
    state: State
    substate: Substate
    state_at: int
    archive: str | None
    acknowledged_at: int | None
    acknowledged_by: int | None
    assignee_user: int | None
    assignee_team: int | None
    assigned_by_hand: int


@dataclass(frozen=True, slots=True)
class Aspect:
    """Columns that change together. `sign`: those that tell whether a change still stands; the
    others come and go with them.
    """

    columns: tuple[str, ...]
    sign: tuple[str, ...]
    sql: str

    def of(self, it: Standing) -> list[Any]:
        return [getattr(it, name) for name in self.columns]

    def mark(self, it: Standing) -> list[Any]:
        return [getattr(it, name) for name in self.sign]


def _aspect(columns: str, sign: str) -> Aspect:
    names = tuple(columns.split())
    assignments = ", ".join(f"{name} = ?" for name in names)
    return Aspect(names, tuple(sign.split()), f"update issue set {assignments} where id = ?")


ASPECTS = {
    "state": _aspect("state substate state_at archive", "state state_at"),
    "acknowledged": _aspect("substate acknowledged_at acknowledged_by", "acknowledged_at"),
    "assigned": _aspect(
        "substate assignee_user assignee_team assigned_by_hand", "assignee_user assignee_team"
    ),
}
STANDING = """
select i.id, i.state, i.substate, i.state_at, i.archive, i.acknowledged_at, i.acknowledged_by,
  i.assignee_user, i.assignee_team, i.assigned_by_hand
  from json_each(?) w cross join issue i on i.id = w.value
"""


def of(tx: Transaction, issue_ids: Sequence[int]) -> list[Standing]:
    """Where each of the issues stands; one that is not there is left out."""
    unique = json.dumps(list(dict.fromkeys(issue_ids)))
    return [
        Standing(row[0], State(row[1]), Substate(row[2]), *row[3:])
        for row in tx.execute(STANDING, (unique,))
    ]


COPY = """
update issue_env set state = ?1
 where env_id in (select 0 union all select id from environment)
   and issue_id in (select value from json_each(?2))
"""


def put(tx: Transaction, aspect: str, values: Sequence[tuple[int, list[Any]]]) -> None:
    """Write an aspect of some issues: (issue, values of its columns)."""
    tx.executemany(ASPECTS[aspect].sql, [(*columns, issue_id) for issue_id, columns in values])
    if aspect != "state":
        return
    by_state: dict[int, list[int]] = {}
    for issue_id, columns in values:
        by_state.setdefault(columns[0], []).append(issue_id)
    for state, issue_ids in by_state.items():
        tx.execute(COPY, (state, json.dumps(issue_ids)))
