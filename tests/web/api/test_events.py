"""Events as scripts read them: lists, one with all it tells, and as it is stored."""

import json
import secrets
from typing import Any

import pytest

from lighttrace.store.database import Transaction
from tests.event import corpus
from tests.web.api.asking import SHOP, Script, fail, links
from tests.web.sending import an_error, send, send_samples

EVENTS = f"{SHOP}events/"


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["eventID"] for row in rows]


def entry(event: dict[str, Any], kind: str) -> Any:
    return next(it["data"] for it in event["entries"] if it["type"] == kind)


@pytest.mark.parametrize("path", ["/api/0/issues/1/events/", EVENTS])
def test_all_pages_together_are_the_events_newest_first(script: Script, path: str):
    sent = fail(script.site, *["KeyError"] * 7)
    assert ids(script.get(path)) == sent[::-1]
    pages = script.pages(f"{path}?limit=3")
    assert [len(rows) for rows in pages] == [3, 3, 1]
    assert [it for rows in pages for it in ids(rows)] == sent[::-1]


@pytest.mark.parametrize("path", ["/api/0/issues/1/events/", EVENTS])
def test_the_way_back_leads_through_the_same_pages(script: Script, path: str):
    fail(script.site, *["KeyError"] * 7)
    forth = [f"{path}?limit=3"]
    while following := links(script.ask(forth[-1]))["next"]:
        forth.append(following)
    second = links(script.ask(forth[2]))["previous"]
    assert second and script.get(second) == script.get(forth[1])
    first = links(script.ask(second))["previous"]
    assert first and script.get(first) == script.get(forth[0])
    assert links(script.ask(first))["previous"] is None
    assert links(script.ask(forth[0]))["previous"] is None


@pytest.mark.parametrize("path", ["/api/0/issues/1/events/", EVENTS])
@pytest.mark.parametrize("cursor", ["0:0:0", "0:0:1", "999999999999999999:0:1"])
def test_a_cursor_of_nowhere_is_no_trouble(script: Script, path: str, cursor: str):
    fail(script.site, "KeyError", "KeyError")
    assert links(script.ask(f"{path}?cursor={cursor}&limit=1"))["previous"] != path


def test_the_events_of_a_project_are_its_own_and_know_their_issues(script: Script):
    one, two = fail(script.site, "AError", "BError")
    fail(script.site, "CError", project=2)
    rows = script.get(EVENTS)
    assert [(it["eventID"], it["groupID"]) for it in rows] == [(two, "2"), (one, "1")]
    assert rows[0]["title"] == "BError: unsupported operand"
    assert rows[0]["dateCreated"] == "2026-11-24T06:01:00.000Z"


@pytest.mark.parametrize(
    "asked",
    ["query=x", "environment=production", "statsPeriod=1h", "full=true", "sort=x", "start=x"],
)
@pytest.mark.parametrize("path", ["/api/0/issues/1/events/", EVENTS])
def test_filters_these_lists_do_not_have_are_refused(script: Script, path: str, asked: str):
    fail(script.site, "KeyError")
    assert script.refused(f"{path}?{asked}")[0] == 400


def test_an_event_tells_everything_in_the_shape_tools_know(script: Script):
    (id_,) = fail(
        script.site,
        "TypeError",
        user={"id": "7", "email": "ada@example.com"},
        tags={"till": "7"},
        contexts={"runtime": {"name": "CPython", "version": "3.11"}},
        extra={"cart": {"items": 3}},
        breadcrumbs=[{"message": "add to cart", "category": "ui", "timestamp": 1_795_499_990}],
        request={"url": "https://shop.example/pay?a=1", "method": "POST"},
    )
    event = script.get(f"{EVENTS}{id_}/")
    assert event["eventID"] == event["id"] == id_
    assert (event["groupID"], event["projectID"]) == ("1", "1")
    assert event["title"] == "TypeError: unsupported operand"
    assert event["platform"] == "python" and event["size"] > 0
    assert event["dateCreated"] == "2026-11-24T06:00:00.000Z"
    assert event["release"]["version"] == "shop@1.0.0"
    assert event["user"]["id"] == "7" and event["user"]["email"] == "ada@example.com"
    assert event["contexts"]["runtime"]["version"] == "3.11"
    assert event["context"] == {"cart": {"items": 3}}
    tags = {it["key"]: it["value"] for it in event["tags"]}
    assert tags["till"] == "7" and tags["level"] == "error" and tags["release"] == "shop@1.0.0"
    assert tags["environment"] == "production"
    (raised,) = entry(event, "exception")["values"]
    assert (raised["type"], raised["value"]) == ("TypeError", "unsupported operand")
    frames = raised["stacktrace"]["frames"]
    assert [it["function"] for it in frames] == ["app", "run", "checkout", "charge"]
    assert [it["inApp"] for it in frames] == [False, False, True, True]
    assert frames[3]["lineNo"] == 14
    assert [14, "    return total * rate"] in frames[3]["context"]
    assert "hunter2" not in json.dumps(event)
    (crumb,) = entry(event, "breadcrumbs")["values"]
    assert crumb["message"] == "add to cart" and crumb["timestamp"] == "2026-11-24T05:59:50.000Z"
    assert entry(event, "request")["method"] == "POST"
    assert event["nextEventID"] is None and event["previousEventID"] is None


def test_latest_oldest_and_each_by_its_id(script: Script):
    one, two, three = fail(script.site, *["KeyError"] * 3)
    path = "/api/0/issues/SHOP-1/events/"
    found = {name: script.get(f"{path}{name}/")["eventID"] for name in ("latest", "oldest")}
    assert found == {"latest": three, "oldest": one}
    assert script.get(f"{path}recommended")["eventID"] == three
    middle = script.get(f"/api/0/organizations/1/issues/1/events/{two}/")
    assert (middle["previousEventID"], middle["nextEventID"]) == (one, three)


def test_latest_of_an_environment(script: Script):
    (one,) = fail(script.site, "KeyError", environment="staging")
    fail(script.site, "KeyError")
    path = "/api/0/issues/1/events/latest/"
    assert script.get(f"{path}?environment=staging")["eventID"] == one
    assert script.refused(f"{path}?environment=nowhere")[0] == 404
    assert script.refused(f"{path}?query=x")[0] == 400


def test_an_event_is_only_in_its_own_project_and_issue(script: Script):
    one, _ = fail(script.site, "AError", "BError")
    for path in (f"/api/0/projects/1/blog/events/{one}/", f"/api/0/issues/2/events/{one}/"):
        assert script.refused(path)[0] == 404
    assert script.refused(f"/api/0/projects/1/2/events/{one}/json/")[0] == 404


def test_an_id_may_be_a_uuid_in_any_case(script: Script):
    id_ = "0123456789abcdef0123456789abcdef"
    send(script.site, an_error(event_id=id_))
    for name in (id_.upper(), "01234567-89ab-cdef-0123-456789abcdef"):
        assert script.get(f"{EVENTS}{name}/")["eventID"] == id_
        assert script.get(f"/api/0/issues/1/events/{name}/")["eventID"] == id_


HOSTILE = (
    *("x", "0" * 32, "g" * 32, "%00", "..%2F..", "%F0%9F%92%A9", "1" * 5000, "first"),
    *(" ".join(["ab"] * 16), "ab%0A" * 16, "-" * 36, "٣" * 32, "' or 1=1 --"),
)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_ids_are_not_there(script: Script, name: str):
    fail(script.site, "KeyError")
    for path in (f"{EVENTS}{name}/", f"{EVENTS}{name}/json/", f"/api/0/issues/1/events/{name}/"):
        assert script.refused(path)[0] == 404


def test_the_stored_event_is_what_was_sent_without_secrets(script: Script):
    sent = an_error(extra={"password": "hunter2", "cart": 12345678901234567890})
    send(script.site, sent)
    answer = script.ask(f"{EVENTS}{sent['event_id']}/json")
    assert answer.headers["content-type"] == "application/json"
    stored = answer.json()
    assert stored["exception"]["values"][0]["type"] == "TypeError"
    assert stored["extra"] == {"password": "[Filtered]", "cart": 12345678901234567890}


def test_an_event_whose_body_is_gone_still_says_what_its_row_knows(script: Script):
    def drop(tx: Transaction) -> None:
        tx.execute("delete from event_body")

    (id_,) = fail(script.site, "KeyError", tags={"till": "7"})
    whole = script.get(f"{EVENTS}{id_}/")
    script.site.write(drop)
    bare = script.get(f"{EVENTS}{id_}/")
    assert bare.keys() == whole.keys()
    assert bare["entries"] == [] and bare["tags"] == whole["tags"]
    assert bare["title"] == whole["title"]
    assert bare["release"] == whole["release"]
    assert script.refused(f"{EVENTS}{id_}/json/")[0] == 404


def test_what_clients_send_in_bad_faith_is_readable_as_well(script: Script):
    wild = {
        "breadcrumbs": [{"timestamp": "9999-12-31T23:59:59-23:00", "data": {"a": [None]}}, 3],
        "extra": {"big": 10**40, "deep": _nested(80), "bad": "\ud800"},
        "contexts": {"x": {"type": 3}, "y": "z"},
        "request": {"headers": [["a"], 3], "query_string": {"a": [1]}, "data": {"b": 2}},
        "user": {"id": {"a": 1}, "data": [1]},
        "tags": [["a", None], "b"],
        "fingerprint": [1, None, ["x"]],
    }
    sent = an_error(event_id=secrets.token_hex(16), **wild)
    send(script.site, sent)
    event = script.get(f"{EVENTS}{sent['event_id']}/")
    assert entry(event, "breadcrumbs")["values"][0]["timestamp"] == "9999-12-31T23:59:59.999Z"
    script.get("/api/0/issues/1/events/latest/")
    script.get(EVENTS)


def _nested(depth: int) -> Any:
    return [_nested(depth - 1)] if depth else 1


def test_every_event_of_real_clients_can_be_read(script: Script):
    samples = corpus.samples()
    send_samples(script.site, *samples)
    read = [row for rows in script.pages(f"{EVENTS}?limit=40") for row in rows]
    assert len(read) >= 20
    for row in read:
        event = script.get(f"{EVENTS}{row['eventID']}/")
        assert event["entries"] and event["groupID"] == row["groupID"]
