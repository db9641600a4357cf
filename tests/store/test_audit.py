"""The audit log: what was recorded is found again, for a year, and a flood does not drown it."""

from sqlite3 import Connection

import pytest

from lighttrace.store import audit, tokens, users
from lighttrace.store.audit import Wanted
from tests.store.make import DAY, HOUR, NOON


def subjects(db: Connection, limit: int = 10, **wanted: object) -> list[str]:
    return [it.subject for it in audit.page(db, Wanted(**wanted), limit)]  # type: ignore[arg-type]


def test_it_says_who_did_what_to_what_from_where(db: Connection) -> None:
    mira = users.add(db, "mira@shop.example", "Mira", "admin", None, NOON)
    token, _ = tokens.add(db, "deploys", (), mira.id, NOON)
    here = "192.0.2.7"
    audit.record(
        db,
        "user.role",
        "bob@shop.example",
        NOON,
        user_id=mira.id,
        ip=here,
        was="viewer",
        now="member",
    )
    audit.record(db, "issue.delete", "SHOP-1", NOON, user_id=mira.id, token_id=token.id, ip=here)
    audit.record(db, "key.add", "shop", NOON)
    by_command, by_token, by_hand = audit.page(db, Wanted(), 10)
    assert (by_command.user, by_command.ip) == (None, None)
    assert (by_token.user, by_token.token, by_token.action) == ("Mira", "deploys", "issue.delete")
    assert (by_hand.user, by_hand.ip, by_hand.subject) == ("Mira", here, "bob@shop.example")
    assert by_hand.detail == {"was": "viewer", "now": "member"}


def test_it_is_read_by_person_by_kind_by_time_and_page_by_page(db: Connection) -> None:
    mira = users.add(db, "mira@shop.example", "Mira", "owner", None, NOON)
    for number in range(5):
        audit.record(db, "key.add", f"key {number}", NOON + number * HOUR)
    audit.record(db, "keyring.add", "no key", NOON + 5 * HOUR, user_id=mira.id)
    assert subjects(db, user_id=mira.id) == ["no key"]
    assert subjects(db, kind="key", since=NOON + 3 * HOUR) == ["key 4", "key 3"]
    first = audit.page(db, Wanted(kind="key"), 2)
    assert [it.subject for it in first] == ["key 4", "key 3"]
    assert subjects(db, 2, kind="key", before=first[-1].id) == ["key 2", "key 1"]


def test_what_comes_from_outside_has_its_length(db: Connection) -> None:
    audit.record(db, "sign_in.failed", "x" * 5000, NOON, ip="192.0.2.7", agent="y" * 5000)
    (entry,) = audit.page(db, Wanted(), 1)
    assert len(entry.subject) == len(str(entry.detail["agent"])) == audit.LONGEST


def test_a_year_later_it_is_forgotten(db: Connection) -> None:
    audit.record(db, "key.add", "old", NOON - 366 * DAY)
    audit.record(db, "key.add", "of this year", NOON - 364 * DAY)
    assert audit.forget(db, NOON, 100) == 1 and audit.forget(db, NOON, 100) == 0
    assert subjects(db) == ["of this year"]


def test_guessing_passwords_pushes_nothing_out_but_older_guesses(
    db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST", 3)
    audit.record(db, "user.role", "bob", NOON)
    for number in range(5):
        audit.record(db, "sign_in.failed", f"guess {number}", NOON)
    assert audit.forget(db, NOON, 100) == 2
    assert subjects(db) == ["guess 4", "guess 3", "guess 2", "bob"]
