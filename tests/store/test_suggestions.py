"""Tags and releases that are offered: the most frequent first, and of nobody else's project."""

from pathlib import Path

import pytest

from lighttrace.store import suggestions
from tests.store.make import an_event
from tests.store.shelf import Shelf, a_shelf


@pytest.fixture
def shelf(tmp_path: Path):
    """The shop: Firefox twice, Chrome once, two releases. The blog: words of its own."""
    with a_shelf(tmp_path, "shop", "blog") as shelf:
        for browser, release in (
            ("Firefox 128", "shop@1.0"),
            ("Chrome", "shop@2.0"),
            ("Firefox 128", "shop@2.0"),
        ):
            shelf.receive(an_event(tags=(("browser", browser),), release=release))
        secret = (("browser", "Firefox secret"), ("plan", "secret"))
        shelf.receive(an_event(project_id=2, tags=secret, release="blog@1.0"))
        yield shelf


def test_values_come_by_how_many_events_bear_them(shelf: Shelf):
    for within in (None, (1,)):
        found = suggestions.tags(shelf.db, within).values("browser")
        assert found[:2] == [("Firefox 128", 2), ("Chrome", 1)]


def test_a_word_finds_the_tags_that_have_it(shelf: Shelf):
    everything = suggestions.tags(shelf.db, None)
    assert everything.saying("fire") == [
        ("browser", "Firefox 128", 2),
        ("browser", "Firefox secret", 1),
    ]
    shop = suggestions.tags(shelf.db, (1,))
    assert shop.saying("firefox 12") == [("browser", "Firefox 128", 2)]
    assert shop.saying("128") == shop.saying("fire")
    for nothing in ("", "!", "f", "refox"):
        assert everything.saying(nothing) == shop.saying(nothing) == []


def test_nobody_is_offered_what_is_said_in_a_project_they_do_not_see(shelf: Shelf):
    shop = suggestions.tags(shelf.db, (1,))
    assert "plan" not in shop.names() and shop.values("plan") == []
    assert [value for value, _ in shop.values("browser")] == ["Firefox 128", "Chrome"]
    assert shop.saying("secret") == []
    assert suggestions.releases(shelf.db, "", (1,), 9) == ["shop@2.0", "shop@1.0"]
    nobody = suggestions.tags(shelf.db, ())
    assert not nobody.names() and suggestions.releases(shelf.db, "", (), 9) == []


def test_what_groups_say_comes_by_how_many_issues_say_it(shelf: Shelf):
    for group, title, project in (("x", "PaymentError", 1), ("y", "PaymentError", 1),
                                  ("z", "PayPalError", 1), ("w", "PaySecretError", 2)):  # fmt: skip
        frames = f"pay\tcharge {group}\nshop/pay.py\nshop.pay"
        shelf.receive(an_event(group=group, title=title, project_id=project))
        sql = "update group_text set frames = ? where hash_id = (select max(id) from grouphash)"
        shelf.db.execute(sql, (frames,))
    shelf.db.execute("insert into group_fts(group_fts) values('rebuild')")

    def said(key: str, text: str, within: tuple[int, ...] | None = (1,)) -> list[tuple[str, int]]:
        return suggestions.said_by_groups(shelf.db, key, text, within)

    assert said("type", "") == [("PaymentError", 2), ("KeyError", 1), ("PayPalError", 1)]
    assert said("type", "pay") == [("PaymentError", 2), ("PayPalError", 1)]
    assert ("PaySecretError", 1) in said("type", "pay", None)
    assert said("file", "pay") == [("shop/pay.py", 3)]
    assert said("function", "pay")[0] == ("pay", 3) and ("charge w", 1) not in said("function", "")
    assert said("module", "", ()) == said("type", "zzz") == []


def test_the_releases_that_came_last_come_first(shelf: Shelf):
    assert suggestions.releases(shelf.db, "", None, 2) == ["blog@1.0", "shop@2.0"]
    assert suggestions.releases(shelf.db, "SHOP@1", None, 9) == ["shop@1.0"]


def test_a_project_that_is_rare_is_not_lost_among_others(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(suggestions, "LOOKED_AT", 1)
    assert suggestions.tags(shelf.db, (1,)).values("browser")[0] == ("Firefox 128", 2)


def test_what_is_not_kept_apart_is_not_offered(shelf: Shelf):
    shelf.db.execute("insert into tag_value(key_id, value, n) values (1, char(0) || '7', 99)")
    assert suggestions.tags(shelf.db, None).values("browser")[0] == ("Firefox 128", 2)
