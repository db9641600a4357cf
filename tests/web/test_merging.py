"""Grouping by hand on the pages: merge, take out, split, delete, discard; and who may not."""

import re
from typing import Any

import pytest

from lighttrace.store import deleting, issue_list
from lighttrace.store.issue_list import IssueQuery
from tests.web.sending import add_projects, an_error, issues, send
from tests.web.served import Site
from tests.web.test_changes import HEAD, LIST, undo_address

MINUTE = 60_000
SIX_VERBS = ("merge", "unmerge", "split", "delete", "discard")


@pytest.fixture
def shop(mira: Site) -> Site:
    """SHOP-1 to SHOP-3 and BLOG-1."""
    add_projects(mira, "shop", "blog")
    for name in ("Alpha", "Bravo", "Charlie"):
        send(mira, an_error(f"{name}Error"))
        mira.clock.advance(MINUTE)
    send(mira, an_error("BlogError"), project=2)
    return mira


def post(site: Site, path: str, headers: dict[str, str] | None = None, **data: Any) -> Any:
    return site.client.post(path, data=data, headers=headers or {})


def short_ids(site: Site) -> list[str]:
    query = IssueQuery(now_ms=site.clock.now_ms())
    return sorted(it.short_id for it in site.read(issue_list.search, query).rows)


def test_an_issue_is_merged_into_another_which_says_so_and_can_undo(shop: Site) -> None:
    answer = post(shop, "/issues/shop-2/merge", into="SHOP-1")
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert where.startswith("/issues/SHOP-1?done=merged.2.")
    html = shop.client.get(where).text
    assert "2 issues merged" in html
    assert "merged <span" in html and "BravoError" in html  # in its activity
    assert "Merged into this" in html
    assert short_ids(shop) == ["BLOG-1", "SHOP-1", "SHOP-3"]
    moved = shop.client.get("/issues/SHOP-2")
    assert moved.status_code == 302 and moved.headers["location"] == "/issues/SHOP-1"
    assert post(shop, undo_address(html)).status_code == 303
    assert short_ids(shop) == ["BLOG-1", "SHOP-1", "SHOP-2", "SHOP-3"]


def test_the_ticked_issues_become_the_oldest(shop: Site) -> None:
    answer = post(shop, "/issues/merge", id=["3", "1", "2"])
    assert answer.headers["location"].startswith("/issues/SHOP-1?done=merged.3.")
    assert short_ids(shop) == ["BLOG-1", "SHOP-1"]


def test_the_ticked_issues_become_the_chosen_one(shop: Site) -> None:
    answer = post(shop, "/issues/merge", id=["3", "1", "2"], into="SHOP-2")
    assert answer.headers["location"].startswith("/issues/SHOP-2?done=merged.3.")
    assert short_ids(shop) == ["BLOG-1", "SHOP-2"]


def test_the_list_is_renewed_where_a_script_merges(shop: Site) -> None:
    answer = post(shop, "/issues/merge", LIST, id=["1", "2"])
    assert answer.status_code == 200
    assert "2 issues merged" in answer.text and "SHOP-3" in answer.text
    assert undo_address(answer.text)
    assert "BravoError" not in answer.text


@pytest.mark.parametrize("ids", [["1"], [], ["1", "4"], ["1", "77"]])
def test_what_cannot_be_merged_stays_and_the_reason_is_said(shop: Site, ids: list[str]) -> None:
    before = short_ids(shop)
    plain = post(shop, "/issues/merge", id=ids)
    assert plain.status_code == 409
    says = "different projects" if "4" in ids else "takes two issues"
    assert says in plain.text
    script = post(shop, "/issues/merge", LIST, id=ids)
    assert script.status_code == 200 and says in script.text
    assert short_ids(shop) == before


def test_a_merged_issue_is_taken_out_again(shop: Site) -> None:
    post(shop, "/issues/SHOP-2/merge", into="SHOP-1")
    answer = post(shop, "/issues/SHOP-1/unmerge", **{"from": "2"})
    assert answer.headers["location"].startswith("/issues/SHOP-1?done=unmerged.1.")
    html = shop.client.get(answer.headers["location"]).text
    assert "1 issue taken out again" in html and "took <a" in html
    assert short_ids(shop) == ["BLOG-1", "SHOP-1", "SHOP-2", "SHOP-3"]
    assert post(shop, "/issues/SHOP-1/unmerge", **{"from": "2"}).status_code == 404
    assert post(shop, "/issues/SHOP-1/unmerge", **{"from": "1"}).status_code == 409
    assert post(shop, "/issues/SHOP-1/unmerge").status_code == 404


def test_a_hash_that_is_split_off_goes_home(shop: Site) -> None:
    post(shop, "/issues/SHOP-2/merge", into="SHOP-1")
    (row,) = shop.read(_hashes, 2)
    answer = post(shop, "/issues/SHOP-1/split", hash=str(row[0]))
    assert answer.headers["location"].startswith("/issues/SHOP-2?done=split.1.")
    refused = post(shop, "/issues/SHOP-1/split", hash=str(row[0]))
    assert refused.status_code == 409 and "no such hash" in refused.text


def _hashes(db: Any, home: int) -> list[Any]:
    sql = "select id from grouphash where home_issue = ?"
    found: list[Any] = db.execute(sql, (home,)).fetchall()
    return found


def test_to_delete_is_asked_first(shop: Site) -> None:
    for asking in (
        shop.client.get("/issues/SHOP-2/delete"),
        post(shop, "/issues/SHOP-2/delete"),
        shop.client.get("/issues/SHOP-2/discard"),
        post(shop, "/issues/SHOP-2/discard"),
    ):
        assert asking.status_code == 200
        assert "BravoError" in asking.text and 'name="sure" value="yes"' in asking.text
    assert "SHOP-2" in short_ids(shop)


def test_a_deleted_issue_is_gone_and_the_audit_log_says_who(shop: Site) -> None:
    answer = post(shop, "/issues/SHOP-2/delete", sure="yes")
    assert answer.headers["location"] == "/issues?project=shop&done=deleted.1"
    assert "1 issue deleted" in shop.client.get(answer.headers["location"]).text
    assert short_ids(shop) == ["BLOG-1", "SHOP-1", "SHOP-3"]
    assert shop.client.get("/issues/SHOP-2").status_code == 404
    (entry,) = shop.read(_audit, "issue.delete")
    assert entry == ("SHOP-2", 1)
    send(shop, an_error("BravoError"))
    assert "SHOP-4" in short_ids(shop)


def _audit(db: Any, action: str) -> list[Any]:
    sql = "select subject, user_id from audit where action = ?"
    found: list[Any] = db.execute(sql, (action,)).fetchall()
    return found


def test_what_comes_of_a_discarded_issue_is_dropped(shop: Site) -> None:
    post(shop, "/issues/SHOP-2/discard", sure="yes")
    send(shop, an_error("BravoError"))
    assert short_ids(shop) == ["BLOG-1", "SHOP-1", "SHOP-3"]
    (it,) = shop.read(deleting.discarded, 1)
    assert it.title == "BravoError"
    assert [row[0] for row in shop.read(_audit, "issue.discard")] == ["SHOP-2"]


def test_what_is_discarded_is_listed_with_its_project_and_can_be_kept_again(shop: Site) -> None:
    post(shop, "/issues/SHOP-2/discard", sure="yes")
    (it,) = shop.read(deleting.discarded, 1)
    html = shop.client.get("/settings/projects/shop").text
    keep = f"/settings/projects/shop/discarded/{it.id}/keep"
    assert "BravoError" in html and keep in html
    assert "BravoError" not in shop.client.get("/settings/projects/blog").text
    elsewhere = f"/settings/projects/blog/discarded/{it.id}/keep"
    post(shop, elsewhere)
    assert shop.read(deleting.discarded, 1) == [it]
    assert post(shop, keep).status_code == 303
    send(shop, an_error("BravoError"))
    assert "SHOP-4" in short_ids(shop)
    assert [row[0] for row in shop.read(_audit, "issue.undiscard")] == ["shop"]


@pytest.mark.parametrize(
    ("role", "may"),
    [("viewer", set()), ("member", {"merge", "unmerge", "split"}), ("admin", set(SIX_VERBS))],
)
def test_members_group_and_admins_delete(shop: Site, role: str, may: set[str]) -> None:
    shop.user("bob@example.com", role, "Bob")
    shop.client.cookies.clear()
    shop.sign_in("bob@example.com")
    for verb in SIX_VERBS:
        status = post(shop, f"/issues/SHOP-2/{verb}", into="nothing").status_code
        assert (status != 403) is (verb in may), verb
    assert (post(shop, "/issues/merge", id=["1"]).status_code != 403) is ("merge" in may)
    html = shop.client.get("/issues/SHOP-1").text
    assert ("/discard" in html) is ("discard" in may)


def test_nobody_merges_or_deletes_what_they_do_not_see(shop: Site) -> None:
    shop.user("bob@example.com", "member", "Bob")
    shop.write(_give_blog_to_a_team)
    shop.client.cookies.clear()
    shop.sign_in("bob@example.com")
    assert post(shop, "/issues/BLOG-1/merge", into="SHOP-1").status_code == 404
    assert post(shop, "/issues/SHOP-1/merge", into="BLOG-1").status_code == 404
    assert post(shop, "/issues/BLOG-1/unmerge", **{"from": "4"}).status_code == 404
    assert post(shop, "/issues/SHOP-1/unmerge", **{"from": "4"}).status_code == 404
    assert post(shop, "/issues/BLOG-1/split", hash="4").status_code == 404
    assert post(shop, "/issues/merge", id=["1", "4"]).status_code == 409  # one is seen: no two
    assert len(issues(shop)) == 4


def _give_blog_to_a_team(tx: Any) -> None:
    tx.execute("insert into team(slug, name, created_at) values('w', 'W', 0)")
    tx.execute("insert into project_team(project_id, team_id) values(2, 1)")


def test_similar_issues_are_offered_with_the_reason(shop: Site) -> None:
    for where in ("first caller", "second caller"):
        send(shop, an_error("PayError", fingerprint=["{{ default }}", where]))
    html = shop.client.get("/issues/SHOP-4").text
    assert "Similar issues" in html and "SHOP-5" in html
    assert re.search(r'action="/issues/SHOP-5/merge".*name="into" value="SHOP-4"', html)
    assert 'data-key="m"' in html
    shop.user("vera@example.com", "viewer", "Vera")
    shop.client.cookies.clear()
    shop.sign_in("vera@example.com")
    html = shop.client.get("/issues/SHOP-4").text
    assert "SHOP-5" in html and "/merge" not in html


def test_comments_come_along(shop: Site) -> None:
    post(shop, "/issues/SHOP-2/notes", text="Seen before", body="Seen before")
    post(shop, "/issues/SHOP-2/merge", into="SHOP-1")
    assert "Seen before" in shop.client.get("/issues/SHOP-1").text


def test_the_head_of_an_open_page_is_renewed_after_an_undo(shop: Site) -> None:
    post(shop, "/issues/SHOP-2/merge", into="SHOP-1")
    token = shop.read(_token)
    answer = post(shop, f"/undo/{token}", HEAD)
    assert answer.status_code == 200 and "1 issue put back" in answer.text


def _token(db: Any) -> str:
    return str(
        db.execute("select lower(hex(undo)) from activity where undo not null").fetchone()[0]
    )
