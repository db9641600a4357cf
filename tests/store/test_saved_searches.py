"""Saved searches: one's own and those of everybody, and who may change which."""

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from lighttrace.errors import RefusedError, TakenError
from lighttrace.store import saved_searches, users
from lighttrace.store.saved_searches import (
    MOST_NAME,
    MOST_OWN,
    MOST_SHARED,
    SavedSearch,
    start_of,
)
from tests.store.make import NOON
from tests.store.shelf import a_shelf

MIRA, BOB, VERA, ADA = 1, 2, 3, 4  # two members, a viewer, an admin


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    with a_shelf(tmp_path) as shelf:
        for name, role in (
            ("Mira", "member"), ("Bob", "member"), ("Vera", "viewer"), ("Ada", "admin"),
        ):  # fmt: skip
            users.add(shelf.db, f"{name}@shop.example", name, role, None, NOON)
        yield shelf.db


def save(
    db: Connection, who: int, name: str, *, shared: bool = False, query: str = "query=x"
) -> SavedSearch:
    return saved_searches.save(db, who, name, query, shared, NOON)


def names(db: Connection, who: int) -> list[str]:
    return [it.name for it in saved_searches.seen(db, who)]


def test_everybody_sees_their_own_and_what_is_shared(db: Connection):
    save(db, MIRA, "night")
    save(db, MIRA, "  B2B \n customers ", shared=True)
    save(db, MIRA, "Checkout")
    assert names(db, MIRA) == ["Checkout", "night", "B2B customers"]
    assert names(db, BOB) == ["B2B customers"]
    (shared,) = saved_searches.seen(db, VERA)
    assert (shared.by, shared.shared, shared.query) == ("Mira", True, "query=x")


def test_what_is_somebody_elses_is_not_there(db: Connection):
    own = save(db, MIRA, "night")
    for verb in (
        lambda: saved_searches.get(db, own.id, BOB),
        lambda: saved_searches.rename(db, own.id, "mine", BOB),
        lambda: saved_searches.delete(db, own.id, ADA),
        lambda: saved_searches.begin_with(db, own.id, BOB),
    ):
        assert not verb()
    assert names(db, MIRA) == ["night"]


def test_a_name_that_is_used_again_means_the_new_search(db: Connection):
    first = save(db, MIRA, "night", query="query=a")
    again = save(db, MIRA, "Night", query="query=b")
    assert (again.id, again.name, again.query) == (first.id, "Night", "query=b")
    # one's own and a shared one are two; Bob's own is his
    assert len({save(db, MIRA, "Night", shared=True).id, save(db, BOB, "Night").id, first.id}) == 3
    with pytest.raises(TakenError, match="Mira has shared a search of that name"):
        save(db, BOB, "night", shared=True)
    assert save(db, ADA, "night", shared=True).by == "Mira"


@pytest.mark.parametrize(("who", "may"), [(MIRA, True), (BOB, False), (VERA, False), (ADA, True)])
def test_its_maker_and_admins_change_a_shared_search(db: Connection, who: int, may: bool):
    shared = save(db, MIRA, "B2B", shared=True)
    if may:
        assert saved_searches.rename(db, shared.id, "B2C", who)
        assert names(db, VERA) == ["B2C"]
        assert saved_searches.delete(db, shared.id, who)
        assert names(db, VERA) == []
    else:
        for verb in (
            lambda: saved_searches.rename(db, shared.id, "x", who),
            lambda: saved_searches.delete(db, shared.id, who),
        ):
            with pytest.raises(RefusedError, match="Only Mira and admins"):
                verb()
        assert names(db, MIRA) == ["B2B"]


def test_a_viewer_keeps_searches_and_shares_none(db: Connection):
    save(db, VERA, "mine")
    with pytest.raises(RefusedError, match="Viewers save searches for themselves"):
        save(db, VERA, "everybody's", shared=True)
    shared = save(db, BOB, "Bob's", shared=True)
    users.set_role(db, BOB, "viewer", ADA)
    with pytest.raises(RefusedError):
        saved_searches.delete(db, shared.id, BOB)


def test_a_name_has_to_be_one(db: Connection):
    for name in ("", " \0 ", "x" * (MOST_NAME + 1)):
        with pytest.raises(RefusedError, match="name"):
            save(db, MIRA, name)
    night, day = save(db, MIRA, "night"), save(db, MIRA, "day")
    with pytest.raises(TakenError):
        saved_searches.rename(db, day.id, "NIGHT", MIRA)
    assert saved_searches.rename(db, night.id, "Night", MIRA)
    with pytest.raises(RefusedError, match="address"):
        save(db, MIRA, "long", query="q" * 20_000)


@pytest.mark.parametrize(("shared", "most"), [(False, MOST_OWN), (True, MOST_SHARED)])
def test_there_are_so_many_and_no_more(db: Connection, shared: bool, most: int):
    for at in range(most):
        save(db, MIRA, str(at), shared=shared)
    with pytest.raises(RefusedError, match=f"There are {most} .* already"):
        save(db, MIRA, "one more", shared=shared)
    save(db, MIRA, "0", shared=shared)  # in the place of one that is there
    save(db, MIRA, "of the other kind", shared=not shared)


def test_everybody_begins_with_a_search_of_their_choice(db: Connection):
    users.set_options(db, MIRA, {"theme": "dark"})
    shared = save(db, BOB, "B2B", shared=True)
    for who in (MIRA, VERA):
        assert saved_searches.begin_with(db, shared.id, who)
    assert [start_of(db, it) for it in (MIRA, VERA, BOB)] == [shared.id, shared.id, None]
    assert saved_searches.begin_with(db, None, VERA)
    assert start_of(db, VERA) is None
    # its number may be given out again, and is nobody's choice then
    saved_searches.delete(db, shared.id, BOB)
    assert start_of(db, MIRA) is None
    person = users.by_id(db, MIRA)
    assert person is not None and person.options == {"theme": "dark"}


def test_searches_stay_with_who_is_disabled_and_go_with_who_is_removed(db: Connection):
    save(db, BOB, "own")
    shared = save(db, BOB, "B2B", shared=True)
    users.disable(db, BOB, ADA, NOON)
    assert names(db, MIRA) == ["B2B"]
    assert saved_searches.rename(db, shared.id, "B2C", ADA)  # somebody can still look after it
    users.enable(db, BOB, ADA)
    assert names(db, BOB) == ["own", "B2C"]
    db.execute("delete from user where id = ?", (BOB,))
    assert db.execute("select count(*) from saved_search").fetchone() == (0,)
