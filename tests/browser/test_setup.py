"""A new user: from the link in the terminal to the first error, in a browser."""

import json
import re
import urllib.request
from urllib.error import HTTPError

import pytest
from playwright.async_api import Browser, expect

from lighttrace.store import invites, keys, projects
from tests.browser.tracker import Tracker
from tests.browser.visitor import PHONE, Visitor
from tests.fresh import PASSWORD

pytestmark = pytest.mark.browser
HOUR_MS = 3_600_000


def link(tracker: Tracker) -> str:
    now_ms = tracker.services.clock.now_ms()
    return f"/setup?token={tracker.write(invites.make_setup, now_ms, HOUR_MS)}"


def send(tracker: Tracker, key: str, message: str) -> int:
    """An SDK's request, from outside. Returns the status."""
    body = json.dumps({"message": message, "level": "error", "platform": "python"}).encode()
    request = urllib.request.Request(
        f"{tracker.url}/api/1/store/?sentry_key={key}",
        data=body,
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return int(error.code)


async def test_from_the_link_to_the_first_issue(visitor: Visitor, tracker: Tracker):
    page = visitor.page
    await page.goto(link(tracker))
    await visitor.check("setup")
    await page.get_by_label("Your name").fill("Mira")
    await page.get_by_label("E-mail").fill("mira@example.com")
    await page.get_by_label("Password").fill(PASSWORD)
    await expect(page.locator(".bar4 .on")).to_have_count(3)
    await page.get_by_role("button", name="Go on to the first project").click()

    await page.wait_for_url("**/setup/project")
    await visitor.check("setup-project")
    await page.get_by_label("Name").fill("shop-web")
    await page.get_by_text("React", exact=True).click()
    await page.get_by_role("button", name="Go on to the DSN").click()

    await page.wait_for_url("**/setup/shop-web/sdk")
    await visitor.check("setup-sdk")
    [key] = tracker.read(keys.of_project, 1)
    dsn = f"{tracker.url.replace('://', f'://{key.public}@')}/1"
    await page.get_by_role("button", name="Copy DSN").click()
    await expect(page.get_by_role("button", name="Copy DSN")).to_contain_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == dsn

    await page.get_by_role("link", name="Django").click()
    await expect(page.get_by_role("link", name="Django")).to_have_attribute("aria-current", "page")
    assert await visitor.path() == "/setup/shop-web/sdk?sdk=django"
    await page.get_by_role("button", name="Copy the code").click()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("import sentry_sdk\n") and f'dsn="{dsn}"' in copied

    await expect(page.get_by_text("Waiting for the first event")).to_be_visible()
    assert send(tracker, key.public, "the first error") == 200
    await page.wait_for_url(re.compile(r"/issues/SHOP-WEB-\w+$"))


async def test_the_time_zone_of_the_browser_is_kept(visitor: Visitor, tracker: Tracker):
    from lighttrace.store import users

    page = visitor.page
    await page.goto(link(tracker))
    for label, text in (("Your name", "Mira"), ("E-mail", "m@example.com"), ("Password", PASSWORD)):
        await page.get_by_label(label).fill(text)
    await page.get_by_role("button", name="Go on").click()
    await page.wait_for_url("**/setup/project")
    assert tracker.read(users.every)[0].options["timezone"] == "Europe/Berlin"


async def test_a_wrong_key_is_explained_while_one_waits(mira: Visitor, tracker: Tracker):
    tracker.write(projects.add, "shop-web", tracker.services.clock.now_ms())
    await mira.page.goto("/setup/shop-web/sdk")
    assert send(tracker, "ab" * 16, "lost") == 403
    await expect(mira.page.get_by_text("1 request arrived with a wrong key").last).to_be_visible()
    [key] = tracker.read(keys.of_project, 1)
    await expect(mira.page.get_by_text(f"yours ends in …{key.public[-4:]}")).to_be_visible()
    await mira.check("setup-wrong-key")


async def test_the_page_hears_of_the_first_event_without_asking(mira: Visitor, tracker: Tracker):
    tracker.write(projects.add, "shop-web", tracker.services.clock.now_ms())
    [key] = tracker.read(keys.of_project, 1)
    await mira.page.clock.install()  # no timer fires, so nothing polls
    await mira.page.goto("/setup/shop-web/sdk")
    while not len(tracker.services.live):
        await mira.page.evaluate("fetch('/static/favicon.svg')")
    assert send(tracker, key.public, "heard") == 200
    await mira.page.wait_for_url("**/issues/SHOP-WEB-*")


async def test_where_streams_do_not_get_through_the_page_asks(mira: Visitor, tracker: Tracker):
    mira.expected = ("ERR_FAILED", "Failed to fetch")
    tracker.write(projects.add, "shop-web", tracker.services.clock.now_ms())
    [key] = tracker.read(keys.of_project, 1)
    await mira.page.route("**/live?*", lambda route: route.abort())
    await mira.page.goto("/setup/shop-web/sdk")
    await expect(mira.page.locator(".toast")).to_have_count(0)
    assert send(tracker, key.public, "asked") == 200
    await mira.page.wait_for_url("**/issues/SHOP-WEB-*")


async def test_a_hidden_tab_asks_for_nothing(mira: Visitor, tracker: Tracker):
    tracker.write(projects.add, "shop-web", tracker.services.clock.now_ms())
    asked: list[str] = []
    mira.page.on("request", lambda request: asked.append(request.url))
    await mira.page.clock.install()
    await mira.page.goto("/setup/shop-web/sdk")
    await mira.page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    await mira.page.clock.run_for(10_000)
    assert [url for url in asked if "/beacon" in url] == []


async def test_send_one_for_me_opens_its_issue(mira: Visitor, tracker: Tracker):
    tracker.write(projects.add, "shop-web", tracker.services.clock.now_ms())
    await mira.page.goto("/setup/shop-web/sdk")
    await mira.page.get_by_role("button", name="Send one for me").click()
    await mira.page.wait_for_url("**/issues/SHOP-WEB-*")
    await mira.page.goto("/setup/shop-web/sdk")
    await expect(mira.page.get_by_text("Events arrive")).to_be_visible()
    await mira.check("setup-done")


async def test_everything_works_without_scripts(chromium: Browser, tracker: Tracker):
    async with Visitor.at(chromium, tracker.url, scripts=False) as visitor:
        page = visitor.page
        await page.goto(link(tracker))
        for label, text in (("Your name", "Mira"), ("E-mail", "m@x.org"), ("Password", PASSWORD)):
            await page.get_by_label(label).fill(text)
        await page.get_by_role("button", name="Go on").click()
        await page.get_by_label("Name").fill("shop")
        await page.get_by_role("button", name="Go on").click()
        await page.get_by_role("link", name="Go", exact=True).click()
        await expect(page.get_by_role("region", name="Code for Go")).to_be_visible()
        await expect(page.get_by_role("button", name="Copy DSN")).to_be_hidden()
        await page.get_by_role("link", name="Look again").click()
        await expect(page.get_by_text("Waiting for the first event")).to_be_visible()
        await page.get_by_role("button", name="Send one for me").click()
        await page.wait_for_url("**/issues/SHOP-*")


async def test_on_a_phone(chromium: Browser, tracker: Tracker):
    tracker.add_user()
    tracker.write(projects.add, "shop-web", tracker.services.clock.now_ms())
    async with Visitor.at(chromium, tracker.url, size=PHONE) as visitor:
        await visitor.sign_in()
        for path in ("/setup/shop-web/sdk?sdk=flutter", "/projects/new"):
            await visitor.page.goto(path)
            await visitor.check(f"phone-{path.split('/')[1]}")
