"""A rule means what its page lists: a search asked of one event agrees with the search over a store
that holds nothing else.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lighttrace.errors import QueryError
from lighttrace.event.query.match import compiled, matches
from lighttrace.event.query.read import parse
from lighttrace.event.query.subject import Subject
from lighttrace.event.senseless import why_never
from lighttrace.event.triggers import trigger
from lighttrace.store import groups, issue_list, subjects
from lighttrace.store.batch import Packed, store_events
from lighttrace.store.bodies import Compressor
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.memory import Memory
from lighttrace.store.watching import Seen
from lighttrace.store.writes import EventWrite, Stored
from tests.store.make import NOON, an_event
from tests.store.shelf import Shelf, a_shelf

WORDS = ["gateway", "timed", "out", "Größe", "KeyError", "502", "tax_region", "pay", "payment", "a"]
text = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
name = st.sampled_from(["Payment", "paymentError", "Käse", "a.b", "x/y.py", "checkout", ""])


@st.composite
def events(draw: st.DrawFn) -> EventWrite:
    titles = {"title": draw(st.sampled_from(["KeyError", "PaymentError", "pay gateway"]))}
    frames = st.lists(name.filter(bool), max_size=2).map("\t".join)
    tags = draw(st.dictionaries(st.sampled_from(["component", "url", "n"]), text | name | NUMBER))
    release = draw(st.sampled_from([None, "shop@1.2.0", "shop@1.2.3-beta", "2.0", "abc"]))
    user = draw(st.none() | st.sampled_from(["17", "Mira@shop.example"]))
    return an_event(
        **titles,
        value=draw(text),
        environment=draw(st.sampled_from([None, "production", "Staging"])),
        level=draw(st.sampled_from(["debug", "warning", "error", "fatal"])),
        release=release,
        tags=tuple({**tags, **({"release": release} if release else {})}.items()),
        search_frames="\n".join((draw(frames), draw(frames), draw(frames))),
        platform=draw(st.sampled_from(["python", "javascript"])),
        sdk_name=draw(st.sampled_from([None, "sentry.python"])),
        trace_id=draw(st.sampled_from([None, "cd" * 16])),
        user=user,
        unhandled=draw(st.booleans()),
    )


NUMBER = st.sampled_from(["7", "42", "-1.5"])
PLAIN = st.sampled_from([*WORDS, "17", "checkout", "x/y.py", "Payment"])
VALUE = PLAIN | PLAIN.map(lambda it: f"{it[:3]}*") | PLAIN.map(lambda it: f"*{it[1:]}")
KEYED = st.one_of(
    st.tuples(
        st.sampled_from(["component", "url", "type", "culprit", "platform", "function"]), VALUE
    ),
    st.tuples(st.sampled_from(["file", "module", "environment", "release"]), VALUE),
    st.tuples(st.just("project"), st.sampled_from(["shop", "sh*", "1", "x*"])),
    st.tuples(st.sampled_from(["message", "title"]), PLAIN | text.filter(bool).map('"{}"'.format)),
    st.tuples(st.just("level"), st.sampled_from([">=error", "<error", "fatal", "[debug,error]"])),
    st.tuples(st.just("n"), st.sampled_from([">7", ">=7", "<42", "7", "<=0"])),
    st.tuples(st.just("release"), st.sampled_from(["latest", "~1.2", ">=1.2", "1.2.0", "shop@*"])),
    st.tuples(st.just("firstRelease"), st.sampled_from(["latest", "~1.2", "<2.0", "shop@1.2.0"])),
    st.tuples(st.just("is"), st.sampled_from(["new", "unhandled", "resolved", "unassigned"])),
    st.tuples(st.just("user"), st.sampled_from(["17", "mira@shop.example", "MIRA@shop.example"])),
    st.tuples(st.just("user.email"), st.just("mira@SHOP.example")),
    st.tuples(st.just("sdk"), st.just("Sentry.python")),
    st.tuples(st.just("trace"), st.just("cd" * 16)),
    st.tuples(st.just("environment"), st.sampled_from(["prod*", '""', "[staging,production]"])),
    st.tuples(st.just("events"), st.sampled_from(["1", ">1", ">=1"])),
    st.tuples(st.just("users"), st.sampled_from(["0", ">0"])),
    st.tuples(st.just("age"), st.sampled_from(["-1h", "+1h", "<1h", ">1h", ">=2d"])),
    st.tuples(st.just("lastSeen"), st.sampled_from(["-1h", "2026-11-24", "2026-11-23"])),
    st.tuples(st.just("assigned"), st.just("none")),
    st.tuples(st.just("issue"), st.sampled_from(["SHOP-1", "shop-i", "SHOP-2"])),
    st.tuples(
        st.just("has"),
        st.sampled_from(["component", "user", "release", "message", "function", "trace", "owner"]),
    ),
).map(":".join)
WORD = st.sampled_from([*WORDS, "gatew", "TAX", "shop-1", "mira", "größ", "groß"]) | (
    text.filter(bool).map('"{}"'.format)
)
LEAF = (KEYED | WORD).flatmap(lambda it: st.sampled_from([it, f"!{it}"]))
QUERY = st.recursive(
    LEAF,
    lambda part: st.lists(part, min_size=2, max_size=3).flatmap(
        lambda it: st.sampled_from([" ".join(it), f"({' OR '.join(it)})"])
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with a_shelf(tmp_path_factory.mktemp("one")) as made:
        yield made


@contextmanager
def alone(shelf: Shelf, write: EventWrite) -> Iterator[tuple[Stored, Subject, Subject]]:
    """The event as the only one there is; what a rule is asked of, of the write and read back."""
    compressor = Compressor(shelf.db)
    packed = Packed(write, *compressor.compress(1, write.body))
    shelf.db.execute("begin")
    try:
        (stored,) = store_events(shelf.db, Memory(), [packed], NOON).answers
        assert isinstance(stored, Stored)
        assert stored.issue_id is not None
        said = groups.said(write.titles.title, write.titles.value)
        own = groups.Group(HASH, stored.issue_id, False, said)
        now = subjects.of_write(
            Seen(write, stored.event_row, stored.issue_id, own, None, True),
            "shop",
            partial(subjects.group, shelf.db, HASH),
            partial(subjects.issue, shelf.db, stored.issue_id),
            partial(subjects.latest, shelf.db, 1),
        )
        read = subjects.of_rows(shelf.db, [stored.event_row])[stored.event_row]
        yield stored, now, replace(read, user=write.event.user, sdk=write.event.sdk_name)
    finally:
        shelf.db.execute("rollback")


HASH = 1


def is_found(shelf: Shelf, text: str) -> bool:
    query = IssueQuery(what=parse(text), now_ms=NOON)
    return bool(issue_list.search(shelf.db, query).rows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(write=events(), queries=st.lists(QUERY, min_size=1, max_size=8))
def test_a_rule_matches_what_the_search_finds(
    shelf: Shelf, write: EventWrite, queries: list[str]
) -> None:
    with alone(shelf, write) as (_, now, read):
        for text in queries:
            found = is_found(shelf, text)
            assert (text, matches(parse(text), now)) == (text, found)
            assert (text, matches(parse(text), read)) == (text, found)
            assert not found or why_never([trigger("every")], parse(text)) is None


def test_a_later_event_is_asked_for_its_own_words(tmp_path: Path) -> None:
    with a_shelf(tmp_path) as shelf:
        shelf.receive(an_event(value="order 4711 is lost"))
        (later,) = shelf.receive(an_event(value="order 4712 is late", at=NOON + 1))
        it = subjects.of_rows(shelf.db, [later.event_row])[later.event_row]
        for text in (
            "message:4712",
            '"4712 is late"',
            "message:4711",
            "message:order*late",
            "KeyErr",
        ):
            assert matches(parse(text), it), text
        for text in ("message:4713", '"4712 is lost"', "message:*found*", "!type:KeyError"):
            assert not matches(parse(text), it), text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("is:mine", "asked by a person"),
        ("!is:unseen level:error", "asked by a person"),
        ("assigned:me", "a rule is nobody"),
        ("user:17*", "takes no *"),
        ("id:" + "ab" * 16, "those to come"),
        ("release:>=soon", "no version"),
        ("time:Mon-Fri", "names no zone"),
        ('time:"Mon-Fri 09:00-25:00 UTC"', "no hours"),
        ('time:"09:00-17:00 Berlin"', "no time zone Berlin"),
        ('time:"Mon-Frx UTC"', "no day"),
    ],
)
def test_what_cannot_be_asked_of_an_event_to_come_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(QueryError, match=re.escape(sentence)):
        compiled(parse(text))


def test_a_part_of_the_week_goes_by_its_zone_and_may_go_over_midnight() -> None:
    it = Subject(at_ms=NOON, project_id=1, project="shop")  # a Tuesday, 13:00 in Berlin
    for text, holds in (
        ("Tue 13:00-14:00 Europe/Berlin", True),
        ("Tue 13:00-14:00 UTC", False),
        ("Mon,Wed-Fri UTC", False),
        ("Sat-Tue 22:00-12:01 UTC", True),
        ("Tue 22:00-12:01 UTC", False),
        ("Mon 22:00-12:01 UTC", True),
        ("12:00-24:00 UTC", True),
    ):
        assert matches(parse(f'time:"{text}"'), it) is holds, text
    assert matches(parse('!time:"Sat,Sun Europe/Berlin" count:>=1'), it)
