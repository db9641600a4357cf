"""Who may see and change what, walked: every address of pages and API, for each kind of person.

Shop belongs to a team: Mem (member) and Vic (viewer) are in it, Str (a member as well) is in
another one, Ada is an admin. What is asked for is there, so that a 404 means "not yours".
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lighttrace.store import teams, tokens, triage
from lighttrace.store.tokens import SCOPES
from lighttrace.web.guards import Page
from lighttrace.web.routes import ROUTES
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site, served

# (role, in the team of the shop); None: nobody is signed in
PERSONS = {
    "anonymous": None,
    "stranger": ("member", False),
    "viewer": ("viewer", True),
    "member": ("member", True),
    "admin": ("admin", False),
}
OF_A_PROJECT = {"project", "short_id", "event_id", "issue"}  # parameters that name somebody's
OF_NOBODY = {
    *("name", "path", "org", "key", "which", "kind", "note", "token", "session"),
    *("invitation", "person", "team", "hash", "search", "mute", "channel", "bundle"),
    "version",  # what is of it, is of a project
}
# what a page leaves behind that only looks: sign-ins, looks, the audit log of refusals
TRACES = {"web_session", "issue_seen", "audit", "sqlite_sequence", "api_token", "user", "setting"}
# what these answer for what is not there: a page's news say nothing, columns are one's own
SAYS_LITTLE = {"/issues/{short_id}/news": 204, "/issues/{short_id}/columns": 303}
# asked with an id in the form, not in the address: what is not theirs is left alone
BY_FORM = {"/issues/change", "/issues/merge"}

TABLES = "select name from sqlite_master where type = 'table'"


def parameters(path: str) -> set[str]:
    return {name for name, _ in re.findall(r"\{(\w+)(:\w+)?\}", path)}


def is_page(page: Page) -> bool:
    return page.guard.name not in ("TOKEN", "ANYONE", "SETUP")


# a stream never ends; what it tells is tested in test_live.py
CASES = [(it, m) for it in ROUTES if is_page(it) and it.path != "/live" for m in it.methods]
API = [(page, m) for page in ROUTES if page.guard.name == "TOKEN" for m in page.methods]


def test_every_parameter_is_known_to_be_somebodys_or_nobodys():
    for page in ROUTES:
        unknown = parameters(page.path) - OF_A_PROJECT - OF_NOBODY
        assert not unknown, f"{page.path}: say whether {unknown} names what is a project's"


@dataclass
class House:
    site: Site
    event_id: str
    undo: str
    team_id: int
    person_id: int
    token_id: int

    def address(self, page: Page) -> str:
        values = {
            "project": "shop", "short_id": "SHOP-1", "issue": "SHOP-1", "event_id": self.event_id,
            "org": "lighttrace", "which": "latest", "kind": "csv", "key": "1", "note": "1",
            "session": "0" * 64, "invitation": "0" * 64, "person": str(self.person_id),
            "team": "one", "token": self.undo, "hash": "1", "version": "shop@1",
            "search": "1", "mute": "1", "channel": "chat", "bundle": "1",
        }  # fmt: skip
        if "tokens/" in page.path:
            values["token"] = str(self.token_id)
        if "/tags/" in page.path:
            values["key"] = "level"
        return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: values[found[1]], page.path)

    def ask(self, page: Page, method: str, headers: dict[str, str] | None = None) -> int:
        body: dict[str, Any] = {}
        if method in ("POST", "PUT") and "/api/" in page.path:
            said = {"text": "said"} if method == "POST" else {"status": "resolved"}
            body = {
                "json": said,
                "params": {"id": "1"} if parameters(page.path) == {"org", "project"} else {},
            }
        elif method == "DELETE":
            body = {"params": {"id": "1" if "hashes" not in page.path else "0" * 32}}
        elif method != "GET":
            body = {"data": {"id": "1", "do": "resolve", "into": "SHOP-2", "body": "said"}}
        answer = self.site.client.request(method, self.address(page), headers=headers, **body)
        assert answer.status_code < 500, f"{method} {page.path}: {answer.status_code}"
        login = answer.status_code == 303 and "/login" in answer.headers["location"]
        return 401 if login else answer.status_code

    def dump(self) -> dict[str, list[Any]]:
        """Everything that is stored but the traces of looking."""

        with closing(sqlite3.connect(self.site.services.store.path)) as db:
            names = [
                row[0] for row in db.execute("select name from sqlite_master where type='table'")
            ]
            names = [it for it in names if it not in TRACES and "_fts" not in it]
            return {name: db.execute(f"select * from {name}").fetchall() for name in names}


def changed(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> dict[str, Any]:
    return {name: after.get(name) for name in before if before[name] != after.get(name)}


@contextmanager
def a_house(path: Path, person: str) -> Iterator[House]:
    """The shop with two issues, a comment, a key; `person` is signed in."""
    with served(path) as site:
        site.user()
        add_projects(site, "shop", "blog")
        first = an_error("Alpha")
        event_id = str(first["event_id"])
        send(site, first)
        send(site, an_error("Beta"))
        now_ms = site.clock.now_ms()
        one = site.write(teams.add, "One", now_ms)
        two = site.write(teams.add, "Two", now_ms)
        site.write(teams.set_of_project, 1, [one.id])
        other = site.user("other@example.com", "viewer", "Other")
        undo = site.write(triage.acknowledge, [1], 1, now_ms)
        made, _ = site.write(tokens.add, "other", SCOPES, other.id, now_ms)
        if (what := PERSONS[person]) is not None:
            role, inside = what
            user = site.user(f"{person}@example.com", role, person.title())
            site.write(teams.join, (one if inside else two).id, user.id)
            assert site.sign_in(f"{person}@example.com").status_code == 303
        yield House(site, event_id, undo.token, one.id, other.id, made.id)


RANK = {"SIGNED_IN": 0, "MEMBER": 1, "ADMIN": 2, "OWNER": 3}
HAS = {"viewer": 0, "member": 1, "stranger": 1, "admin": 2}


@pytest.mark.parametrize("person", ["anonymous", "stranger", "viewer"])
def test_nobody_sees_or_changes_what_is_not_theirs(tmp_path: Path, person: str):
    with a_house(tmp_path, person) as house:
        before = house.dump()
        wrong = []
        for page, method in CASES:
            theirs = not parameters(page.path) & OF_A_PROJECT
            if person == "anonymous":
                expected = {401}
            elif RANK[page.guard.name] > HAS[person]:
                expected = {403}
            elif person == "stranger" and not theirs:
                expected = {SAYS_LITTLE.get(page.path, 404)}
            else:
                continue  # what they may do is looked at below
            if (got := house.ask(page, method)) not in expected:
                wrong.append(f"{method} {page.path}: {got}, not {expected}")
        assert wrong == []
        assert changed(before, house.dump()) == {}


def test_ids_in_a_form_change_only_what_is_seen(tmp_path: Path):
    with a_house(tmp_path, "stranger") as house:
        before = house.dump()
        for path in BY_FORM:
            data = {"id": ["1", "2"], "do": "resolve"}
            assert house.site.client.post(path, data=data).status_code in (303, 400, 404, 409)
        house.site.client.post(f"/undo/{house.undo}")
        assert changed(before, house.dump()) == {}


@pytest.mark.parametrize("person", ["viewer", "member", "admin"])
def test_everybody_can_do_what_the_table_says(tmp_path: Path, person: str):
    """Not that it works, which other tests say: that nobody is turned away."""
    with a_house(tmp_path, person) as house:
        wrong = []
        allowed = [it for it in CASES if RANK[it[0].guard.name] <= HAS[person]]
        for page, method in sorted(allowed, key=lambda it: it[1] != "GET"):
            got = house.ask(page, method)
            gone = method != "GET" or parameters(page.path) & OF_NOBODY  # changed by then
            if got in (401, 403) or (got == 404 and not gone):
                wrong.append(f"{method} {page.path}: {got}")
            if got == 401:
                house.site.sign_in(f"{person}@example.com")
        assert [it for it in wrong if "team" not in it and "password" not in it] == []


@pytest.mark.parametrize("person", ["stranger", "viewer", "member", "admin"])
def test_a_token_sees_and_changes_what_its_person_may(tmp_path: Path, person: str):
    with a_house(tmp_path, person) as house:
        before = house.dump()
        user_id = house.site.read(
            lambda db: db.execute(
                "select id from user where email like ?", (f"{person}%",)
            ).fetchone()[0]
        )
        _, secret = house.site.write(tokens.add, "t", SCOPES, user_id, house.site.clock.now_ms())
        headers = {"authorization": f"Bearer {secret}"}
        wrong = []
        for page, method in sorted(API, key=lambda it: it[1] != "GET"):
            got = house.ask(page, method, headers)
            may = tokens.allowed((PERSONS[person] or ("", False))[0])
            if page.guard.scope and page.guard.scope not in may:
                expected = got == 403
            elif person == "stranger" and parameters(page.path) & OF_A_PROJECT:
                expected = got == 404
            else:
                expected = got not in (401, 403)
            if not expected:
                wrong.append(f"{method} {page.path}: {got}")
        assert "\n".join(wrong) == ""
        if person in ("stranger", "viewer"):
            assert changed(before, house.dump()) == {}


def test_lists_leave_out_what_is_not_theirs(tmp_path: Path):
    with a_house(tmp_path, "stranger") as house:
        client = house.site.client
        for path in ("/", "/issues?state=all", "/issues/export.ndjson?state=all", "/settings"):
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert "Alpha" not in answer.text and "SHOP-1" not in answer.text, path
            assert 'project=shop"' not in answer.text, path
        for path in (
            "/issues?project=shop",
            "/issues?query=SHOP-1",
            f"/issues?query={house.event_id}",
        ):
            assert "Alpha" not in client.get(path).text, path
