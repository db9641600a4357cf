"""Tokens: no more rights than their person has, and a list without secrets."""

from sqlite3 import Connection

import pytest

from lighttrace.errors import RefusedError
from lighttrace.store import tokens, users
from lighttrace.store.tokens import SCOPES, Use
from lighttrace.store.users import User
from tests.store.make import DAY, NOON


def somebody(db: Connection, name: str, role: str) -> User:
    return users.add(db, f"{name.lower()}@shop.example", name, role, None, NOON)


@pytest.mark.parametrize(
    ("role", "withheld"),
    [
        ("owner", set()),
        ("admin", set()),
        ("member", {"project:write", "event:admin"}),
        ("viewer", {"project:write", "project:releases", "event:write", "event:admin"}),
    ],
)
def test_a_token_never_may_more_than_its_person(
    db: Connection, role: str, withheld: set[str]
) -> None:
    bob = somebody(db, "Bob", role)
    _, secret = tokens.add(db, "everything", SCOPES, bob.id, NOON)
    found = tokens.find(db, secret, NOON)
    assert found is not None
    assert found.withheld == withheld and found.scopes == set(SCOPES) - withheld
    assert set(tokens.of_user(db, bob.id)[0].withheld) == withheld


def test_a_person_who_loses_rights_takes_them_from_their_tokens(db: Connection) -> None:
    mira, bob = somebody(db, "Mira", "owner"), somebody(db, "Bob", "member")
    _, secret = tokens.add(db, "ci", ("event:read", "event:write"), bob.id, NOON)
    users.set_role(db, bob.id, "viewer", mira.id)
    found = tokens.find(db, secret, NOON)
    assert found is not None and found.scopes == {"event:read"}


def test_a_token_of_the_organisation_is_bound_to_nobody(db: Connection) -> None:
    mira = somebody(db, "Mira", "admin")
    _, secret = tokens.add(db, "ci", SCOPES, None, NOON, created_by=mira.id)
    db.execute("update user set disabled_at = 1")
    found = tokens.find(db, secret, NOON)
    assert found is not None and found.scopes == set(SCOPES) and found.withheld == set()


def test_lists_say_who_made_them_and_how_they_were_used_but_not_the_secret(db: Connection) -> None:
    mira, bob = somebody(db, "Mira", "admin"), somebody(db, "Bob", "member")
    ours, _ = tokens.add(
        db, " CI,  shop ", ("event:read",), None, NOON, expires_at=NOON + DAY, created_by=mira.id
    )
    his, secret = tokens.add(db, "laptop", ("event:read",), bob.id, NOON, created_by=bob.id)
    gone, _ = tokens.add(db, "old", (), bob.id, NOON)
    tokens.touch(db, {his.id: Use(NOON + 1, "192.0.2.7", "curl/8")})
    tokens.revoke(db, gone.id, NOON)
    first, second = tokens.every(db)
    assert (first.name, first.maker, first.user, first.expires_at) == (
        *("CI, shop", "Mira"),
        *(None, NOON + DAY),
    )
    assert tokens.of_user(db, bob.id) == [second] and tokens.by_id(db, ours.id) == first
    assert (second.used_at, second.used_ip, second.used_agent) == (NOON + 1, "192.0.2.7", "curl/8")
    assert second.tail == secret[-4:] and secret not in repr([first, second])
    assert tokens.by_id(db, gone.id) is None


def test_there_are_only_so_many(db: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST", 1)
    bob = somebody(db, "Bob", "member")
    tokens.add(db, "ended", (), bob.id, NOON, expires_at=NOON)
    tokens.add(db, "one", (), bob.id, NOON)
    tokens.add(db, "of the organisation", (), None, NOON)
    with pytest.raises(RefusedError, match="as many as one person"):
        tokens.add(db, "two", (), bob.id, NOON)
    with pytest.raises(RefusedError, match="as many as the organisation"):
        tokens.add(db, "two", (), None, NOON)
