"""Teams: who makes them, who is in them, and that projects never open by accident."""

import pytest

from lighttrace.store import audit, projects, teams, users
from lighttrace.store.audit import Wanted
from lighttrace.store.sight import ALL
from lighttrace.store.users import User
from tests.web.served import Site


@pytest.fixture
def shop(mira: Site) -> Site:
    """Projects shop and api, team billing with Bob in it, and Tove who is in none."""
    now_ms = mira.clock.now_ms()
    for name in ("shop", "api"):
        mira.write(projects.add, name, now_ms)
    team = mira.write(teams.add, "Billing", now_ms)
    mira.write(teams.join, team.id, mira.user("bob@example.com", "member", "Bob").id)
    mira.user("tove@example.com", "member", "Tove")
    mira.user("vera@example.com", "viewer", "Vera")
    return mira


def sign_in(site: Site, name: str) -> None:
    site.client.cookies.clear()
    assert site.sign_in(f"{name}@example.com").status_code == 303


def person(site: Site, name: str) -> User:
    found: User = site.read(users.by_email, f"{name}@example.com")
    return found


def names(site: Site, slug: str = "billing") -> list[str]:
    team = site.read(teams.by_slug, slug)
    return [user.name for user in site.read(teams.members, team.id)]


def teams_of(site: Site, slug: str) -> list[str]:
    project = site.read(projects.by_slug, slug, ALL)
    return [team.slug for team in site.read(teams.of_project, project.id)]


def number(site: Site, slug: str) -> int:
    found = site.read(projects.by_slug, slug, ALL)
    return int(found.id)


def test_an_admin_makes_renames_and_deletes_a_team(shop: Site):
    answer = shop.client.post("/settings/teams", data={"name": "Mobile apps"})
    assert answer.headers["location"] == "/settings/teams/mobile-apps?saved=added"
    assert "The team is there." in shop.client.get(answer.headers["location"]).text
    shop.client.post("/settings/teams/mobile-apps/name", data={"name": "Phones"})
    assert "Phones" in shop.client.get("/settings/teams").text
    answer = shop.client.post("/settings/teams", data={"name": "mobile apps"})
    assert answer.status_code == 422 and "already a team mobile-apps" in answer.text
    answer = shop.client.post("/settings/teams/mobile-apps/delete")
    assert answer.headers["location"] == "/settings/teams?saved=removed"
    assert shop.client.get("/settings/teams/mobile-apps").status_code == 404
    actions = [it.action for it in shop.read(audit.page, Wanted(kind="team"), 9)]
    assert actions == ["team.remove", "team.rename", "team.add"]


def test_members_of_a_team_manage_its_people_and_name(shop: Site):
    sign_in(shop, "bob")
    shop.client.post("/settings/teams/billing/people/add", data={"person": person(shop, "tove").id})
    assert names(shop) == ["Bob", "Tove"]
    shop.client.post("/settings/teams/billing/name", data={"name": "Money"})
    shop.client.post(
        "/settings/teams/billing/people/remove", data={"person": person(shop, "bob").id}
    )
    assert names(shop) == ["Tove"]
    assert shop.read(teams.by_slug, "billing").name == "Money"
    [left, _, joined] = shop.read(audit.page, Wanted(kind="team"), 9)
    assert (left.action, left.detail) == ("team.leave", {"person": "bob@example.com"})
    assert (joined.user, joined.detail) == ("Bob", {"person": "tove@example.com"})


@pytest.mark.parametrize("who", ["tove", "vera"])
def test_others_must_not(shop: Site, who: str):
    sign_in(shop, who)
    page = shop.client.get("/settings/teams/billing").text
    assert "<form" not in page.split("<main")[1].split("</main")[0]
    me = person(shop, who).id
    for path, data in (
        ("people/add", {"person": me}),
        ("people/remove", {"person": person(shop, "bob").id}),
        ("name", {"name": "Mine"}),
        ("projects/add", {"project": number(shop, "shop")}),
        ("projects/remove", {"project": number(shop, "shop")}),
        ("delete", {}),
    ):
        answer = shop.client.post(f"/settings/teams/billing/{path}", data=data)
        assert answer.status_code == 403, path
    assert names(shop) == ["Bob"] and shop.read(teams.by_slug, "billing").name == "Billing"


def test_bob_must_not_give_his_team_projects(shop: Site):
    sign_in(shop, "bob")
    data = {"project": number(shop, "shop")}
    assert shop.client.post("/settings/teams/billing/projects/add", data=data).status_code == 403
    assert shop.client.post("/settings/teams/billing/delete").status_code == 403
    assert shop.client.post("/settings/teams", data={"name": "Mine"}).status_code == 403


def test_a_viewer_in_the_team_reads_all_the_same(shop: Site):
    team = shop.read(teams.by_slug, "billing")
    shop.write(teams.join, team.id, person(shop, "vera").id)
    sign_in(shop, "vera")
    answer = shop.client.post(
        "/settings/teams/billing/people/remove", data={"person": person(shop, "bob").id}
    )
    assert answer.status_code == 403 and names(shop) == ["Bob", "Vera"]


def test_a_project_is_given_and_taken_but_never_opened_by_that(shop: Site):
    shop.write(teams.add, "Web", shop.clock.now_ms())
    data = {"project": number(shop, "shop")}
    for slug in ("billing", "web"):
        shop.client.post(f"/settings/teams/{slug}/projects/add", data=data)
    assert teams_of(shop, "shop") == ["billing", "web"]
    shop.client.post("/settings/teams/billing/projects/remove", data=data)
    answer = shop.client.post("/settings/teams/web/projects/remove", data=data)
    assert answer.status_code == 422 and "the only team of shop" in answer.text
    answer = shop.client.post("/settings/teams/web/delete")
    assert answer.status_code == 422 and "the only team of shop" in answer.text
    assert teams_of(shop, "shop") == ["web"]
    [entry, *_] = shop.read(audit.page, Wanted(kind="project"), 9)
    assert entry.detail == {"was": "billing, web", "now": "web"}


def test_on_its_own_page_a_project_is_opened_to_everybody_on_purpose(shop: Site):
    shop.client.post("/settings/projects/shop/teams", data={"team": ["billing"]})
    assert teams_of(shop, "shop") == ["billing"]
    answer = shop.client.post("/settings/projects/shop/teams", data={"team": ["billing", "gone"]})
    assert answer.status_code == 422 and teams_of(shop, "shop") == ["billing"]
    shop.client.post("/settings/projects/shop/teams", data={})
    assert teams_of(shop, "shop") == []


def test_tove_learns_nothing_about_projects_of_a_team_she_is_not_in(shop: Site):
    shop.client.post("/settings/projects/shop/teams", data={"team": ["billing"]})
    sign_in(shop, "tove")
    for path in ("/settings", "/settings/teams", "/settings/teams/billing"):
        page = shop.client.get(path).text.split("<main")[1]
        assert "/settings/projects/shop" not in page and ">shop<" not in page
    assert shop.client.get("/settings/projects/shop").status_code == 404
    sign_in(shop, "bob")
    assert "/settings/projects/shop" in shop.client.get("/settings/teams/billing").text


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 40, "0"])
def test_nonsense_is_refused(shop: Site, value: str):
    for path, name in (("people/add", "person"), ("projects/add", "project")):
        answer = shop.client.post(f"/settings/teams/billing/{path}", data={name: value})
        assert answer.status_code == 422
    assert shop.client.post("/settings/teams/nothing/name", data={"name": "x"}).status_code == 404
