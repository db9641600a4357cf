"""Conditions that bring an archived issue back (docs/triage.md, "Archiving")."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.store import activity, archiving, causes, issues, triage
from lighttrace.store.archiving import FOREVER, UNTIL_ESCALATING, Archive
from lighttrace.store.sight import ALL
from lighttrace.store.states import State, Substate
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event
from tests.store.shelf import Shelf, a_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path) as shelf:
        shelf.receive(an_event(at=NOON - MINUTE, user="ann"))
        yield shelf


def put_away(shelf: Shelf, archive: Archive, at: int = NOON) -> None:
    triage.set_state(shelf.db, [1], State.ARCHIVED, None, at, archive=archive)
    shelf.db.execute("update cause set expanded_at = 0")


def fail(shelf: Shelf, at: int, n: int = 1, users: tuple[str | None, ...] = (None,)) -> None:
    """`n` events, one after the other, by turns of these users."""
    for k in range(n):
        shelf.receive(an_event(at=at + k, user=users[k % len(users)]))


def is_back(shelf: Shelf) -> bool:
    found = issues.get(shelf.db, 1, ALL)
    assert found is not None
    states = {row[0] for row in shelf.db.execute("select state from issue_env")}
    assert states == {found.state}  # the copies agree
    told = [it.kind for it in causes.due(shelf.db, 9)]
    if found.state is State.ARCHIVED:
        assert told == []
        return False
    assert (found.state, found.substate) == (State.UNRESOLVED, Substate.ESCALATING)
    assert told == ["escalating"]
    assert activity.of_issue(shelf.db, 1)[0].kind == "unarchived"
    return True


def test_for_ever_is_for_ever(shelf: Shelf):
    put_away(shelf, FOREVER)
    fail(shelf, NOON + DAY, 200)
    assert not is_back(shelf)


def test_a_time_fires_with_the_next_event_after_it(shelf: Shelf):
    put_away(shelf, Archive("time", at=NOON + HOUR))
    fail(shelf, NOON + HOUR - 2)
    assert not is_back(shelf)
    fail(shelf, NOON + HOUR)
    assert is_back(shelf)


def test_more_events_count_from_archiving(shelf: Shelf):
    put_away(shelf, Archive("events", n=3))
    fail(shelf, NOON + MINUTE, 2)
    assert not is_back(shelf)
    fail(shelf, NOON + 2 * MINUTE)
    assert is_back(shelf)


def test_a_rate_needs_them_close_together(shelf: Shelf):
    put_away(shelf, Archive("events", n=5, minutes=10))
    for k in range(4, 12):
        fail(shelf, NOON + k * 3 * MINUTE)  # four within ten minutes
    assert not is_back(shelf)
    fail(shelf, NOON + 33 * MINUTE + 1)
    assert is_back(shelf)


def test_more_users_are_those_it_had_not_met(shelf: Shelf):
    put_away(shelf, Archive("users", n=2))
    fail(shelf, NOON + MINUTE, 6, ("ann", "bob"))
    assert not is_back(shelf)
    fail(shelf, NOON + 2 * MINUTE, 1, ("cem",))
    assert is_back(shelf)


def test_users_within_minutes_may_be_known(shelf: Shelf):
    put_away(shelf, Archive("users", n=3, minutes=30))
    fail(shelf, NOON, 4, ("ann", "bob"))
    fail(shelf, NOON + 31 * MINUTE, 1, ("cem",))  # the others were longer ago, in the same hour
    assert not is_back(shelf)
    fail(shelf, NOON + 32 * MINUTE, 2, ("ann", "bob"))
    assert is_back(shelf)


@pytest.fixture
def usual(tmp_path: Path) -> Iterator[Shelf]:
    """Two events an hour for a week."""
    with a_shelf(tmp_path) as shelf:
        start = NOON - 7 * DAY
        shelf.receive(*(an_event(at=start + k * HOUR // 2) for k in range(336)))
        yield shelf


def test_fifteen_in_an_hour_where_two_are_usual_is_escalating(usual: Shelf):
    put_away(usual, UNTIL_ESCALATING)
    fail(usual, NOON + HOUR, 9)
    assert not is_back(usual)
    fail(usual, NOON + HOUR + MINUTE, 6)
    assert is_back(usual)


def test_the_usual_goes_on_unnoticed(usual: Shelf):
    put_away(usual, UNTIL_ESCALATING)
    for k in range(1, 97):
        fail(usual, NOON + k * HOUR // 2)
    assert not is_back(usual)


def test_a_day_twice_as_bad_as_the_worst_is_escalating(usual: Shelf):
    put_away(usual, UNTIL_ESCALATING)
    midnight = NOON + 12 * HOUR
    for hour in range(16):  # six an hour: below five times the usual hour
        fail(usual, midnight + hour * HOUR, 6)
    assert not is_back(usual)  # 96 = 2 * 48
    fail(usual, midnight + 16 * HOUR)
    assert is_back(usual)


def test_what_was_rare_needs_ten(shelf: Shelf):
    put_away(shelf, UNTIL_ESCALATING)
    fail(shelf, NOON + DAY, 9)
    assert not is_back(shelf)
    fail(shelf, NOON + DAY + MINUTE)
    assert is_back(shelf)


def test_each_issue_is_measured_by_itself(shelf: Shelf):
    shelf.receive(an_event(group="b", at=NOON - MINUTE), an_event(group="b", at=NOON - MINUTE))
    triage.set_state(shelf.db, [1, 2], State.ARCHIVED, None, NOON, archive=Archive("events", n=2))
    found = [issues.get(shelf.db, it, ALL) for it in (1, 2)]
    assert [it.archive.counted for it in found if it] == [1, 2]


def test_a_condition_survives_being_kept():
    it = Archive("users", n=3, minutes=30)
    assert archiving.decode(archiving.encode(it)) == it
    assert archiving.decode(None) == FOREVER and archiving.encode(FOREVER) is None
