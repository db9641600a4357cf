"""Releases and uploads in a browser: sizes and themes, keys, without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from lighttrace.store import announced, commits, deploys, projects
from lighttrace.store.announced import Told
from lighttrace.store.bundles import Build
from lighttrace.store.commits import Commit
from tests.browser.test_issues import send
from tests.browser.tracker import Tracker, running
from tests.browser.visitor import DESKTOP, PHONE, TABLET, Visitor
from tests.store.uploads import Put, put_bundle
from tests.web.sending import an_error

pytestmark = pytest.mark.browser
HOUR = 3_600_000
LONG = "com.example.a-very-long-name.of-an-application@2026.11.25+build.4711.of.branch/feature-cart"
UPLOADS = "/settings/projects/shop/uploads"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Tracker]:
    with running(tmp_path) as tracker:
        now_ms = tracker.services.clock.now_ms()
        tracker.write(projects.add, "shop", now_ms)
        for number, version in enumerate(("shop@2", "shop@1", LONG)):
            at = now_ms - (1 + 9 * number) * HOUR
            send(tracker, an_error(f"Error{number}", release=version))
            made, _ = tracker.write(announced.tell, version, [1], Told(), at)
            tracker.write(commits.put, made, [Commit("a1" * 20, "shop", "Message " * 20)] * 12, at)
            tracker.write(deploys.add, made, "production", at)
        files = (
            Put("~/a.js", "script", b"a()", map_url="~/a.js.map"),
            Put("~/a.js.map", "map", b"", error="The map is not JSON"),
        )
        tracker.write(put_bundle, [Build(1, "shop@2"), Build(1, LONG, "b7")], *files)
        tracker.add_user()
        yield tracker


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
async def test_nothing_is_wrong_with_the_pages(chromium: Browser, shop: Tracker, size):
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        await visitor.sign_in()
        pages = {
            "list": "/releases",
            "empty": "/releases?environment=nowhere",
            "one": "/releases/shop/shop@2",
            "all": "/releases/shop/shop@2?tab=all&period=7d",
            "long": f"/releases/shop/{LONG}",
            "uploads": UPLOADS,
            "checked": f"{UPLOADS}?url=https://shop.example/{'a' * 200}.js&release=shop@2",
            "issue": "/issues/SHOP-1",
        }
        await visitor.look_at(f"releases-{size[0]}", pages)


async def test_keys_lead_to_a_release_and_back(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/issues")
        await page.keyboard.press("g")
        await page.keyboard.press("r")
        await page.wait_for_url("**/releases")
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/releases/shop/shop@2")
        await expect(page.get_by_role("heading", name="shop@2")).to_be_visible()


async def test_a_script_is_checked_in_place(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto(UPLOADS)
        await page.get_by_label("Address of the script").fill("https://shop.example/a.js")
        await page.get_by_label("Release").fill("shop@2")
        await page.get_by_role("button", name="Check").click()
        await expect(
            page.get_by_text("It would stay minified: the source map cannot be read")
        ).to_be_visible()
        await expect(page.get_by_role("heading", name="How to upload")).to_be_visible()
        await visitor.check("releases-checked-in-place")


async def test_without_scripts_a_script_is_checked_and_an_upload_taken_back(
    chromium: Browser, shop: Tracker
):
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto(UPLOADS)
        await page.get_by_label("Address of the script").fill("/b.js")
        await page.get_by_label("Release").fill("shop@2")
        await page.get_by_role("button", name="Check").click()
        await expect(page.get_by_text("no file is called /b.js nor ~/b.js")).to_be_visible()
        await page.get_by_role("button", name="Delete what was uploaded for shop@2").click()
        await expect(page.get_by_text("Taken back.")).to_be_visible()


async def test_on_a_phone_the_rest_is_under_more(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url, size=PHONE) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/releases")
        bar = page.get_by_role("navigation", name="Sections, phone")
        await bar.get_by_text("More").click()
        await expect(bar.get_by_role("link", name="Settings")).to_be_visible()
        await visitor.check("more-phone")
        await bar.get_by_role("link", name="Account").click()
        await page.wait_for_url("**/account")
