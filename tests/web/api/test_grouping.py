"""Scripts merge, split and delete, in Sentry's answers; and what they may not."""

from typing import Any

import pytest

from lighttrace.store.tokens import DEFAULT_SCOPES
from tests.web.api.asking import SHOP, Script, fail
from tests.web.served import Site

SEVERAL = f"{SHOP}issues/"
HASHES = "/api/0/issues/1/hashes/"


@pytest.fixture
def script(script: Script) -> Script:
    """SHOP-1 (two events), SHOP-2, SHOP-3 and BLOG-1, which is issue 4."""
    fail(script.site, "AError", "AError", "BError", "CError")
    fail(script.site, "DError", project=2)
    return script


@pytest.fixture
def admin(script: Script) -> Script:
    return Script(script.site, *DEFAULT_SCOPES, "event:admin")


def listed(script: Script) -> list[str]:
    return sorted(it["shortId"] for it in script.get(f"{SEVERAL}?query="))


def test_the_named_issues_become_the_one_with_the_most_events(script: Script):
    answer = script.put(f"{SEVERAL}?id=2&id=3&id=1", merge=1)
    assert answer.status_code == 200
    assert answer.json() == {"merge": {"parent": "1", "children": ["2", "3"]}}
    assert listed(script) == ["SHOP-1"]
    found = script.get("/api/0/issues/1/")
    assert found["count"] == "4"
    assert script.get("/api/0/issues/2/")["shortId"] == "SHOP-1"
    assert script.get("/api/0/issues/SHOP-3/")["id"] == "1"
    assert len(script.get(HASHES)) == 3


def test_a_hash_is_split_off(script: Script):
    script.put(f"{SEVERAL}?id=1&id=2", merge=1)
    own, other = script.get(HASHES)
    answer = script.ask(f"{HASHES}?id={other['id']}", "DELETE")
    assert answer.status_code == 202 and answer.json() == {"id": "2", "shortId": "SHOP-2"}
    assert listed(script) == ["SHOP-1", "SHOP-2", "SHOP-3"]
    status, said = script.refused(f"{HASHES}?id={own['id']}", "DELETE")
    assert status == 400 and "only hash" in said


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("?id=a&id=b", 400), ("?id=zz", 404), ("?id=" + "0" * 32, 404), ("?id=", 404)],
)
def test_one_hash_of_the_issue_must_be_named(script: Script, query: str, status: int):
    assert script.refused(HASHES + query, "DELETE")[0] == status
    assert len(script.get(HASHES)) == 1


@pytest.mark.parametrize(
    ("path", "change", "status"),
    [
        ("", {"merge": 1}, 400),  # never all of a project
        ("?id=1", {"merge": 1}, 400),
        ("?id=1&id=1", {"merge": True}, 400),
        ("?id=1&id=99", {"merge": 1}, 404),
        ("?id=1&id=4", {"merge": 1}, 404),  # of another project
        ("?id=1&id=2", {"merge": 1, "status": "resolved"}, 400),
        ("?id=1&id=2&query=x", {"merge": 1}, 400),
        ("?id=1&id=x", {"merge": 1}, 400),
    ],
)
def test_what_cannot_be_merged_is_left_as_it_is(
    script: Script, path: str, change: dict[str, Any], status: int
):
    answer = script.put(SEVERAL + path, **change)
    assert answer.status_code == status and answer.json()["detail"].endswith(".")
    assert listed(script) == ["SHOP-1", "SHOP-2", "SHOP-3"]


def test_one_issue_is_deleted(script: Script, admin: Script):
    assert admin.ask("/api/0/issues/2/", "DELETE").status_code == 202
    assert listed(script) == ["SHOP-1", "SHOP-3"]
    assert admin.refused("/api/0/issues/2/", "DELETE")[0] == 404


def test_several_are_deleted_by_name_and_never_all(script: Script, admin: Script):
    assert admin.refused(SEVERAL, "DELETE") == (400, "Name the issues: ?id=1&id=2.")
    assert admin.refused(f"{SEVERAL}?query=is:unresolved", "DELETE")[0] == 400
    assert admin.refused(f"{SEVERAL}?id=1&id=4", "DELETE")[0] == 404
    assert listed(script) == ["SHOP-1", "SHOP-2", "SHOP-3"]
    assert admin.ask(f"{SEVERAL}?id=1&id=3", "DELETE").status_code == 204
    assert listed(script) == ["SHOP-2"]
    said = script.site.read(_audit)
    assert said == [("issue.delete", "SHOP-1"), ("issue.delete", "SHOP-3")]


def _audit(db: Any) -> list[Any]:
    found: list[Any] = db.execute("select action, subject from audit order by id").fetchall()
    return found


@pytest.mark.parametrize("path", ["/api/0/issues/SHOP-1/", f"{SEVERAL}?id=1"])
def test_an_issue_is_discarded_and_what_comes_with_it(script: Script, admin: Script, path: str):
    answer = admin.put(path, discard=True)
    assert (answer.status_code, answer.content) == (204, b"")
    assert listed(script) == ["SHOP-2", "SHOP-3"]
    fail(script.site, "AError")
    assert listed(script) == ["SHOP-2", "SHOP-3"]
    assert script.site.read(_audit) == [("issue.discard", "SHOP-1")]
    assert admin.put(path, discard=True).status_code == 404


def test_what_is_discarded_is_named_and_never_all(script: Script, admin: Script):
    answer = admin.put(SEVERAL, discard=True)
    assert (answer.status_code, answer.json()["detail"]) == (400, "Name the issues: ?id=1&id=2.")
    assert admin.put(f"{SEVERAL}?id=1&id=4", discard=True).status_code == 404
    assert listed(script) == ["SHOP-1", "SHOP-2", "SHOP-3"]


@pytest.mark.parametrize("path", ["/api/0/issues/1/", f"{SEVERAL}?id=1"])
def test_to_discard_takes_more_than_to_change(script: Script, path: str):
    member = script.site.user("jon@example.com", "member", "Jon")
    theirs = Script(script.site, *DEFAULT_SCOPES, "event:admin", user_id=member.id)
    answers = [it.put(path, discard=True) for it in (script, theirs)]
    assert [it.status_code for it in answers] == [403, 403]
    assert answers[0].json() == {"detail": "This token lacks the scope event:admin."}
    assert "SHOP-1" in listed(script)


def test_to_delete_takes_more_than_to_change(script: Script):
    for path in ("/api/0/issues/1/", f"{SEVERAL}?id=1"):
        assert script.refused(path, "DELETE") == (403, "This token lacks the scope event:admin.")
    assert "SHOP-1" in listed(script)


@pytest.mark.parametrize(
    ("role", "merges", "deletes"), [("viewer", 403, 403), ("member", 200, 403)]
)
def test_a_token_does_no_more_than_its_person_may(
    script: Script, role: str, merges: int, deletes: int
):
    somebody = script.site.user(f"{role}@example.com", role, role)
    theirs = Script(script.site, *DEFAULT_SCOPES, "event:admin", user_id=somebody.id)
    assert theirs.put(f"{SEVERAL}?id=2&id=3", merge=1).status_code == merges
    assert theirs.ask("/api/0/issues/1/", "DELETE").status_code == deletes
    assert "SHOP-1" in listed(script)


def test_nobody_merges_or_deletes_what_they_do_not_see(script: Script):
    site: Site = script.site
    fail(site, "EError", project=2)
    site.write(_give_blog_to_a_team)
    somebody = site.user("bob@example.com", "member", "Bob")
    theirs = Script(site, *DEFAULT_SCOPES, user_id=somebody.id)
    blog = SEVERAL.replace("shop", "blog")
    assert theirs.put(f"{blog}?id=4&id=5", merge=1).status_code == 404
    assert theirs.refused("/api/0/issues/4/hashes/?id=" + "0" * 32, "DELETE")[0] == 404
    assert len(script.get(f"{blog}?query=")) == 2


def _give_blog_to_a_team(tx: Any) -> None:
    tx.execute("insert into team(slug, name, created_at) values('w', 'W', 0)")
    tx.execute("insert into project_team(project_id, team_id) values(2, 1)")
