"""Whatever an SDK called things, it is one event; what cannot be taken is a remark, not a loss."""

import json
from typing import Any

import pytest

from lighttrace.errors import EventError
from lighttrace.event.model import Arrival, Message
from lighttrace.event.normalize import interpolate, normalise
from tests.event.make import ID, NOW, read, remarks


def test_an_event_of_nothing_is_an_event() -> None:
    event = read()
    assert (event.event_id, event.kind, event.level, event.platform) == (
        ID, "default", "error", "other",
    )  # fmt: skip
    assert event.happened_at == event.received_at == NOW
    assert event.message is None and event.exceptions == () and event.remarks == ()


@pytest.mark.parametrize("own", [ID, ID.upper(), "9ec79c33-ec99-42ab-8353-589fcb2e04dc"])
def test_ids_are_32_small_hex_digits_however_they_were_written(own: str) -> None:
    assert read(event_id=own, arrival=Arrival(NOW)).event_id == ID


def test_the_id_of_the_envelope_wins_and_without_any_there_is_no_event() -> None:
    assert read(event_id="f" * 32).event_id == ID
    for odd in (None, 7, "", "zz", "9ec7", [], "9" * 33, "é" * 32):
        assert read(event_id=odd).event_id == ID
        with pytest.raises(EventError):
            read(event_id=odd, arrival=Arrival(NOW))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("fatal", "fatal"), ("critical", "fatal"), ("error", "error"), ("warning", "warning"),
        ("warn", "warning"), ("WARNING", "warning"), ("info", "info"), ("log", "info"),
        ("debug", "debug"), (10, "debug"), (20, "info"), (30, "warning"), (40, "error"),
        (50, "fatal"), ("40", "error"), (None, "error"), ("", "error"), ("loud", "error"),
        (17, "error"), (True, "error"), ([], "error"), ({"a": 1}, "error"), (2**70, "error"),
    ],
)  # fmt: skip
def test_levels_have_many_spellings(said: Any, meant: str) -> None:
    assert read(level=said).level == meant


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("shop@1.4.2", "shop@1.4.2"), (" shop@1.4.2 ", "shop@1.4.2"), ("a b", "a b"), (17, "17"),
        ("feature/x@1.0+7", "feature/x@1.0+7"), ("ünï@1", "ünï@1"), ("r" * 200, "r" * 200),
        ("", None), (None, None), ([], None), ({"a": 1}, None), ("   ", None),
    ],
)  # fmt: skip
def test_releases_are_kept_as_they_are_called(said: Any, kept: str | None) -> None:
    event = read(release=said)
    assert event.release == kept and event.remarks == ()


@pytest.mark.parametrize("said", ["a\nb", "a\tb", "a\\b", ".", "..", "latest", "Latest", "r" * 201])
def test_a_release_that_cannot_be_one_costs_only_itself(said: str) -> None:
    event = read(release=said, message="kept")
    assert event.release is None and event.message is not None
    assert remarks(event) == [("invalid_data", "release")]


@pytest.mark.parametrize(
    ("said", "kept", "noted"),
    [
        ("production", "production", False), (" qa env ", "qa env", False), ("", None, False),
        ("none", None, True), ("NONE", None, True), ("a/b", None, True), ("a\nb", None, True),
        ("e" * 64, "e" * 64, False), ("e" * 65, None, True), (None, None, False),
    ],
)  # fmt: skip
def test_environments(said: str | None, kept: str | None, noted: bool) -> None:
    event = read(environment=said)
    assert event.environment == kept
    assert remarks(event) == ([("invalid_data", "environment")] if noted else [])


def test_a_tag_says_the_environment_where_the_event_does_not() -> None:
    assert read(tags={"environment": "staging"}).environment == "staging"
    assert read(tags={"environment": "staging"}, environment="live").environment == "live"


@pytest.mark.parametrize(
    ("said", "kept", "noted"),
    [("42", "42", False), ("", None, False), (42, "42", False), ("a b", None, True),
     ("d" * 64, "d" * 64, False), ("d" * 65, None, True)],
)  # fmt: skip
def test_dists(said: Any, kept: str | None, noted: bool) -> None:
    event = read(dist=said)
    assert event.dist == kept
    assert remarks(event) == ([("invalid_data", "dist")] if noted else [])


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"message": "hello"}, Message("hello")),
        ({"message": 42}, Message("42")),
        ({"message": {"message": "a %s", "params": ["b"]}}, Message("a b", "a %s")),
        ({"logentry": {"formatted": "a b"}}, Message("a b")),
        ({"logentry": {"message": "a %s", "params": ["b"], "formatted": "a B"}},
         Message("a B", "a %s")),
        ({"logentry": {"message": "just text"}}, Message("just text")),
        ({"logentry": "just text"}, Message("just text")),
        ({"logentry": {"params": ["b"]}, "message": "a %s"}, Message("a b", "a %s")),
        ({"logentry": {"message": "a"}, "message": "other"}, Message("a")),
        ({"sentry.interfaces.Message": {"message": "a %s", "params": ["b"]}},
         Message("a b", "a %s")),
        ({"logentry": [], "message": "kept"}, Message("kept")),
        ({"logentry": {"message": ""}, "message": "kept"}, Message("kept")),
        ({"logentry": 7, "message": "kept"}, Message("kept")),
        ({"message": ""}, None), ({"message": []}, None), ({"logentry": {}}, None),
        ({"logentry": {"message": {"a": 1}}}, None),
    ],
)  # fmt: skip
def test_messages_come_in_many_forms(fields: dict[str, Any], kept: Message | None) -> None:
    assert read(**fields).message == kept


@pytest.mark.parametrize(
    ("template", "params", "shown"),
    [
        ("%s of %d", ["a", 7], "a of 7"),
        ("{0} of {1}", ["a", 7], "a of 7"),
        ("{} of {}", ["a", None], "a of null"),
        ("%(who)s left", {"who": "dana"}, "dana left"),
        ("{who} left", {"who": "dana"}, "dana left"),
        ("%(who)s left", {"other": 1}, "%(who)s left"),
        ("%s and %s", ["one"], "%s and %s"),
        ("%s", ["one", "too many"], "%s"),
        ("%s", [], "%s"), ("%s", "text", "%s"), ("100% of {x}", ["a"], "100% of {x}"),
        ("%s", [{"a": [1]}], '{"a":[1]}'),
    ],
)  # fmt: skip
def test_templates_are_filled_as_far_as_they_fit(template: str, params: Any, shown: str) -> None:
    assert interpolate(template, params) == shown


def test_fingerprints_are_lists_of_text() -> None:
    assert read(fingerprint=["{{ default }}", 7, True, None, [], 1.5]).fingerprint == (
        "{{ default }}", "7", "True", "1.5",
    )  # fmt: skip
    bare = read(fingerprint="checkout")
    assert bare.fingerprint == () and remarks(bare) == [("invalid_data", "fingerprint")]
    long = read(fingerprint=["x" * 2000] * 50).fingerprint
    assert len(long) == 32 and {len(part) for part in long} == {1024}


def test_tags_come_as_a_map_as_pairs_and_as_objects() -> None:
    kept = (("team", "billing"), ("n", "7"), ("ok", "True"))
    assert read(tags={"team": "billing", "n": 7, "ok": True}).tags == kept
    assert read(tags=[["team", "billing"], ["n", 7], ["ok", True]]).tags == kept
    assert read(tags=[{"key": "team", "value": "billing"}, ["n", 7], ["ok", True]]).tags == kept
    for nothing in (None, "team", 7, [], [["team"], "x", None, 7, ["a", "b", "c"]]):
        assert read(tags=nothing).tags == ()


def test_the_first_of_equal_tags_wins_and_blanks_become_dashes() -> None:
    assert read(tags=[["a b", "1"], ["a-b", "2"], [" c ", " x "]]).tags == (
        ("a-b", "1"),
        ("c", "x"),
    )


def test_tags_that_cannot_be_tags_are_noted() -> None:
    event = read(tags={"schön": "x", "a": "two\nlines", "k" * 201: "x", "b": " ", "good": "x"})
    assert event.tags == (("good", "x"),)
    assert len(event.remarks) == 4
    silent = read(tags={"null": None, "list": [], "map": {}, "empty": "", "good": "x"})
    assert silent.tags == (("good", "x"),) and silent.remarks == ()


def test_tags_are_bounded() -> None:
    assert read(tags={"a": "x" * 500}).tags == (("a", "x" * 197 + "..."),)
    assert len(read(tags={f"t{n}": "x" for n in range(1000)}).tags) == 200
    assert len(read(tags={f"ü{n}": "x" for n in range(1000)}).remarks) <= 60


def test_the_person_is_read_with_ids_of_any_kind() -> None:
    user = read(user={"id": 0, "email": "d@x.example", "username": "dana", "name": "D"}).user
    assert user is not None and (user.id, user.username) == ("0", "dana")
    assert read(user={"id": None}).user is None
    assert read(user=[]).user is None and read(user="dana").user is None
    old = read(**{"sentry.interfaces.User": {"id": "7"}}).user
    assert old is not None and old.id == "7"


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"user": {"ip_address": "198.51.100.7"}}, "198.51.100.7"),
        ({"user": {"ip_address": "{{auto}}"}}, "203.0.113.9"),
        ({"user": {"ip_address": "2001:DB8::1"}}, "2001:db8::1"),
        ({"user": {"ip_address": "somewhere"}}, None),
        ({"user": {"id": 1}}, None),
        ({"sdk": {"settings": {"infer_ip": "auto"}}}, "203.0.113.9"),
        ({"request": {"env": {"REMOTE_ADDR": "198.51.100.8"}}}, "198.51.100.8"),
        ({"request": {"env": {"REMOTE_ADDR": "198.51.100.8"}},
          "sdk": {"settings": {"infer_ip": "never"}}}, None),
    ],
)  # fmt: skip
def test_an_address_is_taken_as_far_as_the_client_allows(
    fields: dict[str, Any], address: str | None
) -> None:
    user = read(**fields, arrival=Arrival(NOW, ID, ip_address="203.0.113.9")).user
    assert (user.ip_address if user else None) == address


def test_texts_are_trimmed_on_the_event_and_whole_in_what_was_sent() -> None:
    event = read(
        message="m" * 10_000, transaction="t" * 300, logger="l" * 100, server_name="s" * 300
    )
    assert event.message is not None and len(event.message.formatted) == 8192
    assert event.message.formatted.endswith("...")
    names = (event.transaction, event.logger, event.server_name)
    assert [len(name or "") for name in names] == [200, 64, 200]
    assert len(event.raw["message"]) == 10_000


def test_what_clients_report_themselves_is_kept() -> None:
    event = read(errors=[{"type": "too_large", "name": "extra", "value": [1]}, "x", {}] * 40)
    assert remarks(event)[0] == ("too_large", "extra") and len(event.remarks) <= 50


def test_trace_and_sdk() -> None:
    event = read(
        contexts={
            "trace": {"trace_id": "A" * 32, "span_id": "b" * 16},
            "odd": 7,
            "os": {"name": "x"},
        },
        sdk={"name": "sentry.python", "version": "2.75.0"},
    )
    assert (event.trace_id, event.span_id) == ("a" * 32, "b" * 16)
    assert (event.sdk_name, event.sdk_version) == ("sentry.python", "2.75.0")
    assert set(event.contexts) == {"trace", "os"}
    odd = read(contexts={"trace": {"trace_id": "zz", "span_id": 7}}, sdk="sentry.python")
    assert (odd.trace_id, odd.span_id, odd.sdk_name) == (None, None, None)
    assert len(read(contexts={f"c{n}": {"a": 1} for n in range(500)}).contexts) == 60


NAMES = (
    "timestamp", "contexts", "sdk", "logentry", "message", "exception", "stacktrace", "csp",
    "request", "tags", "platform", "level", "logger", "server_name", "release", "dist",
    "environment", "transaction", "threads", "fingerprint", "checksum", "user", "errors", "extra",
    "breadcrumbs", "modules", "event_id", "type", "debug_meta", "_meta",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 2**70, 1e300, "", "x", "x" * 9000, [], [[]], [None], [[1, 2]],
    ["a", "b"], {}, {"": ""}, {"values": None}, {"values": {}},
    {"values": [None, 7, "x", [], {}]}, {"a": {"b": []}},
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_any_value_in_any_place_is_survived(name: str) -> None:
    for odd in ODD:
        event = read(**{name: odd, "event_id": odd if name == "event_id" else None})
        assert event.event_id == ID
        json.dumps(event.raw)


def test_the_same_in_is_the_same_out() -> None:
    raw = {"message": "x", "tags": {"a": "b"}, "user": {"id": 1}, "timestamp": NOW / 1000}
    assert normalise(raw, Arrival(NOW, ID)) == normalise(raw, Arrival(NOW, ID))
