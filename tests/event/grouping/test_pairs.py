# ruff: noqa: E501  (a table: one event, one line)
"""The acceptance table: pairs of events that are the same thing to fix, and pairs that are not."""

import pytest

from lighttrace.event.model import Event
from tests.event.grouping.make import event, frame, link, same


def py(type: str, value: str, *frames: object, **fields: object) -> Event:
    return event("python", link(type, value, *frames), **fields)  # type: ignore[arg-type]


def js(*frames: object, platform: str = "javascript") -> Event:
    return event(platform, link("TypeError", "x", *frames))  # type: ignore[arg-type]


def stack(platform: str, *frames: object, type: str = "E", value: str = "v") -> Event:
    return event(platform, link(type, value, *frames))  # type: ignore[arg-type]


TOTAL = {"module": "app.cart"}
CDN = "https://cdn/main.4f2a91bc.js"

PAIRS = [
    ("1 value and line", True,
     py("KeyError", "'a'", frame("total", lineno=10, **TOTAL)), py("KeyError", "'b'", frame("total", lineno=99, **TOTAL))),
    ("2 context line", False,
     py("KeyError", "'a'", frame("total", context_line="x = row['a']", **TOTAL)), py("KeyError", "'a'", frame("total", context_line="y = other['a']", **TOTAL))),
    ("3 qualified names", True, py("E", "v", frame("run.<locals>.step", module="m")), py("E", "v", frame("step", module="m"))),
    ("4 both are places", False, py("E", "v", frame("<lambda>", module="m")), py("E", "v", frame("<listcomp>", module="m"))),
    ("5 whole chain", False, py("E", "v", frame("f", module="m")),
     event("python", link("OSError", "o", frame("g", module="m")), link("E", "v", frame("f", module="m")))),
    ("6 context is not identity", True,
     py("E", "v", frame("f", module="m"), environment="a", release="1.0.0", user={"id": 1}),
     py("E", "v", frame("f", module="m"), environment="b", release="2.0.0", user={"id": 2}, level="fatal")),
    ("7 the client's own frames", True,
     py("E", "v", frame("f", module="m"), frame("capture_event", False, module="sentry_sdk.client")), py("E", "v", frame("f", module="m"))),
    ("8 files at URLs", True, js(frame("openMenu", abs_path=CDN)), js(frame("openMenu", abs_path="https://cdn/main.99aa01de.js"))),
    ("9 receiver", True, js(frame("Module.load", abs_path=CDN)), js(frame("load", abs_path=CDN))),
    ("10 dropped frame", True, js(frame("a", filename="a.ts"), frame("eval", abs_path="eval code")), js(frame("a", filename="a.ts"))),
    ("11 minified line", True, js(frame("go", abs_path=CDN, context_line="x" * 300)), js(frame("go", abs_path=CDN, context_line="y" * 300))),
    ("12 file", False, js(frame("go", abs_path="webpack:///./src/a.ts")), js(frame("go", abs_path="webpack:///./src/b.ts"))),
    ("13 anonymous", True,
     js(frame("Object.<anonymous>", abs_path="/srv/boot.js"), platform="node"), js(frame("<anonymous>", abs_path="/srv/boot.js"), platform="node")),
    ("14 library by path", True,
     js(frame("list", None, abs_path="/srv/src/db.js"), frame("q", None, abs_path="/srv/node_modules/.pnpm/pg@8.11.3/node_modules/pg/lib/client.js"), platform="node"),
     js(frame("list", None, abs_path="/srv/src/db.js"), frame("query", None, abs_path="/srv/node_modules/pg/lib/query.js"), platform="node")),
    ("15 proxy number", True,
     stack("java", frame("invoke", module="com.sun.proxy.$Proxy12"), frame("run", module="A")), stack("java", frame("invoke", module="com.sun.proxy.$Proxy88"), frame("run", module="A"))),
    ("16 proxy suffix", True,
     stack("java", frame("getName", module="User$HibernateProxy$Abc12345")), stack("java", frame("getName", module="User$HibernateProxy$Zyx98765"))),
    ("17 two listeners", False, stack("java", frame("onClick", module="Menu$1")), stack("java", frame("onClick", module="Menu$2"))),
    ("18 all frames", False,
     stack("java", frame("get", None, module="java.util.ArrayList"), frame("next", None, module="java.util.Iterator")),
     stack("java", frame("get", None, module="java.util.ArrayList"), frame("remove", None, module="java.util.Iterator"))),
    ("19 type arguments", True, stack("go", frame("Map[int]", module="example.com/x")), stack("go", frame("Map[string]", module="example.com/x"))),
    ("20 block labels", True,
     stack("ruby", frame("rescue in run", filename="a.rb", context_line="do_it")), stack("ruby", frame("block in run", filename="a.rb", context_line="do_it"))),
    ("21 library by path", True,
     stack("ruby", frame("show", None, abs_path="/srv/app/a.rb"), frame("call", None, abs_path="/usr/gems/rack-2.2.3/lib/rack.rb")),
     stack("ruby", frame("show", None, abs_path="/srv/app/a.rb"), frame("call!", None, abs_path="/usr/gems/rack-3.1.0/lib/rack.rb"))),
    ("22 hashed file name", True,
     stack("php", frame("render", filename="/views/0a1b23c4d5e6f70812a4567.php")), stack("php", frame("render", filename="/views/ffffbbbb0123456789abcdef.php"))),
    ("23 compiler spelling", True, stack("native", frame("(anonymous namespace)::run(int)")), stack("native", frame("`anonymous namespace'::run(long)"))),
    ("24 lambda ordinal", True,
     stack("native", frame("main::{lambda(int)#1}::operator()(int) const")), stack("native", frame("main::{lambda(int)#2}::operator()(int) const"))),
    ("25 no names, so the value", True,
     stack("native", frame(instruction_addr="0x1f00"), type="SIGSEGV", value="fault at 0xdead10"), stack("native", frame(instruction_addr="0x2f00"), type="SIGSEGV", value="fault at 0x99")),
    ("26 arity", True, stack("csharp", frame("Add", module="Acme.Cache`1")), stack("csharp", frame("Add", module="Acme.Cache`2"))),
    ("27 library by scheme", True,
     stack("dart", frame("load", None, abs_path="package:x/main.dart"), frame("_rootRun", None, abs_path="dart:async/zone.dart")), stack("dart", frame("load", None, abs_path="package:x/main.dart"))),
    ("28 salted", False, py("E", "v", frame("f", module="m"), fingerprint=["{{ default }}", "db"]), py("E", "v", frame("f", module="m"))),
    ("29 variable", True,
     py("A", "v", frame("f", module="m"), fingerprint=["{{ tags.tenant }}"], tags={"tenant": "t1"}),
     py("B", "w", frame("g", module="n"), fingerprint=["{{ tags.tenant }}"], tags=[["tenant", "t1"]])),
    ("30 template and text", False, event("python", logentry={"message": "cannot load %s", "params": ["5"]}), event("python", message="cannot load 5")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("are_same", "one", "other"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)
def test_pair(are_same: bool, one: Event, other: Event) -> None:
    assert same(one, other) is are_same
