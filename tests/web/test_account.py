"""What a person changes about themselves, and only about themselves."""

import pytest

from lighttrace.store import sessions, users
from tests.fresh import PASSWORD
from tests.web.served import Site

NEW = "an even longer sentence"


def test_a_name_is_changed_and_shown(mira: Site):
    answer = mira.client.post("/account/name", data={"name": "  Mira   Weiß <b> "})
    assert answer.headers["location"] == "/account?saved=name"
    page = mira.client.get("/account?saved=name").text
    assert "Mira Weiß &lt;b&gt;" in page and "Your name is changed." in page


def test_an_empty_name_is_not_taken(mira: Site):
    answer = mira.client.post("/account/name", data={"name": "  "})
    assert answer.status_code == 422 and "as your colleagues call you" in answer.text


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(mira: Site):
    here = dict(mira.client.cookies)
    mira.client.cookies.clear()
    mira.sign_in()
    elsewhere = dict(mira.client.cookies)
    mira.client.cookies.clear()
    mira.client.cookies.update(here)

    assert (
        mira.client.post("/account/password", data={"old": "wrong", "new": NEW}).status_code == 422
    )
    answer = mira.client.post("/account/password", data={"old": PASSWORD, "new": NEW})
    assert answer.headers["location"] == "/account?saved=password"
    assert mira.client.get("/account").status_code == 200
    mira.client.cookies.clear()
    mira.client.cookies.update(elsewhere)
    assert mira.client.get("/account").status_code == 303
    mira.client.cookies.clear()
    assert mira.sign_in().status_code == 422
    assert mira.sign_in(password=NEW).status_code == 303


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ("short", "5 of at least 12 characters"),
        ("mira@example.com", "That is your e-mail"),
        ("aaaaaaaaaaaaaaaa", "too few different characters"),
        ("x" * 1001, "More than 1000 characters"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(mira: Site, new: str, problem: str):
    answer = mira.client.post("/account/password", data={"old": PASSWORD, "new": new})
    assert answer.status_code == 422 and problem in answer.text


def test_an_open_session_is_no_place_to_guess_the_password(mira: Site):
    for _ in range(5):
        mira.client.post("/account/password", data={"old": "wrong", "new": NEW})
    assert (
        mira.client.post("/account/password", data={"old": PASSWORD, "new": NEW}).status_code == 429
    )


def test_theme_and_keys_take_effect_on_the_next_page(mira: Site):
    page = mira.client.get("/account").text
    assert "data-theme" not in page and "data-keys" not in page
    mira.client.post("/account/look", data={"theme": "dark", "timezone": "Asia/Kolkata"})
    page = mira.client.get("/account").text
    assert '<html lang="en" data-theme="dark" data-keys="off"' in page
    assert "<option selected>Asia/Kolkata</option>" in page
    mira.client.post(
        "/account/look", data={"theme": "auto", "keys": "on", "timezone": "Asia/Kolkata"}
    )
    assert "data-keys" not in mira.client.get("/account").text


@pytest.mark.parametrize("theme", ["", "neon", '"><script>'])
def test_an_invented_theme_is_refused(mira: Site, theme: str):
    assert mira.client.post("/account/look", data={"theme": theme}).status_code == 400


def test_an_invented_time_zone_leaves_the_old_one(mira: Site):
    mira.client.post("/account/look", data={"theme": "auto", "timezone": "Europe/Berlin"})
    mira.client.post("/account/look", data={"theme": "auto", "timezone": "../../etc/passwd"})
    assert mira.read(users.by_email, "mira@example.com").options["timezone"] == "Europe/Berlin"


def test_sessions_are_listed_with_device_and_address_and_can_be_ended(mira: Site):
    here = dict(mira.client.cookies)
    phone = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"
    )
    mira.client.cookies.clear()
    mira.client.post(
        "/login",
        data={"email": "mira@example.com", "password": PASSWORD},
        headers={"user-agent": phone},
    )
    mira.client.cookies.clear()
    mira.client.cookies.update(here)

    page = mira.client.get("/account").text
    assert (
        "Firefox 145 on Linux" in page
        and "Mobile Safari 17 on iPhone" in page
        and "this one" in page
    )
    other = page.split("/account/sessions/")[2].split("/end")[0]
    assert mira.client.post(f"/account/sessions/{other}/end").status_code == 303
    assert len(mira.read(sessions.of_user, 1)) == 1
    assert mira.client.get("/account").status_code == 200


def test_signing_out_everywhere_else_keeps_this_one(mira: Site):
    here = dict(mira.client.cookies)
    for _ in range(3):
        mira.client.cookies.clear()
        mira.sign_in()
    mira.client.cookies.clear()
    mira.client.cookies.update(here)
    mira.client.post("/account/sessions/end-others")
    assert len(mira.read(sessions.of_user, 1)) == 1
    assert mira.client.get("/account").status_code == 200


def test_nobody_ends_the_session_of_somebody_else(mira: Site):
    [mine] = mira.read(sessions.of_user, 1)
    mira.user("bob@example.com", "member", "Bob")
    mira.client.cookies.clear()
    mira.sign_in("bob@example.com")
    mira.client.post(f"/account/sessions/{mine.token_hash.hex()}/end")
    assert len(mira.read(sessions.of_user, 1)) == 1


@pytest.mark.parametrize("session", ["xyz", "00", "%00"])
def test_a_session_that_is_none_is_not_found_or_nothing_happens(mira: Site, session: str):
    assert mira.client.post(f"/account/sessions/{session}/end").status_code in (303, 404)
    assert mira.client.get("/account").status_code == 200
