"""The state of an issue as a value, and the one place that writes it: the issue and the copies its
environments carry.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from lighttrace.store.database import Transaction
from lighttrace.store.states import State, Substate


@dataclass(frozen=True, slots=True)
class Change:
    """The state an issue has, had or shall have."""

    issue_id: int
    state: State
    substate: Substate
    state_at: int  # ms


SET = "update issue set state = ?, substate = ?, state_at = ? where id = ?"
COPY = """
update issue_env set state = ?1
 where env_id in (select 0 union all select id from environment)
   and issue_id in (select value from json_each(?2))
"""


def put(tx: Transaction, changes: Iterable[Change]) -> None:
    by_state: dict[State, list[int]] = {}
    values = []
    for it in changes:
        by_state.setdefault(it.state, []).append(it.issue_id)
        values.append((it.state, it.substate, it.state_at, it.issue_id))
    tx.executemany(SET, values)
    for state, issue_ids in by_state.items():
        tx.execute(COPY, (state, json.dumps(issue_ids)))
