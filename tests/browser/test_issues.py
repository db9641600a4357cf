"""The list of issues in a browser: keys, selection, undo, live numbers, sizes, no script."""

import json
import urllib.request
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from lighttrace.store import keys, projects
from tests.browser.tracker import Tracker
from tests.browser.visitor import DESKTOP, PHONE, TABLET, Visitor
from tests.web.sending import an_error

pytestmark = pytest.mark.browser
NAMES = ("Alpha", "Bravo", "Charlie", "Delta")


def send(tracker: Tracker, *events: Any, project: int = 1) -> None:
    """Post events as an SDK does."""
    key = tracker.read(keys.of_project, project)[0].public
    for event in events:
        request = urllib.request.Request(
            f"{tracker.url}/api/{project}/store/?sentry_key={key}",
            data=event if isinstance(event, bytes) else json.dumps(event).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 200


@pytest.fixture
def shop(tracker: Tracker) -> Tracker:
    """A project with four issues, Alpha the oldest; Delta stands on top."""
    tracker.write(projects.add, "shop", tracker.services.clock.now_ms())
    for name in NAMES:
        send(tracker, an_error(f"{name}Error", f"what {name} said", tags={"team": "billing"}))
    return tracker


def rows(page: Page):
    return page.locator("[data-rows] > li")


async def titles(page: Page) -> list[str]:
    return await page.locator("[data-rows] > li .t b").all_text_contents()


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
async def test_nothing_is_wrong_with_the_list(chromium: Browser, shop: Tracker, size):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        await visitor.sign_in()
        for name, path in (
            ("list", "/issues"),
            ("found", "/issues?query=team:billing&environment=production&state=all"),
            ("nothing", "/issues?query=nowhere&environment=production"),
            ("done", "/issues?state=resolved"),
        ):
            await visitor.page.goto(path)
            await visitor.check(f"issues-{name}-{size[0]}")
        await visitor.page.goto("/issues")
        await visitor.page.get_by_role("checkbox", name="Select SHOP-1").check()
        await expect(visitor.page.get_by_text("1 selected")).to_be_visible()
        await visitor.check(f"issues-picked-{size[0]}")


async def test_a_list_is_worked_off_with_the_keyboard(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues")
    await page.keyboard.press("j")
    await expect(page.locator("[data-rows] > [aria-current=true]")).to_contain_text("Delta")
    await page.keyboard.press("e")
    await expect(page.locator(".toast")).to_contain_text("1 issue resolved")
    await expect(rows(page)).to_have_count(3)
    # the cursor went to the row that took the place
    await expect(page.locator("[data-rows] > [aria-current=true]")).to_contain_text("Charlie")
    await page.keyboard.press("x")
    await page.keyboard.press("Enter")  # the first of the menu: until it escalates
    await expect(page.locator("[data-rows] > [aria-current=true]")).to_contain_text("Bravo")
    await expect(page.locator("#tabs")).to_contain_text("Unresolved 2")
    await expect(page.locator("#tabs")).to_contain_text("Archived 1")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/issues/SHOP-2*")


async def test_what_was_done_is_taken_back_with_one_key(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("e")
    await expect(rows(page)).to_have_count(3)
    await page.keyboard.press("z")
    await expect(rows(page)).to_have_count(4)
    assert await titles(page) == [f"{name}Error" for name in reversed(NAMES)]
    await expect(page.locator(".toast")).to_have_text("1 issue put back")


async def test_several_are_picked_and_changed_at_once(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues")
    await expect(page.get_by_role("button", name="Resolve")).to_be_hidden()
    for key in "jvjv":
        await page.keyboard.press(key)
    await expect(page.get_by_text("2 selected")).to_be_visible()
    await page.locator("summary", has_text="Archive").click()
    await page.get_by_role("button", name="for ever").click()
    await expect(page.locator(".toast")).to_contain_text("2 issues archived")
    assert await titles(page) == ["BravoError", "AlphaError"]
    await expect(page.get_by_text("2 selected")).to_be_hidden()
    await page.get_by_role("checkbox", name="Select all on this page").check()
    await page.keyboard.press("e")
    await expect(page.get_by_text("Nothing needs you")).to_be_visible()
    await page.get_by_role("button", name="Undo").last.click()
    await expect(rows(page)).to_have_count(2)


async def test_shift_picks_everything_between(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues")
    await page.get_by_role("checkbox", name="Select SHOP-4").click()
    await page.get_by_role("checkbox", name="Select SHOP-2").click(modifiers=["Shift"])
    await expect(page.get_by_text("3 selected")).to_be_visible()


async def test_typing_finds_and_the_address_follows(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues")
    await page.keyboard.press("/")
    await page.keyboard.type("what Brav")
    await expect(rows(page)).to_have_count(1)
    await expect(page.locator("#search")).to_be_focused()
    assert await page.locator("#search").input_value() == "what Brav"
    await page.wait_for_url("**/issues?query=what*Brav")
    await page.reload()
    assert await titles(page) == ["BravoError"]
    await page.locator("#search").fill("")
    await expect(rows(page)).to_have_count(4)


async def test_filters_are_kept_by_the_way_back(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues")
    await page.get_by_role("link", name="All 4").click()
    await page.wait_for_url("**/issues?state=all")
    await page.locator("summary", has_text="Last seen").click()
    await page.get_by_role("link", name="Events", exact=True).click()
    await page.wait_for_url("**/issues?state=all&sort=events")
    await page.locator("summary", has_text="All environments").click()
    await page.get_by_role("link", name="production", exact=True).click()
    await page.wait_for_url("**/issues?environment=production&state=all&sort=events")
    await expect(page.locator("summary", has_text="production")).to_be_visible()
    await page.go_back()
    await page.wait_for_url("**/issues?state=all&sort=events")
    await expect(page.locator("summary", has_text="All environments")).to_be_visible()
    await page.get_by_role("group", name="Period").get_by_role("link", name="24 h").click()
    await page.wait_for_url("**/issues?period=24h&state=all&sort=events")


async def test_numbers_are_live_and_no_row_moves(mira: Visitor, shop: Tracker):
    page = mira.page
    async with page.expect_response("**/live*"):
        await page.goto("/issues")
    last = page.locator("#n-1")
    await expect(last).to_contain_text("1event")
    send(shop, an_error("AlphaError", "what Alpha said"))
    await expect(last).to_contain_text("2events")
    send(shop, an_error("EchoError", "new"))
    more = page.get_by_role("link", name="1 new, show")
    await expect(more).to_be_visible()
    assert await titles(page) == [f"{name}Error" for name in reversed(NAMES)]
    await expect(page.locator("#tabs")).to_contain_text("Unresolved 5")
    await page.keyboard.press(".")
    await expect(rows(page).first).to_contain_text("EchoError")
    await expect(more).to_have_count(0)
    assert (await titles(page))[:2] == ["EchoError", "AlphaError"]


async def test_what_is_ticked_stays_ticked_when_news_come(mira: Visitor, shop: Tracker):
    page = mira.page
    async with page.expect_response("**/live*"):
        await page.goto("/issues")
    box = page.get_by_role("checkbox", name="Select SHOP-1")
    await box.check()
    send(shop, an_error("AlphaError", "what Alpha said"))
    await expect(page.locator("#n-1")).to_contain_text("2events")
    await expect(box).to_be_checked()


async def test_pages_are_turned(mira: Visitor, tracker: Tracker):
    tracker.write(projects.add, "shop", tracker.services.clock.now_ms())
    for at in range(30):
        frames = [{"function": f"f{at}", "in_app": True}]
        send(tracker, an_error(f"N{at:02}Error", frames=frames))
    page = mira.page
    await page.goto("/issues")
    await expect(page.get_by_text("1–25 of 30")).to_be_visible()
    await page.get_by_role("link", name="More").click()
    await expect(page.get_by_text("26–30 of 30")).to_be_visible()
    await expect(rows(page)).to_have_count(5)
    await page.get_by_role("link", name="Back").click()
    await expect(page.get_by_text("1–25 of 30")).to_be_visible()


async def test_a_viewer_only_looks(visitor: Visitor, shop: Tracker):
    shop.add_user(role="viewer")
    await visitor.sign_in()
    await visitor.page.goto("/issues")
    await expect(rows(visitor.page)).to_have_count(4)
    await visitor.page.keyboard.press("j")
    await visitor.page.keyboard.press("e")
    await expect(visitor.page.get_by_role("checkbox")).to_have_count(0)
    await visitor.check("issues-viewer")


async def test_the_list_works_without_scripts(chromium: Browser, shop: Tracker):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        page = visitor.page
        await visitor.sign_in()
        await page.goto("/issues?sort=first_seen")
        await page.get_by_label("Search issues").fill("Bravo")
        await page.get_by_role("button", name="Search").click()
        assert await titles(page) == ["BravoError"]
        await page.goto("/issues")
        await page.get_by_role("checkbox", name="Select SHOP-1").check()
        await page.get_by_role("checkbox", name="Select SHOP-3").check()
        await page.get_by_role("button", name="Resolve").click()
        await expect(page.locator(".toast")).to_contain_text("2 issues resolved")
        assert await titles(page) == ["DeltaError", "BravoError"]
        await page.get_by_role("button", name="Undo").click()
        await expect(page.locator(".toast")).to_contain_text("2 issues put back")
        await expect(rows(page)).to_have_count(4)
