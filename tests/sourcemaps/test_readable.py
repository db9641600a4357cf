"""Stacks of minified code read with the map that a real bundler wrote, against what is known of
them.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lighttrace.event.model import Arrival, Event, Frame, Unmapped
from lighttrace.event.normalize import normalise
from lighttrace.sourcemaps import missing
from lighttrace.sourcemaps.decode import Decoded, decode
from lighttrace.sourcemaps.readable import MOST_SCRIPTS, Ask, Map, Original, readable
from lighttrace.sourcemaps.table import Token

DATA = Path(__file__).parents[1] / "data/sourcemaps/browser"
KNOWN = json.loads((DATA / "expected_positions.json").read_text())["checkout_error"]
ID = "4933f615-20c5-54a1-b1b9-65a2e8d1f4ad"
URL = "https://shop.example/assets/main.js"


class Uploaded(Map):
    """A map as it was uploaded, kept nowhere."""

    def __init__(self, decoded: Decoded, ignored: frozenset[str] = frozenset()) -> None:
        self._decoded = decoded
        self._ignored = ignored

    def find(self, line: int, column: int) -> Token | None:
        return self._decoded.table.find(line, column)

    def original(self, source: int) -> Original:
        it = self._decoded.sources[source]
        ignored = it.ignored or it.path in self._ignored
        return Original(it.path, ignored, (it.content or "").split("\n") if it.content else ())


MAIN = decode((DATA / "main.js.map").read_bytes())


def minified(**over: Any) -> Event:
    """The event of the corpus: oldest call first, with one frame of a script without a map."""
    frames: list[dict[str, Any]] = [
        {"abs_path": URL, "function": it["function"], "lineno": it["minified"][0],
         "colno": it["minified"][1], "in_app": True}
        for it in reversed(KNOWN)
    ]  # fmt: skip
    vendor = {"abs_path": "https://shop.example/assets/vendor.js", "lineno": 495, "colno": 1015}
    frames.insert(2, {**vendor, "function": "HTMLButtonElement.n", "in_app": True})
    raw = {
        "platform": "javascript",
        "release": "web@7.0.1",
        "dist": "b7",
        "exception": {"values": [{"type": "TypeError", "stacktrace": {"frames": frames}}]},
        "debug_meta": {"images": [{"type": "sourcemap", "code_file": URL, "debug_id": ID}]},
        **over,
    }
    return normalise(raw, Arrival(received_at=1, event_id="a" * 32))


def frames_of(event: Event) -> tuple[Frame, ...]:
    return event.exceptions[0].frames


def with_main(ask: Ask) -> Map | Unmapped:
    return Uploaded(MAIN) if ask.debug_id == ID else missing.release(ask.release)


def test_every_frame_of_a_real_stack_reads_as_it_was_written():
    frames = frames_of(readable(minified(), with_main))
    mapped = [frame for frame in reversed(frames) if frame.minified is not None]
    assert [(frame.filename, frame.lineno, (frame.colno or 0) - 1) for frame in mapped] == [
        (it["source"].replace("../", ""), it["line"], it["column"]) for it in KNOWN
    ]
    called = [frame.function for frame in mapped]
    assert called[:2] == ["shippingLabel", "submitOrder"]
    for name, it in zip(called, KNOWN, strict=True):
        assert name in (it["original_function"], None)
    crash = mapped[0]
    assert crash.context_line == KNOWN[0]["context_line"]
    text = (DATA / "src/checkout.tsx").read_text().split("\n")
    assert list(crash.pre_context) == text[15:20]
    assert list(crash.post_context) == text[21:26]
    sent = crash.minified
    assert sent is not None
    assert (sent.filename, sent.lineno, sent.colno) == ("/assets/main.js", 3, 655)


def test_each_script_is_asked_for_once_with_all_that_is_known_of_it():
    asked: list[Ask] = []

    def ask(it: Ask) -> Map | Unmapped:
        asked.append(it)
        return missing.release(it.release)

    readable(minified(), ask)
    assert asked == [
        Ask(ID, URL, "web@7.0.1", "b7"),
        Ask(None, "https://shop.example/assets/vendor.js", "web@7.0.1", "b7"),
    ]


def test_a_frame_that_stays_minified_says_why_and_is_as_it_was_sent():
    event = minified()
    vendor = frames_of(readable(event, with_main))[2]
    assert vendor.unmapped == missing.release("web@7.0.1")
    assert replace(vendor, unmapped=None) == frames_of(event)[2]


@pytest.mark.parametrize(
    ("line", "column", "why"),
    [
        (3, 2300, None),
        (3, 10**6, "line 3, column 1000000 is outside the map"),
        (900, 1, "line 900, column 1 is outside the map"),
        (3, 0, "no column"),
    ],
)
def test_a_place_that_the_map_does_not_know_says_so(line: int, column: int, why: str | None):
    frame = {"abs_path": URL, "lineno": line, "colno": column, "function": "S"}
    stack = {"values": [{"type": "E", "stacktrace": {"frames": [frame]}}]}
    (read,) = frames_of(readable(minified(exception=stack), with_main))
    if (
        why is None
    ):  # what comes soon after the last mapping of a line belongs to it, as in browsers
        assert read.minified is not None
    else:
        assert read.unmapped is not None
        assert why in read.unmapped.why


def test_a_line_after_the_end_of_its_source_is_of_another_build():
    class Short(Uploaded):
        def original(self, source: int) -> Original:
            return super().original(source)._replace(lines=("one line",))

    frames = frames_of(readable(minified(), lambda ask: Short(MAIN) if ask.debug_id else NONE))
    assert frames[-1].unmapped == missing.outside(3, 655)


NONE = missing.no_release()


def test_sources_the_map_ignores_become_frames_of_a_library():
    ignoring = Uploaded(MAIN, frozenset({"src/checkout.tsx"}))
    frames = frames_of(readable(minified(), lambda ask: ignoring if ask.debug_id else NONE))
    assert [frame.in_app for frame in frames] == [True, True, True, True, False, False]


def test_files_that_are_deployed_as_they_were_written_need_no_map():
    line = "  return total * rate;"
    frame = {"abs_path": "/srv/app/billing.js", "lineno": 5, "colno": 3, "context_line": line}
    stack = {"values": [{"type": "E", "stacktrace": {"frames": [frame]}}]}
    event = minified(exception=stack, platform="node")
    assert frames_of(readable(event, lambda ask: NONE)) == frames_of(event)


@pytest.mark.parametrize(
    "frame",
    [
        {"abs_path": "node:internal/process/task_queues", "lineno": 103, "colno": 5},
        {"abs_path": "<anonymous>", "lineno": 1, "colno": 1},
        {"abs_path": "[native code]", "lineno": 1, "colno": 1},
        {"abs_path": "chrome-extension://abc/inject.js", "lineno": 1, "colno": 1},
        {"abs_path": URL},
        {"abs_path": URL, "lineno": 3, "colno": 655, "data": {"sourcemap": "by the client"}},
        {"abs_path": "/srv/app.py", "lineno": 3, "colno": 6, "platform": "python"},
    ],
)
def test_nothing_is_asked_about_what_can_have_no_map(frame: dict[str, Any]):
    event = minified(exception={"values": [{"type": "E", "stacktrace": {"frames": [frame]}}]})

    def never(ask: Ask) -> Map | Unmapped:
        raise AssertionError(ask)

    assert readable(event, never) is event


@pytest.mark.parametrize(
    "meta",
    [
        *(None, [], "x", {"images": None}, {"images": [None, 1, "x", {}]}),
        {"images": [{"code_file": 1, "debug_id": ID}, {"code_file": URL, "debug_id": "no id"}]},
    ],
)
def test_debug_images_may_be_anything(meta: Any):
    asked: list[Ask] = []

    def ask(it: Ask) -> Map | Unmapped:
        asked.append(it)
        return NONE

    readable(minified(debug_meta=meta), ask)
    assert {it.debug_id for it in asked} == {None}


def test_an_event_of_ten_thousand_scripts_asks_for_a_hundred():
    asked: list[str] = []

    def nothing(ask: Ask) -> Map | Unmapped:
        asked.append(ask.url)
        return missing.release(ask.release)

    frames = [
        {"abs_path": f"https://shop.example/{n}.js", "lineno": 1, "colno": 1} for n in range(250)
    ]
    links = [{"type": "Error", "stacktrace": {"frames": frames[n:] + frames[:n]}} for n in range(3)]
    event = readable(minified(exception={"values": links}), nothing)
    assert len(asked) == len(set(asked)) == MOST_SCRIPTS
    last = event.exceptions[0].frames[-1].unmapped
    assert last is not None and "more than 100 scripts" in last.why
