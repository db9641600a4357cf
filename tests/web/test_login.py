"""Signing in and out."""

import pytest

from lighttrace.store import sessions, users
from lighttrace.web.sessions import LIFETIME_MS, TOUCH_MS
from lighttrace.web.throttle import PAUSE_S
from tests.fresh import PASSWORD
from tests.web.served import Site, served


def test_the_right_password_opens_the_page_that_was_wanted(site: Site):
    site.user()
    wanted = site.client.get("/settings").headers["location"]
    assert wanted == "/login?next=%2Fsettings"
    form = site.client.get(wanted).text
    assert 'name="next" value="/settings"' in form
    answer = site.client.post(
        "/login", data={"email": " Mira@Example.com ", "password": PASSWORD, "next": "/settings"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
    assert site.client.get("/settings").status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_nobody_is_sent_to_another_site_after_signing_in(site: Site, target: str):
    site.user()
    answer = site.client.post(
        "/login", data={"email": "mira@example.com", "password": PASSWORD, "next": target}
    )
    assert answer.headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_words(site: Site):
    site.user()
    wrong = site.sign_in(password="wrong")
    unknown = site.sign_in("nobody@example.com")
    assert wrong.status_code == unknown.status_code == 422
    assert "That e-mail and password don’t fit. 4 tries left, then 15 min pause." in wrong.text
    assert wrong.text.replace("mira@example.com", "nobody@example.com") == unknown.text
    assert "set-cookie" not in wrong.headers
    assert (
        "wrong"
        not in wrong.text.split("<form")[1]
        .split("</form>")[0]
        .split('type="password"')[1]
        .split(">")[0]
    )


def test_an_account_without_a_password_cannot_be_entered(site: Site):
    site.write(users.add, "sso@example.com", "Sam", "member", None, site.clock.now_ms())
    for password in ("", "None", PASSWORD):
        assert site.sign_in("sso@example.com", password).status_code == 422


def test_after_five_wrong_passwords_even_the_right_one_waits_a_quarter_of_an_hour(site: Site):
    site.user()
    for _ in range(4):
        site.sign_in(password="wrong")
    assert "Now 15 min pause." in site.sign_in(password="wrong").text
    paused = site.sign_in()
    assert paused.status_code == 429 and int(paused.headers["retry-after"]) <= PAUSE_S
    assert "Too many wrong passwords. Try again in 15 min." in paused.text
    site.clock.advance(PAUSE_S * 1000)
    assert site.sign_in().status_code == 303


def test_the_cookie_is_opaque_out_of_reach_of_scripts_and_pinned_under_https(tmp_path):
    with served(tmp_path, base_url="http://testserver") as site:
        site.user()
        cookie = site.sign_in().headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/;" in cookie + ";"
        assert "Secure" not in cookie and "mira" not in cookie
    (tmp_path / "tls").mkdir()
    with served(tmp_path / "tls", base_url="https://testserver") as site:
        site.user()
        cookie = site.sign_in().headers["set-cookie"]
        assert cookie.startswith("__Host-lighttrace=") and "Secure" in cookie and "Path=/" in cookie


def test_signing_out_ends_the_session_on_the_server_too(mira: Site):
    cookie = dict(mira.client.cookies)
    answer = mira.client.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert not dict(mira.client.cookies)
    mira.client.cookies.update(cookie)
    assert mira.client.get("/account").status_code == 303


def test_a_link_cannot_sign_anybody_out(mira: Site):
    assert mira.client.get("/logout").status_code in (404, 405)
    assert mira.client.get("/account").status_code == 200


def test_a_session_ends_after_thirty_days(mira: Site):
    mira.clock.advance(LIFETIME_MS - 1000)
    assert mira.client.get("/account").status_code == 200
    mira.clock.advance(2000)
    assert mira.client.get("/account").status_code == 303


def test_a_session_notes_that_it_was_seen_but_not_at_every_page(mira: Site):
    def seen() -> int:
        [row] = mira.read(sessions.of_user, 1)
        return row.seen_at

    start = seen()
    mira.clock.advance(TOUCH_MS - 1000)
    mira.client.get("/account")
    assert seen() == start
    mira.clock.advance(2000)
    mira.client.get("/account")
    assert seen() == mira.clock.now_ms()


@pytest.mark.parametrize("value", ["x", "f" * 64, "../../etc/passwd", "🐙", "a" * 5000])
def test_an_invented_cookie_opens_nothing(site: Site, value: str):
    site.user()
    answer = site.client.get("/account", headers={"cookie": f"lighttrace_session={value}".encode()})
    assert answer.status_code == 303


def test_somebody_who_is_signed_in_needs_no_login_page(mira: Site):
    assert mira.client.get("/login?next=/settings").headers["location"] == "/settings"


def test_before_the_first_account_the_login_says_where_to_begin(site: Site):
    page = site.client.get("/login").text
    assert "LightTrace waits for its first account" in page and "<form" not in page
