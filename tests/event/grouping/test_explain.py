"""Why an event is in its issue, in words that are true."""

from typing import Any

import pytest

from lighttrace.event.grouping import fingerprint_rules, stack_rules
from lighttrace.event.grouping.explain import Explanation, Part, decode, explain
from lighttrace.event.grouping.lt1 import group
from lighttrace.event.grouping.rules import Rules
from lighttrace.event.model import Event
from tests.event.corpus import samples
from tests.event.grouping.make import event, frame, link
from tests.event.grouping.test_lt1 import member, root

F = frame("total", module="shop.cart")
LIBRARY = frame("loads", False, module="json")


def py(*links: dict[str, Any], **fields: Any) -> Event:
    return event("python", *links, **fields)


def used(found: Explanation) -> list[tuple[str, str]]:
    return [(part.name, part.value) for part in found.parts if part.used]


def unused(found: Explanation) -> dict[str, str]:
    return {part.value: part.reason for part in found.parts if not part.used}


def test_an_error_is_explained_by_type_and_application_frames() -> None:
    found = explain(py(link("KeyError", "'a'", LIBRARY, F)))
    assert found.why == (
        "Grouped by the exception KeyError and 1 application frame;"
        " line numbers and values are ignored."
    )
    assert used(found) == [("type", "KeyError"), ("frame", "shop.cart · total")]
    assert unused(found) == {
        "'a'": "the stack says where it happened", "json · loads": "not the application's",
    }  # fmt: skip


def test_without_application_frames_all_count() -> None:
    found = explain(py(link("E", "v", LIBRARY, frame("dumps", False, module="json"))))
    assert "2 frames, none of them the application's own" in found.why
    assert len(used(found)) == 3


def test_a_chain_names_its_links() -> None:
    found = explain(py(link("OSError", "disk 7", LIBRARY), link("AppError", "v", F)))
    assert "AppError caused by OSError" in found.why
    assert ("value", "disk <int>") in used(found)
    assert unused(found)["json · loads"] == "not the application's"


def test_a_frame_that_does_not_count_says_why() -> None:
    sdk = frame("capture", False, module="sentry_sdk.client")
    assert unused(explain(py(link("E", "v", F, sdk))))["sentry_sdk.client · capture"] == (
        "it belongs to the reporting library"
    )
    nothing = explain(event("native", link("E", "v", F, frame("0x7f00"))))
    assert unused(nothing)["0x7f00"] == "nothing in it survives a new build"


def test_without_a_stack_the_words_are_shown_without_what_varies() -> None:
    found = explain(py(link("E", "no order 17")))
    assert "no usable stack" in found.why
    assert found.parts[1] == Part("value", "no order <int>", True, "what varies is left out")


def test_what_the_client_made_up_is_not_used() -> None:
    found = explain(event("native", link("SIGSEGV", "v", F, mechanism={"synthetic": True})))
    assert unused(found)["SIGSEGV"] == "the client made it up"


def test_equal_members_of_a_group_are_told_as_the_one_they_are() -> None:
    call = frame("f", module="m")
    found = explain(py(*(member(n, 0, "KeyError", call) for n in (3, 2, 1)), root()))
    assert found.why.startswith("Grouped by the exception KeyError and 1 application frame;")
    assert used(found) == [("type", "KeyError"), ("frame", "m · f")]
    assert unused(found)["ExceptionGroup"] == "it only wraps others"
    assert unused(found)["KeyError"] == "another of the group is just like it"


def test_different_members_of_a_group_are_counted() -> None:
    links = (member(2, 0, "KeyError", F), member(1, 0, "OSError", F), root())
    found = explain(py(*links))
    assert "the 2 different exceptions of the group ExceptionGroup" in found.why
    kinds = {value for name, value in used(found) if name == "type"}
    assert kinds == {"KeyError", "OSError", "ExceptionGroup"}


def test_a_thread_is_explained_by_its_own_frames() -> None:
    threads = [
        {"id": 1, "current": True, "stacktrace": {"frames": [LIBRARY]}},
        {"id": 2, "crashed": True, "stacktrace": {"frames": [F]}},
    ]
    found = explain(py(threads=threads, stacktrace={"frames": [LIBRARY]}, message="anr"))
    assert found.method == "threads" and "of the thread" in found.why
    assert used(found) == [("frame", "shop.cart · total")]


def test_messages_fingerprints_and_the_rest() -> None:
    said = explain(py(logentry={"message": "no order %s", "params": ["7"]}))
    assert said.parts == (Part("message", "no order %s", True, "as the programmer wrote it"),)
    custom = explain(py(link("E", "v", F), fingerprint=["orders", "{{ level }}"]))
    assert "“orders”, “error”" in custom.why and custom.why.endswith("nothing else is looked at.")
    salted = explain(py(link("E", "v", F), fingerprint=["{{ default }}", "eu"]))
    assert "“eu”" in salted.why and "else grouped by the exception E" in salted.why
    assert used(salted)[0] == ("fingerprint", "eu") and ("type", "E") in used(salted)
    csp = explain(py(csp={"effective_directive": "img-src", "blocked_uri": "https://x.example/a"}))
    assert used(csp) == [("directive", "img-src"), ("host", "x.example")]
    rule = explain(event("javascript", link("ChunkLoadError", "x")))
    assert rule.method == "rule" and "could not be loaded" in rule.why
    assert explain(py(checksum="a" * 32)).parts == (Part("checksum", "a" * 32, True),)
    assert "Nothing in the event tells it from others" in explain(py()).why


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_every_real_event_is_explained(sample: Any) -> None:
    made = sample.event()
    found = explain(made)
    assert found.method == group(made).method
    assert found.why.endswith(".") and (used(found) or found.method == "fallback")
    assert all(part.used or part.reason for part in found.parts)
    assert len(found.parts) <= 60 and len(found.encode()) < 32_000
    assert decode(found.encode()) == found


RULES = Rules.of(
    [
        fingerprint_rules.parse("error.type:Down* -> system-down, {{ level }}"),
        fingerprint_rules.parse("error.type:Plain -> {{ default }}"),
        fingerprint_rules.parse("error.type:Split -> {{ default }}, split"),
    ],
    [
        stack_rules.parse("function:helper -group"),
        stack_rules.parse("function:old -app"),
        stack_rules.parse("error.type:Deep max-frames=2"),
        stack_rules.parse("error.type:Short min-frames=9"),
    ],
)
CALLS = [frame(name, module=name) for name in ("main", "old", "run", "work", "helper")]


def ruled(kind: str, **fields: Any) -> Explanation:
    return RULES.explain(RULES.seen(py(link(kind, "v", *CALLS), **fields)))


def test_the_fingerprint_rule_that_applied_is_named() -> None:
    found = ruled("DownError")
    assert found.method == "rule" and used(found) == [
        ("fingerprint", "system-down"), ("fingerprint", "error")
    ]  # fmt: skip
    assert "a fingerprint rule (“system-down”, “error”)" in found.why
    assert found.rules == ("error.type:Down* -> system-down, {{ level }}",)
    plain = ruled("Plain", fingerprint=["of the client"])
    assert plain.why.startswith("A fingerprint rule asks for the default grouping: grouped by")
    assert plain.method == "exception" and plain.rules[0].startswith("error.type:Plain")
    split = ruled("Split")
    assert split.method == "rule" and "keeps it apart; else grouped by" in split.why
    assert split.rules[0].startswith("error.type:Split") and len(split.rules) == 3


def test_the_stack_trace_rule_that_took_a_frame_away_is_named() -> None:
    found = ruled("KeyError")
    assert found.rules == ("function:old -app", "function:helper -group")
    assert {part.value: part.reason for part in found.parts if part.name == "frame"} == {
        "helper · helper": "by the stack trace rule function:helper -group",
        "work · work": "", "run · run": "", "main · main": "",
        "old · old": "not the application's, by the rule function:old -app",
    }  # fmt: skip


def test_frames_beyond_what_a_rule_lets_count_are_named() -> None:
    deep = ruled("Deep")
    assert [value for name, value in used(deep) if name == "frame"] == ["work · work", "run · run"]
    assert "2 application frames" in deep.why
    assert part_of(deep, "main · main").reason == (
        "by the stack trace rule error.type:Deep max-frames=2"
    )
    short = ruled("Short")
    assert "no usable stack" in short.why and ("value", "v") in used(short)
    assert "min-frames=9" in part_of(short, "main · main").reason


def part_of(found: Explanation, value: str) -> Part:
    return next(part for part in found.parts if part.value == value)


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_every_real_event_is_explained_with_rules_as_well(sample: Any) -> None:
    seen = RULES.seen(sample.event())
    assert RULES.explain(seen).method == RULES.group(seen).method
    assert decode(RULES.explain(seen).encode()) == RULES.explain(seen)
