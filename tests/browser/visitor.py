"""Somebody in front of a browser."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.browser.tracker import EMAIL
from tests.fresh import PASSWORD

AXE = Path(__file__).parents[1] / "node_modules/axe-core/axe.min.js"
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
CONTRAST = {"type": "rule", "values": ["color-contrast"]}  # all that depends on the theme
DESKTOP, TABLET, PHONE = (1440, 900), (768, 1024), (390, 844)
SHOTS = os.environ.get("SHOTS")  # a folder: screenshots are kept there to be looked at


class Visitor:
    """`complaints`: what the console said, such as a broken policy or a file that failed."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        self.expected: tuple[str, ...] = ()  # parts of complaints that this test provokes
        page.on("console", lambda said: self._heard(said.type, said.text))
        page.on("pageerror", lambda error: self._heard("error", str(error)))

    @classmethod
    @asynccontextmanager
    async def at(
        cls,
        browser: Browser,
        url: str,
        *,
        size: tuple[int, int] = DESKTOP,
        scripts: bool = True,
        zone: str = "Europe/Berlin",
    ) -> "AsyncIterator[Visitor]":
        context = await browser.new_context(
            base_url=url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="light",
            java_script_enabled=scripts,
            timezone_id=zone,
            reduced_motion="reduce",
            is_mobile=size[0] < 640,
            has_touch=size[0] < 640,
        )
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        page.set_default_timeout(20_000)
        somebody = cls(page, url)
        try:
            yield somebody
        finally:
            await context.close()
        said = [text for text in somebody.complaints if not somebody.expects(text)]
        assert said == [], "the browser complained"

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def expects(self, text: str) -> bool:
        return any(part in text for part in self.expected)

    async def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> None:
        await self.page.goto("/login?next=/account")
        await self.page.get_by_label("E-mail").fill(email)
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Sign in").click()
        await self.page.wait_for_url("**/account")

    async def path(self) -> str:
        """Where the browser is, without the host."""
        return self.page.url.removeprefix(self.url)

    async def shoot(self, name: str) -> None:
        """Keep a screenshot if somebody wants to look (`SHOTS=folder pytest …`)."""
        if SHOTS:
            await self.page.screenshot(path=f"{SHOTS}/{name}.png")

    async def check(self, name: str = "") -> None:
        """Nothing sticks out sideways, and axe finds nothing, in the dark neither."""
        await self.shoot(name)
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        assert self.page.viewport_size is not None
        inner = self.page.viewport_size["width"]  # `innerWidth` grows with what sticks out
        assert width <= inner, f"{name or self.page.url} scrolls sideways: {width} in {inner}"
        found = await self.findings()
        assert not found, "\n".join(found)
        await self.page.emulate_media(color_scheme="dark")
        await self.shoot(f"{name}-dark")
        found = await self.findings(CONTRAST)
        assert not found, "\n".join(["in the dark", *found])
        await self.page.emulate_media(color_scheme="light")

    async def look_at(self, prefix: str, pages: Mapping[str, str]) -> None:
        """Check pages, one after the other: name → path."""
        for name, path in pages.items():
            await self.page.goto(path)
            await self.check(f"{prefix}-{name}")

    async def findings(self, only: dict[str, Any] = RULES) -> list[str]:
        """What axe says, one line each. It is put in through the debugger, so the policy holds."""
        if not await self.page.evaluate("'axe' in window"):
            if not AXE.is_file():
                pytest.skip("needs axe-core: run `npm ci` in tests/")
            await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        result: dict[str, Any] = await self.page.evaluate(
            "only => axe.run({runOnly: only, resultTypes: ['violations']})", only
        )
        return [
            f"{found['id']}: {node['html'][:160]} ({node['failureSummary'][:160]})"
            for found in result["violations"]
            for node in found["nodes"]
        ]
