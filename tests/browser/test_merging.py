"""Grouping by hand in a browser: keys, undo, no script, sizes."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.test_issues import rows, shop  # noqa: F401  (a fixture, and its reader)
from tests.browser.tracker import Tracker
from tests.browser.visitor import DESKTOP, PHONE, Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_nothing_is_wrong_with_what_is_merged_and_deleted(
    chromium: Browser,
    shop: Tracker,  # noqa: F811
    size,
):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/issues/SHOP-1")
        await expect(page.get_by_role("heading", name="Similar issues")).to_be_visible()
        await visitor.check(f"similar-{size[0]}")
        await page.get_by_role("button", name="Merge").first.click()
        await expect(page.get_by_role("heading", name="Merged into this")).to_be_visible()
        await visitor.check(f"merged-{size[0]}")
        await page.get_by_role("link", name="Delete and discard").click()
        await expect(page.get_by_role("heading", name="drop what comes of it")).to_be_visible()
        await visitor.check(f"discard-{size[0]}")


async def test_the_most_similar_is_merged_with_one_key_and_undone_with_another(
    mira: Visitor,
    shop: Tracker,  # noqa: F811
):
    page = mira.page
    await page.goto("/issues/SHOP-1")
    await page.keyboard.press("m")
    await expect(page.locator(".toast")).to_contain_text("2 issues merged")
    await expect(page.locator("#merged li")).to_have_count(1)
    await page.keyboard.press("z")
    await expect(page.locator("#history")).to_contain_text("took back: merged")
    await page.goto("/issues")
    await expect(rows(page)).to_have_count(4)


async def test_picked_rows_become_one(mira: Visitor, shop: Tracker):  # noqa: F811
    page = mira.page
    await page.goto("/issues")
    for key in "jvjv":
        await page.keyboard.press(key)
    await page.keyboard.press("m")
    await expect(page.locator(".toast")).to_contain_text("2 issues merged")
    await expect(rows(page)).to_have_count(3)
    await page.keyboard.press("z")
    await expect(rows(page)).to_have_count(4)


async def test_one_row_alone_cannot_be_merged_and_the_reason_is_said(
    mira: Visitor,
    shop: Tracker,  # noqa: F811
):
    page = mira.page
    await page.goto("/issues")
    await page.keyboard.press("j")
    await page.keyboard.press("m")
    await expect(page.locator(".toast")).to_contain_text("takes two issues")
    await expect(rows(page)).to_have_count(4)


async def test_issues_are_merged_and_deleted_without_a_script(
    chromium: Browser,
    shop: Tracker,  # noqa: F811
):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/issues")
        for name in ("SHOP-1", "SHOP-2"):
            await page.get_by_role("checkbox", name=f"Select {name}").check()
        await page.get_by_role("button", name="Merge").click()
        await expect(page.locator(".toast")).to_contain_text("2 issues merged")
        await page.goto("/issues/SHOP-2")
        await page.get_by_role("link", name="Delete…").click()
        await page.get_by_role("button", name="Delete").click()
        await expect(page.locator(".toast")).to_contain_text("1 issue deleted")
        await expect(rows(page)).to_have_count(2)
