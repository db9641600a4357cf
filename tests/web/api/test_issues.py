"""Issues as scripts read them: their shape, lists by pages, one with its history."""

from sqlite3 import Connection

import pytest

from tests.web.api.asking import SHOP, Script, fail, links, passing
from tests.web.served import NOW_MS

ALL = f"{SHOP}issues/?query="
RESOLVED = {"status": "resolved"}
CONTRACT = frozenset(
    (
        *("id", "shortId", "title", "culprit", "level", "status", "substatus", "count"),
        *("userCount", "firstSeen", "lastSeen", "metadata", "assignedTo", "firstRelease"),
        *("lastRelease", "permalink", "project"),
    )
)


def titles(rows: list[dict[str, str]]) -> list[str]:
    return [row["title"].partition(":")[0] for row in rows]


def test_an_issue_has_the_shape_tools_know(script: Script):
    fail(script.site, "KeyError", "KeyError", user={"id": "7"})
    (row,) = script.get(f"{SHOP}issues/")
    one = script.get("/api/0/issues/1/")
    for it in (row, one):
        assert it.keys() >= CONTRACT
        assert (it["id"], it["shortId"], it["level"]) == ("1", "SHOP-1", "error")
        assert it["title"] == "KeyError: unsupported operand"
        assert it["metadata"] == {"type": "KeyError", "value": "unsupported operand"}
        assert (it["status"], it["substatus"], it["assignedTo"]) == ("unresolved", "new", None)
        assert (it["count"], it["userCount"]) == ("2", 1)
        assert it["firstSeen"] == "2026-11-24T06:00:00.000Z"
        assert it["lastSeen"] == "2026-11-24T06:01:00.000Z"
        assert it["firstRelease"]["version"] == it["lastRelease"]["version"] == "shop@1.0.0"
        assert it["permalink"] == "http://testserver/issues/SHOP-1"
        assert it["project"]["slug"] == "shop" and it["project"]["id"] == "1"
    assert sum(n for _, n in one["stats"]["24h"]) == 2 and len(one["stats"]["24h"]) == 24
    assert sum(n for _, n in one["stats"]["30d"]) == 2 and len(one["stats"]["30d"]) == 30
    assert one["environments"] == ["production"]


@pytest.mark.parametrize("named", ["1", "SHOP-1", "shop-1"])
@pytest.mark.parametrize("below", ["/api/0/", "/api/0/organizations/1/"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_an_issue_is_found_by_id_and_short_id(script: Script, named: str, below: str, slash: str):
    fail(script.site, "KeyError")
    assert script.get(f"{below}issues/{named}{slash}")["id"] == "1"


@pytest.mark.parametrize("sort", ["", "date", "new", "freq", "user", "impact"])
@pytest.mark.parametrize("period", ["", "24h", "14d"])
def test_all_pages_together_are_the_list(script: Script, sort: str, period: str):
    names = [f"{letter}Error" for letter in "ABCDEFG"]
    fail(script.site, *names, *names[:3], *names[:2])
    path = f"{ALL}&sort={sort}&statsPeriod={period}"
    whole = script.get(path)
    assert len(whole) == 7
    pages = script.pages(f"{path}&limit=3")
    assert [len(rows) for rows in pages] == [3, 3, 1]
    assert [it["id"] for rows in pages for it in rows] == [it["id"] for it in whole]


def test_the_way_back_leads_through_the_same_pages(script: Script):
    fail(script.site, *(f"{letter}Error" for letter in "ABCDEFG"))
    forth = [f"{ALL}&limit=3"]
    while following := links(script.ask(forth[-1]))["next"]:
        forth.append(following)
    assert len(forth) == 3
    last = script.ask(forth[2])
    second = links(last)["previous"]
    assert second and script.get(second) == script.get(forth[1])
    first = links(script.ask(second))["previous"]
    assert first and script.get(first) == script.get(forth[0])
    assert links(script.ask(first))["previous"] is None
    assert links(script.ask(forth[0]))["previous"] is None


def loud_and_quiet(script: Script) -> None:
    """SHOP-1 of one user, SHOP-2 of thirty, SHOP-3 fatal, SHOP-4 closed, SHOP-5 like SHOP-1."""
    fail(script.site, "AError", user={"id": "1"})
    for n in range(30):
        fail(script.site, "BError", user={"id": str(n)})
    fail(script.site, "CError", level="fatal")
    fail(script.site, "DError", "EError", user={"id": "1"})
    assert script.put("/api/0/issues/4/", status="resolved").status_code == 200


@pytest.mark.parametrize("word", ["impact", "priority", "inbox", "trends"])
def test_a_list_in_the_order_of_the_inbox_says_why(script: Script, word: str):
    loud_and_quiet(script)
    rows = script.get(f"{ALL}&sort={word}")
    assert titles(rows) == ["BError", "CError", "EError", "AError", "DError"]
    assert rows[0]["impact"] == {
        "score": 56,
        "parts": [
            {"reason": "new", "points": 40, "text": "new in the last 24 h"},
            {"reason": "users", "points": 16, "text": "30 users"},
        ],
    }
    assert (rows[0]["priority"], rows[0]["count"], rows[0]["userCount"]) == ("medium", "30", 30)
    assert (rows[-1]["priority"], rows[-1]["impact"]) == ("low", None)
    assert script.get("/api/0/issues/2/")["impact"] == rows[0]["impact"]
    theirs = script.get(f"{SHOP}issues/?sort={word}&query=is:unresolved user.id:1")
    assert titles(theirs) == ["BError", "EError", "AError"]
    assert [it["count"] for it in theirs] == ["1", "1", "1"]  # counted as the search means


def test_the_order_of_the_inbox_has_pages_both_ways(script: Script):
    loud_and_quiet(script)
    path = f"{ALL}&sort=impact"
    whole = titles(script.get(path))
    first, second, third = script.pages(f"{path}&limit=2")
    assert [titles(it) for it in (first, second, third)] == [whole[:2], whole[2:4], whole[4:]]
    following = links(script.ask(f"{path}&limit=2"))["next"]
    back = links(script.ask(following))["previous"]
    assert titles(script.get(back)) == whole[:2]
    assert links(script.ask(back))["previous"] is None


def test_an_environment_has_an_order_of_its_own(script: Script):
    for n in range(3):
        fail(script.site, "AError", user={"id": str(n)}, environment="production")
    fail(script.site, "AError", "BError", user={"id": "9"}, environment="staging")
    fail(script.site, "BError", user={"id": "8"}, environment="staging")
    path = f"{SHOP}issues/?sort=impact"
    assert titles(script.get(path)) == ["AError", "BError"]
    staging = script.get(f"{path}&environment=staging")
    assert titles(staging) == ["BError", "AError"]
    assert [it["impact"]["parts"][1]["text"] for it in staging] == ["2 users", "1 user"]


def test_an_issue_says_whose_it_is_by_the_rules(script: Script):
    fail(script.site, "AError", "BError")
    script.site.write(_own_the_first)
    one = script.get("/api/0/issues/1/")
    assert one["owners"] == [
        {
            "type": "ownershipRule",
            "owner": "team:1",
            "date_added": "2026-11-24T06:00:00.000Z",
            "rule": "path:shop/*",
        }
    ]
    listed = {it["id"]: it["owners"] for it in script.get(f"{SHOP}issues/")}
    assert listed == {"1": one["owners"], "2": []}


def _own_the_first(tx: Connection) -> None:
    tx.execute("insert into team(slug, name, created_at) values('web', 'Web', 0)")
    tx.execute("update issue set owner_team = 1, owner_rule = 'path:shop/*' where id = 1")


def test_per_page_is_another_word_for_limit(script: Script):
    fail(script.site, "AError", "BError")
    assert len(script.get(f"{ALL}&per_page=1")) == 1


def test_without_a_query_what_is_open_is_meant_and_with_an_empty_one_everything(script: Script):
    fail(script.site, "AError", "BError", "CError")
    script.put("/api/0/issues/1/", status="resolved")
    script.put("/api/0/issues/2/", status="ignored")
    found = {
        query: titles(script.get(f"{SHOP}issues/{query}"))
        for query in ("", "?query=", "?query=is:resolved", "?query=is:ignored", "?status=muted")
    }
    assert found == {
        "": ["CError"],
        "?query=": ["CError", "BError", "AError"],
        "?query=is:resolved": ["AError"],
        "?query=is:ignored": ["BError"],
        "?status=muted": ["BError"],
    }


def test_words_and_tags_are_looked_for(script: Script):
    fail(script.site, "AError", tags={"till": "7"})
    fail(script.site, "BError", value="no such cart", level="warning")
    assert titles(script.get(f"{ALL}till:7")) == ["AError"]
    assert titles(script.get(f"{ALL}level:warning is:unresolved")) == ["BError"]
    assert titles(script.get(f'{ALL}"such cart"')) == ["BError"]
    assert titles(script.get(f"{ALL}BError: no such")) == ["BError"]
    assert titles(script.get(f"{ALL}level:warning till:7")) == []


def test_environments_and_periods_count_their_own(script: Script):
    fail(script.site, "AError")
    fail(script.site, "AError", "BError", environment="staging")
    fail(script.site, "CError", environment=None)
    staging = script.get(f"{ALL}&environment=staging")
    assert [(it["title"][:1], it["count"]) for it in staging] == [("B", "1"), ("A", "1")]
    assert titles(script.get(f"{ALL}&environment=")) == ["CError"]
    assert script.get(f"{ALL}&environment=nowhere") == []
    passing(script.site, 3 * 24 * 60)
    fail(script.site, "AError")
    (row,) = script.get(f"{ALL}&statsPeriod=24h")
    assert (row["count"], row["lifetime"]["count"]) == ("1", "3")
    bars = row["stats"]["24h"]
    assert len(bars) == 24 and sum(n for _, n in bars) == 1
    assert bars[0][0] > NOW_MS // 1000 + 24 * 3600


def test_the_organisation_lists_all_projects_or_those_that_are_named(script: Script):
    fail(script.site, "AError")
    fail(script.site, "BError", project=2)
    path = "/api/0/organizations/lighttrace/issues/"
    assert titles(script.get(path)) == ["BError", "AError"]
    assert titles(script.get(f"{path}?project=1")) == ["AError"]
    assert titles(script.get(f"{path}?project=blog&project=shop")) == ["BError", "AError"]
    assert titles(script.get(f"{path}?project=-1")) == ["BError", "AError"]
    assert titles(script.get(f"{path}?query=project:blog")) == ["BError"]
    assert script.refused(f"{path}?project=1&query=project:blog")[0] == 400
    assert script.get(f"{path}?query=project:blog")[0]["project"]["slug"] == "blog"


@pytest.mark.parametrize(
    "search",
    [
        *("is:", "is:unresolvd", "level:eror", "timesSeen:>x", "firstSeen:soon", "!!!", '""', "->"),
        *("project:nothing", 'project:""', "project:-1", "a " * 51, "a" * 1001, 'is:"x', "a OR"),
        *(
            "tils:7",
            "has:tils",
            "assigned:me",
            "is:mine",
            "assigned:nobody@shop.example",
            "assigned:#nobody",
            "events:[1",
        ),
        *("release:>=abc", "user.email:a*"),
    ],
)
def test_a_search_that_is_not_understood_is_refused(script: Script, search: str):
    path = f"{SHOP}issues/"
    fail(script.site, "AError")
    status, said = script.refused(path, params={"query": search})
    assert status == 400 and " " in said
    assert script.refused(path, "PUT", params={"query": search}, json=RESOLVED) == (400, said)
    assert script.get(f"{ALL}is:resolved") == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("is:assigned", ""),
        ("is:unassigned", "BA"),
        ("is:unresolved is:resolved", ""),
        ("!is:resolved", "BA"),
        ("!level:error", "B"),
        ("level:[error,fatal]", "A"),
        ("till:7", "A"),
        ("till:* OR level:warning", "BA"),
        ("firstSeen:-1d", "BA"),
        ("age:+1d", ""),
        ("timesSeen:>1", "A"),
        ("has:till", "A"),
        ("user.email:mira@shop.example", "A"),
        ("release:latest", "BA"),
        ("firstRelease:shop@1.0.0", "BA"),
        ("issue:SHOP-1", "A"),
        ("!till:7 cart", "B"),
        ("error.type:AError", "A"),
    ],
)
def test_sentrys_language_is_spoken_and_a_bulk_change_means_the_same(
    script: Script, search: str, found: str
):
    fail(script.site, "AError", "AError", tags={"till": "7"}, user={"email": "mira@shop.example"})
    fail(script.site, "BError", value="no such cart", level="warning")
    path = f"{SHOP}issues/"
    rows = script.get(path, params={"query": search})
    assert "".join(it[0] for it in titles(rows)) == found
    script.ask(path, "PUT", params={"query": search}, json=RESOLVED)
    assert sorted(it[0] for it in titles(script.get(f"{ALL}is:resolved"))) == sorted(found)


def test_a_search_of_events_counts_these_alone(script: Script):
    fail(script.site, "AError", tags={"till": "7"}, user={"id": "1"})
    fail(script.site, "AError", tags={"till": "8"}, user={"id": "2"})
    fail(script.site, "AError", tags={"till": "8"}, user={"id": "2"}, environment="staging")
    (row,) = script.get(f"{ALL}till:8&statsPeriod=24h")
    assert (row["count"], row["userCount"], row["lifetime"]["count"]) == ("2", 1, "3")
    assert sum(n for _, n in row["stats"]["24h"]) == 2
    assert row["firstSeen"] > row["lifetime"]["firstSeen"]
    (row,) = script.get(f"{ALL}till:8&environment=staging")
    assert (row["count"], row["firstSeen"]) == ("1", row["lastSeen"])


@pytest.mark.parametrize(
    "asked",
    [
        *("sort=severity", "sort=%00", "limit=0", "limit=-1", "limit=x", "limit=1e3", "cursor=x"),
        *("cursor=1:2", "cursor=1:2:3", "cursor=-1:2:0", "cursor=1:2:0:0", "cursor=" + "9" * 70),
        *("cursor=9999999999999999999:0:0", "statsPeriod=x", "statsPeriod=0d", "statsPeriod=91d"),
        *("statsPeriod=999999w", "statsPeriod=-1d", "statsPeriod=%D9%A1d", "status=open"),
        *("start=2026-01-01", "end=2026-01-01", "project=nothing", "project=2"),
        *(
            "environment=a&environment=b",
            "query=is:resolved&query=",
            "status=resolved&query=is:muted",
        ),
        *("limit=%C2%B2", "sort=date&sort=new"),
    ],
)
def test_a_broken_parameter_is_refused(script: Script, asked: str):
    status, said = script.refused(f"{SHOP}issues/?{asked}")
    assert status == 400 and said.endswith((".", "here."))


@pytest.mark.parametrize(
    "cursor",
    ["0:0:0", "0:0:1", "999999999999999999:999999999999999999:1", "1:999999999999999999:0"],
)
@pytest.mark.parametrize("sort", ["date", "freq", "user", "impact"])
def test_a_cursor_of_nowhere_is_no_trouble(script: Script, cursor: str, sort: str):
    fail(script.site, "AError", "BError")
    for period in ("", "24h", "30d"):
        answer = script.ask(f"{ALL}&cursor={cursor}&sort={sort}&statsPeriod={period}&limit=1")
        assert answer.status_code == 200
        links(answer)


@pytest.mark.parametrize(
    "named",
    ["0", "99", "-1", "1.0", "SHOP-", "SHOP-99", "SHOP-1%20OR%201", "%00", "9" * 30, "%F0%9F"],
)
def test_hostile_names_of_issues_are_not_there(script: Script, named: str):
    fail(script.site, "AError")
    for below in ("", "events/", "events/latest/", "hashes/", "tags/", "tags/level/"):
        assert script.refused(f"/api/0/issues/{named}/{below}")[0] == 404
    assert script.put(f"/api/0/issues/{named}/", status="resolved").status_code == 404


def test_a_line_break_in_a_name_does_not_reach_the_headers(script: Script):
    fail(script.site, "AError")
    answer = script.ask("/api/0/issues/SHOP-1%0A/hashes/?q=%0D%0AX:%20y")
    assert answer.status_code == 200
    assert "/SHOP-1%0A/hashes/?q=%0D%0AX%3A+y&cursor=" in answer.headers["link"]
