"""The table of routes, walked: every address has a guard, and nobody gets past it unasked."""

import re

import pytest

from lighttrace.web.guards import Guard, Page
from lighttrace.web.routes import ROUTES
from tests.web.served import Site

KNOWN = {"ANYONE", "SETUP", "SIGNED_IN", "MEMBER", "ADMIN", "TOKEN"}
# what anybody may ask for, by decision; a new one has to be added here on purpose
OPEN = {
    ("/static/{name:path}", "GET"),
    ("/login", "GET"),
    ("/login", "POST"),
    ("/login/code", "GET"),
    ("/login/code", "POST"),
    ("/login/forgot", "GET"),
    ("/login/oidc", "GET"),
    ("/login/oidc/callback", "GET"),
    ("/login/forgot", "POST"),
    ("/logout", "POST"),
    ("/{path:path}", "GET"),
    ("/{path:path}", "POST"),
    ("/{path:path}", "PUT"),
    ("/{path:path}", "PATCH"),
    ("/{path:path}", "DELETE"),
}
ANY_TOKEN = {"/api/0"}  # says what a token may do
PAGES = [page for page in ROUTES if page.guard.name != "TOKEN"]
CLOSED = [
    (page, method)
    for page in PAGES
    for method in page.methods
    if page.guard.name not in ("ANYONE", "SETUP")
]


def filled(path: str) -> str:
    """An address of that route: something plausible for each parameter."""
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: "1" if found[2] == ":int" else "abc", path)


def names(case: tuple[Page, str]) -> str:
    return f"{case[1]} {case[0].path}"


def test_every_route_names_a_guard_and_a_token_a_scope():
    for page in ROUTES:
        assert page.guard.name in KNOWN, page.path
        needs = page.guard.name == "TOKEN" and page.path.rstrip("/") not in ANY_TOKEN
        assert needs == bool(page.guard.scope), page.path


def test_what_is_open_to_everybody_is_a_decision():
    found = {
        (page.path, method)
        for page in PAGES
        if page.guard == Guard.ANYONE
        for method in page.methods
    }
    assert found - {entry for entry in found if entry[0].startswith("/health")} == OPEN


def test_whatever_changes_something_is_asked_for_by_an_unsafe_method():
    for page in PAGES:
        if page.path.endswith(
            ("/add", "/end", "/end-others", "/disable", "/enable", "/resolve", "/archive", "/undo")
        ):
            assert page.methods == ("POST",), page.path


@pytest.mark.parametrize("case", CLOSED, ids=names)
def test_a_stranger_is_sent_to_the_login(site: Site, case: tuple[Page, str]):
    page, method = case
    path = filled(page.path)
    answer = site.client.request(method, path)
    assert answer.status_code == 303, path
    assert answer.headers["location"].startswith("/login")
    if method == "GET":
        assert "next=" in answer.headers["location"]


@pytest.mark.parametrize("case", CLOSED, ids=names)
def test_a_panel_of_a_stranger_leads_the_whole_window_to_the_login(
    site: Site, case: tuple[Page, str]
):
    page, method = case
    headers = {
        "HX-Request": "true",
        "HX-Request-Type": "partial",
        "HX-Current-URL": "http://testserver/issues?project=a",
    }
    answer = site.client.request(method, filled(page.path), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/login?next=%2Fissues%3Fproject%3Da"


ADMINS_ONLY = [case for case in CLOSED if case[0].guard == Guard.ADMIN]
MEMBERS_ONLY = [case for case in CLOSED if case[0].guard == Guard.MEMBER]


@pytest.mark.parametrize("case", ADMINS_ONLY, ids=names)
def test_bob_the_member_must_not_do_what_admins_do(site: Site, case: tuple[Page, str]):
    site.user("bob@example.com", "member", "Bob")
    site.sign_in("bob@example.com")
    answer = site.client.request(case[1], filled(case[0].path))
    assert answer.status_code == 403
    assert "Only owners and admins can do this." in answer.text


@pytest.mark.parametrize("case", ADMINS_ONLY + MEMBERS_ONLY, ids=names)
def test_vera_the_viewer_must_not_change_anything(site: Site, case: tuple[Page, str]):
    site.user("vera@example.com", "viewer", "Vera")
    site.sign_in("vera@example.com")
    assert site.client.request(case[1], filled(case[0].path)).status_code == 403
