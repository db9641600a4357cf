"""The browser SDK in a real Chromium, from a page of another origin."""

import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.sdk.server import Server

pytestmark = [pytest.mark.sdk, pytest.mark.browser]
PROGRAMS = Path(__file__).parent / "programs"
PAGE = (
    "<!doctype html><meta charset=utf-8><button>Place order</button>"
    "<button class=help>Help</button><script src=/main.js></script>"
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def shop(tmp_path: Path, node_modules: Path) -> Iterator[str]:
    """A page with the bundled SDK; its origin is not LightTrace's, so CORS is part of the test."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text(PAGE, encoding="utf-8")
    esbuild = node_modules / ".bin" / "esbuild"
    bundle = [str(esbuild), "browser_error.ts", "--bundle", f"--outfile={site / 'main.js'}"]
    subprocess.run(bundle, cwd=PROGRAMS, check=True, capture_output=True, timeout=60)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.fixture
def page() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser.new_page()
        browser.close()


def test_an_error_in_a_page_of_another_origin_arrives(
    server: Server, shop: str, page: Page
) -> None:
    dsn, token = server.dsn("shop"), server.token()
    page.goto(f"{shop}/?dsn={dsn}")
    with page.expect_response(lambda r: "/envelope/" in r.url and _has_event(r)) as sent:
        page.get_by_role("button", name="Place order").click()
    assert sent.value.status == 200

    (issue,) = server.api("projects/lighttrace/shop/issues/", token)
    assert issue["title"].startswith("TypeError: Cannot read properties of undefined")
    event = server.api(f"issues/{issue['id']}/events/latest/", token)
    assert {"key": "browser.name", "value": "Chrome Headless"} in event["tags"] or any(
        tag["key"] == "browser.name" and "Chrom" in tag["value"] for tag in event["tags"]
    )
    (crumbs,) = [e["data"]["values"] for e in event["entries"] if e["type"] == "breadcrumbs"]
    assert crumbs[-1]["category"] == "ui.click"


def test_what_somebody_says_in_the_report_dialog_is_kept_with_the_event(
    server: Server, shop: str, page: Page
) -> None:
    dsn, token = server.dsn("shop"), server.token()
    page.goto(f"{shop}/?dsn={dsn}")
    page.get_by_role("button", name="Help").click()
    dialog = page.get_by_role("dialog", name="Sorry about that")
    dialog.get_by_role("button", name="Send report").click()
    assert "say what happened" in dialog.get_by_role("alert").inner_text()
    dialog.get_by_label("Name").fill("Dana")
    dialog.get_by_label("Email").fill("dana@example.org")
    dialog.get_by_label("What happened?").fill("I pressed pay twice — nothing.")
    dialog.get_by_role("button", name="Send report").click()
    dialog.get_by_role("status").wait_for()
    dialog.get_by_role("button", name="Close").click()

    (issue,) = server.api("projects/lighttrace/shop/issues/", token)
    event = server.api(f"issues/{issue['id']}/events/latest/", token)
    report = event["userReport"]
    assert (report["name"], report["email"]) == ("Dana", "dana@example.org")
    assert report["comments"] == "I pressed pay twice — nothing."


def _has_event(response: object) -> bool:
    body = response.request.post_data or ""  # type: ignore[attr-defined]
    return '"type":"event"' in body
