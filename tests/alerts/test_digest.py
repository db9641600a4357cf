"""What a message about several issues says."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.alerts import digest
from lighttrace.alerts.digest import Shared
from tests.store.make import HOUR, MINUTE, NOON, an_event
from tests.store.shelf import Shelf, a_shelf

URL = "https://errors.example"


@pytest.mark.parametrize(
    ("by_kind", "said"),
    [
        ({"new": 12}, "12 new issues in shop"),
        ({"new": 1}, "1 new issue in shop"),
        ({"volume": 3}, "3 issues with many events in shop"),
        ({"new": 1, "users": 2}, "3 issues in shop: 2 with many users, 1 new issue"),
        ({"spike": 3}, "3 issues spiking in shop"),
        ({"escalating": 1}, "1 issue out of the archive in shop"),
        (
            {"new": 4, "spike": 2, "regression": 1},
            "7 issues in shop: 4 new issues, 2 spiking, 1 issue back",
        ),
        ({"new": 2, "mention": 1}, "3 messages in shop: 2 new issues, 1 comment"),
        ({"unheard of": 2}, "2 messages in shop"),
    ],
)
def test_it_leads_with_how_many_of_what(by_kind: dict[str, int], said: str):
    assert digest.headline(Counter(by_kind), "shop") == said


def test_it_says_since_which_release():
    twelve = Counter({"new": 12})
    assert digest.headline(twelve, "shop", "shop@2", 12) == "12 new issues in shop since shop@2"
    assert digest.headline(twelve, "shop", "shop@2", 8) == "12 new issues in shop, 8 since shop@2"


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path, "shop", "till") as shelf:
        yield shelf


def read(shelf: Shelf, *issues: int, kind: str = "new", at: int = NOON) -> digest.Digest:
    payload = {
        "members": [[it, kind] for it in issues],
        "by_kind": {kind: len(issues)},
        "count": len(issues),
        "from": at,
        "to": at + MINUTE,
    }
    return digest.read(shelf.db, payload, URL, at + 5 * MINUTE)


def some(shelf: Shelf, group: str, n: int, **event: object) -> int:
    at = event.pop("at", NOON)
    stored = shelf.receive(
        *(an_event(group=group, title=group, at=at, user=f"u{k}", **event) for k in range(n))
    )
    assert stored[0].issue_id is not None
    return stored[0].issue_id


def test_what_every_event_has_anyway_is_not_what_they_share(shelf: Shelf):
    host = (("server_name", "web-1"), ("browser", "Firefox"))
    a, b = some(shelf, "a", 3, tags=host), some(shelf, "b", 2, tags=host)
    assert read(shelf, a, b).shared == ()

    some(shelf, "c", 1, tags=(("server_name", "web-2"),), release="shop@0.9")
    assert read(shelf, a, b).shared == (
        Shared("host", "web-1", 100),
        Shared("release", "shop@1.0.0", 100),
    )
    assert read(shelf, a, b).sharing == (
        "Their events share host web-1 (100 %), release shop@1.0.0 (100 %)."
    )


def test_less_than_four_fifths_is_not_shared(shelf: Shelf):
    some(shelf, "other", 1, tags=(("server_name", "web-9"),))
    a = some(shelf, "a", 8, tags=(("server_name", "db-2"),))
    b = some(shelf, "b", 2, tags=(("server_name", "web-1"),))
    c = some(shelf, "c", 1, tags=(("server_name", "web-1"),))
    assert [it.per_cent for it in read(shelf, a, b).shared] == [80]
    assert read(shelf, a, b, c).shared == ()


def test_one_type_of_error_in_several_issues_is_named(shelf: Shelf):
    found = [
        shelf.receive_one(an_event(group=group, title="OperationalError", at=NOON))
        for group in ("a", "b", "c")
    ]
    assert read(shelf, *found, kind="spike").shared == (Shared("type", "OperationalError", 100),)


def test_an_issue_that_began_long_after_the_release_did_not_come_with_it(shelf: Shelf):
    some(shelf, "old", 1, at=NOON - HOUR, release="shop@2")
    late = [some(shelf, group, 1, release="shop@2") for group in "ab"]
    assert read(shelf, *late).headline == "2 new issues in shop"

    soon = [some(shelf, group, 1, release="shop@3") for group in "cd"]
    assert read(shelf, *soon).headline == "2 new issues in shop since shop@3"


def test_the_five_loudest_are_named_and_a_link_leads_to_all(shelf: Shelf):
    found = [some(shelf, f"g{n}", n + 1) for n in range(7)]
    it = read(shelf, *found)
    assert [row.title for row in it.rows] == ["g6", "g5", "g4", "g3", "g2"]
    assert (it.events, it.people, it.link) == (28, 7, "See all 7")
    assert it.url.startswith(f"{URL}/issues?project=shop&query=firstSeen")


def test_issues_that_are_gone_by_then_are_left_out(shelf: Shelf):
    it = read(shelf, some(shelf, "a", 2), 999)
    assert len(it.rows) == 1 and it.issues == 2
    assert read(shelf, 998, 999).rows == ()


def test_of_several_projects_it_says_how_many(shelf: Shelf):
    a, b = some(shelf, "a", 1), some(shelf, "b", 1, project_id=2)
    assert read(shelf, a, b).headline.startswith("2 new issues in 2 projects")
