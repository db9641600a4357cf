"""Half-done sign-ins, second factors and names at providers: what counts, and how often."""

from sqlite3 import Connection

import pytest

from lighttrace.store import identities, second_factors, sessions, sign_ins, users
from lighttrace.store.users import User
from tests.store.make import DAY, HOUR, NOON


@pytest.fixture
def mira(db: Connection) -> User:
    return users.add(db, "mira@example.com", "Mira", "owner", "hash", NOON)


def test_a_half_done_sign_in_is_found_by_its_secret_until_it_ends(
    db: Connection, mira: User
) -> None:
    secret = sign_ins.begin(db, "code", NOON, HOUR, user_id=mira.id, next="/issues")
    found = sign_ins.find(db, "code", secret, NOON + HOUR - 1)
    assert found is not None and (found.user_id, found.data) == (mira.id, {"next": "/issues"})
    assert sign_ins.find(db, "code", secret, NOON + HOUR) is None
    assert sign_ins.find(db, "oidc", secret, NOON) is None  # one kind is none of the other
    assert secret not in repr(db.execute("select * from sign_in").fetchall())


def test_a_half_done_sign_in_takes_five_codes_and_no_more(db: Connection, mira: User) -> None:
    secret = sign_ins.begin(db, "code", NOON, HOUR, user_id=mira.id)
    tries = [sign_ins.attempt(db, "code", secret, NOON) for _ in range(6)]
    assert [it and it.attempts for it in tries] == [1, 2, 3, 4, 5, None]
    assert sign_ins.find(db, "code", secret, NOON) is None


def test_a_half_done_sign_in_is_finished_once(db: Connection, mira: User) -> None:
    secret = sign_ins.begin(db, "oidc", NOON, HOUR, nonce="n")
    assert sign_ins.take(db, "oidc", secret, NOON) is not None
    assert sign_ins.take(db, "oidc", secret, NOON) is None
    late = sign_ins.begin(db, "oidc", NOON, HOUR)
    assert sign_ins.take(db, "oidc", late, NOON + HOUR) is None


def test_whoever_asks_for_too_many_makes_the_oldest_give_way(
    db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "MOST", 3)
    made = [sign_ins.begin(db, "oidc", NOON + n, HOUR) for n in range(5)]
    left = [sign_ins.find(db, "oidc", secret, NOON) is not None for secret in made]
    assert left == [False, False, True, True, True]


def test_ending_all_sessions_leaves_nothing_half_done(db: Connection, mira: User) -> None:
    bob = users.add(db, "bob@example.com", "Bob", "member", None, NOON)
    cookies = [sessions.open(db, user.id, None, None, NOON, DAY) for user in (mira, mira, bob)]
    half = sign_ins.begin(db, "code", NOON, HOUR, user_id=mira.id)
    device = sign_ins.begin(db, "device", NOON, DAY, user_id=mira.id)
    assert sessions.revoke_all(db, mira.id) == 2
    assert [sessions.find(db, it, NOON) is None for it in cookies] == [True, True, False]
    assert sign_ins.find(db, "code", half, NOON) is sign_ins.find(db, "device", device, NOON)


def test_a_session_says_how_it_was_begun_and_whether_there_is_a_second_factor(
    db: Connection, mira: User
) -> None:
    cookie = sessions.open(db, mira.id, None, None, NOON, DAY, "provider")
    found = sessions.find(db, cookie, NOON)
    assert found is not None and (found.method, found.second_factor) == ("provider", False)
    second_factors.add(db, mira.id, "SECRET", 100, [], NOON)
    found = sessions.find(db, cookie, NOON)
    assert found is not None and found.second_factor


def test_a_code_counts_once_and_none_from_before_it(db: Connection, mira: User) -> None:
    assert second_factors.add(db, mira.id, "SECRET", 100, ["a", "b"], NOON)
    assert not second_factors.add(db, mira.id, "OTHER", 1, [], NOON)
    assert second_factors.secret_of(db, mira.id) == "SECRET"
    spent = [second_factors.spend_step(db, mira.id, step) for step in (100, 99, 101, 101, 103, 102)]
    assert spent == [False, False, True, False, True, False]


def test_a_spare_code_counts_once_and_only_for_its_owner(db: Connection, mira: User) -> None:
    bob = users.add(db, "bob@example.com", "Bob", "member", None, NOON)
    second_factors.add(db, mira.id, "SECRET", 100, ["aaaaa-bbbbb", "ccccc-ddddd"], NOON)
    second_factors.add(db, bob.id, "SECRET", 100, [], NOON)
    assert not second_factors.spend_spare(db, bob.id, "aaaaa-bbbbb")
    assert second_factors.spend_spare(db, mira.id, "aaaaa-bbbbb")
    assert not second_factors.spend_spare(db, mira.id, "aaaaa-bbbbb")
    assert second_factors.spare_codes(db, mira.id) == 1
    assert second_factors.set_spare(db, mira.id, ["x", "y", "z"])
    assert not second_factors.spend_spare(db, mira.id, "ccccc-ddddd")
    assert second_factors.spare_codes(db, mira.id) == 3
    assert "aaaaa" not in repr(db.execute("select * from second_factor").fetchall())


def test_a_second_factor_can_be_turned_off(db: Connection, mira: User) -> None:
    second_factors.add(db, mira.id, "SECRET", 100, ["a"], NOON)
    assert second_factors.who(db) == {mira.id}
    assert second_factors.remove(db, mira.id) and not second_factors.remove(db, mira.id)
    assert second_factors.secret_of(db, mira.id) is None and second_factors.who(db) == frozenset()
    assert not second_factors.spend_step(db, mira.id, 999)


def test_an_identity_is_the_issuer_and_the_subject_together(db: Connection, mira: User) -> None:
    identities.link(db, "https://id.example", "m", mira.id, NOON)
    assert identities.user_of(db, "https://id.example", "m") == mira
    assert identities.user_of(db, "https://other.example", "m") is None
    assert identities.user_of(db, "https://id.example", "M") is None
    assert identities.has(db, "https://id.example", mira.id)
    assert not identities.has(db, "https://other.example", mira.id)
    db.execute("update user set disabled_at = 1")
    assert identities.user_of(db, "https://id.example", "m") is None
    assert identities.known(db, "https://id.example", "m")
