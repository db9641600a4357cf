"""People, teams, tokens and the audit log in a browser: by hand, by key, without scripts, on a
phone, in the dark; axe finds nothing.
"""

import re

import pytest
from playwright.async_api import Browser, expect

from lighttrace.store import projects, teams, users
from tests.browser.tracker import Tracker
from tests.browser.visitor import DESKTOP, PHONE, TABLET, Visitor

pytestmark = pytest.mark.browser

PAGES = {
    "projects": "/settings",
    "members": "/settings/members",
    "member": "/settings/members/2",
    "teams": "/settings/teams",
    "team": "/settings/teams/billing",
    "tokens": "/settings/tokens",
    "audit": "/settings/audit",
    "project": "/settings/projects/shop",
}


@pytest.fixture
async def staff(mira: Visitor, tracker: Tracker) -> Visitor:
    """Mira at work: Bob and Tove are there, team billing with Bob, project shop."""
    furnish(tracker)
    return mira


def furnish(tracker: Tracker) -> None:
    now_ms = tracker.services.clock.now_ms()
    for name, role in (("Bob", "member"), ("Tove", "viewer")):
        tracker.add_user(f"{name.lower()}@example.com", role, name)
    team = tracker.write(teams.add, "Billing", now_ms)
    tracker.write(teams.join, team.id, 2)
    tracker.write(projects.add, "shop", now_ms)


async def test_somebody_is_invited_by_a_link_that_is_copied(staff: Visitor, tracker: Tracker):
    page = staff.page
    await page.goto("/settings/members")
    await page.get_by_label("Invite", exact=True).fill("lea@example.com")
    await page.get_by_label("as", exact=True).select_option("viewer")
    await page.get_by_label("of", exact=True).select_option("billing")
    await page.get_by_role("button", name="Invite").click()
    await staff.check("members-invited")
    await page.get_by_role("button", name="Copy").click()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(rf"{re.escape(tracker.url)}/invite/[0-9a-f]{{64}}", copied)
    assert (await page.goto(copied)).status == 200  # type: ignore[union-attr]
    await page.goto("/settings/members")
    await page.get_by_role("button", name="Withdraw the invitation of lea@example.com").click()
    await expect(page.get_by_text("That invitation no longer works.")).to_be_visible()
    staff.expected = ("404",)
    assert (await page.goto(copied)).status != 200  # type: ignore[union-attr]


async def test_a_role_is_changed_where_it_stands(staff: Visitor, tracker: Tracker):
    page = staff.page
    await page.goto("/settings/members")
    await page.get_by_label("Role of Bob").select_option("admin")
    await page.wait_for_url("**/settings/members/2?saved=role")
    assert tracker.read(users.by_id, 2).role == "admin"
    await page.goto("/settings/audit")
    await expect(page.get_by_text("made bob@example.com admin")).to_be_visible()
    await page.get_by_label("What").select_option("team")
    await page.wait_for_url("**kind=team**")
    await expect(page.get_by_text("Nothing was changed")).to_be_visible()


async def test_a_token_is_copied_once(staff: Visitor):
    page = staff.page
    await page.goto("/settings/tokens")
    await page.get_by_label("What it is for").fill("CI, shop")
    await page.get_by_label("Change issues").check()
    await page.get_by_role("button", name="Make token").click()
    await expect(page.get_by_text("it is shown only once")).to_be_visible()
    await staff.check("tokens-made")
    await page.get_by_role("button", name="Copy").click()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch("[0-9a-f]{64}", copied)
    await page.goto("/settings/tokens")
    assert copied not in await page.content()
    await page.get_by_role("button", name="Revoke CI, shop").click()
    await expect(page.get_by_text("That token opens nothing any more.")).to_be_visible()


async def test_a_key_is_replaced_from_its_menu_by_keyboard(staff: Visitor):
    page = staff.page
    await page.goto("/settings/projects/shop")
    menu = page.get_by_label("Replace default")
    await menu.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="in a week")).to_be_visible()
    await staff.check("project-key-menu")
    await page.keyboard.press("Escape")
    await expect(menu).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="in a week").press("Enter")
    await expect(page.get_by_text("ends in 6 d")).to_be_visible()


async def test_a_project_is_deleted_by_typing_its_name(staff: Visitor):
    page = staff.page
    staff.expected = ("422",)
    await page.goto("/settings/projects/shop")
    await page.get_by_text("Delete the project").click()
    field = page.get_by_label("Short name of the project")
    await field.fill("shopp")
    await page.get_by_role("button", name="Delete shop").click()
    await expect(page.get_by_text("Nothing is deleted.")).to_be_visible()
    await staff.check("project-delete")
    await field.fill("shop")
    await page.get_by_role("button", name="Delete shop").click()
    await expect(page.get_by_text("The project is deleted.")).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
async def test_nothing_is_wrong_with_it(chromium: Browser, tracker: Tracker, name: str):
    tracker.add_user()
    furnish(tracker)
    for size in (DESKTOP, TABLET, PHONE):
        async with Visitor.at(chromium, tracker.url, size=size) as somebody:
            await somebody.sign_in()
            await somebody.page.goto(PAGES[name])
            await somebody.check(f"{name}-{size[0]}")


async def test_all_of_it_works_without_scripts(chromium: Browser, tracker: Tracker):
    tracker.add_user()
    furnish(tracker)
    async with Visitor.at(chromium, tracker.url, scripts=False) as mira:
        page = mira.page
        await mira.sign_in()
        await page.goto("/settings/members")
        row = page.get_by_role("row", name="Bob")
        await row.get_by_label("Role of Bob").select_option("admin")
        await row.get_by_role("button", name="Change").click()
        await expect(page.get_by_text("The role is changed.")).to_be_visible()
        await page.goto("/settings/teams/billing")
        await page.get_by_label("Somebody").select_option("3")
        await page.get_by_role("button", name="Add").click()
        await expect(page.get_by_role("button", name="Remove Tove")).to_be_visible()
        await page.get_by_label("A project").select_option("1")
        await page.get_by_role("button", name="Give").click()
        await page.get_by_text("Delete the team").click()
        mira.expected = ("422",)
        await page.get_by_role("button", name="Yes, delete #billing").click()
        await expect(page.get_by_text("the only team of shop")).to_be_visible()
        await page.goto("/settings/audit?kind=team")
        await page.get_by_label("What").select_option("project")
        await page.get_by_role("button", name="Show").click()
        await expect(page.get_by_text("gave the project shop to billing")).to_be_visible()
