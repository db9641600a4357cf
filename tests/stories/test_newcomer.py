"""Lea's time at the shop, from the invitation to the last day: what she sees and may do follows her
role and her team at once, in pages and by her token.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.store import audit, projects, teams, users
from lighttrace.store.audit import Wanted
from lighttrace.store.users import User
from tests.web.served import Site, served

NAME, PASSWORD = "Lea", "a sentence nobody knows"
LEA = {"name": NAME, "email": "lea@example.com", "password": PASSWORD}
PROJECTS = "/api/0/organizations/lighttrace/projects/"


@pytest.fixture
def mira(tmp_path: Path) -> Iterator[Site]:
    """Pages over an empty database; Mira, the owner, is signed in."""
    with served(tmp_path) as site:
        site.user()
        site.sign_in()
        yield site


class Shop:
    """Somebody of the shop at the keyboard, one after the other."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def sign_in(self, email: str, password: str) -> int:
        self.site.client.cookies.clear()
        return int(self.site.sign_in(email, password).status_code)

    def mira(self) -> None:
        assert self.sign_in("mira@example.com", "correct horse battery") == 303

    def lea(self) -> None:
        assert self.sign_in(LEA["email"], PASSWORD) == 303

    def sees(self, slug: str) -> bool:
        return bool(self.site.client.get(f"/settings/projects/{slug}").status_code == 200)

    def seen_by(self, secret: str) -> list[str]:
        """What a token sees; nothing when it opens nothing."""
        headers = {"authorization": f"Bearer {secret}"}
        answer = self.site.client.get(PROJECTS, headers=headers)
        return sorted(it["slug"] for it in answer.json()) if answer.status_code == 200 else []


def test_from_the_invitation_to_the_last_day(mira: Site) -> None:
    shop, now_ms = Shop(mira), mira.clock.now_ms()
    for name in ("web", "billing", "open"):
        mira.write(projects.add, name, now_ms)
    for name in ("Storefront", "Billing"):
        mira.write(teams.add, name, now_ms)
    for project, team in (("web", "storefront"), ("billing", "billing")):
        mira.client.post(f"/settings/projects/{project}/teams", data={"team": [team]})

    # Mira invites Lea into a team by a link
    data = {"email": LEA["email"], "role": "member", "team": "storefront"}
    page = mira.client.post("/settings/members/invite", data=data).text
    link = re.search(r"http://testserver(/invite/[0-9a-f]{64})", page)
    assert link is not None
    mira.client.cookies.clear()
    assert mira.client.post(link[1], data=LEA).status_code == 303
    shop.lea()
    lea: User = mira.read(users.by_email, LEA["email"])
    assert [shop.sees(it) for it in ("web", "billing", "open")] == [True, False, True]

    # she makes a token for her scripts: it sees what she sees
    token = {"name": "laptop", "scope": ["project:read", "event:write"], "ends": "never"}
    made = re.search(r">([0-9a-f]{64})<", mira.client.post("/settings/tokens", data=token).text)
    assert made is not None
    assert shop.seen_by(made[1]) == ["open", "web"]

    # she brings herself into no other team, but Mira does
    joining = {"person": lea.id}
    assert mira.client.post("/settings/teams/billing/people/add", data=joining).status_code == 403
    shop.mira()
    mira.client.post("/settings/teams/billing/people/add", data=joining)
    assert shop.seen_by(made[1]) == ["billing", "open", "web"]

    # a viewer from now on: signed out, and the token only reads
    mira.client.post(f"/settings/members/{lea.id}/role", data={"role": "viewer"})
    headers = {"authorization": f"Bearer {made[1]}"}
    answer = mira.client.put("/api/0/issues/1/", json={"status": "resolved"}, headers=headers)
    assert answer.status_code == 403 and "role does not allow it" in answer.json()["detail"]
    assert shop.seen_by(made[1]) == ["billing", "open", "web"]
    shop.lea()
    assert mira.client.post("/settings/teams/billing/name", data={"name": "x"}).status_code == 403

    # her last day: the page she has open is closed with the account
    shop.mira()
    mine = dict(mira.client.cookies)
    shop.lea()
    hers = dict(mira.client.cookies)
    mira.client.cookies.clear()
    mira.client.cookies.update(mine)
    mira.client.post(f"/settings/members/{lea.id}/disable")
    mira.client.cookies.clear()
    mira.client.cookies.update(hers)
    assert mira.client.get("/settings").status_code == 303
    assert shop.sign_in(LEA["email"], PASSWORD) == 422
    assert shop.seen_by(made[1]) == []

    # and Mira can read all of it
    entries = mira.read(audit.page, Wanted(), 50)
    told = [
        it.action for it in reversed(entries) if it.subject in (LEA["email"], "billing", "laptop")
    ]
    assert told == [
        *("project.teams", "user.invite", "user.add", "sign_in.new", "sign_in.new", "token.add"),
        *("team.join", "user.role", "sign_in.new", "sign_in.new", "user.disable", "sign_in.failed"),
    ]
