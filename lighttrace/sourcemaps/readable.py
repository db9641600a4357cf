"""Minified frames become what people wrote: file, line, column, function, and the lines around.

Pure: what was uploaded is asked of `Maps`. A frame that stays minified says why. Positions of
events count from 1, those of maps from 0.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

from msgspec.structs import replace

from lighttrace.event.frames import family, is_library
from lighttrace.event.model import Event, ExceptionValue, Frame, Unmapped
from lighttrace.sourcemaps import missing
from lighttrace.sourcemaps.decode import debug_id
from lighttrace.sourcemaps.functions import Call, names
from lighttrace.sourcemaps.table import Token

AROUND = 5  # lines before and after
LINE = 1024  # characters kept of one
MOST_IMAGES = 2000
# of one event, each 0.2 ms to look for and with a map 20 ms to open; honest stacks have 30 at most
MOST_SCRIPTS = 100
MINIFIED = 200  # a longer line is not what people wrote
# not files, but what engines and extensions call their own
_NO_SCRIPT = re.compile(
    r"<|\[|native|node:|internal/|data:|blob:|[a-z-]+-extension:|chrome:|about:|evalmachine",
    re.IGNORECASE,
)
Lines: TypeAlias = Sequence[str]


class Ask(NamedTuple):
    """One script of an event. `release` and `dist` are '' where the event has none."""

    debug_id: str | None
    url: str
    release: str
    dist: str


class Original(NamedTuple):
    """A source of a map. `ignored`: the map says that it is none of the application's own."""

    path: str
    ignored: bool
    lines: Lines  # empty if its text was not uploaded


class Map(Protocol):
    """The map of one script."""

    def find(self, line: int, column: int) -> Token | None: ...
    def original(self, source: int) -> Original: ...


Maps: TypeAlias = Callable[[Ask], Map | Unmapped]


@dataclass(frozen=True, slots=True)
class _Found:
    token: Token | None
    original: Original | None
    why: Unmapped | None


_NOTHING = _Found(None, None, None)


def readable(event: Event, maps: Maps) -> Event:
    """The event with its frames of minified code as their maps have them. `maps` is asked once for
    each script; the event itself comes back if there was nothing to ask.
    """
    scripts = _Scripts(event, maps)
    exceptions = tuple(
        replace(it, frames=_stack(it.frames, scripts)) if scripts.concern(it.frames) else it
        for it in event.exceptions
    )
    threads = tuple(
        replace(it, frames=_stack(it.frames, scripts)) if scripts.concern(it.frames) else it
        for it in event.threads
    )
    own = _stack(event.frames, scripts) if scripts.concern(event.frames) else event.frames
    if not scripts.asked:
        return event
    return replace(event, exceptions=exceptions, threads=threads, frames=own)


def frames(event: Event) -> Iterator[Frame]:
    """All frames of an event."""
    for link in event.exceptions:
        yield from link.frames
    for thread in event.threads:
        yield from thread.frames
    yield from event.frames


def is_mapped(event: Event) -> bool:
    """Whether uploaded files have made something of it readable."""
    return any(it.obfuscated for it in event.exceptions) or any(
        frame.minified for frame in frames(event)
    )


def as_sent(event: Event, lines: Callable[[Frame], Lines]) -> Event:
    """The event with its frames as the client sent them, where a map has changed them. `lines`: of
    the script of such a frame, empty if it was not uploaded.
    """

    def back(found: Sequence[Frame]) -> tuple[Frame, ...]:
        sent = [it for it in found if it.minified is None or not (it.data or {}).get("inlined")]
        return tuple(it if it.minified is None else _sent(it.minified) for it in sent)

    def link(it: ExceptionValue) -> ExceptionValue:
        module, name = it.obfuscated or (it.module, it.type)
        return replace(it, module=module, type=name, frames=back(it.frames), obfuscated=None)

    def _sent(frame: Frame) -> Frame:
        at = (frame.lineno or 0) - 1
        text = lines(frame) if frame.context_line is None and frame.abs_path else ()
        if not 0 <= at < len(text):
            return frame
        return replace(frame, context_line=text[at][: (frame.colno or 0) + LINE])

    return replace(
        event,
        exceptions=tuple(link(it) for it in event.exceptions),
        threads=tuple(replace(it, frames=back(it.frames)) for it in event.threads),
        frames=back(event.frames),
    )


def ask(event: Event, url: str) -> Ask:
    """What is known of one script of an event."""
    return Ask(_debug_ids(event).get(url), url, event.release or "", event.dist or "")


class _Scripts:
    """The scripts of one event, each asked for once."""

    def __init__(self, event: Event, maps: Maps) -> None:
        self._platform = event.platform
        self._maps = maps
        self._release, self._dist = event.release or "", event.dist or ""
        self._debug_ids = _debug_ids(event)
        self.asked: dict[str, Map | Unmapped] = {}

    def concern(self, frames: Sequence[Frame]) -> bool:
        return any(self.is_of_one(frame) for frame in frames)

    def is_of_one(self, frame: Frame) -> bool:
        """Whether a frame is of a script that may have a map, and was not mapped by its client."""
        return bool(
            frame.abs_path
            and frame.lineno
            and family(frame.platform or self._platform) == "javascript"
            and not _NO_SCRIPT.match(frame.abs_path)
            and not (frame.data and frame.data.get("sourcemap"))
        )

    def expects(self, frame: Frame) -> bool:
        """Whether somebody should be told if it has no map: files that are deployed as they were
        written come with their lines.
        """
        line = frame.context_line
        return line is None or len(line) > MINIFIED or frame.abs_path in self._debug_ids

    def map(self, url: str) -> Map | Unmapped:
        found = self.asked.get(url)
        if found is None:
            if len(self.asked) >= MOST_SCRIPTS:
                return missing.too_many(MOST_SCRIPTS)
            ask = Ask(self._debug_ids.get(url), url, self._release, self._dist)
            found = self.asked[url] = self._maps(ask)
        return found

    def look(self, frame: Frame) -> _Found:
        if not self.is_of_one(frame):
            return _NOTHING
        assert frame.abs_path is not None
        assert frame.lineno is not None
        found = self.map(frame.abs_path)
        if isinstance(found, Unmapped):
            return _Found(None, None, found if self.expects(frame) else None)
        if not frame.colno:
            return _Found(None, None, missing.no_column())
        token = found.find(frame.lineno - 1, frame.colno - 1)
        if token is None:
            return _Found(None, None, missing.outside(frame.lineno, frame.colno))
        if token.source < 0:
            return _Found(None, None, missing.not_mapped(frame.lineno, frame.colno))
        original = found.original(token.source)
        if original.lines and token.line >= len(original.lines):
            return _Found(None, None, missing.outside(frame.lineno, frame.colno))
        return _Found(token, original, None)


def _debug_ids(event: Event) -> dict[str, str]:
    """URL of a script → debug id, as the SDK saw them (`debug_meta`)."""
    meta = event.raw.get("debug_meta")
    images = meta.get("images") if type(meta) is dict else None
    found: dict[str, str] = {}
    for image in images[:MOST_IMAGES] if type(images) is list else ():
        if type(image) is dict and type(image.get("code_file")) is str:
            known = debug_id(image.get("debug_id"))
            if known is not None:
                found[image["code_file"]] = known
    return found


def _stack(frames: Sequence[Frame], scripts: _Scripts) -> tuple[Frame, ...]:
    found = [scripts.look(frame) for frame in frames]
    calls = [Call(it.token, frame.function) for it, frame in zip(found, frames, strict=True)]
    return tuple(
        _frame(frame, it, name) for frame, it, name in zip(frames, found, names(calls), strict=True)
    )


def _frame(frame: Frame, found: _Found, name: str | None) -> Frame:
    if found.why is not None:
        return replace(frame, unmapped=found.why)
    if found.token is None or found.original is None:
        return frame
    path, ignored, lines = found.original
    at = found.token.line
    mapped = replace(
        frame,
        function=name,
        raw_function=None,
        module=None,
        filename=path,
        abs_path=path,
        lineno=at + 1,
        colno=found.token.column + 1,
        data={**(frame.data or {}), "sourcemap": True},
        minified=frame,
    )
    mapped = around(mapped, lines, at)
    if ignored or is_library(mapped, frame.platform or "javascript"):
        return replace(mapped, in_app=False)
    return mapped


def around(frame: Frame, lines: Lines, at: int) -> Frame:
    """The frame with a line, from 0, and those around it; with none if the text is not there."""
    return replace(
        frame,
        context_line=_cut(lines[at]) if lines else None,
        pre_context=tuple(_cut(line) for line in lines[max(0, at - AROUND) : at]),
        post_context=tuple(_cut(line) for line in lines[at + 1 : at + 1 + AROUND]),
    )


def _cut(line: str) -> str:
    return line if len(line) <= LINE else line[:LINE]
