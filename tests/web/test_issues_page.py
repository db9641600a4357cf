"""The list of issues: what it shows, its filters, orders and pages, and what is new in it."""

import re
from collections.abc import Iterable

import pytest

from lighttrace.store import text_index, triage
from lighttrace.store.search import narrowed
from lighttrace.store.states import State
from tests.web.sending import add_projects, an_error, issues, send
from tests.web.served import Site

MINUTE, DAY = 60_000, 86_400_000
PART = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#list"}


@pytest.fixture
def shop(mira: Site) -> Site:
    """Two projects, four issues: Alpha three times and yesterday, then Bravo, Charlie and, in the
    other project and environment, Delta.
    """
    add_projects(mira, "shop-web", "shop-api")
    start = mira.clock.now_ms()
    mira.clock.set(start - DAY)
    send(mira, *(an_error("AlphaError", "first of all", user={"id": "1"}) for _ in range(3)))
    mira.clock.set(start - 20 * MINUTE)
    send(mira, *(an_error("BravoError", "two people", user={"id": it}) for it in "12"))
    send(mira, an_error("CharlieError", "nobody", tags={"browser": "Firefox"}))
    mira.clock.set(start - 10 * MINUTE)
    send(mira, an_error("DeltaError", "other", environment="staging"), project=2)
    mira.clock.set(start)
    return mira


def titles(html: str) -> list[str]:
    return re.findall(r"<b>(\w+Error\d*)</b>", html)


def page(site: Site, path: str, **headers: str) -> str:
    answer = site.client.get(path, headers=headers)
    assert answer.status_code == 200, path
    return answer.text


def change(site: Site, do: str, ids: Iterable[int], **headers: str):
    data = {"do": do, "id": [str(it) for it in ids], "next": "/issues"}
    return site.client.post("/issues/change", data=data, headers=headers)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "Delta Charlie Bravo Alpha"),
        ("sort=first_seen", "Delta Charlie Bravo Alpha"),
        ("sort=events", "Alpha Bravo Delta Charlie"),
        ("sort=users", "Bravo Alpha Delta Charlie"),
        ("project=shop-web", "Charlie Bravo Alpha"),
        ("environment=staging", "Delta"),
        ("environment=", ""),
        ("period=1h", "Delta Charlie Bravo"),
        ("query=people", "Bravo"),
        ("query=Charl", "Charlie"),
        ('query=browser:"Firefox"', "Charlie"),
        ("query=SHOP-WEB-1", "Alpha"),
        ("query=nothing+like+it", ""),
        ("state=resolved", ""),
        ("state=all", "Delta Charlie Bravo Alpha"),
        ("sort=magic&state=odd&period=long&cursor=rubbish", "Delta Charlie Bravo Alpha"),
    ],
)
def test_filters_and_orders(shop: Site, query: str, expected: str):
    assert titles(page(shop, f"/issues?{query}")) == [f"{it}Error" for it in expected.split()]


def test_a_row_says_where_how_often_for_how_many_and_since_when(shop: Site):
    html = page(shop, "/issues?query=Alpha")
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert "AlphaError first of all" in text and "/checkout" in text
    assert re.search(r"shop-web · SHOP-WEB-1 3 events 1 1 d 1 d", text)
    assert 'aria-label="3 events in 14 d, the last 1 d ago"' in html


def test_an_unknown_project_is_not_found(shop: Site):
    assert shop.client.get("/issues?project=nowhere").status_code == 404


def test_pages_follow_one_another_and_back(mira: Site):
    add_projects(mira, "shop")
    for at in range(60):
        send(mira, an_error(f"N{at:02}Error", frames=[{"function": f"f{at}", "in_app": True}]))
        mira.clock.advance(1000)
    seen: list[str] = []
    html = page(mira, "/issues")
    assert '1–25 of <span id="total">60<' in html and ">Back<" not in html
    ways = []
    while True:
        seen += titles(html)
        older = re.search(r'href="([^"]+cursor=[^"]+)"[^>]*>More', html)
        if older is None:
            break
        ways.append(older[1].replace("&amp;", "&"))
        html = page(mira, ways[-1])
    assert seen == [f"N{at:02}Error" for at in reversed(range(60))]
    assert '51–60 of <span id="total">60<' in html
    back = re.search(r'href="([^"]+cursor=[^"]+)"[^>]*>(?:<svg.*?</svg>)?Back', html)
    assert back and '26–50 of <span id="total">60<' in page(mira, back[1].replace("&amp;", "&"))


def test_a_filter_keeps_the_others(shop: Site):
    html = page(shop, "/issues?project=shop-web&environment=production&sort=events&query=Alpha")
    tab = next(it for it in re.findall(r'<a href="([^"]+)"', html) if "state=resolved" in it)
    for part in ("project=shop-web", "environment=production", "sort=events", "query=Alpha"):
        assert part in tab
    # the search form carries them as fields
    assert '<input type="hidden" name="environment" value="production">' in html
    assert '<input type="hidden" name="sort" value="events">' in html


def test_htmx_gets_the_list_and_the_filters_beside_it(shop: Site):
    html = page(shop, "/issues?environment=production", **PART)
    assert html.lstrip().startswith('<div id="list"') and "<html" not in html
    assert '<hx-partial hx-target="#scope"' in html
    whole = page(shop, "/issues", **{**PART, "HX-Request-Type": "full"})
    assert whole.startswith("<!doctype html>")


def test_hostile_words_of_an_event_stay_words(mira: Site):
    add_projects(mira, "shop")
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    send(mira, an_error(evil, evil, transaction=evil, tags={"team": evil}, user={"id": evil}))
    query = "/issues?query=%3Cscript%3E%22%27%26&environment=%22%3E%3Cu%3E&project=shop"
    for path in ("/issues", query, "/issues/SHOP-1", "/issues/SHOP-1?environment=%3Cu%3E"):
        html = page(mira, path)
        assert "<script>alert" not in html and "<img src=x" not in html and "<u>" not in html
    assert "&lt;script&gt;alert(1)" in page(mira, "/issues")


def test_a_project_without_events_says_how_to_go_on(mira: Site):
    assert "There is no project yet" in page(mira, "/issues")
    add_projects(mira, "shop")
    html = page(mira, "/issues")
    assert "No event has arrived yet" in html and 'href="/setup/shop/sdk"' in html


def test_a_list_that_is_done_says_so(shop: Site):
    change(shop, "resolve", [it.id for it in issues(shop)])
    html = page(shop, "/issues")
    assert "Nothing needs you" in html and "See 4 other issues" in html


def test_a_filter_that_matches_nothing_offers_to_drop_one_at_a_time(shop: Site):
    html = page(shop, "/issues?query=Alpha&environment=staging")
    assert "No issue matches all of this" in html
    ways = dict(re.findall(r"<span>(\w+):</span>.*?</a><span[^>]*>([^<]+)</span>", html))
    assert ways == {
        "search": "1 issue",
        "environment": "1 issue",
    }


def test_what_is_nowhere_is_found_by_dropping_the_search_alone(shop: Site):
    html = page(shop, "/issues?query=nowhere&environment=staging&project=shop-api")
    ways = re.findall(r"<span>(\w+):</span>.*?</a><span[^>]*>([^<]+)</span>", html)
    assert ways == [("search", "1 issue")]


def test_a_viewer_sees_no_way_to_change_anything(shop: Site):
    shop.user("vera@example.com", "viewer", "Vera")
    shop.client.cookies.clear()
    shop.sign_in("vera@example.com")
    html = page(shop, "/issues")
    assert titles(html) and 'type="checkbox"' not in html and 'name="do"' not in html


def test_links_lead_only_to_pages_that_exist(shop: Site):
    html = page(shop, "/issues") + page(shop, "/issues/SHOP-WEB-1")
    for path in sorted(set(re.findall(r'href="(/[^"#?]*)', html))):
        assert shop.client.get(path).status_code in (200, 303), path


# What is counted after the rows


@pytest.fixture
def slow(shop: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The same, where everything takes too long to count."""
    monkeypatch.setattr(text_index, "ROWS_SHIFT", 1)
    monkeypatch.setattr(text_index, "ROW_MASK", 1)
    monkeypatch.setattr(narrowed, "MOST_READ", 0)
    monkeypatch.setattr(narrowed, "MOST_COUNTED", 0)
    monkeypatch.setattr(narrowed, "MOST_LOOKED_AT", 0)
    start = shop.clock.now_ms()
    send(shop, *(an_error("EchoError", "later", user={"id": it}) for it in "12334"))
    send(shop, an_error("FoxtrotError", "latest"))
    shop.clock.set(start)
    return shop


def test_what_takes_long_to_count_comes_after_the_rows(slow: Site):
    asked = "query=%22later%22+OR+%22latest%22&state=all&sort=events"
    html = page(slow, f"/issues?{asked}")
    assert titles(html) == ["EchoError", "FoxtrotError"] and html.count("being counted") == 7
    (address,) = re.findall(r'hx-get="(/issues/counts[^"]*)"', html)
    assert 'All <span class="n"><' in html

    (seen,) = re.findall(r'name="seen" value="([^"]*)"', html)
    later = page(slow, f"{address.replace('&amp;', '&')}&seen={seen}", **PART)
    assert "being counted" not in later and "<li " not in later
    assert 'All <span class="n">2</span>' in later and "4 in this period, 4 ever" in later
    assert '<hx-partial hx-target="#total" hx-swap="innerHTML">2</hx-partial>' in later
    assert "#waiting" not in later


def test_without_scripts_a_link_counts_everything(slow: Site):
    html = page(slow, "/issues?query=%22later%22+OR+%22latest%22&sort=events")
    (link,) = re.findall(r'<noscript>.*?href="([^"]*)".*?</noscript>', html)
    html = page(slow, link.replace("&amp;", "&"))
    assert "being counted" not in html and "/issues/counts" not in html
    assert 'Unresolved <span class="n">2</span>' in html and "4 in this period" in html


def test_what_is_counted_at_once_is_not_asked_for_again(shop: Site):
    assert "/issues/counts" not in page(shop, "/issues?query=first")
    assert shop.client.get("/issues/counts?project=gone", headers=PART).status_code == 204
    assert shop.client.get("/issues/counts?query=a:b:(", headers=PART).status_code in (200, 204)


# What is new


def news(site: Site, seen: Iterable[int], drawn: int, query: str = "") -> str:
    headers = {**PART, "HX-Current-URL": f"http://testserver/issues?{query}"}
    path = f"/issues/news?seen={','.join(map(str, seen))}&drawn={drawn}"
    return page(site, path, **headers)


def test_news_are_numbers_in_their_places_and_no_row_moves(shop: Site):
    ids, drawn = [it.id for it in issues(shop)], shop.clock.now_ms()
    shop.clock.advance(MINUTE)
    send(shop, an_error("AlphaError", "first of all", user={"id": "9"}))
    html = news(shop, ids, drawn)
    assert f'hx-target="#n-{ids[0]}"' in html and "4 in this period, 4 ever" in html
    assert "<li " not in html and "show" not in html
    assert "<script" not in html


def test_a_new_issue_waits_until_somebody_asks_for_it(shop: Site):
    ids, drawn = [it.id for it in issues(shop)], shop.clock.now_ms()
    shop.clock.advance(MINUTE)
    send(shop, an_error("EchoError", "just now"))
    html = news(shop, ids, drawn)
    assert "1 new, show" in html and "EchoError" not in html
    assert 'Unresolved <span class="n">5</span>' in html
    # not where the filter says otherwise, nor on a later page
    assert "new, show" not in news(shop, ids, drawn, "project=shop-api")
    assert "new, show" not in news(shop, ids, drawn, "query=Alpha")


def test_news_of_nonsense_are_no_failure(shop: Site):
    for path in ("/issues/news", "/issues/news?seen=a,-1,9999999999999999999&drawn=x"):
        assert shop.client.get(path, headers=PART).status_code == 200
    headers = {**PART, "HX-Current-URL": "http://testserver/issues?project=gone"}
    assert shop.client.get("/issues/news", headers=headers).status_code == 204


def test_a_project_that_is_gone_leaves_the_list(shop: Site):
    set_deleted = "update project set deleted_at = 1 where slug = 'shop-api'"
    shop.write(lambda tx: tx.execute(set_deleted).rowcount)
    assert titles(page(shop, "/issues")) == ["CharlieError", "BravoError", "AlphaError"]


def test_archived_issues_have_their_tab(shop: Site):
    shop.write(triage.set_state, [issues(shop)[0].id], State.ARCHIVED, None, shop.clock.now_ms())
    html = page(shop, "/issues?state=archived")
    assert titles(html) == ["AlphaError"]
    assert re.findall(r'class="n">(\d+)<', html) == ["3", "0", "1", "4"]
