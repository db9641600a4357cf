"""Tokens and the doors they open: each address asked with nothing, and with too little."""

import pytest

from lighttrace.store.tokens import SCOPES
from lighttrace.web.api.table import PAGES
from lighttrace.web.guards import Page
from tests.web.api.asking import SHOP, Script, fail
from tests.web.served import Site
from tests.web.test_routes import filled

CASES = [pytest.param(page, id=f"{page.methods[0]} {page.path}") for page in PAGES]


def test_the_whole_table_asks_for_a_token():
    assert {page.guard.name for page in PAGES} == {"TOKEN"}
    changing = [page for page in PAGES if page.methods[0] != "GET"]
    scopes = {page.guard.scope for page in changing}
    assert scopes == {"event:write", "event:admin", "project:releases"}


@pytest.mark.parametrize("page", CASES)
def test_nobody_without_a_token_and_none_without_the_scope(site: Site, page: Page):
    path, method = filled(page.path), page.methods[0]
    answer = site.client.request(method, path)
    assert answer.status_code == 401
    assert "lighttrace token add" in answer.json()["detail"]
    if page.guard.scope:
        poor = Script(site, *(scope for scope in SCOPES if scope != page.guard.scope))
        status, said = poor.refused(path, method)
        assert (status, said) == (403, f"This token lacks the scope {page.guard.scope}.")


def test_vera_the_viewer_changes_nothing_by_a_token_either(script: Script):
    site = script.site
    fail(site, "OneError")
    vera = site.user("vera@example.com", "viewer", "Vera")
    hers = Script(site, user_id=vera.id)
    for path in ("/api/0/issues/1/", f"{SHOP}issues/?id=1", f"{SHOP}issues/"):
        answer = hers.put(path, status="resolved")
        assert answer.status_code == 403
        said = "This token was given event:write, but its person's role does not allow it."
        assert answer.json()["detail"] == said
    assert hers.get("/api/0/issues/1/")["status"] == "unresolved"


def test_a_reader_changes_nothing(script: Script):
    fail(script.site, "OneError")
    reader = Script(script.site, "event:read")
    assert reader.put("/api/0/issues/1/", status="resolved").status_code == 403
    assert reader.get("/api/0/issues/1/")["status"] == "unresolved"
