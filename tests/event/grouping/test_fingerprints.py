"""What a client, or a built-in rule, says events have in common."""

from typing import Any

import pytest

from lighttrace.event.grouping import fingerprint
from lighttrace.event.grouping.lt1 import group
from tests.event.grouping.make import event, frame, link, same

F = frame("f", module="m")
G = frame("g", module="n")


def printed(*parts: Any, **fields: Any) -> Any:
    fields.setdefault("fingerprint", list(parts))
    return event("python", link("KeyError", "'a'", F), **fields)


def resolved(*parts: str, **fields: Any) -> tuple[str, ...]:
    return fingerprint.resolved(printed(*parts, **fields), None)[0]


@pytest.mark.parametrize(
    "parts",
    [[], ["{{ default }}"], ["{{default}}"], ["{{ DEFAULT }}"], [" {{ Default }} "], None, "x"],
)
def test_saying_default_is_saying_nothing(parts: Any) -> None:
    plain = event("python", link("KeyError", "'a'", F))
    assert same(printed(fingerprint=parts), plain)
    assert group(printed(fingerprint=parts)).method == "exception"


def test_equal_fingerprints_join_whatever_the_events_are() -> None:
    message = event("node", message="something else", fingerprint=["orders"])
    assert same(printed("orders"), message)
    assert group(message).method == "fingerprint"


def test_default_and_more_splits_and_never_joins() -> None:
    one = printed("{{ default }}", "eu")
    assert not same(one, printed("{{ default }}", "us")) and not same(one, printed("eu"))
    assert same(one, printed("eu", "{{default}}"))
    elsewhere = event("python", link("KeyError", "'a'", G), fingerprint=["{{ default }}", "eu"])
    assert not same(one, elsewhere)
    again = event("python", link("KeyError", "'b'", F), fingerprint=["{{ default }}", "eu"])
    assert same(one, again)


def test_parts_are_not_run_together() -> None:
    assert not same(printed("ab", "c"), printed("a", "bc"))
    assert not same(printed("a", "b"), printed("b", "a"))


VARIABLES = [
    ("transaction", "/pay"), ("message", "no order <int>"), ("raw_message", "no order 17"),
    ("type", "KeyError"), ("error.type", "KeyError"), ("value", "'a'"), ("error.value", "'a'"),
    ("function", "f"), ("stack.function", "f"), ("module", "m"), ("stack.module", "m"),
    ("path", "/srv/m.py"), ("stack.abs_path", "/srv/m.py"), ("stack.filename", "m.py"),
    ("package", "libm.so"), ("stack.package", "libm.so"), ("level", "fatal"), ("logger", "root"),
    ("tags.team", "billing"), ("tags.none", "<no-value-for-tag-none>"),
    ("colour", "<unrecognized-variable-colour>"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), VARIABLES)
def test_variables_are_filled_in(name: str, value: str) -> None:
    call = frame("f", module="m", filename="m.py", abs_path="/srv/m.py", package="/usr/x/libm.so")
    made = event(
        "python", link("OSError", "o", G), link("KeyError", "'a'", call, frame("lib", False)),
        message="no order 17", transaction="/pay", level="fatal", logger="root",
        tags={"team": "billing"}, fingerprint=[f"{{{{ {name} }}}}", f"x-{{{{{name}}}}}-y"],
    )  # fmt: skip
    assert fingerprint.resolved(made, None) == ((value, f"x-{value}-y"), False)


@pytest.mark.parametrize(
    ("name", "value"),
    [("transaction", "<no-transaction>"), ("error.type", "<no-type>"), ("value", "<no-value>"),
     ("stack.function", "<no-function>"), ("module", "<no-module>"), ("logger", "<no-logger>"),
     ("message", "<no-message>"), ("stack.package", "<no-package>"), ("path", "<no-path>")],
)  # fmt: skip
def test_what_is_not_there_says_so(name: str, value: str) -> None:
    made = event("python", fingerprint=[f"{{{{ {name} }}}}"])
    assert fingerprint.resolved(made, None)[0] == (value,)


def test_a_part_that_is_the_events_own_text_counts_without_what_varies() -> None:
    """People write [type, message]; without this each id would make an issue."""
    said = {"message": "no order 17"}
    assert resolved("KeyError", "no order 17", **said) == ("KeyError", "no order <int>")
    assert resolved("'a'", "tenant", "17", **said) == ("'a'", "tenant", "17")
    one = event("python", link("E", "no order 17", F), fingerprint=["E", "no order 17"])
    other = event("python", link("E", "no order 21", F), fingerprint=["E", "no order 21"])
    assert same(one, other)
    assert not same(printed("tenant", "17"), printed("tenant", "21"))


def test_a_checksum_wins_over_everything() -> None:
    one = printed("orders", checksum="A" * 32)
    assert same(one, event("node", message="x", checksum="a" * 32))
    assert group(one).method == "checksum"
    assert group(printed("orders", checksum="short")).method == "fingerprint"


def chunk(value: str, type: str = "Error", platform: str = "javascript", **fields: Any) -> Any:
    return event(platform, link(type, value, F), **fields)


def test_chunks_of_a_page_that_do_not_load_are_one_issue() -> None:
    one = chunk("Loading chunk 17 failed. (https://x/17.js)")
    assert same(one, chunk("Loading chunk 3 failed.")) and group(one).method == "rule"
    assert same(one, chunk("whatever", "ChunkLoadError"))
    assert same(one, chunk("Loading chunk 17 failed.", fingerprint=["mine"]))
    assert not same(one, chunk("Loading chunk 17 failed.", platform="python"))


def test_pages_drawn_differently_are_one_issue_a_page() -> None:
    says = (
        "Minified React error #418; visit https://react.dev/errors/418",
        "Hydration failed because the server rendered HTML didn't match the client.",
        "Text content does not match server-rendered HTML.",
        "There was an error while hydrating. Because the error happened outside of Suspense",
    )
    one, *others = (chunk(text, transaction="/cart") for text in says)
    assert all(same(one, other) for other in others)
    assert not same(one, chunk(says[0], transaction="/home"))
    assert group(chunk("Minified React error #4180", transaction="/cart")).method == "exception"
