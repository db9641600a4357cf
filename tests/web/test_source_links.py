"""Links from the frames of an issue's page to the host of the repository."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site, served
from tests.web.test_issue_page import page, part

FILE = """
[[project]]
slug = "shop"
[project.source]
repository = "https://github.com/acme/shop"
paths = ["shop/ => src/shop/"]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Site]:
    with served(tmp_path, FILE) as site:
        site.user()
        site.sign_in()
        add_projects(site, "shop", "till")
        yield site


def links(html: str) -> list[tuple[str, str]]:
    found = re.findall(r'<a class="src link" href="([^"]*)"[^>]*title="([^"]*)"', html)
    return [(unescape(url), unescape(words)) for url, words in found]


def test_frames_of_ones_own_code_link_to_their_line_at_the_commit(shop: Site):
    send(shop, an_error(release="shop@1.0.0+a41f9c2"))
    at = "https://github.com/acme/shop/blob/a41f9c2/src/shop"
    html = page(shop, "/issues/SHOP-1")
    assert links(html) == [
        (f"{at}/billing.py#L14", "Open at a41f9c2: src/shop/billing.py"),
        (f"{at}/api.py#L88", "Open at a41f9c2: src/shop/api.py"),
    ]
    assert html.count('data-key="o"') == 1
    crash = html.index('data-key="o"')
    assert html.index("billing.py#L14") < crash < html.index("api.py#L88")
    assert "</summary>" in html[html.index("<summary") : crash]  # a link in a button is none


def test_without_a_commit_the_branch_is_opened_and_said(shop: Site):
    send(shop, an_error(release="shop@1.0.0"))
    url, words = links(page(shop, "/issues/SHOP-1"))[0]
    assert url == "https://github.com/acme/shop/blob/main/src/shop/billing.py#L14"
    assert words == "Open at main: src/shop/billing.py"


def test_a_project_whose_host_is_not_named_has_no_links(shop: Site):
    send(shop, an_error(), project=2)
    assert links(page(shop, "/issues/TILL-1")) == []


def test_a_hostile_path_stays_at_the_host_or_makes_no_link(shop: Site):
    def frame(filename: str) -> dict[str, object]:
        return {"function": "f", "filename": filename, "lineno": 1, "in_app": True}

    names = ["a\"><script>'.py", "../../../evil.py", "//evil.example/x.py", "javascript:alert(1)"]
    send(shop, an_error(frames=[frame(it) for it in names]))
    html = page(shop, "/issues/SHOP-1?frames=all")
    found = [url for url, _ in links(html)]
    assert found == ["https://github.com/acme/shop/blob/main/a%22%3E%3Cscript%3E%27.py#L1"]
    assert "<script>'" not in html


def test_the_stack_of_a_thread_that_is_opened_has_links_too(shop: Site):
    stack = {"frames": [{"function": "g", "filename": "shop/worker.py", "lineno": 3}]}
    threads = [{"id": 1, "crashed": True}, {"id": 2, "name": "pool", "stacktrace": stack}]
    send(shop, an_error(threads={"values": threads}))
    html = page(shop, "/issues/SHOP-1?show=t1", **part("div#part-t1"))
    assert [url for url, _ in links(html)] == [
        "https://github.com/acme/shop/blob/main/src/shop/worker.py#L3"
    ]
