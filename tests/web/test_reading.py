"""The pages around an issue: its tags, users and events."""

import pytest

from tests.web.sending import add_projects, an_error, issues, send
from tests.web.served import Site
from tests.web.test_issue_page import MINUTE, page, text_of

PAGES = ("events", "tags", "tags/browser.name", "users")


@pytest.fixture
def shop(mira: Site) -> Site:
    add_projects(mira, "shop", "blog")
    return mira


def some(site: Site, *browsers: str, **over: object) -> None:
    for number, browser in enumerate(browsers):
        site.clock.advance(MINUTE)
        user = {"id": str(number % 3), "email": f"user{number % 3}@example.com"}
        send(site, an_error(tags={"browser": browser, "cart": f"c{number}"}, user=user, **over))


def test_a_tag_is_shown_in_full(shop: Site):
    some(shop, "Firefox 150", "Chrome 141", "Firefox 150")
    html = page(shop, "/issues/SHOP-1/tags/browser")
    said = text_of(html)
    assert "2 values in 3 events" in said
    assert "Firefox 150 67 % 2 2 min ago now" in said
    assert 'href="/issues/SHOP-1/events?query=browser%3A%22Firefox%20150%22"' in html
    assert "/issues?project=shop&amp;state=all&amp;query=browser%3A%22Firefox%20150%22" in html
    assert "Chrome" in text_of(page(shop, "/issues/SHOP-1/tags/browser?period=24h"))
    none = text_of(page(shop, "/issues/SHOP-1/tags/browser?environment=staging"))
    assert "No event of this time and environment has the tag browser" in none
    assert shop.client.get("/issues/SHOP-1/tags/nosuchkey").status_code == 404


def test_a_tag_with_many_values_has_pages(shop: Site):
    send(shop, *(an_error(tags={"cart": f"c{at}"}) for at in range(60)))
    first = page(shop, "/issues/SHOP-1/tags/cart")
    assert "60 values in 60 events" in text_of(first) and "1–50" in first
    second = page(shop, "/issues/SHOP-1/tags/cart?page=2")
    assert "51–60" in second and 'rel="next"' not in second
    for odd in ("0", "-1", "x", "99999999999999999999"):
        page(shop, f"/issues/SHOP-1/tags/cart?page={odd}")


def test_all_tags_stand_side_by_side(shop: Site):
    some(shop, "Firefox 150", "Chrome 141")
    html = page(shop, "/issues/SHOP-1/tags")
    assert (
        'href="/issues/SHOP-1/tags/browser"' in html and 'href="/issues/SHOP-1/tags/cart"' in html
    )
    assert "Counted over 2 events." in text_of(html)
    assert "has a tag" in page(shop, "/issues/SHOP-1/tags?environment=staging")


def test_users_are_counted_and_found_by_name(shop: Site):
    some(shop, *["Firefox 150"] * 7)
    send(shop, an_error())
    said = text_of(page(shop, "/issues/SHOP-1/users"))
    assert "3 users" in said and "1 event of nobody known" in said
    assert "user0@example.com 3" in said and "user2@example.com 2" in said
    found = text_of(page(shop, "/issues/SHOP-1/users?query=USER1"))
    assert "user1@example.com" in found and "user0@example.com" not in found
    assert "Nobody is called that" in page(shop, "/issues/SHOP-1/users?query=eve")
    assert "0 users" in text_of(page(shop, "/issues/SHOP-1/users?environment=staging"))


def test_all_events_are_a_table_with_chosen_columns(shop: Site):
    some(shop, "Firefox 150", "Chrome 141")
    html = page(shop, "/issues/SHOP-1/events?columns=cart,browser")
    heads = html.partition("<thead>")[2].partition("</thead>")[0]
    assert text_of(heads) == "Time Event Environment Release User cart browser"
    assert "c1 Chrome 141" in text_of(html)
    assert text_of(html).index("c1 Chrome") < text_of(html).index("c0 Firefox")
    oldest = text_of(page(shop, "/issues/SHOP-1/events?columns=cart,browser&sort=oldest"))
    assert oldest.index("c0 Firefox") < oldest.index("c1 Chrome")
    only = text_of(
        page(shop, "/issues/SHOP-1/events?columns=cart&query=browser%3A%22Chrome%20141%22")
    )
    assert " c1 " in only and " c0 " not in only  # ids of events have such letters too
    assert "No event matches all of this" in page(shop, "/issues/SHOP-1/events?query=nonsense")


def test_the_columns_are_remembered(shop: Site):
    some(shop, "Firefox 150")
    form = {"column": ["cart", "browser", "cart", "level"], "query": "TypeError", "sort": "oldest"}
    answer = shop.client.post("/issues/SHOP-1/columns", data=form)
    assert answer.status_code == 303
    there = "/issues/SHOP-1/events?query=TypeError&sort=oldest&columns=cart%2Cbrowser"
    assert answer.headers["location"] == there
    assert ">cart</a></th>" in page(shop, "/issues/SHOP-1/events")
    shop.client.post("/issues/SHOP-1/columns", data={})
    assert ">cart</a></th>" not in page(shop, "/issues/SHOP-1/events")


def test_a_long_list_of_events_has_pages(shop: Site):
    send(shop, *(an_error(value=f"number {at}") for at in range(60)))
    first = page(shop, "/issues/SHOP-1/events")
    assert "number 59" in first and "number 5<" not in first
    more = first.partition('rel="next" href="')[2].partition('"')[0]
    second = page(shop, more)
    assert "number 5<" in second and 'rel="next"' not in second
    back = second.partition('rel="prev" href="')[2].partition('"')[0]
    assert "number 59" in page(shop, back)
    for odd in ("x", "-", "--1", "9" * 30, "-0"):
        page(shop, f"/issues/SHOP-1/events?cursor={odd}")


@pytest.mark.parametrize("part", PAGES)
def test_what_an_event_says_cannot_become_html(shop: Site, part: str):
    evil = '"><script>alert(1)</script>'
    event = an_error(
        evil, evil, tags={"browser.name": evil, "<b>": evil}, user={"id": evil}, release=None
    )
    send(shop, event)
    html = page(shop, f"/issues/SHOP-1/{part}?query={evil}")
    assert "<script>alert" not in html and "<b><b>" not in html


@pytest.mark.parametrize("part", PAGES)
def test_an_issue_that_is_not_there_has_none_of_these_pages(shop: Site, part: str):
    assert shop.client.get(f"/issues/SHOP-1/{part}").status_code == 404
    assert shop.client.get(f"/issues/NOPE/{part}").status_code == 404


@pytest.mark.parametrize("part", PAGES)
def test_bob_must_not_read_about_an_issue_of_another_team(shop: Site, part: str):
    some(shop, "Firefox 150")
    shop.user("bob@example.com", "member", "Bob")
    assert issues(shop)[0].short_id == "SHOP-1"
    shop.write(given_to_a_team)
    shop.client.cookies.clear()
    shop.sign_in("bob@example.com")
    assert shop.client.get(f"/issues/SHOP-1/{part}").status_code == 404


def given_to_a_team(tx) -> None:
    """Project 1 belongs to a team without members."""
    tx.execute("insert into team(id, slug, name, created_at) values(1, 'web', 'Web', 0)")
    tx.execute("insert into project_team(project_id, team_id) values(1, 1)")
