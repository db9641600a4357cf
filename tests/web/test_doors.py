"""Invitations and new passwords by link: with and without mail, once, and telling nobody who is
here.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.store import audit, invites, sessions, teams, users
from lighttrace.store.audit import Wanted
from tests.fresh import PASSWORD
from tests.mailbox import Mailbox, html_of, mailbox, text_of
from tests.web.served import NOW_MS, Site, served

NEW = "a sentence nobody knows"
LEA = {"name": "Lea", "email": "lea@example.com", "password": NEW, "timezone": "Europe/Berlin"}
DAY = 24 * 3600 * 1000


@pytest.fixture
def letters() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


def with_mail(path: Path, box: Mailbox) -> str:
    smtp = box.smtp()
    return f"""
[server]
url = "https://errors.example.com"
[smtp]
host = "{smtp.host}"
port = {smtp.port}
tls = "none"
from = "lt@shop.example"
"""


@pytest.fixture
def mailing(tmp_path: Path, letters: Mailbox) -> Iterator[Site]:
    with served(tmp_path, with_mail(tmp_path, letters), base_url="https://testserver") as site:
        site.user()
        yield site


def settle(site: Site) -> None:
    assert site.client.portal is not None
    site.client.portal.call(site.services.errands.settle)


def invited(site: Site, email: str | None = None, role: str = "member") -> str:
    secret: str = site.write(invites.invite, email, role, None, 1, NOW_MS)
    return f"/invite/{secret}"


def actions(site: Site) -> list[tuple[str, str]]:
    return [(it.action, it.subject) for it in site.read(audit.page, Wanted(), 50)]


def test_an_invitation_says_who_invites_to_what_and_makes_the_account(mira: Site):
    team = mira.write(teams.add, "Catalog", NOW_MS)
    secret = mira.write(invites.invite, None, "viewer", team.id, 1, NOW_MS)
    mira.client.cookies.clear()
    page = mira.client.get(f"/invite/{secret}")
    assert page.status_code == 200
    assert "Mira invites you to LightTrace at testserver" in page.text
    assert "<b>viewer</b> of <b>#catalog</b>" in page.text and "Works once, until" in page.text

    answer = mira.client.post(f"/invite/{secret}", data=LEA)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "lea@example.com, viewer" in mira.client.get("/account").text
    lea = mira.read(users.by_email, "lea@example.com")
    assert lea.options["timezone"] == "Europe/Berlin"
    assert mira.read(teams.of_user, lea.id) == [team]
    assert ("user.add", "lea@example.com") in actions(mira)

    assert mira.client.get(f"/invite/{secret}").status_code == 404
    again = mira.client.post(f"/invite/{secret}", data={**LEA, "email": "eve@example.com"})
    assert again.status_code == 404 and mira.read(users.by_email, "eve@example.com") is None


def test_an_invitation_for_an_address_is_for_that_address(mira: Site):
    link = invited(mira, "lea@example.com")
    mira.client.cookies.clear()
    assert 'value="lea@example.com"' in mira.client.get(link).text
    mira.client.post(link, data={**LEA, "email": "eve@example.com"})
    assert mira.read(users.by_email, "eve@example.com") is None
    assert mira.read(users.by_email, "lea@example.com").role == "member"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "A name, as your colleagues call you"),
        ({"email": "lea"}, "An address like"),
        ({"email": "MIRA@example.com"}, "sign in with it"),
        ({"password": "short"}, "5 of at least 12 characters"),
    ],
)
def test_what_is_wrong_is_said_and_the_link_still_works(
    mira: Site, wrong: dict[str, str], said: str
):
    link = invited(mira)
    mira.client.cookies.clear()
    answer = mira.client.post(link, data={**LEA, **wrong})
    assert answer.status_code == 422 and said in answer.text
    assert NEW not in answer.text
    assert mira.client.post(link, data=LEA).status_code == 303


def test_the_role_in_a_form_means_nothing(mira: Site):
    link = invited(mira, role="viewer")
    mira.client.post(link, data={**LEA, "role": "owner"})
    assert mira.read(users.by_email, "lea@example.com").role == "viewer"


@pytest.mark.parametrize("path", ["/invite/", "/reset/"])
@pytest.mark.parametrize("token", ["x", "0" * 64, "%00", "a" * 3000, "..%2f"])
def test_what_is_no_link_says_how_to_get_one(site: Site, path: str, token: str):
    site.user()
    for answer in (site.client.get(path + token), site.client.post(path + token, data=LEA)):
        assert answer.status_code == 404


def test_an_old_link_says_so(mira: Site):
    link = invited(mira)
    mira.clock.advance(7 * DAY)
    answer = mira.client.get(link)
    assert answer.status_code == 404 and "This link does not work any more" in answer.text


def test_a_reset_link_sets_a_password_ends_the_sessions_and_signs_in(mira: Site):
    old = dict(mira.client.cookies)
    secret = mira.write(invites.reset, 1, 1, NOW_MS)
    mira.client.cookies.clear()
    page = mira.client.get(f"/reset/{secret}").text
    assert "New password for mira@example.com" in page and "Ends your open session." in page
    wrong = mira.client.post(f"/reset/{secret}", data={"password": "short"})
    assert wrong.status_code == 422 and "5 of at least 12 characters" in wrong.text
    answer = mira.client.post(f"/reset/{secret}", data={"password": NEW})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "by a link" in mira.client.get("/account").text
    assert len(mira.read(sessions.of_user, 1)) == 1
    assert ("user.password", "mira@example.com") in actions(mira)

    mira.client.cookies.clear()
    mira.client.cookies.update(old)
    assert mira.client.get("/account").status_code == 303
    mira.client.cookies.clear()
    assert mira.client.post(f"/reset/{secret}", data={"password": PASSWORD}).status_code == 404
    assert mira.sign_in().status_code == 422
    assert mira.sign_in(password=NEW).status_code == 303


def test_a_forgotten_password_comes_by_mail(mailing: Site, letters: Mailbox):
    assert 'href="/login/forgot"' in mailing.client.get("/login").text
    assert "You get a mail with a link" in mailing.client.get("/login/forgot").text
    answer = mailing.client.post("/login/forgot", data={"email": "MIRA@example.com"})
    assert answer.status_code == 200 and "is on its way" in answer.text
    settle(mailing)
    [mail] = letters.messages
    assert (mail["To"], mail["Subject"]) == ("mira@example.com", "A new password for LightTrace")
    [link] = re.findall(r"https://errors\.example\.com(/reset/\w+)", text_of(mail))
    assert link in html_of(mail)
    assert mailing.client.post(link, data={"password": NEW}).status_code == 303
    assert mailing.client.get("/account").status_code == 200


def test_a_mailed_link_never_names_the_host_of_the_request(mailing: Site, letters: Mailbox):
    headers = {"host": "evil.example"}
    mailing.client.post("/login/forgot", data={"email": "mira@example.com"}, headers=headers)
    settle(mailing)
    assert "evil" not in str(letters.messages[0])


def test_nobody_learns_who_is_here_by_forgetting_a_password(mailing: Site, letters: Mailbox):
    known = mailing.client.post("/login/forgot", data={"email": "mira@example.com"})
    other = mailing.client.post("/login/forgot", data={"email": "eve@example.com"})
    settle(mailing)
    assert known.status_code == other.status_code
    assert known.text.replace("mira@", "eve@") == other.text
    assert letters.recipients == ["mira@example.com"]


def test_forgetting_too_often_has_to_wait(mailing: Site, letters: Mailbox):
    ask = [
        mailing.client.post("/login/forgot", data={"email": "mira@example.com"}) for _ in "x" * 6
    ]
    assert [it.status_code for it in ask] == [200] * 5 + [429]
    settle(mailing)
    assert len(letters.messages) == 5
    assert mailing.sign_in().status_code == 303  # the password is another matter


@pytest.mark.parametrize("email", ["", "x", "a@b", "mira@example.com\r\nBcc: eve@example.com"])
def test_what_is_no_address_is_not_mailed(mailing: Site, letters: Mailbox, email: str):
    answer = mailing.client.post("/login/forgot", data={"email": email})
    settle(mailing)
    assert answer.status_code == 422 and letters.messages == []


def test_a_mail_server_that_refuses_is_not_told_to_the_stranger(mailing: Site, letters: Mailbox):
    letters.refuse = "451 try later"
    answer = mailing.client.post("/login/forgot", data={"email": "mira@example.com"})
    settle(mailing)
    assert answer.status_code == 200 and letters.messages == []


def test_without_mail_the_page_says_who_can_help(mira: Site):
    mira.client.cookies.clear()
    page = mira.client.get("/login/forgot").text
    assert "lighttrace user reset" in page and "<form" not in page
    answer = mira.client.post("/login/forgot", data={"email": "mira@example.com"})
    assert answer.status_code == 200 and "This server sends no mails" in answer.text


NO_PASSWORDS = """
[sign_in]
password_login = false
[sign_in.oidc]
issuer = "https://id.example.com"
client_id = "lt"
allowed_domains = ["example.com"]
"""


def test_without_passwords_only_the_provider_and_the_server_let_somebody_in(tmp_path: Path):
    with served(tmp_path, NO_PASSWORDS) as site:
        site.user()
        page = site.client.get("/login").text
        assert "Continue with company login" in page and 'type="password"' not in page
        assert site.sign_in().status_code == 403
        by_admin = site.write(invites.reset, 1, 1, NOW_MS)
        assert site.client.get(f"/reset/{by_admin}").status_code == 404
        assert site.client.post(f"/reset/{by_admin}", data={"password": NEW}).status_code == 404
        link = invited(site)
        assert 'type="password"' not in site.client.get(link).text
        assert site.client.post(link, data=LEA).status_code == 404
        assert "Nobody signs in with a password here" in site.client.get("/login/forgot").text
        by_command = site.write(invites.reset, 1, None, NOW_MS)
        answer = site.client.post(f"/reset/{by_command}", data={"password": NEW})
        assert answer.status_code == 303
        assert site.client.get("/account").status_code == 200


def test_links_work_behind_a_prefix(tmp_path: Path):
    url = '[server]\nurl = "https://example.com/errors"\n'
    with served(tmp_path, url, base_url="https://example.com") as site:
        site.user()
        link = invited(site)
        assert f'action="/errors{link}"' in site.client.get(link).text
        answer = site.client.post(link, data=LEA)
        assert answer.headers["location"] == "/errors/"
