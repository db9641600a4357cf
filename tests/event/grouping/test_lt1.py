"""Which events are the same thing to fix: the order of what is looked at, chains, groups."""

import random
from typing import Any

import pytest

from lighttrace.event.grouping import lt1
from lighttrace.event.grouping.lt1 import group
from lighttrace.event.model import Event
from lighttrace.event.title import titles
from tests.event.grouping.make import event, frame, link, same

F, G = frame("f", module="m"), frame("g", module="n")


def py(*links: dict[str, Any], **fields: Any) -> Event:
    return event("python", *links, **fields)


def method(made: Event) -> str:
    return group(made).method


def test_the_first_that_says_anything_decides() -> None:
    stack = {"frames": [F]}
    thread = {"id": 1, "crashed": True, "stacktrace": stack}
    csp = {"effective_directive": "img-src", "blocked_uri": "https://evil.example"}
    assert method(py(link("E", "v", G), threads=[thread], message="x")) == "exception"
    assert method(py(threads=[thread], stacktrace=stack, message="x")) == "threads"
    assert method(py(stacktrace=stack, csp=csp, message="x")) == "stacktrace"
    assert method(py(csp=csp, message="x")) == "csp"
    assert method(py(message="x")) == "message"
    assert method(py()) == "fallback"


def test_a_hash_is_16_bytes_and_never_changes() -> None:
    """A change of these is a new version of grouping: see docs/grouping.md, "Versions"."""
    golden = {
        "exception": py(link("KeyError", "'a'", frame("total", module="app.cart"))),
        "message": py(message="no such order: 17"),
        "fingerprint": py(message="x", fingerprint=["orders", "{{ level }}"]),
        "fallback": py(),
    }
    assert {name: group(made).hash.hex() for name, made in golden.items()} == GOLDEN
    assert lt1.VERSION == 1


GOLDEN = {
    "exception": "0666dd9858452aff5433d35921cba6fc",
    "message": "163c67a56e7543f8e00c5470ddb1f10c",
    "fingerprint": "65c38bcac9cd241afd8c54ba0bab7406",
    "fallback": "396d53fd8af63409410071f4d321cfa2",
}


def test_messages_are_one_by_their_template_or_their_words() -> None:
    def logged(*params: str) -> Event:
        return py(logentry={"message": "order %s of %s", "params": list(params)})

    assert same(logged("1", "dana"), logged("2", "ben"))
    assert same(py(message="order 1 lost"), py(message="order 2 lost"))
    assert not same(py(message="order 1 lost"), py(message="order 1 found"))


def test_a_message_with_a_stack_goes_by_the_stack() -> None:
    def logged(text: str, *calls: Any) -> Event:
        return py(message=text, stacktrace={"frames": list(calls)})

    assert same(logged("one", F), logged("two", F))
    assert not same(logged("one", F), logged("one", G))


def test_events_that_say_nothing_are_one_issue() -> None:
    assert same(py(), py(message=" \n ", tags={"a": "b"}))
    assert same(py(), py({"type": None, "value": None, "stacktrace": {"frames": [frame()]}}))


def test_kinds_of_errors_are_told_apart_and_values_are_not() -> None:
    assert not same(py(link("KeyError", "v", F)), py(link("ValueError", "v", F)))
    assert same(py(link("KeyError", "v", F)), py(link("KeyError", "w", F)))
    assert same(py(link("E", "v", F, module="a")), py(link("E", "v", F, module="b")))


def test_without_a_stack_the_words_count() -> None:
    assert same(py(link("E", "no order 1")), py(link("E", "no order 2")))
    assert not same(py(link("E", "no order")), py(link("E", "no cart")))
    assert not same(py(link("E", None)), py(link("E", "no cart")))
    assert same(py(link("E", None)), py(link("E", "")))


def test_what_a_client_made_up_is_no_kind_of_error() -> None:
    def crash(kind: str, **more: Any) -> Event:
        return event("native", link(kind, "v", F, mechanism={"synthetic": True, **more}))

    assert same(crash("SIGSEGV"), crash("SIGABRT"))


def test_an_ns_error_is_its_domain_and_code() -> None:
    def failed(code: int, value: str) -> Event:
        meta = {"ns_error": {"domain": "NSURLErrorDomain", "code": code}}
        return event("cocoa", link("NSError", value, mechanism={"type": "x", "meta": meta}))

    assert same(failed(-1001, "timed out"), failed(-1001, "délai dépassé"))
    assert not same(failed(-1001, "timed out"), failed(-1009, "timed out"))


def test_every_link_of_a_chain_counts_in_its_order() -> None:
    cause, outer = link("OSError", "o", F), link("AppError", "a", G)
    both = py(cause, outer)
    assert same(both, py(link("OSError", "other", F), link("AppError", "b", G)))
    for other in (py(outer), py(cause), py(outer, cause), py(link("IOError", "o", F), outer)):
        assert not same(both, other)


def test_a_link_without_application_frames_is_told_by_its_words() -> None:
    def chain(value: str, library: str) -> Event:
        return py(link("OSError", value, frame(library, False, module="lib")), link("E", "e", F))

    assert same(chain("disk full", "read"), chain("disk full", "write"))
    assert not same(chain("disk full", "read"), chain("no such file", "read"))


def test_a_crash_borrows_the_stack_of_its_thread() -> None:
    def crash(*threads: dict[str, Any], **more: Any) -> Event:
        return event("java", link("SIGSEGV", "0x1", **more), threads=list(threads))

    def thread(id: int, call: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"id": id, "stacktrace": {"frames": [call]}, **more}

    own = event("java", link("SIGSEGV", "0x2", F))
    assert same(crash(thread(1, G), thread(2, F, crashed=True)), own)
    assert same(crash(thread(1, F), thread(2, G, crashed=True), thread_id=1), own)
    assert same(event("java", link("SIGSEGV", "0x1"), stacktrace={"frames": [F]}), own)


def test_threads_count_where_one_of_them_is_meant() -> None:
    def threads(*flags: dict[str, Any], message: str = "anr") -> Event:
        calls = (F, G, frame("h", module="o"))
        made = [
            {"id": n, "stacktrace": {"frames": [call]}, **flag}
            for n, (call, flag) in enumerate(zip(calls, flags, strict=False))
        ]
        return py(threads=made, message=message)

    crashed, current, no = {"crashed": True}, {"current": True}, {}
    assert method(threads(no)) == "threads"
    assert same(threads(crashed, current), threads(crashed, no))
    assert same(threads(current, no), threads(no))
    assert method(threads(no, no)) == method(threads(crashed, crashed)) == "message"


def member(id: int, parent: int | None, kind: str, call: Any = None, **more: Any) -> dict[str, Any]:
    mechanism = {"type": "chained", "exception_id": id, "parent_id": parent, **more}
    return link(kind, "v", *([call] if call else []), mechanism=mechanism)


def root(kind: str = "ExceptionGroup", id: int = 0, parent: int | None = None) -> dict[str, Any]:
    return member(id, parent, kind, G, is_exception_group=True)


def test_ten_equal_members_of_a_group_are_the_one_error() -> None:
    ten = py(*(member(n, 0, "KeyError", F) for n in range(10, 0, -1)), root())
    assert same(ten, py(member(1, 0, "KeyError", F), root()))
    assert same(ten, py(link("KeyError", "v", F)))
    assert titles(ten, group(ten).main).title == "KeyError"


def test_members_that_differ_count_in_any_order() -> None:
    a, b = ("KeyError", F), ("OSError", frame("h", module="o"))
    one = py(member(2, 0, *a), member(1, 0, *b), root())
    assert same(one, py(member(2, 0, *b), member(1, 0, *a), root()))
    assert same(one, py(member(3, 0, *a), member(2, 0, *b), member(1, 0, *a), root()))
    assert not same(one, py(member(1, 0, *a), root()))
    assert not same(one, py(member(2, 0, *a), member(1, 0, *b), root("BatchError")))
    assert titles(one, group(one).main).title == "ExceptionGroup"


def test_a_member_brings_its_own_causes() -> None:
    caused = py(member(2, 1, "OSError", G), member(1, 0, "KeyError", F), root())
    assert same(caused, py(link("OSError", "v", G), link("KeyError", "v", F)))
    assert not same(caused, py(member(1, 0, "KeyError", F), root()))


def test_a_group_within_a_group_is_looked_through() -> None:
    nested = py(member(2, 1, "KeyError", F), root(id=1, parent=0), root())
    assert same(nested, py(link("KeyError", "v", F)))


BROKEN = [
    ("no ids", [link("KeyError", "v", F), link("G", "v", G)]),
    ("two of one id", [member(1, 0, "KeyError", F), member(1, 0, "KeyError", F), root()]),
    ("its own parent", [member(1, 1, "KeyError", F), root()]),
    ("no root", [member(2, 1, "KeyError", F), root(id=1)]),
    ("an id missing", [link("KeyError", "v", F), root()]),
]


@pytest.mark.parametrize("links", [links for _, links in BROKEN], ids=[name for name, _ in BROKEN])
def test_ids_that_make_no_tree_are_an_ordinary_chain(links: list[dict[str, Any]]) -> None:
    bare = [{name: part for name, part in it.items() if name != "mechanism"} for it in links]
    assert same(py(*links), py(*bare))


def test_a_group_of_nothing_is_no_group() -> None:
    leaf = member(0, None, "KeyError", F, is_exception_group=True)
    assert same(py(leaf), py(link("KeyError", "v", F)))


def test_ids_in_a_circle_end() -> None:
    circle = [member(1, 2, "A", F), member(2, 1, "B", F), root()]
    assert group(py(*circle)).method == "exception"
    rng = random.Random(7)
    for _ in range(300):
        ids = [rng.randrange(-1, 6) for _ in range(10)]
        links = [
            member(ids[n], ids[n + 1], "E", F, is_exception_group=rng.random() < 0.5)
            for n in range(rng.randrange(1, 9))
        ]
        assert len(group(py(*links)).hash) == 16


def test_wrappers_do_not_name_an_issue() -> None:
    says = "Error: There was an error during concurrent rendering but React was able to recover"
    react = event("javascript", link("TypeError", "x is null", F), link("Error", says, G))
    assert titles(react, group(react).main).title == "TypeError"
    rx = event("java", link("IOException", "x", F), link("a.b.UndeliverableException", "y", G))
    assert titles(rx, group(rx).main).title == "IOException"
    plain = event("java", link("IOException", "x", F), link("AppException", "y", G))
    assert titles(plain, group(plain).main).title == "AppException"


def test_what_varies_between_two_occurrences_is_not_identity() -> None:
    call = {"module": "m", "context_line": "x()"}
    one = py(link("E", "v", frame("f", lineno=1, colno=2, vars={"a": 1}, **call)), server_name="a")
    other = py(
        link("E", "w", frame("f", lineno=9, colno=8, vars={"a": 2}, **call)),
        server_name="b", tags={"a": "b"}, user={"id": 7}, transaction="/x", logger="l",
        request={"url": "https://x.example"}, sdk={"name": "s", "version": "9"}, extra={"n": 1},
    )  # fmt: skip
    assert same(one, other)
