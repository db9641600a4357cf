"""One issue: how it is called, what people decide about it, and taking that back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.store import activity, issues, triage, users
from lighttrace.store.sight import ALL
from lighttrace.store.states import State, Substate
from tests.store.make import HOUR, MINUTE, NOON, an_event
from tests.store.shelf import Shelf, a_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path, "shop-web", "api") as made:
        yield made


def states_of(shelf: Shelf, issue_id: int) -> set[int]:
    """The states the issue and its copies in every environment carry."""
    rows = shelf.db.execute(
        "select state from issue where id = ?1"
        " union select state from issue_env where issue_id = ?1",
        (issue_id,),
    )
    return {row[0] for row in rows}


def kinds(shelf: Shelf, issue_id: int) -> list[str]:
    return [it.kind for it in activity.of_issue(shelf.db, issue_id)]


@pytest.mark.parametrize(
    ("number", "short"), [(1, "SHOP-1"), (31, "SHOP-Z"), (32, "SHOP-10"), (143, "SHOP-4F")]
)
def test_short_ids_count_in_crockfords_digits(number: int, short: str) -> None:
    assert issues.short_id("SHOP", number) == short


def test_an_issue_says_what_its_events_said(shelf: Shelf) -> None:
    shelf.receive(
        an_event(at=NOON - HOUR, user="ada", release="shop@1.0.0", environment="staging"),
        an_event(at=NOON - 2 * HOUR, user="ada", release="shop@1.1.0"),
        an_event(
            at=NOON, user="bob", unhandled=True, tags=(("component", "cart"), ("os", "Linux"))
        ),
    )
    issue = issues.get(shelf.db, 1, ALL)
    assert issue is not None
    assert (issue.short_id, issue.title, issue.value) == ("SHOP-WEB-1", "KeyError", "'price'")
    assert (issue.n_ever, issue.people_ever, issue.unhandled) == (3, 2, True)
    assert (issue.first_at, issue.last_at) == (NOON - 2 * HOUR, NOON)
    assert (issue.first_release, issue.last_release) == ("shop@1.0.0", "shop@1.1.0")
    assert (issue.state, issue.substate) == (State.UNRESOLVED, Substate.NEW)
    assert issue.tags_hint == (("component", "cart"),)
    assert [(it.env, it.n, it.people) for it in issue.env_counts] == [
        ("production", 2, 2),
        ("staging", 1, 1),
    ]


def test_a_short_id_is_found_however_it_is_written(shelf: Shelf) -> None:
    shelf.receive(an_event())
    for text in ("SHOP-WEB-1", "shop-web-1", " SHOP-WEB-I ", "shop-web-l"):
        assert issues.id_of_short(shelf.db, text) == 1
    found = issues.by_short_id(shelf.db, "shop-web-1", ALL)
    assert found == issues.get(shelf.db, 1, ALL)


@pytest.mark.parametrize(
    "text", ["", "-", "SHOP-WEB-", "SHOP-WEB-2", "WEB-1", "SHOP-WEB-U", "x" * 5000, "SHOP-WEB-²"]
)
def test_what_is_no_short_id_finds_nothing(shelf: Shelf, text: str) -> None:
    shelf.receive(an_event())
    assert issues.by_short_id(shelf.db, text, ALL) is None


def test_an_issue_of_a_deleted_project_is_gone(shelf: Shelf) -> None:
    shelf.receive(an_event())
    shelf.db.execute("update project set deleted_at = 1 where id = 1")
    assert issues.get(shelf.db, 1, ALL) is issues.by_short_id(shelf.db, "SHOP-WEB-1", ALL) is None


def test_resolving_reaches_every_environment_and_says_who(shelf: Shelf) -> None:
    mira = users.add(shelf.db, "mira@example.com", "Mira", "owner", None, NOON)
    shelf.receive(an_event(), an_event(environment="staging"), an_event(environment=None))
    undo = triage.set_state(shelf.db, [1], State.RESOLVED, mira.id, NOON)
    assert undo is not None and undo.count == 1
    assert states_of(shelf, 1) == {State.RESOLVED}
    (entry,) = activity.of_issue(shelf.db, 1)
    assert (entry.kind, entry.user_name, entry.at) == ("resolved", "Mira", NOON)
    assert entry.undo == undo.token and entry.undo_until == NOON + 10 * MINUTE
    assert "before" not in entry.detail


def test_resolving_twice_is_said_once(shelf: Shelf) -> None:
    shelf.receive(an_event())
    assert triage.set_state(shelf.db, [1], State.RESOLVED, None, NOON) is not None
    assert triage.set_state(shelf.db, [1], State.RESOLVED, None, NOON + 1) is None
    assert kinds(shelf, 1) == ["resolved"]


def test_an_issue_that_does_not_exist_changes_nothing(shelf: Shelf) -> None:
    assert triage.set_state(shelf.db, [77], State.RESOLVED, None, NOON) is None


def test_a_reopened_issue_is_not_called_new(shelf: Shelf) -> None:
    shelf.receive(an_event())
    triage.set_state(shelf.db, [1], State.ARCHIVED, None, NOON)
    triage.set_state(shelf.db, [1], State.UNRESOLVED, None, NOON + 1)
    issue = issues.get(shelf.db, 1, ALL)
    assert issue is not None and issue.substate is Substate.ONGOING
    assert kinds(shelf, 1) == ["reopened", "archived"]


def test_one_undo_takes_a_change_of_many_issues_back(shelf: Shelf) -> None:
    ids = [shelf.receive_one(an_event(group=name)) for name in "abc"]
    triage.set_state(shelf.db, ids[:1], State.ARCHIVED, None, NOON - 1)
    undo = triage.set_state(shelf.db, ids, State.RESOLVED, None, NOON)
    assert undo is not None and undo.count == 3
    assert triage.undo(shelf.db, undo.token, None, NOON + MINUTE) == ids
    assert [states_of(shelf, issue_id) for issue_id in ids] == [
        {State.ARCHIVED},
        {State.UNRESOLVED},
        {State.UNRESOLVED},
    ]
    issue = issues.get(shelf.db, ids[1], ALL)
    assert issue is not None and issue.substate is Substate.NEW  # exactly as it was
    assert [kinds(shelf, issue_id)[:2] for issue_id in ids] == [["undone", "resolved"]] * 3


def test_undo_leaves_alone_what_changed_since(shelf: Shelf) -> None:
    one, two, three = (shelf.receive_one(an_event(group=name)) for name in "abc")
    undo = triage.set_state(shelf.db, [one, two, three], State.RESOLVED, None, NOON)
    assert undo is not None
    shelf.receive(an_event(group="a", at=NOON + 1))  # comes back by itself
    triage.set_state(shelf.db, [two], State.ARCHIVED, None, NOON + 2)
    assert triage.undo(shelf.db, undo.token, None, NOON + 3) == [three]
    regressed = issues.get(shelf.db, one, ALL)
    assert regressed is not None and regressed.substate is Substate.REGRESSED
    assert states_of(shelf, two) == {State.ARCHIVED}
    assert kinds(shelf, one) == ["regressed", "resolved"]


def test_a_state_that_was_left_and_taken_again_is_not_the_one_to_undo(shelf: Shelf) -> None:
    shelf.receive(an_event())
    undo = triage.set_state(shelf.db, [1], State.RESOLVED, None, NOON)
    assert undo is not None
    triage.set_state(shelf.db, [1], State.UNRESOLVED, None, NOON + 1)
    triage.set_state(shelf.db, [1], State.RESOLVED, None, NOON + 2)
    assert triage.undo(shelf.db, undo.token, None, NOON + 3) == []
    assert states_of(shelf, 1) == {State.RESOLVED}


def test_undo_works_once_and_for_ten_minutes(shelf: Shelf) -> None:
    shelf.receive(an_event())
    late = triage.set_state(shelf.db, [1], State.RESOLVED, None, NOON)
    assert late is not None
    assert triage.undo(shelf.db, late.token, None, NOON + 10 * MINUTE) is None
    assert triage.undo(shelf.db, late.token, None, NOON + 10 * MINUTE - 1) == [1]
    assert triage.undo(shelf.db, late.token, None, NOON + 1) is None


@pytest.mark.parametrize("token", ["", "zz" * 16, "ab", "00" * 16, "\udc00", "0" * 10_000])
def test_a_token_nobody_gave_out_undoes_nothing(shelf: Shelf, token: str) -> None:
    assert triage.undo(shelf.db, token, None, NOON) is None
