"""Grouping by hand, as people meet it: what becomes of states, names, short ids and activity. The
numbers are in `test_merging_by_hand.py`.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lighttrace.errors import RefusedError
from lighttrace.store import activity, issue_list, issues, merging, merging_plans, parts, triage
from lighttrace.store.activity import Undo
from lighttrace.store.database import transaction
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.issues import Issue
from lighttrace.store.sight import ALL
from lighttrace.store.states import State, Substate
from tests.store.make import DAY, HOUR, NOON, a_hash, an_event
from tests.store.shelf import Shelf, a_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path, "shop", "blog") as made:
        yield made


def merge(shelf: Shelf, into: int, *others: int, at: int = NOON + 3) -> Undo:
    with transaction(shelf.db) as tx:
        undo = merging.merge(tx, into, others, None, at)
    shelf.forget_hashes()
    return undo


def unmerge(shelf: Shelf, issue_id: int, at: int = NOON + 3) -> Undo:
    with transaction(shelf.db) as tx:
        undo = merging.unmerge(tx, issue_id, None, at)
    shelf.forget_hashes()
    return undo


def split(shelf: Shelf, issue_id: int, group: str, at: int = NOON + 3) -> int:
    with transaction(shelf.db) as tx:
        done = merging.split(tx, issue_id, hash_of(shelf, group), None, at)
    shelf.forget_hashes()
    return done.issue_id


def hash_of(shelf: Shelf, group: str) -> int:
    found = shelf.db.execute("select id from grouphash where hash = ?", (a_hash(group),))
    return int(found.fetchone()[0])


def undo(shelf: Shelf, token: Undo, at: int = NOON + 3) -> list[int] | None:
    with transaction(shelf.db) as tx:
        done = triage.undo(tx, token.token, None, at)
    shelf.forget_hashes()
    return done


def set_state(shelf: Shelf, issue_id: int, state: State, at: int = NOON) -> None:
    with transaction(shelf.db) as tx:
        triage.set_state(tx, [issue_id], state, None, at)


def get(shelf: Shelf, issue_id: int) -> Issue:
    found = issues.get(shelf.db, issue_id, ALL)
    assert found is not None
    return found


def kinds(shelf: Shelf, issue_id: int) -> list[str]:
    return [it.kind for it in reversed(activity.of_issue(shelf.db, issue_id))]


def listed(shelf: Shelf) -> list[int]:
    rows = issue_list.search(shelf.db, IssueQuery(now_ms=NOON + HOUR)).rows
    return sorted(it.id for it in rows)


def two(shelf: Shelf, **over: Any) -> tuple[int, int]:
    a = shelf.receive_one(an_event(group="a", title="KeyError"))
    b = shelf.receive_one(an_event(group="b", title="IndexError", at=NOON + 1, **over))
    return a, b


def test_a_merged_issue_is_in_no_list_and_its_names_mean_the_other(shelf: Shelf) -> None:
    a, b = two(shelf)
    assert listed(shelf) == [a, b]
    merge(shelf, a, b)
    assert listed(shelf) == [a]
    assert issues.id_of_short(shelf.db, "SHOP-2") == a
    assert get(shelf, b).short_id == "SHOP-1"
    assert get(shelf, a).n_ever == 2
    assert issues.in_projects(shelf.db, [a, b], [1]) == [a]
    with transaction(shelf.db) as tx:
        assert issues.visible(tx, [a, b], ALL) == [a]
    unmerge(shelf, b)
    assert listed(shelf) == [a, b] and issues.id_of_short(shelf.db, "shop-2") == b


def test_events_that_come_later_follow(shelf: Shelf) -> None:
    a, b = two(shelf)
    merge(shelf, a, b)
    assert shelf.receive_one(an_event(group="b", at=NOON + 2)) == a
    unmerge(shelf, b)
    assert shelf.receive_one(an_event(group="b", at=NOON + 3)) == b
    new = split_of_two(shelf)
    assert shelf.receive_one(an_event(group="d", at=NOON + 6)) == new


def split_of_two(shelf: Shelf) -> int:
    """An issue of two hashes by nature, as a change of the grouping leaves it, is split."""
    c = shelf.receive_one(an_event(group="c", at=NOON + 4))
    turn_over = "update project set grouping_previous = 1, transition_until = ? where id = 1"
    shelf.db.execute(turn_over, (NOON + DAY,))
    newer = an_event(group="d", at=NOON + 5, grouping_version=2, previous_hash=a_hash("c"))
    assert shelf.receive_one(newer) == c
    new = split(shelf, c, "d")
    shelf.db.execute("update grouphash set version = 1")
    return new


@pytest.mark.parametrize(
    ("into", "other", "after"),
    [
        (State.UNRESOLVED, State.UNRESOLVED, State.UNRESOLVED),
        (State.UNRESOLVED, State.RESOLVED, State.UNRESOLVED),
        (State.RESOLVED, State.RESOLVED, State.RESOLVED),
        (State.RESOLVED, State.UNRESOLVED, State.UNRESOLVED),  # something of it still happens
        (State.RESOLVED, State.ARCHIVED, State.RESOLVED),
        (State.ARCHIVED, State.UNRESOLVED, State.ARCHIVED),  # whoever put it away meant all of it
    ],
)
def test_the_state_of_the_one_that_stays_holds_but_nothing_open_is_closed(
    shelf: Shelf, into: State, other: State, after: State
) -> None:
    a, b = two(shelf)
    set_state(shelf, a, into, NOON + 5)
    set_state(shelf, b, other, NOON + 5)
    token = merge(shelf, a, b, at=NOON + 6)
    assert get(shelf, a).state is after
    copies = shelf.db.execute("select distinct state from issue_env where issue_id = ?", (a,))
    assert copies.fetchall() == [(after,)]
    assert undo(shelf, token, NOON + 7) == [b]
    assert (get(shelf, a).state, get(shelf, b).state) == (into, other)


def test_undo_takes_a_merge_back_once(shelf: Shelf) -> None:
    a, b = two(shelf)
    before = {it: (parts.of_issue(shelf.db, it), get(shelf, it)) for it in (a, b)}
    token = merge(shelf, a, b)
    assert undo(shelf, token) == [b]
    assert {it: (parts.of_issue(shelf.db, it), get(shelf, it)) for it in (a, b)} == before
    assert undo(shelf, token) is None
    assert kinds(shelf, a) == ["merged", "undone"]
    assert shelf.db.execute("select count(*) from issue_part").fetchone() == (0,)


def test_undo_is_too_late_after_ten_minutes(shelf: Shelf) -> None:
    a, b = two(shelf)
    token = merge(shelf, a, b)
    assert undo(shelf, token, NOON + 3 + activity.UNDO_MS) is None


def test_an_unmerge_and_a_split_can_be_taken_back_too(shelf: Shelf) -> None:
    a, b = two(shelf)
    merge(shelf, a, b)
    together = parts.of_issue(shelf.db, a)
    assert undo(shelf, unmerge(shelf, b)) == [b]
    assert parts.of_issue(shelf.db, a) == together
    with transaction(shelf.db) as tx:
        done = merging.split(tx, a, hash_of(shelf, "b"), None, NOON)
    assert done.issue_id == b and done.short_id == "SHOP-2"  # its last hash: it goes home
    assert undo(shelf, done.undo) == [b]
    assert parts.of_issue(shelf.db, a) == together


def test_the_activity_of_both_is_kept_and_shown(shelf: Shelf) -> None:
    a, b = two(shelf)
    set_state(shelf, b, State.RESOLVED)
    set_state(shelf, b, State.UNRESOLVED, NOON + 1)
    merge(shelf, a, b, at=NOON + 2)
    assert kinds(shelf, a) == ["resolved", "reopened", "merged", "merged_into"]
    said = activity.of_issue(shelf.db, a)[1]
    assert said.detail["issues"] == [{"id": b, "short_id": "SHOP-2", "title": "IndexError"}]
    unmerge(shelf, b, at=NOON + 3)
    assert kinds(shelf, a) == ["merged", "unmerged"]
    assert kinds(shelf, b) == ["resolved", "reopened", "merged_into", "unmerged_from"]


def test_what_went_into_the_merged_one_before_comes_out_with_it(shelf: Shelf) -> None:
    a, b = two(shelf)
    c = shelf.receive_one(an_event(group="c", at=NOON + 2))
    merge(shelf, b, c)
    merge(shelf, a, b)
    assert get(shelf, c).id == a and get(shelf, a).n_ever == 3
    unmerge(shelf, b)
    assert get(shelf, c).id == b and get(shelf, b).n_ever == 2 and get(shelf, a).n_ever == 1


def test_who_is_on_it_stays_on_it(shelf: Shelf) -> None:
    a, b = two(shelf)
    add = "insert into user(email, name, role, created_at) values('ada@x', 'Ada', 'member', 0)"
    shelf.db.execute(add)
    give = "update issue set assignee_user = 1, acknowledged_by = 1, acknowledged_at = 5 where id=?"
    shelf.db.execute(give, (b,))
    ask = "select assignee_user, acknowledged_by, acknowledged_at from issue where id = ?"
    token = merge(shelf, a, b)
    assert shelf.db.execute(ask, (a,)).fetchone() == (1, 1, 5)
    undo(shelf, token)
    assert shelf.db.execute(ask, (a,)).fetchone() == (None, None, None)
    assert shelf.db.execute(ask, (b,)).fetchone() == (1, 1, 5)


def test_nobody_is_put_in_the_place_of_whom_somebody_chose(shelf: Shelf) -> None:
    a, b = two(shelf)
    for name in ("ada", "bob"):
        add = "insert into user(email, name, role, created_at) values(?, ?, 'member', 0)"
        shelf.db.execute(add, (name, name))
    shelf.db.execute("update issue set assignee_user = 1 where id = ?", (b,))
    shelf.db.execute("update issue set assigned_by_hand = 1 where id = ?", (a,))  # to nobody
    merge(shelf, a, b)
    ask = "select assignee_user from issue where id = ?"
    assert shelf.db.execute(ask, (a,)).fetchone() == (None,)


def test_each_is_called_by_its_own_latest_event_again(shelf: Shelf) -> None:
    a, b = two(shelf)
    merge(shelf, a, b)
    shelf.receive(an_event(group="b", title="IndexError", value="out of range", at=NOON + 5))
    assert get(shelf, a).title == "IndexError"
    unmerge(shelf, b)
    assert (get(shelf, a).title, get(shelf, a).value) == ("KeyError", "'price'")
    assert (get(shelf, b).title, get(shelf, b).value) == ("IndexError", "out of range")


def test_unhandled_comes_along_and_goes_home(shelf: Shelf) -> None:
    a, b = two(shelf)
    merge(shelf, a, b)
    shelf.receive(an_event(group="b", unhandled=True, at=NOON + 5))
    assert get(shelf, a).unhandled
    unmerge(shelf, b)
    assert get(shelf, b).unhandled


def test_a_resolved_issue_that_failed_while_merged_is_open_when_it_comes_out(shelf: Shelf) -> None:
    a, b = two(shelf)
    set_state(shelf, b, State.RESOLVED, NOON + 2)
    merge(shelf, a, b, at=NOON + 3)
    shelf.receive(an_event(group="b", at=NOON + 10))
    unmerge(shelf, b, at=NOON + 11)
    assert (get(shelf, b).state, get(shelf, b).substate) == (State.UNRESOLVED, Substate.REGRESSED)


def test_what_cannot_be_done_is_said(shelf: Shelf) -> None:
    a, b = two(shelf)
    elsewhere = shelf.receive_one(an_event(project_id=2, at=NOON + 2))
    with pytest.raises(RefusedError, match="different projects"):
        merge(shelf, a, elsewhere)
    with pytest.raises(RefusedError, match="takes two"):
        merge(shelf, a, a)
    with pytest.raises(RefusedError, match="gone"):
        merge(shelf, a, 77)
    with pytest.raises(RefusedError, match="not merged"):
        unmerge(shelf, a)
    with pytest.raises(RefusedError, match="not merged"):
        unmerge(shelf, 77)
    with pytest.raises(RefusedError, match="only hash"):
        split(shelf, a, "a")
    with pytest.raises(RefusedError, match="no such hash"):
        split(shelf, a, "b")
    with pytest.raises(RefusedError, match="At most 200"):
        merge(shelf, a, *range(1000, 1300))
    merge(shelf, a, b)
    with pytest.raises(RefusedError, match="merged already"):
        merge(shelf, b, a)
    with pytest.raises(RefusedError, match="own last hash"):
        split(shelf, a, "a")


def test_a_hash_of_a_newer_grouping_goes_home_with_its_issue(shelf: Shelf) -> None:
    a, b = two(shelf)
    merge(shelf, a, b)
    turn_over = "update project set grouping_previous = 1, transition_until = ? where id = 1"
    shelf.db.execute(turn_over, (NOON + DAY,))
    newer = an_event(group="b2", at=NOON + 5, grouping_version=2, previous_hash=a_hash("b"))
    assert shelf.receive_one(newer) == a
    unmerge(shelf, b)
    assert get(shelf, b).n_ever == 2 and get(shelf, a).n_ever == 1


def test_a_hash_becomes_an_issue_of_its_own(shelf: Shelf) -> None:
    new = split_of_two(shelf)
    assert get(shelf, new).short_id == "SHOP-2" and get(shelf, new).n_ever == 1
    assert get(shelf, 1).n_ever == 1
    assert kinds(shelf, 1) == ["split"] and kinds(shelf, new) == ["split_from"]
    assert activity.of_issue(shelf.db, new)[0].detail["short_id"] == "SHOP-1"


def test_a_plan_made_ahead_is_made_anew_when_an_event_came_between(shelf: Shelf) -> None:
    a, b = two(shelf, user="ada")
    plan = merging_plans.merge(shelf.db, a, [b], NOON)
    assert not merging_plans.is_stale(shelf.db, plan)
    shelf.receive(an_event(group="b", user="bob", at=NOON + 5))
    assert merging_plans.is_stale(shelf.db, plan)
    with transaction(shelf.db) as tx:
        merging.merge(tx, a, [b], None, NOON + 6, plan)
    assert (get(shelf, a).n_ever, get(shelf, a).people_ever) == (3, 2)


def test_what_retention_took_is_not_lost(shelf: Shelf) -> None:
    """Events, meetings and days of long ago are gone; the numbers of all time know them."""
    shelf.receive(an_event(group="a", user="old", at=NOON - 400 * DAY))
    a, b = two(shelf, user="bob")
    shelf.receive(an_event(group="b", user="old", at=NOON - 400 * DAY, environment="staging"))
    before = {it: parts.of_issue(shelf.db, it) for it in (a, b)}
    for table in ("event", "event_body"):
        shelf.db.execute(f"delete from {table} where id = 1 or id = 4")
    shelf.db.execute("delete from hash_person where last_hour < ?", ((NOON - DAY) // HOUR,))
    shelf.db.execute("delete from count_day where day < ?", ((NOON - DAY) // DAY,))
    merge(shelf, a, b)
    together = parts.of_issue(shelf.db, a)[0]
    assert (together.n, together.first_at) == (4, NOON - 400 * DAY)
    assert together.people == 3  # who is forgotten may be one person or two
    unmerge(shelf, b)
    assert {it: parts.of_issue(shelf.db, it) for it in (a, b)} == before


def test_what_retention_took_meanwhile_is_not_lost_either(shelf: Shelf) -> None:
    a, b = two(shelf, user="bob")
    merge(shelf, a, b)
    shelf.receive(an_event(group="b", user="cyd", at=NOON + 5))
    before = parts.of_issue(shelf.db, a)[0]
    shelf.db.execute("delete from event")
    shelf.db.execute("delete from hash_person")
    unmerge(shelf, b)
    out, stays = (parts.of_issue(shelf.db, it)[0] for it in (b, a))
    assert out.n == 2 and out.n + stays.n == before.n
    assert out.people >= 1 and out.people + stays.people >= before.people
    assert replace(stays, n=1, people=0) == replace(stays, n=stays.n, people=0)
