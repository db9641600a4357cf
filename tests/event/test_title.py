"""How an event is called, and where it says it happened."""

from typing import Any

import pytest

from lighttrace.event.title import Titles, crash_frame, titles
from tests.event.make import read


def called(**fields: Any) -> tuple[str, str]:
    found = titles(read(**fields))
    return found.title, found.value


def link(
    type: str | None = "E", value: str | None = None, *calls: dict[str, Any], **more: Any
) -> Any:
    return {"type": type, "value": value, "stacktrace": {"frames": list(calls)}, **more}


def culprit(platform: str, *calls: dict[str, Any], **fields: Any) -> str:
    return titles(read(platform=platform, exception=[link("E", "v", *calls)], **fields)).culprit


def test_an_error_is_called_by_its_type_and_the_first_line_of_its_value() -> None:
    assert called(exception=[link("KeyError", "'a'")]) == ("KeyError", "'a'")
    assert called(exception=[link("E", "\n\n  first \nsecond")]) == ("E", "first")
    assert called(exception=[link("NoMsg")]) == ("NoMsg", "")
    assert called(exception=[link(None, "text")]) == ("Error", "text")


def test_the_outermost_exception_names_it() -> None:
    assert called(exception=[link("OSError", "disk"), link("AppError", "save")]) == (
        "AppError", "save",
    )  # fmt: skip


def test_a_message_is_called_by_its_first_line() -> None:
    assert called(message="\n stock is low \nreally") == ("stock is low", "")
    assert called(logentry={"message": "stock of %s", "params": ["tea"]}) == ("stock of tea", "")


def test_a_message_with_a_stack_keeps_its_text_as_the_title() -> None:
    stack = link(None, "Stock is low", {"function": "f"})
    assert called(message="Stock is low", exception=[stack]) == ("Stock is low", "")


def test_without_any_words_there_is_a_placeholder() -> None:
    assert titles(read()) == Titles("<unlabeled event>", placeholder=True)
    assert titles(read(message="  \n ")).title == "<unlabeled event>"
    unknown = titles(read(exception=[link(None, None, {"function": "f", "filename": "a.py"})]))
    assert (unknown.title, unknown.placeholder) == ("<unknown>", True)
    assert not titles(read(message="x")).placeholder


def test_titles_are_bounded() -> None:
    long = titles(read(exception=[link("T" * 300, "v" * 5000)], transaction="t" * 500))
    assert (len(long.title), len(long.value), len(long.culprit)) == (128, 1024, 200)
    assert len(titles(read(message="m" * 5000)).title) == 256


def test_what_the_client_made_up_is_called_by_where_it_was() -> None:
    made_up = link("SIGSEGV", "segfault", {"function": "draw"}, mechanism={"synthetic": True})
    found = titles(read(platform="native", exception=[made_up]))
    assert (found.title, found.value, found.culprit) == ("draw", "segfault", "")
    nowhere = link("SIGSEGV", "segfault", mechanism={"synthetic": True})
    assert called(platform="native", exception=[nowhere]) == ("SIGSEGV", "segfault")


def test_a_security_report_is_called_by_its_message() -> None:
    csp = {"effective_directive": "img-src", "blocked_uri": "https://evil.example/x.png"}
    found = titles(read(csp=csp, message="Blocked 'img-src' from 'evil.example'"))
    assert (found.title, found.culprit) == ("Blocked 'img-src' from 'evil.example'", "img-src")


APP = {"function": "total", "module": "shop.cart", "filename": "shop/cart.py", "in_app": True}
LIBRARY = {"function": "loads", "module": "json", "filename": "json/__init__.py", "in_app": False}


@pytest.mark.parametrize(
    ("platform", "call", "says"),
    [
        ("python", APP, "shop.cart in total"),
        ("python", {"function": "total", "filename": "shop/cart.py"}, "shop/cart.py in total"),
        ("python", {"filename": "shop/cart.py"}, "shop/cart.py"),
        ("python", {"function": "total"}, "total"),
        ("javascript", {"function": "pay", "filename": "src/pay.ts"}, "pay(src/pay.ts)"),
        ("node", {"filename": "src/pay.ts"}, "?(src/pay.ts)"),
        ("node", {"function": "pay"}, "pay"),
        ("native", {"function": "shop::total", "filename": "cart.cc"}, "shop::total"),
        ("cpp", {"function": "shop::total", "filename": "cart.cc"}, "shop::total"),
        ("python", {"function": "go", "filename": "a.js", "platform": "javascript"}, "go(a.js)"),
    ],
)
def test_where_it_happened_is_said_as_its_language_does(
    platform: str, call: dict[str, Any], says: str
) -> None:
    assert culprit(platform, call) == says


def test_where_is_the_transaction_if_there_is_one() -> None:
    assert culprit("python", APP, transaction="/checkout") == "/checkout"
    assert titles(read(message="x", culprit="old.name")).culprit == "old.name"


def test_where_is_the_request_if_nothing_else_is_known() -> None:
    assert titles(read(message="x", request={"url": "https://x.example/a/b?c=1"})).culprit == "/a/b"
    assert titles(read(message="x", request={"url": "http://[broken"})).culprit == "http://[broken"
    assert titles(read(message="x")).culprit == ""


def test_the_crash_is_the_last_application_frame_with_a_name() -> None:
    nameless = {"filename": "shop/x.py", "in_app": True}
    event = read(platform="python", exception=[link("E", "v", APP, nameless, LIBRARY)])
    frame = crash_frame(event)
    assert frame is not None and frame.function == "total"
    inner = read(platform="python", exception=[link("A", "v", APP), link("B", "v", LIBRARY)])
    frame = crash_frame(inner)
    assert frame is not None and frame.function == "total"
    libraries = read(platform="python", exception=[link("E", "v", LIBRARY)])
    frame = crash_frame(libraries)
    assert frame is not None and frame.function == "loads"
    thread = {"id": 1, "crashed": True, "stacktrace": {"frames": [APP]}}
    frame = crash_frame(read(platform="python", exception=[{"type": "E"}], threads=[thread]))
    assert frame is not None and frame.function == "total"
    assert crash_frame(read(message="x")) is None
