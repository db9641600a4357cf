"""Tokens of scripts: what they open, and what they are told."""

import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lighttrace.store import tokens
from lighttrace.web import guards
from lighttrace.web.guards import Guard, Page
from tests.web.served import Site


async def whoami(request: Request) -> Response:
    return JSONResponse({"token": guards.token(request).name})


READ = Page("/api/0/whoami/", whoami, Guard.TOKEN("event:read"))


def ask(site: Site, authorization: str | None) -> tuple[int, dict[str, Any]]:
    headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
    scope = {
        "type": "http",
        "method": "GET",
        "path": READ.path,
        "query_string": b"",
        "headers": headers,
        "state": {"services": site.services},
    }
    assert site.client.portal is not None
    answer = site.client.portal.call(guards.protect(READ), Request(scope))
    return answer.status_code, json.loads(bytes(answer.body))


@pytest.fixture
def secret(site: Site) -> str:
    _, made = site.write(tokens.add, "deploy", ("event:read",), None, site.clock.now_ms())
    return str(made)


def test_a_token_with_the_scope_opens(site: Site, secret: str):
    assert ask(site, f"Bearer {secret}") == (200, {"token": "deploy"})
    assert ask(site, f"bearer  {secret} ") == (200, {"token": "deploy"})


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic Zm9vOmJhcg==",
        "Bearer " + "0" * 64,
        "Bearer ÿ",
        "Bearer " + "a" * 9000,
    ],
)
def test_anything_else_is_told_how_to_get_one(site: Site, secret: str, authorization: str | None):
    status, said = ask(site, authorization)
    assert status == 401 and "lighttrace token add" in said["detail"]


def test_a_token_without_the_scope_is_told_which_is_missing(site: Site):
    _, other = site.write(tokens.add, "reader", ("org:read",), None, site.clock.now_ms())
    assert ask(site, f"Bearer {other}") == (
        403,
        {"detail": "This token lacks the scope event:read."},
    )


def test_a_cookie_opens_no_door_of_scripts(mira: Site):
    answer = mira.client.get("/api/0/organizations/lighttrace/issues/")
    assert answer.status_code == 401


def test_somebody_who_was_made_a_viewer_can_change_nothing_any_more(mira: Site):
    assert mira.client.get("/projects/new").status_code == 200
    mira.write(lambda tx: tx.execute("update user set role = 'viewer'") and None)
    assert mira.client.get("/projects/new").status_code == 403


def test_somebody_whose_account_is_closed_is_out_at_once(mira: Site):
    mira.write(lambda tx: tx.execute("update user set disabled_at = 1") and None)
    assert mira.client.get("/account").status_code == 303
    mira.client.cookies.clear()
    assert mira.sign_in().status_code == 422
