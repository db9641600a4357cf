"""Whose code a frame is: what the client said, else where the file lies."""

from typing import Any

import pytest

from lighttrace.event.frames import in_app, is_sdk, search_text
from lighttrace.event.model import Frame
from tests.event.make import read


def whose(platform: str, *frames: Frame) -> list[bool]:
    return list(in_app(frames, platform))


def test_the_clients_word_counts() -> None:
    theirs = Frame(abs_path="/usr/lib/python3.11/json/decoder.py", in_app=True)
    ours = Frame(abs_path="/srv/app/shop.py", in_app=False)
    assert whose("python", theirs, ours) == [True, False]


def test_a_frame_left_out_beside_marked_ones_is_not_the_applications() -> None:
    assert whose("python", Frame(filename="a.py", in_app=True), Frame(filename="b.py")) == [
        True,
        False,
    ]
    assert (
        whose("python", Frame(filename="a.py", in_app=False), Frame(filename="b.py")) == [False] * 2
    )


LIBRARIES: list[tuple[str, dict[str, Any]]] = [
    ("python", {"abs_path": "/srv/venv/lib/python3.11/site-packages/flask/app.py"}),
    ("python", {"abs_path": "/usr/lib/python3/dist-packages/x.py"}),
    ("python", {"abs_path": "/usr/local/lib/python3.13/json/__init__.py"}),
    ("python", {"filename": "<frozen importlib._bootstrap>"}),
    ("python", {"module": "sentry_sdk.client"}),
    ("node", {"abs_path": "/srv/node_modules/express/lib/router.js"}),
    ("node", {"abs_path": "C:\\srv\\node_modules\\express\\index.js"}),
    ("node", {"abs_path": "node:internal/process/task_queues"}),
    ("javascript", {"abs_path": "chrome-extension://abc/content.js"}),
    ("javascript", {"abs_path": "https://unpkg.com/react/index.js"}),
    ("javascript", {"abs_path": "https://cdn.jsdelivr.net/npm/vue"}),
    ("java", {"module": "java.util.ArrayList"}),
    ("android", {"module": "androidx.fragment.app.Fragment"}),
    ("kotlin", {"module": "kotlinx.coroutines.Job"}),
    ("java", {"module": "org.springframework.web.Dispatcher"}),
    ("csharp", {"module": "System.Collections.Generic.List`1"}),
    ("csharp", {"module": "Microsoft.AspNetCore.Mvc"}),
    ("go", {"module": "net/http"}),
    ("go", {"module": "github.com/x/y", "abs_path": "/root/go/pkg/mod/github.com/x/y@v1.0.0/a.go"}),
    ("ruby", {"abs_path": "/usr/local/bundle/gems/rack-3.1/lib/rack.rb"}),
    ("ruby", {"abs_path": "/usr/lib/ruby/3.3.0/net/http.rb"}),
    ("php", {"abs_path": "/srv/vendor/symfony/http-kernel/Kernel.php"}),
    ("dart", {"abs_path": "package:flutter/src/widgets/framework.dart"}),
    ("dart", {"abs_path": "dart:async/zone.dart"}),
    ("native", {"package": "/usr/lib/libc.so.6"}),
    ("native", {"package": "C:\\Windows\\System32\\ntdll.dll"}),
    ("rust", {"function": "core::panicking::panic"}),
    ("cocoa", {"package": "/System/Library/Frameworks/UIKit"}),
    ("other", {"abs_path": "/srv/app/vendor/x"}),
    ("python", {"abs_path": "/srv/newrelic/hooks.py"}),
]
APPLICATION: list[tuple[str, dict[str, Any]]] = [
    ("python", {"abs_path": "/srv/app/shop/orders.py", "module": "shop.orders"}),
    ("python", {"abs_path": "/home/dana/library/tools.py"}),
    ("node", {"abs_path": "/srv/app/src/db.js"}),
    ("javascript", {"abs_path": "https://shop.example/assets/main.js"}),
    ("java", {"module": "com.example.shop.Cart"}),
    ("java", {"module": "javafish.Pond"}),
    ("csharp", {"module": "Systematic.Orders"}),
    ("go", {"module": "main"}),
    ("go", {"module": "github.com/acme/shop/cart"}),
    ("ruby", {"abs_path": "/srv/app/models/cart.rb"}),
    ("php", {"abs_path": "/srv/src/Cart.php"}),
    ("dart", {"abs_path": "package:shop/cart.dart"}),
    ("native", {"package": "/srv/bin/shop", "function": "shop::cart::total"}),
    ("rust", {"function": "shop::core::run"}),
    ("other", {}),
]


@pytest.mark.parametrize(("platform", "place"), LIBRARIES, ids=str)
def test_a_librarys_frame_is_known_by_its_place(platform: str, place: dict[str, Any]) -> None:
    assert whose(platform, Frame(**place)) == [False]


@pytest.mark.parametrize(("platform", "place"), APPLICATION, ids=str)
def test_everything_else_is_the_applications(platform: str, place: dict[str, Any]) -> None:
    assert whose(platform, Frame(**place)) == [True]


def test_a_frames_own_platform_wins() -> None:
    in_java = Frame(module="java.util.List", platform="java")
    assert whose("javascript", in_java, Frame(module="java.util.List")) == [False, True]


@pytest.mark.parametrize(
    ("place", "is_its"),
    [
        ({"module": "sentry_sdk.client"}, True), ({"module": "raven.base"}, True),
        ({"abs_path": "/srv/node_modules/@sentry/node/index.js"}, True),
        ({"module": "io.sentry.Hub"}, True), ({"abs_path": "package:sentry/src/hub.dart"}, True),
        ({"module": "sentry_sdkish"}, False), ({"abs_path": "/srv/app/sentry_setup.py"}, False),
        ({"module": "shop.sentry"}, False),
    ],
)  # fmt: skip
def test_the_reporting_library_is_known(place: dict[str, Any], is_its: bool) -> None:
    assert is_sdk(Frame(**place)) is is_its


def test_what_a_stack_is_found_by_begins_at_the_crash_and_is_bounded() -> None:
    frames = [{"function": f"f{n}", "filename": "shop/orders.py"} for n in range(250)]
    event = read(exception=[{"type": "E", "stacktrace": {"frames": frames}}])
    functions, files, modules = search_text(event).split("\n")
    assert functions.split("\t")[:2] == ["f249", "f248"]
    assert (files, modules) == ("shop/orders.py", "")
    long = [{"function": "f" * 900 + str(n)} for n in range(50)]
    assert len(search_text(read(exception=[{"type": "E", "stacktrace": {"frames": long}}]))) <= 4096
    assert search_text(read(message="x")) == ""
