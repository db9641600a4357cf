"""Mails, as a program on a desk and one on a phone show them, by day and by night."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.alerts.pictures import a_story, an_error, every_mail, told_of
from tests.browser.visitor import Visitor
from tests.store.shelf import Shelf, a_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path, "checkout") as shelf:
        a_story(shelf)
        yield shelf


@pytest.mark.parametrize("width", [760, 390])
async def test_every_mail_can_be_read(chromium: Browser, shelf: Shelf, width: int) -> None:
    endless = {"function": "f" * 300, "filename": "a/b/" * 80, "context_line": "y" * 400}
    write = an_error(group="d", title="Endless" * 40, value="x" * 900, frame=endless)
    mails = every_mail(shelf) | {"endless": told_of(shelf, "new", shelf.receive_one(write))}
    async with Visitor.at(chromium, "about:blank", size=(width, 1200)) as reader:
        for name, mail in mails.items():
            await reader.page.set_content(mail.html)
            await reader.check(f"mail-{name}-{width}")
