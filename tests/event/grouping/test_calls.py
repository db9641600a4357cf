"""What frames contribute: module or file, function, source line; and which of them count."""

from typing import Any

import pytest

from lighttrace.event.grouping.calls import MOST, call_of, contributing, fold
from lighttrace.event.model import Event
from tests.event.grouping.make import event, frame, link, same

CDN = "https://cdn.example/assets/main.js"


def calls(platform: str, *frames: dict[str, Any], app_only: bool = False) -> list[tuple[str, ...]]:
    made = event(platform, link("E", "v", *frames))
    return list(contributing(made.exceptions[0].frames, platform, app_only))


def one(platform: str, function: str = "", **fields: Any) -> tuple[str, ...]:
    made = event(platform, link("E", "v", frame(function, **fields)))
    return call_of(made.exceptions[0].frames[0], platform)


def stack(platform: str, *frames: dict[str, Any]) -> Event:
    return event(platform, link("E", "v", *frames))


def test_the_module_says_more_than_the_file() -> None:
    assert one("python", "f", module="shop.cart", filename="shop/cart.py") == (
        "module:shop.cart", "function:f",
    )  # fmt: skip
    assert one("python", "f", filename="/srv/r1/shop/Cart.py") == ("file:cart.py", "function:f")
    assert one("python") == ()


def test_a_path_is_no_module() -> None:
    path = {"module": "src/cart", "abs_path": "/srv/app/src/cart.js"}
    assert one("node", "f", **path) == ("file:cart.js", "function:f")


def test_where_a_script_is_hosted_says_nothing() -> None:
    for place in (CDN, "blob:https://x/1", "applewebdata://1"):
        assert one("javascript", "openMenu", abs_path=place) == ("function:openMenu",)
    assert one("javascript", "t", abs_path=CDN) == ()
    assert one("javascript", "t", abs_path=CDN, data={"sourcemap": "x"}) == ("function:t",)


def test_source_lines_count_where_source_is_known_to_be_good() -> None:
    line = {"context_line": "  total  =  sum(x) "}
    assert one("python", "f", **line)[-1] == "line:total = sum(x)"
    for platform in ("javascript", "node", "php", "ruby"):
        assert one(platform, "f", filename="a", **line)[-1] == "line:total = sum(x)"
    for platform in ("java", "go", "native", "csharp"):
        assert one(platform, "f", filename="a", **line)[-1] == "function:f"
    assert one("python", "f", context_line="x" * 121) == ("function:f",)
    assert one("javascript", "", abs_path=CDN, context_line="go()") == ()


def test_a_minified_line_of_megabytes_is_looked_at_no_further_than_needed() -> None:
    assert one("python", "f", context_line="x" * 3_000_000) == ("function:f",)
    assert one("python", "f", context_line=" " * 3_000_000 + "x") == ("function:f",)


def test_a_name_out_of_a_map_is_unreliable_beside_its_line() -> None:
    mapped = {"filename": "src/a.ts", "data": {"sourcemap": "x"}, "context_line": "go()"}
    assert one("javascript", "wrong", **mapped) == ("file:a.ts", "line:go()")
    assert one("javascript", "right", **{**mapped, "context_line": None}) == (
        "file:a.ts", "function:right",
    )  # fmt: skip


A = frame("a", module="m")
DROPPED = [
    ("javascript", frame("eval", abs_path="/srv/a.js")),
    ("javascript", frame("x", abs_path="[native code]")),
    ("javascript", frame("x", abs_path="<anonymous>")),
    ("node", frame("processTicksAndRejections", abs_path="node:internal/process/task_queues")),
    ("node", frame("runMicrotasks")),
    ("javascript", frame("_callSuper", filename="a.js")),
    ("javascript", frame("f", abs_path="/srv/node_modules/@babel/runtime/helpers.js")),
    ("javascript", frame("f", abs_path="/srv/zone.js/fesm.js")),
    ("dart", frame("<asynchronous suspension>")),
    ("python", frame("capture", None, module="sentry_sdk.client")),
    ("native", frame("__cxa_throw")),
    ("native", frame("start_thread")),
    ("rust", frame("core::panicking::panic_fmt")),
]


@pytest.mark.parametrize(("platform", "gone"), DROPPED, ids=str)
def test_some_frames_never_count(platform: str, gone: dict[str, Any]) -> None:
    assert calls(platform, A, gone) == calls(platform, A)


def test_everything_newer_than_the_throw_is_machinery() -> None:
    unwound = (frame("std::panicking::begin_panic"), frame("my_panic_hook"), frame("abort"))
    assert same(stack("rust", A, *unwound), stack("rust", A))


def test_a_process_pool_starts_at_its_job() -> None:
    start = (frame("<module>", filename="<string>"), frame("spawn_main", module="multiprocessing"))
    assert calls("python", *start, A) == [
        ("module:multiprocessing", "function:spawn_main"),
        *calls("python", A),
    ]


def test_a_lone_nameless_frame_of_a_page_says_nothing() -> None:
    assert calls("javascript", frame("", abs_path=CDN, context_line="x")) == []


def test_the_reporting_librarys_frames_count_where_the_client_says_so() -> None:
    assert len(calls("python", frame("f", True, module="sentry_sdk.x"))) == 1


def test_application_frames_are_preferred() -> None:
    library = frame("lib", False, module="flask")
    assert calls("python", library, A, app_only=True) == calls("python", A)
    assert same(
        stack("python", library, A), stack("python", frame("other", False, module="koa"), A)
    )
    assert not same(stack("python", library), stack("python", frame("other", False, module="koa")))


def test_a_call_of_itself_counts_once() -> None:
    assert same(stack("python", A, A, A), stack("python", A))
    twice = [frame("a", module="m", lineno=n, context_line="a()") for n in (1, 2)]
    assert same(stack("python", *twice), stack("python", twice[0]))


def test_a_stack_overflow_is_one_issue_at_any_depth_and_phase() -> None:
    start, ping, pong = (
        frame("start", module="m"),
        frame("ping", module="m"),
        frame("pong", module="m"),
    )
    deep = stack("python", start, *[ping, pong] * 90)
    for other in ([ping, pong] * 40, [pong, ping] * 60, [*[ping, pong] * 50, ping]):
        assert same(deep, stack("python", start, *other))
    assert not same(deep, stack("python", start, ping, pong))
    assert not same(deep, stack("python", start, *[ping, start] * 90))


def test_only_real_repeats_are_folded() -> None:
    a, b, c = ("a",), ("b",), ("c",)
    assert fold([a, b, a, b]) == [a, b, a, b]
    assert fold([c, a, b, a, b, a, b, c]) == [c, ("recursion", "a", "b"), c]
    assert fold([a, b, c] * 3) == [("recursion", "a", "b", "c")]
    assert fold([]) == []


def test_the_hundred_calls_nearest_the_crash_count() -> None:
    many = [frame(f"f{n}", module="m") for n in range(240)]
    found = calls("python", *many)
    assert len(found) == MOST and found[-1] == ("module:m", "function:f239")
    assert same(stack("python", *many), stack("python", *many[60:]))


def test_a_frames_own_platform_is_its_language() -> None:
    native = frame("void app::run(int)", platform="native")
    assert calls("javascript", native) == [("function:app::run",)]
