"""Searching in a browser: suggestions by keys and pointer, mistakes that are mended, searches that
are saved.
"""

import asyncio

import pytest
from playwright.async_api import Browser, Page, Route, expect

from lighttrace.store import projects, saved_searches
from tests.browser.test_issues import rows, send, titles
from tests.browser.tracker import Tracker
from tests.browser.visitor import DESKTOP, PHONE, TABLET, Visitor
from tests.web.sending import an_error

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(tracker: Tracker) -> Tracker:
    """Alpha in Firefox, Bravo in Chrome."""
    tracker.write(projects.add, "shop", tracker.services.clock.now_ms())
    for name, browser in (("Alpha", "Firefox 128"), ("Bravo", "Chrome")):
        send(tracker, an_error(f"{name}Error", "said", tags={"browser": browser}))
    return tracker


def box(page: Page):
    return page.get_by_role("combobox", name="Search issues")


def options(page: Page):
    return page.locator("#suggest").get_by_role("option")


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
async def test_nothing_is_wrong_with_the_search_box(chromium: Browser, shop: Tracker, size):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        page = visitor.page
        await visitor.sign_in()
        await page.goto("/issues")
        for name, text in (("keys", "relase:latest fir"), ("values", "browser:"), ("none", "zzz ")):
            await box(page).fill("")
            await box(page).press_sequentially(text)
            if name != "none":
                await page.keyboard.press("ArrowDown")
                await expect(options(page).first).to_have_attribute("aria-selected", "true")
            await visitor.check(f"suggest-{name}-{size[0]}")
        await page.goto("/issues?query=relase:latest")
        await visitor.check(f"suggest-mistake-{size[0]}")


async def test_a_search_is_put_together_by_keys_alone(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues")
    await page.keyboard.press("/")
    await page.keyboard.type("brow")
    await expect(options(page).first).to_contain_text("browser:")
    await expect(box(page)).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("ArrowDown")
    active = await box(page).get_attribute("aria-activedescendant")
    await expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(box(page)).to_have_value("browser:")
    await expect(options(page)).to_have_count(2)  # the values come by themselves
    await page.keyboard.type("fire")
    await expect(options(page)).to_have_count(1)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(box(page)).to_have_value('browser:"Firefox 128" ')
    await expect(box(page)).to_be_focused()
    await expect(rows(page)).to_have_count(1)
    assert await titles(page) == ["AlphaError"]
    await page.keyboard.type("is:unr")
    await page.keyboard.press("Enter")  # nothing was chosen: it searches for what stands there
    await expect(box(page)).to_have_attribute("aria-expanded", "false")
    await page.wait_for_url("**is%3Aunr")
    await expect(page.get_by_role("alert")).to_contain_text("is: takes unresolved")


async def test_escape_closes_the_suggestions_and_keeps_what_was_typed(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues")
    await box(page).click()
    await expect(options(page)).to_have_count(0)
    await page.keyboard.press("ArrowDown")  # asked for in an empty box
    await expect(options(page).first).to_contain_text("is:")
    await page.keyboard.type("lev")
    await expect(options(page)).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(options(page)).to_have_count(0)
    await expect(box(page)).to_have_value("lev")
    await expect(box(page)).to_be_focused()


async def test_a_suggestion_is_taken_by_the_pointer_in_the_midst_of_a_text(
    mira: Visitor, shop: Tracker
):
    page = mira.page
    await page.goto("/issues")
    await box(page).fill("😀 chro said")
    for _ in " said":
        await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Backspace")
    await options(page).filter(has_text="Chrome").click()
    await expect(box(page)).to_have_value("😀 browser:Chrome said")


async def test_the_list_stays_while_a_key_waits_for_its_value(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues")
    await box(page).press_sequentially("browser:")
    await expect(options(page)).to_have_count(2)
    await expect(page.get_by_role("alert")).to_have_count(0)
    await page.keyboard.type("Chrome")
    await expect(rows(page)).to_have_count(1)


async def test_a_letter_typed_while_an_answer_is_on_its_way_counts(mira: Visitor, shop: Tracker):
    page = mira.page
    asked, typed = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await typed.wait()
        await route.continue_()

    await page.route("**/issues?query=Alpha", hold)
    await page.goto("/issues")
    await box(page).press_sequentially("Alpha")
    await asked.wait()
    await page.keyboard.type("x")
    typed.set()
    await page.wait_for_url("**/issues?query=Alphax")
    await expect(rows(page)).to_have_count(0)


async def test_a_wrong_key_is_mended_by_its_link(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues?query=browsr:Chrome")
    await expect(page.get_by_role("alert")).to_contain_text("There is no key browsr:")
    await expect(rows(page)).to_have_count(0)
    await page.get_by_role("link", name="browser:Chrome").click()
    await expect(rows(page)).to_have_count(1)
    await expect(box(page)).to_have_value("browser:Chrome")
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_mistake_elsewhere_is_mended_while_typing(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues")
    await box(page).press_sequentially("browsr:Chrome sai")
    await expect(options(page).first).to_contain_text("browser:")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(box(page)).to_have_value("browser:Chrome sai")
    await page.keyboard.type("d")
    await expect(rows(page)).to_have_count(1)


async def test_terms_are_tinted_under_the_text(mira: Visitor, shop: Tracker):
    page = mira.page
    text = 'is:new !browser:"Firefox 128" TypeError: x http://a/b relase:latest ('
    await page.goto("/issues")
    await box(page).fill(text)
    terms = page.locator("#ghost > span")
    await expect(terms).to_have_text(["is:new", '!browser:"Firefox 128"', "relase:latest"])
    assert (await page.locator("#ghost").text_content() or "").startswith(text)
    await expect(page.locator("#ghost > .not")).to_have_text('!browser:"Firefox 128"')
    await expect(page.locator("#ghost > .bad")).to_have_text("relase:latest")
    # it lies exactly under the letters: the copy begins where they do
    left = [await page.locator(it).bounding_box() for it in ("#search", "#ghost > span >> nth=0")]
    assert left[0] and left[1] and abs(left[0]["x"] - left[1]["x"]) < 1


async def test_the_events_of_an_issue_are_searched_the_same_way(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues/SHOP-1/events")
    field = page.get_by_role("combobox", name="Search events of this issue")
    await field.press_sequentially("browser:f")
    await options(page).filter(has_text="Firefox 128").click()
    await expect(field).to_have_value('browser:"Firefox 128" ')
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/events?query=browser*")
    await expect(page.locator(".evs tbody tr")).to_have_count(1)
    await page.goto("/issues/SHOP-1/events?query=browsr:Chrome")
    await expect(page.get_by_role("alert")).to_contain_text("There is no key browsr:")
    await mira.check("events-mistake")
    await page.get_by_role("link", name="browser:Chrome").click()
    await expect(page.get_by_role("heading", name="No event matches all of this")).to_be_visible()


async def test_a_search_is_saved_and_begun_with(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues?query=Alpha&period=24h")
    menu = page.locator("#saved")
    await menu.locator("summary").click()
    await menu.get_by_label("Save what is shown").fill("Alphas")
    await page.keyboard.press("Enter")
    await expect(page.locator(".toast")).to_contain_text("The search is saved.")
    await expect(menu.locator("summary")).to_contain_text("Alphas")
    assert await mira.path() == "/issues?query=Alpha&period=24h"
    await menu.locator("summary").click()
    await menu.get_by_role("button", name="Make it my start page").click()
    await expect(page.locator(".toast").last).to_contain_text("begin with this search")
    await page.goto("/account")
    await (
        page.get_by_role("navigation", name="Sections", exact=True)
        .get_by_role("link", name="Issues")
        .click()
    )
    await page.wait_for_url("**/issues?query=Alpha&period=24h")
    await expect(box(page)).to_have_value("Alpha")
    assert await titles(page) == ["AlphaError"]
    assert (await page.title()).startswith("Alphas · Issues")
    # another text is another search
    await box(page).fill("Bravo")
    await expect(rows(page)).to_contain_text("BravoError")
    await expect(menu.locator("summary")).not_to_contain_text("Alphas")
    await menu.locator("summary").click()
    await menu.get_by_role("link", name="All unresolved issues").click()
    await page.wait_for_url("**/issues?state=unresolved")
    await expect(rows(page)).to_have_count(2)


async def test_a_shared_search_of_somebody_else_is_changed_by_an_admin(
    mira: Visitor, shop: Tracker
):
    shop.add_user("bob@example.com", "member", "Bob")
    now_ms = shop.services.clock.now_ms()
    shop.write(saved_searches.save, 2, "B2B", "query=x", True, now_ms)
    shop.write(saved_searches.save, 1, "mine", "query=y", False, now_ms)
    page = mira.page
    await page.goto("/issues?query=Bravo")
    await page.locator("#saved summary").click()
    await expect(page.locator("#saved")).to_contain_text("by Bob")
    await page.get_by_label("Save what is shown").fill("B2B")
    await page.get_by_label("for everybody").check()
    await page.locator("#saved").get_by_role("button", name="Save").click()
    await expect(page.locator(".toast")).to_contain_text("The search is saved.")  # an admin may


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_nothing_is_wrong_with_saved_searches(chromium: Browser, shop: Tracker, size):
    shop.add_user()
    now_ms = shop.services.clock.now_ms()
    shop.write(saved_searches.save, 1, "Alphas of the day", "query=Alpha", False, now_ms)
    shop.write(saved_searches.save, 1, "For all", "query=level%3Afatal", True, now_ms)
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        page = visitor.page
        await visitor.sign_in()
        for name, path in (("on", "/issues?query=Alpha"), ("off", "/issues?query=Bravo")):
            await page.goto(path)
            await page.locator("#saved summary").click()
            await visitor.check(f"saved-{name}-{size[0]}")
        await page.goto("/searches")
        await page.get_by_role("group").first.locator("summary").click()
        await visitor.check(f"saved-page-{size[0]}")


async def test_searches_are_found_and_kept_without_scripts(chromium: Browser, shop: Tracker):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        page = visitor.page
        await visitor.sign_in()
        await page.goto("/issues")
        await page.get_by_label("Search issues").fill("browsr:Chrome")
        await page.get_by_role("button", name="Search").click()
        await page.get_by_role("link", name="browser:Chrome").click()
        assert await titles(page) == ["BravoError"]
        await page.locator("#saved summary").click()
        await page.get_by_label("Save what is shown").fill("In Chrome")
        await page.locator("#saved").get_by_role("button", name="Save").click()
        await expect(page.locator(".toast")).to_contain_text("The search is saved.")
        assert await titles(page) == ["BravoError"]
        await page.goto("/searches")
        await page.get_by_role("button", name="Make it my start page: In Chrome").click()
        await page.goto("/issues")
        assert await titles(page) == ["BravoError"]
        await page.goto("/searches")
        await page.get_by_role("button", name="Delete In Chrome").click()
        await expect(page.locator(".toast")).to_contain_text("The search is deleted.")
        await page.goto("/issues")
        await expect(rows(page)).to_have_count(2)
