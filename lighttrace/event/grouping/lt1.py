"""Grouping, version 1: an event's hash, and the exception that gives its issue a name.

    checksum? → a rule people made → built-in rule → client's fingerprint → default components,
    the first of these that says anything:
    exceptions · threads · stack trace · security report · message · nothing

Identity comes from places in code and kinds of error, never from line numbers, values, people,
requests, releases or time. Frozen: any change of what is hashed is a new version (docs/grouping.md,
"Versions").
"""

from dataclasses import dataclass
from hashlib import sha256

import msgspec

from lighttrace.event.grouping import exceptions, fingerprint
from lighttrace.event.grouping.calls import contributing
from lighttrace.event.grouping.parameterise import parameterise
from lighttrace.event.model import Event, ExceptionValue, Frame, Thread

VERSION = 1
_ENCODE = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Grouping:
    """`hash`: 16 bytes. `method`: what decided. `main`: the exception for titles, None if the last
    one will do. `title`: what a rule calls it.
    """

    hash: bytes
    version: int
    # checksum | rule | fingerprint | exception | threads | stacktrace | csp | message | fallback
    method: str
    main: ExceptionValue | None
    title: str = ""


def group(event: Event, ruled: tuple[str, ...] | None = None) -> Grouping:
    """Which issue an event belongs to. Never raises.

    `ruled` is the fingerprint that a rule people made puts in the place of the client's.
    """
    if event.checksum is not None:
        return Grouping(_hash(("checksum", event.checksum)), VERSION, "checksum", None)
    by = "fingerprint"
    if ruled is not None:
        event = msgspec.structs.replace(event, fingerprint=ruled)
        by = "rule"
    elif (rule := fingerprint.built_in(event)) is not None:
        return Grouping(_hash(("fingerprint", *rule[0])), VERSION, "rule", None)
    if event.fingerprint and fingerprint.is_custom(event.fingerprint):
        parts, has_default = fingerprint.resolved(event, None)
        if not has_default:
            return Grouping(_hash(("fingerprint", *parts)), VERSION, by, _main(event))
        _, component, main = default(event)
        salted = ("fingerprint", *parts, ("default", component))
        return Grouping(_hash(salted), VERSION, by, main)
    method, component, main = default(event)
    return Grouping(_hash(component), VERSION, method, main)


def default(event: Event) -> tuple[str, exceptions.Component, ExceptionValue | None]:
    """Method, component and main exception without any fingerprint."""
    if event.exceptions:
        component, main = _exceptions(event)
        if component:
            return "exception", component, main
    if (thread := thread_of(event)) and (stack := _stack(thread.frames, event.platform)):
        return "threads", ("threads", *stack), None
    if stack := _stack(event.frames, event.platform):
        return "stacktrace", ("stacktrace", *stack), None
    if event.csp:
        return "csp", ("csp", event.csp.get("effective_directive", ""), blocked_host(event)), None
    if event.message is not None:
        text = parameterise(event.message.template or event.message.formatted)
        if text:
            return "message", ("message", text), None
    return "fallback", ("fallback",), None


def _exceptions(event: Event) -> tuple[exceptions.Component, ExceptionValue | None]:
    found = exceptions.links(exceptions.with_borrowed_stack(event))
    if not found.members:
        parts = exceptions.components(found.chain, event.platform)
        says = any(part[1] or len(part) > 2 for part in parts)
        return (("exceptions", *parts) if says else ()), found.main
    distinct = distinct_members(found, event.platform)
    if len(distinct) == 1:
        only, member = next(iter(distinct.items()))
        return ("exceptions", *only), member[-1]
    root = exceptions.component(found.chain[-1], ())[:2]
    return ("group", root, *sorted(distinct, key=_ENCODE)), found.main


def distinct_members(
    found: exceptions.Links, platform: str
) -> dict[exceptions.Component, tuple[ExceptionValue, ...]]:
    """The members of a group that differ, by what they contribute: ten equal ones are one."""
    distinct: dict[exceptions.Component, tuple[ExceptionValue, ...]] = {}
    for member in found.members:
        distinct.setdefault(tuple(exceptions.components(member, platform)), member)
    return distinct


def _main(event: Event) -> ExceptionValue | None:
    return _exceptions(event)[1] if event.exceptions else None


def thread_of(event: Event) -> Thread | None:
    """The thread that crashed, else the current one, else the only one."""
    threads = [thread for thread in event.threads if thread.frames]
    crashed = [thread for thread in threads if thread.crashed]
    current = [thread for thread in threads if thread.current]
    for chosen in (crashed, current, threads):
        if chosen:
            return chosen[0] if len(chosen) == 1 else None
    return None


def _stack(frames: tuple[Frame, ...], platform: str) -> tuple[object, ...]:
    return contributing(frames, platform, True) or contributing(frames, platform, False)


def blocked_host(event: Event) -> str:
    """What a security report is about: a host, or a word like `inline`; `self`: the page's own."""
    report = event.csp or {}
    blocked, page = report.get("blocked_uri", ""), report.get("document_uri", "")
    host = blocked.partition("://")[2].partition("/")[0] if "://" in blocked else blocked
    return "self" if host and host == page.partition("://")[2].partition("/")[0] else host[:200]


def _hash(component: object) -> bytes:
    """Over canonical JSON, so that `["ab","c"]` and `["a","bc"]` differ."""
    return sha256(_ENCODE(component)).digest()[:16]
