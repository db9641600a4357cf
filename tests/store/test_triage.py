"""What people decide about issues, and that all of it can be taken back."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from lighttrace.errors import RefusedError
from lighttrace.store import (
    activity,
    archiving,
    assignees,
    issue_list,
    issues,
    judging,
    triage,
    users,
)
from lighttrace.store.assignees import Assignee
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.issues import Issue
from lighttrace.store.sight import ALL, Sight
from lighttrace.store.states import State, Substate
from lighttrace.store.writes import Claim, Judgement
from tests.store.make import MINUTE, NOON, an_event
from tests.store.shelf import Shelf, a_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Issues 1 to 3; Mira is user 1, Jon user 2, billing team 1."""
    with a_shelf(tmp_path) as shelf:
        for name in ("Mira", "Jon"):
            users.add(shelf.db, f"{name}@shop.example".lower(), name, "member", None, NOON)
        shelf.db.execute("insert into team(slug, name, created_at) values('billing', 'B', 0)")
        for group in "abc":
            shelf.receive(an_event(group=group))
        yield shelf


MIRA, JON = Assignee("user", 1, "Mira", "mira@shop.example"), Assignee("user", 2, "Jon")
BILLING = Assignee("team", 1, "billing")


def issue(shelf: Shelf, issue_id: int = 1) -> Issue:
    found = issues.get(shelf.db, issue_id, ALL)
    assert found is not None
    return found


def kinds(shelf: Shelf, issue_id: int = 1) -> list[str]:
    return [it.kind for it in activity.of_issue(shelf.db, issue_id)]


def test_who_acknowledged_first_stays(shelf: Shelf):
    assert triage.acknowledge(shelf.db, [1], 1, NOON)
    assert triage.acknowledge(shelf.db, [1], 2, NOON + 1) is None
    found = issue(shelf)
    assert (found.acknowledged_at, found.acknowledged_by) == (NOON, "Mira")
    assert found.substate is Substate.ONGOING  # somebody took it up
    assert kinds(shelf) == ["acknowledged"]


def test_an_acknowledgement_is_taken_back_whole(shelf: Shelf):
    undo = triage.acknowledge(shelf.db, [1, 2], 1, NOON)
    assert undo is not None and undo.count == 2
    assert triage.undo(shelf.db, undo.token, 2, NOON + MINUTE) == [1, 2]
    found = issue(shelf)
    assert (found.acknowledged_at, found.substate) == (None, Substate.NEW)
    assert kinds(shelf) == ["undone", "acknowledged"]


def test_an_issue_is_given_to_somebody_or_nobody(shelf: Shelf):
    triage.assign(shelf.db, [1], MIRA, 2, NOON)
    assert issue(shelf).assignee == MIRA
    triage.assign(shelf.db, [1], BILLING, 2, NOON)
    assert issue(shelf).assignee == BILLING
    triage.assign(shelf.db, [1], None, 2, NOON)
    assert issue(shelf).assignee is None
    assert kinds(shelf) == ["unassigned", "assigned", "assigned"]
    assert activity.of_issue(shelf.db, 1)[1].detail["to"] == "#billing"


def test_a_rule_never_overrules_a_person(shelf: Shelf):
    assert triage.assign(shelf.db, [1], BILLING, None, NOON, rule="tags.team:billing")
    assert triage.assign(shelf.db, [1], JON, 1, NOON)
    assert triage.assign(shelf.db, [1], BILLING, None, NOON, rule="tags.team:billing") is None
    assert triage.assign(shelf.db, [2], None, 1, NOON)  # to nobody, by hand
    assert triage.assign(shelf.db, [2], BILLING, None, NOON, rule="tags.team:billing") is None
    assert [issue(shelf, it).assignee for it in (1, 2)] == [
        Assignee("user", 2, "Jon", "jon@shop.example"),
        None,
    ]


def test_taking_an_assignment_back_leaves_the_state_alone(shelf: Shelf):
    undo = triage.assign(shelf.db, [1, 2], MIRA, 1, NOON)
    assert undo is not None
    triage.set_state(shelf.db, [1], State.RESOLVED, 1, NOON + 1)
    triage.assign(shelf.db, [2], JON, 1, NOON + 2)  # somebody decided otherwise since
    assert triage.undo(shelf.db, undo.token, 1, NOON + 3) == [1]
    assert issue(shelf).state is State.RESOLVED and issue(shelf).assignee is None
    assert issue(shelf, 2).assignee is not None


def test_what_comes_back_is_nobodys_work_yet(shelf: Shelf):
    triage.acknowledge(shelf.db, [1], 1, NOON)
    triage.set_state(shelf.db, [1], State.RESOLVED, 1, NOON)
    shelf.receive(an_event(at=NOON + MINUTE))
    assert issue(shelf).substate is Substate.REGRESSED
    assert issue(shelf).acknowledged_at is None


def test_people_and_teams_are_named_in_every_way_that_tools_write(shelf: Shelf):
    for text in ("user:1", "mira@shop.example", "MIRA@shop.example", "user:mira@shop.example"):
        assert assignees.find(shelf.db, text) == MIRA
    for text in ("team:1", "#billing", "team:billing", "team:#billing"):
        assert assignees.find(shelf.db, text) == BILLING
    for text in ("", "user:9", "team:", "#", "user:" + "9" * 30, "nobody@shop.example", "\0"):
        assert assignees.find(shelf.db, text) is None


def close(shelf: Shelf) -> None:
    """The project is of team web alone, in which is Jon; Ada is an admin."""
    db = shelf.db
    db.execute("insert into team(slug, name, created_at) values('web', 'W', 0)")
    db.execute("insert into project_team(project_id, team_id) values(1, 2)")
    db.execute("insert into team_member(team_id, user_id) values(2, 2)")
    users.add(db, "ada@shop.example", "Ada", "admin", None, NOON)


def test_an_issue_is_offered_to_those_who_see_it(shelf: Shelf):
    def offered() -> list[str]:
        return [it.shown for it in assignees.of_projects(shelf.db, [1])]

    assert offered() == ["Jon", "Mira", "#billing"]
    close(shelf)
    assert offered() == ["Ada", "Jon", "#web"]
    users.disable(shelf.db, 2, None, NOON)
    assert offered() == ["Ada", "#web"]
    assert assignees.of_projects(shelf.db, []) == []


def test_nobody_is_given_what_they_do_not_see(shelf: Shelf):
    close(shelf)
    for whom in (MIRA, BILLING, Assignee("user", 9, "Nobody")):
        with pytest.raises(RefusedError, match="cannot see"):
            triage.assign(shelf.db, [1, 2], whom, 2, NOON)
    assert issue(shelf).assignee is None and kinds(shelf) == []
    for whom in (JON, Assignee("user", 3, "Ada"), Assignee("team", 2, "web")):
        assert triage.assign(shelf.db, [1], whom, 2, NOON)
    assert issue(shelf).assignee == Assignee("team", 2, "web")


def test_whoever_no_longer_sees_an_issue_keeps_it_and_that_is_said(shelf: Shelf):
    triage.assign(shelf.db, [1], MIRA, 2, NOON)
    triage.assign(shelf.db, [2], BILLING, 2, NOON)
    triage.assign(shelf.db, [3], JON, 2, NOON)
    assert assignees.blind(shelf.db, [1, 2, 3]) == set()
    close(shelf)
    assert assignees.blind(shelf.db, [1, 2, 3]) == {1, 2}
    found = issue(shelf).assignee
    assert found is not None and (found.name, found.sees) == ("Mira", False)
    rows = issue_list.search(shelf.db, IssueQuery(now_ms=NOON)).rows
    assert {it.id: it.assignee and it.assignee.sees for it in rows} == {1: False, 2: False, 3: True}
    users.disable(shelf.db, 2, None, NOON)
    assert assignees.blind(shelf.db, [3]) == {3}


def test_a_rule_names_an_owner_who_does_not_see_it_but_gives_them_nothing(shelf: Shelf):
    close(shelf)
    for issue_id, owner in ((1, "#billing"), (2, "#web")):
        judged = Judgement((Claim(owner, "path:shop/*"),), 1, auto_assign=True)
        judging.give(shelf.db, issue_id, judged, NOON)
    assert [it.owner and it.owner.name for it in map(partial(issue, shelf), (1, 2))] == [
        *("billing", "web")
    ]
    assert issue(shelf, 1).assignee is None
    assert issue(shelf, 2).assignee == Assignee("team", 2, "web")


def test_only_what_is_seen_is_changed(shelf: Shelf):
    assert issues.visible(shelf.db, [1, 2, 2, 99], ALL) == [1, 2]
    assert issues.visible(shelf.db, [1, 2], Sight(frozenset({7}))) == []


def test_archiving_again_changes_the_condition(shelf: Shelf):
    triage.set_state(shelf.db, [1], State.ARCHIVED, 1, NOON)
    assert issue(shelf).archive.kind == "escalating"
    triage.set_state(shelf.db, [1], State.ARCHIVED, 1, NOON + 1, archive=archiving.FOREVER)
    assert issue(shelf).archive == archiving.FOREVER
