"""A whole event in Sentry's shape, read anew from what is stored. Pure.

`entries` are the parts with a form of their own (exception, message, breadcrumbs, request,
threads, …) in Sentry's order; the rest are keys of the event itself.
"""

from collections.abc import Sequence

from lighttrace.event import details
from lighttrace.event.frames import in_app
from lighttrace.event.model import Event, ExceptionValue, Frame, Json, Mechanism, Thread
from lighttrace.store.events import Around, EventRow
from lighttrace.store.feedback import Feedback
from lighttrace.store.issues import Issue
from lighttrace.web.api import shapes
from lighttrace.web.api.answers import time


def whole(
    row: EventRow,
    event: Event,
    size_bytes: int,
    of: Issue | None,
    around: Around | None,
    said: Feedback | None,
) -> Json:
    """`of`: its issue; `around`: its neighbours there; `said`: what somebody reported about it."""
    category = of.category if of else event.kind
    title, _, value = row.title.partition(": ")
    return {
        **shapes.event(row, of),
        "size": size_bytes,
        "dist": event.dist,
        "type": category,
        "platform": event.platform,
        "message": event.message.formatted if event.message else "",
        "metadata": shapes.metadata(category, title, value, of.culprit if of else ""),
        "user": _user(event),
        "contexts": {name: {"type": name, **fields} for name, fields in event.contexts.items()},
        "context": dict(details.extra(event)),
        "packages": dict(details.packages(event)),
        "sdk": {"name": event.sdk_name, "version": event.sdk_version} if event.sdk_name else None,
        "entries": entries(event),
        "errors": [
            {"type": it.type, "message": it.type, "data": {"name": it.name, "value": it.value}}
            for it in event.remarks
        ],
        "fingerprints": list(event.fingerprint),
        "release": shapes.release(row.release),
        "userReport": shapes.report(said),
        "nextEventID": around.newer if around else None,
        "previousEventID": around.older if around else None,
        "occurrence": None,
        "_meta": event.raw.get("_meta") or {},
    }


def without_body(
    row: EventRow, of: Issue | None, around: Around | None, said: Feedback | None
) -> Json:
    """An event of which only the row is kept: the same keys, with nothing in them."""
    arrival = Event(row.event_id, row.received_at, row.happened_at, {}, kind="default")
    shape = whole(row, arrival, 0, of, around, said)
    note = {"type": "body_not_kept", "message": "Only the counts of this event are kept."}
    return {**shape, **shapes.event(row, of), "errors": [{**note, "data": {}}]}


def entries(event: Event) -> list[Json]:
    found: list[tuple[str, Json]] = []
    if event.exceptions:
        found.append(("exception", _exceptions(event)))
    elif event.frames:
        found.append(("stacktrace", _stack(event.frames, event.platform, 0)))
    if event.csp:
        found.append(("csp", event.csp))
    if event.message:
        message = {"formatted": event.message.formatted, "message": event.message.template}
        found.append(("message", message))
    if event.threads:
        threads = [_thread(it, event.platform) for it in event.threads]
        found.append(("threads", {"values": threads}))
    if crumbs := details.breadcrumbs(event):
        found.append(("breadcrumbs", {"values": [_breadcrumb(it) for it in crumbs]}))
    if request := details.request(event):
        found.append(("request", _request(request)))
    return [{"type": kind, "data": data} for kind, data in found]


def _exceptions(event: Event) -> Json:
    values = [_exception(it, event.platform) for it in event.exceptions]
    system = any(it["stacktrace"] and it["stacktrace"]["hasSystemFrames"] for it in values)
    return {"values": values, "hasSystemFrames": system, "excOmitted": None}


def _exception(it: ExceptionValue, platform: str) -> dict[str, Json]:
    return {
        "type": it.type,
        "value": it.value,
        "module": it.module,
        "threadId": it.thread_id,
        "mechanism": _mechanism(it.mechanism),
        "stacktrace": _stack(it.frames, platform, it.frames_omitted) if it.frames else None,
        "rawStacktrace": None,
    }


def _mechanism(it: Mechanism | None) -> Json:
    if it is None:
        return None
    return {name: getattr(it, name) for name in it.__struct_fields__}


def _stack(frames: Sequence[Frame], platform: str, omitted: int) -> dict[str, Json]:
    """Oldest call first, as the client sent it; `inApp` is what our rules say."""
    own = in_app(frames, platform)
    return {
        "frames": [_frame(it, mine) for it, mine in zip(frames, own, strict=True)],
        "framesOmitted": omitted or None,
        "registers": None,
        "hasSystemFrames": not all(own),
    }


def _frame(it: Frame, own: bool) -> Json:
    return {
        "filename": it.filename,
        "absPath": it.abs_path,
        "module": it.module,
        "package": it.package,
        "platform": it.platform,
        "function": it.function,
        "rawFunction": it.raw_function,
        "lineNo": it.lineno,
        "colNo": it.colno,
        "inApp": own,
        "context": _context(it),
        "vars": it.vars,
        "instructionAddr": it.instruction_addr,
        "symbolAddr": it.symbol_addr,
        "symbol": None,
        "trust": None,
        "errors": None,
        "lock": None,
        "sourceLink": it.source_link,
    }


def _context(it: Frame) -> list[list[Json]]:
    """Lines of source with their numbers, the one of the call among them."""
    if it.lineno is None or it.context_line is None:
        return []
    first = it.lineno - len(it.pre_context)
    lines = (*it.pre_context, it.context_line, *it.post_context)
    return [[number, line] for number, line in enumerate(lines, first)]


def _thread(it: Thread, platform: str) -> Json:
    return {
        "id": it.id,
        "name": it.name,
        "crashed": it.crashed,
        "current": it.current,
        "state": it.state,
        "stacktrace": _stack(it.frames, platform, 0) if it.frames else None,
        "rawStacktrace": None,
    }


def _breadcrumb(it: details.Breadcrumb) -> Json:
    return {
        "type": it.type,
        "timestamp": time(it.at_ms) if it.at_ms is not None else None,
        "level": it.level,
        "message": it.message or None,
        "category": it.category or None,
        "data": dict(it.data) or None,
        "event_id": None,
    }


def _request(it: details.Request) -> Json:
    return {
        "url": it.url,
        "method": it.method or None,
        "query": [list(pair) for pair in it.query],
        "fragment": None,
        "headers": [list(pair) for pair in it.headers],
        "cookies": [list(pair) for pair in it.cookies],
        "data": it.body or None,
        "env": dict(it.env) or None,
        "inferredContentType": None,
    }


def _user(event: Event) -> Json:
    it = event.user
    if it is None:
        return None
    known = {"id", "email", "username", "name", "ip_address", "data"}
    more = {name: value for name, value in details.user_fields(event) if name not in known}
    return {
        "id": it.id,
        "email": it.email,
        "username": it.username,
        "name": it.name,
        "ip_address": it.ip_address,
        "data": more,
    }
