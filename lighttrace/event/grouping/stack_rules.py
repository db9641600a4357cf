"""Stack trace rules: which frames are the application's, which count, and how many of them.

    stack.abs_path:**/generated/** -group
    stack.function:reportAndThrow ^-group -group    # the helper and what it called
    error.type:TimeoutError max-frames=3
    [ module:acme.web ] | stack.function:run -group # only where acme.web calls it

Rules run from top to bottom, later ones win, and each sees what those before it made of the frames.
`^` means all newer frames, nearer to the error, `v` all older ones, the callers; never the frame
itself. Rules for people: docs/grouping.md, "Stack trace rules".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from lighttrace.errors import RuleError
from lighttrace.event import frames
from lighttrace.event.grouping import lt1, matchers
from lighttrace.event.grouping.globs import Test
from lighttrace.event.grouping.matchers import Matcher
from lighttrace.event.grouping.rule_line import (
    RuleLine,
    checked,
    nearest,
    pattern_of,
    unquoted,
    written,
)
from lighttrace.event.model import Cut, Event, ExceptionValue, Frame, Ruled
from lighttrace.event.stacks import with_frames

MOST_FRAMES = 1000  # that max-frames and min-frames may ask for
FRAMES = 1_000  # of the exceptions of an event, the last one first; the others stay as they are
REMEMBERED = 4096  # frames; programs have few that fail

_FLAG = pattern_of(r"([\^v]?)([+-])(app|group)(?=\s|$)")
_SETTER = pattern_of(r"([\w\-]+)=(QUOTED|[^\s\"]+)(?=\s|$)")
_LIKE_FLAG = pattern_of(r"[\^v]?[+-]([\w-]+)")
_OPEN, _SHUT, _BAR = pattern_of(r"\["), pattern_of(r"\]"), pattern_of(r"\|")
_SETTERS = ("category", "max-frames", "min-frames", "invert-stacktrace")
_ERROR = frozenset({"type", "value", "mechanism"})
_RUNNING = frozenset({"app", "category"})  # what rules themselves change


@dataclass(frozen=True, slots=True)
class Flag:
    """`+app`, `v-group`: `arrow` is `^` (newer frames), `v` (older ones) or empty (the frame)."""

    kind: str  # app | group
    on: bool
    arrow: str = ""


@dataclass(frozen=True, slots=True)
class Setter:
    """`max-frames=3`."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class StackRule:
    """`caller` and `callee` are what the frames before and behind it in the stack must be like."""

    text: str
    matchers: tuple[Matcher, ...]
    actions: tuple[Flag | Setter, ...]
    caller: tuple[Matcher, ...] = ()
    callee: tuple[Matcher, ...] = ()


def parse(text: str) -> StackRule:
    """One rule. Raises RuleError."""
    line = checked(text)
    caller = _bracket(line)
    if caller and line.take(_BAR) is None:
        raise RuleError("expected | behind ], as in [ function:main ] | function:run -group")
    own: list[Matcher] = []
    while (one := matchers.take(line, matchers.OF_STACKS, tags=False)) is not None:
        own.append(one)
    callee: tuple[Matcher, ...] = ()
    if line.take(_BAR) is not None:
        callee = _bracket(line)
        if not callee:
            raise RuleError("expected [ behind |, as in function:run | [ function:main ] -group")
    if not own:
        raise RuleError(
            f"expected a matcher, such as stack.function:run, got {line.next_word() or 'none'}"
        )
    actions: list[Flag | Setter] = []
    while not line.is_at_end():
        actions.append(_action(line))
    if not actions:
        raise RuleError("an action is missing, such as -group, +app or max-frames=3")
    return StackRule(written(text[: line.at]), tuple(own), tuple(actions), caller, callee)


def _bracket(line: RuleLine) -> tuple[Matcher, ...]:
    if line.take(_OPEN) is None:
        return ()
    found: list[Matcher] = []
    while (one := matchers.take(line, matchers.OF_STACKS, tags=False, inner=True)) is not None:
        if one.key in _ERROR:
            raise RuleError("a neighbour in [ ] is a frame: exceptions are asked outside of it")
        found.append(one)
    if line.take(_SHUT) is None:
        raise RuleError(f"expected ] or a matcher, got {line.next_word() or 'none'}")
    if not found:
        raise RuleError("a matcher is missing in [ ], such as [ function:main ]")
    return tuple(found)


def _action(line: RuleLine) -> Flag | Setter:
    if flag := line.take(_FLAG):
        return Flag(flag[3], flag[2] == "+", flag[1])
    if setter := line.take(_SETTER):
        return Setter(setter[1], _setting(setter[1], unquoted(setter[2])))
    word = line.next_word()
    if like := line.take(_LIKE_FLAG):
        hint = nearest(like[1], ("app", "group"))
        raise RuleError(f'there is no action "{word}".{hint} Known: app and group, with + or -')
    raise RuleError(
        f"expected an action, got {word}: +app, -app, +group, -group, with ^ or v before, or "
        + ", ".join(f"{name}=" for name in _SETTERS)
    )


def _setting(name: str, value: str) -> str:
    if name not in _SETTERS:
        raise RuleError(
            f'there is no action "{name}=".{nearest(name, _SETTERS)} '
            f"Known: {', '.join(f'{known}=' for known in _SETTERS)}"
        )
    if name in ("max-frames", "min-frames"):
        if not value.isdecimal() or len(value) > 4 or not 1 <= int(value) <= MOST_FRAMES:
            raise RuleError(f"{name}= takes a number from 1 to {MOST_FRAMES:,}, not {value}")
    elif name == "invert-stacktrace":
        if value.lower() not in matchers.YES | matchers.NO:
            raise RuleError(f"{name}= is yes or no, not {value}")
        return "yes" if value.lower() in matchers.YES else "no"
    return value


@dataclass(frozen=True, slots=True)
class _Compiled:
    """Bits say which remembered answers must be yes; `running` is what rules change, asked anew."""

    rule: StackRule
    needs: int  # what must hold somewhere in the stack
    own: int
    caller: int
    callee: int
    running: tuple[tuple[int, str, bool, Test], ...]  # distance, key, negated, test
    error: tuple[tuple[str, bool, Test], ...]


@dataclass(slots=True)
class _Stack:
    """A stack while rules run over it."""

    app: list[bool]
    group: list[bool | None]
    category: list[str]
    app_by: list[str]
    group_by: list[str]
    cut: Cut = field(default_factory=Cut)


class StackRules:
    """The rules of a project, ready to be run over events."""

    def __init__(self, rules: Iterable[StackRule]) -> None:
        self.rules = tuple(rules)
        self._tests: list[tuple[str, bool, Test]] = []
        self._compiled = [self._compile(rule) for rule in self.rules]
        self._mask = lru_cache(maxsize=REMEMBERED)(self._look)

    def __bool__(self) -> bool:
        return bool(self.rules)

    def applied(self, event: Event) -> Event:
        """The event with what the rules say of its frames; of its threads, those that count."""
        platform = event.platform
        left = FRAMES
        links = list(event.exceptions)
        for at in range(len(links) - 1, -1, -1):
            link = links[at]
            left -= len(link.frames)
            calls = self._ruled(link.frames, platform, link) if left >= 0 else link.frames
            if calls is not link.frames:
                links[at] = with_frames(link, calls, link.frames_omitted)
        # a lone exception without a stack borrows one of these (exceptions.with_borrowed_stack)
        lone = event.exceptions[0] if len(event.exceptions) == 1 else None
        owner = lone if lone is not None and not lone.frames else None
        threads = event.threads
        if threads:
            counts = lt1.thread_of(event)
            threads = tuple(
                msgspec.structs.replace(it, frames=self._ruled(it.frames, platform, owner))
                if it is counts or (owner is not None and it.id == owner.thread_id)
                else it
                for it in threads
            )
        calls = self._ruled(event.frames, platform, owner)
        return msgspec.structs.replace(
            event, exceptions=tuple(links), threads=threads, frames=calls
        )

    def _compile(self, rule: StackRule) -> _Compiled:
        running = []
        bits = []
        for distance, wanted in ((0, rule.matchers), (-1, rule.caller), (1, rule.callee)):
            found = 0
            for one in wanted:
                if one.key in _RUNNING:
                    running.append((distance, one.key, one.negated, matchers.test_of(one)))
                elif one.key not in _ERROR:
                    self._tests.append((one.key, one.negated, matchers.test_of(one)))
                    found |= 1 << (len(self._tests) - 1)
            bits.append(found)
        error = tuple(
            (one.key, one.negated, matchers.test_of(one))
            for one in rule.matchers
            if one.key in _ERROR
        )
        own, caller, callee = bits
        return _Compiled(rule, own | caller | callee, own, caller, callee, tuple(running), error)

    def _look(
        self,
        platform: str,
        module: str | None,
        path: str | None,
        package: str | None,
        function: str | None,
    ) -> int:
        """One bit for each matcher of frames, set if it holds for a frame of these values."""
        values = {
            "family": matchers.family_of(platform),
            "module": module or "",
            "path": (path or "").replace("\\", "/").lower(),
            "package": (package or "").replace("\\", "/").lower(),
            "function": function or "",
        }
        return sum(
            1 << bit
            for bit, (key, negated, test) in enumerate(self._tests)
            if test(values[key]) is not negated
        )

    def _ruled(
        self, calls: tuple[Frame, ...], platform: str, error: ExceptionValue | None
    ) -> tuple[Frame, ...]:
        if not calls:
            return calls
        mask = self._mask
        masks = [
            mask(
                it.platform or platform,
                it.module,
                it.abs_path or it.filename,
                it.package,
                it.function,
            )
            for it in calls
        ]
        somewhere = 0
        for found in set(masks):
            somewhere |= found
        nowhere = ~somewhere
        stack: _Stack | None = None
        flags: tuple[bool, ...] = ()
        for one in self._compiled:
            if one.needs & nowhere or not _is_of(one, error):
                continue
            if stack is None:
                flags = frames.in_app(calls, platform)
                stack = _untouched(flags)
            places = [at for at in range(len(calls)) if _holds(one, at, masks, stack)]
            if places:
                _act(one.rule, places, stack)
        if stack is None:
            return calls
        if stack.app == list(flags) and not any(stack.group_by) and stack.cut == Cut():
            return calls
        return _rewritten(calls, stack)


def _untouched(flags: Sequence[bool]) -> _Stack:
    n = len(flags)
    return _Stack(list(flags), [None] * n, [""] * n, [""] * n, [""] * n)


def _is_of(one: _Compiled, error: ExceptionValue | None) -> bool:
    """Whether the exception the stack belongs to is what the rule asks for."""
    for key, negated, test in one.error:
        if error is None:
            value = ""
        elif key == "mechanism":
            value = error.mechanism.type if error.mechanism else ""
        else:
            value = (error.type if key == "type" else error.value and error.value.lower()) or ""
        if test(value) is negated:
            return False
    return True


def _holds(one: _Compiled, at: int, masks: Sequence[int], stack: _Stack) -> bool:
    if masks[at] & one.own != one.own:
        return False
    rule = one.rule
    if rule.caller and (at == 0 or masks[at - 1] & one.caller != one.caller):
        return False
    if rule.callee and (at + 1 == len(masks) or masks[at + 1] & one.callee != one.callee):
        return False
    for distance, key, negated, test in one.running:
        there = at + distance
        value = stack.category[there] if key == "category" else _yes(stack.app[there])
        if test(value) is negated:
            return False
    return True


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _act(rule: StackRule, found: Sequence[int], stack: _Stack) -> None:
    """All actions of a rule at all places that it matched; the places were found before."""
    size = len(stack.app)
    places: dict[str, Iterable[int]] = {
        "": found,
        "^": range(found[0] + 1, size),
        "v": range(found[-1]),
    }
    for action in rule.actions:
        if isinstance(action, Flag):
            for at in places[action.arrow]:
                if action.kind == "app":
                    stack.app[at], stack.app_by[at] = action.on, rule.text
                else:
                    stack.group[at], stack.group_by[at] = action.on, rule.text
        elif action.name == "category":
            for at in found:
                stack.category[at] = action.value
        else:
            stack.cut = _cut(stack.cut, action, rule.text)


def _cut(cut: Cut, setter: Setter, by: str) -> Cut:
    replace = msgspec.structs.replace
    match setter.name:
        case "max-frames":
            return replace(cut, most=int(setter.value), by=by)
        case "min-frames":
            return replace(cut, least=int(setter.value), by=by)
    return replace(cut, inverted=setter.value == "yes", by=by)


def _rewritten(calls: Sequence[Frame], stack: _Stack) -> tuple[Frame, ...]:
    """Every frame says now whether it is the application's: silence means something else beside
    frames that speak. One of the reporting library stays one, unless a rule named it.
    """
    cut = None if stack.cut == Cut() else stack.cut
    return tuple(
        msgspec.structs.replace(
            frame,
            in_app=is_app and (bool(app_by) or frame.in_app is True or not frames.is_sdk(frame)),
            ruled=Ruled(frame.in_app, group, app_by, group_by, cut),
        )
        for frame, is_app, group, app_by, group_by in zip(
            calls, stack.app, stack.group, stack.app_by, stack.group_by, strict=True
        )
    )
