"""What frames contribute to a hash: tuples of module or file, function and source line; recursion
folded.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from lighttrace.event import frames as rules
from lighttrace.event.grouping import clean
from lighttrace.event.model import Cut, Frame

MOST = 100  # contributing frames nearest the crash
CONTEXT = 120  # a longer source line is minified
BLOCKS = range(2, 9)  # lengths of a cycle that counts as recursion
REPEATS = 3

Call = tuple[str, ...]

_WITH_CONTEXT = frozenset(("python", "javascript", "php", "ruby"))
_JS_NOWHERE = ("http:", "https:", "blob:", "applewebdata:")
_JS_DROPPED = frozenset(("eval", "[native code]", "native code", "eval code"))
_NODE_HELPERS = frozenset(
    ("processTicksAndRejections", "runMicrotasks", "queueMicrotask", "nextTick", "runNextTicks")
)  # fmt: skip
_TRANSPILER = re.compile(r"@babel/|core-js|regenerator-runtime|tslib|zone\.js")
_NATIVE_THROW = re.compile(
    r"^(?:_?_?abort|raise|__cxa_throw|__cxa_rethrow|_CxxThrowException|"
    r"objc_exception_throw|rust_begin_unwind|"
    r"std::panicking::.*|core::panicking::.*|std::sys::backtrace::.*|__rust_start_panic)$"
)
_THREAD_BASES = frozenset(
    ("_pthread_start", "_pthread_body", "thread_start", "start_thread", "BaseThreadInitThunk",
     "RtlUserThreadStart")
)  # fmt: skip
_SPACES = re.compile(r"\s+")


def contributing(frames: Sequence[Frame], platform: str, app_only: bool) -> tuple[Call, ...]:
    """The tuples of a stack, oldest call first. `app_only`: of the application's own frames."""
    if not frames:
        return ()
    flags = rules.in_app(frames, platform)
    found: list[Call] = []
    for frame, is_app, reason in zip(frames, flags, dropped(frames, flags, platform), strict=True):
        if reason or (app_only and not is_app):
            continue
        call = call_of(frame, platform)
        if call and (not found or found[-1] != call):
            found.append(call)
    ruled = frames[-1].ruled
    if ruled is None or ruled.cut is None:
        return tuple(fold(found)[-MOST:])
    return _cut(found, ruled.cut)


def _cut(found: list[Call], cut: Cut) -> tuple[Call, ...]:
    """What stack trace rules leave of a stack; too short a one does not count at all."""
    if cut.inverted:
        found.reverse()
    found = fold(found)
    if len(found) < (cut.least or 0):
        return ()
    return tuple(found[-min(MOST, cut.most or MOST) :])


def call_of(frame: Frame, platform: str) -> Call:
    """What one frame contributes; empty if nothing."""
    return _call(
        frame.platform or platform,
        frame.module or "",
        frame.filename or "",
        frame.abs_path or "",
        (frame.raw_function and frame.function) or frame.function or frame.raw_function or "",
        # a minified line may have megabytes, and what is remembered is remembered with its question
        (frame.context_line or "")[: CONTEXT * 4],
        bool(frame.data and frame.data.get("sourcemap")),
    )


@lru_cache(maxsize=16_384)
def _call(
    platform: str, module: str, filename: str, abs_path: str, function: str, line: str, mapped: bool
) -> Call:
    kind = rules.family(platform)
    is_js = kind == "javascript"
    nowhere = is_js and abs_path.startswith(_JS_NOWHERE)
    parts: list[str] = []
    name = clean.function(function, platform, minified=nowhere and not mapped) if function else ""
    if kind == "csharp" and name:
        name = clean.csharp_async(name, module)
    place = clean.module(module, platform) if module and not _is_path(module, abs_path) else ""
    if place:
        parts.append(f"module:{place}")
    elif not nowhere and (base := clean.file(filename or abs_path, platform)):
        parts.append(f"file:{base}")
    context = _SPACES.sub(" ", line).strip() if kind in _WITH_CONTEXT else ""
    if len(context) > CONTEXT or (nowhere and not name):
        context = ""
    if name and not (is_js and mapped and context):
        parts.append(f"function:{name}")
    if context:
        parts.append(f"line:{context}")
    return tuple(parts)


def _is_path(module: str, abs_path: str) -> bool:
    """JavaScript clients send a path without its ending as the module."""
    if "/" not in module:
        return False
    return abs_path.endswith(module) or abs_path.rpartition(".")[0].endswith(module)


def dropped(frames: Sequence[Frame], flags: Sequence[bool], platform: str) -> list[str]:
    """Per frame, why it is left out whatever it says; empty if it is not."""
    kind = rules.family(platform)
    reasons = [
        _dropped(frame, is_app, rules.family(frame.platform) if frame.platform else kind)
        for frame, is_app in zip(frames, flags, strict=True)
    ]
    if kind == "native":
        for index, frame in enumerate(frames):
            if _NATIVE_THROW.match(clean.function(frame.function or "", platform)):
                reasons[index:] = ["it only raises the error"] * (len(frames) - index)
                break
    elif kind == "python":
        for index in range(len(frames) - 1):
            if frames[index].function == "<module>" and frames[index + 1].function == "spawn_main":
                reasons[index] = "it only starts a process"
    elif kind == "javascript" and len(frames) == 1 and not reasons[0]:
        only = frames[0]
        if not only.function and (only.abs_path or "").startswith(_JS_NOWHERE):
            reasons[0] = "a lone frame without a function says nothing"
    if frames and frames[0].ruled is not None:  # then all of them are
        for index, frame in enumerate(frames):
            if frame.ruled is not None and frame.ruled.group is not None:
                rule = frame.ruled.group_by
                reasons[index] = "" if frame.ruled.group else f"by the stack trace rule {rule}"
    return reasons


def _dropped(frame: Frame, is_app: bool, kind: str) -> str:
    function, path = frame.function or "", frame.abs_path or ""
    if frame.in_app is not True and rules.is_sdk(frame):
        return "it belongs to the reporting library"
    if kind == "javascript":
        if function in _JS_DROPPED or path in _JS_DROPPED:
            return "it is code made while running"
        if path == "<anonymous>" and not frame.module:
            return "it has no place"
        if function in _NODE_HELPERS:
            return "it belongs to the event loop"
        if function == "_callSuper" or _TRANSPILER.search(path):
            return "it was put in by a compiler"
    elif kind == "dart" and function == "<asynchronous suspension>":
        return "it only marks a wait"
    elif kind == "native" and function in _THREAD_BASES:
        return "it only starts a thread"
    return ""


def fold(calls: list[Call]) -> list[Call]:
    """Recursion as one entry: a stack overflow stops at any depth and in any phase of its cycle.

    A block of 2 to 8 frames that is repeated three times or more becomes the sorted set of its
    tuples; neighbours that belong to the set are part of the cycle too.
    """
    if len(calls) < min(BLOCKS) * REPEATS:
        return calls
    out: list[Call] = []
    index = 0
    while index < len(calls):
        size, end = _cycle_at(calls, index)
        if not size:
            out.append(calls[index])
            index += 1
            continue
        members = set(calls[index : index + size])
        while out and out[-1] in members:
            out.pop()
        while end < len(calls) and calls[end] in members:
            end += 1
        out.append(("recursion", *(" ".join(call) for call in sorted(members))))
        index = end
    return out


def _cycle_at(calls: list[Call], start: int) -> tuple[int, int]:
    """Length of the block repeated from `start` on and the index after its last whole repeat, or
    (0, start).
    """
    for size in BLOCKS:
        end = start + size
        if end + size * (REPEATS - 1) > len(calls):
            break
        if calls[start] != calls[end]:
            continue
        block = calls[start:end]
        while calls[end : end + size] == block:
            end += size
        if end - start >= size * REPEATS:
            return size, end
    return 0, start
