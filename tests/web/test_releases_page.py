"""Releases: what went out, and what followed; and one of them, with what it was built of."""

import re
from pathlib import Path
from typing import Any

import pytest

from lighttrace.store import announced, commits, deploys, issue_list, teams, triage
from lighttrace.store.announced import Told
from lighttrace.store.bundles import Build
from lighttrace.store.commits import Commit
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.states import State
from tests.store.uploads import Put, put_bundle
from tests.web.sending import add_projects, an_error, send
from tests.web.served import NOW_MS, Site, served
from tests.web.test_issue_page import text_of

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture
def shop(tmp_path: Path):
    with served(tmp_path) as site:
        site.user()
        site.sign_in()
        add_projects(site, "shop", "till")
        yield site


def fail(site: Site, title: str, release: str, at: int = NOW_MS, **over: Any) -> None:
    site.clock.set(at)
    send(site, an_error(title, release=release, **over), project=over.pop("project", 1))
    site.clock.set(NOW_MS)


def out(
    site: Site, version: str, at: int, *made: Commit, env: str = "production", project: int = 1
) -> int:
    release_id, _ = site.write(announced.tell, version, [project], Told(), at)
    site.write(commits.put, release_id, made, at)
    site.write(deploys.add, release_id, env, at)
    return int(release_id)


def said(site: Site, path: str) -> str:
    answer = site.client.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(text_of(answer.text).split())


def versions(site: Site, path: str = "/releases") -> list[str]:
    html = site.client.get(path).text
    return re.findall(r'<a class="ver" href="[^"]*"><b>([^<]*)</b>', html)


def test_without_releases_the_page_says_how_to_get_them(shop: Site) -> None:
    text = said(shop, "/releases")
    assert "No release yet" in text and "Give your SDK a release" in text
    assert "http://testserver/api/0/organizations/lighttrace/releases/" in text


def test_releases_stand_by_their_deploy_else_by_their_first_event(shop: Site) -> None:
    fail(shop, "Old", "shop@1", NOW_MS - 9 * HOUR)
    fail(shop, "New", "shop@3", NOW_MS - 2 * HOUR)
    out(shop, "shop@2", NOW_MS - 5 * HOUR)
    shop.write(announced.tell, "shop@0", [1], Told(), NOW_MS - 2 * DAY)
    assert versions(shop) == ["shop@3", "shop@2", "shop@1", "shop@0"]
    out(shop, "shop@1", NOW_MS - HOUR)  # rolled back to it
    assert versions(shop)[0] == "shop@1"
    text = said(shop, "/releases")
    assert "shop@1 shop 1 h ago production" in text and "shop@3 shop 2 h ago first event" in text
    assert "shop@0 shop 2 d ago announced" in text


def test_an_environment_has_its_own_order_and_its_own_events(shop: Site) -> None:
    for version, at in (("shop@1", 9 * HOUR), ("shop@2", 5 * HOUR)):
        fail(shop, version, version, NOW_MS - at, environment="production")
    out(shop, "shop@1", NOW_MS - HOUR, env="staging")
    assert versions(shop, "/releases?environment=production") == ["shop@2", "shop@1"]
    assert versions(shop, "/releases?environment=staging") == ["shop@1", "shop@2"]
    assert "50 % of 2 events" in said(shop, "/releases?environment=production")
    assert "no events in 24 h" in said(shop, "/releases?environment=elsewhere")


def test_each_says_commits_adoption_and_what_is_new_or_came_back(shop: Site) -> None:
    fail(shop, "Alpha", "shop@1", NOW_MS - 9 * HOUR)
    (issue,) = shop.read(issue_list.search, IssueQuery(now_ms=NOW_MS)).rows
    shop.write(triage.set_state, [issue.id], State.RESOLVED, 1, NOW_MS - 8 * HOUR)
    out(shop, "shop@2", NOW_MS - 3 * HOUR, Commit("a" * 40), Commit("b" * 40))
    fail(shop, "Alpha", "shop@2", NOW_MS - 2 * HOUR)
    fail(shop, "Beta", "shop@2", NOW_MS - HOUR)
    text = said(shop, "/releases")
    assert "shop@2 shop · 2 commits" in text and "1 new · 1 back" in text
    assert "67 % of 3 events" in text and "33 % of 3 events" in text
    assert "Went out 2 in 7 d" in text and "Without a new issue 0 of 2" in text
    assert "Came back 1" in text
    assert "shop@2, to production" in shop.client.get("/releases").text


def test_a_long_list_is_read_page_by_page_and_hostile_addresses_are_the_first(shop: Site) -> None:
    for number in range(30):
        shop.write(announced.tell, f"shop@{number}", [1], Told(), NOW_MS - number * HOUR // 7)
    html = shop.client.get("/releases").text
    (older,) = re.findall(r'href="([^"]+)">Older', html)
    first, second = versions(shop), versions(shop, older.replace("&amp;", "&"))
    assert first + second == [f"shop@{number}" for number in range(30)]
    for query in ("at=1", "at=x&id=1", "at=1&id=" + "9" * 30, "period=1y", "environment=%00"):
        assert shop.client.get(f"/releases?{query}").status_code == 200
    assert shop.client.get("/releases?project=nothing").status_code == 404


def test_nobody_reads_of_a_release_that_is_only_of_projects_they_do_not_see(shop: Site) -> None:
    team = shop.write(teams.add, "One", NOW_MS)
    shop.write(teams.set_of_project, 1, [team.id])
    out(shop, "secret@1", NOW_MS - HOUR)
    out(shop, "both@1", NOW_MS - 2 * HOUR)
    out(shop, "both@1", NOW_MS - 2 * HOUR, project=2)
    shop.user("mem@example.com", "member", "Mem")
    shop.sign_in("mem@example.com")
    assert versions(shop) == ["both@1"]
    text = said(shop, "/releases")
    assert (
        "secret" not in text and "both@1 till" in text and "shop" not in text.split("Release")[-1]
    )
    for gone in ("/releases/shop/secret@1", "/releases/till/secret@1", "/releases/shop/both@1"):
        assert shop.client.get(gone).status_code == 404
    assert "shop" not in said(shop, "/releases/till/both@1")


def test_the_page_of_a_release_says_what_it_was_built_of_and_what_failed(shop: Site) -> None:
    fail(shop, "Alpha", "shop@1", NOW_MS - 30 * HOUR)
    (issue,) = shop.read(issue_list.search, IssueQuery(now_ms=NOW_MS)).rows
    shop.write(triage.set_state, [issue.id], State.RESOLVED, 1, NOW_MS - 29 * HOUR)
    made = Commit(
        "9d03c1e" * 5, "shop/shop", "Round once\n\nmore", "Jonas", None, NOW_MS - 4 * HOUR
    )
    out(shop, "shop@2", NOW_MS - 3 * HOUR, made)
    fail(shop, "Alpha", "shop@2", NOW_MS - 2 * HOUR)
    fail(shop, "Beta", "shop@2", NOW_MS - HOUR)
    files = (Put("~/a.js", "script", b"a()"), Put("~/a.js.map", "map", b"t"))
    shop.write(put_bundle, [Build(1, "shop@2")], *files)
    text = said(shop, "/releases/shop/shop@2")
    assert "shop · deployed to production 3 h ago · 1 commit since shop@1" in text
    assert "New issues 1 1 in shop@1" in text and "Came back 1" in text
    assert "Events 2 since it went out" in text and "Adoption 100 % of events" in text
    assert "Round once 9d03c1e Jonas 4 h ago" in text and "more" not in text.split("Commits")[-1]
    assert "1 source map, 4 B, uploaded by tests/1.0" in text and "Check a URL" in text
    assert "Beta" in text and "Alpha" not in text
    assert "Alpha" in said(shop, "/releases/shop/shop@2?tab=back")
    text = said(shop, "/releases/shop/shop@2?tab=all")
    assert "Alpha" in text and "Beta" in text and "All 2" in text


def test_versions_are_whatever_builds_call_them(shop: Site) -> None:
    for version in ("feature/cart#2", 'say "hi" (50%)', "ünder <b>"):
        out(shop, version, NOW_MS - HOUR)
        fail(shop, version, version)
    html = shop.client.get("/releases").text
    found = re.findall(r'<a class="ver" href="([^"]+)"', html)
    assert len(found) == 3 and "<b>ünder <b>" not in html
    for path in found:
        for tab in ("new", "back", "all"):
            answer = shop.client.get(f"{path}?tab={tab}")
            assert answer.status_code == 200, answer.text
            assert tab == "back" or "SHOP-" in answer.text


def test_what_was_never_deployed_says_so_and_how_to_tell(shop: Site) -> None:
    fail(shop, "Alpha", "shop@1", NOW_MS - 3 * HOUR)
    text = said(shop, "/releases/shop/shop@1")
    assert "shop · first event 3 h ago" in text and "no release before" in text
    assert "its first event counts" in text and "sentry-cli releases set-commits" in text
    assert "Nothing was uploaded for this release." in text
    shop.write(announced.tell, "shop@9", [1], Told(), NOW_MS - HOUR)
    text = said(shop, "/releases/shop/shop@9")
    assert (
        "announced 1 h ago , no event yet" in text and "No event of this release is kept." in text
    )
    assert shop.client.get("/releases/shop/nothing@1").status_code == 404
    assert shop.client.get("/releases/till/shop@1").status_code == 404


def test_charts_mark_what_went_out_and_names_of_releases_lead_to_their_pages(shop: Site) -> None:
    fail(shop, "Alpha", "feature/cart#2", NOW_MS - 3 * HOUR)
    out(shop, "feature/cart#2", NOW_MS - 4 * HOUR)
    out(shop, "till@1", NOW_MS - 4 * HOUR, project=2)
    issue = shop.client.get("/issues/SHOP-1").text
    assert issue.count('href="/releases/shop/feature/cart%232"') == 4
    assert "<title>feature/cart#2 went out" in issue and "till@1" not in issue
    inbox = shop.client.get("/").text
    assert "<title>feature/cart#2 went out" in inbox and "<title>till@1 went out" in inbox
    assert "till@1" not in shop.client.get("/?project=shop").text
