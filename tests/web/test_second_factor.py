"""A second factor: set up with an authenticator, asked for at the door, spent once, turned off."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from lighttrace.store import audit, invites, second_factors, sessions
from lighttrace.store.audit import Wanted
from tests.fresh import PASSWORD
from tests.web.served import NOW_MS, Site, served

STEP_S = 30
STEP = STEP_S * 1000
MINUTE = 60_000


class Phone:
    """An authenticator that scanned the code."""

    def __init__(self, site: Site, secret: str) -> None:
        self.site = site
        self.totp = pyotp.TOTP(secret)

    def code(self, later_s: int = 0) -> str:
        return self.totp.at(self.site.clock.now_ms() // 1000 + later_s)


def set_up(site: Site) -> tuple[Phone, list[str]]:
    page = site.client.get("/account").text
    [secret] = re.findall(r'name="secret" value="(\w+)"', page)
    phone = Phone(site, secret)
    answer = site.client.post(
        "/account/second-factor/on", data={"secret": secret, "code": phone.code()}
    )
    assert answer.status_code == 200, answer.text
    spare = re.findall(r"\b[a-z2-7]{5}-[a-z2-7]{5}\b", answer.text)
    assert len(set(spare)) == 10
    site.clock.advance(STEP)  # the code that set it up is spent
    return phone, spare


@pytest.fixture
def phone(mira: Site) -> Phone:
    phone, mira.spare = set_up(mira)  # type: ignore[attr-defined]
    mira.client.cookies.clear()
    return phone


def enter(site: Site, code: str, **more: str) -> Any:
    return site.client.post("/login/code", data={"code": code, **more})


def test_a_second_factor_is_on_once_a_code_has_proven_it(mira: Site):
    page = mira.client.get("/account").text
    assert "Not on yet" in page and "<svg" in page and mira.read(second_factors.who) == frozenset()
    [secret] = re.findall(r'name="secret" value="(\w+)"', page)
    wrong = mira.client.post("/account/second-factor/on", data={"secret": secret, "code": "000000"})
    assert wrong.status_code == 422 and "doesn’t fit" in wrong.text
    assert secret in wrong.text  # scanned already: the same again
    set_up(mira)
    page = mira.client.get("/account").text
    assert "10 spare codes left" in page and "Not on yet" not in page
    assert mira.read(second_factors.who) == {1}


@pytest.mark.parametrize("secret", ["", "SHORT", "a" * 32, "A" * 33, "A" * 31 + "1"])
def test_a_secret_that_is_none_of_ours_is_not_taken(mira: Site, secret: str):
    answer = mira.client.post(
        "/account/second-factor/on", data={"secret": secret, "code": "123456"}
    )
    assert answer.status_code == 422 and mira.read(second_factors.who) == frozenset()


def test_a_second_factor_that_is_on_is_not_replaced_by_another(mira: Site):
    phone, _ = set_up(mira)
    other = pyotp.random_base32()
    mira.client.post(
        "/account/second-factor/on",
        data={"secret": other, "code": Phone(mira, other).code()},
    )
    assert mira.read(second_factors.secret_of, 1) == phone.totp.secret


def test_after_the_password_comes_the_code(mira: Site, phone: Phone):
    answer = mira.client.post(
        "/login",
        data={"email": "mira@example.com", "password": PASSWORD, "next": "/issues?query=x"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/login/code")
    assert mira.client.get("/account").status_code == 303  # not in yet
    assert "Six digits" in mira.client.get("/login/code").text
    answer = enter(mira, phone.code())
    assert (answer.status_code, answer.headers["location"]) == (303, "/issues?query=x")
    assert "by password and code" in mira.client.get("/account").text
    assert mira.client.get("/login/code").headers["location"].startswith("/login")


def test_a_code_is_good_once_and_for_a_step_around_now(mira: Site, phone: Phone):
    def again(code: str) -> int:
        mira.client.cookies.clear()
        mira.sign_in()
        status: int = enter(mira, code).status_code
        return status

    mira.clock.advance(STEP)
    early = phone.code(-STEP_S)
    assert again(early) == 303
    assert again(early) == 422
    spent = phone.code()
    assert again(spent) == 303
    assert again(spent) == 422
    assert again(phone.code(2 * STEP_S)) == 422
    assert again(phone.code(STEP_S)) == 303
    mira.clock.advance(15 * MINUTE)
    old = phone.code(-2 * STEP_S)
    assert again(old) == 422


def test_a_spare_code_lets_in_once(mira: Site, phone: Phone):
    spare: list[str] = mira.spare  # type: ignore[attr-defined]
    mira.sign_in()
    assert "spare codes" in mira.client.get("/login/code?spare=1").text
    shown = spare[0].replace("-", " ").upper()  # as people type it
    assert enter(mira, shown, spare="1").status_code == 303
    assert "9 spare codes left" in mira.client.get("/account").text
    mira.client.cookies.clear()
    mira.sign_in()
    again = enter(mira, spare[0], spare="1")
    assert again.status_code == 422 and "was used already" in again.text


def test_five_wrong_codes_and_whoever_knows_the_password_has_to_wait(mira: Site, phone: Phone):
    mira.sign_in()
    assert [enter(mira, "000000").status_code for _ in range(6)] == [422] * 5 + [303]
    mira.sign_in()
    refused = enter(mira, phone.code())
    assert refused.status_code == 429 and "Retry-After" in refused.headers
    entries = [it.action for it in mira.read(audit.page, Wanted(), 50)]
    assert entries.count("sign_in.failed") == 4 and entries.count("sign_in.locked") == 1
    mira.clock.advance(15 * MINUTE)
    mira.client.cookies.clear()
    mira.sign_in()
    assert enter(mira, phone.code()).status_code == 303


def test_the_code_has_to_come_within_five_minutes(mira: Site, phone: Phone):
    mira.sign_in()
    mira.clock.advance(5 * MINUTE)
    answer = enter(mira, phone.code())
    assert answer.headers["location"] == "/login?said=code"
    assert "Sign in again" in mira.client.get(answer.headers["location"]).text


def test_a_half_done_sign_in_is_bound_to_its_browser(mira: Site, phone: Phone):
    mira.sign_in()
    mira.client.cookies.clear()
    assert enter(mira, phone.code()).headers["location"].startswith("/login?")


def test_a_device_can_be_known_for_thirty_days(mira: Site, phone: Phone):
    mira.sign_in()
    enter(mira, phone.code(), remember="on")
    mira.client.post("/logout")
    assert mira.sign_in().headers["location"] == "/"
    mira.client.post("/logout")
    mira.clock.advance(30 * 24 * 60 * MINUTE)
    assert mira.sign_in().headers["location"] == "/login/code"


def test_a_known_device_is_nobody_elses(mira: Site, phone: Phone):
    mira.sign_in()
    enter(mira, phone.code(), remember="on")
    bob = mira.user("bob@example.com", "member", "Bob")
    mira.write(second_factors.add, bob.id, pyotp.random_base32(), 0, [], NOW_MS)
    mira.client.post("/logout")
    assert mira.sign_in("bob@example.com").headers["location"] == "/login/code"


def test_a_new_password_by_link_does_not_replace_the_second_factor(mira: Site, phone: Phone):
    mira.sign_in()
    enter(mira, phone.code(), remember="on")
    secret = mira.write(invites.reset, 1, None, mira.clock.now_ms())
    answer = mira.client.post(f"/reset/{secret}", data={"password": "a sentence nobody knows"})
    assert answer.headers["location"] == "/login/code"  # nor is the device known any more
    assert mira.client.get("/account").status_code == 303
    mira.clock.advance(STEP)
    assert enter(mira, phone.code()).status_code == 303


def test_turning_it_off_needs_password_and_code(mira: Site, phone: Phone):
    mira.sign_in()
    enter(mira, phone.code())
    mira.clock.advance(STEP)

    def off(password: str, code: str) -> int:
        data = {"password": password, "code": code}
        status: int = mira.client.post("/account/second-factor/off", data=data).status_code
        return status

    assert off("wrong", phone.code()) == 422
    assert off(PASSWORD, "000000") == 422
    assert mira.read(second_factors.who) == {1}
    assert off(PASSWORD, phone.code()) == 303
    assert mira.read(second_factors.who) == frozenset()
    entries = [it.action for it in mira.read(audit.page, Wanted(), 50)]
    assert "user.factor_on" in entries and "user.factor_off" in entries


def test_an_open_session_is_no_place_to_guess_codes(mira: Site):
    set_up(mira)
    data = {"password": PASSWORD, "code": "000000"}
    tries = [mira.client.post("/account/second-factor/off", data=data) for _ in range(6)]
    assert [it.status_code for it in tries] == [422] * 5 + [429]


def test_new_spare_codes_replace_the_old_ones(mira: Site):
    phone, old = set_up(mira)
    assert (
        mira.client.post("/account/second-factor/spare", data={"code": "000000"}).status_code == 422
    )
    answer = mira.client.post("/account/second-factor/spare", data={"code": phone.code()})
    new = re.findall(r"\b[a-z2-7]{5}-[a-z2-7]{5}\b", answer.text)
    assert len(new) == 10 and not set(new) & set(old)
    mira.client.post("/logout")
    mira.sign_in()
    assert enter(mira, old[0]).status_code == 422
    assert enter(mira, new[0]).status_code == 303


def test_changing_the_password_forgets_known_devices(mira: Site, phone: Phone):
    mira.sign_in()
    enter(mira, phone.code(), remember="on")
    new = "a sentence nobody knows"
    mira.client.post("/account/password", data={"old": PASSWORD, "new": new})
    mira.client.post("/logout")
    assert mira.sign_in(password=new).headers["location"] == "/login/code"


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Site]:
    with served(tmp_path, "[sign_in]\nrequire_second_factor = true\n") as site:
        site.user()
        yield site


def test_where_it_is_required_nothing_comes_before_setting_it_up(strict: Site):
    strict.sign_in()
    for path in ("/issues", "/account", "/projects/new", "/setup/project"):
        answer = strict.client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/second-factor")
    assert strict.client.post("/account/name", data={"name": "X"}).status_code == 303
    assert [it.user.name for it in strict.read(sessions.of_user, 1)] == ["Mira"]
    panel = {"HX-Request": "true", "HX-Request-Type": "partial"}
    answer = strict.client.get("/issues", headers=panel)
    assert answer.headers["hx-redirect"] == "/account/second-factor"

    page = strict.client.get("/account/second-factor").text
    assert "Everybody here signs in with a code" in page
    [secret] = re.findall(r'name="secret" value="(\w+)"', page)
    data = {"secret": secret, "code": Phone(strict, secret).code()}
    assert strict.client.post("/account/second-factor/on", data=data).status_code == 200
    assert strict.client.get("/issues").status_code == 200


def test_somebody_who_has_to_set_it_up_can_leave(strict: Site):
    strict.sign_in()
    assert strict.client.post("/logout").headers["location"] == "/login"
