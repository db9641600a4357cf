"""Grouping by hand: several issues made one, taken apart again, one hash split off. What moves is
worked out in `merging_plans.py`; here is what becomes of the issues. Rules: docs/grouping.md, "By
hand".

Each verb takes a plan that was made before in a reader's thread, and makes a new one where that is
stale. Each can be taken back for ten minutes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lighttrace.errors import RefusedError
from lighttrace.event.model import Json
from lighttrace.store import activity, branches, groups, issues, merging_plans, parts, standing
from lighttrace.store.activity import Undo
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.merging_plans import Plan
from lighttrace.store.parts import ALL, Part
from lighttrace.store.states import State, Substate


@dataclass(frozen=True, slots=True)
class Named:
    """An issue as the activity of another calls it."""

    id: int
    short_id: str
    title: str

    @property
    def said(self) -> dict[str, Json]:
        return {"id": self.id, "short_id": self.short_id, "title": self.title}


NAMES = """
select i.id, j.short_prefix, i.short, i.title
  from json_each(?) w cross join issue i on i.id = w.value
 cross join project j on j.id = i.project_id
"""


def _names(db: Reader, issue_ids: Sequence[int]) -> dict[int, Named]:
    rows = db.execute(NAMES, (json.dumps(list(issue_ids)),))
    return {
        id_: Named(id_, issues.short_id(prefix, short), title) for id_, prefix, short, title in rows
    }


INTO = "update issue set merged_into = ?1 where id in (select value from json_each(?2))"
# Who is on it, is on it: what nobody has decided about the one is taken from the first that has it.
ACKNOWLEDGE = """
update issue as i set acknowledged_at = o.acknowledged_at, acknowledged_by = o.acknowledged_by
  from (select o.* from json_each(?2) w cross join issue o on o.id = w.value
         where o.acknowledged_at is not null limit 1) o
 where i.id = ?1 and i.acknowledged_at is null
"""
ASSIGN = """
update issue as i set assignee_user = o.assignee_user, assignee_team = o.assignee_team,
  assigned_by_hand = o.assigned_by_hand
  from (select o.* from json_each(?2) w cross join issue o on o.id = w.value
         where o.assignee_user is not null or o.assignee_team is not null limit 1) o
 where i.id = ?1 and i.assigned_by_hand = 0 and i.assignee_user is null and i.assignee_team is null
"""
UNHANDLED = """
update issue set unhandled = 1 where id = ?1
   and exists(select 1 from json_each(?2) w cross join issue i on i.id = w.value
               where i.unhandled = 1)
"""


def merge(
    tx: Transaction,
    into: int,
    others: Sequence[int],
    user_id: int | None,
    now_ms: int,
    plan: Plan | None = None,
    *,
    cause: str = "person",
) -> Undo:
    """Make issues one. The state of `into` holds, but a resolved one is open again if another was
    open. Raises RefusedError, with the sentence for whoever asked.
    """
    if plan is None or merging_plans.is_stale(tx, plan):
        plan = merging_plans.merge(tx, into, others, now_ms)
    others = [it for it in dict.fromkeys(others) if it != into]
    was, *rest = standing.of(tx, [into, *others])
    if was.state is State.RESOLVED and any(it.state is State.UNRESOLVED for it in rest):
        _reopen(tx, into, Substate.ONGOING, now_ms)
    named = json.dumps(others)
    for sql in (ACKNOWLEDGE, ASSIGN, UNHANDLED, INTO):
        tx.execute(sql, (into, named))
    merging_plans.carry_out(tx, plan, into)
    now = standing.of(tx, [into])[0]
    changed = {
        name: {"sign": it.mark(now), "before": it.of(was)}
        for name, it in standing.ASPECTS.items()
        if it.mark(now) != it.mark(was)
    }
    names = _names(tx, [into, *others])
    back = {"merging": "merged", "into": into, "issues": others, "changed": changed}
    said = {"cause": cause, "issues": [names[it].said for it in others]}
    undo = activity.record(tx, [into], "merged", user_id, now_ms, said, back=back)
    gone = {"cause": cause, **names[into].said}
    activity.record(tx, others, "merged_into", user_id, now_ms, gone)
    assert undo is not None
    return Undo(undo.token, len(others))


def _reopen(tx: Transaction, issue_id: int, substate: Substate, now_ms: int) -> None:
    standing.put(tx, "state", [(issue_id, [State.UNRESOLVED, substate, now_ms, None])])


OUT = "update issue set merged_into = null where id = ?"
MET_SINCE = """
select 1 from event where id = ? and received_at > (
  select max(at) from activity where issue_id = ? and kind = 'merged_into')
"""
SEEN_UNHANDLED = "update issue set unhandled = 1 where id = ?"


def unmerge(
    tx: Transaction,
    issue_id: int,
    user_id: int | None,
    now_ms: int,
    plan: Plan | None = None,
    *,
    cause: str = "person",
) -> Undo:
    """Take an issue out of the one it was merged into. Raises RefusedError if it is in none.

    It comes back in the state it had; but one that was resolved and has met events since is open.
    """
    top = _take_out(tx, issue_id, now_ms, plan)
    names = _names(tx, [top, issue_id])
    back = {"merging": "unmerged", "into": top, "issues": [issue_id]}
    said = {"cause": cause, **names[issue_id].said}
    undo = activity.record(tx, [top], "unmerged", user_id, now_ms, said, back=back)
    came = {"cause": cause, **names[top].said}
    activity.record(tx, [issue_id], "unmerged_from", user_id, now_ms, came)
    assert undo is not None
    return undo


def _take_out(tx: Transaction, issue_id: int, now_ms: int, plan: Plan | None = None) -> int:
    """Returns the issue it was in."""
    if plan is None or merging_plans.is_stale(tx, plan):
        plan = merging_plans.unmerge(tx, issue_id)
    top = branches.root(tx, issue_id)
    then = parts.stored(tx, [top]).get(top)
    tx.execute(OUT, (issue_id,))
    merging_plans.carry_out(tx, plan, issue_id)
    if plan.unhandled.get(issue_id):
        tx.execute(SEEN_UNHANDLED, (issue_id,))
    last_event = plan.numbers[issue_id][ALL].last_event
    if tx.execute(MET_SINCE, (last_event, issue_id)).fetchone():
        if plan.newest == issue_id:
            _tell_apart(tx, issue_id, top, then)
        if standing.of(tx, [issue_id])[0].state is State.RESOLVED:
            _reopen(tx, issue_id, Substate.REGRESSED, now_ms)
    return top


TAKE_FACE = """
update issue as i set title = o.title, value = o.value, culprit = o.culprit, level = o.level,
  platform = o.platform from issue o where i.id = ? and o.id = ?
"""
PUT_FACE = """
update issue set title = v.value ->> 'title', value = v.value ->> 'value',
  culprit = v.value ->> 'culprit', level = v.value ->> 'level', platform = v.value ->> 'platform'
  from json_each(json_array(json(?))) v where issue.id = ?
"""


def _tell_apart(tx: Transaction, out: int, top: int, then: Part | None) -> None:
    """Title, culprit and level follow the latest event: whoever comes out with it is called so, and
    the other as it was.
    """
    tx.execute(TAKE_FACE, (out, top))
    if then is not None and then.face is not None:
        tx.execute(PUT_FACE, (then.face, top))


@dataclass(frozen=True, slots=True)
class SplitOff:
    """The issue a hash moved to: a new one, or the one it was at home in."""

    issue_id: int
    short_id: str
    undo: Undo


# It is put away, acknowledged and assigned as the issue that it comes out of.
ADD_ISSUE = f"""
insert into issue(id, project_id, short, category, title, value, culprit, metadata, level, platform,
  state, substate, state_at, created_at, archive, acknowledged_at, acknowledged_by, assignee_user,
  assignee_team, assigned_by_hand, owner_user, owner_team, owner_rule, high_value)
select {groups.NEXT_ISSUE}, i.project_id, ?, category, coalesce(t.title, i.title),
  iif(t.title is null, i.value, t.value), culprit, metadata, level, platform, state,
  iif(state = 0, 1, substate), state_at, g.created_at, archive, acknowledged_at, acknowledged_by,
  assignee_user, assignee_team, assigned_by_hand, owner_user, owner_team, owner_rule, high_value
  from issue i cross join grouphash g on g.id = ? left join group_text t on t.hash_id = g.id
 where i.id = ? returning id
"""
HASH = "select lower(hex(hash)), project_id from grouphash where id = ?"


def split(
    tx: Transaction,
    issue_id: int,
    hash_id: int,
    user_id: int | None,
    now_ms: int,
    plan: Plan | None = None,
    *,
    cause: str = "person",
) -> SplitOff:
    """Make a hash an issue of its own; the last hash of a merged issue goes home to that. Events
    that come later follow. Raises RefusedError.
    """
    if plan is None or merging_plans.is_stale(tx, plan):
        plan = merging_plans.split(tx, issue_id, hash_id, now_ms)
    if 0 not in plan.numbers:
        (home,) = plan.numbers.keys() - {issue_id}
        went = unmerge(tx, home, user_id, now_ms, plan, cause=cause)
        return SplitOff(home, _names(tx, [home])[home].short_id, went)
    hash_, project_id = tx.execute(HASH, (hash_id,)).fetchone()
    short = tx.execute(groups.NEXT_SHORT, (project_id,)).fetchone()[0]
    new = int(tx.execute(ADD_ISSUE, (short, hash_id, issue_id)).fetchone()[0])
    merging_plans.carry_out(tx, plan, new)
    if plan.newest == 0:
        tx.execute(TAKE_FACE, (new, issue_id))
    if plan.unhandled.get(0):
        tx.execute(SEEN_UNHANDLED, (new,))
    names = _names(tx, [issue_id, new])
    back = {"merging": "split", "into": issue_id, "issues": [new]}
    said = {"cause": cause, "hash": hash_, **names[new].said}
    undo = activity.record(tx, [issue_id], "split", user_id, now_ms, said, back=back)
    came = {"cause": cause, "hash": hash_, **names[issue_id].said}
    activity.record(tx, [new], "split_from", user_id, now_ms, came)
    assert undo is not None
    return SplitOff(new, names[new].short_id, undo)


STILL_IN = """
select i.id from json_each(?) w cross join issue i on i.id = w.value where i.merged_into = ?
"""


def take_back(tx: Transaction, back: dict[str, Any], user_id: int | None, now_ms: int) -> list[int]:
    """Undo what one of these verbs did, by what it left in the activity; returns the issues that
    were put back. What has been changed since stays as it is.
    """
    into, others = back["into"], back["issues"]
    if back["merging"] != "merged":  # taken apart: together again, if both are still there
        try:
            merge(tx, into, others, user_id, now_ms, cause="undo")
        except RefusedError:
            return []
        return list(others)
    still = [it for (it,) in tx.execute(STILL_IN, (json.dumps(others), into))]
    for it in still:
        _take_out(tx, it, now_ms)
    now = standing.of(tx, [into]) if still else []
    for name, was in back["changed"].items():
        if now and standing.ASPECTS[name].mark(now[0]) == was["sign"]:
            standing.put(tx, name, [(into, was["before"])])
    put_back = [into, *still] if still else []
    activity.record(tx, put_back, activity.UNDONE, user_id, now_ms, {"what": "merged"})
    return still


@dataclass(frozen=True, slots=True)
class Merged:
    """An issue that went into another, and that can come out again; `at` in ms."""

    id: int
    short_id: str
    title: str
    at: int | None
    user_name: str | None  # None: a script, or somebody who is gone


MERGED = """
select i.id, j.short_prefix, i.short, i.title, a.at, u.name
  from issue i cross join project j on j.id = i.project_id
  left join activity a on a.id = (select id from activity
    where issue_id = i.id and kind = 'merged_into' order by at desc, id desc limit 1)
  left join user u on u.id = a.user_id
 where i.merged_into = ? order by i.id limit ?
"""


def merged(db: Reader, issue_id: int) -> list[Merged]:
    """What was merged into an issue itself, not what that brought along; at most MOST_MERGED."""
    rows = db.execute(MERGED, (issue_id, merging_plans.MOST_MERGED))
    return [
        Merged(id_, issues.short_id(prefix, short), title, at, name)
        for id_, prefix, short, title, at, name in rows
    ]
