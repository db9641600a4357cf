"""The page of alerts and its mutes in a browser: sizes, themes, keys, axe."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.test_issues import send
from tests.browser.tracker import Tracker, running
from tests.browser.visitor import DESKTOP, PHONE, TABLET, Visitor
from tests.web.sending import an_error

pytestmark = pytest.mark.browser
RULES = """
[[project]]
slug = "shop"
[alerts]
to = ["ops@example.com"]
[[alerts.rule]]
name = "what matters"
when = ["new", "regression"]
where = "level:>=error"
[[alerts.rule]]
name = "odd"
when = "new"
where = "is:resolved"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Tracker]:
    with running(tmp_path, RULES) as tracker:
        send(tracker, an_error("PaymentError"))
        tracker.add_user()
        yield tracker


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
async def test_nothing_is_wrong_with_the_pages(chromium: Browser, shop: Tracker, size):
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        await visitor.sign_in()
        pages = {
            "alerts": "/alerts",
            "held": "/alerts?show=held&period=14d",
            "system": "/settings/system",
            "new": "/alerts/new?when=new&where=level:error",
            "refused": "/alerts/new?when=newish",
            "account": "/account",
        }
        await visitor.look_at(f"alerts-{size[0]}", pages)


async def test_an_issue_is_muted_by_keys_and_unmuted_on_the_page_of_alerts(
    chromium: Browser, shop: Tracker
):
    async with Visitor.at(chromium, shop.url) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/issues/SHOP-1")
        await page.keyboard.press("q")
        await page.get_by_role("button", name="for an hour").first.click()
        await expect(page.locator("#muted-h")).to_be_visible()
        await visitor.check("alerts-muted-issue")
        await page.keyboard.press("g")
        await page.keyboard.press("a")
        await page.get_by_role("button", name="Unmute SHOP-1").click()
        await expect(page.get_by_text("Nothing is muted")).to_be_visible()


async def test_somebody_wants_only_spikes_of_a_project_and_says_so_by_keys(
    chromium: Browser, shop: Tracker
):
    async with Visitor.at(chromium, shop.url, size=PHONE) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/account#projects")
        await page.get_by_label("One more project").focus()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("shop", exact=True)).to_have_value("spike")
        await visitor.check("alerts-single-project")
        await page.goto("/settings/projects/shop#messages")
        await expect(page.get_by_label("What I want by mail")).to_have_value("spike")
        await visitor.check("alerts-in-project-settings")


async def test_a_rule_is_muted_in_place_by_keys(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/alerts")
        await page.evaluate("window.untouched = true")
        menu = page.locator("summary[aria-label='Mute or rehearse: what matters']")
        await menu.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name="Rehearse on 14 days").first).to_be_visible()
        await visitor.check("alerts-menu")
        await page.get_by_role("button", name="for a week").first.press("Enter")
        await expect(page.get_by_text("Rule what matters")).to_be_visible()
        await expect(page.get_by_text("Muted. What it keeps back")).to_be_visible()
        await expect(page.get_by_role("article", name="what matters")).to_contain_text("Muted")
        await expect(menu).to_be_focused()
        await page.get_by_role("button", name="Unmute Rule what matters").press("Enter")
        await expect(page.get_by_text("Nothing is muted")).to_be_visible()
        await expect(page.locator("#muted-h")).to_be_focused()
        assert await page.evaluate("window.untouched"), "the page was loaded anew"


async def test_deliveries_change_in_place_and_the_address_keeps_which(
    chromium: Browser, shop: Tracker
):
    async with Visitor.at(chromium, shop.url) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/alerts?period=14d")
        await page.get_by_role("link", name="Failed 0").press("Enter")
        await expect(page.get_by_text("Nothing failed")).to_be_visible()
        await expect(page.get_by_role("link", name="Failed 0")).to_be_focused()
        assert await visitor.path() == "/alerts?period=14d&show=failed"
        await page.get_by_role("link", name="24 h", exact=True).click()
        await page.wait_for_url("**/alerts")
        await expect(page.get_by_role("link", name="All 0")).to_have_attribute(
            "aria-current", "true"
        )


async def test_without_scripts_everything_is_a_form_or_a_link(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/alerts")
        await page.locator("summary[aria-label='Mute or rehearse: what matters']").click()
        await page.get_by_role("button", name="for an hour").first.click()
        await expect(page.get_by_text("Muted. What it keeps back")).to_be_visible()
        visitor.expected = ("422",)
        await page.get_by_role("button", name="Send me a test").click()
        await expect(page.get_by_text("the file has no [smtp]")).to_be_visible()
