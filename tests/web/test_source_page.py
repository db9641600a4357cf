"""The page of source links: what holds, an event tried while a rule is typed, what to write."""

import re
import tomllib
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from lighttrace import config as configuration
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site, served
from tests.web.test_issue_page import page, part, text_of

FILE = """
[[project]]
slug = "shop"
[project.source]
repository = "https://git.example.com/acme/shop"
host = "gitlab"
paths = ["/venv/ => ", "shop/ => src/shop/"]
fetch = true
token = "glpat-s3cr3t"
"""
AT, TILL = "/settings/projects/shop/source", "/settings/projects/till/source"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Site]:
    with served(tmp_path, FILE) as site:
        site.user()
        site.sign_in()
        add_projects(site, "shop", "till")
        yield site


def snippet(html: str) -> str:
    found = re.findall(r'<code id="snippet">(.*?)</code>', html, re.DOTALL)
    return unescape(found[0]) if found else ""


def test_it_says_what_holds_and_where_the_newest_event_leads(shop: Site):
    send(shop, an_error("First"), an_error(release="shop@1+a41f9c2"))
    html = page(shop, AT)
    said = text_of(html)
    assert "https://git.example.com/acme/shop/-/blob/{commit}/{path}#L{line}" in said
    assert "Missing lines are fetched when somebody opens such a frame" in said
    assert "SHOP-2 , shop@1+a41f9c2 : at a41f9c2 2 of 2 frames" in said
    at = "https://git.example.com/acme/shop/-/blob/a41f9c2/src/shop/billing.py#L14"
    assert f'href="{at}"' in html
    assert "2 frames of other people’s code make no link." in said
    assert snippet(html) == "" and "s3cr3t" not in html
    assert "no commit is known of it, so at main" in text_of(page(shop, f"{AT}?try=shop-1"))


def test_a_rule_is_tried_as_it_is_typed_and_handed_out_for_the_file(shop: Site, tmp_path: Path):
    frame = {"function": "f", "filename": "/app/x/a.py", "lineno": 3, "in_app": True}
    send(shop, an_error(frames=[frame]), project=2)
    typed = f"{TILL}?repository=https://github.com/acme/till&host=&url=&branch=trunk&paths="
    html = page(shop, typed, **part("div#tried"))
    assert "<h1" not in html
    said = text_of(html)
    assert "0 of 1 frame" in said
    why = '/app/x/a.py is outside the rules. One like "/app/x/ => " would cut it.'
    assert why in unescape(said)
    html = page(shop, f"{typed}/app/%20%3D%3E%20%0A%0A%20%3D%3E%20x/", **part("div#tried"))
    assert 'href="https://github.com/acme/till/blob/trunk/x/a.py#L3"' in html
    lines = snippet(html)
    assert "at the end of the file" in html
    file = tmp_path / "new.toml"
    file.write_text(f'[[project]]\nslug = "till"\n{lines}\n', "utf-8")
    rules = configuration.load(file, env={}).source_rules("till")
    assert [it.text for it in rules.paths] == ["/app/ =>", "=> x/"] and rules.branch == "trunk"


def test_what_the_form_does_not_ask_for_stays_in_the_lines_for_the_file(shop: Site):
    html = page(shop, f"{AT}?repository=https://github.com/acme/shop")
    assert tomllib.loads(snippet(html))["project"]["source"] == {
        "repository": "https://github.com/acme/shop",
        "fetch": True,
    }
    assert "in place of [project.source] of shop" in html and "s3cr3t" not in html


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("repository=nowhere", "repository expected the address people use"),
        ("repository=https://git.lan/x", "repository what runs at https://git.lan/x is not known"),
        ("url=https://x.example/", "url expected an address with {path} in it"),
        ("repository=https://github.com/a/b&paths=abc", "paths &#39;abc&#39;: there is no =&gt;"),
        ("repository=https://github.com/a/b&branch=a..b", "branch expected the name of a branch"),
        ("repository=https://github.com/a/b&host=svn", "host expected"),
        ("repository=${HOME}", "repository expected"),
        ("paths=a =&gt; b", "it says neither repository nor url"),
    ],
)
def test_a_mistake_is_told_in_the_words_of_check(shop: Site, query: str, said: str):
    html = page(shop, f"{AT}?{query}")
    assert said in text_of(html)
    assert snippet(html) == ""


def test_an_event_of_another_project_is_not_tried(shop: Site):
    send(shop, an_error("Theirs"), project=2)
    said = text_of(page(shop, f"{AT}?try=till-1"))
    assert "There is no such issue or event in this project" in said and "Theirs" not in said
    assert "There is no event to try yet." in text_of(page(shop, AT))


def test_a_hostile_form_is_text(shop: Site):
    html = page(shop, f"{AT}?repository=\"><script>&paths=</textarea><script>&try='<b>")
    assert "<script>&" not in html and "</textarea><script>" not in html and "'<b>" not in html
