"""A Chromium, pages in it, and what one does with them: sign in, look, run axe."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.tracker import Tracker, running
from tests.browser.visitor import Visitor

# Chromium asks nobody anything on its own, and needs neither a sandbox nor a graphics card here.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One loop for the folder: the browser is started once."""
    return "asyncio"


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
def tracker(tmp_path: Path) -> Iterator[Tracker]:
    """An empty LightTrace."""
    with running(tmp_path) as tracker:
        yield tracker


@pytest.fixture
async def visitor(chromium: Browser, tracker: Tracker) -> AsyncIterator[Visitor]:
    """Somebody at a desktop, not signed in. Ends with: nothing complained in the console."""
    async with Visitor.at(chromium, tracker.url) as somebody:
        yield somebody


@pytest.fixture
async def mira(visitor: Visitor, tracker: Tracker) -> Visitor:
    """Mira, the owner, signed in."""
    tracker.add_user()
    await visitor.sign_in()
    return visitor
