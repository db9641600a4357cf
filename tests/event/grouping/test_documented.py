"""Every rule that docs/grouping.md shows does what it says there."""

import re
from pathlib import Path
from typing import Any

import pytest

from lighttrace import config as configuration
from lighttrace.event.grouping import calls, fingerprint_rules, stack_rules
from lighttrace.event.grouping.rules import NONE, Rules
from lighttrace.event.model import Event
from tests.event.grouping.make import event, frame, link

DOCUMENT = (Path(__file__).parents[3] / "docs" / "grouping.md").read_text("utf-8")


def shown(heading: str) -> list[str]:
    """The rules of the table below a heading."""
    section = DOCUMENT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = section.partition("| Rule |")[2].partition("\n\n")[0]
    return [rule.replace("\\|", "|") for rule in re.findall(r"^\| `(.*?)` \|", table, re.M)]


F, G = frame("f", module="m"), frame("g", module="n")


def py(kind: str, *frames: dict[str, Any], **fields: Any) -> Event:
    return event("python", link(kind, fields.pop("value", "v"), *(frames or (F,))), **fields)


STOCK = {"level": "warning", "logger": "shop.stock"}
# rule → two events that it joins, two that it keeps apart
FINGERPRINTS: dict[str, tuple[tuple[Event, Event], tuple[Event, Event]]] = {
    "error.type:DatabaseUnavailable -> system-down": (
        (py("DatabaseUnavailable", F), py("DatabaseUnavailable", G)),
        (py("DatabaseUnavailable", F), py("KeyError", F)),
    ),
    'message:"*payment declined*" -> declined, {{ tags.provider }}': (
        (py("A", value="Payment declined!", tags={"provider": "x"}),
         py("B", G, value="payment declined", tags={"provider": "x"})),
        (py("A", value="payment declined", tags={"provider": "x"}),
         py("A", value="payment declined", tags={"provider": "y"})),
    ),
    "level:warning logger:shop.stock -> {{ default }}, stock": (
        (py("A", **STOCK), py("A", value="other", **STOCK)),
        (py("A", **STOCK), py("A", level="error", logger="shop.stock")),
    ),
    'stack.module:legacy.* -> legacy title="Something in the old code"': (
        (py("A", frame("f", module="legacy.a")), py("B", frame("g", module="legacy.b"))),
        (py("A", frame("f", module="legacy.a")), py("A", F)),
    ),
    "!tags.customer:acme error.type:QuotaError -> quota": (
        (py("QuotaError", F, tags={"customer": "x"}), py("QuotaError", G, tags={"customer": "y"})),
        (py("QuotaError", tags={"customer": "x"}), py("QuotaError", tags={"customer": "acme"})),
    ),
    "app:yes stack.function:charge -> charging": (
        (py("A", frame("charge", module="x")), py("B", frame("charge", module="y"))),
        (py("A", frame("charge", module="x")), py("A", F, frame("charge", False, module="x"))),
    ),
    "error.type:ImportedError -> {{ default }}": (
        (py("ImportedError", fingerprint=["a"]), py("ImportedError", fingerprint=["b"])),
        (py("ImportedError", F, fingerprint=["a"]), py("ImportedError", G, fingerprint=["a"])),
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", shown("Fingerprint rules"))
def test_a_fingerprint_rule_joins_and_keeps_apart(rule: str) -> None:
    rules = Rules.of([fingerprint_rules.parse(rule)], [])
    joined, apart = FINGERPRINTS[rule]
    assert rules.group(joined[0]).hash == rules.group(joined[1]).hash
    assert rules.group(apart[0]).hash != rules.group(apart[1]).hash
    if "title=" in rule:
        assert rules.group(joined[0]).title == "Something in the old code"


def stack(*names: str, app: bool | None = True, **fields: Any) -> list[dict[str, Any]]:
    return [frame(name, app, module=f"m.{name}", **fields) for name in names]


# rule → the exception's type, platform, frames oldest first, functions that count before and after
STACKS: dict[str, tuple[str, str, list[dict[str, Any]], str, str]] = {
    "stack.abs_path:**/generated/** -group": (
        "E", "python", [frame("a"), frame("b", abs_path="/srv/Generated/b.py")], "a b", "a"),
    "family:native stack.function:std::* -app": (
        "E", "native", [frame("app::a"), frame("std::b")], "app::a std::b", "app::a"),
    "module:com.acme.** +app": (
        "E", "java", [frame("a"), frame("b", False, module="com.acme.x.B")], "a", "a b"),
    "stack.function:reportAndThrow ^-group -group": (
        "E", "python", stack("a", "reportAndThrow", "b"), "a reportAndThrow b", "a"),
    "stack.function:startWorker v-group -group": (
        "E", "python", stack("a", "startWorker", "b"), "a startWorker b", "b"),
    "error.type:TimeoutError max-frames=3": (
        "TimeoutError", "python", stack(*"abcd"), "a b c d", "b c d"),
    "error.type:Crash min-frames=2": ("Crash", "python", stack("a"), "a", ""),
    "[ module:acme.web ] | stack.function:run -group": (
        "E", "python",
        [frame("run", module="x"), frame("a", module="acme.web"), frame("run", module="y")],
        "run a run", "run a"),
    "stack.function:run | [ function:main ] +app": (
        "E", "python", [*stack("a"), *stack("run", "main", "run", app=False)], "a", "a run"),
    "family:native invert-stacktrace=yes": ("E", "native", stack("a", "b"), "a b", "b a"),
}  # fmt: skip


@pytest.mark.parametrize("rule", shown("Stack trace rules"))
def test_a_stack_trace_rule_leaves_what_it_says(rule: str) -> None:
    kind, platform, frames, before, after = STACKS[rule]
    one = event(platform, link(kind, "v", *frames))
    assert counting(NONE.seen(one)) == before
    assert counting(Rules.of([], [stack_rules.parse(rule)]).seen(one)) == after


def counting(one: Event) -> str:
    own = one.exceptions[0].frames
    found = calls.contributing(own, one.platform, True) or calls.contributing(
        own, one.platform, False
    )
    return " ".join(
        part.partition(":")[2] for call in found for part in call if part.startswith("function:")
    )


def test_the_file_that_is_shown_is_right(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.S)
    file = tmp_path / configuration.FILE
    file.write_text(block, "utf-8")
    config = configuration.load(file, env={})
    assert len(config.grouping.stack_rules) == 1
    assert [len(config.projects[0].fingerprints), len(config.projects[0].stack_rules)] == [3, 1]
    assert len(shown("Fingerprint rules")) == 7 and len(shown("Stack trace rules")) == 10
