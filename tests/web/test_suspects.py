"""Suspect commits on the page of an issue, and links by what was told of a release."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.store import announced, commits, repositories, teams, users
from lighttrace.store.commits import Commit, Ref
from lighttrace.store.database import Transaction
from lighttrace.store.repositories import Mapping
from tests.web.api.asking import Script
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site, served
from tests.web.test_issue_page import page, text_of
from tests.web.test_source_links import links

FILE = """
[[project]]
slug = "shop"
[project.source]
repository = "https://github.com/acme/shop"
"""
SHA, OLDER = "a41f9c2b7d5e8f00112233445566778899aabbcc", "b52e8d1b7d5e8f00112233445566778899aabbcc"
RETRY = Commit(
    SHA,
    "acme/shop",
    "Retry payment\n\non slow networks",
    "Mira",
    "MIRA@example.com",
    1_795_000_000_000,
    (("M", "backend/shop/billing.py"), ("M", "README.md")),
)
CARTS = Commit(
    OLDER, "acme/shop", "<b>Carts</b>", "Tove", "tove@x.example", None, (("A", "shop/api.py"),)
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Site]:
    with served(tmp_path, FILE) as site:
        site.user()
        site.sign_in()
        add_projects(site, "shop")
        yield site


def tell(site: Site, version: str, *some: Commit, refs: tuple[Ref, ...] = ()) -> None:
    def write(tx: Transaction) -> None:
        now = site.clock.now_ms()
        release_id, _ = announced.tell(tx, version, [1], announced.NOTHING, now)
        commits.put(tx, release_id, some, now)
        if refs:
            commits.put_refs(tx, release_id, refs, now)

    site.write(write)


def test_commits_that_touched_the_stack_are_suspected_on_the_page(shop: Site):
    tell(shop, "shop@1.0.0", CARTS, RETRY, Commit("c" * 40, message="Other", paths=(("M", "x"),)))
    send(shop, an_error())
    html = page(shop, "/issues/SHOP-1")
    said = text_of(html)
    assert "Suspect commits of shop@1.0.0 , the release it was first seen in" in said
    first = said.index("a41f9c2 Retry payment Mira")
    assert "touched backend/shop/billing.py , where it crashed" in said[first:]
    second = said.index("b52e8d1 &lt;b&gt;Carts&lt;/b&gt; Tove")
    assert first < second and "touched shop/api.py , frame 2" in said[second:]
    assert "Other" not in said and "on slow networks" not in said
    assert f'href="https://github.com/acme/shop/commit/{SHA}"' in html


def test_an_author_whom_we_know_gets_the_issue_in_one_click(shop: Site):
    tell(shop, "shop@1.0.0", RETRY, CARTS)
    send(shop, an_error())
    html = page(shop, "/issues/SHOP-1")
    suspects = html[html.index('id="suspects"') :].split("</section>")[0]
    assert suspects.count('name="do"') == 1 and "to me" in suspects
    value = suspects.split('name="do" value="')[1].split('"')[0]
    answer = shop.client.post("/issues/SHOP-1/change", data={"do": value, "next": "/"})
    assert answer.status_code == 303
    html = page(shop, "/issues/SHOP-1")
    assert "Assigned Mira" in text_of(html)
    assert 'name="do"' not in html[html.index('id="suspects"') :].split("</section>")[0]


def test_the_copy_as_markdown_says_both(shop: Site):
    tell(shop, "shop@1.0.0", RETRY)
    send(shop, an_error())
    text = shop.client.get("/issues/SHOP-1.md").text
    at = f"https://github.com/acme/shop/blob/{SHA}/shop/billing.py#L14"
    assert f"\n- Code: <{at}>\n" in text
    touched = "touched backend/shop/billing.py, frame 1"
    assert f"\n- Suspect commit: a41f9c2 by Mira: Retry payment, {touched}\n" in text


def test_scripts_are_told_too_but_not_of_what_they_do_not_see(shop: Site):
    tell(shop, "shop@1.0.0", CARTS, RETRY)
    send(shop, an_error())
    script = Script(shop)
    first, second = script.get("/api/0/issues/1/committers/")["committers"]
    assert first["author"] == {"name": "Mira", "email": "MIRA@example.com"}
    assert [(it["id"], it["file"], it["frame"]) for it in first["commits"]] == [
        (SHA, "backend/shop/billing.py", 1)
    ]
    assert second["commits"][0]["dateCreated"] is None
    send(shop, an_error("Other", release="shop@9"))
    assert script.get("/api/0/issues/SHOP-2/committers/") == {"committers": []}
    assert script.refused("/api/0/issues/77/committers/")[0] == 404
    shop.user("str@example.com", "member", "Str")
    team = shop.write(teams.add, "Others", shop.clock.now_ms())
    shop.write(teams.set_of_project, 1, [team.id])
    stranger = shop.write(users.by_email, "str@example.com")
    assert Script(shop, user_id=stranger.id).refused("/api/0/issues/1/committers/")[0] == 404


def test_the_page_of_a_release_links_its_commits(shop: Site):
    odd = Commit("not a/commit", message="Odd")
    tell(shop, "shop@1.0.0", RETRY, odd)
    send(shop, an_error())
    html = page(shop, "/releases/shop/shop@1.0.0")
    assert f'href="https://github.com/acme/shop/commit/{SHA}"' in html
    hrefs = re.findall(r'href="([^"]*)"', html)
    assert "Odd" in html and not any("not a" in it for it in hrefs)


def test_without_files_only_the_authors_are_named(shop: Site):
    tell(shop, "shop@1.0.0", Commit(SHA, message="All", author_name="Tove", author_email="t@x"))
    send(shop, an_error())
    said = text_of(page(shop, "/issues/SHOP-1"))
    assert "Who made this release nobody said which files its commits touched" in said
    assert "Suspect" not in said and "a41f9c2 All Tove" in said


def test_only_the_release_it_was_first_seen_in_is_looked_at(shop: Site):
    send(shop, an_error(release="shop@0.9.0"))
    tell(shop, "shop@1.0.0", RETRY)
    send(shop, an_error(release="shop@1.0.0"))
    assert 'id="suspects"' not in page(shop, "/issues/SHOP-1")


def test_links_lead_to_the_commit_that_was_told_of_the_release(shop: Site):
    tell(shop, "shop@1.0.0", RETRY)
    tell(
        shop, "shop@2.0.0", refs=(Ref("acme/other", "f" * 40, None), Ref("Acme/Shop", OLDER, None))
    )
    tell(shop, "shop@3.0.0", refs=(Ref("acme/x", "1" * 40, None), Ref("acme/y", "2" * 40, None)))
    for n, expected in ((1, SHA), (2, OLDER), (3, "main")):
        send(shop, an_error(f"E{n}", release=f"shop@{n}.0.0"))
        url, _ = links(page(shop, f"/issues/SHOP-{n}"))[0]
        assert url == f"https://github.com/acme/shop/blob/{expected}/shop/billing.py#L14"


def test_code_mappings_come_after_the_rules_of_the_file(shop: Site):
    mappings = [Mapping("shop/", "src/"), Mapping("shop/api", "deep/api"), Mapping("x", "../..")]
    shop.write(repositories.put_mappings, 1, "acme/shop", "main", mappings, shop.clock.now_ms())
    send(shop, an_error())
    at = "https://github.com/acme/shop/blob/main"
    found = [url for url, _ in links(page(shop, "/issues/SHOP-1"))]
    assert found == [f"{at}/src/billing.py#L14", f"{at}/deep/api.py#L88"]
    said = text_of(page(shop, "/settings/projects/shop/source"))
    assert "Code mappings shop/api =&gt; deep/api acme/shop" in said
