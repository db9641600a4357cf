"""Fingerprint rules: what they may say, what they match, what becomes of an event."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighttrace.errors import RuleError
from lighttrace.event.grouping import lt1
from lighttrace.event.grouping.fingerprint_rules import FingerprintRules, parse
from lighttrace.event.grouping.matchers import Matcher
from lighttrace.event.grouping.rules import NONE, Rules
from lighttrace.event.model import Event
from tests.event.grouping.make import event, frame, link

SHOP = frame("charge", module="shop.billing.pay", abs_path="/srv/shop/Billing/pay.py",
             package="/usr/lib/libPay.so")  # fmt: skip
LIB = frame("send", False, module="http.client", abs_path="C:\\lib\\http\\client.py")


def made(**fields: Any) -> Event:
    fields = {
        "level": "fatal", "logger": "shop.web", "release": "shop@2.0.1",
        "environment": "production", "tags": {"region": "eu", "a:b": "c"},
        "sdk": {"name": "sentry.python.django"},
        "threads": [
            {"id": 1, "name": "main", "crashed": True, "state": "runnable"},
            {"id": 2, "name": "worker-7", "current": True, "state": "blocked"},
        ],
    } | fields  # fmt: skip
    root = link("OSError", "no route to host 17", LIB, SHOP)
    return event("python", root, link("PaymentError", "Card Declined", SHOP, LIB), **fields)


def matches(rule: str, one: Event | None = None) -> bool:
    return FingerprintRules([parse(f"{rule} -> x")]).first(one or made()) is not None


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("error.type:PaymentError", True), ("type:OSError", True), ("error.type:oserror", False),
        ("error.value:*DECLINED", True), ('value:"card declined"', True), ("value:card", False),
        ("message:*route*", True), ("message:*declined*", True), ("!message:*declined*", False),
        ("logger:shop.*", True), ("logger:SHOP.*", False), ("level:FATAL", True),
        ("stack.module:shop.billing.*", True), ("module:Shop.*", False),
        ("stack.abs_path:**/shop/billing/*.py", True), ("path:/SRV/**", True),
        ("path:c:/LIB/**", True), ("path:**/billing/*.rb", False),
        ("stack.package:**/libpay.so", True), ("package:*.dll", False),
        ("stack.function:charge", True), ("function:Charge", False),
        ("app:yes", True), ("app:no function:charge", False), ("family:other", True),
        ("family:native,other", True), ("family:all", True), ("family:javascript", False),
        ("sdk:sentry.python*", True), ("release:shop@2.*", True), ("environment:production", True),
        ("!environment:staging", True), ("tags.environment:production", True),
        ("thread.name:worker-*", True), ("thread.id:2", True), ("thread.state:blocked", True),
        ("thread.crashed:yes", True), ("thread.current:yes thread.name:main", False),
        ("tags.region:eu", True), ("!tags.region:us", True), ('tags."a:b":c', True),
        ("tags.level:fatal", True), ("tags.none:*", True), ("!tags.none:?*", True),
    ],
)  # fmt: skip
def test_every_matcher_asks_what_it_is_named_after(rule: str, holds: bool) -> None:
    assert matches(rule) is holds


def test_all_matchers_have_to_hold() -> None:
    assert matches("error.type:PaymentError tags.region:eu level:fatal")
    assert not matches("error.type:PaymentError tags.region:us level:fatal")


def test_matchers_of_frames_hold_for_one_and_the_same_frame() -> None:
    assert matches("module:shop.* function:charge")
    assert not matches("module:shop.* function:send")
    assert matches("module:http.* !function:charge")
    assert not matches("module:shop.* !function:charge")


def test_matchers_of_exceptions_hold_for_one_and_the_same_exception() -> None:
    assert matches("type:OSError value:*route*")
    assert not matches("type:OSError value:*declined*")


def test_what_is_only_denied_is_denied_of_every_frame_and_exception() -> None:
    assert matches("!function:refund") and not matches("!function:charge")
    assert matches("!type:KeyError") and not matches("!type:OSError")
    assert matches("!function:charge", event("python", message="no frames at all"))


def test_the_message_of_an_event_is_asked_as_text_and_as_template() -> None:
    logged = event("python", logentry={"message": "order %s lost", "params": ["17"]})
    assert matches("message:*17*", logged) and matches('message:"order %s*"', logged)
    assert matches('message:"*[x]*"', event("python", message="[X] marks the spot"))


def test_frames_of_the_thread_that_crashed_and_of_a_message_are_asked_too() -> None:
    stack = {"frames": [frame("f")]}
    assert matches("function:f", event("python", message="x", stacktrace=stack))
    threads = [{"id": 1, "crashed": True, "stacktrace": stack}]
    assert matches("function:f", event("native", threads=threads))


def grouped(rules: str, one: Event) -> lt1.Grouping:
    return Rules.of([parse(line) for line in rules.splitlines()], []).group(one)


def test_the_first_rule_that_matches_replaces_the_fingerprint_of_the_client() -> None:
    rules = "type:KeyError -> nothing\ntype:OSError -> down\nlevel:fatal -> fatal"
    said = made(fingerprint=["what the client says"])
    assert grouped(rules, said) == grouped("level:fatal -> down", made())
    assert grouped(rules, said).method == "rule"
    plain = event("python", message="x", fingerprint=["down"])
    assert grouped(rules, said).hash == NONE.group(plain).hash  # a fingerprint is a fingerprint


def test_a_rule_may_split_the_default_grouping() -> None:
    rule = "tags.region:* -> {{ default }}, {{ tags.region }}"
    eu, us = made(), made(tags={"region": "us"})
    assert NONE.group(eu).hash == NONE.group(us).hash
    assert grouped(rule, eu).hash != grouped(rule, us).hash
    assert grouped(rule, eu).hash == grouped(rule, made(level="error")).hash


def test_a_rule_may_ask_for_the_default_grouping() -> None:
    said = made(fingerprint=["every event is one"])
    found = grouped("logger:shop.web -> {{ default }}", said)
    assert found.hash == NONE.group(made()).hash and found.method == "exception"


def test_a_checksum_wins_over_rules_and_rules_over_what_is_built_in() -> None:
    assert grouped("level:* -> x", made(checksum="a" * 32)).method == "checksum"
    chunk = event("javascript", link("ChunkLoadError", "Loading chunk 17 failed"))
    assert NONE.group(chunk).method == "rule"
    assert grouped("type:Chunk* -> x", chunk).hash != NONE.group(chunk).hash
    assert grouped("type:Other -> x", chunk) == NONE.group(chunk)


def test_a_rule_names_the_issue() -> None:
    rule = 'message:*declined* -> declined title="Declined by {{ tags.by }} in {{ tags.region }}"'
    found = grouped(rule, made(tags={"region": "eu", "by": "  adyen\n"}))
    assert found.title == "Declined by adyen in eu"
    assert grouped(rule, made()).title == "Declined by <no-value-for-tag-by> in eu"
    assert len(grouped(rule, made(tags={"by": "x" * 190, "region": "y" * 190})).title) == 256


def test_rules_that_do_not_match_leave_every_hash_as_it_was() -> None:
    for one in (made(), made(fingerprint=["x"]), event("node", message="x"), event("node")):
        assert grouped("tags.nobody:has -> x", one) == lt1.group(one)


def test_a_rule_is_kept_as_it_was_written() -> None:
    rule = parse(
        '  !tags."a b":"x y"   error.type:E* -> "one, two",{{ tags.x }} title="T \\"q\\"" # c'
    )
    assert rule.matchers == (Matcher("tags", "x y", True, "a b"), Matcher("type", "E*"))
    assert rule.parts == ("one, two", "{{ tags.x }}") and rule.title == 'T "q"'
    assert rule.text.startswith('!tags."a b":"x y" error.type:E* -> "one, two"')
    assert "# c" not in rule.text and parse(rule.text).parts == rule.parts
    assert parse("url:x -> a".replace("url", "tags.url") + "-{{ level }}-b").parts == (
        "a-{{ level }}-b",
    )


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("error.typ:X -> a", 'no matcher "error.typ". Did you mean "error.type"?'),
        ("tag.x:1 -> a", 'no matcher "tag.x"'), ("category:x -> a", 'no matcher "category"'),
        ("error.type:X", "-> and a fingerprint are missing"),
        ("error.type:X =>", "expected a matcher or ->, got =>"),
        ("-> a", "a matcher is missing before ->"),
        ("error.type:X ->", "a fingerprint is missing behind ->"),
        ("error.type:X -> # a", "a fingerprint is missing behind ->"),
        ("error.type:X -> system down", "expected a comma before down"),
        ("error.type:X -> a, ,", "expected a part of the fingerprint, got ,"),
        ("error.type:X -> a, {{ b", "expected a part"),
        ('error.type:X -> a titel="x"', 'there is no "titel="'),
        ('error.type:X -> a title="x" y', "nothing may stand behind the title, got y"),
        ('message:"open -> a', 'cannot read message:"open'), ("type: -> a", "says no pattern"),
        ("message:a b -> c", "expected a matcher or ->, got b"),
        ("app:maybe -> a", 'app is yes or no, not "maybe"'),
        ("family:nativ -> a", 'no family "nativ". Did you mean "native"?'),
        ("tags.:x -> a", "needs the name of a tag"), ("x" * 501, "may have 500 characters"),
        ("type:X -> " + "a," * 20 + "b", "may have 20 parts"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_told_what_is_wrong_with_it(rule: str, says: str) -> None:
    with pytest.raises(RuleError) as error:
        parse(rule)
    assert says in str(error.value)


@given(st.text(alphabet='abt.:*!"\\-># ,{}=[]|', max_size=60) | st.text(max_size=60))
def test_any_line_is_a_rule_or_an_error(line: str) -> None:
    try:
        rule = parse(line)
    except RuleError as error:
        assert str(error)
    else:
        FingerprintRules([rule]).first(made())
