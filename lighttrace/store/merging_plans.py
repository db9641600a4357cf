"""What moving hashes between issues comes to: plans to merge issues, to take a merged one out again
and to split a hash off.

A merged issue stays as a row that names the one it went into. What went into it before stays below
it: merging makes a tree, and to unmerge is to cut off a branch as it grew. A hash is at home in the
issue it came with, and counts for the root above that. Every issue of a tree has a hash of its own.

A plan is pure reading, so it can be made in a reader's thread while the writer goes on; it names
what it was made from, and is made anew inside the transaction if that has changed.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lighttrace.errors import RefusedError
from lighttrace.store import parts
from lighttrace.store.branches import family, root
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.parts import ALL, ByEnv, Counts, Met, Numbers, Part, Sum
from lighttrace.store.tallies import DAY_MS

MOST_MERGED = 200  # at once; a page of the list shows half of that


@dataclass(frozen=True, slots=True)
class Plan:
    """Which hashes change their issue, and what follows from that for the numbers of all."""

    stamp: tuple[Any, ...]  # what it was made from
    hashes: tuple[int, ...]
    numbers: dict[int, ByEnv]  # issue → all it has afterwards; of issue 0, that which is to be made
    kept: tuple[Part, ...] = ()
    forgotten: tuple[int, ...] = ()  # issues that are nothing but themselves again
    unhandled: dict[int, bool] = field(default_factory=dict)
    newest: int | None = None  # the issue that has the newest event of all


STAMP = """
select i.id, i.merged_into, (select last_event from issue_env where env_id = 0 and issue_id = i.id),
  (select count(*) from grouphash where issue_id = i.id)
  from json_each(?) w cross join issue i on i.id = w.value
"""


def _stamp(db: Reader, issue_ids: Sequence[int]) -> tuple[Any, ...]:
    """Changes with every event of these issues, and whenever their hashes move."""
    return tuple(db.execute(STAMP, (json.dumps(list(issue_ids)),)).fetchall())


HASHES = "select id, coalesce(home_issue, issue_id) from grouphash where issue_id = ? order by id"


def _homes(db: Reader, issue_id: int) -> dict[int, list[int]]:
    """Which hashes an issue has, by the issue they are at home in."""
    found: dict[int, list[int]] = {}
    for hash_id, home in db.execute(HASHES, (issue_id,)):
        found.setdefault(home, []).append(hash_id)
    return found


def _every(homes: Mapping[int, list[int]], among: Iterable[int] | None = None) -> list[int]:
    return [it for home in (homes if among is None else among) for it in homes.get(home, ())]


MERGEABLE = """
select i.id, i.project_id from json_each(?) w cross join issue i on i.id = w.value
 where i.merged_into is null
"""


def merge(db: Reader, into: int, others: Sequence[int], now_ms: int) -> Plan:
    """Raises RefusedError if these cannot be one issue."""
    ids = list(dict.fromkeys((into, *others)))
    if len(ids) < 2:
        raise RefusedError("To merge takes two issues.")
    if len(ids) > MOST_MERGED:
        raise RefusedError(f"At most {MOST_MERGED} issues can be merged at once.")
    projects = dict(db.execute(MERGEABLE, (json.dumps(ids),)).fetchall())
    if len(projects) < len(ids):
        raise RefusedError("One of these issues is gone, or was merged already.")
    if len(set(projects.values())) > 1:
        raise RefusedError("Issues of different projects cannot be merged.")
    known = parts.stored(db, ids)
    total, lost, kept = Sum(db), dict[int, int](), list[Part]()
    hashes: dict[int, list[int]] = {}
    for issue_id in ids:
        own = parts.of_issue(db, issue_id)
        hashes[issue_id] = _every(_homes(db, issue_id))
        here = parts.people(db, hashes[issue_id])
        total.add(own)
        for env_id, n in parts.forgotten(own, here).items():
            lost[env_id] = lost.get(env_id, 0) + n
        if issue_id not in known:
            kept.append(parts.part(db, issue_id, own, hashes[issue_id], here, now_ms))
    here = parts.people(db, _every(hashes))
    numbers = {
        env_id: replace(it, people=here.get(env_id, 0) + lost.get(env_id, 0))
        for env_id, it in total.by_env.items()
    }
    return Plan(
        stamp=_stamp(db, ids),
        hashes=tuple(_every(hashes, ids[1:])),
        numbers={**{it: ByEnv() for it in ids[1:]}, into: numbers},
        kept=tuple(kept),
    )


def unmerge(db: Reader, issue_id: int) -> Plan:
    """Take an issue out of the one it was merged into, with all that went into it before."""
    top = root(db, issue_id)
    if top == issue_id:
        raise RefusedError("This issue is not merged into another.")
    branch = family(db, issue_id)
    rest = [it for it in family(db, top) if it not in branch]
    homes, before = _homes(db, top), parts.of_issue(db, top)
    known = parts.stored(db, (*branch, *rest))
    out = parts.today(db, [known[it] for it in branch if it in known], homes, before)
    stays = parts.today(db, [known[it] for it in rest if it in known], homes, before)
    here = parts.people(db, _every(homes))
    numbers: ByEnv = {}
    for env_id, row in before.items():
        leaving = out.numbers.get(env_id)
        # what nobody can tell apart any more stays: the sum is the same before and after
        lost = row.people - here.get(env_id, 0)
        if leaving is not None:
            lost -= leaving.people - out.people.get(env_id, 0)
        n = row.n - (leaving.n if leaving else 0)
        people = stays.people.get(env_id, 0) + max(0, lost)
        if n > 0 or env_id == ALL:
            numbers[env_id] = replace(stays.numbers.get(env_id, row), n=n, people=people)
    newest = before[ALL].last_event if ALL in before else 0
    return Plan(
        stamp=_stamp(db, (top, issue_id)),
        hashes=tuple(_every(homes, branch)),
        numbers={top: numbers, issue_id: out.numbers},
        forgotten=tuple(it[0] for it in (branch, rest) if len(it) == 1),
        unhandled={issue_id: out.unhandled},
        newest=issue_id if out.numbers and out.numbers[ALL].last_event == newest else top,
    )


def split(db: Reader, issue_id: int, hash_id: int, now_ms: int) -> Plan:
    """Make a hash an issue of its own, which is number 0 of the plan; the last hash of a merged
    issue goes home to that. Raises RefusedError.
    """
    homes, before = _homes(db, issue_id), parts.of_issue(db, issue_id)
    home = next((it for it, hashes in homes.items() if hash_id in hashes), None)
    if home is None:
        raise RefusedError("This issue has no such hash.")
    if len(_every(homes)) == 1:
        raise RefusedError("This is the only hash of the issue: there is nothing to split it from.")
    if len(homes[home]) == 1 and home == issue_id:
        raise RefusedError(
            "This is the issue's own last hash: all others were merged into it. "
            "Unmerge those instead."
        )
    if len(homes[home]) == 1:
        return unmerge(db, home)
    leaving = parts.met(db, [hash_id], before)
    numbers = {0: _alone(before, leaving, parts.people(db, [hash_id]))}
    every = _every(homes)
    left = [it for it in every if it != hash_id]
    stays = parts.met(db, left, before)
    lost = parts.forgotten(before, parts.people(db, every))
    numbers[issue_id] = _without(before, leaving, stays, parts.people(db, left), lost)
    kept = []
    if part := parts.stored(db, [home]).get(home):
        own = [it for it in homes[home] if it != hash_id]
        whole = parts.today(db, [part], {home: homes[home]}, before)
        here = parts.people(db, own)
        own_lost = parts.forgotten(whole.numbers, whole.people)
        rest = _without(whole.numbers, leaving, parts.met(db, own, before), here, own_lost)
        anew = parts.part(db, home, rest, own, here, now_ms)
        kept.append(replace(anew, face=part.face))
    newest = before[ALL].last_event
    return Plan(
        stamp=_stamp(db, (issue_id,)),
        hashes=(hash_id,),
        numbers=numbers,
        kept=tuple(kept),
        unhandled={0: leaving.unhandled},
        newest=0 if ALL in numbers[0] and numbers[0][ALL].last_event == newest else issue_id,
    )


def _alone(whole: ByEnv, leaving: Met, people: Counts) -> ByEnv:
    """A hash by itself. Where its events are gone, the counters know the day."""
    numbers: ByEnv = {}
    for env_id, n in leaving.n.items():
        if env_id in leaving.seen:
            seen = leaving.seen[env_id]
        elif env_id in whole and env_id in leaving.days:
            row, (first, last) = whole[env_id], leaving.days[env_id]
            seen = replace(
                row,
                first_at=max(row.first_at, first * DAY_MS),
                last_at=min(row.last_at, (last + 1) * DAY_MS - 1),
                last_event=row.first_event,
            )
        else:
            continue
        numbers[env_id] = replace(seen, n=n, people=people.get(env_id, 0))
    return numbers


def _without(whole: ByEnv, leaving: Met, stays: Met, people: Counts, lost: Counts) -> ByEnv:
    """What an issue has when a hash has left. What is older than events and counters stays."""
    numbers: ByEnv = {}
    for env_id, row in whole.items():
        n = row.n - leaving.n.get(env_id, 0)
        if n <= 0 and env_id != ALL:
            continue
        gone, left = leaving.seen.get(env_id), stays.seen.get(env_id)
        kept = row if gone is None or left is None else _edges(row, gone, left)
        n_people = people.get(env_id, 0) + lost.get(env_id, 0)
        numbers[env_id] = replace(kept, n=max(0, n), people=n_people)
    return numbers


def _edges(whole: Numbers, gone: Numbers, left: Numbers) -> Numbers:
    """First and last are those of what is left where they were those of what is gone."""
    return replace(
        whole,
        first_at=whole.first_at if gone.first_at > whole.first_at else left.first_at,
        last_at=whole.last_at if gone.last_at < whole.last_at else left.last_at,
        first_event=whole.first_event if gone.first_event > whole.first_event else left.first_event,
        last_event=whole.last_event if gone.last_event < whole.last_event else left.last_event,
        first_release=(
            left.first_release if gone.first_release == whole.first_release else whole.first_release
        ),
        last_release=(
            left.last_release if gone.last_release == whole.last_release else whole.last_release
        ),
    )


MOVE = """
update grouphash set home_issue = coalesce(home_issue, issue_id), issue_id = ?1
 where id in (select value from json_each(?2))
"""
# a hash that counts where it is at home says so by saying nothing
SETTLE = "update grouphash set home_issue = null where issue_id = ?1 and home_issue = ?1"
SETTLE_THERE = "update grouphash set home_issue = null where id in (select value from json_each(?))"


def carry_out(tx: Transaction, plan: Plan, to: int) -> None:
    """`to` is the issue the hashes move to; it stands for number 0 of the plan as well."""
    tx.execute(MOVE, (to, json.dumps(plan.hashes)))
    if 0 in plan.numbers:
        tx.execute(SETTLE_THERE, (json.dumps(plan.hashes),))
    tx.execute(SETTLE, (to,))
    for issue_id, numbers in plan.numbers.items():
        parts.put(tx, issue_id or to, numbers)
    parts.save(tx, plan.kept)
    parts.forget(tx, plan.forgotten)


def is_stale(tx: Transaction, plan: Plan) -> bool:
    """Whether an event or another plan has come between the making of a plan and now."""
    return _stamp(tx, [row[0] for row in plan.stamp]) != plan.stamp
