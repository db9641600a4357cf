"""Hashes and tags of an issue."""

import pytest

from lighttrace.store.database import Transaction
from tests.web.api.asking import Script, fail, links

HASHES = "/api/0/issues/1/hashes/"


def merged(tx: Transaction) -> None:
    tx.execute("update grouphash set issue_id = 1")


def test_a_hash_knows_its_events_and_the_latest(script: Script):
    sent = fail(script.site, "AError", "AError")
    (only,) = script.get(HASHES)
    assert len(only["id"]) == 32 and only["eventCount"] == 2
    assert only["latestEvent"]["eventID"] == sent[1]
    assert only["latestEvent"]["groupID"] == "1"


def test_an_issue_of_many_hashes_is_read_by_pages(script: Script):
    sent = fail(script.site, *(f"{letter}Error" for letter in "ABCDE"))
    script.site.write(merged)
    pages = script.pages(f"{HASHES}?limit=2")
    assert [len(rows) for rows in pages] == [2, 2, 1]
    assert [it["latestEvent"]["eventID"] for rows in pages for it in rows] == sent
    second = links(script.ask(f"{HASHES}?limit=2"))["next"]
    assert second
    assert script.get(links(script.ask(second))["previous"] or "") == pages[0]
    assert script.get(f"{HASHES}?cursor=999999999999999999:0:0") == []


def test_tags_are_counted(script: Script):
    fail(script.site, "AError", "AError", tags={"till": "7"})
    fail(script.site, "AError", tags={"till": "8"}, environment="staging")
    tags = {it["key"]: it for it in script.get("/api/0/issues/1/tags/")}
    assert {"environment", "level", "release", "till"} <= tags.keys()
    till = script.get("/api/0/issues/SHOP-1/tags/till/")
    assert till == tags["till"]
    assert (till["totalValues"], till["uniqueValues"]) == (3, 2)
    assert [(it["value"], it["count"]) for it in till["topValues"]] == [("7", 2), ("8", 1)]
    assert till["topValues"][0]["query"] == 'till:"7"'
    environment = script.get("/api/0/organizations/1/issues/1/tags/environment")
    assert [(it["value"], it["count"]) for it in environment["topValues"]] == [
        ("production", 2),
        ("staging", 1),
    ]


@pytest.mark.parametrize("key", ["nothing", "%00", "a" * 3000, "'"])
def test_a_tag_no_event_has_is_not_there(script: Script, key: str):
    fail(script.site, "AError")
    assert script.refused(f"/api/0/issues/1/tags/{key}/")[0] == 404


def test_filters_tags_do_not_have_are_refused(script: Script):
    fail(script.site, "AError")
    for asked in ("environment=production", "statsPeriod=24h", "query=x"):
        assert script.refused(f"/api/0/issues/1/tags/level/?{asked}")[0] == 400
