"""Secrets are gone, and nothing else is."""

import json
from typing import Any

import pytest

from lighttrace.errors import EventError
from lighttrace.event.decode import decode
from lighttrace.event.scrub import FILTERED, ScrubRules, scrub
from tests.event.corpus import samples
from tests.event.make import scrubbed

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"


def value_of(text: str) -> str:
    """What is left of a text that stands under an innocent key."""
    kept: str = scrubbed(extra={"note": text})["extra"]["note"]
    return kept


@pytest.mark.parametrize(
    "key",
    [
        "password", "passwd", "secret", "token", "api_key", "apikey", "auth", "credentials",
        "session", "csrf", "jwt", "private_key", "mysql_pwd", "stripeToken", "card",
        "userPassword", "user-password", "PASSWORD", "DB_PASSWORD", "HTTPPassword", "apiKey",
        "X-Api-Key", "Authorization", "Proxy-Authorization", "X-Auth-Token", "Set-Cookie",
        "accessToken", "csrfmiddlewaretoken", "session_id", "PHPSESSID", "card number", "iban",
    ],
)  # fmt: skip
def test_a_key_that_names_a_secret_loses_its_value(key: str) -> None:
    assert scrubbed(extra={key: "hunter2"})["extra"] == {key: FILTERED}
    assert scrubbed(extra={key: {"deep": ["hunter2"]}})["extra"] == {key: FILTERED}


@pytest.mark.parametrize(
    "key",
    [
        "monkey", "keyboard", "author", "authors", "cardinal", "discard", "passenger", "sessions",
        "tokenizer", "secretary", "primary_key", "key_count", "session_count", "author_id",
        "compass",
    ],
)  # fmt: skip
def test_a_word_that_only_looks_like_one_keeps_it(key: str) -> None:
    assert scrubbed(extra={key: "of mine"})["extra"] == {key: "of mine"}


def test_numbers_booleans_and_nothing_stay() -> None:
    kept = {"token": 17, "password": None, "secret": False, "auth": 1.5, "jwt": "", "csrf": []}
    assert scrubbed(extra=kept)["extra"] == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("login with password=hunter2 failed", f"login with password={FILTERED} failed"),
        ("https://x.example/a?token=hunter2&page=3", f"https://x.example/a?token={FILTERED}&page=3"),
        ("theme=dark; sessionid=hunter2", f"theme=dark; sessionid={FILTERED}"),
        ("postgres://app:hunter2@db/shop", f"postgres://app:{FILTERED}@db/shop"),
        ("redis://:hunter2@cache:6379/0", f"redis://:{FILTERED}@cache:6379/0"),
        ("{'id': 'dana', 'password': 'hunter2'}", f"{{'id': 'dana', 'password': '{FILTERED}'}}"),
        ('{"api_key": "hunter2", "a": 1}', f'{{"api_key": "{FILTERED}", "a": 1}}'),
        ("{'secret': b'hunter2'}", f"{{'secret': '{FILTERED}'}}"),
        (f"sent {JWT} and failed", f"sent {FILTERED} and failed"),
        ("header Bearer hunter2hunter2", f"header Bearer {FILTERED}"),
        ("header Basic aHVudGVyMjo=", f"header Basic {FILTERED}"),
        ("a -----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY----- b",
         f"a {FILTERED} b"),
        ("-----BEGIN PRIVATE KEY-----\nhunter2", FILTERED),
    ],
)  # fmt: skip
def test_a_value_that_looks_like_a_secret_loses_it(said: str, kept: str) -> None:
    assert value_of(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "a basic functionality check", "Unexpected token identifier", "the bearer of it",
        "https://x.example/a?page=3", "https://x.example/@dana/photos", "mail dana@example.com",
        "key: value", "BEGIN of a story", "total=17", "{'user': 'dana'}", "eyJust a word",
    ],
)  # fmt: skip
def test_ordinary_text_is_left_as_it_is(said: str) -> None:
    gates = "Basic YWxhZGRpbjpvcGVuc2VzYW1l"  # a secret elsewhere, so that every text is asked
    kept = scrubbed(extra={"note": said, "other": gates})["extra"]
    assert kept == {"note": said, "other": f"Basic {FILTERED}"}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("4111111111111111", FILTERED),
        ("4111 1111 1111 1111", FILTERED),
        ("pay 4111-1111-1111-1111 now", f"pay {FILTERED} now"),
        ("3782 822463 10005", FILTERED),
        ("4111 1111 1111 1111 12/27", f"{FILTERED} 12/27"),
        ("4111 1111 1111 1111 123", f"{FILTERED} 123"),
        ("order 17 4111 1111 1111 1111", f"order 17 {FILTERED}"),
        ("5555555555554444, 4111111111111111", f"{FILTERED}, {FILTERED}"),
        ("line\n4111111111111111", f"line\n{FILTERED}"),
    ],
)
def test_card_numbers_are_known_by_their_check_digit(said: str, kept: str) -> None:
    assert value_of(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "4111111111111112", "1795436097800123", "order 8888 1234 1234 1234", "id-4111111111111111",
        "0.4111111111111111", "41111111111111114111111111111111", "2026-11-23 12:14:57",
        "x4111111111111111",
    ],
)  # fmt: skip
def test_other_long_numbers_stay(said: str) -> None:
    assert value_of(said) == said


PLACES: list[dict[str, Any]] = [
    {"breadcrumbs": {"values": [{"message": "GET /?token=hunter2"}]}},
    {"breadcrumbs": [{"data": {"headers": {"authorization": "hunter2"}}}]},
    {"breadcrumbs": {"values": [{"data": {"url": "https://dana:hunter2@x.example/"}}]}},
    {"request": {"url": "https://x.example/?password=hunter2", "query_string": "token=hunter2"}},
    {"request": {"query_string": [["token", "hunter2"]]}},
    {"request": {"headers": [["Authorization", "hunter2"], ["Cookie", "sessionid=hunter2"]]}},
    {"request": {"headers": {"X-Api-Key": "hunter2", "Cookie": "a=1; csrftoken=hunter2"}}},
    {"request": {"cookies": {"sessionid": "hunter2"}}},
    {"request": {"cookies": [["sessionid", "hunter2"]]}},
    {"request": {"data": {"user": {"password": "hunter2"}}}},
    {"request": {"data": '{"password": "hunter2"}'}},
    {"request": {"data": "user=dana&password=hunter2"}},
    {"request": {"env": {"DB_PASSWORD": "hunter2"}}},
    {"exception": {"values": [{"value": "password=hunter2", "stacktrace": {"frames": [
        {"vars": {"password": "hunter2", "request": {"token": "hunter2"},
                  "config": "{'secret': 'hunter2'}"}}]}}]}},
    {"logentry": {"message": "%s", "params": ["token=hunter2"], "formatted": "token=hunter2"}},
    {"contexts": {"app": {"auth_token": "hunter2"}}},
    {"tags": [["api_key", "hunter2"], {"key": "password", "value": "hunter2"}]},
    {"tags": {"token": "hunter2"}},
    {"user": {"id": 7, "data": {"password": "hunter2"}}},
    {"extra": {"list": [[{"a": [{"secret": "hunter2"}]}]]}},
    {"extra": {"module": {"password": "hunter2"}, "filename": [{"token": "hunter2"}]}},
    {"extra": {"modules": {"password": "hunter2"}}},
    {"transaction": "/login?password=hunter2"},
]  # fmt: skip


@pytest.mark.parametrize("event", PLACES, ids=lambda event: json.dumps(event)[:60])
def test_wherever_it_stands(event: dict[str, Any]) -> None:
    assert "hunter2" not in json.dumps(scrubbed(**event))


def test_code_packages_and_ids_are_left_alone() -> None:
    event = {
        "modules": {"secret": "1.0", "python-jwt": "2.1"},
        "exception": {"values": [{"stacktrace": {"frames": [
            {"context_line": "login(password='hunter2')", "pre_context": ["token = 'x'"] * 2,
             "function": "key=value", "module": "auth.token"}]}}]},
        "contexts": {"trace": {"trace_id": "4111111111111111" * 2}},
    }  # fmt: skip
    assert scrubbed(**event) == event


def test_it_says_where_something_was() -> None:
    payload = json.dumps({"extra": {"a": [{"password": "x"}]}, "_meta": {"extra": 7}}).encode()
    found = scrub(decode(payload).raw, ScrubRules(), payload)
    assert found.changed
    remark = {"": {"rem": [["@lighttrace:secret", "s"]]}}
    assert found.raw["_meta"] == {"extra": {"a": {"0": {"password": remark}}}}


def test_an_event_without_secrets_is_not_touched() -> None:
    payload = json.dumps({"message": "x", "extra": {"a": 1}}).encode()
    raw = decode(payload).raw
    found = scrub(raw, ScrubRules(), payload)
    assert not found.changed and found.raw == json.loads(payload)


def test_a_project_adds_words_of_its_own() -> None:
    rules = ScrubRules(extra_keys=("kundennummer", "Tax ID"))
    kept = scrubbed(
        rules,
        extra={"kundennummer": "17", "Tax ID": "AT1", "other": "x"},
        request={"url": "https://x.example/?kundennummer=17&page=3"},
    )
    assert kept["extra"] == {"kundennummer": FILTERED, "Tax ID": FILTERED, "other": "x"}
    assert kept["request"]["url"] == f"https://x.example/?kundennummer={FILTERED}&page=3"


def test_a_project_says_what_is_no_secret_with_it() -> None:
    rules = ScrubRules(safe_keys=("token", "Session"))
    event = {"extra": {"token": "t", "session": "s", "url": "https://x.example/?token=abc"}}
    assert scrubbed(rules, **event) == event
    assert scrubbed(rules, extra={"api_token": "t"})["extra"] == {"api_token": FILTERED}


def test_it_can_be_switched_off() -> None:
    event = {"extra": {"password": "p", "note": "token=abcdef, postgres://a:b@c/"}}
    assert scrubbed(ScrubRules(enabled=False), **event) == event
    assert scrubbed(ScrubRules(enabled=False, keep_addresses=False), **event) == event


def test_addresses_go_where_a_project_keeps_none() -> None:
    event = {
        "user": {"id": "7", "ip_address": "198.51.100.7"},
        "request": {
            "headers": [["X-Forwarded-For", "198.51.100.7"], ["Accept", "*/*"]],
            "env": {"REMOTE_ADDR": "198.51.100.7", "HTTP_X_REAL_IP": "198.51.100.7"},
        },
    }
    assert "198.51.100.7" in json.dumps(scrubbed(**event))
    for enabled in (True, False):
        rules = ScrubRules(enabled=enabled, keep_addresses=False)
        assert "198.51.100.7" not in json.dumps(scrubbed(rules, **event))
    auto = {"user": {"ip_address": "{{auto}}"}}
    assert scrubbed(ScrubRules(keep_addresses=False), **auto) == auto


@pytest.mark.parametrize("rules", [ScrubRules(), ScrubRules(enabled=False)])
def test_what_nests_deeper_than_any_client_is_refused(rules: ScrubRules) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        payload = f'{{"extra":{opening * 200}1{closing * 200}}}'.encode()
        with pytest.raises(EventError):
            scrub(decode(payload).raw, rules, payload)


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_scrubbing_real_events_again_finds_nothing_more(sample: Any) -> None:
    once = scrub(decode(sample.payload).raw, ScrubRules(), sample.payload).raw
    again = json.dumps(once).encode()
    assert not scrub(decode(again).raw, ScrubRules(), again).changed
