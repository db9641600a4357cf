"""Projects and their keys; what the file decides is shown with its place."""

import pytest

from lighttrace.store import audit, keys, projects
from lighttrace.store.audit import Wanted
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


def there(site: Site) -> projects.Project | None:
    found: projects.Project | None = site.read(projects.by_slug, "shop", ALL)
    return found


def logged(site: Site) -> list[tuple[str, str, dict[str, object]]]:
    entries = site.read(audit.page, Wanted(), 20)
    return [(it.action, it.user, it.detail) for it in reversed(entries) if it.subject == "shop"]


def test_what_is_done_to_a_project_and_its_keys_is_in_the_audit_log(shop: Site):
    at = "/settings/projects/shop"
    shop.client.post(f"{at}/keys", data={"label": "mobile"})
    shop.client.post(f"{at}/keys/1/disable")
    shop.client.post(f"{at}/keys/1/enable")
    shop.client.post(f"{at}/keys/2/rotate", data={"days": "7"})
    shop.client.post(f"{at}/name", data={"name": "The Shop"})
    shop.client.post(f"{at}/archive")
    shop.client.post(f"{at}/archive")  # somebody else was first
    shop.client.post(f"{at}/unarchive")
    shop.client.post(f"{at}/delete", data={"slug": "shop"})
    assert logged(shop) == [
        ("key.add", "Mira", {"key": "mobile"}),
        ("key.disable", "Mira", {"key": "default"}),
        ("key.enable", "Mira", {"key": "default"}),
        ("key.rotate", "Mira", {"key": "mobile", "old_one_ends": "in 7 d"}),
        ("project.rename", "Mira", {"was": "shop", "now": "The Shop"}),
        ("project.archive", "Mira", {}),
        ("project.unarchive", "Mira", {}),
        ("project.delete", "Mira", {"name": "The Shop"}),
    ]


def test_a_key_is_replaced_at_once_or_after_a_while(shop: Site):
    [old] = own(shop)
    shop.client.post(f"/settings/projects/shop/keys/{old.id}/rotate", data={"days": "7"})
    was, made = own(shop)
    assert was.disabled_at == shop.clock.now_ms() + 7 * 86_400_000 and made.label == old.label
    page = shop.client.get("/settings/projects/shop").text
    assert "ends in 7 d" in page and f"{made.public}@testserver" in page and ">Keep<" in page
    shop.client.post(f"/settings/projects/shop/keys/{made.id}/rotate", data={"days": "0"})
    assert not own(shop)[1].works(shop.clock.now_ms())
    shop.client.post(f"/settings/projects/shop/keys/{was.id}/enable")
    assert own(shop)[0].disabled_at is None
    for days in ("", "2", "-1", "99"):
        answer = shop.client.post(
            f"/settings/projects/shop/keys/{old.id}/rotate", data={"days": days}
        )
        assert answer.status_code == 400
    assert len(own(shop)) == 3


def test_an_archived_project_says_so_and_can_be_taken_back(shop: Site):
    answer = shop.client.post("/settings/projects/shop/archive")
    page = shop.client.get(answer.headers["location"]).text
    assert "Archived: events are refused" in page and "Take events again" in page
    assert "Archived" in shop.client.get("/settings").text
    shop.client.post("/settings/projects/shop/unarchive")
    found = there(shop)
    assert found is not None and found.archived_at is None


@pytest.mark.parametrize("typed", ["", "Shop", "shop2", "<b>"])
def test_a_project_is_not_deleted_by_somebody_who_does_not_type_its_name(shop: Site, typed: str):
    answer = shop.client.post("/settings/projects/shop/delete", data={"slug": typed})
    assert answer.status_code == 422 and "Nothing is deleted." in answer.text
    assert there(shop) is not None


def test_a_deleted_project_is_nowhere(shop: Site):
    [key] = own(shop)
    answer = shop.client.post("/settings/projects/shop/delete", data={"slug": "shop"})
    assert answer.headers["location"] == "/settings?saved=deleted"
    page = shop.client.get(answer.headers["location"]).text
    assert "The project is deleted." in page and "/settings/projects/shop" not in page
    assert shop.client.get("/settings/projects/shop").status_code == 404
    assert shop.services.store.keys.find(key.public) is None


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_bob_must_not_end_a_project_nor_change_it(shop: Site, role: str):
    shop.user("bob@example.com", role, "Bob")
    shop.client.cookies.clear()
    shop.sign_in("bob@example.com")
    page = shop.client.get("/settings/projects/shop").text
    assert 'action="/settings' not in page.split("<main")[1].split("</main")[0]
    for path, data in (
        ("delete", {"slug": "shop"}), ("archive", {}), ("unarchive", {}), ("name", {"name": "x"}),
        ("teams", {}), ("keys", {"label": "x"}), ("keys/1/rotate", {"days": "0"}),
        ("keys/1/disable", {}), ("keys/1/enable", {}),
    ):  # fmt: skip
        answer = shop.client.post(f"/settings/projects/shop/{path}", data=data)
        assert answer.status_code == 403, path
    found = there(shop)
    assert found is not None and (found.name, found.archived_at) == ("shop", None)
    assert len(own(shop)) == 1 and own(shop)[0].disabled_at is None


def test_a_name_that_the_file_gives_is_not_changed_here(tmp_path):
    with served(tmp_path, '[[project]]\nslug = "shop"\nname = "The Shop"\n') as site:
        site.user()
        site.sign_in()
        site.write(projects.add, "shop", site.clock.now_ms())
        page = site.client.get("/settings/projects/shop").text
        assert "The file calls it" in page and 'action="/settings/projects/shop/name"' not in page
