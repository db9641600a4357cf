"""The composer of rules in a browser: by keys, without scripts, on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from lighttrace.store import activity
from tests.browser.test_issues import send
from tests.browser.tracker import Tracker, running
from tests.browser.visitor import DESKTOP, PHONE, TABLET, Visitor
from tests.web.sending import an_error

pytestmark = pytest.mark.browser
FILE = (
    '[[project]]\nslug = "shop"\n[[project]]\nslug = "till"\n[alerts]\nto = ["ops@example.com"]\n'
)
RULE = "/alerts/new?when=3 events in 5m&where=environment:production&to=owner&name=Burning"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Tracker]:
    with running(tmp_path, FILE) as tracker:
        for _ in range(4):
            send(tracker, an_error("Burned", environment="production"))
            send(tracker, an_error("Staged", environment="staging"))
        tracker.add_user()
        now_ms = tracker.services.clock.now_ms()
        tracker.write(activity.record, [2], "acknowledged", 1, now_ms, {})
        yield tracker


def verdict(page: Page):
    return page.locator("#verdict")


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
async def test_nothing_is_wrong_with_the_composer(chromium: Browser, shop: Tracker, size):
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        await visitor.sign_in()
        pages = {
            "first": "/alerts/new",
            "number": RULE,
            "plain": "/alerts/new?when=new, feedback&project=shop,till&to=everyone",
            "never": "/alerts/new?when=new&where=is:resolved",
            "wrong": "/alerts/new?when=x users in 5m&where=level:>>&to=nobody there&every=soon",
        }
        await visitor.look_at(f"compose-{size[0]}", pages)


async def test_a_rule_is_changed_field_by_field_and_the_address_follows(
    chromium: Browser, shop: Tracker
):
    async with Visitor.at(chromium, shop.url) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto(RULE)
        await expect(verdict(page)).to_contain_text("Would have sent 1, and missed this 1.")
        await page.get_by_label("How many").first.fill("5")
        await page.keyboard.press("Enter")
        await expect(verdict(page)).to_contain_text("Would have sent 0, and missed this 1.")
        assert "5%20events%20in%205m" in page.url
        await page.get_by_label("Moment 2").select_option("new")
        await expect(page.get_by_label("Moment 3")).to_be_visible()
        await expect(verdict(page)).to_contain_text("Would have sent 1, and missed this 1.")
        await page.get_by_label("Moment", exact=True).select_option("")
        await expect(page.get_by_label("Moment 3")).to_have_count(0)
        await page.get_by_role("button", name="Do not tell the owner").click()
        await expect(page.locator(".target")).to_have_count(0)
        await page.get_by_label("Whom else").fill("everyone")
        await page.keyboard.press("Enter")
        await expect(page.locator(".target")).to_contain_text("everybody")
        found = "when=new&where=environment:production&to=everyone&name=Burning"
        await expect(page).to_have_url(f"{shop.url}/alerts/new?{found}")


async def test_the_search_is_put_together_by_keys_and_its_mistakes_stand_beside_it(
    chromium: Browser, shop: Tracker
):
    async with Visitor.at(chromium, shop.url) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/alerts/new?when=new")
        box = page.get_by_role("combobox", name="The search that has to be true of it")
        await box.press_sequentially("tim")
        option = page.locator("#suggest").get_by_role("option").first
        await expect(option).to_contain_text("time:")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Tab")
        await expect(box).to_have_value("time:")
        await box.fill("level:>>")
        await page.keyboard.press("Enter")
        await expect(page.locator("#where-e")).to_contain_text("level: takes debug")
        await expect(box).to_be_focused()
        await box.fill("level:error")
        await page.keyboard.press("Enter")
        await expect(page.locator("#where-e")).to_be_empty()
        await expect(verdict(page)).to_contain_text("Would have sent 2")


async def test_what_was_missed_leads_to_the_rule_that_tells_it_and_y_copies(
    chromium: Browser, shop: Tracker
):
    async with Visitor.at(chromium, shop.url) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto(RULE)
        await page.get_by_role("link", name="Without environment:production", exact=True).click()
        await expect(verdict(page)).to_contain_text("Would have sent 2.")
        await page.keyboard.press("y")
        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        text = await page.evaluate("navigator.clipboard.readText()")
        assert text.splitlines()[:2] == ["[[alerts.rule]]", 'name = "Burning"']


async def test_all_of_it_works_without_scripts(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/alerts/new?when=new&to=owner")
        await page.get_by_label("Moment", exact=True).select_option("events")
        await page.get_by_label("How many").first.fill("4")
        await page.get_by_label("Within what time").first.fill("10")
        await page.get_by_label("Project", exact=True).select_option("shop")
        await page.get_by_label("The search").fill("environment:staging")
        await page.get_by_label("Whom else").fill("#billing")
        await page.get_by_role("button", name="Rehearse again").click()
        await expect(page).to_have_url(
            f"{shop.url}/alerts/new?when=4%20events%20in%2010m&project=shop"
            "&where=environment:staging&to=owner,team:billing"
        )
        await expect(verdict(page)).to_contain_text("Would have sent 1.")
        await expect(page.locator("#whom")).to_contain_text("there is no such team")
        await page.get_by_role("button", name="Do not tell #billing").click()
        await expect(page.locator(".target")).to_have_count(1)
