"""Resolve, archive, reopen and take it back: with a script, without one, and who may not."""

import re
from typing import Any

import pytest

from lighttrace.store import activity, teams, triage
from lighttrace.store.assignees import Assignee
from lighttrace.store.states import State
from tests.web.sending import add_projects, an_error, issues, send
from tests.web.served import Site

MINUTE = 60_000
LIST = {
    "HX-Request": "true",
    "HX-Request-Type": "partial",
    "HX-Target": "div#list",
    "HX-Current-URL": "http://testserver/issues",
}
HEAD = LIST | {
    "HX-Target": "div#issue-head",
    "HX-Current-URL": "http://testserver/issues/SHOP-1/events/latest",
}


@pytest.fixture
def shop(mira: Site) -> Site:
    """Three unresolved issues, SHOP-1 to SHOP-3."""
    add_projects(mira, "shop")
    for name in ("Alpha", "Bravo", "Charlie"):
        send(mira, an_error(f"{name}Error"))
        mira.clock.advance(MINUTE)
    return mira


def states(site: Site) -> list[str]:
    return [it.state.name.lower() for it in issues(site)]


def post(site: Site, path: str, headers: dict[str, str] | None = None, **data: Any) -> Any:
    return site.client.post(path, data=data, headers=headers or {})


def undo_address(html: str) -> str:
    found = re.search(r'action="(/undo/[0-9a-f]{32})"', html)
    assert found, html[-1500:]
    return found[1]


@pytest.mark.parametrize(("do", "state"), [("resolve", "resolved"), ("archive", "archived")])
def test_a_plain_form_changes_the_ticked_ones_and_the_next_page_says_so(
    shop: Site, do: str, state: str
):
    back = "/issues?sort=events"
    answer = post(shop, "/issues/change", do=do, id=["1", "3"], next=back)
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert where.startswith(f"{back}&done={state}.2.")
    assert states(shop) == [state, "unresolved", state]
    html = shop.client.get(where).text
    assert f"2 issues {state}" in html

    undone = post(shop, undo_address(html), headers={"referer": f"http://testserver{where}"})
    assert (undone.status_code, undone.headers["location"]) == (303, f"{back}&done=undone.2")
    assert states(shop) == ["unresolved"] * 3
    assert "2 issues put back" in shop.client.get(undone.headers["location"]).text


def test_htmx_takes_out_the_rows_that_left_and_nothing_else(shop: Site):
    data = {"do": "resolve", "id": ["1"], "seen": "1,2,3"}
    html = post(shop, "/issues/change", LIST, **data).text
    assert html.count('hx-swap="delete"') == 1 and 'hx-target="#i-1"' in html
    assert 'Unresolved <span class="n">2</span>' in html and "1 issue resolved" in html
    assert "<li" not in html

    undone = post(shop, undo_address(html), LIST)
    assert undone.headers["hx-trigger"] == "issues-undone"
    assert "1 issue put back" in undone.text and states(shop) == ["unresolved"] * 3


def test_the_last_rows_of_a_page_leave_for_the_next_ones(shop: Site):
    data = {"do": "archive", "id": ["1", "2", "3"], "seen": "1,2,3"}
    html = post(shop, "/issues/change", LIST, **data).text
    assert '<div id="list"' in html and "Nothing needs you" in html
    assert "3 issues archived" in html


def test_in_the_list_of_all_rows_stay_and_change(shop: Site):
    headers = LIST | {"HX-Current-URL": "http://testserver/issues?state=all"}
    html = post(shop, "/issues/change", headers, do="resolve", id=["2"], seen="1,2,3").text
    assert '<div id="list"' in html and html.count('<li class="iss') == 3
    assert ">Resolved</span>" in html


def test_on_its_page_an_issue_changes_its_head_its_history_and_its_status(shop: Site):
    html = post(shop, "/issues/SHOP-1/change", HEAD, do="resolve").text
    assert html.lstrip().startswith('<div id="issue-head"')
    assert 'value="reopen"' in html and 'value="resolve"' not in html
    for target in ("#history", "#status", "#toasts"):
        assert f'hx-target="{target}"' in html
    # what comes next keeps to the event that is open
    assert 'name="next" value="/issues/SHOP-1/events/latest"' in html
    assert states(shop)[0] == "resolved"
    post(shop, undo_address(html), HEAD)
    again = shop.client.get("/issues/SHOP-1", headers=HEAD).text
    assert 'value="resolve"' in again and "took back: resolved" in again


def test_on_its_page_a_plain_form_comes_back_to_the_event(shop: Site):
    back = "/issues/SHOP-2/events/first?period=24h"
    answer = post(shop, "/issues/SHOP-2/change", do="archive", next=back)
    assert answer.headers["location"].startswith(f"{back}&done=archived.1.")
    html = shop.client.get(answer.headers["location"]).text
    assert "1 issue archived" in html and ">Archived</span>" in html
    assert "<b>Mira</b> archived" in html


@pytest.fixture
def closed(shop: Site) -> Site:
    """The shop belongs to a team with Jon in it, user 2; Bob, user 3, is in none."""
    for name in ("jon", "bob"):
        shop.user(f"{name}@example.com", "member", name.title())
    team = shop.write(teams.add, "Web", 0)
    shop.write(teams.join, team.id, 2)
    shop.write(teams.set_of_project, 1, [team.id])
    return shop


def test_menus_offer_those_who_see_the_project(closed: Site):
    for path in ("/issues", "/issues/SHOP-1", "/", "/issues/SHOP-1/peek"):
        html = closed.client.get(path).text
        assert 'value="assign:user:2"' in html and 'value="assign:team:1"' in html, path
        assert 'value="assign:user:3"' not in html, path


@pytest.mark.parametrize("path", ["/issues/change", "/inbox/change", "/issues/SHOP-1/change"])
def test_nobody_is_given_what_they_do_not_see(closed: Site, path: str):
    answer = post(closed, path, do="assign:user:3", id=1)
    assert answer.status_code == 303
    assert "they cannot see the project" in closed.client.get(answer.headers["location"]).text
    assert issues(closed)[0].assignee is None
    html = post(closed, path, LIST, do="assign:user:3", id=1).text
    assert "they cannot see the project" in html and 'action="/undo/' not in html
    assert post(closed, path, do="assign:user:2", id=1).status_code == 303
    assert issues(closed)[0].assignee == Assignee("user", 2, "Jon", "jon@example.com")


def test_whoever_lost_sight_of_an_issue_is_shown_as_such(closed: Site):
    post(closed, "/issues/SHOP-1/change", do="assign:user:2")
    assert "cannot see this project" not in closed.client.get("/issues/SHOP-1").text
    closed.write(teams.leave, 1, 2)
    page = closed.client.get("/issues/SHOP-1").text
    assert 'Jon <span class="dimmer">cannot see this project</span>' in page
    for path in ("/issues", "/"):
        assert (
            'title="Assigned to Jon, who cannot see this project"' in closed.client.get(path).text
        )


def test_an_archived_issue_can_be_reopened_or_resolved(shop: Site):
    post(shop, "/issues/SHOP-1/change", do="archive")
    html = shop.client.get("/issues/SHOP-1").text
    assert 'value="reopen"' in html and 'value="resolve"' in html
    post(shop, "/issues/SHOP-1/change", do="reopen")
    assert states(shop)[0] == "unresolved"


def test_what_is_so_already_is_said_and_cannot_be_undone(shop: Site):
    post(shop, "/issues/SHOP-1/change", do="resolve")
    answer = post(shop, "/issues/SHOP-1/change", do="resolve")
    html = shop.client.get(answer.headers["location"]).text
    assert "it was so already" in html
    assert 'action="/undo/' not in html.partition('id="toasts"')[2]


def test_undo_ends_after_ten_minutes_and_works_once(shop: Site):
    html = post(shop, "/issues/SHOP-1/change", HEAD, do="resolve").text
    shop.clock.advance(activity.UNDO_MS + 1)
    late = post(shop, undo_address(html), LIST)
    assert "Too late" in late.text and states(shop)[0] == "resolved"
    assert 'action="/undo/' not in shop.client.get("/issues/SHOP-1").text

    html = post(shop, "/issues/SHOP-2/change", HEAD, do="resolve").text
    post(shop, undo_address(html), LIST)
    assert "Too late" in post(shop, undo_address(html), LIST).text
    assert "Too late" in post(shop, "/undo/" + "0" * 32, LIST).text
    assert "Too late" in post(shop, "/undo/nonsense", LIST).text


def test_an_issue_that_came_back_since_stays_as_it_is(shop: Site):
    html = post(shop, "/issues/SHOP-1/change", HEAD, do="resolve").text
    shop.clock.advance(MINUTE)
    send(shop, an_error("AlphaError", release="shop@2.0.0"))
    assert states(shop)[0] == "unresolved"
    page = shop.client.get("/issues/SHOP-1").text
    assert ">Regressed</span>" in page and "<b>Came back</b>" in page
    assert "1 issue put back" not in post(shop, undo_address(html), LIST).text
    assert ">Regressed</span>" in shop.client.get("/issues/SHOP-1").text


def test_forms_that_make_no_sense_change_nothing(shop: Site):
    for data in ({"do": "delete", "id": "1"}, {"id": "1"}, {"do": "all", "id": "1"}):
        assert post(shop, "/issues/change", **data).status_code == 400
    for odd in ("x", "-1", "9" * 30, "٣", "99"):
        answer = post(shop, "/issues/change", do="resolve", id=odd)
        assert answer.headers["location"] == "/issues?done=same.0"
    assert post(shop, "/issues/change", do="resolve").status_code == 303
    assert post(shop, "/issues/SHOP-9/change", do="resolve").status_code == 404
    assert post(shop, "/issues/SHOP-1/change", do="close").status_code == 400
    assert states(shop) == ["unresolved"] * 3


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site(shop: Site, target: str):
    answer = post(shop, "/issues/change", do="resolve", id="1", next=target)
    assert answer.headers["location"].startswith("/issues?done=resolved.1.")
    token = answer.headers["location"].rpartition(".")[2]
    undone = post(shop, f"/undo/{token}", headers={"referer": target})
    where = undone.headers["location"]
    assert where.startswith("/") and not where.startswith("//") and "evil" not in where


def test_nothing_is_changed_by_looking(shop: Site):
    for path in ("/issues/change", "/issues/SHOP-1/change", "/undo/" + "0" * 32):
        assert shop.client.get(path).status_code in (404, 405)


def test_vera_the_viewer_must_not_change_anything(shop: Site):
    html = post(shop, "/issues/SHOP-1/change", HEAD, do="resolve").text
    shop.user("vera@example.com", "viewer", "Vera")
    shop.client.cookies.clear()
    shop.sign_in("vera@example.com")
    for path, data in (
        ("/issues/change", {"do": "archive", "id": "2"}),
        ("/issues/SHOP-2/change", {"do": "archive"}),
        (undo_address(html), {}),
    ):
        assert post(shop, path, **data).status_code == 403
        assert post(shop, path, LIST, **data).status_code == 403
    assert states(shop) == ["resolved", "unresolved", "unresolved"]


def test_another_site_must_not_change_anything(shop: Site):
    headers = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    answer = post(shop, "/issues/change", headers, do="resolve", id="1")
    assert answer.status_code == 403 and states(shop)[0] == "unresolved"


def test_the_history_says_who_did_what_with_how_many(shop: Site):
    post(shop, "/issues/change", do="resolve", id=["1", "2", "3"])
    html = shop.client.get("/issues/SHOP-2").text
    assert "<b>Mira</b> resolved this and 2 others" in html
    shop.write(triage.set_state, [2], State.UNRESOLVED, None, shop.clock.now_ms())
    assert "<b>Somebody</b> reopened" in shop.client.get("/issues/SHOP-2").text
