"""The doors, in a browser: joining by a link, a new password, the second factor."""

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.async_api import Browser, expect

from lighttrace.store import invites, second_factors, teams
from tests.browser.tracker import EMAIL, Tracker, running
from tests.browser.visitor import PHONE, Visitor
from tests.fresh import PASSWORD

pytestmark = pytest.mark.browser
NEW = "a sentence nobody knows"


def invitation(tracker: Tracker) -> str:
    now_ms = tracker.services.clock.now_ms()
    team = tracker.write(teams.add, "Catalog", now_ms)
    secret = tracker.write(invites.invite, None, "member", team.id, 1, now_ms)
    return f"/invite/{secret}"


def reset(tracker: Tracker) -> str:
    return f"/reset/{tracker.write(invites.reset, 1, None, tracker.services.clock.now_ms())}"


async def test_joining_by_a_link(visitor: Visitor, tracker: Tracker):
    tracker.add_user()
    page = visitor.page
    await page.goto(invitation(tracker))
    await visitor.check("invite")
    await page.get_by_label("Your name").fill("Lea")
    await page.get_by_label("E-mail").fill("lea@example.com")
    await page.get_by_label("Password").fill(NEW)
    await expect(page.locator(".bar4 .on")).to_have_count(4)
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r":\d+/$"))
    await page.goto("/account")
    await expect(page.get_by_text("by a link")).to_be_visible()
    await expect(page.locator("#timezone")).to_have_value("Europe/Berlin")


async def test_a_second_factor_from_the_first_scan_to_the_next_sign_in(
    mira: Visitor, tracker: Tracker
):
    page = mira.page
    await mira.check("account-second-factor")
    secret = await page.locator("input[name=secret]").get_attribute("value")
    assert secret is not None
    shown = await page.locator(".secret").inner_text()
    assert shown.replace(" ", "") == secret
    code = page.get_by_label("The six digits it shows")
    await code.fill("000000")
    await page.get_by_role("button", name="Turn on").click()
    mira.expected = ("422",)
    await expect(page.get_by_text("Is the phone’s clock right?")).to_be_visible()
    await mira.check("second-factor-wrong")
    assert await page.locator("input[name=secret]").get_attribute("value") == secret
    await code.fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="Turn on").click()
    await expect(page.get_by_role("heading", name="Keep these ten spare codes")).to_be_visible()
    await mira.check("spare-codes")
    await page.get_by_role("button", name="Copy").click()
    copied = (await page.evaluate("navigator.clipboard.readText()")).split()
    assert len(copied) == 10
    await page.get_by_role("link", name="I have them").click()
    await expect(page.get_by_text("10 spare codes left")).to_be_visible()
    await mira.check("account-second-factor-on")
    await page.get_by_role("link", name="Change", exact=True).click()
    await mira.check("second-factor-on")

    await page.goto("/account")
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Six digits")).to_be_visible()
    await mira.check("code")
    await expect(page.get_by_label("Code")).to_be_focused()
    await page.get_by_role("link", name="Use a spare code").click()
    await mira.check("code-spare")
    await page.get_by_label("Spare code").fill(copied[3])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/setup/project")


async def test_everything_works_without_scripts(chromium: Browser, tracker: Tracker):
    tracker.add_user()
    async with Visitor.at(chromium, tracker.url, scripts=False) as visitor:
        page = visitor.page
        await page.goto(reset(tracker))
        await page.get_by_label("Password").fill(NEW)
        await page.get_by_role("button", name="Save and sign in").click()
        await page.wait_for_url("**/setup/project")
        await page.goto("/account/second-factor")
        secret = await page.locator("input[name=secret]").get_attribute("value")
        assert secret is not None
        await page.get_by_label("The six digits it shows").fill(pyotp.TOTP(secret).now())
        await page.get_by_role("button", name="Turn on").click()
        await expect(page.get_by_role("heading", name="Keep these ten")).to_be_visible()
    assert tracker.read(second_factors.who) == {1}


async def test_every_door_fits_a_phone_and_axe_finds_nothing(chromium: Browser, strict: Tracker):
    strict.add_user()
    doors = {
        "login": "/login",
        "forgot": "/login/forgot",
        "invite": invitation(strict),
        "reset": reset(strict),
        "closed": "/invite/nothing",
        "refused": "/login/oidc/callback?state=x",
    }
    async with Visitor.at(chromium, strict.url, size=PHONE) as visitor:
        visitor.expected = ("404", "400")
        for name, path in doors.items():
            await visitor.page.goto(path)
            await visitor.check(f"door-{name}-phone")
        await visitor.page.goto("/login")
        await visitor.page.get_by_label("E-mail").fill(EMAIL)
        await visitor.page.get_by_label("Password").fill(PASSWORD)
        await visitor.page.get_by_role("button", name="Sign in").click()
        await visitor.page.wait_for_url("**/account/second-factor")
        await expect(
            visitor.page.get_by_text("Everybody here signs in with a code")
        ).to_be_visible()
        await visitor.check("door-set-up-phone")


STRICT = """
[sign_in]
require_second_factor = true
[sign_in.oidc]
issuer = "http://127.0.0.1:9"
client_id = "lt"
allowed_domains = ["example.com"]
"""


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Tracker]:
    """Where a second factor is required, and there is a provider."""
    with running(tmp_path, STRICT) as tracker:
        yield tracker
