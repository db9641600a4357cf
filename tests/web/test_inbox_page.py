"""The inbox as a page: groups, reasons, filters, the peek, news, and who sees what."""

import re

import pytest

from lighttrace.store import teams, tokens, triage
from lighttrace.store.assignees import Assignee
from lighttrace.store.states import State
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
PART = {
    "HX-Request": "true",
    "HX-Request-Type": "partial",
    "HX-Target": "div#inbox",
    "HX-Current-URL": "http://testserver/",
}


@pytest.fixture
def shop(mira: Site) -> Site:
    """Two projects. Burning is new, fatal, and 100 people met it; Fresh is new; Back was resolved
    and is there again; Old happens as it always has; Quiet has not happened for days.
    """
    add_projects(mira, "shop-web", "shop-api")
    start = mira.clock.now_ms()
    mira.clock.set(start - 3 * DAY)
    for name in ("QuietError", "OldError", "BackError"):
        send(mira, an_error(name, release="shop@1.0.0"))
    mira.write(triage.set_state, [3], State.RESOLVED, 1, mira.clock.now_ms())
    mira.clock.set(start - HOUR)
    burning = (an_error("BurningError", "all of it", user={"id": str(n)}) for n in range(100))
    send(mira, *(it | {"level": "fatal"} for it in burning))
    send(mira, an_error("BackError", release="shop@1.1.0"), an_error("OldError"))
    send(mira, an_error("FreshError", tags={"component": "cart"}), project=2)
    mira.clock.set(start)
    return mira


def page(site: Site, path: str = "/", **headers: str) -> str:
    answer = site.client.get(path, headers=headers)
    assert answer.status_code == 200, path
    return answer.text


def groups(html: str) -> dict[str, list[str]]:
    found = {}
    for part in html.split('<section class="group"')[1:]:
        name = re.search(r'id="g-\w+">([^<]+)', part)
        assert name is not None
        found[name[1]] = re.findall(r"<b>(\w+Error)</b>", part.split("</ol>")[0])
    return found


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_it_says_what_to_do_and_why(shop: Site):
    html = page(shop)
    assert groups(html) == {"Act now": ["BurningError"], "Next": ["FreshError", "BackError"]}
    text = plain(html)
    assert "Need someone 1 of 4 oldest waiting 1 h" in text
    assert "1 more with impact under 35 Show them" in text
    assert "New first event 1 h ago 100 users in 60 min" in text or "100 users in 1 h" in text
    assert "Regressed back in shop@1.1.0 , was resolved 3 d ago by Mira" in text
    assert 'title="Impact 71: new 40, users 21, fatal 10"' in html
    assert "<title>(1) Inbox · LightTrace</title>" in html


def test_what_can_wait_is_unfolded_on_demand(shop: Site):
    assert groups(page(shop, "/?group=wait")) == {"Can wait": ["OldError"]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("project=shop-api", ["FreshError"]),
        ("environment=production", ["BurningError", "FreshError", "BackError"]),
        ("period=1h", ["BurningError", "FreshError", "BackError"]),
        ("period=for+ever&group=odd", ["BurningError", "FreshError", "BackError"]),
        ("environment=nowhere", []),
        ("team=@me", []),
    ],
)
def test_filters(shop: Site, query: str, expected: list[str]):
    assert [it for some in groups(page(shop, f"/?{query}")).values() for it in some] == expected


def test_mine_is_what_i_have_and_what_my_teams_own(shop: Site):
    team = shop.write(teams.add, "Billing", shop.clock.now_ms())
    shop.write(teams.join, team.id, 1)
    shop.write(triage.assign, [3], Assignee("user", 1, "Mira"), 1, shop.clock.now_ms())
    shop.write(
        lambda tx: tx.execute(
            "update issue set owner_team = ?, owner_rule = 'x' where id = 4", (1,)
        )
    )
    assert groups(page(shop, "/?team=@me")) == {"Act now": ["BurningError"], "Next": ["BackError"]}
    assert groups(page(shop, "/?team=billing"))["Act now"] == ["BurningError"]
    assert "Owner by the rules: #billing" in page(shop, "/?team=billing")
    assert shop.client.get("/?team=nobody-like-it").status_code == 404


def test_the_number_stands_beside_inbox_on_every_page(shop: Site):
    for path in ("/", "/issues", "/account", "/issues/SHOP-WEB-1"):
        assert '<span class="n hot" id="need">1<' in page(shop, path), path
    shop.write(triage.acknowledge, [4], 1, shop.clock.now_ms())
    assert '<span class="n hot" id="need"></span>' in page(shop, "/issues")


def test_acknowledged_issues_are_next_with_who_and_when(shop: Site):
    shop.write(triage.acknowledge, [4], 1, shop.clock.now_ms())
    shop.clock.advance(9 * MINUTE)
    html = page(shop)
    assert groups(html) == {"Act now": [], "Next": ["BurningError", "FreshError", "BackError"]}
    assert "Mira acknowledged 9 min ago" in plain(html)
    assert 'title="Impact 71: new 40, users 21, fatal 10"' in html
    assert "Nobody is needed right now." in html


def test_nothing_needs_anybody(shop: Site):
    shop.clock.advance(5 * DAY)
    html = page(shop)
    assert "Nothing needs you" in html and "See the 5 quiet issues" in html


def test_before_the_first_event_and_the_first_project(mira: Site):
    answer = mira.client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/setup/project")
    add_projects(mira, "shop")
    assert "No event has arrived yet" in page(mira)


def test_the_peek_shows_the_line_the_sum_and_the_last_steps(shop: Site):
    crumbs = [{"category": "ui.click", "message": "Place order", "timestamp": 1}]
    send(shop, an_error("PeekError", breadcrumbs={"values": crumbs}))
    html = page(shop, "/issues/SHOP-WEB-5/peek", **PART)
    assert "<html" not in html
    text = plain(html)
    assert "Crashing line" in text and "Why 40" in text and "new 40" in text
    assert "Last steps: Place order → error" in text
    assert shop.client.get("/issues/SHOP-WEB-99/peek").status_code == 404


def test_the_page_of_an_issue_shows_the_same_sum(shop: Site):
    text = plain(page(shop, "/issues/SHOP-WEB-4"))
    assert "Impact 71 24 h New in the last 24 h 40 100 users 21 Fatal 10" in text
    assert "It is quiet" in plain(page(shop, "/issues/SHOP-WEB-1"))


def test_news_renew_numbers_and_move_no_row(shop: Site):
    seen = {"seen": "3,4,5"}
    html = shop.client.get("/inbox/news", params=seen, headers=PART).text
    targets = re.findall(r'hx-target="#([\w-]+)"', html)
    assert {f"{part}-{n}" for part in ("im", "w", "n") for n in (3, 4, 5)} <= set(targets)
    assert {"stats", "errors-chart", "waiting", "need", "need-tab"} <= set(targets)
    assert "show <kbd>" not in html and "<li " not in html
    send(
        shop, *(an_error("WorseError", user={"id": str(n)}) | {"level": "fatal"} for n in range(90))
    )
    html = shop.client.get("/inbox/news", params=seen, headers=PART).text
    assert "1 more needs you, show" in html and 'id="need">2<' in html
    assert "WorseError" not in html


def test_weights_of_the_file_rank_the_page(shop: Site):
    config = shop.services.config
    shop.services.config = type(config)(store=config.store, impact=type(config.impact)(new=0))
    assert groups(page(shop))["Next"] == ["BackError"]


def test_nobody_sees_what_is_not_theirs(shop: Site):
    team = shop.write(teams.add, "Billing", shop.clock.now_ms())
    shop.write(teams.set_of_project, 1, [team.id])
    shop.user("tom@example.com", "member", "Tom")
    shop.client.cookies.clear()
    shop.sign_in("tom@example.com")
    html = page(shop)
    assert groups(html) == {"Act now": [], "Next": ["FreshError"]}
    assert "BurningError" not in html and 'id="need"></span>' in html
    assert "Mira" not in html.partition('id="inbox-rail"')[2]  # what was done elsewhere
    assert shop.client.get("/?project=shop-web").status_code == 404
    assert shop.client.get("/issues/SHOP-WEB-4/peek").status_code == 404
    news = shop.client.get("/inbox/news", params={"seen": "4"}, headers=PART).text
    assert "im-4" not in news


def test_somebody_without_a_project_is_told_whom_to_ask(shop: Site):
    team = shop.write(teams.add, "Billing", shop.clock.now_ms())
    for project in (1, 2):
        shop.write(teams.set_of_project, project, [team.id])
    shop.user("tom@example.com", "member", "Tom")
    shop.client.cookies.clear()
    shop.sign_in("tom@example.com")
    assert "There is no project for you yet" in page(shop)


def test_a_huge_inbox_stays_a_small_page(shop: Site):
    for n in range(60):
        send(shop, an_error(f"Crowd{n}Error", "x" * 300, transaction=f"/{n}"))
    html = page(shop)
    assert len(groups(html)["Next"]) == 25 and "37 more in Next" in plain(html)
    assert len(html.encode()) < 150_000


def test_the_address_keeps_everything(shop: Site):
    html = page(shop, "/?period=6h&environment=production")
    assert 'href="/?environment=production&amp;period=1h"' in html
    assert 'href="/?period=6h"' in html


def post(site: Site, headers: dict[str, str] | None = None, **data: object):
    return site.client.post("/inbox/change", data=data, headers=headers or {})


def test_a_plain_form_acknowledges_and_the_inbox_says_so(shop: Site):
    answer = post(shop, do="acknowledge", id="4", next="/?period=6h")
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert where.startswith("/?period=6h&done=acknowledged.1.")
    html = page(shop, where)
    assert groups(html)["Act now"] == [] and "1 issue acknowledged" in html
    undo = re.search(r'action="(/undo/[0-9a-f]{32})"', html)
    assert undo is not None and shop.client.post(undo[1]).status_code == 303
    assert groups(page(shop))["Act now"] == ["BurningError"]


def test_a_fragment_draws_the_inbox_anew_with_the_number_and_a_toast(shop: Site):
    html = post(shop, PART, do="resolve", id=["4", "5"]).text
    assert "<html" not in html and groups(html) == {"Act now": [], "Next": ["BackError"]}
    assert "2 issues resolved" in html
    assert re.search(r'hx-target="#need"[^>]*><span class="n hot" id="need"></span>', html)


@pytest.mark.parametrize("do", ["", "explode", "archive:never", "assign"])
def test_what_makes_no_sense_is_refused(shop: Site, do: str):
    assert post(shop, do=do, id="4").status_code == 400
    assert groups(page(shop))["Act now"] == ["BurningError"]


def test_viewers_look_and_change_nothing(shop: Site):
    shop.user("vera@example.com", "viewer", "Vera")
    shop.client.cookies.clear()
    shop.sign_in("vera@example.com")
    html = page(shop)
    assert groups(html)["Act now"] == ["BurningError"]
    assert 'type="checkbox"' not in html and "/inbox/change" not in html
    assert "/inbox/change" not in page(shop, "/issues/SHOP-WEB-4/peek", **PART)
    assert post(shop, do="acknowledge", id="4").status_code == 403


def test_nobody_changes_what_is_not_theirs(shop: Site):
    team = shop.write(teams.add, "Billing", shop.clock.now_ms())
    shop.write(teams.set_of_project, 1, [team.id])
    shop.user("tom@example.com", "member", "Tom")
    shop.client.cookies.clear()
    shop.sign_in("tom@example.com")
    post(shop, do="acknowledge", id="4")
    acknowledged = "select acknowledged_at from issue where id = 4"
    assert shop.read(lambda db: db.execute(acknowledged).fetchone()[0]) is None


def test_the_api_says_impact_as_a_priority(shop: Site):
    token = shop.write(tokens.add, "script", ("event:read",), 1, shop.clock.now_ms())[1]
    bearer = {"Authorization": f"Bearer {token}"}
    listed = shop.client.get("/api/0/organizations/lighttrace/issues/?query=", headers=bearer)
    assert {it["title"].partition(":")[0]: it["priority"] for it in listed.json()} == {
        "BurningError": "high",
        "FreshError": "medium",
        "BackError": "medium",
        "OldError": "low",
        "QuietError": "low",
    }
    assert shop.client.get("/api/0/issues/4/", headers=bearer).json()["priority"] == "high"
