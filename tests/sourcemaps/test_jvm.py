"""Events of obfuscated Java and Kotlin, with mappings and sources at hand or not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lighttrace.event.model import Arrival, Event, Frame, Unmapped
from lighttrace.event.normalize import normalise
from lighttrace.sourcemaps import jvm, missing, retrace
from lighttrace.sourcemaps.readable import Lines, as_sent
from lighttrace.sourcemaps.retrace import Mapping
from tests.sourcemaps.test_retrace import CALL, R8

DATA = Path(__file__).parents[1] / "data" / "jvm"
UUIDS = {
    "build1": "0d5a2f7e-61c3-4b8e-9f0a-7f2b9d4c1e01",
    "build2": "0d5a2f7e-61c3-4b8e-9f0a-7f2b9d4c1e02",
    "r8": "0d5a2f7e-61c3-4b8e-9f0a-7f2b9d4c1e03",
}
SOURCES = "6f1e2b0c-94a7-4d3f-8a55-0c2f3b7d9e10"
IMAGES = [{"type": "jvm", "debug_id": SOURCES}]
WRITTEN = [
    ("com.shop.Main", "main", "Main.java", 10),
    ("com.shop.Checkout", "pay", "Checkout.java", 32),
    ("com.shop.Checkout", "lambda$pay$0", "Checkout.java", 29),
    ("com.shop.Checkout", "total", "Checkout.java", 23),
    ("com.shop.Checkout", "total", "Checkout.java", 17),
    ("com.shop.Money", "plus", "Money.java", 12),
]


def payload(build: str, **over: Any) -> dict[str, Any]:
    """What the SDK of Java sends of a stack as it was printed."""
    head, *lines = (DATA / f"{build}.stack.txt").read_text().splitlines()
    module, _, kind = head.partition(":")[0].rpartition(".")
    frames = [
        {"module": found[1], "function": found[2], "filename": found[3], "lineno": int(found[4])}
        for line in lines
        if (found := CALL.match(line))
    ]
    value = {
        "type": kind,
        "module": module,
        "value": head.partition(": ")[2],
        "stacktrace": {"frames": frames[::-1]},
    }
    return {
        "platform": "java",
        "release": "com.shop@1.4",
        "exception": {"values": [value]},
        "debug_meta": {"images": [{"type": "proguard", "uuid": UUIDS[build]}, *IMAGES]},
        **over,
    }


def event(raw: dict[str, Any]) -> Event:
    return normalise(raw, Arrival(received_at=1, event_id="a" * 32))


class Uploaded(jvm.Uploads):
    """Two builds and the sources of the shop, kept nowhere."""

    def __init__(self) -> None:
        self.tables = {
            UUIDS[build]: retrace.build((DATA / f"{build}.mapping.txt").read_bytes())
            for build in ("build1", "build2")
        }
        self.tables[UUIDS["r8"]] = retrace.build(R8.encode())

    def mapping(self, debug_id: str) -> Mapping | Unmapped:
        table = self.tables.get(debug_id)
        return Mapping(table) if table else missing.mapping(debug_id)

    def source(self, debug_id: str, urls: Sequence[str]) -> Lines:
        for url in urls if debug_id == SOURCES else ():
            path = DATA / "src" / url.removeprefix("~/").replace(".jvm", ".java")
            if path.is_file():
                return path.read_text().split("\n")
        return ()


def places(frames: Sequence[Frame]) -> list[tuple[Any, ...]]:
    return [(it.module, it.function, it.filename, it.lineno) for it in frames]


@pytest.mark.parametrize("build", ["build1", "build2"])
def test_the_stack_of_any_build_reads_as_it_was_written(build):
    link = jvm.readable(event(payload(build)), Uploaded()).exceptions[0]
    assert (link.module, link.type, link.value) == (
        "com.shop",
        "PaymentError",
        "negative amount -7",
    )
    assert places(link.frames) == WRITTEN
    assert all(it.in_app for it in link.frames)


def test_the_lines_around_come_from_the_sources_of_the_build():
    crash = jvm.readable(event(payload("build1")), Uploaded()).exceptions[0].frames[-1]
    text = (DATA / "src/com/shop/Money.java").read_text().split("\n")
    assert crash.context_line == text[11]
    assert list(crash.pre_context) == text[6:11]
    assert list(crash.post_context) == text[12:17]


def test_code_that_nobody_obfuscated_gets_its_lines_as_well():
    raw = payload("build2", debug_meta={"images": IMAGES})
    frame = {"module": "com.shop.Money", "function": "plus", "filename": "Money.java", "lineno": 12}
    raw["exception"]["values"][0]["stacktrace"]["frames"] = [frame, {**frame, "lineno": 999}]
    first, beyond = jvm.readable(event(raw), Uploaded()).exceptions[0].frames
    assert "throw new PaymentError" in (first.context_line or "")
    assert first.minified is None
    assert beyond.context_line is None


def test_what_was_sent_can_be_had_back():
    sent = event(payload("build1"))
    found = jvm.readable(sent, Uploaded())
    assert len(found.exceptions[0].frames) == 6
    assert as_sent(found, lambda frame: ()) == sent


def test_a_mapping_that_is_not_there_is_asked_for():
    raw = payload("build1")
    uuid = UUIDS["build1"].replace("e01", "eff")
    raw["debug_meta"]["images"][0]["uuid"] = uuid.upper()
    raw["exception"]["values"][0]["stacktrace"]["frames"].append(
        {"module": "java.util.ArrayList", "function": "get", "lineno": 1}
    )
    found = jvm.readable(event(raw), Uploaded()).exceptions[0]
    *own, library = found.frames
    assert [it.unmapped for it in own] == [missing.mapping(uuid)] * 4
    assert f"--uuid {uuid}" in missing.mapping(uuid).remedy
    assert library.unmapped is None
    assert (found.module, found.type) == ("a", "c")


def test_a_line_the_mapping_does_not_have_leaves_the_class_and_says_so():
    raw = payload("build1")
    frames = raw["exception"]["values"][0]["stacktrace"]["frames"]
    frames[-1]["lineno"] = 9_000
    crash = jvm.readable(event(raw), Uploaded()).exceptions[0].frames[-1]
    assert (crash.module, crash.function, crash.lineno) == ("com.shop.Money", "a", 9_000)
    assert crash.unmapped == missing.no_line("com.shop.Money", "a", 9_000)


def test_code_that_was_moved_out_of_a_method_is_shown_where_it_was():
    raw = payload("build1")
    raw["debug_meta"]["images"][0]["uuid"] = UUIDS["r8"]
    raw["exception"]["values"][0]["stacktrace"]["frames"] = [
        {"module": "a.c", "function": "s", "lineno": 27},
        {"module": "a.c", "function": "a", "lineno": 2},
    ]
    [frame] = jvm.readable(event(raw), Uploaded()).exceptions[0].frames
    assert (frame.function, frame.lineno) == ("outlineCaller", 100)


def test_frames_of_other_platforms_and_events_without_images_are_left_alone():
    plain = event(payload("build1", debug_meta={}))
    assert jvm.readable(plain, Uploaded()) is plain
    raw = payload("build1")
    frames = raw["exception"]["values"][0]["stacktrace"]["frames"]
    for frame in frames:
        frame["platform"] = "native"
    sent = event(raw)
    assert jvm.readable(sent, Uploaded()).exceptions[0].frames == sent.exceptions[0].frames


def test_a_stack_does_not_grow_without_end():
    table = "".join(["a -> a:\n", *(f"    1:1:void x.Y.m{n}():1:1 -> a\n" for n in range(1_000))])
    uploaded = Uploaded()
    uploaded.tables[UUIDS["build1"]] = retrace.build(table.encode())
    sent = event(payload("build1"))
    many = replace(sent.exceptions[0], frames=(Frame(module="a", function="a", lineno=1),) * 250)
    found = jvm.readable(replace(sent, exceptions=(many,)), uploaded)
    assert len(found.exceptions[0].frames) <= jvm.MOST_FRAMES + 100


@pytest.mark.parametrize(
    "images", [None, 7, [7, None, {}], [{"type": "proguard", "uuid": 7}], [{"type": "jvm"}]]
)
def test_strange_images_do_no_harm(images):
    sent = event(payload("build1", debug_meta={"images": images}))
    assert jvm.readable(sent, Uploaded()) is sent


@pytest.mark.parametrize(
    ("release", "said", "own"),
    [
        ("com.shop@1.4", None, True),
        ("com.shop@1.4", False, True),  # the SDK saw the package a.b
        ("shop@1.4", None, None),
        ("shop@1.4", False, False),
        ("com.shopping@1.4", False, False),
    ],
)
def test_code_below_the_package_of_the_release_is_ones_own(release, said, own):
    raw = payload("build1", release=release)
    for frame in raw["exception"]["values"][0]["stacktrace"]["frames"]:
        frame["in_app"] = said
    frames = jvm.readable(event(raw), Uploaded()).exceptions[0].frames
    assert {it.in_app for it in frames} == {own}
