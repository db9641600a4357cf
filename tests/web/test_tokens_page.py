"""Tokens: everybody's own, shown once, never more than their person may."""

import re

import pytest

from lighttrace.store import audit, tokens
from lighttrace.store.audit import Wanted
from lighttrace.store.tokens import Listed
from tests.web.served import Site

DAY_MS = 86_400_000


def make(site: Site, **data: object) -> str:
    """Make a token with the form; returns its secret."""
    values = {"name": "CI", "scope": ["event:read"], "ends": "never", **data}
    answer = site.client.post("/settings/tokens", data=values)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    found = re.search(r">([0-9a-f]{64})<", answer.text)
    assert found is not None
    return found[1]


def every(site: Site) -> list[Listed]:
    found: list[Listed] = site.read(tokens.every)
    return found


def sign_in(site: Site, role: str, name: str) -> int:
    user = site.user(f"{name.lower()}@example.com", role, name)
    site.client.cookies.clear()
    assert site.sign_in(user.email).status_code == 303
    return user.id


def test_a_token_is_shown_once_and_works(mira: Site):
    secret = make(mira, name=" CI,  shop ", scope=["event:read", "org:read"], ends="90")
    token = mira.read(tokens.find, secret, mira.clock.now_ms())
    assert token.name == "CI, shop" and token.scopes == {"event:read", "org:read"}
    [listed] = every(mira)
    assert listed.expires_at == mira.clock.now_ms() + 90 * DAY_MS and listed.maker == "Mira"
    page = mira.client.get("/settings/tokens").text
    assert secret not in page and "CI, shop" in page and "Read issues and events" in page
    headers = {"authorization": f"Bearer {secret}"}
    assert mira.client.get("/api/0/organizations/", headers=headers).status_code == 200
    mira.write(lambda tx: None)
    assert every(mira)[0].used_at == mira.clock.now_ms()
    [entry] = mira.read(audit.page, Wanted(kind="token"), 1)
    assert (entry.action, entry.subject) == ("token.add", "CI, shop")
    assert secret not in repr(entry)


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        ("viewer", "event:write"),
        ("viewer", "project:releases"),
        ("member", "project:write"),
        ("admin", "everything"),
    ],
)
def test_nobody_makes_a_token_that_may_more_than_they(mira: Site, role: str, scope: str):
    sign_in(mira, role, "Bob")
    if scope in tokens.SCOPES:
        assert f'value="{scope}"' not in mira.client.get("/settings/tokens").text
    answer = mira.client.post("/settings/tokens", data={"name": "x", "scope": [scope]})
    assert answer.status_code == 403 and every(mira) == []


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_bob_must_not_make_tokens_of_the_organisation(mira: Site, role: str):
    sign_in(mira, role, "Bob")
    assert 'name="whose"' not in mira.client.get("/settings/tokens").text
    data = {"name": "x", "scope": ["event:read"], "whose": "organisation"}
    assert mira.client.post("/settings/tokens", data=data).status_code == 403
    assert every(mira) == []


def test_bob_neither_sees_nor_ends_what_is_not_his(mira: Site):
    make(mira, name="of Mira")
    make(mira, name="of all", whose="organisation")
    sign_in(mira, "member", "Bob")
    make(mira, name="of Bob")
    page = mira.client.get("/settings/tokens").text
    assert "of Bob" in page and "of Mira" not in page and "of all" not in page
    for token in every(mira):
        answer = mira.client.post(f"/settings/tokens/{token.id}/revoke")
        assert answer.status_code == (303 if token.name == "of Bob" else 404)
    assert sorted(it.name for it in every(mira)) == ["of Mira", "of all"]


def test_an_admin_sees_and_ends_all(mira: Site):
    sign_in(mira, "member", "Bob")
    secret = make(mira, name="of Bob")
    sign_in(mira, "admin", "Jonas")
    assert "of Bob" in mira.client.get("/settings/tokens").text
    answer = mira.client.post(f"/settings/tokens/{every(mira)[0].id}/revoke")
    assert answer.headers["location"] == "/settings/tokens?saved=revoked"
    assert mira.read(tokens.find, secret, mira.clock.now_ms()) is None
    [entry, _] = mira.read(audit.page, Wanted(kind="token"), 2)
    assert (entry.action, entry.subject, entry.detail) == ("token.revoke", "of Bob", {"of": "Bob"})


def test_what_a_person_may_no_longer_do_is_struck_out(mira: Site):
    bob = sign_in(mira, "member", "Bob")
    make(mira, scope=["event:read", "event:write"])
    mira.write(lambda tx: tx.execute("update user set role = 'viewer' where id = ?", (bob,)) and 0)
    mira.client.cookies.clear()
    mira.sign_in()
    page = mira.client.get("/settings/tokens").text
    assert "Bob is a viewer now" in page and page.count('class="chip not"') == 1


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        ({"name": "", "scope": ["event:read"]}, 422, "A name, such as"),
        ({"name": "x"}, 422, "at least one thing"),
        ({"name": "x", "scope": ["event:read"], "ends": "7"}, 400, ""),
        ({"name": "x", "scope": ["event:read"], "whose": "mira"}, 400, ""),
    ],
)
def test_what_is_missing_is_said(mira: Site, data: dict[str, object], status: int, said: str):
    answer = mira.client.post("/settings/tokens", data=data)
    assert answer.status_code == status and said in answer.text and every(mira) == []
