"""Who sees and changes people, and how somebody new is let in."""

import re
from pathlib import Path

import pytest

from lighttrace.store import (
    audit,
    invites,
    members,
    second_factors,
    sessions,
    teams,
    tokens,
    users,
)
from lighttrace.store.audit import Wanted
from lighttrace.store.users import User
from tests.mailbox import mailbox, text_of
from tests.web.served import Site, served


@pytest.fixture
def bob(mira: Site) -> User:
    return mira.user("bob@example.com", "member", "Bob")


def recorded(site: Site) -> list[tuple[str, str]]:
    return [(it.action, it.subject) for it in site.read(audit.page, Wanted(kind="user"), 10)]


def role_of(site: Site, person: User) -> str:
    found: User = site.read(users.by_id, person.id)
    return found.role


def as_admin(site: Site) -> User:
    """Somebody who is an admin, and no owner, is at the keyboard."""
    jonas = site.user("jonas@example.com", "admin", "Jonas")
    site.client.cookies.clear()
    site.sign_in("jonas@example.com")
    return jonas


def test_a_role_is_changed_and_recorded(mira: Site, bob: User):
    answer = mira.client.post(f"/settings/members/{bob.id}/role", data={"role": "admin"})
    assert answer.headers["location"] == f"/settings/members/{bob.id}?saved=role"
    assert role_of(mira, bob) == "admin"
    [entry] = mira.read(audit.page, Wanted(kind="user"), 1)
    assert (entry.user, entry.ip) == ("Mira", "testclient")
    assert (entry.action, entry.subject) == ("user.role", "bob@example.com")
    assert entry.detail == {"was": "member", "now": "admin"}
    assert "The role is changed." in mira.client.get(answer.headers["location"]).text


def test_jonas_the_admin_must_not_climb_nor_touch_an_owner(mira: Site, bob: User):
    owner = mira.read(users.by_email, "mira@example.com")
    jonas = as_admin(mira)
    page = mira.client.get("/settings/members").text
    assert 'value="owner"' not in page
    for whom in (bob, jonas):
        answer = mira.client.post(f"/settings/members/{whom.id}/role", data={"role": "owner"})
        assert answer.status_code == 422 and "higher than their own" in answer.text
    for path in ("role", "name", "disable", "reset", "factor-off"):
        data = {"role": "member", "name": "Nobody"}
        answer = mira.client.post(f"/settings/members/{owner.id}/{path}", data=data)
        assert answer.status_code == 422 and "Only an owner can change an owner." in answer.text
    assert role_of(mira, owner) == "owner" and recorded(mira) == []
    answer = mira.client.post("/settings/members/invite", data={"role": "owner"})
    assert answer.status_code == 422
    assert mira.read(invites.pending, mira.clock.now_ms()) == []


def test_the_last_owner_stays(mira: Site):
    me = mira.read(users.by_email, "mira@example.com")
    answer = mira.client.post(f"/settings/members/{me.id}/role", data={"role": "viewer"})
    assert answer.status_code == 422 and "the only owner" in answer.text
    answer = mira.client.post(f"/settings/members/{me.id}/disable")
    assert answer.status_code == 422 and role_of(mira, me) == "owner"


def test_somebody_who_is_shut_out_is_out_at_once(mira: Site, bob: User):
    now_ms = mira.clock.now_ms()
    cookie = mira.write(sessions.open, bob.id, None, None, now_ms, 10_000)
    _, secret = mira.write(tokens.add, "ci", ("event:read",), bob.id, now_ms)
    mira.client.post(f"/settings/members/{bob.id}/disable")
    assert mira.read(sessions.find, cookie, now_ms) is None
    assert mira.read(tokens.find, secret, now_ms) is None
    assert "Disabled" in mira.client.get("/settings/members").text
    mira.client.post(f"/settings/members/{bob.id}/enable")
    assert role_of(mira, bob) == "member"
    assert [it[0] for it in recorded(mira)] == ["user.enable", "user.disable"]


def test_an_invitation_is_a_link_that_is_shown_once(mira: Site):
    team = mira.write(teams.add, "Billing", mira.clock.now_ms())
    data = {"email": " lea@example.com ", "role": "member", "team": "billing"}
    answer = mira.client.post("/settings/members/invite", data=data)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    found = re.search(r"http://testserver/invite/([0-9a-f]{64})<", answer.text)
    assert found is not None
    invitation = mira.read(invites.invitation, found[1], mira.clock.now_ms())
    assert (invitation.email, invitation.role, invitation.team) == (
        *("lea@example.com", "member"),
        team,
    )
    page = mira.client.get("/settings/members").text
    assert found[1] not in page and "lea@example.com" in page and "invited by Mira" in page
    where = re.search(r"/settings/members/invitations/\w+/withdraw", page)
    assert where is not None and mira.client.post(where[0]).status_code == 303
    assert mira.client.post(where[0]).status_code == 404
    assert mira.read(invites.pending, mira.clock.now_ms()) == []
    assert recorded(mira) == [
        ("user.withdraw", "lea@example.com"),
        ("user.invite", "lea@example.com"),
    ]


def test_an_invitation_without_an_address_is_for_whoever_has_the_link(mira: Site):
    answer = mira.client.post("/settings/members/invite", data={"role": "viewer"})
    assert answer.status_code == 200 and "/invite/" in answer.text
    assert recorded(mira) == [("user.invite", "whoever has the link")]


def test_with_a_mail_server_the_invitation_is_mailed_as_well(tmp_path: Path):
    with mailbox() as box:
        text = f"""
[smtp]
host = "127.0.0.1"
port = {box.smtp().port}
tls = "none"
from = "lt@shop.example"
"""
        with served(tmp_path, text) as site:
            site.user()
            site.sign_in()
            data = {"email": "lea@example.com", "role": "member"}
            page = site.client.post("/settings/members/invite", data=data).text
            assert "It was mailed to lea@example.com." in page and "/invite/" in page
    [message] = box.messages
    assert message["To"] == "lea@example.com" and "/invite/" in text_of(message)


def test_a_mail_that_did_not_go_out_is_said_and_the_link_is_there_all_the_same(tmp_path: Path):
    text = '[smtp]\nhost = "127.0.0.1"\nport = 9\ntls = "none"\nfrom = "lt@shop.example"\n'
    with served(tmp_path, text) as site:
        site.user()
        site.sign_in()
        data = {"email": "lea@example.com", "role": "member"}
        page = site.client.post("/settings/members/invite", data=data).text
        assert "The mail did not go out" in page and "http://testserver/invite/" in page


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"email": "nobody", "role": "member"}, 422),
        ({"email": "bob@example.com", "role": "member"}, 422),
        ({"role": "member", "team": "gone"}, 422),
        ({"role": "emperor"}, 400),
        ({}, 400),
    ],
)
def test_what_cannot_be_invited_is_said(mira: Site, bob: User, data: dict[str, str], status: int):
    assert mira.client.post("/settings/members/invite", data=data).status_code == status
    assert mira.read(invites.pending, mira.clock.now_ms()) == []


def test_a_link_to_a_new_password_is_handed_over_once(mira: Site, bob: User):
    answer = mira.client.post(f"/settings/members/{bob.id}/reset")
    found = re.search(r"http://testserver/reset/([0-9a-f]{64})<", answer.text)
    assert found is not None and answer.headers["cache-control"] == "no-store"
    assert mira.read(invites.reset_of, found[1], mira.clock.now_ms()).user.id == bob.id
    assert found[1] not in mira.client.get(f"/settings/members/{bob.id}").text
    assert recorded(mira) == [("user.reset", "bob@example.com")]


def test_a_lost_second_factor_is_turned_off_and_the_sessions_end(mira: Site, bob: User):
    mira.write(second_factors.add, bob.id, "SECRET", 0, [], 0)
    mira.write(sessions.open, bob.id, None, None, mira.clock.now_ms(), 1000)
    assert "Turn off the second factor" in mira.client.get(f"/settings/members/{bob.id}").text
    answer = mira.client.post(f"/settings/members/{bob.id}/factor-off")
    assert answer.headers["location"] == f"/settings/members/{bob.id}?saved=factor"
    assert mira.read(second_factors.who) == frozenset()
    assert mira.read(sessions.of_user, bob.id) == []
    assert recorded(mira) == [("user.factor_off", "bob@example.com")]
    assert "Turn off" not in mira.client.get(f"/settings/members/{bob.id}").text


def test_bob_the_member_sees_who_is_here_but_not_how_they_sign_in(mira: Site, bob: User):
    mira.client.post(
        "/settings/members/invite", data={"email": "lea@example.com", "role": "viewer"}
    )
    mira.client.cookies.clear()
    mira.sign_in("bob@example.com")
    page = mira.client.get("/settings/members").text
    assert "mira@example.com" in page and "Owner" in page
    for hidden in ("lea@example.com", "Last here", "no second factor", "<select", "Audit log"):
        assert hidden not in page
    assert mira.client.get(f"/settings/members/{bob.id}").status_code == 403


def test_people_are_found_by_name_and_page(mira: Site, bob: User):
    for number in range(60):
        mira.write(users.add, f"p{number}@example.com", f"Person {number:02}", "viewer", None, 1)
    page = mira.client.get("/settings/members").text
    assert "Person 47" in page and "Person 59" not in page and "page=2" in page
    assert "Person 59" in mira.client.get("/settings/members?page=2").text
    found = mira.client.get("/settings/members?query=BOB").text
    assert "bob@example.com" in found and "Person" not in found
    nobody = mira.client.get("/settings/members", params={"query": "<b>x"}).text
    assert "Nobody here is called “&lt;b&gt;x”" in nobody
    assert mira.client.get("/settings/members?page=99999999").status_code == 200


def test_names_are_escaped(mira: Site):
    mira.write(users.add, "x@example.com", "<script>alert(1)</script>", "viewer", None, 1)
    assert "<script>alert" not in mira.client.get("/settings/members").text
    [row] = mira.read(members.page, "script", 5)
    assert "<script>alert" not in mira.client.get(f"/settings/members/{row.user.id}").text


def test_an_unknown_person_is_not_there(mira: Site):
    assert mira.client.get("/settings/members/99").status_code == 404
    answer = mira.client.post("/settings/members/99/role", data={"role": "viewer"})
    assert answer.status_code in (404, 422)
