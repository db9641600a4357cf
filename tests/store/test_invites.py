"""Links that let somebody in: once, not for long, and never further than whoever made them."""

from sqlite3 import Connection

import pytest

from lighttrace.errors import RefusedError, TakenError
from lighttrace.store import identities, invites, teams, users
from lighttrace.store.users import User
from tests.store.make import DAY, HOUR, NOON

WEEK = 7 * DAY


@pytest.fixture
def mira(db: Connection) -> User:
    return users.add(db, "mira@example.com", "Mira", "owner", "hash", NOON)


@pytest.fixture
def jonas(db: Connection) -> User:
    return users.add(db, "jonas@example.com", "Jonas", "admin", "hash", NOON)


def set_role(db: Connection, user: User, role: str) -> None:
    db.execute("update user set role = ? where id = ?", (role, user.id))


def close(db: Connection, user: User) -> None:
    db.execute("update user set disabled_at = 1 where id = ?", (user.id,))


def accept(db: Connection, secret: str, email: str = "lea@example.com") -> User | None:
    found = invites.invitation(db, secret, NOON)
    return found and invites.accept(db, found.token_hash, email, "Lea", "hash", NOON)


def test_an_invitation_makes_the_account_that_was_promised_once(db: Connection, mira: User) -> None:
    catalog = teams.add(db, "Catalog", NOON)
    secret = invites.invite(db, "lea@example.com", "viewer", catalog.id, mira.id, NOON)
    found = invites.invitation(db, secret, NOON)
    assert found is not None
    assert (found.email, found.role, found.team, found.maker, found.expires_at) == (
        *("lea@example.com", "viewer", catalog, "Mira"),
        NOON + WEEK,
    )
    lea = accept(db, secret, "somebody@else.example")
    assert lea is not None and (lea.email, lea.role) == ("lea@example.com", "viewer")
    assert teams.of_user(db, lea.id) == [catalog]
    assert invites.invitation(db, secret, NOON) is None and invites.pending(db, NOON) == []
    assert invites.accept(db, found.token_hash, "x@example.com", "X", "hash", NOON) is None
    assert users.by_email(db, "x@example.com") is None


def test_a_link_for_whoever_has_it_takes_the_address_they_type_and_remembers_that(
    db: Connection, mira: User
) -> None:
    lea = accept(db, invites.invite(db, " ", "member", None, mira.id, NOON))
    assert lea is not None and lea.email == "lea@example.com"
    assert identities.is_claimed(db, lea.id)
    named = invites.invite(db, "bob@example.com", "member", None, mira.id, NOON)
    bob = accept(db, named)
    assert bob is not None and not identities.is_claimed(db, bob.id)


def test_an_invitation_ends_after_a_week_or_when_it_is_withdrawn(
    db: Connection, mira: User
) -> None:
    first = invites.invite(db, None, "member", None, mira.id, NOON)
    assert invites.invitation(db, first, NOON + WEEK - 1) is not None
    assert invites.invitation(db, first, NOON + WEEK) is None
    [listed] = invites.pending(db, NOON)
    assert invites.withdraw(db, listed.token_hash) and not invites.withdraw(db, listed.token_hash)
    assert accept(db, first) is None


def test_the_newest_invitation_for_an_address_is_the_one_that_works(
    db: Connection, mira: User
) -> None:
    old = invites.invite(db, "lea@example.com", "admin", None, mira.id, NOON)
    new = invites.invite(db, "lea@example.com", "member", None, mira.id, NOON)
    assert accept(db, old) is None
    lea = accept(db, new)
    assert lea is not None and lea.role == "member"


def test_who_has_an_account_is_not_invited_again(db: Connection, mira: User) -> None:
    with pytest.raises(TakenError, match="already a user"):
        invites.invite(db, "MIRA@example.com", "member", None, mira.id, NOON)
    late = invites.invite(db, "lea@example.com", "member", None, mira.id, NOON)
    users.add(db, "lea@example.com", "Lea", "viewer", None, NOON)
    with pytest.raises(TakenError):
        accept(db, late)


@pytest.mark.parametrize(("own", "role"), [("admin", "owner"), ("member", "viewer")])
def test_nobody_invites_to_more_than_they_may_give(
    db: Connection, jonas: User, own: str, role: str
) -> None:
    set_role(db, jonas, own)
    with pytest.raises(RefusedError, match="more than you may give"):
        invites.invite(db, None, role, None, jonas.id, NOON)


def test_an_invitation_dies_with_the_rank_of_its_maker(
    db: Connection, mira: User, jonas: User
) -> None:
    to_owner = invites.invite(db, None, "owner", None, mira.id, NOON)
    to_admin = invites.invite(db, None, "admin", None, jonas.id, NOON)
    set_role(db, mira, "admin")
    assert accept(db, to_owner) is None and len(invites.pending(db, NOON)) == 1
    set_role(db, jonas, "member")
    assert accept(db, to_admin) is None
    set_role(db, jonas, "owner")
    close(db, jonas)
    assert accept(db, to_admin) is None and invites.pending(db, NOON) == []


def test_there_is_an_end_to_invitations(
    db: Connection, mira: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invites, "MOST", 2)
    for _ in range(2):
        invites.invite(db, None, "member", None, mira.id, NOON)
    with pytest.raises(RefusedError, match="as many as there may be"):
        invites.invite(db, None, "member", None, mira.id, NOON)
    assert invites.invite(db, None, "member", None, mira.id, NOON + WEEK)


def test_an_invitation_goes_with_its_team(db: Connection, mira: User) -> None:
    team = teams.add(db, "Catalog", NOON)
    secret = invites.invite(db, None, "member", team.id, mira.id, NOON)
    teams.remove(db, team.id)
    assert accept(db, secret) is None


def test_a_reset_link_sets_a_password_once_and_replaces_those_before(
    db: Connection, mira: User
) -> None:
    old = invites.reset(db, mira.id, mira.id, NOON)
    new = invites.reset(db, mira.id, mira.id, NOON, invites.RESET_BY_MAIL_MS)
    assert invites.reset_of(db, old, NOON) is None
    assert invites.reset_of(db, new, NOON + HOUR) is None
    found = invites.reset_of(db, new, NOON)
    assert found is not None and found.user == mira and not found.by_command
    assert invites.use_reset(db, new, "another", NOON) == mira
    assert users.password_hash(db, mira.id) == "another"
    assert invites.use_reset(db, new, "a third", NOON) is None
    assert users.password_hash(db, mira.id) == "another"


def test_a_reset_link_of_a_command_says_so(db: Connection, mira: User) -> None:
    found = invites.reset_of(db, invites.reset(db, mira.id, None, NOON), NOON)
    assert found is not None and found.by_command


def test_an_admin_gives_no_new_password_to_an_owner(
    db: Connection, mira: User, jonas: User
) -> None:
    assert invites.reset_of(db, invites.reset(db, mira.id, jonas.id, NOON), NOON) is None
    bob = users.add(db, "bob@example.com", "Bob", "member", "hash", NOON)
    by_jonas = invites.reset(db, bob.id, jonas.id, NOON)
    assert invites.reset_of(db, by_jonas, NOON) is not None
    set_role(db, jonas, "member")
    assert invites.use_reset(db, by_jonas, "another", NOON) is None


def test_a_closed_account_is_not_opened_by_a_reset_link(db: Connection, mira: User) -> None:
    secret = invites.reset(db, mira.id, None, NOON)
    close(db, mira)
    assert invites.use_reset(db, secret, "another", NOON) is None


@pytest.mark.parametrize("token", ["", "x", "ü\udc00" * 9, "0" * 64])
def test_what_is_no_link_opens_nothing(db: Connection, mira: User, token: str) -> None:
    assert invites.invitation(db, token, NOON) is None and invites.reset_of(db, token, NOON) is None


def test_a_link_of_one_kind_is_none_of_the_other(db: Connection, mira: User) -> None:
    invited = invites.invite(db, None, "member", None, mira.id, NOON)
    reset = invites.reset(db, mira.id, None, NOON)
    assert invites.reset_of(db, invited, NOON) is None
    assert invites.invitation(db, reset, NOON) is None
    assert not invites.valid(db, invited, NOON) and not invites.valid(db, reset, NOON)
