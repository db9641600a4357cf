"""The lines around a frame that came without them, fetched from the host of the repository when
somebody opens it, and kept.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from lighttrace import outward
from lighttrace.errors import OutwardError, StoreError
from lighttrace.event.model import Event, Frame, Unmapped
from lighttrace.event.source_links import Link, Revision
from lighttrace.settings.source_links import SourceOptions
from lighttrace.store import source_cache
from lighttrace.store.database import Reader
from lighttrace.store.source_cache import MOST_TEXT, Kept
from lighttrace.web import raw_files
from lighttrace.web.source_view import Sources
from lighttrace.web.state import Services

TIME_S = 2.0  # somebody waits for it
MOST = 3  # frames that one page may fetch
AGAIN_MS = 5 * 60_000  # a file of a branch, and one that could not be had, is asked for again then

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Want:
    """A file to be fetched."""

    project_id: int
    source: SourceOptions
    request: outward.Request
    at: Revision


def wanted(
    db: Reader,
    project_id: int,
    source: SourceOptions,
    sources: Sources,
    keys: Sequence[str],
    now_ms: int,
) -> list[Want]:
    """The files of those frames that are not kept yet."""
    found = {}
    for key in keys:
        asked = _request(source, sources, key)
        kept = source_cache.get(db, project_id, asked.url) if asked else None
        if asked and (kept is None or not _is_fresh(kept, sources.at, now_ms)):
            found[asked.url] = Want(project_id, source, asked, sources.at)
    return list(found.values())[:MOST]


def _is_fresh(kept: Kept, at: Revision, now_ms: int) -> bool:
    return (at.exact and kept.text is not None) or now_ms - kept.at < AGAIN_MS


def _request(source: SourceOptions, sources: Sources, key: str) -> outward.Request | None:
    link = sources.tried(key) if sources.may_fetch(key) else None
    if not isinstance(link, Link):
        return None
    return raw_files.request(source, link.path, sources.at)


async def fetch(services: Services, want: Want) -> None:
    """Ask the host for a file, and keep what it says. It may be kept that it said nothing."""
    text: str | None = None
    try:
        answer = await outward.send(
            want.request,
            allow_private=want.source.allow_private,
            time_s=TIME_S,
            most_bytes=MOST_TEXT + 1,
        )
    except OutwardError as error:
        why = str(error).rstrip(".")
    else:
        with_token = want.source.token is not None
        text, why = raw_files.text_of(answer, want.at, with_token=with_token)
    kept = Kept(text, why, services.clock.now_ms())
    try:
        await services.store.write(source_cache.put, want.project_id, want.request.url, kept)
    except StoreError as error:  # it is shown as not fetched, and can be asked for again
        log.warning("a fetched file was not kept: %s", error)


def with_lines(
    db: Reader, project_id: int, source: SourceOptions, sources: Sources, keys: Sequence[str]
) -> Event:
    """The event with the lines that are kept for these frames, or with why there are none."""
    event = sources.event
    for key in keys:
        asked, frame = _request(source, sources, key), sources.frame(key)
        kept = source_cache.get(db, project_id, asked.url) if asked else None
        if kept is not None and frame is not None:
            event = _replaced(event, key, _filled(frame, kept, sources.at))
    return event


def _filled(frame: Frame, kept: Kept, at: Revision) -> Frame:
    lines = None if kept.text is None else raw_files.around(kept.text, frame.lineno or 0)
    if lines is None:
        why = kept.why or f"at {at.shown} the file has no line {frame.lineno}"
        return msgspec.structs.replace(frame, unmapped=Unmapped(why, ""))
    return msgspec.structs.replace(
        frame, pre_context=lines.before, context_line=lines.line, post_context=lines.after
    )


def _replaced(event: Event, key: str, frame: Frame) -> Event:
    """The event with another frame in the place of a key, which is there."""
    name, _, number = key.partition("-")
    kind, at = name[:1], int(number)
    if kind == "s":
        return msgspec.structs.replace(event, frames=_put(event.frames, at, frame))
    n = int(name[1:])
    if kind == "e":
        link = event.exceptions[n]
        link = msgspec.structs.replace(link, frames=_put(link.frames, at, frame))
        exceptions = (*event.exceptions[:n], link, *event.exceptions[n + 1 :])
        return msgspec.structs.replace(event, exceptions=exceptions)
    task = event.threads[n]
    task = msgspec.structs.replace(task, frames=_put(task.frames, at, frame))
    threads = (*event.threads[:n], task, *event.threads[n + 1 :])
    return msgspec.structs.replace(event, threads=threads)


def _put(calls: tuple[Frame, ...], at: int, frame: Frame) -> tuple[Frame, ...]:
    return (*calls[:at], frame, *calls[at + 1 :])
