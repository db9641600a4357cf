"""Every answer carries the strict policy, failures and redirects too."""

import pytest
from starlette.requests import Request

from lighttrace.errors import DiskError, QueueFullError
from lighttrace.web.headers import CSP
from lighttrace.web.pages import errors
from tests.web.served import Site, served


@pytest.mark.parametrize(
    "path", ["/login", "/issues", "/nowhere", "/static/app.css", "/static/nothing.js", "/setup"]
)
def test_every_answer_carries_the_policy(site: Site, path: str):
    answer = site.client.get(path)
    assert answer.headers["content-security-policy"] == CSP
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "server" not in answer.headers


def test_the_policy_allows_no_inline_code_and_nothing_from_elsewhere():
    assert "unsafe" not in CSP and "http" not in CSP and "*" not in CSP
    assert "default-src 'none'" in CSP and "frame-ancestors 'none'" in CSP


def test_a_failure_of_ours_has_the_headers_an_id_and_no_traceback(mira: Site, monkeypatch, caplog):
    def broken(*args: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("lighttrace.web.pages.account.zones", broken)
    answer = mira.client.get("/account")
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == CSP
    assert "Your events are not affected" in answer.text and "the secret inside" not in answer.text
    shown = answer.text.split("req-")[1][:8]
    assert f"req-{shown}" in caplog.text and "the secret inside" in caplog.text


def test_pages_are_not_kept_by_caches_and_say_on_what_they_depend(mira: Site):
    answer = mira.client.get("/account")
    assert answer.headers["cache-control"] == "no-store"
    assert "HX-Request-Type" in answer.headers["vary"]


def test_static_files_may_be_kept_for_good_by_their_hash_and_are_asked_about_otherwise(site: Site):
    page = site.client.get("/login").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = site.client.get(address)
    assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" not in site.client.get("/static/app.css").headers["cache-control"]
    again = site.client.get("/static/app.css", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "/static/../routes.py",
        "/static/%2e%2e/routes.py",
        "/static/vendor",
        "/static/",
        "/static/app.css/x",
    ],
)
def test_nothing_but_the_static_files_can_be_read(site: Site, path: str):
    assert site.client.get(path).status_code == 404


def test_pages_are_compressed(mira: Site):
    assert mira.client.get("/account").headers["content-encoding"] == "gzip"


def test_a_form_from_another_site_changes_nothing_and_is_told_so(mira: Site):
    answer = mira.client.post(
        "/account/name",
        data={"name": "Mallory"},
        headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert "sent from another site" in answer.text
    assert "Mallory" not in mira.client.get("/account").text


def test_an_unknown_address_is_the_same_404_for_everybody(mira: Site, tmp_path):
    inside = mira.client.get("/nowhere")
    assert inside.status_code == 404 and "There is nothing here, or not for you." in inside.text
    assert 'class="side"' in inside.text
    mira.client.cookies.clear()
    outside = mira.client.get("/nowhere")
    assert outside.status_code == 404 and 'class="side"' not in outside.text


def test_an_unknown_address_of_the_api_answers_json(site: Site):
    answer = site.client.get("/api/0/nowhere/")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is nothing here, or not for you."}


def test_under_a_prefix_every_link_and_redirect_carries_it(tmp_path):
    with served(
        tmp_path, '[server]\nurl = "https://example.com/errors"\n', base_url="https://example.com"
    ) as site:
        site.user()
        answer = site.client.get("/errors/settings")
        assert answer.headers["location"] == "/errors/login?next=%2Ferrors%2Fsettings"
        page = site.client.get("/errors/login").text
        assert 'action="/errors/login"' in page and 'href="/errors/static/app.css?v=' in page
        assert 'href="/static' not in page and 'action="/login' not in page
        answer = site.client.post(
            "/login", data={"email": "mira@example.com", "password": "correct horse battery"}
        )
        assert answer.headers["location"] == "/errors/"
        cookie = answer.headers["set-cookie"]
        assert "Path=/errors/" in cookie and "Secure" in cookie and not cookie.startswith("__Host-")
        assert 'href="/errors/settings"' in site.client.get("/errors/account").text


@pytest.mark.parametrize("path", ["/errors", "/errors/", "/", ""])
def test_the_bare_address_leads_into_the_product(tmp_path, path: str):
    text = '[server]\nurl = "https://example.com/errors"\n'
    with served(tmp_path, text, base_url="https://example.com") as site:
        assert site.client.get(path).headers["location"].startswith("/errors/login")


async def said_about(error: Exception) -> str:
    scope = {"type": "http", "method": "POST", "path": "/account/name", "headers": [], "state": {}}
    scope |= {"query_string": b"", "scheme": "http", "server": ("testserver", 80)}
    answer = await errors.store(Request(scope), error)
    assert answer.status_code == 503 and answer.headers["retry-after"]
    return bytes(answer.body).decode()


async def test_a_full_disk_and_a_full_queue_have_a_page_that_needs_no_database():
    assert "The disk is full, so nothing was changed." in await said_about(DiskError("full"))
    assert "LightTrace is busy, so nothing was changed." in await said_about(QueueFullError("full"))
