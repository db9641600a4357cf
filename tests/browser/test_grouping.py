"""The grouping page in a browser: a rule is tried without leaving it, with and without scripts."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from lighttrace.store import projects
from tests.browser.test_issues import send
from tests.browser.tracker import Tracker
from tests.browser.visitor import DESKTOP, PHONE, TABLET, Visitor
from tests.web.sending import FRAMES, an_error

pytestmark = pytest.mark.browser

RULE = "error.type:*Error -> errors, {{ tags.region }}"


@pytest.fixture
def shop(tracker: Tracker) -> Tracker:
    """Four issues; the first has two hashes, as after a merge."""
    tracker.write(projects.add, "shop", tracker.services.clock.now_ms())
    long = {"function": "averylongname" * 12, "module": "shop.log", "in_app": True}
    for kind in ("TypeError", "KeyError", "ValueError", "Warning"):
        for region in ("eu", "us"):
            send(tracker, an_error(kind, tags={"region": region}))
    send(tracker, an_error(frames=[*FRAMES, long]))
    tracker.write(_merge)
    return tracker


def _merge(tx: Any) -> None:
    tx.execute("update grouphash set issue_id = 1 where id = (select max(id) from grouphash)")


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
async def test_nothing_is_wrong_with_the_page(chromium: Browser, shop: Tracker, size):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        page = visitor.page
        await visitor.sign_in()
        await page.goto("/issues/SHOP-1/grouping")
        await visitor.check(f"grouping-{size[0]}")
        await page.get_by_label("Fingerprint rule").check()
        await page.get_by_label("Rule", exact=True).fill(RULE)
        await page.get_by_role("button", name="Try").click()
        await expect(page.get_by_text("Would change 3 issues:")).to_be_visible()
        await visitor.check(f"grouping-tried-{size[0]}")
        await page.get_by_label("Rule", exact=True).fill("functoin:x -group")
        await page.get_by_role("button", name="Try").click()
        await expect(page.get_by_text("Did you mean")).to_be_visible()
        await visitor.check(f"grouping-wrong-{size[0]}")


async def test_the_address_holds_the_rule_and_the_snippet_is_copied(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues/SHOP-1")
    await page.get_by_role("link", name="Why is it here?").click()
    await page.get_by_label("Rule", exact=True).fill("function:charge -group")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="Would change")).to_be_visible()
    assert "rule=function%3Acharge" in await mira.path()
    await page.locator("#try").get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("[[project]]\nslug = \"shop\"\nstack_rules = '''\nfunction:charge")
    await page.reload()
    await expect(page.get_by_label("Rule", exact=True)).to_have_value("function:charge -group")
    await expect(page.get_by_role("status").filter(has_text="Would change")).to_be_visible()


async def test_the_chosen_hash_is_split_off_by_a_key(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues/SHOP-1/grouping")
    await expect(page.get_by_text("2 hashes lead here")).to_be_visible()
    await page.get_by_role("radio", name="Choose hash").last.check()
    await page.get_by_role("heading", name="Grouping").first.click()
    await page.keyboard.press("u")
    await page.wait_for_url(re.compile("/issues/SHOP-[2-9A-Z]"))
    await expect(page.get_by_role("button", name="Undo")).to_be_visible()
    await page.goto("/issues/SHOP-1/grouping")
    await expect(page.get_by_text("One hash leads here")).to_be_visible()


async def test_a_rule_is_tried_without_scripts(chromium: Browser, shop: Tracker):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        page = visitor.page
        await visitor.sign_in()
        await page.goto("/issues/SHOP-1/grouping")
        await page.get_by_label("Fingerprint rule").check()
        await page.get_by_label("Rule", exact=True).fill(RULE)
        await page.get_by_role("button", name="Try").click()
        await expect(page.get_by_text("Would change 3 issues:")).to_be_visible()
