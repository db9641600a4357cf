"""Lists as files: what is in them, that a spreadsheet runs nothing of it, and whose they are."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.web import export
from lighttrace.web.pages import export as page
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site
from tests.web.test_reading import given_to_a_team


@pytest.fixture
def shop(mira: Site) -> Site:
    add_projects(mira, "shop", "blog")
    return mira


def rows(site: Site, path: str) -> list[dict[str, str]]:
    answer = site.client.get(path)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


def objects(site: Site, path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in site.client.get(path).text.splitlines()]


def test_what_a_list_of_issues_finds(shop: Site):
    send(shop, an_error("TypeError", 'a, "b"; c'), an_error("ValueError"), an_error("ValueError"))
    send(shop, an_error("KeyError"), project=2)
    found = rows(shop, "/issues/export.csv?sort=events")
    assert [it["title"] for it in found] == ["ValueError", "KeyError", "TypeError"]
    assert (found[0]["short_id"], found[0]["events"], found[0]["state"]) == (
        "SHOP-2",
        "2",
        "unresolved",
    )
    assert found[2]["value"] == 'a, "b"; c'
    assert found[0]["url"] == "http://testserver/issues/SHOP-2"
    assert [it["title"] for it in rows(shop, "/issues/export.csv?project=blog")] == ["KeyError"]
    assert rows(shop, "/issues/export.csv?state=resolved") == []
    (only,) = objects(shop, "/issues/export.ndjson?query=KeyError")
    assert only["title"] == "KeyError" and only["events"] == 1
    head = shop.client.get("/issues/export.csv").headers
    assert head["content-type"] == "text/csv; charset=utf-8"
    assert head["content-disposition"] == 'attachment; filename="issues-2026-11-24.csv"'
    assert shop.client.get("/issues/export.csv?project=nope").status_code == 404
    assert shop.client.get("/issues/export.exe").status_code == 404


def test_all_events_of_an_issue(shop: Site):
    for at in range(3):
        shop.clock.advance(60_000)
        send(shop, an_error(tags={"cart": f"c{at}"}, user={"email": f"u{at}@example.com"}))
    found = rows(shop, "/issues/SHOP-1/events.csv")
    assert [it["tag:cart"] for it in found] == ["c2", "c1", "c0"]
    assert found[0]["user"] == "u2@example.com" and found[0]["environment"] == "production"
    only = rows(shop, "/issues/SHOP-1/events.csv?query=cart:c1&columns=cart")
    assert [it["tag:cart"] for it in only] == ["c1"]
    assert list(only[0])[-1] == "tag:cart"
    oldest = objects(shop, "/issues/SHOP-1/events.ndjson?sort=oldest")
    assert [it["tags"]["cart"] for it in oldest] == ["c0", "c1", "c2"]
    assert oldest[0]["received_at"] < oldest[1]["received_at"]
    assert shop.client.get("/issues/SHOP-9/events.csv").status_code == 404
    assert shop.client.get("/issues/SHOP-1/events.xls").status_code == 404


def test_a_long_file_is_read_by_pages_and_has_everything_once(
    shop: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(page, "PAGE", 2)
    monkeypatch.setattr(page, "EVENTS", 2)
    send(shop, *(an_error(f"{letter}Error") for letter in "ABCDE"))
    send(shop, *(an_error("AError") for _ in range(4)))
    titles = [it["title"] for it in rows(shop, "/issues/export.csv")]
    assert sorted(titles) == [f"{letter}Error" for letter in "ABCDE"]
    assert len({it["event_id"] for it in rows(shop, "/issues/SHOP-1/events.csv")}) == 5
    monkeypatch.setattr(page, "MOST_ROWS", 3)
    for path in ("/issues/export", "/issues/SHOP-1/events"):
        *found, last = shop.client.get(f"{path}.csv").text.splitlines()
        assert len(found) == 4 and last.startswith('"# Only the first ')
        *objects_, last_object = objects(shop, f"{path}.ndjson")
        assert len(objects_) == 3 and last_object.keys() == {"truncated"}


@pytest.mark.parametrize(
    "value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", '=HYPERLINK("x")']
)
def test_a_spreadsheet_runs_nothing(shop: Site, value: str):
    send(shop, an_error(value, value, tags={"cart": value}, user={"id": "1", "username": value}))
    for path in ("/issues/export.csv", "/issues/SHOP-1/events.csv"):
        for row in rows(shop, path):
            assert not any(cell.startswith(export.FORMULA) for cell in row.values())


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_whatever_a_cell_says_it_is_one_cell_and_no_formula(values: list[str]):
    text = export.lines("csv", [], [values])
    (row,) = csv.reader(io.StringIO(text, newline=""))
    assert len(row) == len(values)
    for cell, value in zip(row, values, strict=True):
        assert not cell.startswith(export.FORMULA)
        assert cell.removeprefix("'") == value.replace("\0", "").removeprefix("'")
    names = [str(at) for at in range(len(values))]
    assert list(json.loads(export.lines("ndjson", names, [values])).values()) == values


def test_bob_must_not_carry_away_what_he_cannot_see(shop: Site):
    send(shop, an_error("ShopError"))
    send(shop, an_error("BlogError"), project=2)
    shop.user("bob@example.com", "member", "Bob")
    shop.write(given_to_a_team)
    shop.client.cookies.clear()
    shop.sign_in("bob@example.com")
    assert [it["title"] for it in rows(shop, "/issues/export.csv")] == ["BlogError"]
    assert shop.client.get("/issues/export.csv?project=shop").status_code == 404
    assert shop.client.get("/issues/SHOP-1/events.csv").status_code == 404
    assert len(rows(shop, "/issues/BLOG-1/events.csv")) == 1
