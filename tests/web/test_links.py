"""Paths live under the prefix, and nobody is sent to another site after signing in."""

import pytest
from starlette.requests import Request

from lighttrace.web import links


def asked(path: str = "/issues", prefix: str = "", query: str = "") -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "scheme": "https",
            "server": ("errors.example.com", 443),
            "path": prefix + path,
            "root_path": prefix,
            "query_string": query.encode(),
            "headers": [(b"host", b"errors.example.com")],
        }
    )


def test_a_path_carries_the_prefix_and_leaves_out_what_is_not_asked_for():
    assert links.url(asked(), "/issues", project=None) == "/issues"
    assert (
        links.url(asked(prefix="/errors"), "/issues", project="a b&c", page=2)
        == "/errors/issues?project=a%20b%26c&page=2"
    )


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "issues",
        "https://evil.example/",
        "//evil.example/issues",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "/" + "x" * 3000,
    ],
)
def test_after_signing_in_only_our_own_pages_follow(target):
    assert links.local(asked(), target) == "/"
    assert links.local(asked(prefix="/errors"), target) == "/errors/"


def test_a_page_of_ours_follows_with_its_query():
    assert links.local(asked(), "/issues/SHOP-1?event=latest") == "/issues/SHOP-1?event=latest"
    assert links.local(asked(prefix="/errors"), "/errors/issues") == "/errors/issues"
    assert links.local(asked(prefix="/errors"), "/issues") == "/errors/issues"
    assert links.local(asked(prefix="/errors"), "/errors//evil.example") == "/errors//evil.example"


def test_where_one_is_includes_prefix_and_query():
    assert links.here(asked("/issues", "/errors", "project=a")) == "/errors/issues?project=a"


def test_a_dsn_keeps_scheme_port_and_prefix():
    assert (
        links.dsn("https://errors.example.com/sub", "ab" * 16, 7)
        == f"https://{'ab' * 16}@errors.example.com/sub/7"
    )
    assert (
        links.dsn("http://127.0.0.1:8000", "ab" * 16, 1) == f"http://{'ab' * 16}@127.0.0.1:8000/1"
    )


async def seen_by(prefix: str, path: str) -> tuple[str, str]:
    got: list[tuple[str, str]] = []

    async def app(scope, receive, send):
        got.append((scope["root_path"], scope["path"]))

    await links.Prefix(app, prefix)({"type": "http", "path": path}, None, None)  # type: ignore[arg-type]
    return got[0]


async def test_proxies_that_strip_the_prefix_and_proxies_that_keep_it_reach_the_same_page():
    assert await seen_by("/errors", "/issues") == ("/errors", "/errors/issues")
    assert await seen_by("/errors", "/errors/issues") == ("/errors", "/errors/issues")
    assert await seen_by("/errors", "/errors") == ("/errors", "/errors/")
    assert await seen_by("/errors", "/errorsome") == ("/errors", "/errors/errorsome")
