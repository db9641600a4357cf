"""Exceptions, threads, frames of a payload. Order is kept: root cause first, oldest call first."""

import re
from urllib.parse import urlsplit

from lighttrace.event import text
from lighttrace.event.model import ExceptionValue, Frame, Json, Mechanism, Thread

OLDEST, NEWEST = 50, 200  # frames kept of a longer stack: how it began and how it ended
EXCEPTIONS = 50
THREADS = 250
CONTEXT_LINES = 20
_TYPED = re.compile(r"([A-Za-z_][\w.]{1,127}): (.+)", re.DOTALL)


def exceptions(value: Json, may_split: bool) -> tuple[ExceptionValue, ...]:
    """The chain. `may_split`: a value like `TypeError: x` without a type names its type."""
    found = []
    entries = text.values(value)
    for entry in entries[-EXCEPTIONS:]:
        if type(entry) is not dict:
            continue
        kind = text.string(entry.get("type"), 256)
        said = entry.get("value")
        words = None if said is None or said == "" else text.as_json(said, 8192)
        if kind is None and words is not None and may_split and (match := _TYPED.fullmatch(words)):
            kind, words = match.groups()
        calls, omitted = frames(entry.get("stacktrace"))
        if not calls and not omitted:
            calls, omitted = frames(entry.get("raw_stacktrace"))
        if kind is None and words is None and not calls:
            continue
        found.append(
            ExceptionValue(
                kind,
                words,
                text.string(entry.get("module"), 256),
                text.string(entry.get("thread_id"), 64),
                _mechanism(entry.get("mechanism")),
                calls,
                omitted,
            )
        )
    return tuple(found)


def with_frames(
    exception: ExceptionValue, calls: tuple[Frame, ...], omitted: int = 0
) -> ExceptionValue:
    return ExceptionValue(
        exception.type,
        exception.value,
        exception.module,
        exception.thread_id,
        exception.mechanism,
        calls,
        omitted,
    )


def threads(value: Json) -> tuple[Thread, ...]:
    found = []
    for entry in text.values(value)[:THREADS]:
        if type(entry) is dict:
            found.append(
                Thread(
                    text.string(entry.get("id"), 64),
                    text.string(entry.get("name"), 256),
                    entry.get("crashed") is True,
                    entry.get("current") is True,
                    entry.get("main") is True,
                    text.string(entry.get("state"), 64),
                    frames(entry.get("stacktrace"))[0],
                )
            )
    return tuple(found)


def frames(stacktrace: Json) -> tuple[tuple[Frame, ...], int]:
    """The frames of a stack trace, and how many were left out of the middle."""
    # some old clients send the list alone
    entries = stacktrace.get("frames") if type(stacktrace) is dict else stacktrace
    if type(entries) is not list:
        return (), 0
    calls = [entry for entry in entries if type(entry) is dict]
    omitted = len(calls) - OLDEST - NEWEST
    if omitted > 0:
        calls = calls[:OLDEST] + calls[-NEWEST:]
    return tuple([_frame(call) for call in calls]), max(0, omitted)


def _frame(call: dict[str, Json]) -> Frame:
    get = call.get
    filename = _string(get("filename"))
    abs_path = _string(get("abs_path"))
    if abs_path is None:
        abs_path = filename
    elif filename is None:
        filename = _path(abs_path)
    function = _string(get("function"))
    if function == "?":
        function = None
    in_app = get("in_app")
    variables = get("vars")
    data = get("data")
    context_line = get("context_line")
    return Frame(
        function,
        _string(get("raw_function")),
        _string(get("module")),
        filename,
        abs_path,
        text.integer(get("lineno")),
        text.integer(get("colno")),
        context_line if type(context_line) is str else None,
        _lines(get("pre_context")),
        _lines(get("post_context")),
        in_app if type(in_app) is bool else None,
        variables if type(variables) is dict else None,
        _string(get("platform")),
        _string(get("package")),
        _string(get("instruction_addr")),
        _string(get("symbol_addr")),
        _string(get("addr_mode")),
        _string(get("source_link")),
        data if type(data) is dict else None,
    )


def _string(value: Json) -> str | None:
    if type(value) is str:
        return (value if len(value) <= 1024 else text.cut(value, 1024)) or None
    return None if value is None else text.string(value, 1024)


def _lines(value: Json) -> tuple[str, ...]:
    if type(value) is not list or not value:
        return ()
    return tuple([line if type(line) is str else "" for line in value[:CONTEXT_LINES]])


def _path(abs_path: str) -> str:
    """The file of an address: its path part if it is a URL."""
    if "://" not in abs_path:
        return abs_path
    try:
        return urlsplit(abs_path).path or abs_path
    except ValueError:
        return abs_path


def _mechanism(value: Json) -> Mechanism | None:
    """Wrong types inside are left out, not fatal: the word "false" is not a boolean."""
    if type(value) is not dict:
        return None
    get = value.get
    return Mechanism(
        text.string(get("type"), 128) or "generic",
        _bool(get("handled")),
        _bool(get("synthetic")),
        text.string(get("description"), 512),
        text.string(get("help_link"), 512),
        text.string(get("source"), 128),
        text.integer(get("exception_id")),
        text.integer(get("parent_id")),
        _bool(get("is_exception_group")),
        get("data") if type(get("data")) is dict else None,
        get("meta") if type(get("meta")) is dict else None,
    )


def _bool(value: Json) -> bool | None:
    return value if type(value) is bool else None
