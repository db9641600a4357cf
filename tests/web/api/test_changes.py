"""The state of issues, changed by scripts: of one, of several, of what a search finds."""

from collections.abc import Iterator
from typing import Any

import pytest

from lighttrace.store import teams
from tests.web.api.asking import SHOP, Script, fail
from tests.web.served import Site

ONE = "/api/0/issues/1/"
SEVERAL = f"{SHOP}issues/"


def states(script: Script) -> dict[str, str]:
    path = "/api/0/organizations/lighttrace/issues/?query="
    return {it["shortId"]: it["status"] for it in script.get(path)}


def activity(script: Script, path: str = ONE) -> list[tuple[str, str | None]]:
    history = script.get(path)["activity"]
    return [(it["type"], it["user"] and it["user"]["name"]) for it in history]


@pytest.mark.parametrize("path", [ONE, "/api/0/organizations/1/issues/SHOP-1", "/api/0/issues/1"])
def test_an_issue_is_resolved_ignored_and_reopened(script: Script, path: str):
    fail(script.site, "AError")
    answer = script.put(path, status="resolved")
    assert answer.status_code == 200 and answer.json()["status"] == "resolved"
    assert answer.json()["substatus"] is None and answer.json()["id"] == "1"
    for said in ("ignored", "muted", "archived"):
        changed = script.put(path, status=said, statusDetails={}, snoozeDuration=None).json()
        assert (changed["status"], changed["substatus"]) == ("ignored", "archived_forever")
    changed = script.put(path, status="unresolved", substatus="ongoing").json()
    assert (changed["status"], changed["substatus"]) == ("unresolved", "ongoing")
    assert activity(script) == [
        ("set_unresolved", None),
        ("set_ignored", None),
        ("set_resolved", None),
    ]


def test_a_change_carries_the_name_of_whose_token_it_was(script: Script):
    fail(script.site, "AError")
    mira = script.site.user()
    Script(script.site, user_id=mira.id).put(ONE, status="resolved")
    assert activity(script) == [("set_resolved", "Mira")]


def test_an_issue_that_fails_again_says_so(script: Script):
    fail(script.site, "AError")
    script.put(ONE, status="resolved")
    (again,) = fail(script.site, "AError", release="shop@1.1.0")
    issue = script.get(ONE)
    assert (issue["status"], issue["substatus"]) == ("unresolved", "regressed")
    newest = issue["activity"][0]
    assert newest["type"] == "set_regression"
    assert newest["data"] == {"event_id": again, "version": "shop@1.1.0"}
    assert issue["lastRelease"]["version"] == "shop@1.1.0"


def test_what_was_resolved_already_is_not_done_twice(script: Script):
    fail(script.site, "AError")
    for _ in range(2):
        assert script.put(ONE, status="resolved").json()["status"] == "resolved"
    assert len(activity(script)) == 1


def test_several_are_named_by_their_ids(script: Script):
    fail(script.site, "AError", "BError", "CError")
    answer = script.put(f"{SEVERAL}?id=1&id=3&id=3", status="resolved")
    assert answer.json() == {"status": "resolved", "statusDetails": {}}
    assert states(script) == {"SHOP-1": "resolved", "SHOP-2": "unresolved", "SHOP-3": "resolved"}
    assert activity(script, "/api/0/issues/3/") == [("set_resolved", None)]


def test_issues_of_another_project_stay_as_they_are(script: Script):
    fail(script.site, "AError")
    fail(script.site, "BError", project=2)
    assert script.put(f"{SEVERAL}?id=1&id=2", status="resolved").status_code == 200
    assert states(script) == {"SHOP-1": "resolved", "BLOG-1": "unresolved"}
    assert script.put(f"{SEVERAL}?id=2", status="resolved").status_code == 404
    assert script.put(f"{SEVERAL}?status=unresolved", status="resolved").status_code == 200
    assert script.put(SEVERAL, status="ignored").status_code == 200
    assert states(script) == {"SHOP-1": "ignored", "BLOG-1": "unresolved"}


def test_without_ids_a_search_a_state_or_the_whole_project_is_meant(script: Script):
    fail(script.site, "AError", "BError")
    fail(script.site, "CError", level="warning")
    script.put(f"{SEVERAL}?query=level:warning", status="resolved")
    assert states(script) == {"SHOP-1": "unresolved", "SHOP-2": "unresolved", "SHOP-3": "resolved"}
    script.put(f"{SEVERAL}?status=resolved", status="ignored")
    assert states(script)["SHOP-3"] == "ignored"
    script.put(f"{SEVERAL}?query=is:unresolved&statsPeriod=24h", status="resolved")
    assert states(script) == {"SHOP-1": "resolved", "SHOP-2": "resolved", "SHOP-3": "ignored"}
    script.put(SEVERAL + "?", status="unresolved")  # as `sentry-cli issues unresolve --all`
    assert set(states(script).values()) == {"unresolved"}
    script.put(f"{SEVERAL}?query=nothing-like-this", status="resolved")
    assert set(states(script).values()) == {"unresolved"}


def test_a_hundred_and_more_are_changed_at_once(script: Script, monkeypatch: Any):
    monkeypatch.setattr("lighttrace.web.api.changes.CHANGED_AT_ONCE", 3)
    fail(script.site, *(f"{letter}Error" for letter in "ABCDEFG"))
    script.put(SEVERAL, status="resolved")
    assert list(states(script).values()) == ["resolved"] * 7


def test_more_than_may_be_changed_is_refused_whole(script: Script, monkeypatch: Any):
    monkeypatch.setattr("lighttrace.web.api.changes.MOST_CHANGED", 2)
    fail(script.site, "AError", "BError", "CError")
    assert script.put(SEVERAL, status="resolved").status_code == 400
    assert set(states(script).values()) == {"unresolved"}


@pytest.mark.parametrize(
    "asked",
    [
        *("ids=1", "id=", "id=x", "id=-1", "id=1&id=x", "id=1.5", "id=%00", "Id=1", "limit=1"),
        *("id=1&query=is:resolved", "cursor=1:1:0", "id=1&status=resolved", "status=open"),
        *("status=resolved&query=is:unresolved", "project=blog", "environment=a&environment=b"),
    ],
)
def test_a_parameter_that_is_not_understood_changes_nothing(script: Script, asked: str):
    fail(script.site, "AError")
    answer = script.put(f"{SEVERAL}?{asked}", status="resolved")
    assert answer.status_code == 400 and " " in answer.json()["detail"]
    assert states(script) == {"SHOP-1": "unresolved"}


@pytest.mark.parametrize("id_", ["0", "99", "9" * 18])
def test_issues_that_are_not_there_are_a_404(script: Script, id_: str):
    fail(script.site, "AError")
    assert script.put(f"{SEVERAL}?id={id_}", status="resolved").status_code == 404


CONDITIONS = (
    ({"ignoreUntil": "2027-01-01T00:00:00Z"}, {"ignoreUntil": "2027-01-01T00:00:00.000Z"}),
    ({"ignoreCount": 10}, {"ignoreCount": 10}),
    ({"ignoreCount": 10, "ignoreWindow": 60}, {"ignoreCount": 10, "ignoreWindow": 60}),
    (
        {"ignoreUserCount": 3, "ignoreUserWindow": 60},
        {"ignoreUserCount": 3, "ignoreUserWindow": 60},
    ),
)


@pytest.mark.parametrize(("details", "told"), CONDITIONS, ids=str)
def test_an_issue_is_archived_until_something(script: Script, details: Any, told: Any):
    fail(script.site, "AError")
    changed = script.put(ONE, status="ignored", statusDetails=details).json()
    assert changed["substatus"] == "archived_until_condition_met"
    assert changed["statusDetails"] == told


def test_until_it_escalates_is_a_substatus(script: Script):
    fail(script.site, "AError")
    changed = script.put(ONE, status="ignored", substatus="archived_until_escalating").json()
    assert changed["substatus"] == "archived_until_escalating"


def test_issues_are_assigned(script: Script):
    fail(script.site, "AError", "BError")
    mira = script.site.user()
    for said in (f"user:{mira.id}", mira.email, mira.id):
        changed = script.put(ONE, assignedTo=said).json()
        assert changed["assignedTo"]["email"] == mira.email and changed["status"] == "unresolved"
    assert script.put(ONE, assignedTo="").json()["assignedTo"] is None
    answer = script.put(SEVERAL, assignedTo=mira.email, status="resolved").json()
    assert answer["assignedTo"]["name"] == "Mira" and answer["status"] == "resolved"
    listed = script.get("/api/0/organizations/lighttrace/issues/?query=")
    assert {it["assignedTo"]["id"] for it in listed} == {str(mira.id)}
    assert activity(script)[:2] == [("set_resolved", None), ("assigned", None)]


@pytest.mark.parametrize("path", [ONE, f"{SEVERAL}?id=1"])
def test_nobody_is_given_what_they_do_not_see(script: Script, path: str):
    fail(script.site, "AError")
    bob = script.site.user("bob@example.com", "member", "Bob")
    team = script.site.write(teams.add, "Web", 0)
    script.site.write(teams.set_of_project, 1, [team.id])
    answer = script.put(path, assignedTo=bob.email, status="resolved")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Bob cannot see shop, so nothing was assigned.")
    found = script.get(ONE)
    assert (found["assignedTo"], found["status"]) == (None, "unresolved")
    assert script.put(path, assignedTo="#web").status_code == 200


def test_looking_is_noted_for_whose_token_it_is(script: Script):
    fail(script.site, "AError")
    own = Script(script.site, user_id=script.site.user().id)
    assert own.get(ONE)["hasSeen"] is False
    assert own.put(ONE, hasSeen=True).json()["hasSeen"] is True
    assert [it["name"] for it in script.get(ONE)["seenBy"]] == ["Mira"]


LATER = (
    {"status": "resolved", "statusDetails": {"inNextRelease": True}},
    {"status": "resolved", "statusDetails": {"inRelease": "shop@2.0.0"}},
    {"status": "resolved", "statusDetails": {"inCommit": {"commit": "a"}}},
    {"status": "ignored", "statusDetails": {"ignoreUntil": "tomorrow"}},
    {"status": "ignored", "statusDetails": {"ignoreCount": 10, "ignoreUserCount": 10}},
    {"status": "ignored", "statusDetails": {"ignoreCount": -1}},
    {"status": "ignored", "statusDetails": {"ignoreCount": 10**9}},
    {"status": "ignored", "statusDetails": {"ignoreWindow": 10}},
    {"status": "ignored", "statusDetails": {"ignoreForgotten": 10}},
    {"status": "ignored", "statusDetails": [1]},
    {"status": "ignored", "substatus": "archived_until_condition_met"},
    {"status": "resolved", "statusDetails": {"ignoreCount": 10}},
    {"status": "resolved", "assignedTo": "user:99"},
    {"assignedTo": "nobody@example.com"},
    {"assignedTo": ["user:1"]},
    {"substatus": "ongoing"},
    {"merge": 1},
    {"discard": True, "status": "resolved"},
    {"isBookmarked": True},
    {"priority": "high"},
    {"status": "resolvedInNextRelease"},
    {"status": "reprocessing"},
    {"status": ["resolved"]},
    {"status": None},
    {"status": {}},
    {},
)


@pytest.mark.parametrize("change", LATER, ids=str)
@pytest.mark.parametrize("path", [ONE, f"{SEVERAL}?id=1"])
def test_what_cannot_be_done_yet_is_refused_and_nothing_of_it_done(
    script: Script, path: str, change: dict[str, Any]
):
    fail(script.site, "AError")
    answer = script.put(path, **change)
    assert answer.status_code == 400 and answer.json()["detail"].endswith(".")
    assert states(script) == {"SHOP-1": "unresolved"}
    assert activity(script) == []


BODIES = (
    *(b"", b"resolved", b"[]", b"null", b'"resolved"', b"{", b'{"status": "resolved"', b"\xff"),
    *(b'{"status": "\xff"}', b"[" * 100_000, b'{"a":' * 50_000, b'{"status": "\\ud800"}'),
    *(b'{"\\ud800": 1}', b"\x00", b'{"status": 1e999}'),
)


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("path", [ONE, f"{SEVERAL}?id=1"])
def test_a_body_that_says_nothing_is_refused(script: Script, path: str, body: bytes):
    fail(script.site, "AError")
    assert script.refused(path, "PUT", content=body)[0] == 400


def test_a_body_without_end_is_not_read(script: Script):
    fail(script.site, "AError")
    whole = b'{"status": "resolved"}' + b" " * (2 << 20)
    assert script.ask(ONE, "PUT", content=whole).status_code == 413

    def dripping() -> Iterator[bytes]:
        yield from (whole[at : at + 4096] for at in range(0, len(whole), 4096))

    assert script.refused(ONE, "PUT", content=dripping())[0] == 413
    assert states(script) == {"SHOP-1": "unresolved"}


def test_release_health_is_refused_in_words(script: Script):
    fail(script.site, "AError")
    status, said = script.refused(
        "/api/0/organizations/lighttrace/sessions/?field=sum(session)&groupBy=release"
    )
    assert status == 400 and "release health" in said
    assert states(script) == {"SHOP-1": "unresolved"}


def test_a_page_of_another_site_holds_no_token_and_changes_nothing(mira: Site):
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = mira.client.put(ONE, json={"status": "resolved"}, headers=headers)
    assert answer.status_code == 401
