"""What is the same on every page: keys, help, menus, toasts, errors, themes, sizes, no scripts."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from lighttrace.store import projects
from tests.browser.tracker import EMAIL, Tracker, running
from tests.browser.visitor import DESKTOP, PHONE, TABLET, Visitor
from tests.fresh import PASSWORD

pytestmark = pytest.mark.browser

PAGES = ("/account", "/settings", "/settings/projects/shop-web", "/nowhere")


@pytest.fixture
def shop(tracker: Tracker) -> Tracker:
    for name in ("shop-web", "shop-api"):
        tracker.write(projects.add, name, tracker.services.clock.now_ms())
    return tracker


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
async def test_nothing_is_wrong_with_any_page(chromium: Browser, shop: Tracker, size):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        visitor.expected = ("404 (Not Found)",)
        await visitor.page.goto("/login")
        await visitor.check(f"login-{size[0]}")
        await visitor.sign_in()
        for path in PAGES:
            await visitor.page.goto(path)
            await visitor.check(f"{path.strip('/').replace('/', '-')}-{size[0]}")


async def test_the_help_opens_with_a_key_and_closes_with_escape(mira: Visitor):
    page = mira.page
    await page.goto("/account")
    await page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard")
    await expect(help_).to_be_visible()
    await mira.check("help")
    await page.keyboard.press("Escape")
    await expect(help_).to_be_hidden()


async def test_two_keys_in_a_row_go_somewhere(mira: Visitor):
    await mira.page.goto("/account")
    await mira.page.keyboard.press("g")
    await mira.page.keyboard.press("p")
    await mira.page.wait_for_url("**/settings")


async def test_letters_typed_into_a_field_are_only_letters(mira: Visitor):
    page = mira.page
    await page.goto("/account")
    await page.get_by_role("textbox", name="Name").fill("")
    await page.get_by_role("textbox", name="Name").press_sequentially("gp?/")
    assert await mira.path() == "/account"
    assert await page.get_by_role("textbox", name="Name").input_value() == "gp?/"
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_letters_can_be_switched_off(mira: Visitor):
    page = mira.page
    await page.goto("/account")
    await page.get_by_label("Single-letter keys").uncheck()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await page.keyboard.press("?")
    await page.keyboard.press("g")
    await page.keyboard.press("p")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert (await mira.path()).startswith("/account")
    await page.get_by_role("button", name="Keyboard shortcuts").click()
    await expect(page.get_by_text("Single-letter keys are switched off")).to_be_visible()


async def test_j_and_k_walk_through_rows_and_enter_opens(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/settings")
    for key, row in (("j", "shop-api"), ("j", "shop-web"), ("j", "shop-web"), ("k", "shop-api")):
        await page.keyboard.press(key)
        await expect(page.locator("tr[aria-current=true]")).to_contain_text(row)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/settings/projects/shop-api")


async def test_the_project_menu_opens_with_the_keyboard_and_closes_with_escape(
    mira: Visitor, shop: Tracker
):
    page = mira.page
    await page.goto("/settings")
    await page.locator("summary.switch").press("Enter")
    link = page.get_by_role("navigation", name="Projects").get_by_role("link", name="shop-web")
    await expect(link).to_be_visible()
    await mira.check("menu")
    await page.keyboard.press("Escape")
    await expect(link).to_be_hidden()
    await expect(page.locator("summary.switch")).to_be_focused()


async def test_the_first_tab_stop_leads_past_the_navigation(mira: Visitor):
    page = mira.page
    await page.goto("/account")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Sign out").first).to_be_focused()


async def test_a_toast_leaves_by_itself_but_not_while_one_looks_at_it(mira: Visitor):
    page = mira.page
    await page.clock.install()
    await page.goto("/account?saved=look")
    toast = page.locator(".toast")
    await expect(toast).to_have_text("Saved.")
    await toast.hover()
    await page.clock.fast_forward(60_000)
    await expect(toast).to_be_visible()
    await page.mouse.move(10, 10)
    await page.clock.fast_forward(9_000)
    await expect(toast).to_have_count(0)


async def test_a_theme_takes_effect_at_once_and_stays(mira: Visitor):
    async def ground(page: Page) -> str:
        colour: str = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        return colour

    page = mira.page
    await page.goto("/account")
    assert await ground(page) == "rgb(248, 247, 244)"
    await page.get_by_text("Dark", exact=True).click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    assert await ground(page) == "rgb(17, 17, 19)"
    await page.goto("/settings")
    assert await ground(page) == "rgb(17, 17, 19)"


async def test_a_server_that_is_gone_is_said_once(mira: Visitor, shop: Tracker):
    page = mira.page
    mira.expected = ("Failed to load resource", "net::ERR", "Failed to fetch")
    await page.goto("/setup/shop-web/sdk")
    await page.route("**/setup/shop-web/**", lambda route: route.abort())
    await expect(page.locator(".toast")).to_have_text("No connection. What you see may be old.")
    await page.wait_for_timeout(2500)
    await expect(page.locator(".toast")).to_have_count(1)


async def test_a_failure_of_the_server_is_said_in_its_own_words(mira: Visitor, shop: Tracker):
    page = mira.page
    mira.expected = ("500",)
    await page.goto("/setup/shop-web/sdk")
    await page.route(
        "**/setup/shop-web/sdk?sdk=go",
        lambda route: route.fulfill(status=500, body="<h1>LightTrace failed on this page.</h1>"),
    )
    await page.get_by_role("link", name="Go", exact=True).click()
    await expect(page.locator(".toast")).to_have_text("LightTrace failed on this page.")
    await expect(page.get_by_role("region", name="Code for Browser")).to_be_visible()


async def test_a_session_that_ended_elsewhere_leads_to_the_login_and_back(
    mira: Visitor, shop: Tracker
):
    page = mira.page
    mira.expected = ("401",)
    await page.goto("/setup/shop-web/sdk")
    await page.context.clear_cookies()  # the next poll is told
    await page.wait_for_url("**/login?next=**")
    await page.get_by_label("E-mail").fill("mira@example.com")
    await page.get_by_label("Password").fill("correct horse battery")
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/setup/shop-web/sdk")


async def test_pages_work_without_scripts(chromium: Browser, shop: Tracker):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        page = visitor.page
        await visitor.sign_in()
        await page.goto("/account")
        await page.get_by_text("Dark", exact=True).click()
        await page.locator("form", has_text="Dark").get_by_role("button").click()
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        await page.locator("summary.switch").click()
        await page.get_by_role("link", name="New project").click()
        await page.wait_for_url("**/projects/new")
        await page.goto("/settings/projects/shop-web")
        await page.get_by_label("Name of the new key").fill("mobile")
        await page.get_by_role("button", name="New key").click()
        await expect(page.get_by_text("mobile", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Disable mobile").click()
        await expect(page.get_by_role("button", name="Enable mobile")).to_be_visible()


async def test_everything_works_below_a_path(chromium: Browser, tmp_path: Path):
    with running(tmp_path, '[server]\nurl = "http://127.0.0.1/errors"\n') as tracker:
        tracker.add_user()
        tracker.write(projects.add, "shop", tracker.services.clock.now_ms())
        async with Visitor.at(chromium, tracker.url) as visitor:
            page = visitor.page
            await page.goto("/errors/settings")
            await page.get_by_label("E-mail").fill(EMAIL)
            await page.get_by_label("Password").fill(PASSWORD)
            await page.get_by_role("button", name="Sign in").click()
            await page.wait_for_url("**/errors/settings")
            await page.get_by_role("link", name="finish setting up").click()
            await page.get_by_role("link", name="Ruby").click()
            await page.wait_for_url("**/errors/setup/shop/sdk?sdk=ruby")
            await page.get_by_role("button", name="Send one for me").click()
            await page.wait_for_url("**/errors/issues/SHOP-*")
            await visitor.check("prefix-issue")
            await page.goto("/errors/account")
            await page.get_by_role("button", name="Sign out").first.click()
            await page.wait_for_url("**/errors/login")
            await page.goto("/errors/account")
            await page.wait_for_url("**/errors/login?next=**")
