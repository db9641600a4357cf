"""What people decide about issues: state, condition of archiving, acknowledging, assigning. Every
change records activity, and one token takes all of it back for ten minutes.

The one place that writes these columns but for the writer, whose events may reopen an issue
(`issue_changes.py`). Whoever calls for a person passes only issues that person sees.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lighttrace.event.model import Json
from lighttrace.store import activity, archiving
from lighttrace.store.activity import Undo
from lighttrace.store.archiving import UNTIL_ESCALATING, Archive
from lighttrace.store.assignees import Assignee
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


def standing(tx: Transaction, issue_ids: Sequence[int]) -> list[Standing]:
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


def _put(tx: Transaction, aspect: str, values: Sequence[tuple[int, list[Any]]]) -> None:
    """Write an aspect of some issues: (issue, values of its columns)."""
    tx.executemany(ASPECTS[aspect].sql, [(*columns, issue_id) for issue_id, columns in values])
    if aspect != "state":
        return
    by_state: dict[int, list[int]] = {}
    for issue_id, columns in values:
        by_state.setdefault(columns[0], []).append(issue_id)
    for state, issue_ids in by_state.items():
        tx.execute(COPY, (state, json.dumps(issue_ids)))


def _change(
    tx: Transaction,
    aspect: str,
    before: Sequence[Standing],
    after: Callable[[Standing], list[Any]],
    kind: str,
    user_id: int | None,
    now_ms: int,
    said: dict[str, Json],
) -> Undo | None:
    """Give each issue its new values, record it, and say how all of it is taken back."""
    if not before:
        return None
    _put(tx, aspect, [(it.issue_id, after(it)) for it in before])
    whole = ASPECTS[aspect]
    now = standing(tx, [before[0].issue_id])[0]
    back: dict[str, Json] = {
        "aspect": aspect,
        "what": kind,
        "sign": whole.mark(now),
        "before": [[it.issue_id, *whole.of(it)] for it in before],
    }
    issue_ids = [it.issue_id for it in before]
    return activity.record(tx, issue_ids, kind, user_id, now_ms, said, back=back)


KINDS = {State.UNRESOLVED: "reopened", State.RESOLVED: "resolved", State.ARCHIVED: "archived"}


def set_state(
    tx: Transaction,
    issue_ids: Sequence[int],
    state: State,
    user_id: int | None,
    now_ms: int,
    *,
    archive: Archive = UNTIL_ESCALATING,
    cause: str = "person",
) -> Undo | None:
    """Bring issues into a state; None if all were in it already. An archived issue takes another
    condition. `cause` says what asked for it, where it was not a person on a page.
    """
    before = [it for it in standing(tx, issue_ids) if not _is_so(it, state, archive)]

    def after(it: Standing) -> list[Any]:
        # Nobody calls a reopened issue new; what happened to it stays known while it is put away.
        substate = Substate.ONGOING if state is State.UNRESOLVED else it.substate
        condition = None
        if state is State.ARCHIVED:
            begun = archiving.begun(tx, archive, it.issue_id, now_ms)
            condition = archiving.encode(begun)
        return [state, substate, now_ms, condition]

    said: dict[str, Json] = {"cause": cause}
    if state is State.ARCHIVED:
        said["archive"] = archiving.said(archive)
    return _change(tx, "state", before, after, KINDS[state], user_id, now_ms, said)


def _is_so(it: Standing, state: State, archive: Archive) -> bool:
    if it.state != state or state is not State.ARCHIVED:
        return it.state == state
    return archiving.said(archiving.decode(it.archive)) == archiving.said(archive)


def _acted(it: Standing) -> Substate:
    """An issue somebody has taken up is not new any more (docs/triage.md, "States")."""
    return Substate.ONGOING if it.substate is Substate.NEW else it.substate


def acknowledge(
    tx: Transaction,
    issue_ids: Sequence[int],
    user_id: int | None,
    now_ms: int,
    *,
    on: bool = True,
    cause: str = "person",
) -> Undo | None:
    """Say that somebody is at it, or (`on=False`) that nobody is. Who was first stays; None if all
    were so already.
    """
    found = standing(tx, issue_ids)
    before = [it for it in found if (it.acknowledged_at is not None) != on]

    def after(it: Standing) -> list[Any]:
        return [_acted(it), now_ms, user_id] if on else [it.substate, None, None]

    kind = "acknowledged" if on else "unacknowledged"
    return _change(tx, "acknowledged", before, after, kind, user_id, now_ms, {"cause": cause})


def assign(
    tx: Transaction,
    issue_ids: Sequence[int],
    to: Assignee | None,
    user_id: int | None,
    now_ms: int,
    *,
    cause: str = "person",
    rule: str = "",
) -> Undo | None:
    """Give issues to somebody, or to nobody. With a `rule` (its words) nobody decided by hand, and
    issues about which somebody did are left alone; None if nothing changes.
    """
    user = to.id if to is not None and to.kind == "user" else None
    team = to.id if to is not None and to.kind == "team" else None
    by_hand = not rule
    before = [
        it
        for it in standing(tx, issue_ids)
        if (it.assignee_user, it.assignee_team) != (user, team)
        or (by_hand and not it.assigned_by_hand)
    ]
    if rule:
        before = [it for it in before if not it.assigned_by_hand]

    def after(it: Standing) -> list[Any]:
        return [_acted(it) if by_hand else it.substate, user, team, int(by_hand)]

    said: dict[str, Json] = {"cause": "rule" if rule else cause}
    if to is not None:
        said["to"] = to.shown
    if rule:
        said["rule"] = rule
    kind = "assigned" if to is not None else "unassigned"
    return _change(tx, "assigned", before, after, kind, user_id, now_ms, said)


def undo(tx: Transaction, token: str, user_id: int | None, now_ms: int) -> list[int] | None:
    """Take a change back, once; returns the issues that were put back.

    An issue that somebody or something has changed since stays as it is. None if the token is
    unknown, used or too old.
    """
    taken = activity.take(tx, token, now_ms)
    if taken is None:
        return None
    aspect = ASPECTS[taken["aspect"]]
    was = {row[0]: row[1:] for row in taken["before"]}
    still = [it for it in standing(tx, list(was)) if aspect.mark(it) == taken["sign"]]
    _put(tx, taken["aspect"], [(it.issue_id, was[it.issue_id]) for it in still])
    issue_ids = [it.issue_id for it in still]
    activity.record(tx, issue_ids, activity.UNDONE, user_id, now_ms, {"what": taken["what"]})
    return issue_ids
