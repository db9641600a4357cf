"""The page of an issue in a browser: keys, events, folded parts, live numbers, undo, no script."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from lighttrace.store import issue_list, projects
from lighttrace.store.issue_list import IssueQuery
from tests.browser.test_issues import send
from tests.browser.tracker import Tracker, running
from tests.browser.visitor import DESKTOP, PHONE, TABLET, Visitor
from tests.event.corpus import samples
from tests.web.sending import FRAMES, an_error

pytestmark = pytest.mark.browser


def rich() -> dict[str, object]:
    """An event with a chain, steps, a request, long words and tags."""
    chain = [
        {"type": "ConnectionError", "value": "refused", "stacktrace": {"frames": FRAMES}},
        {
            "type": "PaymentError",
            "value": "no answer for " + "averylongwordwithoutanyspace" * 6,
            "stacktrace": {"frames": FRAMES},
            "mechanism": {"type": "starlette", "handled": False},
        },
    ]
    steps = [
        {"category": "ui.click", "message": f"button.step{at}", "timestamp": 1_795_000_000 + at}
        for at in range(40)
    ]
    return an_error(
        exceptions=chain,
        breadcrumbs={"values": steps},
        timestamp=1_795_000_041,
        user={"id": "42", "email": "ada@example.com"},
        request={
            "url": "https://shop.example/" + "path/" * 40,
            "method": "POST",
            "headers": {"User-Agent": "curl/8"},
            "data": {"cart": {"items": list(range(30))}},
        },
        contexts={
            "flags": {"values": [{"flag": "fast", "result": True}]},
            "state": {"a": "b" * 90},
        },
        extra={"long": "x" * 300, "nested": {"deep": [1, 2, {"deeper": None}]}},
        modules={"fastapi": "0.120", "starlette": "1.10"},
        tags={"team": "billing", "component": "checkout"},
    )


@pytest.fixture
def shop(tracker: Tracker) -> Tracker:
    """A project whose first issue has three events; the last of them is the rich one."""
    tracker.write(projects.add, "shop", tracker.services.clock.now_ms())
    for release in ("shop@1.0.0", "shop@1.1.0"):
        send(tracker, {**rich(), "release": release, "breadcrumbs": None})
    send(tracker, rich())
    return tracker


@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
async def test_nothing_is_wrong_with_the_page(chromium: Browser, shop: Tracker, size):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, size=size) as visitor:
        page = visitor.page
        await visitor.sign_in()
        await page.goto("/issues/SHOP-1?frames=all")
        # everything opened, so that nothing hides from axe
        await page.evaluate(
            "document.querySelectorAll('main details:not(.drop)').forEach(it => it.open = true)"
        )
        await expect(page.get_by_text("button.step0", exact=True)).to_be_visible()
        await visitor.check(f"issue-{size[0]}")
        for menu in ("Assign", "Archive"):
            await page.locator(".actions summary", has_text=menu).click()
            await visitor.check(f"issue-{menu.lower()}-{size[0]}")
            await page.keyboard.press("Escape")
        await page.get_by_role("link", name="JSON").click()
        await expect(page.get_by_text("averylongword").first).to_be_visible()
        await visitor.check(f"event-json-{size[0]}")


async def test_keys_walk_through_events_and_unfold_frames(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues/SHOP-1")
    place = page.locator("#evstep")
    await expect(place).to_contain_text("3 of 3")
    await page.keyboard.press("[")
    await expect(place).to_contain_text("2 of 3")
    await page.keyboard.press("[")
    await expect(place).to_contain_text("1 of 3")
    assert "/issues/SHOP-1/events/" in await mira.path()
    await page.keyboard.press("]")
    await expect(place).to_contain_text("2 of 3")
    await page.get_by_role("group", name="Event").get_by_role("link", name="First").click()
    await page.wait_for_url("**/issues/SHOP-1/events/first")
    await expect(place).to_contain_text("1 of 3")  # the event is there, not its address alone
    await expect(page.get_by_text("2 frames in fastapi, starlette")).to_have_count(2)
    await page.keyboard.press("f")
    await expect(page.get_by_text("2 frames in fastapi, starlette")).to_have_count(0)
    await page.wait_for_url("**/issues/SHOP-1/events/first?frames=all")
    await page.keyboard.press("f")
    await expect(page.get_by_text("2 frames in fastapi, starlette")).to_have_count(2)


async def test_a_stack_trace_is_copied_with_a_key(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues/SHOP-1")
    await page.keyboard.press("y")
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Traceback (most recent call last):")
    assert 'File "shop/billing.py", line 14, in charge' in copied


async def test_the_first_steps_come_when_they_are_unfolded(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues/SHOP-1/events/latest")
    await expect(page.get_by_text("button.step10", exact=True)).to_be_visible()
    await expect(page.get_by_text("button.step9", exact=True)).to_have_count(0)
    await page.evaluate("document.querySelector('main').kept = true")
    await page.get_by_text("10 earlier steps").click()
    await expect(page.get_by_text("button.step9", exact=True)).to_be_visible()
    await expect(page.get_by_text("button.step0", exact=True)).to_be_visible()
    # nothing but the part was fetched
    assert await page.evaluate("document.querySelector('main').kept")


async def test_a_frame_of_a_long_stack_is_fetched_when_it_is_opened(
    mira: Visitor, tracker: Tracker
):
    tracker.write(projects.add, "shop", tracker.services.clock.now_ms())
    lines = [f"    x = {'1' * 80}  # {at}" for at in range(5)]
    frames = [
        {
            "function": f"call{at:03}",
            "filename": "shop/deep.py",
            "lineno": at + 10,
            "in_app": True,
            "pre_context": lines,
            "context_line": f"    return here{at:03}()",
            "post_context": lines,
        }
        for at in range(150)
    ]
    send(tracker, an_error(frames=frames))
    page = mira.page
    await page.goto("/issues/SHOP-1")
    await expect(page.locator("#stack .code", has_text="here149")).to_be_visible()
    await expect(page.locator("#stack .code", has_text="here005")).to_have_count(0)
    await page.locator("summary", has_text="call005").click()
    await expect(page.locator("#stack .code", has_text="here005")).to_be_visible()
    await expect(page.locator("#stack .code", has_text="here149")).to_be_visible()
    await mira.check("issue-deep")


async def test_an_issue_is_resolved_and_taken_back_with_keys(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues/SHOP-1/events/first")
    await page.keyboard.press("e")
    await expect(page.locator(".toast")).to_contain_text("1 issue resolved")
    await expect(page.locator("#status")).to_contain_text("Resolved")
    await expect(page.locator("#history")).to_contain_text("Mira resolved")
    await expect(page.locator("#pills")).to_contain_text("Resolved")
    await mira.check("issue-resolved")
    await page.keyboard.press("z")
    await expect(page.locator("#status")).to_contain_text("Unresolved")
    await expect(page.locator("#history")).to_contain_text("took back: resolved")
    await expect(page.get_by_role("button", name="Resolve")).to_be_visible()
    await expect(page.locator("#evstep")).to_contain_text("1 of 3")
    await page.keyboard.press("x")
    await page.keyboard.press("Enter")  # the first of the menu: until it escalates
    await expect(page.locator("#status")).to_contain_text("Archived")
    await page.keyboard.press("u")
    await expect(page.locator("#status")).to_contain_text("Unresolved")


async def test_a_link_of_a_message_is_one_key_away_from_being_on_it(mira: Visitor, shop: Tracker):
    page = mira.page
    await page.goto("/issues/SHOP-1?focus=acknowledge")
    button = page.get_by_role("button", name="Acknowledge")
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(button).to_have_count(0)


async def test_numbers_are_live_and_what_is_read_stays(mira: Visitor, shop: Tracker):
    page = mira.page
    async with page.expect_response("**/live*"):
        await page.goto("/issues/SHOP-1")
    shown = await page.locator(".evnav b").text_content()
    await expect(page.locator("#counts")).to_contain_text("3 events 1 user")
    await page.get_by_text("What was used and what was not").click()
    send(shop, {**rich(), "user": {"id": "77"}})
    await expect(page.locator("#counts")).to_contain_text("4 events 2 users")
    await expect(page.locator("#evstep")).to_contain_text("3 of 4")
    await expect(page.locator("#about")).to_contain_text("4 events, 2 users")
    assert await page.locator(".evnav b").text_content() == shown
    await expect(page.locator("#why .parts")).to_be_visible()
    await page.keyboard.press("]")
    await expect(page.locator("#evstep")).to_contain_text("4 of 4")


async def test_another_issue_disturbs_nobody(mira: Visitor, shop: Tracker):
    page = mira.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    async with page.expect_response("**/live*"):
        await page.goto("/issues/SHOP-1")
    send(shop, an_error("OtherError"))
    send(shop, rich())  # told after the other one
    await expect(page.locator("#counts")).to_contain_text("4 events")
    assert len([url for url in asked if "/news" in url]) == 1


async def test_period_and_environment_swap_in_place(mira: Visitor, shop: Tracker):
    send(shop, {**rich(), "environment": "staging"})
    page = mira.page
    await page.goto("/issues/SHOP-1")
    await page.get_by_role("group", name="Period").get_by_role("link", name="30 d").click()
    await page.wait_for_url("**/issues/SHOP-1?period=30d")
    await expect(page.locator("#counts")).to_contain_text("4 events 1 user in 30 d")
    await page.locator("#over-time summary").click()
    await page.get_by_role("link", name="staging").click()
    await page.wait_for_url("**/issues/SHOP-1?environment=staging&period=30d")
    await expect(page.locator("#counts")).to_contain_text("1 event 1 user in 30 d")
    await page.reload()
    await expect(page.locator("#counts")).to_contain_text("1 event 1 user in 30 d")


async def test_the_page_works_without_scripts(chromium: Browser, shop: Tracker):
    shop.add_user()
    async with Visitor.at(chromium, shop.url, scripts=False) as visitor:
        page = visitor.page
        await visitor.sign_in()
        await page.goto("/issues/SHOP-1/events/latest")
        await page.get_by_text("10 earlier steps").click()
        await page.get_by_role("link", name="Show them").click()
        await expect(page.get_by_text("button.step0", exact=True)).to_be_visible()
        await page.get_by_role("link", name="Older event").click()
        await expect(page.locator("#evstep")).to_contain_text("2 of 3")
        await page.get_by_role("link", name="All 8").click()
        await expect(page.get_by_text("2 frames in fastapi, starlette")).to_have_count(0)
        await page.locator("summary", has_text="Archive").click()
        await page.get_by_role("button", name="for ever").click()
        await expect(page.locator(".toast")).to_contain_text("1 issue archived")
        assert "/events/" in await visitor.path()
        await page.locator(".toast").get_by_role("button", name="Undo").click()
        await expect(page.locator("#status")).to_contain_text("Unresolved")


async def test_whatever_real_clients_sent_fits_on_a_phone(chromium: Browser, tmp_path: Path):
    """Every issue of the corpus: nothing sticks out, nothing complains; axe for each platform."""
    with running(tmp_path) as tracker:
        tracker.write(projects.add, "shop", tracker.services.clock.now_ms())
        send(tracker, *(sample.payload for sample in samples()))
        now_ms = tracker.services.clock.now_ms()
        found = tracker.read(issue_list.search, IssueQuery(limit=100, now_ms=now_ms)).rows
        assert len(found) > 30
        tracker.add_user()
        seen: set[str | None] = set()
        async with Visitor.at(chromium, tracker.url, size=PHONE) as visitor:
            await visitor.sign_in()
            for issue in found:
                await visitor.page.goto(f"/issues/{issue.short_id}")
                width = await visitor.page.evaluate("document.documentElement.scrollWidth")
                assert width == PHONE[0], issue.title
                if issue.platform not in seen:
                    await visitor.check(f"corpus-{issue.platform}")
                seen.add(issue.platform)
