"""The pages around an issue in a browser: axe, phones, keys, comments with and without scripts."""

import pytest
from playwright.async_api import Browser, expect

from lighttrace.store import notes, projects
from tests.browser.test_issue import rich
from tests.browser.test_issues import send
from tests.browser.tracker import Tracker
from tests.browser.visitor import DESKTOP, PHONE, Visitor

pytestmark = pytest.mark.browser
PAGES = ("events", "tags", "tags/component", "users")


@pytest.fixture
def shop(tracker: Tracker) -> Tracker:
    """A project with an issue of three events, and a comment on it."""
    now_ms = tracker.services.clock.now_ms()
    tracker.write(projects.add, "shop", now_ms)
    tracker.add_user()
    tracker.add_user("jonas@example.com", "member", "Jonas Berg")
    for release in ("shop@1.0.0", "shop@1.1.0", "shop@1.2.0"):
        send(tracker, {**rich(), "release": release})
    text = "# Found\n\n- a `guard` is gone\n- see https://a.example/" + "x" * 90
    tracker.write(notes.add, 1, 2, f"{text}\n\n|a|b|\n|-|-|\n|1|2|\n\n@mira", now_ms)
    return tracker


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_nothing_is_wrong_with_the_pages(chromium: Browser, shop: Tracker, size):
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        page = visitor.page
        await visitor.sign_in()
        for part in PAGES:
            await page.goto(f"/issues/SHOP-1/{part}")
            await visitor.check(f"{part.replace('/', '-')}-{size[0]}")
        await page.goto("/issues/SHOP-1/events")
        await page.get_by_text("Columns", exact=True).click()
        await visitor.check(f"columns-{size[0]}")
        await page.goto("/issues/SHOP-1")
        await page.locator("#history").scroll_into_view_if_needed()
        await page.locator("#note").press_sequentially("hello @j")
        await visitor.check(f"comments-{size[0]}")
        await page.keyboard.press("Escape")
        await page.locator("#write-note").get_by_role("button", name="Preview").click()
        await page.wait_for_url("**/notes")
        await visitor.check(f"preview-{size[0]}")


async def test_a_comment_by_keys_names_somebody(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url) as visitor:
        page = visitor.page
        await visitor.sign_in()
        await page.goto("/issues/SHOP-1")
        await page.keyboard.press("n")
        await expect(page.locator("#note")).to_be_focused()
        await page.keyboard.type("over to @be")
        await expect(page.locator("#names [role=option]")).to_have_text("Jonas Berg @jonas")
        await page.keyboard.press("Enter")
        await expect(page.locator("#note")).to_have_value("over to @jonas ")
        await page.keyboard.type("@zz")
        await expect(page.locator("#names [role=option]")).to_have_count(0)
        await page.get_by_role("button", name="Comment", exact=True).click()
        await page.wait_for_url("**/issues/SHOP-1#note-2")
        said = page.locator("#note-2")
        await expect(said.locator(".mention")).to_have_text("@Jonas Berg")
        await said.get_by_text("Change").click()
        await said.get_by_role("button", name="Delete").click()
        await expect(page.locator("#note-2")).to_have_count(0)


async def test_the_table_of_events_is_walked_by_keys(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url) as visitor:
        page = visitor.page
        await visitor.sign_in()
        await page.goto("/issues/SHOP-1/events")
        await page.keyboard.press("/")
        await expect(page.get_by_label("Search events of this issue")).to_be_focused()
        await page.keyboard.press("Escape")
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await expect(page.locator(".evs tr[aria-current]")).to_contain_text("shop@1.1.0")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/issues/SHOP-1/events/*")
        await expect(page.get_by_text("2 of 3")).to_be_visible()


async def test_the_issue_is_copied_as_markdown_with_the_event_that_is_shown(
    chromium: Browser, shop: Tracker
):
    async with Visitor.at(chromium, shop.url) as visitor:
        page = visitor.page
        await visitor.sign_in()
        await page.goto("/issues/SHOP-1")
        await page.get_by_role("link", name="First", exact=True).click()
        await expect(page.get_by_text("1 of 3")).to_be_visible()
        await page.keyboard.press("Y")
        await expect(page.get_by_text("Copied")).to_be_visible()
        text = await page.evaluate("navigator.clipboard.readText()")
        assert text.startswith("# PaymentError") and "shop@1.0.0\n\nWhat stands" in text


async def test_everything_works_without_scripts(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        page = visitor.page
        await visitor.sign_in()
        await page.goto("/issues/SHOP-1")
        await page.locator("#note").fill("**plain** form")
        await page.locator("#write-note").get_by_role("button", name="Preview").click()
        await expect(page.locator(".preview strong")).to_have_text("plain")
        await page.get_by_role("button", name="Comment", exact=True).click()
        await expect(page.locator("#note-2 strong")).to_have_text("plain")
        await page.get_by_role("link", name="All events").click()
        await page.get_by_text("Columns", exact=True).click()
        await page.get_by_label("team").check()
        await page.get_by_role("button", name="Show").click()
        await expect(page.get_by_role("columnheader", name="team")).to_be_visible()
        await page.get_by_label("Search events of this issue").fill('release:"shop@1.1.0"')
        await page.get_by_role("button", name="Search").click()
        await expect(page.locator(".evs tbody tr")).to_have_count(1)
        await page.get_by_text("Export", exact=True).click()
        async with page.expect_download() as saving:
            await page.get_by_role("link", name="CSV").click()
        saved = await (await saving.value).path()
        assert saved.read_text().count("shop@1.1.0") == 1
        await page.get_by_role("link", name="Users").click()
        await page.get_by_label("Search users").fill("ada")
        await page.get_by_role("button", name="Search").click()
        await expect(page.get_by_text("ada@example.com")).to_be_visible()
