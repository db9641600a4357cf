"""Users, sessions, tokens and the set-up link: what opens a door, and what no longer does."""

from sqlite3 import Connection

import pytest

from lighttrace.errors import TakenError
from lighttrace.store import invites, sessions, tokens, users
from lighttrace.store.users import User
from tests.store.make import DAY, HOUR, NOON


@pytest.fixture
def mira(db: Connection) -> User:
    return users.add(db, " Mira@Example.com ", "Mira", "admin", "argon2…", NOON)


def everything_stored(db: Connection, table: str) -> str:
    return repr(db.execute(f"select * from {table}").fetchall())


def test_a_user_is_found_by_email_in_any_case(db: Connection, mira: User) -> None:
    assert users.by_email(db, "MIRA@example.COM") == users.by_id(db, mira.id) == mira
    assert mira.email == "Mira@Example.com"
    with pytest.raises(TakenError, match=r"mira@example\.com"):
        users.add(db, "mira@example.com", "Other", "member", None, NOON)


def test_password_name_and_options_can_be_changed(db: Connection, mira: User) -> None:
    assert users.password_hash(db, mira.id) == "argon2…"
    users.set_password(db, mira.id, "another")
    users.set_name(db, mira.id, "Mira B.")
    users.set_options(db, mira.id, {"theme": "dark"})
    again = users.by_id(db, mira.id)
    assert again is not None and (again.name, again.options) == ("Mira B.", {"theme": "dark"})
    assert users.password_hash(db, mira.id) == "another"


def test_a_disabled_user_is_let_in_nowhere_yet_set_up_stays_closed(
    db: Connection, mira: User
) -> None:
    cookie = sessions.open(db, mira.id, None, None, NOON, DAY)
    _, secret = tokens.add(db, "ci", tokens.DEFAULT_SCOPES, mira.id, NOON)
    link = invites.make_setup(db, NOON, DAY)
    db.execute("update user set disabled_at = 1")
    assert users.by_email(db, mira.email) is users.by_id(db, mira.id) is None
    assert users.every(db) == [] and users.password_hash(db, mira.id) is None
    assert sessions.find(db, cookie, NOON) is tokens.find(db, secret, NOON) is None
    assert users.any_exist(db) and not invites.valid(db, link, NOON)


def test_a_session_lasts_as_long_as_it_says(db: Connection, mira: User) -> None:
    token = sessions.open(db, mira.id, "192.0.2.1", "Firefox", NOON, DAY)
    found = sessions.find(db, token, NOON + DAY - 1)
    assert found is not None and found.user == mira and found.agent == "Firefox"
    assert sessions.find(db, token, NOON + DAY) is None
    assert sessions.find(db, "", NOON) is sessions.find(db, "ü\udc00" * 9, NOON) is None


def test_a_session_that_was_seen_says_so_and_so_does_its_user(db: Connection, mira: User) -> None:
    token = sessions.open(db, mira.id, None, None, NOON, DAY)
    opened = sessions.find(db, token, NOON)
    assert opened is not None
    sessions.touch(db, opened.token_hash, NOON + HOUR)
    seen = sessions.find(db, token, NOON)
    assert seen is not None and seen.seen_at == seen.user.seen_at == NOON + HOUR


def test_nobody_ends_the_sessions_of_somebody_else(db: Connection, mira: User) -> None:
    bob = users.add(db, "bob@example.com", "Bob", "member", None, NOON)
    here, there = (sessions.open(db, mira.id, None, None, NOON + n, DAY) for n in (0, 1))
    kept = sessions.find(db, here, NOON)
    assert kept is not None
    assert not sessions.revoke(db, kept.token_hash, bob.id)
    assert [it.created_at for it in sessions.of_user(db, mira.id)] == [NOON + 1, NOON]
    assert sessions.revoke_others(db, mira.id, kept.token_hash) == 1
    assert sessions.find(db, there, NOON) is None and sessions.find(db, here, NOON) is not None
    assert sessions.revoke(db, kept.token_hash, mira.id)


def test_a_token_opens_until_it_is_revoked_or_expires(db: Connection) -> None:
    token, secret = tokens.add(db, "ci", {"event:read", "org:read"}, None, NOON)
    assert len(secret) == 64 and tokens.find(db, secret, NOON) == token
    assert token.scopes == frozenset({"event:read", "org:read"})
    db.execute("update api_token set expires_at = ?", (NOON + DAY,))
    assert tokens.find(db, secret, NOON + DAY) is None
    assert tokens.revoke(db, token.id, NOON) and not tokens.revoke(db, token.id, NOON)
    assert tokens.find(db, secret, NOON) is None


def test_the_first_one_through_the_setup_link_is_the_owner(db: Connection) -> None:
    token = invites.make_setup(db, NOON, HOUR)
    assert invites.valid(db, token, NOON)
    mira = invites.use_setup(db, token, "mira@example.com", "Mira", "hash", NOON)
    assert mira is not None and mira.role == "owner"
    assert invites.use_setup(db, token, "bob@example.com", "Bob", "hash", NOON) is None
    assert users.by_email(db, "bob@example.com") is None


def test_a_setup_link_is_replaced_by_the_next_and_expires(db: Connection) -> None:
    old = invites.make_setup(db, NOON, HOUR)
    new = invites.make_setup(db, NOON, HOUR)
    assert not invites.valid(db, old, NOON) and invites.valid(db, new, NOON)
    assert not invites.valid(db, new, NOON + HOUR)
    assert invites.use_setup(db, new, "mira@example.com", "Mira", "h", NOON + HOUR) is None


def test_no_secret_can_be_read_back_from_the_database(db: Connection, mira: User) -> None:
    cookie = sessions.open(db, mira.id, None, None, NOON, DAY)
    _, secret = tokens.add(db, "ci", (), None, NOON)
    link = invites.make_setup(db, NOON, DAY)
    for table, text in (("web_session", cookie), ("api_token", secret), ("invite", link)):
        stored = everything_stored(db, table)
        assert text not in stored and repr(bytes.fromhex(text)) not in stored
