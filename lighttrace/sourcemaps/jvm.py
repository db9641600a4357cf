"""Frames of Java and Kotlin as people wrote them: names and lines by the mapping of a build, calls
that were inlined, the classes of exceptions, and the lines around by a bundle of sources.

Pure: what was uploaded is asked of `Uploads`. Which mapping and which sources an event means stands
in its `debug_meta`, as images of the types proguard and jvm.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from msgspec.structs import replace

from lighttrace.event.frames import family, is_library
from lighttrace.event.model import Event, ExceptionValue, Frame, Unmapped
from lighttrace.sourcemaps import missing, retrace
from lighttrace.sourcemaps.decode import debug_id
from lighttrace.sourcemaps.proguard import Class, Span
from lighttrace.sourcemaps.readable import MOST_IMAGES, Lines, around
from lighttrace.sourcemaps.retrace import Mapping, Place

MOST_FRAMES = 1000  # of a stack, with those that were inlined
MOST_MAPPINGS = 8  # of an event; there is one mostly
_ENDS = (".java", ".kt", ".kts", ".groovy", ".scala", ".clj")


class Uploads(Protocol):
    """What was uploaded for the event's project."""

    def mapping(self, debug_id: str) -> Mapping | Unmapped: ...
    def source(self, debug_id: str, urls: Sequence[str]) -> Lines: ...


@dataclass(slots=True)
class _Build:
    """What an event names. `why`: of the first mapping that is not there."""

    platform: str
    release: str
    mappings: list[Mapping] = field(default_factory=list)
    why: Unmapped | None = None
    sources: list[str] = field(default_factory=list)

    def concerns(self, frame: Frame) -> bool:
        return family(frame.platform or self.platform) == "java"

    def find(self, name: str) -> Class | None:
        """A class by the name it runs under."""
        for mapping in self.mappings:
            found = mapping.find(name)
            if found is not None:
                return found
        return None


def readable(event: Event, uploads: Uploads) -> Event:
    """The event with its frames and exceptions as they were written. Each mapping is asked for
    once; the event itself comes back if it names nothing that is uploaded for the JVM.
    """
    build = _build(event, uploads)
    if build is None:
        return event

    def stack(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
        if not any(build.concerns(frame) for frame in frames):
            return frames
        return tuple(_with_source(it, build, uploads) for it in _stack(frames, build))

    return replace(
        event,
        exceptions=tuple(
            replace(_exception(it, build), frames=stack(it.frames)) for it in event.exceptions
        ),
        threads=tuple(replace(it, frames=stack(it.frames)) for it in event.threads),
        frames=stack(event.frames),
    )


def _build(event: Event, uploads: Uploads) -> _Build | None:
    meta = event.raw.get("debug_meta")
    images = meta.get("images") if type(meta) is dict else None
    build = _Build(event.platform, event.release or "")
    named: dict[str, None] = {}
    for image in images[:MOST_IMAGES] if type(images) is list else ():
        if type(image) is not dict:
            continue
        key = debug_id(image.get("uuid") or image.get("debug_id"))
        if key is not None and image.get("type") == "proguard":
            named[key] = None
        elif key is not None and image.get("type") == "jvm" and key not in build.sources:
            build.sources.append(key)
    del build.sources[MOST_MAPPINGS:]
    for key in list(named)[:MOST_MAPPINGS]:
        found = uploads.mapping(key)
        if isinstance(found, Unmapped):
            build.why = build.why or found
        else:
            build.mappings.append(found)
    return build if named or build.sources else None


def _stack(frames: Sequence[Frame], build: _Build) -> list[Frame]:
    """Oldest call first. A mapping says of a call of code that R8 has moved out of several methods
    where in its caller that code was; so calls are looked at from the newest on.
    """
    made: list[Frame] = []
    outlined: int | None = None  # the line in code that was moved out, which this call has called
    for at in range(len(frames) - 1, -1, -1):
        frame = frames[at]
        if len(made) + at + 1 >= MOST_FRAMES or not build.concerns(frame):
            made.append(frame)
            continue
        found = build.find(frame.module or "")
        if found is None or not frame.function:
            made.append(_unknown(frame, build))
            continue
        line = frame.lineno or None
        spans = retrace.spans(found, frame.function, line)
        if outlined is not None and len(spans) == 1 and outlined in spans[0].callsites:
            line = spans[0].callsites[outlined]
            spans = retrace.spans(found, frame.function, line)
        outlined = None
        if len(spans) == 1 and spans[0].outline and at > 0:
            outlined = line
            continue
        made += _written(frame, found, spans, line, build)
    made.reverse()
    return made


def _written(
    frame: Frame, found: Class, spans: Sequence[Span], line: int | None, build: _Build
) -> Iterator[Frame]:
    """What one call was, innermost first; of those that were inlined all but the last is none of
    the frames that were sent.
    """
    if not spans:
        # a class of which only the name was changed, or a line of another build
        changed = frame.function in found.methods
        why = missing.no_line(found.name, frame.function or "", line or 0) if changed else None
        places = [Place(found.name, frame.function or "", line, found.file)]
    else:
        why = None
        places = retrace.places(found, spans, line)
    for number, place in enumerate(places, 1):
        mapped = replace(
            frame,
            module=place.holder,
            function=place.function,
            raw_function=None,
            filename=_file(place, frame),
            abs_path=None,
            lineno=place.line,
            data={**(frame.data or {}), "sourcemap": True, "inlined": number < len(places)},
            minified=frame,
            unmapped=why,
        )
        yield replace(mapped, in_app=_in_app(mapped, build))


def _in_app(frame: Frame, build: _Build) -> bool | None:
    """SDKs tell their own code by the names of packages, which they saw obfuscated; a release is
    mostly called after the application's package.
    """
    if is_library(frame, frame.platform or build.platform):
        return False
    package, at, _ = build.release.partition("@")
    if at and "." in package and (frame.module or "").startswith(package + "."):
        return True
    return frame.in_app


def _unknown(frame: Frame, build: _Build) -> Frame:
    if build.why is None or is_library(frame, frame.platform or build.platform):
        return frame
    return replace(frame, unmapped=build.why)


def _exception(link: ExceptionValue, build: _Build) -> ExceptionValue:
    if link.type is None or not build.mappings:
        return link
    found = build.find(f"{link.module}.{link.type}" if link.module else link.type)
    if found is None:
        return link
    module, _, name = found.name.rpartition(".")
    return replace(link, type=name, module=module or None, obfuscated=(link.module, link.type))


def _file(place: Place, frame: Frame) -> str:
    """What the mapping says, else what the compiler wrote, else what Java demands."""
    if place.file:
        return place.file
    sent = frame.filename or ""
    outer = place.holder.rpartition(".")[2].partition("$")[0]
    if sent.endswith(_ENDS) and sent.partition(".")[0] in (outer, outer.removesuffix("Kt")):
        return sent
    if outer.endswith("Kt") and outer != "Kt":
        return outer.removesuffix("Kt") + ".kt"
    return outer + ".java"


def _with_source(frame: Frame, build: _Build, uploads: Uploads) -> Frame:
    if not (build.sources and build.concerns(frame) and frame.lineno and frame.module):
        return frame
    if frame.context_line is not None:
        return frame
    for key in build.sources:
        lines = uploads.source(key, _urls(frame))
        if frame.lineno <= len(lines):
            return around(frame, lines, frame.lineno - 1)
    return frame


def _urls(frame: Frame) -> tuple[str, ...]:
    """Where `sentry-cli debug-files bundle-jvm` puts a file: below its package, with an ending that
    is the same for all languages.
    """
    package, _, name = (frame.module or "").rpartition(".")
    folder = f"~/{package.replace('.', '/')}/" if package else "~/"
    file = (frame.filename or "").replace("\\", "/").rpartition("/")[2]
    outer = name.partition("$")[0]
    stem = file.rpartition(".")[0] if file.endswith(_ENDS) else outer
    named = (f"{folder}{stem}.jvm", f"{folder}{outer}.jvm")
    return tuple(dict.fromkeys((*named, folder + file) if file.endswith(_ENDS) else named))
