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
        for name, path in (
            ("alerts", "/alerts"),
            ("new", "/alerts/new?when=new&where=level:error"),
            ("refused", "/alerts/new?when=newish"),
            ("account", "/account"),
        ):
            await visitor.page.goto(path)
            await visitor.check(f"alerts-{name}-{size[0]}")


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
