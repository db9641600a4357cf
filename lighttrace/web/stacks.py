"""A stack as people read it: newest call first, runs of library calls folded into one line.

Pure. A page has a budget for sources and variables; what does not fit is fetched when its frame is
opened, so a stack of a thousand calls stays a small page.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lighttrace.event import details, frames
from lighttrace.event.model import Frame, Unmapped
from lighttrace.event.stacks import OLDEST
from lighttrace.web import highlight
from lighttrace.web.highlight import Line

SOURCE = 24_000  # characters of source and variables in one page: about 60 kB of HTML
COLOURED = 9_000  # of them coloured at once: about 10 ms of pygments when nothing is cached
VARIABLES = 60  # of one frame
JAVA = frozenset({"java", "kotlin", "android", "groovy", "scala"})
NATIVE = frozenset({"native", "c", "cocoa", "objc", "swift", "rust"})
_SCHEME = re.compile(r"^(?:webpack(?:-internal)?|app|file|ng|turbopack)://+(?:_N_E/)?(?:\./)?")
_NODE_MODULE = re.compile(r"node_modules/((?:@[^/]+/)?[^/]+)")
_PACKAGE = re.compile(
    r"(?:site|dist)-packages/([^/]+)|/gems/([^/]+?)-\d[^/]*/|/vendor/([^/]+/[^/]+)/"
)
_GO_MODULE = re.compile(r"/pkg/mod/([^@]+)@")


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    value: str
    missing: bool = False  # undefined, null, None: often the reason


@dataclass(frozen=True, slots=True)
class Call:
    """One frame. `lazy`: it has a source, which is not part of this page. `times`: equal calls in a
    row. `pill`: what is special about it.
    """

    key: str  # e0-12: the thirteenth frame of the first exception, as they were sent
    function: str
    folder: str
    place: str
    in_app: bool
    opened: bool = False
    lazy: bool = False
    times: int = 1
    pill: str = ""
    address: str = ""
    lines: tuple[Line, ...] = ()
    variables: tuple[Variable, ...] = ()
    more_variables: int = 0
    unmapped: Unmapped | None = None  # why its code is still minified

    @property
    def has_body(self) -> bool:
        return bool(self.lazy or self.lines or self.variables or self.unmapped)


@dataclass(frozen=True, slots=True)
class Fold:
    """Library calls in a row."""

    calls: tuple[Call, ...]
    words: str  # 7 frames in react-dom, scheduler


@dataclass(frozen=True, slots=True)
class Gap:
    """Calls that were cut out of the middle when the event came in."""

    omitted: int


@dataclass(frozen=True, slots=True)
class Stack:
    entries: tuple[Call | Fold | Gap, ...]
    total: int
    foldable: bool  # there are calls of both kinds: it makes sense to ask for all


@dataclass(slots=True)
class Budget:
    """What a page may still spend. `asked` are the keys of the frames somebody wants to see."""

    asked: frozenset[str] = frozenset()
    every: bool = False  # all frames, none folded
    source: int = SOURCE
    coloured: int = COLOURED
    opened: bool = False  # the crashing frame of the page has been found


def stack(
    calls: Sequence[Frame], prefix: str, platform: str, budget: Budget, *, omitted: int = 0,
    main: bool = False,
) -> Stack:  # fmt: skip
    """`calls` oldest first, as stored; `main`: its crashing frame is the one to open."""
    flags = frames.in_app(calls, platform)
    foldable = any(flags) and not all(flags)
    crash = _crash(calls, flags) if calls else -1
    entries: list[Call | Fold | Gap] = []
    run: list[tuple[int, Frame]] = []

    def close() -> None:
        if not run:
            return
        folded = [
            _call(frame, f"{prefix}-{at}", platform, False, False, budget, False)
            for at, frame in run
        ]
        asked = any(call.key in budget.asked for call in folded)
        if len(folded) == 1 or asked:
            entries.extend(folded)
        else:
            entries.append(Fold(tuple(folded), _words([frame for _, frame in run], platform)))
        run.clear()

    for at in range(len(calls) - 1, -1, -1):
        frame, own = calls[at], flags[at]
        if omitted and at == OLDEST - 1:
            close()
            entries.append(Gap(omitted))
        if foldable and not own and not budget.every:
            run.append((at, frame))
            continue
        close()
        opens = main and at == crash and not budget.opened
        budget.opened |= opens
        call = _call(frame, f"{prefix}-{at}", platform, own, own or not foldable, budget, opens)
        if opens:
            pill = "crashed here" if at == len(calls) - 1 else "called from here"
            call = replace(call, pill=pill)
        if not opens and _again(entries, call):
            continue
        entries.append(call)
    close()
    return Stack(tuple(entries), len(calls) + omitted, foldable)


def _crash(calls: Sequence[Frame], flags: Sequence[bool]) -> int:
    """The newest call of one's own code, else the newest."""
    own = [at for at, flag in enumerate(flags) if flag]
    named = [at for at in own if calls[at].function or calls[at].minified]
    return (named or own or [len(calls) - 1])[-1]


def _ruled(frame: Frame) -> str:
    """Where a rule turned round what the SDK said, which stays known."""
    ruled = frame.ruled
    if ruled is None or not ruled.app_by or ruled.said in (None, frame.in_app):
        return ""
    return "yours by a rule" if frame.in_app else "not yours by a rule"


def _pill(frame: Frame) -> str:
    if frame.unmapped:
        return "no source"
    return "inlined" if frame.minified and (frame.data or {}).get("inlined") else ""


def _call(
    frame: Frame, key: str, platform: str, own: bool, shown: bool, budget: Budget, opens: bool
) -> Call:
    """`shown`: its source belongs on the page as long as there is room."""
    asked = key in budget.asked
    folder, place = where(frame, platform)
    size = sum(map(len, frame.pre_context)) + sum(map(len, frame.post_context))
    size = min(size + len(frame.context_line or ""), 21 * highlight.LINE)
    has_source, has_variables = frame.context_line is not None, bool(frame.vars)
    inside = opens or asked or (shown and budget.source > 0)
    lines: tuple[Line, ...] = ()
    variables: tuple[Variable, ...] = ()
    if inside and (has_source or has_variables):
        coloured = opens or asked or budget.coloured > 0
        lines = highlight.context(frame, platform, coloured=coloured)
        variables = _variables(frame, platform)
        budget.coloured -= size
        budget.source -= size + sum(len(item.name) + len(item.value) for item in variables)
    return Call(
        key,
        name(frame, platform),
        folder,
        place,
        own,
        opened=opens or asked,
        lazy=not inside and (has_source or has_variables),
        pill=_ruled(frame) or _pill(frame),
        address="" if place else frame.instruction_addr or "",
        lines=lines,
        variables=variables[:VARIABLES],
        more_variables=max(0, len(variables) - VARIABLES),
        unmapped=frame.unmapped,
    )


def _variables(frame: Frame, platform: str) -> tuple[Variable, ...]:
    """Names and values; what is not there is often the reason, so it is told from empty text."""
    values = frame.vars or {}
    nothing = "None" if (frame.platform or platform) == "python" else "null"
    found = []
    for name, value in details.shown_vars(frame):
        shown = nothing if values.get(name) is None else value or '""'
        found.append(Variable(name, shown, shown in ("undefined", "<undefined>", "null", "None")))
    return tuple(found)


def one(calls: Sequence[Frame], at: int, key: str, platform: str) -> Call | None:
    """A single frame, opened: what is fetched when somebody opens it."""
    if not 0 <= at < len(calls):
        return None
    return _call(calls[at], key, platform, True, True, Budget(asked=frozenset({key})), False)


def name(frame: Frame, platform: str) -> str:
    """How a call is called: with its class where the module is one."""
    function = frame.function or frame.raw_function or "<anonymous>"
    if (frame.platform or platform) in JAVA | {"csharp"} and frame.module:
        return f"{frame.module.rpartition('.')[2]}.{function}"
    return function


def where(frame: Frame, platform: str) -> tuple[str, str]:
    """Folder and file with line, as far as known: src/checkout/ and checkout.tsx:145:38."""
    kind = frame.platform or platform
    path = (frame.filename or frame.abs_path or "").replace("\\", "/")
    if kind in JAVA and frame.module and "/" not in path:
        folder = frame.module.rpartition(".")[0]
        folder, file = (folder + "." if folder else ""), path or "unknown source"
    elif not path or path in ("<unknown>", "?"):
        package = (frame.package or "").replace("\\", "/").rpartition("/")[2]
        return "", package or frame.module or ""
    else:
        path = _SCHEME.sub("", path).partition("?")[0].removeprefix("./") or path
        head, slash, file = path.rpartition("/")
        folder = head + slash
    if frame.lineno:
        file += f":{frame.lineno}"
        if frame.colno and kind in ("javascript", "node"):
            file += f":{frame.colno}"
    return folder, file


def library(frame: Frame, platform: str) -> str:
    """What a library call belongs to, in a word."""
    kind = frame.platform or platform
    path = (frame.abs_path or frame.filename or "").replace("\\", "/")
    if modules := _NODE_MODULE.findall(path):
        return str(modules[-1])
    if path.startswith(("node:", "internal/")) or "(internal" in path:
        return "node"
    if found := _GO_MODULE.search(path):
        return found.group(1).rpartition("/")[2] or found.group(1)
    if found := _PACKAGE.search(path):
        named = next(group for group in found.groups() if group)
        return named.removesuffix(".py")
    if frame.module and kind in JAVA | {"csharp"}:
        return ".".join(frame.module.split(".")[:2])
    if frame.module and kind == "python":
        return frame.module.partition(".")[0]
    if frame.module and kind == "go":
        return frame.module
    if frame.package:
        return frame.package.replace("\\", "/").rpartition("/")[2]
    return path.rpartition("/")[2] or frame.module or "libraries"


def _words(run: Sequence[Frame], platform: str) -> str:
    names = list(dict.fromkeys(library(frame, platform)[:60] for frame in run))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{len(run)} frames in {', '.join(names[:3])}{more}"


def _again(entries: list[Call | Fold | Gap], call: Call) -> bool:
    """Whether this call is the one before it once more: recursion. Then that one counts it."""
    last = entries[-1] if entries else None
    if type(last) is not Call or last.opened or call.opened:
        return False
    same = (last.function, last.folder, last.place, last.in_app)
    if same != (call.function, call.folder, call.place, call.in_app):
        return False
    entries[-1] = replace(last, times=last.times + 1)
    return True
