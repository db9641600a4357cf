# ruff: noqa: E501  (a table: one host, one line)
"""Lines that did not come with an event, fetched from a real server in the shape of each host."""

from collections.abc import Iterator
from contextlib import ExitStack
from html import unescape
from pathlib import Path

import pytest

from lighttrace.event.source_links import Revision
from lighttrace.settings.source_links import SourceOptions
from lighttrace.store import source_cache
from lighttrace.store.source_cache import Kept
from lighttrace.web import raw_files
from tests.alerts.hooks import Hooked, hooked
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site, served
from tests.web.test_issue_page import page, part, text_of

SHA = "a41f9c2b7d5e8f00112233445566778899aabbcc"
FILE = "".join(f"line {n}\n" for n in range(1, 21))
BARE = [
    {"function": "run", "filename": "vendor/run.py", "lineno": 3, "in_app": False},
    {"function": "outer", "filename": "shop/api.py", "lineno": 2, "in_app": True},
    {"function": "crash", "filename": "shop/pay.py", "lineno": 12, "in_app": True,
     "vars": {"total": "12"}},
]  # fmt: skip
SETTINGS = """
[[project]]
slug = "shop"
[project.source]
repository = "{base}/acme/shop"
host = "{host}"
fetch = {fetch}
token = "s3cr3t"
allow_private = {private}
"""


class Hosted:
    """A LightTrace, and the host of the repository."""

    def __init__(self, site: Site, host: Hooked) -> None:
        self.site, self.host = site, host

    def opened(self, key: str = "e0-2") -> str:
        at = f"/issues/SHOP-1?show={key}"
        return unescape(text_of(page(self.site, at, **part(f"div#part-{key}"))))

    def asked(self) -> list[str]:
        return [it.path for it in self.host.arrived]


@pytest.fixture
def start(tmp_path: Path) -> Iterator:
    with ExitStack() as stack:

        def begin(host: str = "gitlab", fetch: bool = True, private: bool = True) -> Hosted:
            server = stack.enter_context(hooked())
            server.answer = (200, {}, FILE.encode())
            values = {"base": server.base, "host": host}
            values |= {"fetch": str(fetch).lower(), "private": str(private).lower()}
            if not private:
                values["base"] = "https://localhost"
            site = stack.enter_context(served(tmp_path, SETTINGS.format(**values)))
            site.user()
            site.sign_in()
            add_projects(site, "shop")
            send(site, an_error(frames=BARE, release=f"shop@{SHA}"))
            return Hosted(site, server)

        yield begin


@pytest.mark.parametrize(
    ("host", "path", "header", "value"),
    [
        ("github", f"/api/v3/repos/acme/shop/contents/shop/pay.py?ref={SHA}", "authorization", "Bearer s3cr3t"),
        ("gitlab", f"/api/v4/projects/acme%2Fshop/repository/files/shop%2Fpay.py/raw?ref={SHA}", "private-token", "s3cr3t"),
        ("gitea", f"/api/v1/repos/acme/shop/raw/shop/pay.py?ref={SHA}", "authorization", "token s3cr3t"),
        ("forgejo", f"/api/v1/repos/acme/shop/raw/shop/pay.py?ref={SHA}", "authorization", "token s3cr3t"),
        ("bitbucket", f"/repositories/acme/shop/src/{SHA}/shop/pay.py", "authorization", "Bearer s3cr3t"),
    ],
)  # fmt: skip
def test_each_host_is_asked_in_its_way_when_somebody_opens_a_frame(
    start, host: str, path: str, header: str, value: str
):
    shop = start(host)
    html = page(shop.site, "/issues/SHOP-1")
    assert html.count("Fetch the source") == 2 and shop.asked() == []  # a look fetches nothing
    said = shop.opened()
    assert "11 line 11 12 line 12 13 line 13" in said
    assert "line 7" in said and "line 17" in said and "line 18" not in said
    assert "total" in said  # what came with the frame stays
    assert shop.asked() == [path]
    assert shop.host.arrived[0].headers[header] == value


def test_a_file_of_a_commit_is_fetched_once(start):
    shop = start()
    shop.opened()
    shop.host.answer = (500, {}, b"")
    shop.site.clock.advance(7 * 86_400_000)
    assert "line 12" in shop.opened()
    assert "line 12" in text_of(page(shop.site, "/issues/SHOP-1?show=e0-2"))
    assert len(shop.asked()) == 1


def test_it_works_without_scripts(start):
    shop = start()
    html = page(shop.site, "/issues/SHOP-1?show=e0-1")
    assert "1 line 1 2 line 2 3 line 3" in text_of(html)
    assert html.count("Fetch the source") == 1  # the other one


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((404, {}, b""), "No source: the host does not have this file at a41f9c2 (404)."),
        ((401, {}, b""), "No source: the host does not take our token (401)."),
        ((302, {"Location": "http://127.0.0.1/"}, b""), "No source: the host answered with 302."),
        ((429, {}, b""), "No source: the host has been asked too often (429)."),
        ((200, {}, b"one\ntwo\n"), "No source: at a41f9c2 the file has no line 12."),
        ((200, {}, b"\x7fELF\0\0"), "No source: the file is no text."),
        ((200, {}, b"x" * (512 * 1024 + 1)), "No source: the file is larger than 512 KiB."),
    ],
)
def test_a_host_that_does_not_help_is_told_in_the_frame(start, answer, why: str):
    shop = start()
    shop.host.answer = answer
    assert why in shop.opened()
    assert "s3cr3t" not in shop.opened()
    assert len(shop.asked()) == 1  # for a while it is not asked again
    if answer[0] != 200:
        shop.host.answer = (200, {}, FILE.encode())
        shop.site.clock.advance(6 * 60_000)
        assert "line 12" in shop.opened()


def test_a_host_in_the_own_network_is_asked_only_if_the_file_allows_it(start):
    shop = start(private=False)
    assert "which is no public address" in shop.opened()


def test_nothing_is_fetched_unless_the_file_wants_it(start):
    shop = start(fetch=False)
    assert "Fetch the source" not in page(shop.site, "/issues/SHOP-1")
    page(shop.site, "/issues/SHOP-1?show=e0-2&show=e0-1")
    assert shop.asked() == []


def test_frames_of_others_and_those_that_have_source_are_not_fetched(start):
    shop = start()
    page(shop.site, "/issues/SHOP-1?show=e0-0&show=e0-9&show=e9-0&show=t0&show=s-1&frames=all")
    assert shop.asked() == []


def test_what_a_file_says_is_text(start):
    shop = start()
    shop.host.answer = (200, {}, b"<script>alert(1)</script>\r\n" * 20)
    html = page(shop.site, "/issues/SHOP-1?show=e0-2")
    assert "<script>alert" not in html


def test_a_branch_is_asked_again_after_a_while(start):
    shop = start()
    send(shop.site, an_error(frames=BARE, release="shop@1.0.0"))
    shop.opened()
    assert shop.asked()[-1].endswith("?ref=main")
    shop.site.clock.advance(6 * 60_000)
    shop.host.answer = (200, {}, FILE.replace("line", "row").encode())
    assert "row 12" in shop.opened()


def test_a_public_repository_at_github_is_read_where_strangers_may():
    at = Revision(SHA, True)
    public = SourceOptions(repository="https://github.com/acme/shop")
    asked = raw_files.request(public, "src/[id].ts", at)
    assert asked is not None
    assert asked.url == f"https://raw.githubusercontent.com/acme/shop/{SHA}/src/%5Bid%5D.ts"
    own = SourceOptions(repository="https://github.com/acme/shop", token="t")
    asked = raw_files.request(own, "a.ts", at)
    assert asked is not None and asked.url.startswith("https://api.github.com/repos/acme/shop/")
    other = SourceOptions(raw="https://cgit.example/plain/{path}?id={commit}")
    asked = raw_files.request(other, "a b.ts", at)
    assert asked is not None and asked.url == f"https://cgit.example/plain/a%20b.ts?id={SHA}"


def test_what_is_kept_is_bounded_and_ends(start):
    site = start().site
    now = site.clock.now_ms()

    def count() -> int:
        return site.read(lambda db: db.execute("select count(*) from source_cache").fetchone()[0])

    for n in range(3):
        site.write(source_cache.put, 1, f"https://x.example/{n}", Kept("a", "", now + n))
    assert count() == 3
    site.write(source_cache.put, 9, "https://x.example/9", Kept("a", "", now))  # no such project
    assert count() == 3
    later = now + source_cache.KEPT_MS + 2
    site.write(source_cache.put, 1, "https://x.example/new", Kept(None, "why", later))
    assert count() == 2
    assert site.read(source_cache.get, 1, "https://x.example/new") == Kept(None, "why", later)
    assert site.read(source_cache.get, 1, "https://x.example/0") is None


def test_the_oldest_files_go_when_there_are_too_many_or_they_are_too_large(
    start, monkeypatch: pytest.MonkeyPatch
):
    site = start().site
    now = site.clock.now_ms()

    def urls() -> list[str]:
        asked = "select url from source_cache order by fetched_at"
        return [row[0] for row in site.read(lambda db: db.execute(asked).fetchall())]

    monkeypatch.setattr(source_cache, "MOST_FILES", 2)
    for n in range(4):
        site.write(source_cache.put, 1, f"u{n}", Kept("a", "", now + n))
    assert urls() == ["u2", "u3"]
    monkeypatch.setattr(source_cache, "MOST_BYTES", 30)
    site.write(source_cache.put, 1, "u4", Kept(None, "w" * 25, now + 4))
    assert urls() == ["u4"]
