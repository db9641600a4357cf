"""Source links in a browser: on an issue, and tried while somebody types."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from lighttrace.store import announced, commits
from lighttrace.store.commits import Commit, PathKind
from lighttrace.store.database import Transaction
from tests.browser.test_issues import send
from tests.browser.tracker import Tracker, running
from tests.browser.visitor import DESKTOP, PHONE, TABLET, Visitor
from tests.web.sending import an_error

pytestmark = pytest.mark.browser
FILE = """
[[project]]
slug = "shop"
[project.source]
repository = "https://github.com/acme/shop"
"""
AT = "/settings/projects/shop/source"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Tracker]:
    with running(tmp_path, FILE) as tracker:
        send(tracker, an_error("PaymentError", release="shop@1+a41f9c2"))
        tracker.add_user()
        yield tracker


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
async def test_nothing_is_wrong_with_the_pages(chromium: Browser, shop: Tracker, size):
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        await visitor.sign_in()
        long = f"shop/%20=>%20a/very/long/{'x' * 90}/"
        pages = {
            "page": AT,
            "typed": f"{AT}?url=https://x.example/{{path}}&paths={long}",
            "refused": f"{AT}?repository=https://{'x' * 90}/&branch=a..b",
            "issue": "/issues/SHOP-1",
        }
        await visitor.look_at(f"source-{size[0]}", pages)


async def test_a_rule_is_tried_while_it_is_typed(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto(AT)
        await expect(page.get_by_text("2 of 2 frames")).to_be_visible()
        await page.get_by_label("Paths").press_sequentially("shop/ => web/")
        await expect(page.get_by_text("blob/a41f9c2/web/billing.py#L14")).to_be_visible()
        await expect(page.locator("#snippet")).to_contain_text('"shop/ => web/",')
        await expect(page.get_by_label("Paths")).to_be_focused()
        await page.get_by_role("button", name="Copy the lines").click()
        assert "[project.source]" in await page.evaluate("navigator.clipboard.readText()")


async def test_the_crashing_line_is_opened_with_a_key(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.route("https://github.com/**", lambda route: route.fulfill(body="the line"))
        await page.goto("/issues/SHOP-1")
        await page.keyboard.press("o")
        await page.wait_for_url("https://github.com/acme/shop/blob/a41f9c2/shop/billing.py#L14")


async def test_it_works_without_scripts(chromium: Browser, shop: Tracker):
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto(AT)
        await page.get_by_label("Paths").fill("shop/ => web/")
        await page.get_by_role("button", name="Try it").click()
        await expect(page.get_by_text("blob/a41f9c2/web/billing.py#L14")).to_be_visible()


async def test_a_suspect_commit_is_shown_and_its_author_assigned(chromium: Browser, shop: Tracker):
    def tell(tx: Transaction) -> None:
        release_id, _ = announced.tell(tx, "shop@1+a41f9c2", [1], announced.NOTHING, 1)
        long = "x" * 300
        paths: tuple[tuple[PathKind, str], ...] = (("M", f"{long}/shop/billing.py"),)
        some = [Commit("a41f9c2" + "0" * 33, None, long, "Mira", "mira@example.com", 1, paths)]
        commits.put(tx, release_id, some, 1)

    shop.write(tell)
    async with Visitor.at(chromium, shop.url, size=PHONE) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/issues/SHOP-1")
        await visitor.check("source-suspects-390")
        await page.locator("#suspects").get_by_role("button", name="Assign").click()
        await expect(page.locator("#assigned")).to_have_text("Mira")
