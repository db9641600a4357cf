"""Who was affected, counted once under whatever else changes."""

from typing import Any

from lighttrace.event.person import Person, person
from tests.event.make import read


def who(**user: Any) -> Person | None:
    return person(read(user=user))


def key(**user: Any) -> bytes:
    found = who(**user)
    assert found is not None
    return found.key


def test_one_person_is_one_whatever_else_changes() -> None:
    assert key(id="7", email="d@x.example") == key(id=7, email="dana@new.example", username="dana")
    assert key(id="7") != key(id="8")
    assert len(key(id="7")) == 8


def test_id_comes_before_name_before_mail_before_address() -> None:
    assert key(username="dana", email="a@x") == key(username="dana", email="b@x")
    assert key(email="a@x", ip_address="198.51.100.7") == key(email="a@x")
    assert key(ip_address="198.51.100.7") == key(ip_address="198.51.100.7")


def test_an_id_is_not_a_name_that_reads_the_same() -> None:
    assert len({key(id="dana"), key(username="dana"), key(email="dana")}) == 3


def test_people_are_shown_by_their_best_name() -> None:
    def shown(**user: Any) -> str:
        found = who(**user)
        assert found is not None
        return found.shown

    assert shown(id="7", email="d@x", username="dana", name="Dana") == "d@x"
    assert shown(id="7", username="dana", name="Dana") == "dana"
    assert shown(id="7", name="Dana") == "Dana"
    assert shown(id="7") == "7"


def test_nobody_is_nobody() -> None:
    assert person(read()) is None
    assert who(name="Dana") is None and who(ip_address="somewhere") is None and who(id=None) is None
