"""What people type finds what they mean, and nothing they type is an error."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lighttrace.errors import QueryError
from lighttrace.event.query.read import parse
from lighttrace.store import issue_list, text_index
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.search import compile
from tests.store.make import DAY, HOUR, NOON, an_event
from tests.store.shelf import Shelf, a_shelf

AS_TOLD = {1: 3, 2: 1, 3: 2}  # the id of an issue → the group it is called by below


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with a_shelf(tmp_path_factory.mktemp("search")) as made:
        for write in (
            an_event(group="3", title="Käse", value="ist aus", at=NOON - 10 * DAY, tags=()),
            an_event(
                group="1",
                title="PaymentError",
                value="gateway answered 502",
                tags=(("component", "checkout"), ("browser", "Chrome 130")),
                search_frames="charge_card\nbilling/gateway.ts\nbilling.gateway",
            ),
            an_event(
                group="2",
                title="KeyError",
                value="'tax_region'",
                environment="staging",
                level="warning",
                release="shop@2.0.0",
                tags=(("component", "invoice"), ("url", "https://shop.example/a b")),
                search_frames="lines\ninvoice.py\n",
            ),
            an_event(
                group="1",
                title="PaymentError",
                value="order 4711 was paid twice",
                event_id="ab" * 16,
                tags=(
                    ("component", "checkout"),
                    ("browser", "Firefox 150"),
                    ("http.status", "502"),
                ),
                user="17",
                trace_id="cd" * 16,
                sdk_name="sentry.python",
                person_shown="mira@shop.example",
            ),
        ):
            made.receive(write)
        yield made


@pytest.fixture
def found(shelf: Shelf) -> Callable[..., set[int]]:
    def ask(text: str, env: str | None = None, period_ms: int | None = None) -> set[int]:
        what = parse(text, compile.tag_names(shelf.db))
        query = IssueQuery(what=what, env=env, period_ms=period_ms, now_ms=NOON)
        rows = issue_list.search(shelf.db, query).rows
        assert {row.id for row in rows} == set(issue_list.ids(shelf.db, query, 100))
        return {AS_TOLD[row.id] for row in rows}

    return ask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gateway", {1}),
        ("GATEWAY payment", {1}),  # the last word may be the beginning of one
        ("gatew", {1}),
        ("atew", set()),
        ('"gatew"', set()),
        ('"answered 502"', {1}),
        ('"502 answered"', set()),
        ("tax_region", {2}),
        ("invoice.py", {2}),  # a frame
        ("kase", {3}),  # without its dots
        ("4711", {1}),  # only a later event says so
        ("order twice", {1}),
        ("checkout", {1}),  # the value of a tag
        ("gateway invoice", set()),
        ("component:checkout", {1}),
        ("component:checkout gateway", {1}),
        ("component:checkout tax", set()),
        ('browser:"Firefox 150"', {1}),
        ('browser:"Firefox 150" component:invoice', set()),
        ("component:none", set()),
        ("level:warning", {2}),
        ("environment:staging", {2}),
        ("release:shop@2.0.0", {2}),
        ('url:"https://shop.example/a b"', {2}),
        ("https://shop.example", {2}),  # no tag of that name: words
        ("SHOP-1", {3}),
        ("shop-2", {1}),
        ("ab" * 16, {1}),
        ("AB" * 16, {1}),
        ("ce" * 16, set()),
    ],
)
def test_a_text_finds(found: Callable[..., set[int]], text: str, expected: set[int]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"PaymentError: gateway"', {1}),  # begins in the type and ends in the message
        ('"order 4711 was"', {1}),  # what only a later event says
        ('"4711 order"', set()),
        ("4711 charge_card", {1}),  # the one is said by an event, the other by its group
        ("PaymentError 4711 browser:*fox*", {1}),
        ("type:keyerror", {2}),
        ("type:*Error", {1, 2}),
        ("function:charge_card", {1}),
        ("file:gateway.ts", {1}),
        ("file:billing/*.ts", {1}),
        ("file:charge_card", set()),
        ("message:aus", {3}),
        ("title:Käse", {3}),
        ("level:>=warning", {1, 2, 3}),
        ("level:<error", {2}),
        ("level:[warning,fatal]", {2}),
        ("release:>=1.5", {2}),
        ("release:2.0.0", {2}),
        ("release:latest", {2}),
        ("release:~1.0", {1, 3}),
        ("release:shop@*", {1, 2, 3}),
        ("environment:prod*", {1, 3}),
        ("!environment:production", {2}),
        ("has:component", {1, 2}),
        ("!has:component", {3}),
        ("component:*", {1, 2}),
        ("component:CHECKOUT", {1}),
        ("component:[checkout,invoice]", {1, 2}),
        ("browser:Chrome*", {1}),
        ("!browser:Chrome*", {1, 2, 3}),  # one of its events was in Firefox
        ("component:checkout !browser:Chrome* !browser:Firefox*", set()),
        ("component:invoice OR kase", {2, 3}),
        ("(component:invoice OR component:checkout) !tax_region", {1}),
        ("is:unresolved", {1, 2, 3}),
        ("is:unresolved OR component:checkout", {1, 2, 3}),
        ("is:resolved OR component:checkout", {1}),
        ("is:new events:>1", {1}),
        ("!is:new", set()),
        ("events:1", {2, 3}),
        ("users:>0", {1}),
        ("user.email:MIRA@shop.example", {1}),
        ("user:17", {1}),
        ("mira@shop.example", {1}),
        ("has:user.email", {1}),
        ("firstSeen:-1d", {1, 2}),
        ("age:+2d", {3}),
        ("lastSeen:>=2026-11-24", {1, 2}),
        ("firstRelease:shop@2.0.0", {2}),
        ("project:shop", {1, 2, 3}),
        ("assigned:none", {1, 2, 3}),
        ("is:assigned", set()),
        ("issue:SHOP-1", {3}),
        ("id:" + "ab" * 16, {1}),
        ("trace:" + "cd" * 16, {1}),
        ("platform:python", {1, 2, 3}),
        ("sdk:sentry.python", {1}),
        ("culprit:total", {1, 2, 3}),
        ("http.status:>=500", {1}),
        ("http.status:<500", set()),
        ("TypeError: x", set()),
        ("Traceback (most recent call last)", set()),
    ],
)
def test_a_key_finds(found: Callable[..., set[int]], text: str, expected: set[int]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("assigned:me", "belongs to nobody"),
        ("is:mine", "belongs to nobody"),
        ("assigned:nobody@shop.example", "nobody called"),
        ("assigned:#nobody", "no team"),
        ("project:nothing", "no project nothing"),
        ("release:>=abc", "no version"),
        ("user.email:*@shop.example", "takes no *"),
    ],
)
def test_what_cannot_be_answered_is_said(
    found: Callable[..., set[int]], text: str, says: str
) -> None:
    with pytest.raises(QueryError, match=says.replace("*", r"\*")):
        found(text)


def test_events_are_looked_for_in_the_environment_and_period_of_the_list(
    found: Callable[..., set[int]],
) -> None:
    assert found("component:invoice", "staging") == {2}
    assert found("component:invoice", "production") == set()
    assert found("component:invoice", "nowhere") == set()
    assert found("level:error", period_ms=HOUR) == {1}
    assert found("level:error", period_ms=20 * DAY) == {1, 3}


@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "gatew",
                    "4711",
                    '"order 4711"',
                    "charge_card",
                    "(",
                    ")",
                    "OR",
                    "!",
                    "is:new",
                    "*",
                ),
                *("component:checkout", "browser:*fox*", "level:>=error", "release:latest", "a:b"),
                *(
                    "has:url",
                    "events:>1",
                    "user:17",
                    "function:t*",
                    "firstSeen:-1d",
                    "!is:resolved",
                ),
            ]
        ),
        max_size=8,
    ).map(" ".join)
    | st.text(st.sampled_from("ab:\"* -^(){}.\0\\'ü日_+AND NOT"), max_size=30)
    | st.text()
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_is_an_error_of_the_store(found: Callable[..., set[int]], text: str) -> None:
    try:
        found(text)
    except QueryError as error:
        assert str(error)


# what Python takes for a letter and the tokenizer of SQLite does not, composed and decomposed
@pytest.mark.parametrize("text", ["0ᦰ0", "ᦰ", "café", "cafe\u0301", "日本語", "𝔘𝔫𝔦", "हिन्दी"])
def test_words_are_cut_as_the_indexes_cut_them(found: Callable[..., set[int]], text: str) -> None:
    found(text)
    words = text_index.words(text)
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("""create virtual table t using fts5(c, tokenize="unicode61 tokenchars '_'")""")
        db.execute("create virtual table v using fts5vocab(t, instance)")
        db.execute("insert into t(rowid, c) values(1, ?)", (text,))
        db.executemany("insert into t(rowid, c) values(?, ?)", enumerate(words, 2))
        tokens = [row[0] for row in db.execute("select term from v order by doc, offset") if row]
    assert tokens[: len(words)] == tokens[len(words) :]


def test_words_that_tags_have_and_words_of_many_are_counted_by_event(shelf: Shelf) -> None:
    what = parse("firefox", compile.tag_names(shelf.db))
    (row,) = issue_list.search(shelf.db, IssueQuery(what=what, now_ms=NOON)).rows
    assert (row.n, row.n_ever) == (1, 2)
