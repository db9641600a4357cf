"""Who sees which projects."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.store import environments, issues, projects, sight, users
from lighttrace.store.sight import ALL, Sight
from tests.store.make import NOON, an_event
from tests.store.shelf import Shelf, a_shelf


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Shelf]:
    """Projects shop (of team one) and blog (nobody's); Ann is in team one, Bob in none."""
    with a_shelf(tmp_path, "shop", "blog") as shelf:
        _furnish(shelf)
        yield shelf


def _furnish(shelf: Shelf) -> None:
    tx = shelf.db
    for name in ("ann", "bob"):
        users.add(tx, f"{name}@shop.example", name, "member", None, NOON)
    tx.execute("insert into team(id, slug, name, created_at) values(1, 'one', 'One', 0)")
    tx.execute("insert into project_team(project_id, team_id) values(1, 1)")
    tx.execute("insert into team_member(team_id, user_id) values(1, 1)")


def slugs(shelf: Shelf, user_id: int, role: str) -> list[str]:
    seen = sight.of_user(shelf.db, user_id, role)
    return [it.slug for it in projects.every(shelf.db, seen)]


def test_a_project_with_teams_is_seen_by_their_members(house: Shelf):
    assert slugs(house, 1, "member") == ["blog", "shop"]
    assert slugs(house, 2, "member") == ["blog"]
    assert slugs(house, 2, "viewer") == ["blog"]


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_owners_and_admins_see_everything(house: Shelf, role: str):
    assert sight.of_user(house.db, 2, role) == ALL
    assert slugs(house, 2, role) == ["blog", "shop"]


def test_without_teams_everybody_sees_everything(house: Shelf):
    house.db.execute("delete from project_team")
    assert sight.of_user(house.db, 2, "viewer") == ALL


def test_what_is_not_seen_is_not_there(house: Shelf):
    house.receive(an_event(environment="secret"))
    bob = sight.of_user(house.db, 2, "member")
    assert projects.by_slug(house.db, "shop", bob) is None
    assert projects.by_id(house.db, 1, bob) is None
    assert issues.get(house.db, 1, bob) is None
    assert issues.by_short_id(house.db, "SHOP-1", bob) is None
    assert environments.seen(house.db, bob) == []
    assert issues.get(house.db, 1, ALL) is not None
    assert [name for _, name in environments.seen(house.db, ALL)] == ["secret"]


def test_a_sight_narrows_what_was_asked_for():
    some = Sight(frozenset({2, 3}))
    assert some.within(None) == (2, 3)
    assert some.within((1, 2)) == (2,)
    assert ALL.within(None) is None
    assert ALL.within((1, 2)) == (1, 2)


def test_who_sees_a_project_is_whoever_has_it_in_sight(house: Shelf):
    for name, role in (("cleo", "admin"), ("dora", "viewer"), ("emil", "owner")):
        users.add(house.db, f"{name}@shop.example", name, role, None, NOON)
    house.db.execute("update user set disabled_at = 1 where name = 'emil'")
    assert [it.name for it in sight.who_sees(house.db, 1)] == ["ann", "cleo"]
    for project_id in (1, 2):
        seen = {it.id for it in sight.who_sees(house.db, project_id)}
        for person in users.every(house.db):
            sees = sight.of_user(house.db, person.id, person.role).sees(project_id)
            assert sees is (person.id in seen)


def test_a_deleted_project_is_seen_by_nobody(house: Shelf):
    assert projects.delete(house.db, 2, NOON)
    assert sight.of_user(house.db, 1, "member") == Sight(frozenset({1}))
    assert slugs(house, 1, "owner") == ["shop"]
