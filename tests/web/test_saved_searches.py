"""Saving a search, beginning with one, and what is not somebody's to change."""

import re

import pytest

from lighttrace.store import saved_searches, teams
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site
from tests.web.test_issues_page import titles

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
ALPHA = "/issues?query=Alpha&period=24h&sort=users"


@pytest.fixture
def shop(mira: Site) -> Site:
    add_projects(mira, "shop", "blog")
    send(mira, an_error("AlphaError"), an_error("BravoError"))
    return mira


def as_somebody(site: Site, name: str, role: str = "member") -> int:
    person = site.user(f"{name.lower()}@example.com", role, name)
    site.client.cookies.clear()
    assert site.sign_in(person.email).status_code == 303
    return person.id


def save(site: Site, name: str = "Alphas", address: str = ALPHA, **more: str):
    data = {"name": name, "next": address, **more}
    return site.client.post("/searches", data=data)


def change(site: Site, search_id: int, do: str, **more: str):
    return site.client.post(f"/searches/{search_id}", data={"do": do, **more})


def kept(site: Site, user_id: int = 1) -> list[tuple[str, str]]:
    return [(it.name, it.query) for it in site.read(saved_searches.seen, user_id)]


def menu(site: Site, address: str = "/issues?state=unresolved") -> str:
    html = site.client.get(address).text
    return html[html.index('id="saved"') :].split("</details>")[0]


def test_what_is_shown_is_saved_under_a_name(shop: Site):
    answer = save(shop)
    assert answer.status_code == 303
    assert answer.headers["location"] == ALPHA + "&done=kept.0"
    assert kept(shop) == [("Alphas", "query=Alpha&period=24h&sort=users")]
    assert "The search is saved." in shop.client.get(answer.headers["location"]).text
    link = re.search(r'<a href="([^"]+)"[^>]*>[^/]*<span class="in14">', menu(shop))
    assert link and link[1].replace("&amp;", "&") == ALPHA
    assert titles(shop.client.get(ALPHA).text) == ["AlphaError"]


def test_the_page_says_which_one_is_on(shop: Site):
    save(shop)
    for address, on in (
        (ALPHA, True),
        ("/issues?sort=users&query=Alpha&period=24h&state=unresolved", True),
        (ALPHA + "&cursor=rubbish&done=kept.0", True),
        (ALPHA + "&environment=production", False),
        ("/issues?state=unresolved", False),
    ):
        html = menu(shop, address)
        assert ("Saved search: " in html and 'aria-current="true"' in html) is on, address
        assert ("Save what is shown" in html) is not on


def test_a_list_with_everything_can_be_saved_and_opened(shop: Site):
    save(shop, "Everything", "/issues")
    assert kept(shop) == [("Everything", "state=unresolved")]
    change(shop, 1, "start")
    answer = shop.client.get("/issues")
    assert answer.headers["location"] == "/issues?state=unresolved"
    assert shop.client.get(answer.headers["location"]).status_code == 200


def test_issues_begin_with_the_search_of_ones_choice(shop: Site):
    save(shop)
    assert titles(shop.client.get("/issues").text) == ["BravoError", "AlphaError"]
    assert change(shop, 1, "start", next=ALPHA).headers["location"] == ALPHA + "&done=start.0"
    answer = shop.client.get("/issues")
    assert (answer.status_code, answer.headers["location"]) == (303, ALPHA)
    everything = shop.client.get("/issues?state=unresolved").text
    assert titles(everything) == ["BravoError", "AlphaError"]
    assert "start page" in menu(shop)
    # the bare address would lead back, so no filter of the list leads there
    assert 'href="/issues"' not in everything.partition('id="list"')[2].partition("</main>")[0]
    assert change(shop, 1, "everything").status_code == 303
    assert shop.client.get("/issues").status_code == 200


def test_a_beginning_that_is_gone_or_hidden_stands_in_nobodys_way(shop: Site):
    save(shop, "The shop", "/issues?project=shop", shared="on")
    member = as_somebody(shop, "Bob")
    change(shop, 1, "start")
    assert shop.client.get("/issues").headers["location"] == "/issues?project=shop"
    now_ms = shop.clock.now_ms()
    team = shop.write(teams.add, "Shop", now_ms)
    shop.write(teams.set_of_project, 1, [team.id])
    assert shop.client.get("/issues").status_code == 200
    # the search itself finds what its project does for them: nothing
    assert shop.client.get("/issues?project=shop").status_code == 404
    shop.write(teams.join, team.id, member)
    assert shop.client.get("/issues").status_code == 303
    shop.write(saved_searches.delete, 1, 1)
    assert shop.client.get("/issues").status_code == 200


def test_htmx_gets_the_menu_and_a_toast(shop: Site):
    data = {"name": "Alphas", "next": ALPHA}
    answer = shop.client.post("/searches", data=data, headers=PART)
    assert answer.status_code == 200 and "<html" not in answer.text
    assert 'hx-target="#saved"' in answer.text and "The search is saved." in answer.text
    assert "Make it my start page" in answer.text
    answer = shop.client.post("/searches/1", data={"do": "start", "next": ALPHA}, headers=PART)
    assert "No longer my start page" in answer.text
    refused = shop.client.post("/searches", data={"name": " ", "next": ALPHA}, headers=PART)
    assert refused.status_code == 422 and "needs a name" in refused.text


def test_searches_are_renamed_and_deleted_on_their_page(shop: Site):
    save(shop)
    html = shop.client.get("/searches").text
    assert "Alphas" in html and "24 h · unresolved · by users" in html
    assert change(shop, 1, "rename", name="A").headers["location"] == "/searches?done=renamed.0"
    assert kept(shop)[0][0] == "A"
    assert change(shop, 1, "delete").headers["location"] == "/searches?done=forgotten.0"
    assert kept(shop) == []
    for do, search in (
        ("delete", 1),
        ("rename", 1),
        ("start", 1),
        ("dance", 1),
        ("delete", 10**17),
    ):
        assert change(shop, search, do, name="x").status_code == 404


def test_mistakes_are_said_in_a_sentence(shop: Site):
    for name, words in (("", "needs a name"), ("x" * 100, "at most 60 characters")):
        answer = save(shop, name)
        assert answer.status_code == 422 and words in answer.text
    assert kept(shop) == []
    for address in (
        "",
        "https://evil.example/",
        "//evil.example",
        "/issues?" + "a=b&" * 4000,
        "[::",
    ):
        answer = save(shop, "odd", address)
        assert answer.status_code in (303, 422)
        assert answer.headers.get("location", "/").startswith("/")
        assert not answer.headers.get("location", "/").startswith("//")


def test_bob_must_not_change_what_mira_shared_nor_see_what_she_kept(shop: Site):
    save(shop, "Secret")
    save(shop, "B2B", "/issues?query=Bravo", shared="on")
    bob = as_somebody(shop, "Bob")
    assert "Secret" not in menu(shop) and "by Mira" in menu(shop)
    assert kept(shop, bob) == [("B2B", "query=Bravo")]
    for do in ("rename", "delete"):
        answer = change(shop, 2, do, name="x")
        assert answer.status_code == 422 and "Only Mira and admins" in answer.text
    for do in ("rename", "delete", "start"):
        assert change(shop, 1, do, name="x").status_code == 404
    assert [name for name, _ in kept(shop)] == ["Secret", "B2B"]
    html = shop.client.get("/searches").text
    assert "B2B" in html and 'value="delete"' not in html


def test_a_viewer_keeps_searches_of_their_own(shop: Site):
    vera = as_somebody(shop, "Vera", "viewer")
    assert 'name="shared"' not in menu(shop)
    assert save(shop, "hers").status_code == 303
    assert change(shop, 1, "start").status_code == 303
    answer = save(shop, "for all", shared="on")
    assert answer.status_code == 422 and "Viewers" in answer.text
    assert [name for name, _ in kept(shop, vera)] == ["hers"]


def test_a_form_of_another_site_saves_nothing(shop: Site):
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = shop.client.post("/searches", data={"name": "x", "next": ALPHA}, headers=headers)
    assert answer.status_code == 403 and kept(shop) == []


def test_a_hostile_name_stays_a_name(shop: Site):
    save(shop, "<script>alert(1)</script>", "/issues?query=%3Cu%3E%22")
    for html in (menu(shop), shop.client.get("/searches").text):
        assert "<script>alert" not in html and "<u>" not in html and "&lt;script&gt;" in html
