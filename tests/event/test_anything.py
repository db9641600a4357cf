"""Any JSON at all, as an event: read or refused in a sentence, never anything else."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighttrace.errors import EventError
from lighttrace.event.decode import decode
from lighttrace.event.frames import search_text
from lighttrace.event.grouping.explain import explain
from lighttrace.event.grouping.lt1 import group
from lighttrace.event.model import Arrival, Event
from lighttrace.event.normalize import normalise
from lighttrace.event.person import person
from lighttrace.event.scrub import ScrubRules, scrub
from lighttrace.event.tags import all_tags
from lighttrace.event.title import titles
from tests.event.make import ID, NOW
from tests.event.test_normalize import NAMES

INNER = (
    "values", "frames", "stacktrace", "type", "value", "mechanism", "handled", "exception_id",
    "parent_id", "is_exception_group", "meta", "ns_error", "domain", "synthetic", "function",
    "module", "filename", "abs_path", "in_app", "context_line", "pre_context", "vars", "lineno",
    "message", "formatted", "params", "url", "headers", "cookies", "data", "env", "query_string",
    "id", "email", "ip_address", "name", "version", "trace", "trace_id", "os", "browser", "flags",
    "password", "api_key", "key", "settings", "infer_ip", "crashed", "current", "thread_id",
)  # fmt: skip
WORDS = (
    "", "x", "KeyError: 'a'", "{{ default }}", "{{ tags.a }}", "{{auto}}", "token=hunter2",
    "https://a:b@x.example/?password=1#x", "4111 1111 1111 1111", "2026-11-23T12:14:57Z", "a/b",
    "\x00", "\ud800", "\U0001f600", "eyJhbGciOiJI.eyJzdWIiOiIx.x", "javascript", "native", "?",
    "<anonymous>", "0x17", "%s of %d", "a" * 300, "Loading chunk 7 failed", "[native code]",
)  # fmt: skip
leaves = st.one_of(
    st.none(), st.booleans(), st.sampled_from([0, 1, -1, 40, 2**31, 2**63, 2**70, -(2**70)]),
    st.floats(), st.sampled_from(WORDS), st.text(max_size=20),
)  # fmt: skip
inner = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.lists(below, max_size=4),
        st.dictionaries(st.sampled_from(INNER), below, max_size=5),
        st.dictionaries(st.text(max_size=8), below, max_size=2),
    ),
    max_leaves=25,
)
events = st.dictionaries(st.sampled_from(NAMES), inner, max_size=8)


def everything(raw: Any, rules: ScrubRules | None = None) -> tuple[Event, list[Any]]:
    """The whole way of an event, as `ingest.errors` goes it."""
    payload = json.dumps(raw).encode()
    kept = scrub(decode(payload).raw, rules or ScrubRules(), payload).raw
    event = normalise(kept, Arrival(NOW, ID, ip_address="203.0.113.9", user_agent="Mozilla/5.0"))
    grouping = group(event)
    named = titles(event, grouping.main)
    return event, [grouping.hash, named, all_tags(event), explain(event), search_text(event)]


def check(event: Event, read: list[Any]) -> None:
    """Storable, and no larger than it may be."""
    hash, named, tags, told, words = read
    again = msgspec.json.decode(msgspec.json.encode(event.raw))
    assert isinstance(again, dict)
    msgspec.json.encode(event)
    assert len(hash) == 16 and 0 < event.happened_at < 2**53 and len(event.event_id) == 32
    assert len(named.title) <= 256 and len(named.value) <= 1024 and len(named.culprit) <= 200
    assert len(tags) <= 220 and all(len(k) <= 200 and 0 < len(v) <= 200 for k, v in tags)
    assert len(told.encode()) < 64_000 and len(words) <= 4096
    assert len(event.remarks) <= 120 and event.level in (
        "debug",
        "info",
        "warning",
        "error",
        "fatal",
    )
    affected = person(event)
    assert affected is None or len(affected.key) == 8
    for text in (named.title, named.value, named.culprit, words, *(v for _, v in tags)):
        text.encode()  # no half of a character
        assert "\x00" not in text
    for link in event.exceptions:
        assert len(link.value or "") <= 8192 and len(link.type or "") <= 256
        assert len(link.frames) <= 250
        for frame in link.frames:
            assert frame.lineno is None or 0 <= frame.lineno < 2**31
            assert max(len(frame.function or ""), len(frame.module or "")) <= 1024


@given(events)
@settings(max_examples=300)
def test_any_json_under_the_names_of_an_event(raw: dict[str, Any]) -> None:
    check(*everything(raw))


@given(
    st.recursive(leaves, lambda it: st.lists(it) | st.dictionaries(st.text(), it), max_leaves=10)
)
@settings(max_examples=100)
def test_any_json_at_all(value: Any) -> None:
    try:
        event, read = everything(value)
    except EventError:
        assert not isinstance(value, dict)
    else:
        check(event, read)


@given(events, st.booleans())
@settings(max_examples=100)
def test_under_any_rules_of_scrubbing(raw: dict[str, Any], addresses: bool) -> None:
    for enabled in (True, False):
        rules = ScrubRules(enabled, ("x", "id"), ("token",), keep_addresses=addresses)
        check(*everything(raw, rules))


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_refused(payload: bytes) -> None:
    for candidate in (payload, b'{"message":' + payload + b"}"):
        try:
            decode(candidate)
        except EventError as error:
            assert str(error)


@pytest.mark.parametrize("levels", [100, 119, 121, 300, 900])
@pytest.mark.parametrize("name", ["level", "tags", "exception", "logentry", "timestamp", "extra"])
def test_nesting_is_read_or_refused(name: str, levels: int) -> None:
    value: Any = 7
    for _ in range(levels):
        value = [value]
    for rules in (ScrubRules(), ScrubRules(enabled=False)):
        try:
            everything({name: value}, rules)
        except EventError:
            assert levels > 100
        else:
            assert levels < 121


def test_numbers_that_are_none_become_nothing() -> None:
    event, _ = everything({"extra": {"a": math.nan, "b": math.inf}, "timestamp": math.nan})
    assert event.raw["extra"] == {"a": None, "b": None} and event.happened_at == NOW
