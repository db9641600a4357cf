"""Who may change whom: nobody climbs, nobody is locked out of their own house."""

from sqlite3 import Connection

import pytest

from lighttrace.errors import RefusedError
from lighttrace.store import members, sessions, teams, tokens, users
from lighttrace.store.users import User
from tests.store.make import DAY, NOON


def somebody(db: Connection, name: str, role: str) -> User:
    return users.add(db, f"{name.lower()}@shop.example", name, role, "argon2…", NOON)


def role_of(db: Connection, person: User) -> str:
    found = users.by_id(db, person.id)
    assert found is not None
    return found.role


def test_an_owner_gives_every_role(db: Connection) -> None:
    mira, bob = somebody(db, "Mira", "owner"), somebody(db, "Bob", "viewer")
    for role in ("member", "admin", "owner", "viewer"):
        users.set_role(db, bob.id, role, mira.id)
        assert role_of(db, bob) == role
    assert users.set_role(db, bob.id, "admin", mira.id).role == "viewer"  # as it was


def test_nobody_gives_a_role_higher_than_their_own(db: Connection) -> None:
    somebody(db, "Mira", "owner")
    jonas, bob = somebody(db, "Jonas", "admin"), somebody(db, "Bob", "member")
    users.set_role(db, bob.id, "admin", jonas.id)
    for whom in (bob, jonas):
        with pytest.raises(RefusedError, match="higher than their own"):
            users.set_role(db, whom.id, "owner", jonas.id)
    assert not users.may_give("member", "viewer") and not users.may_give("viewer", "viewer")


def test_an_admin_does_not_touch_an_owner(db: Connection) -> None:
    mira, jonas = somebody(db, "Mira", "owner"), somebody(db, "Jonas", "admin")
    somebody(db, "Second", "owner")
    with pytest.raises(RefusedError, match="Only an owner can change an owner"):
        users.set_role(db, mira.id, "member", jonas.id)
    with pytest.raises(RefusedError, match="Only an owner can change an owner"):
        users.disable(db, mira.id, jonas.id, NOON)
    assert role_of(db, mira) == "owner"


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_bob_must_not_change_people(db: Connection, role: str) -> None:
    somebody(db, "Mira", "owner")
    bob, vera = somebody(db, "Bob", role), somebody(db, "Vera", "viewer")
    for change in (
        lambda: users.set_role(db, bob.id, "admin", bob.id),
        lambda: users.disable(db, vera.id, bob.id, NOON),
        lambda: users.enable(db, vera.id, bob.id),
    ):
        with pytest.raises(RefusedError, match="Only owners and admins"):
            change()


def test_there_is_always_an_owner(db: Connection) -> None:
    mira, second = somebody(db, "Mira", "owner"), somebody(db, "Second", "owner")
    users.disable(db, second.id, mira.id, NOON)
    for by in (mira.id, None):  # not even by a command
        with pytest.raises(RefusedError, match="the only owner"):
            users.set_role(db, mira.id, "admin", by)
    with pytest.raises(RefusedError, match="the only owner"):
        users.disable(db, mira.id, None, NOON)
    with pytest.raises(RefusedError, match="disable themselves"):
        users.disable(db, mira.id, mira.id, NOON)
    users.enable(db, second.id, mira.id)
    users.set_role(db, mira.id, "member", mira.id)
    assert role_of(db, second) == "owner" and role_of(db, mira) == "member"


def test_rights_are_those_of_now_not_of_when_the_page_was_opened(db: Connection) -> None:
    mira, jonas = somebody(db, "Mira", "owner"), somebody(db, "Jonas", "admin")
    vera = somebody(db, "Vera", "viewer")
    users.disable(db, jonas.id, mira.id, NOON)
    with pytest.raises(RefusedError, match="Only owners and admins"):
        users.set_role(db, vera.id, "admin", jonas.id)


def test_who_is_disabled_is_out_everywhere_and_for_good(db: Connection) -> None:
    mira, bob = somebody(db, "Mira", "owner"), somebody(db, "Bob", "admin")
    cookie = sessions.open(db, bob.id, None, None, NOON, DAY)
    _, secret = tokens.add(db, "ci", tokens.DEFAULT_SCOPES, bob.id, NOON)
    insert = "insert into invite(token_hash, kind, expires_at, user_id, created_by) values"
    db.execute(f"{insert} (x'01', 'reset', ?, ?, ?)", (NOON + DAY, bob.id, mira.id))
    db.execute(f"{insert} (x'02', 'invite', ?, null, ?)", (NOON + DAY, bob.id))
    db.execute(f"{insert} (x'03', 'invite', ?, null, ?)", (NOON + DAY, mira.id))

    users.disable(db, bob.id, mira.id, NOON)
    assert users.by_id(db, bob.id) is sessions.find(db, cookie, NOON) is None
    assert db.execute("select hex(token_hash) from invite").fetchall() == [("03",)]

    users.enable(db, bob.id, mira.id)
    assert role_of(db, bob) == "admin"
    assert sessions.find(db, cookie, NOON) is tokens.find(db, secret, NOON) is None


def test_a_lower_role_ends_the_sessions_and_a_higher_one_does_not(db: Connection) -> None:
    mira, bob = somebody(db, "Mira", "owner"), somebody(db, "Bob", "member")
    cookie = sessions.open(db, bob.id, None, None, NOON, DAY)
    users.set_role(db, bob.id, "admin", mira.id)
    assert sessions.find(db, cookie, NOON) is not None
    users.set_role(db, bob.id, "member", mira.id)
    assert sessions.find(db, cookie, NOON) is None


def test_links_of_somebody_who_is_no_admin_any_more_end(db: Connection) -> None:
    mira, bob = somebody(db, "Mira", "owner"), somebody(db, "Bob", "admin")
    insert = "insert into invite(token_hash, kind, role, expires_at, created_by) values"
    db.execute(f"{insert} (x'02', 'invite', 'admin', ?, ?)", (NOON + DAY, bob.id))
    users.set_role(db, bob.id, "member", mira.id)
    assert db.execute("select * from invite").fetchall() == []


def test_members_are_listed_with_their_ways_in_and_teams(db: Connection) -> None:
    mira, bob = somebody(db, "Mira", "owner"), somebody(db, "Bob", "member")
    for name in ("Web", "Billing"):
        teams.join(db, teams.add(db, name, NOON).id, mira.id)
    db.execute(
        "insert into second_factor(user_id, secret, made_at, last_step) values (?, 's', 1, 1)",
        (mira.id,),
    )
    db.execute(
        "insert into identity(issuer, subject, user_id, created_at)"
        " values ('https://id', '7', ?, 1)",
        (bob.id,),
    )
    users.disable(db, bob.id, mira.id, NOON)
    first, last = members.page(db, "", 10)
    assert (first.user.name, first.has_password, first.has_second_factor) == ("Mira", True, True)
    assert first.teams == ("billing", "web") and first.disabled_at is None
    assert last == members.by_id(db, bob.id)
    assert (last.providers, last.disabled_at, last.teams) == (("https://id",), NOON, ())
    assert [it.user.name for it in members.page(db, "BOB@", 10)] == ["Bob"]
    assert [it.user.name for it in members.page(db, "", 1, 1)] == ["Bob"]
    assert members.count(db) == 1
