"""Comments, read and written by scripts."""

import pytest

from lighttrace.store import outbox
from tests.web.api.asking import Script, fail
from tests.web.test_reading import given_to_a_team

COMMENTS = "/api/0/issues/1/comments/"


@pytest.mark.parametrize("path", [COMMENTS, "/api/0/issues/SHOP-1/notes"])
def test_a_script_says_what_it_knows(script: Script, path: str):
    fail(script.site, "AError")
    answer = script.ask(path, "POST", json={"text": " deployed **2.0** "})
    assert answer.status_code == 201
    made = answer.json()
    assert made["type"] == "note" and made["data"] == {"text": "deployed **2.0**"}
    assert made["user"] is None and made["dateCreated"].endswith("Z")
    assert script.get(path) == [made]
    issue = script.get("/api/0/issues/1/")
    assert issue["numComments"] == 1 and made in issue["activity"]
    (listed,) = script.get("/api/0/organizations/lighttrace/issues/?query=")
    assert listed["numComments"] == 1


def test_a_script_of_a_person_speaks_for_them(script: Script):
    fail(script.site, "AError")
    user = script.site.user("bob@example.com", "member", "Bob")
    bob = Script(script.site, user_id=user.id)
    made = bob.ask(COMMENTS, "POST", json={"text": "hello"}).json()
    assert (made["user"]["id"], made["user"]["name"]) == (str(user.id), "Bob")
    assert script.site.read(outbox.due, script.site.clock.now_ms(), 10) == []


def test_many_are_read_by_pages(script: Script):
    fail(script.site, "AError")
    for at in range(5):
        script.ask(COMMENTS, "POST", json={"text": f"number {at}"})
    pages = script.pages(f"{COMMENTS}?limit=2")
    assert [len(rows) for rows in pages] == [2, 2, 1]
    said = [it["data"]["text"] for rows in pages for it in rows]
    assert said == [f"number {at}" for at in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "JSON object"),
        (b"[]", "JSON object"),
        (b'{"text": 1}', "in Markdown"),
        (b'{"text": " "}', "Write something first."),
        (b'{"text": "' + b"x" * 10_001 + b'"}', "at most 10,000"),
    ],
)
def test_what_is_no_comment_is_refused_in_words(script: Script, body: bytes, words: str):
    fail(script.site, "AError")
    status, said = script.refused(COMMENTS, "POST", content=body)
    assert status == 400 and words in said
    assert script.get(COMMENTS) == []


def test_a_script_must_not_write_without_the_scope_nor_for_a_viewer(script: Script):
    fail(script.site, "AError")
    reader = Script(script.site, "event:read")
    assert reader.refused(COMMENTS, "POST", json={"text": "x"})[0] == 403
    vera = script.site.user("vera@example.com", "viewer", "Vera")
    viewer = Script(script.site, user_id=vera.id)
    assert viewer.refused(COMMENTS, "POST", json={"text": "x"})[0] == 403
    assert viewer.get(COMMENTS) == []


def test_a_script_of_another_team_finds_no_issue(script: Script):
    fail(script.site, "AError")
    bob = script.site.user("bob@example.com", "member", "Bob")
    script.site.write(given_to_a_team)
    other = Script(script.site, user_id=bob.id)
    assert other.refused(COMMENTS)[0] == 404
    assert other.refused(COMMENTS, "POST", json={"text": "x"})[0] == 404


def test_half_a_character_does_not_break_it(script: Script):
    fail(script.site, "AError")
    answer = script.ask(COMMENTS, "POST", content=b'{"text": "a\\ud800b"}')
    assert answer.status_code in (201, 400)
    assert script.get(COMMENTS) == ([answer.json()] if answer.status_code == 201 else [])
