"""What people decide about issues: state, condition of archiving, acknowledging, assigning. Every
change records activity, and one token takes all of it back for ten minutes.

But for merging, the one place that changes these; the writer's events may reopen an issue
(`issue_changes.py`). Whoever calls for a person passes only issues that person sees.
"""

from collections.abc import Callable, Sequence
from typing import Any

from lighttrace.errors import RefusedError
from lighttrace.event.model import Json
from lighttrace.store import activity, archiving, assignees, issues, merging, standing
from lighttrace.store.activity import Undo
from lighttrace.store.archiving import UNTIL_ESCALATING, Archive
from lighttrace.store.assignees import Assignee
from lighttrace.store.database import Transaction
from lighttrace.store.sight import ALL, Sight
from lighttrace.store.standing import ASPECTS, Standing
from lighttrace.store.states import State, Substate


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
    standing.put(tx, aspect, [(it.issue_id, after(it)) for it in before])
    whole = ASPECTS[aspect]
    now = standing.of(tx, [before[0].issue_id])[0]
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
    before = [it for it in standing.of(tx, issue_ids) if not _is_so(it, state, archive)]

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
    found = standing.of(tx, issue_ids)
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
    issues about which somebody did are left alone; None if nothing changes. Raises RefusedError,
    and gives none of them, if they do not see one.
    """
    hidden = assignees.hidden_from(tx, to, issue_ids) if to is not None else None
    if to is not None and hidden is not None:
        raise RefusedError(
            f"{to.shown} cannot see {hidden}, so nothing was assigned. Who sees a project is said "
            "by its teams."
        )
    user = to.id if to is not None and to.kind == "user" else None
    team = to.id if to is not None and to.kind == "team" else None
    by_hand = not rule
    before = [
        it
        for it in standing.of(tx, issue_ids)
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


def undo(
    tx: Transaction, token: str, user_id: int | None, now_ms: int, sight: Sight = ALL
) -> list[int] | None:
    """Take a change back, once; returns the issues that were put back.

    An issue that somebody or something has changed since stays as it is, and so does one that is
    not seen. None if the token is unknown, used, too old or of issues that are not seen.
    """
    issue_id = activity.issue_of(tx, token)
    if issue_id is None or not issues.visible(tx, [issue_id], sight):
        return None
    taken = activity.take(tx, token, now_ms)
    if taken is None:
        return None
    if "merging" in taken:
        return merging.take_back(tx, taken, user_id, now_ms)
    aspect = ASPECTS[taken["aspect"]]
    was = {row[0]: row[1:] for row in taken["before"]}
    seen = issues.visible(tx, list(was), sight)
    still = [it for it in standing.of(tx, seen) if aspect.mark(it) == taken["sign"]]
    standing.put(tx, taken["aspect"], [(it.issue_id, was[it.issue_id]) for it in still])
    issue_ids = [it.issue_id for it in still]
    activity.record(tx, issue_ids, activity.UNDONE, user_id, now_ms, {"what": taken["what"]})
    return issue_ids
