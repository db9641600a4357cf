"""Maps that somebody made to do harm: valid, and full of lies. Pages show them as text."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from lighttrace.sourcemaps.decode import decode
from lighttrace.store.bundles import Build
from tests.store.uploads import Put, put_bundle
from tests.web.api.asking import Script
from tests.web.sending import add_projects, issues, send
from tests.web.served import Site

EVIL = "<img src=x onerror=alert(1)>"
CLOSING = f"</pre></code></script></textarea>{EVIL}"
TICKS = f"``````\n{EVIL}\n[x](javascript:alert(1))"
URL = "https://shop.example/a.js"
BUILD = Build(1, f"{EVIL}@1", "<b>")


@pytest.fixture
def web(site: Site) -> Site:
    site.user()
    site.sign_in()
    add_projects(site, "shop-web")
    return site


def put(site: Site, path: str, content: str, *, name: str = EVIL) -> None:
    made = {
        "version": 3,
        "sources": [path],
        "sourcesContent": [content],
        "names": [name],
        "mappings": "AAAAA,EAAAA;AAAA",
    }
    table = decode(json.dumps(made).encode()).table.to_bytes()
    map_url = f"~/{EVIL}.map"
    files = (
        Put("~/a.js", "script", f"x('{CLOSING}')".encode(), map_url=map_url),
        Put(map_url, "map", table, sources={path: content}),
        Put(f"~/{EVIL}.js", "map", b"", error=f"The map is not JSON: {EVIL}"),
    )
    site.write(put_bundle, [BUILD], *files)


def crash(*places: tuple[Any, Any], url: str = URL) -> dict[str, Any]:
    frames = [
        {"abs_path": url, "function": "n", "lineno": line, "colno": column, "in_app": True}
        for line, column in places
    ]
    return {
        "event_id": "e" * 32,
        "platform": "javascript",
        "release": BUILD.release,
        "dist": BUILD.dist,
        "exception": {"values": [{"type": "E", "value": "v", "stacktrace": {"frames": frames}}]},
    }


@pytest.mark.parametrize(
    ("path", "content"),
    [(EVIL, EVIL), (CLOSING, CLOSING), (TICKS, TICKS), (f"src/a.ts?{EVIL}", f"{EVIL}\0\u202e")],
)
def test_what_a_map_says_is_text_wherever_it_is_shown(web: Site, path: str, content: str) -> None:
    put(web, path, content)
    send(web, crash((1, 3), (1, 1), (2, 1)))
    (issue,) = issues(web)
    assert "&lt;img src=x onerror=" in web.client.get(f"/issues/{issue.short_id}").text
    checked = {"release": BUILD.release, "dist": BUILD.dist, "line": "1", "column": "1"}
    uploads = "/settings/projects/shop-web/uploads"
    for at in (
        f"/issues/{issue.short_id}",
        f"/issues/{issue.short_id}?code=minified",
        uploads,
        f"{uploads}?{urlencode(checked | {'url': URL})}",
        f"{uploads}?{urlencode(checked | {'url': f'https://shop.example/{EVIL}'})}",
        f"{uploads}?{urlencode(checked | {'url': EVIL, 'debug_id': EVIL})}",
    ):
        answer = web.client.get(at)
        assert answer.status_code == 200, at
        assert EVIL not in answer.text, at
        assert "script-src" in answer.headers["content-security-policy"]
    copied = web.client.get(f"/issues/{issue.short_id}.md")
    assert copied.status_code == 200
    assert copied.headers["content-type"].startswith("text/")
    assert "html" not in copied.headers["content-type"]
    answer = Script(web).ask(f"/api/0/projects/lighttrace/shop-web/events/{'e' * 32}/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    "place",
    [
        (2**31, 2**31),
        (2**63, 2**63),
        (2**70, 1),
        (1, 2**70),
        (-1, -1),
        (0, 0),
        (1.5, 1),
        ("1", "1"),
    ],
)
def test_a_place_may_be_anywhere(web: Site, place: tuple[Any, Any]) -> None:
    put(web, "src/a.ts", "one()")
    send(web, crash(place))
    (issue,) = issues(web)
    for at in (f"/issues/{issue.short_id}", f"/issues/{issue.short_id}?code=minified"):
        assert web.client.get(at).status_code == 200


def test_a_script_may_have_any_address(web: Site) -> None:
    put(web, "src/a.ts", "one()")
    for url in (
        "https://[",
        "http://x/" + "y" * 10_000,
        "//[::1",
        "~",
        "https://x/\r\nSet-Cookie: a",
    ):
        send(web, crash((1, 1), url=url) | {"event_id": f"{abs(hash(url)):032x}"[-32:]})
    for issue in issues(web):
        assert web.client.get(f"/issues/{issue.short_id}").status_code == 200
        said = web.client.get(
            f"/settings/projects/shop-web/uploads?{urlencode({'url': '//[::1', 'release': 'x'})}"
        )
        assert said.status_code == 200
