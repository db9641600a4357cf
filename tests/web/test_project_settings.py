"""Projects and their keys; what the file decides is shown with its place."""

import pytest

from lighttrace.store import keys, projects
from lighttrace.store.sight import ALL
from tests.web.served import Site, served


@pytest.fixture
def shop(mira: Site) -> Site:
    mira.write(projects.add, "shop", mira.clock.now_ms())
    return mira


def own(site: Site) -> list[keys.Key]:
    found: list[keys.Key] = site.read(keys.of_project, site.read(projects.by_slug, "shop", ALL).id)
    return found


def test_projects_are_listed_with_their_way_on(shop: Site):
    page = shop.client.get("/settings").text
    assert 'href="/settings/projects/shop"' in page and "finish setting up" in page
    assert 'href="/issues?project=shop"' in page


def test_a_key_can_be_added_and_works_at_once(shop: Site):
    answer = shop.client.post("/settings/projects/shop/keys", data={"label": " mobile  web <i> "})
    assert answer.headers["location"] == "/settings/projects/shop?saved=added"
    key = own(shop)[1]
    assert key.label == "mobile web <i>"
    page = shop.client.get(answer.headers["location"]).text
    assert f"http://{key.public}@testserver/1" in page and "mobile web &lt;i&gt;" in page
    assert shop.services.store.keys.find(key.public) is not None


def test_a_key_is_disabled_and_enabled_again(shop: Site):
    [key] = own(shop)
    shop.client.post(f"/settings/projects/shop/keys/{key.id}/disable")
    assert own(shop)[0].disabled_at == shop.clock.now_ms()
    cached = shop.services.store.keys.find(key.public)
    assert cached is not None and cached.disabled_at is not None
    assert "Disabled" in shop.client.get("/settings/projects/shop").text
    shop.client.post(f"/settings/projects/shop/keys/{key.id}/enable")
    assert own(shop)[0].disabled_at is None


def test_a_key_of_another_project_cannot_be_reached_through_this_one(shop: Site):
    shop.write(projects.add, "other", shop.clock.now_ms())
    [foreign] = shop.read(keys.of_project, shop.read(projects.by_slug, "other", ALL).id)
    assert shop.client.post(f"/settings/projects/shop/keys/{foreign.id}/disable").status_code == 404
    assert shop.read(keys.of_project, foreign.project_id)[0].disabled_at is None


@pytest.mark.parametrize("label", ["", "   "])
def test_a_key_needs_a_name(shop: Site, label: str):
    answer = shop.client.post("/settings/projects/shop/keys", data={"label": label})
    assert answer.status_code == 422 and "A name, such as" in answer.text
    assert len(own(shop)) == 1


def test_a_project_takes_a_bounded_number_of_keys(shop: Site):
    for n in range(49):
        shop.write(keys.add, 1, f"key {n}", shop.clock.now_ms())
    assert (
        shop.client.post("/settings/projects/shop/keys", data={"label": "one more"}).status_code
        == 422
    )
    assert len(own(shop)) == 50


def test_a_member_sees_keys_but_no_buttons(shop: Site):
    shop.user("bob@example.com", "member", "Bob")
    shop.client.cookies.clear()
    shop.sign_in("bob@example.com")
    page = shop.client.get("/settings/projects/shop").text
    assert "@testserver/1" in page and "New key" not in page and ">Disable<" not in page
    assert "New project" not in shop.client.get("/settings").text.split('id="projects-t"')[1]


def test_values_of_the_file_are_shown_with_their_place_and_without_secrets(tmp_path):
    text = """
retention_days = 30
[smtp]
host = "mail.example.com"
username = "robot"
password = "hunter2hunter2"
from = "lighttrace@example.com"
[alerts]
to = ["ops@example.com"]
[[project]]
slug = "shop"
keep_addresses = false
scrub = { keys = ["iban"] }
"""
    with served(tmp_path, text) as site:
        site.user()
        site.sign_in()
        site.write(projects.add, "shop", site.clock.now_ms())
        page = site.client.get("/settings").text
        assert (
            "30 days" in page
            and "mail.example.com:587, STARTTLS" in page
            and "ops@example.com" in page
        )
        assert "hunter2" not in page and "robot" not in page
        page = site.client.get("/settings/projects/shop").text
        assert "iban" in page and "never kept" in page and "[[project]]" in page


def test_an_unknown_project_is_not_found(mira: Site):
    assert mira.client.get("/settings/projects/nothing").status_code == 404
    assert (
        mira.client.post("/settings/projects/nothing/keys", data={"label": "x"}).status_code == 404
    )
