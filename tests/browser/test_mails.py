"""Mails, as a program on a desk and one on a phone show them, by day and by night."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from lighttrace.alerts.compose import compose
from lighttrace.store import projects
from tests.alerts.pictures import (
    LATER,
    a_story,
    an_error,
    every_mail,
    every_news,
    poisoned,
    told_of,
)
from tests.browser.test_issues import send
from tests.browser.tracker import Tracker
from tests.browser.visitor import DESKTOP, PHONE, Visitor
from tests.store.shelf import Shelf, a_shelf
from tests.web import sending

pytestmark = pytest.mark.browser


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path, "checkout") as shelf:
        a_story(shelf)
        yield shelf


@pytest.mark.parametrize("width", [760, 390])
async def test_every_mail_can_be_read(chromium: Browser, shelf: Shelf, width: int) -> None:
    endless = {"function": "f" * 300, "filename": "a/b/" * 80, "context_line": "y" * 400}
    write = an_error(group="d", title="Endless" * 40, value="x" * 900, frame=endless)
    told = every_news(shelf)
    mails = every_mail(told) | {"endless": told_of(shelf, "new", shelf.receive_one(write))}
    async with Visitor.at(chromium, "about:blank", size=(width, 1200)) as reader:
        for name, mail in mails.items():
            await reader.page.set_content(mail.html)
            await reader.check(f"mail-{name}-{width}")


async def test_one_endless_word_makes_no_mail_wider_than_a_phone(
    chromium: Browser, shelf: Shelf
) -> None:
    async with Visitor.at(chromium, "about:blank", size=PHONE) as reader:
        for name, (one, message) in every_news(shelf).items():
            if one.digest is None and one.report is None:  # which have words of ours in each field
                mail = compose(poisoned(one, "w" * 1_000), message, LATER)
                await reader.page.set_content(mail.html)
                await reader.shoot(f"mail-{name}-of-one-word")
                width = await reader.page.evaluate("document.documentElement.scrollWidth")
                assert width <= PHONE[0], name


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_quiet_is_one_key_away_and_nothing_happens_before(
    chromium: Browser, tracker: Tracker, size: tuple[int, int]
) -> None:
    tracker.write(projects.add, "shop", tracker.services.clock.now_ms())
    send(tracker, sending.an_error("PaymentError"))
    tracker.add_user()
    async with Visitor.at(chromium, tracker.url, size=size) as visitor:
        await visitor.sign_in()
        page = visitor.page
        await page.goto("/issues/SHOP-1?focus=mute")
        day = page.get_by_role("button", name="for a day").last
        await expect(day).to_be_focused()
        await expect(day).to_be_in_viewport()
        await visitor.check(f"mail-quiet-{size[0]}")
        await expect(page.get_by_role("heading", name="Muted")).to_have_count(0)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Muted")).to_be_visible()
        assert await visitor.path() != "/issues/SHOP-1?focus=mute"
