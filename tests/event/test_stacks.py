"""Exceptions, threads and frames: order is kept, odd parts are left out, long stacks lose their
middle.
"""

from typing import Any

import pytest

from lighttrace.event.model import Event, Frame
from tests.event.make import read

CALL = {"function": "f", "lineno": 1}


def types(event: Event) -> list[str | None]:
    return [link.type for link in event.exceptions]


def frame(**fields: Any) -> Frame:
    (found,) = (
        read(exception=[{"type": "E", "stacktrace": {"frames": [fields]}}]).exceptions[0].frames
    )
    return found


@pytest.mark.parametrize("name", ["exception", "sentry.interfaces.Exception"])
def test_exceptions_come_wrapped_as_a_list_and_alone(name: str) -> None:
    link = {"type": "KeyError", "value": "'a'"}
    for form in ({"values": [link]}, [link], link, {"values": [None, "x", link]}):
        event = read(**{name: form})
        assert types(event) == ["KeyError"] and event.kind == "error"


def test_the_root_cause_stays_first() -> None:
    event = read(exception=[{"type": "OSError"}, {"type": "ValueError"}, {"type": "AppError"}])
    assert types(event) == ["OSError", "ValueError", "AppError"]


def test_an_exception_that_says_nothing_is_none() -> None:
    for nothing in ({}, {"module": "m"}, {"type": "", "value": ""}, {"stacktrace": None}):
        event = read(exception=[nothing], message="kept")
        assert event.exceptions == () and event.kind == "default"
    assert types(read(exception=[{"stacktrace": {"frames": [CALL]}}])) == [None]


@pytest.mark.parametrize(
    ("value", "kept"),
    [("text", "text"), ({"code": 7}, '{"code":7}'), ([1, "a"], '[1,"a"]'), (7, "7"), (None, None),
     (False, "false"), ("", None), ("v" * 9000, "v" * 8189 + "...")],
)  # fmt: skip
def test_values_that_are_no_text_are_shown_as_json(value: Any, kept: str | None) -> None:
    assert read(exception=[{"type": "E", "value": value}]).exceptions[0].value == kept


def test_a_value_may_name_its_type() -> None:
    (link,) = read(exception=[{"value": "app.PayError: refused: 7"}]).exceptions
    assert (link.type, link.value) == ("app.PayError", "refused: 7")
    for kept in ("no type here", "two words: x", ": x"):
        assert read(exception=[{"value": kept}]).exceptions[0].type is None
    # a client that attaches a stack to a message repeats the message as the value
    beside = read(
        exception=[{"value": "Note: x", "stacktrace": {"frames": [CALL]}}], message="Note: x"
    )
    assert beside.exceptions[0].type is None


def test_how_it_was_caught() -> None:
    (link,) = read(
        exception=[{"type": "E", "mechanism": {
            "type": "flask", "handled": False, "synthetic": "no", "exception_id": 0,
            "parent_id": -1, "is_exception_group": 1, "data": [],
            "meta": {"signal": {"number": 11}}}}]
    ).exceptions  # fmt: skip
    found = link.mechanism
    assert found is not None and (found.type, found.handled, found.synthetic) == (
        "flask",
        False,
        None,
    )
    assert (found.exception_id, found.parent_id, found.is_exception_group) == (0, None, None)
    assert (found.data, found.meta) == (None, {"signal": {"number": 11}})
    assert read(exception=[{"type": "E", "mechanism": "generic"}]).exceptions[0].mechanism is None


def test_unhandled_is_said_by_any_link() -> None:
    def chain(*handled: Any) -> Event:
        return read(exception=[{"type": "E", "mechanism": {"handled": it}} for it in handled])

    assert chain(True, False).unhandled and chain(False, True).unhandled
    assert not chain(True, None, "false", 0).unhandled
    assert not read(message="x").unhandled


def test_one_place_is_enough_to_name_the_other() -> None:
    assert (frame(filename="a/b.py").abs_path) == "a/b.py"
    assert (frame(abs_path="/srv/a/b.py").filename) == "/srv/a/b.py"
    assert (frame(abs_path="https://x.example/js/app.js?v=1").filename) == "/js/app.js"
    assert (frame(abs_path="http://[broken/app.js").filename) == "http://[broken/app.js"
    both = frame(filename="b.py", abs_path="/srv/a/b.py")
    assert (both.filename, both.abs_path) == ("b.py", "/srv/a/b.py")


def test_a_frames_numbers_and_flags_are_what_they_claim() -> None:
    odd = frame(
        lineno=-1, colno="x", in_app="true", vars=["a"], data=7, function="?", context_line=7
    )
    assert odd == Frame()
    good = frame(lineno="17", colno=3.0, in_app=False, vars={"a": 1}, pre_context=["a", None, "b"])
    assert (good.lineno, good.colno, good.in_app, good.vars) == (17, 3, False, {"a": 1})
    assert good.pre_context == ("a", "", "b")
    assert frame(lineno=True).lineno is None and frame(lineno=2**40).lineno is None


def test_a_thousand_frames_keep_how_it_began_and_how_it_ended() -> None:
    calls = [{"function": f"f{number}"} for number in range(1000)]
    (link,) = read(exception=[{"type": "E", "stacktrace": {"frames": calls}}]).exceptions
    kept = [call.function for call in link.frames]
    assert kept == [f"f{n}" for n in (*range(50), *range(800, 1000))]
    assert link.frames_omitted == 750
    assert (
        read(exception=[{"type": "E", "stacktrace": {"frames": calls[:250]}}])
        .exceptions[0]
        .frames[-1]
        .function
        == "f249"
    )
    (beside,) = read(exception=[{"type": "E"}], stacktrace={"frames": calls}).exceptions
    assert (len(beside.frames), beside.frames_omitted) == (250, 750)


def test_long_chains_keep_their_newest_links() -> None:
    event = read(exception=[{"type": f"E{n}"} for n in range(80)])
    assert types(event) == [f"E{n}" for n in range(30, 80)]


def test_a_stack_beside_a_lone_exception_is_its_own() -> None:
    stack = {"frames": [CALL]}
    event = read(exception=[{"type": "E"}], stacktrace=stack)
    assert len(event.exceptions[0].frames) == 1 and event.frames == ()
    has_one = read(exception=[{"type": "E", "stacktrace": stack}], stacktrace=stack)
    assert len(has_one.frames) == 1
    assert len(read(exception=[{"type": "E"}, {"type": "F"}], stacktrace=stack).frames) == 1
    assert len(read(message="x", **{"sentry.interfaces.Stacktrace": stack}).frames) == 1


@pytest.mark.parametrize("stack", [None, [], {}, 7, "x", {"frames": None}, {"frames": {"a": 1}}])
def test_a_stack_may_be_anything(stack: Any) -> None:
    assert read(exception=[{"type": "E", "stacktrace": stack}]).exceptions[0].frames == ()


def test_old_clients_send_the_list_of_frames_alone_and_raw_stacks() -> None:
    assert (
        len(read(exception=[{"type": "E", "stacktrace": [CALL, None, 7]}]).exceptions[0].frames)
        == 1
    )
    raw = read(exception=[{"type": "E", "raw_stacktrace": {"frames": [CALL]}}])
    assert len(raw.exceptions[0].frames) == 1


def test_threads() -> None:
    event = read(
        threads={"values": [
            {"id": 7, "name": "main", "crashed": True, "current": "yes", "main": True,
             "state": "RUNNABLE", "stacktrace": {"frames": [CALL]}},
            "x",
            {"id": "8"},
        ]}
    )  # fmt: skip
    first, second = event.threads
    assert (first.id, first.name, first.crashed, first.current, first.main) == (
        "7", "main", True, False, True,
    )  # fmt: skip
    assert (first.state, len(first.frames), second.id, second.frames) == ("RUNNABLE", 1, "8", ())
    assert len(read(threads=[{"id": n} for n in range(400)]).threads) == 250
