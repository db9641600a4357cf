"""Teams: who is in them, what is theirs, and that none goes away unnoticed."""

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from lighttrace.errors import RefusedError, TakenError
from lighttrace.store import teams, users
from tests.store.make import NOON
from tests.store.shelf import a_shelf


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    with a_shelf(tmp_path, "shop", "api") as shelf:
        yield shelf.db


def test_a_team_is_called_by_a_slug_that_outlives_its_name(db: Connection) -> None:
    team = teams.add(db, "  Billing &  Payments ", NOON)
    assert (team.slug, team.name) == ("billing-payments", "Billing & Payments")
    assert teams.rename(db, team.id, "Money")
    again = teams.by_slug(db, "billing-payments")
    assert again == teams.by_id(db, team.id) == teams.Team(team.id, "billing-payments", "Money")
    with pytest.raises(TakenError, match="already a team billing-payments"):
        teams.add(db, "billing-payments", NOON)
    assert teams.add(db, "支付", NOON).slug == "team"
    assert teams.add(db, "2024", NOON).slug == "team-2024"


def test_people_join_and_leave(db: Connection) -> None:
    billing, web = (teams.add(db, name, NOON) for name in ("Billing", "Web"))
    mira = users.add(db, "mira@shop.example", "Mira", "member", None, NOON)
    bob = users.add(db, "bob@shop.example", "Bob", "member", None, NOON)
    assert teams.join(db, billing.id, mira.id) and not teams.join(db, billing.id, mira.id)
    teams.join(db, billing.id, bob.id)
    teams.join(db, web.id, mira.id)
    assert [it.name for it in teams.members(db, billing.id)] == ["Bob", "Mira"]
    assert [it.slug for it in teams.of_user(db, mira.id)] == ["billing", "web"]
    assert teams.leave(db, billing.id, bob.id) and not teams.leave(db, billing.id, bob.id)
    db.execute("update user set disabled_at = 1 where id = ?", (mira.id,))
    assert teams.members(db, billing.id) == []


def test_a_project_has_these_teams_and_no_others(db: Connection) -> None:
    billing, web = (teams.add(db, name, NOON) for name in ("Billing", "Web"))
    assert teams.of_project(db, 1) == []
    teams.set_of_project(db, 1, [web.id, billing.id, web.id])
    assert teams.of_project(db, 1) == [billing, web] and teams.of_project(db, 2) == []
    teams.set_of_project(db, 1, [web.id])
    assert teams.of_project(db, 1) == [web]
    assert teams.project_ids(db, web.id) == [1] and teams.project_ids(db, billing.id) == []


def test_no_project_opens_because_its_last_team_is_gone(db: Connection) -> None:
    billing, web = (teams.add(db, name, NOON) for name in ("Billing", "Web"))
    teams.set_of_project(db, 1, [billing.id])
    teams.set_of_project(db, 2, [billing.id, web.id])
    with pytest.raises(RefusedError, match="only team of shop, which"):
        teams.remove(db, billing.id)
    teams.set_of_project(db, 1, [web.id])
    assert teams.remove(db, billing.id) and not teams.remove(db, billing.id)
    assert teams.of_project(db, 2) == [web]


def test_there_are_only_so_many_teams(db: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teams, "MOST", 1)
    teams.add(db, "One", NOON)
    with pytest.raises(RefusedError, match="as many as there may be"):
        teams.add(db, "Two", NOON)
