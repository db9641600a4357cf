"""The inbox in a browser: the cursor, the peek, acting by key, undo, live numbers, sizes, no
script.
"""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from lighttrace.store import projects
from tests.browser.test_issues import send
from tests.browser.tracker import Tracker
from tests.browser.visitor import DESKTOP, PHONE, TABLET, Visitor
from tests.web.sending import an_error

pytestmark = pytest.mark.browser


def burning(name: str, people: int = 90) -> list[dict[str, Any]]:
    """A new and fatal error that many people met: it needs somebody now."""
    return [
        an_error(f"{name}Error", f"what {name} said", user={"id": f"{n}"}) | {"level": "fatal"}
        for n in range(people)
    ]


@pytest.fixture
def shop(tracker: Tracker) -> Tracker:
    """Bravo and Alpha need somebody now, Bravo first; Charlie is new and small."""
    tracker.write(projects.add, "shop", tracker.services.clock.now_ms())
    send(tracker, *burning("Alpha"), an_error("CharlieError"), *burning("Bravo", 120))
    return tracker


async def titles(page: Page, group: str = "") -> list[str]:
    where = f"[aria-labelledby=g-{group}] " if group else ""
    return await page.locator(f"{where}[data-rows] > li .t b").all_text_contents()


def cursor(page: Page):
    return page.locator("[data-rows] > [aria-current=true] .t b")


@pytest.fixture
async def inbox(mira: Visitor, shop: Tracker) -> Page:
    await mira.page.goto("/")
    await expect(mira.page.locator("#need")).to_contain_text("2")
    return mira.page


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
async def test_nothing_is_wrong_with_the_inbox(chromium: Browser, shop: Tracker, size):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        await visitor.sign_in()
        for name, path in (
            ("inbox", "/"),
            ("wait", "/?group=wait"),
            ("nothing", "/?team=@me&environment=production"),
            ("during", "/inbox/during"),
        ):
            await visitor.page.goto(path)
            await visitor.check(f"{name}-{size[0]}")
        await visitor.page.goto("/")
        await visitor.page.locator("[data-peek]").first.click()
        await expect(visitor.page.locator(".peek-grid")).to_be_visible()
        await visitor.check(f"peek-{size[0]}")
        for menu in ("Assign", "Archive"):
            await visitor.page.locator(".peek summary", has_text=menu).click()
            await visitor.check(f"{menu.lower()}-{size[0]}")
            await visitor.page.keyboard.press("Escape")


async def test_space_opens_the_row_under_the_cursor_and_keeps_it(inbox: Page):
    asked: list[str] = []
    inbox.on("request", lambda it: asked.append(it.url) if it.url.endswith("/peek") else None)
    await inbox.keyboard.press("j")
    await expect(cursor(inbox)).to_have_text("BravoError")
    await inbox.keyboard.press("Space")
    peek = inbox.locator(".peek:visible")
    await expect(peek).to_contain_text("Why 72")
    await expect(peek).to_contain_text("new 40 · users 22 · fatal 10")
    await inbox.keyboard.press("Space")
    await expect(peek).to_have_count(0)
    await inbox.keyboard.press("Space")
    await expect(peek).to_contain_text("Why 72")
    await inbox.keyboard.press("Escape")
    await expect(peek).to_have_count(0)
    assert len(asked) == 1
    await inbox.keyboard.press("Enter")
    await inbox.wait_for_url("**/issues/SHOP-3")
    await expect(inbox.locator("#why-impact")).to_have_text("Impact 72")


async def test_one_key_acknowledges_and_the_cursor_goes_on(inbox: Page):
    await inbox.keyboard.press("j")
    await inbox.keyboard.press("a")
    await expect(inbox.locator(".toast")).to_contain_text("1 issue acknowledged")
    assert await titles(inbox, "act") == ["AlphaError"]
    assert await titles(inbox, "next") == ["BravoError", "CharlieError"]
    await expect(inbox.locator("#need")).to_contain_text("1")
    await expect(cursor(inbox)).to_have_text("AlphaError")
    await inbox.keyboard.press("a")
    await expect(inbox.locator("[aria-labelledby=g-act]")).to_contain_text("Nobody is needed")
    await expect(inbox.locator("#need")).to_be_hidden()
    await expect(cursor(inbox)).to_have_count(1)
    await inbox.keyboard.press("z")
    await expect(inbox.locator("#need")).to_contain_text("1")
    assert await titles(inbox, "act") == ["AlphaError"]


async def test_resolving_from_the_peek_takes_the_row_away(inbox: Page):
    await inbox.keyboard.press("j")
    await inbox.keyboard.press("Space")
    await expect(inbox.locator(".peek:visible button", has_text="Resolve")).to_be_visible()
    await inbox.keyboard.press("e")
    await expect(inbox.locator(".toast")).to_contain_text("1 issue resolved")
    assert await titles(inbox) == ["AlphaError", "CharlieError"]
    await expect(cursor(inbox)).to_have_text("AlphaError")
    await expect(inbox.locator(".peek:visible")).to_have_count(0)


async def test_a_selection_is_assigned_by_the_menu(inbox: Page):
    await inbox.keyboard.press("j")
    await inbox.keyboard.press("v")
    await inbox.keyboard.press("j")
    await inbox.keyboard.press("v")
    await expect(inbox.locator("[data-picked]")).to_have_text("2 selected")
    await inbox.keyboard.press("s")
    await inbox.locator("#bulk .menu:visible button", has_text="Me").click()
    await expect(inbox.locator(".toast")).to_contain_text("2 issues assigned to Mira")
    await expect(inbox.locator(".own[title='Assigned to Mira']")).to_have_count(2)


async def test_archiving_asks_until_when(inbox: Page):
    await inbox.keyboard.press("j")
    await inbox.keyboard.press("x")
    await inbox.keyboard.press("Enter")  # the first entry: until it escalates
    await expect(inbox.locator(".toast")).to_contain_text("1 issue archived until it escalates")
    assert await titles(inbox, "act") == ["AlphaError"]


async def test_what_is_new_waits_and_nothing_moves(inbox: Page, shop: Tracker):
    await inbox.keyboard.press("j")
    await inbox.keyboard.press("Space")
    await expect(inbox.locator(".peek:visible .peek-grid")).to_be_visible()
    before = await titles(inbox)
    send(shop, *burning("Delta", 300))
    waiting = inbox.locator("#waiting a")
    await expect(waiting).to_contain_text("1 more needs you, show", timeout=12_000)
    await expect(inbox.locator("#need")).to_contain_text("3")
    assert await titles(inbox) == before
    await inbox.keyboard.press(".")
    await expect(inbox.locator("[data-rows] > li .t b").first).to_have_text("DeltaError")
    await expect(inbox.locator(".peek:visible .peek-grid")).to_be_visible()


async def test_it_is_one_key_away_from_everywhere(mira: Visitor, shop: Tracker):
    await mira.page.goto("/issues")
    await mira.page.keyboard.press("g")
    await mira.page.keyboard.press("i")
    await mira.page.wait_for_url(f"{shop.url}/")


async def test_it_works_without_scripts(chromium: Browser, shop: Tracker):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/")
        await page.get_by_label("Select SHOP-3").check()
        await page.locator("#bulk button", has_text="Acknowledge").click()
        await expect(page.locator(".toast")).to_contain_text("1 issue acknowledged")
        assert await titles(page, "act") == ["AlphaError"]
        await page.locator(".toast button", has_text="Undo").click()
        await expect(page.locator("[aria-labelledby=g-act] li")).to_have_count(2)
        assert await titles(page, "act") == ["BravoError", "AlphaError"]
        await page.get_by_role("link", name="6 h").click()
        assert await visitor.path() == "/?period=6h"
        await page.locator(".impact").first.click()
        await expect(page.locator("#why-impact")).to_have_text("Impact 72")
