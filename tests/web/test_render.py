"""One template is the page and its fragments."""

from tests.web.served import Site


def ask(site: Site, **headers: str) -> str:
    site.client.post("/projects/new", data={"name": "shop", "platform": "go"})
    return site.client.get(
        "/setup/shop/sdk",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    ).text


def test_a_plain_request_gets_the_page(mira: Site):
    assert ask(mira).startswith("<!doctype html>")


def test_a_partial_request_gets_the_block_named_like_its_target(mira: Site):
    text = ask(mira, hx_request="true", hx_request_type="partial", hx_target="div#sdk")
    assert "<html" not in text and text.strip().startswith("<div")


def test_a_restored_history_entry_and_a_boosted_link_get_the_page(mira: Site):
    restored = ask(
        mira, hx_history_restore_request="true", hx_request_type="full", hx_target="div#sdk"
    )
    assert restored.startswith("<!doctype html>")
    assert ask(mira, hx_request="true", hx_request_type="full", hx_target="div#sdk").startswith(
        "<!doctype html>"
    )


def test_a_target_without_a_block_takes_the_whole_window(mira: Site):
    mira.client.post("/projects/new", data={"name": "shop", "platform": "go"})
    answer = mira.client.get(
        "/setup/shop/sdk",
        headers={"hx-request": "true", "hx-request-type": "partial", "hx-target": "div#nothing"},
    )
    assert answer.text.startswith("<!doctype html>")
    assert answer.headers["hx-retarget"] == "body"


def test_blocks_that_are_not_public_cannot_be_picked_by_their_name(mira: Site):
    text = ask(mira, hx_request="true", hx_request_type="partial", hx_target="div#__init__")
    assert text.startswith("<!doctype html>")


def test_what_people_typed_is_shown_as_text(mira: Site):
    mira.client.post("/account/name", data={"name": "<img src=x onerror=alert(1)>"})
    page = mira.client.get("/account").text
    assert "<img" not in page and "&lt;img" in page


def test_the_navigation_shows_only_what_exists(mira: Site):
    page = mira.client.get("/account").text
    for absent in (
        "/traces",
        "/monitors",
        "/performance",
        "/feedback",
        "/mttr",
    ):
        assert absent not in page
