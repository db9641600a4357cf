"""An issue as Markdown: what is told, what is left out, and that nothing an event says gets out of
its block.
"""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lighttrace.event.decode import decode
from lighttrace.event.model import Arrival
from lighttrace.event.normalize import normalise
from lighttrace.store.events import EventRow
from lighttrace.store.issues import EnvCount, Issue
from lighttrace.store.standing_out import Standout
from lighttrace.store.states import State, Substate
from lighttrace.store.tag_stats import TagStat
from lighttrace.web.issue_text import MOST_BYTES, Told, markdown
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site
from tests.web.test_reading import given_to_a_team

NOON = 1_795_521_600_000
URL = "https://errors.example/issues/SHOP-1"
HEADINGS = {"Stack trace", "What led here", "Request", "Tags of its events", "Context"}


def an_issue(**over: Any) -> Issue:
    fields: dict[str, Any] = {name: None for name in Issue.__dataclass_fields__}
    fields |= {
        "id": 1, "short_id": "SHOP-1", "project_id": 1, "project_slug": "shop",
        "title": "TypeError", "value": "no order", "culprit": "charge in checkout", "level": 40,
        "category": "error", "unhandled": True, "state": State.UNRESOLVED,
        "substate": Substate.NEW, "state_at": NOON, "n_ever": 412, "people_ever": 312,
        "first_at": NOON, "last_at": NOON + 60_000, "first_release": "web@3.18.2",
        "last_release": "web@3.18.2", "tags_hint": (), "metadata": {}, "created_at": NOON,
        "env_counts": (EnvCount("production", 400, 300, NOON),),
    }  # fmt: skip
    return Issue(**(fields | over))


def told(event: Any = None, **over: Any) -> Told:
    sent = an_error(**(event or {}))
    made = normalise(decode(json.dumps(sent).encode()).raw, Arrival(received_at=NOON))
    row = EventRow(
        1, "ab" * 16, 1, 1, NOON, NOON, "production", "web@3.18.2", 40, "", None, (), None
    )
    return Told(**({"issue": an_issue(), "url": URL, "row": row, "event": made} | over))


def test_it_says_what_where_how_often_and_shows_the_code():
    text = markdown(
        told(
            {
                "breadcrumbs": {"values": [{"category": "ui.click", "message": "Place order"}]},
                "request": {"method": "POST", "url": "https://shop.example/pay?cart=7"},
                "contexts": {"browser": {"name": "Firefox", "version": "150"}},
            },
            tags=(TagStat("connection", 400, (("4g", 332), ("wifi", 68)), 2),),
            standouts=(Standout("connection", "4g", 83, 31, 0.4),),
        )
    )
    assert text.startswith(
        "# TypeError: no order\n\nSHOP-1 in shop · error, unhandled · unresolved"
    )
    assert URL in text
    assert "412 events, 312 users: first 2026-11-24 12:00 UTC in web@3.18.2" in text
    assert "Stands out: connection 4g is 83 % here, 31 % across shop" in text
    assert "  at charge (shop/billing.py:14)\n" in text
    assert "    >   14      return total * rate\n" in text
    assert "      rate = null" in text
    assert "… 2 frames in fastapi, starlette" in text
    assert "ui.click: Place order" in text
    assert "POST https://shop.example/pay\ncart=7" in text
    assert "connection: 4g 83 %, wifi 17 %" in text
    assert "Browser: name Firefox, version 150" in text


def test_who_it_was_is_left_out():
    user = {"id": "17", "email": "ada@example.org", "ip_address": "203.0.113.7"}
    headers = {"Cookie": "session=abc", "X-Forwarded-For": "203.0.113.7"}
    text = markdown(told({"user": user, "request": {"url": "https://a.b/", "headers": headers}}))
    for private in ("ada@", "203.0.113.7", "session", "abc\n"):
        assert private not in text


def test_an_event_that_is_gone_leaves_the_issue():
    text = markdown(Told(an_issue(), URL, None, None))
    assert "412 events" in text and "```" not in text


def test_a_huge_event_is_cut_and_stays_whole_markdown():
    frames = [
        {
            "function": f"f{at}", "filename": "a.py", "lineno": at, "in_app": True,
            "context_line": "é" * 5_000, "pre_context": ["é" * 900] * 20,
            "vars": {"x": "é" * 9_000},
        }
        for at in range(300)
    ]  # fmt: skip
    text = markdown(told({"frames": frames}))
    assert len(text.encode()) <= MOST_BYTES
    assert text.rstrip().endswith("```\n(cut here)")


EVIL = (
    *("```", "````", "~~~", "\n", "\r", "\n\n", "# out", "- x", "`", "<img src=x>", "[a](b)", "|"),
    *("![](http://e/x.png)", "\u2028", "\x0b", "\x00", "https://evil.example", "    ", "\t", "a_b"),
    *("===", "---", "1. ", "> ", "*b*", "\\", "&lt;", "Ignore the above."),
)
HOSTILE = st.lists(st.sampled_from(EVIL), max_size=12).map("".join)


@settings(max_examples=40)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_nothing_an_event_says_gets_out_of_its_block(one: str, two: str, three: str):
    event = {
        "frames": [
            {"function": one, "filename": two, "lineno": 3, "in_app": True, "context_line": three,
             "pre_context": [one], "vars": {two: one}},
        ],
        "breadcrumbs": {"values": [{"category": one, "message": two}]},
        "request": {"url": f"https://a.b/{one}", "method": two, "data": three},
        "contexts": {"browser": {"name": one, "version": two}, three: {one: two}},
        "extra": {one: three},
        "title": one,
    }  # fmt: skip
    issue = an_issue(title=one, value=two, culprit=three, env_counts=(EnvCount(one, 1, 1, 1),),
                     first_release=two, last_release=three)  # fmt: skip
    tags = (TagStat(one or "k", 20, ((two, 20),), 1),)
    text = markdown(told(event, issue=issue, tags=tags, standouts=(Standout(one, two, 9, 1, 1),)))
    assert len(text.encode()) <= MOST_BYTES
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    kinds = {token.type for token in tokens}
    assert kinds <= {
        *("heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close", "fence"),
        *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
    }
    headings = [tokens[at + 1].content for at, it in enumerate(tokens) if it.type == "heading_open"]
    assert set(headings[1:]) <= HEADINGS and len(headings) == len(set(headings))
    for token in tokens:
        for child in token.children or ():
            assert child.type in ("text", "text_special", "softbreak", "hardbreak"), child


@pytest.fixture
def shop(mira: Site) -> Site:
    add_projects(mira, "shop")
    send(mira, an_error(user={"email": "ada@example.org"}))
    return mira


def test_the_page_offers_it_for_the_event_that_is_shown(shop: Site):
    html = shop.client.get("/issues/SHOP-1/events/latest").text
    link = html.partition("data-copy-url")[2].partition('href="')[2].partition('"')[0]
    assert link == "/issues/SHOP-1.md?event=latest"
    answer = shop.client.get(link)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("# TypeError: unsupported operand")
    assert "http://testserver/issues/SHOP-1" in answer.text
    assert "hunter2" not in answer.text and "[Filtered]" in answer.text
    assert "ada@" not in answer.text
    assert shop.client.get("/issues/SHOP-1.md?environment=staging").status_code == 200


def test_what_is_not_there_or_not_theirs_has_no_copy(shop: Site):
    for path in ("/issues/SHOP-2.md", "/issues/NOPE.md", f"/issues/SHOP-1.md?event={'0' * 32}"):
        assert shop.client.get(path).status_code == 404
    shop.user("bob@example.com", "member", "Bob")
    shop.write(given_to_a_team)
    shop.client.cookies.clear()
    shop.sign_in("bob@example.com")
    assert shop.client.get("/issues/SHOP-1.md").status_code == 404
