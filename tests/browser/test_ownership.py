"""Ownership in a browser: sizes and themes, an event tried and a rule composed, with scripts and
without.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from lighttrace.store import teams
from tests.browser.test_issues import send
from tests.browser.tracker import Tracker, running
from tests.browser.visitor import DESKTOP, PHONE, TABLET, Visitor
from tests.web.sending import an_error

pytestmark = pytest.mark.browser
RULES = '''
[[project]]
slug = "shop"
owners = """
* #storefront
logger:*.celery #platform
path:shop/billing.py #billing mira@example.com
"""
high_value = ["tags.component:checkout", "transaction:POST /api/a-very-long-name/that/goes/on*"]
'''
AT = "/settings/projects/shop"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Tracker]:
    with running(tmp_path, RULES) as tracker:
        for name in ("Billing", "Storefront"):
            tracker.write(teams.add, name, tracker.services.clock.now_ms())
        send(tracker, an_error("PaymentError", tags={"component": "checkout"}))
        tracker.add_user()
        yield tracker


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
async def test_nothing_is_wrong_with_the_pages(chromium: Browser, shop: Tracker, size):
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        await visitor.sign_in()
        composed = "?key=path&glob=src/cart/*&owner=%23storefront"
        for name, path in (
            ("ownership", f"{AT}/ownership"),
            ("composed", f"{AT}/ownership{composed}"),
            ("refused", f"{AT}/ownership?key=path&glob=src/cart/*&owner=storefront"),
            ("unknown", f"{AT}/ownership?try=SHOP-99"),
            ("paths", f"{AT}/paths"),
            ("issue", "/issues/SHOP-1"),
        ):
            await visitor.page.goto(path)
            await visitor.check(f"owners-{name}-{size[0]}")


async def test_an_event_is_tried_and_a_rule_composed_in_place(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto(f"{AT}/ownership")
        await expect(page.get_by_text("SHOP-1 goes to #billing")).to_be_visible()
        await page.get_by_label("Issue or event to try").fill("shop-7")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("There is no such issue or event")).to_be_visible()
        assert "try=shop-7" in await visitor.path()
        await page.get_by_label("When").select_option("type")
        await page.get_by_label("matches").fill("Pay*")
        await page.get_by_label("it belongs to").fill("#billing")
        await page.get_by_role("button", name="Compose").click()
        await expect(page.locator("#snippet")).to_have_text("type:Pay* #billing")
        await page.get_by_role("button", name="Copy the rule").click()
        assert await page.evaluate("navigator.clipboard.readText()") == "type:Pay* #billing"


async def test_it_works_without_scripts(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/issues/SHOP-1")
        await page.get_by_role("link", name="by rule").click()
        await expect(page.get_by_text("SHOP-1 goes to #billing")).to_be_visible()
        await page.get_by_label("matches").fill("src/*")
        await page.get_by_label("it belongs to").fill("#billing")
        await page.get_by_role("button", name="Compose").click()
        await expect(page.locator("#snippet")).to_have_text("path:src/* #billing")
