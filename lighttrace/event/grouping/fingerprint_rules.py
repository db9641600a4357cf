"""Fingerprint rules: what events have in common, said by the people who run the server.

    error.type:DatabaseUnavailable             -> system-down
    message:"*declined*" !environment:staging  -> declined, {{ tags.provider }} title="Declined"

The first rule that matches replaces the client's fingerprint. All matchers of a rule must hold:
those of frames for one and the same frame, those of exceptions and threads likewise; where all of
a kind are negated, for every one of them. Rules for people: docs/grouping.md, "Fingerprint rules".
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lighttrace.errors import RuleError
from lighttrace.event import frames, tags
from lighttrace.event.grouping import lt1, matchers
from lighttrace.event.grouping.globs import Test
from lighttrace.event.grouping.matchers import Matcher
from lighttrace.event.grouping.rule_line import (
    RuleLine,
    checked,
    pattern_of,
    unquoted,
    written,
)
from lighttrace.event.model import Event, Frame

PARTS = 20
FRAMES = 1_000  # of an event, those of the last exception first
REMEMBERED = 2048  # frames; programs have few that fail

_ARROW = pattern_of("->")
_PART = pattern_of(r'QUOTED|(?:\{\{[^{}]*\}\}|[^\s,"{}])+')
_COMMA = pattern_of(",")
_ATTRIBUTE = pattern_of(r"([\w.\-]+)=(QUOTED|[^\s\"]+)(?=\s|$)")
_FRAME = frozenset({"module", "path", "package", "function", "app"})
_ERROR = frozenset({"type", "value"})


@dataclass(frozen=True, slots=True)
class FingerprintRule:
    """`parts` and `title` may hold variables. `text` is the rule as it is written."""

    text: str
    matchers: tuple[Matcher, ...]
    parts: tuple[str, ...]
    title: str = ""


def parse(text: str) -> FingerprintRule:
    """One rule. Raises RuleError."""
    line = checked(text)
    found: list[Matcher] = []
    while (one := matchers.take(line, matchers.OF_FINGERPRINTS, tags=True)) is not None:
        found.append(one)
    if line.take(_ARROW) is None:
        if line.is_at_end():
            raise RuleError("-> and a fingerprint are missing, such as -> system-down")
        raise RuleError(f"expected a matcher or ->, got {line.next_word()}")
    if not found:
        raise RuleError("a matcher is missing before ->, such as error.type:DatabaseUnavailable")
    parts, title = _parts(line)
    end = line.at
    return FingerprintRule(written(text[:end]), tuple(found), parts, title)


def _parts(line: RuleLine) -> tuple[tuple[str, ...], str]:
    parts: list[str] = []
    title = ""
    while not line.is_at_end():
        if parts and (attribute := line.take(_ATTRIBUTE)):
            if attribute[1] != "title":
                raise RuleError(
                    f'there is no "{attribute[1]}="; only title="…" may stand behind a fingerprint'
                )
            title = unquoted(attribute[2]).strip()
            if not line.is_at_end():
                raise RuleError(f"nothing may stand behind the title, got {line.next_word()}")
            break
        if parts and line.take(_COMMA) is None:
            raise RuleError(
                f"expected a comma before {line.next_word()}: parts are separated by commas, and "
                'one with blanks is put in quotes, such as -> "system down", db'
            )
        part = line.take(_PART)
        if part is None:
            raise RuleError(f"expected a part of the fingerprint, got {line.next_word() or 'none'}")
        parts.append(unquoted(part[0]))
    if not parts:
        raise RuleError("a fingerprint is missing behind ->, such as -> system-down")
    if len(parts) > PARTS:
        raise RuleError(f"a fingerprint may have {PARTS} parts, this one has {len(parts)}")
    return tuple(parts), title


class FingerprintRules:
    """The rules of a project, ready to be asked about events."""

    def __init__(self, rules: Iterable[FingerprintRule]) -> None:
        self.rules = tuple(rules)
        self._frame_tests: list[tuple[str, bool, Test]] = []
        self._compiled = [(rule, self._checks(rule)) for rule in self.rules]
        self._mask = lru_cache(maxsize=REMEMBERED)(self._look)

    def __bool__(self) -> bool:
        return bool(self.rules)

    def first(self, event: Event) -> FingerprintRule | None:
        """The first rule that matches. Never raises."""
        seen = Seen(event, self._mask)
        for rule, checks in self._compiled:
            for check in checks:
                if not check(seen):
                    break
            else:
                return rule
        return None

    def _checks(self, rule: FingerprintRule) -> list["Check"]:
        """What has to hold; cheap questions first."""
        checks: list[Check] = []
        error: list[Matcher] = []
        thread: list[Matcher] = []
        bits = 0
        all_denied = True
        for one in rule.matchers:
            if one.key in _FRAME:
                self._frame_tests.append((one.key, one.negated, matchers.test_of(one)))
                bits |= 1 << (len(self._frame_tests) - 1)
                all_denied = all_denied and one.negated
            elif one.key in _ERROR:
                error.append(one)
            elif one.key.startswith("thread."):
                thread.append(one)
            else:
                checks.append(_of_event(one))
        if error:
            checks.append(_of_one(error, Seen.errors))
        if thread:
            checks.append(_of_one(thread, Seen.threads))
        if bits:
            checks.append(_of_frames(bits, all_denied))
        return checks

    def _look(
        self,
        module: str | None,
        path: str | None,
        package: str | None,
        function: str | None,
        is_app: bool,
    ) -> int:
        """One bit for each matcher of frames, set if it holds for a frame of these values."""
        values = {
            "module": module or "",
            "path": (path or "").replace("\\", "/").lower(),
            "package": (package or "").replace("\\", "/").lower(),
            "function": function or "",
            "app": "yes" if is_app else "no",
        }
        return sum(
            1 << bit
            for bit, (key, negated, test) in enumerate(self._frame_tests)
            if test(values[key]) is not negated
        )


class Seen:
    """An event as rules look at it; what takes time is worked out when first asked for."""

    __slots__ = ("_errors", "_mask", "_masks", "_tags", "_texts", "_threads", "event")

    def __init__(self, event: Event, mask: Callable[..., int]) -> None:
        self.event = event
        self._mask = mask
        self._masks: set[int] | None = None
        self._texts: list[str] | None = None
        self._tags: dict[str, str] | None = None
        self._errors: Things | None = None
        self._threads: Things | None = None

    def texts(self) -> list[str]:
        """The message, and what the exceptions say; in lower case."""
        if self._texts is None:
            event = self.event
            found = [link.value for link in event.exceptions]
            if event.message is not None:
                found += [event.message.formatted, event.message.template]
            self._texts = [text.lower() for text in found if text]
        return self._texts

    def tag(self, name: str) -> str:
        if self._tags is None:
            self._tags = dict(self.event.tags)
        value = self._tags.get(name)
        if value is None and name in tags.DERIVED:
            self._tags = dict(tags.all_tags(self.event))
            value = self._tags.get(name)
        return value or ""

    def errors(self) -> "Things":
        if self._errors is None:
            self._errors = [
                {"type": link.type or "", "value": (link.value or "").lower()}
                for link in self.event.exceptions
            ]
        return self._errors

    def threads(self) -> "Things":
        if self._threads is None:
            self._threads = [
                {
                    "thread.name": thread.name or "",
                    "thread.id": thread.id or "",
                    "thread.state": thread.state or "",
                    "thread.crashed": "yes" if thread.crashed else "no",
                    "thread.current": "yes" if thread.current else "no",
                }
                for thread in self.event.threads
            ]
        return self._threads

    def masks(self) -> set[int]:
        """What holds of the frames; frames of which the same holds are one."""
        if self._masks is None:
            event, mask = self.event, self._mask
            stacks: list[Sequence[Frame]] = [link.frames for link in reversed(event.exceptions)]
            thread = lt1.thread_of(event)
            stacks += [event.frames, thread.frames if thread else ()]
            of_all = (
                (it, is_app)
                for stack in stacks
                for it, is_app in zip(stack, frames.in_app(stack, event.platform), strict=True)
            )
            self._masks = {
                mask(it.module, it.abs_path or it.filename, it.package, it.function, is_app)
                for it, is_app in islice(of_all, FRAMES)
            }
        return self._masks


Check = Callable[[Seen], bool]
Things = list[dict[str, str]]
_READ: dict[str, Callable[[Event], str | None]] = {
    "logger": lambda event: event.logger,
    "level": lambda event: event.level,
    "family": lambda event: matchers.family_of(event.platform),
    "sdk": lambda event: event.sdk_name,
    "release": lambda event: event.release,
    "environment": lambda event: event.environment,
}


def _of_event(one: Matcher) -> Check:
    test, holds = matchers.test_of(one), not one.negated
    if one.key == "message":
        return lambda seen: any(map(test, seen.texts())) is holds
    if one.key == "tags" and one.tag != "environment":
        return lambda seen: test(seen.tag(one.tag)) is holds
    read = _READ["environment" if one.key == "tags" else one.key]
    return lambda seen: test(read(seen.event) or "") is holds


def _of_one(wanted: list[Matcher], things: Callable[[Seen], Things]) -> Check:
    """All of them for one and the same exception or thread."""
    tests = [(one.key, one.negated, matchers.test_of(one)) for one in wanted]
    which = all if all(one.negated for one in wanted) else any
    if len(tests) == 1:
        key, denied, test = tests[0]
        return lambda seen: any(test(thing[key]) for thing in things(seen)) is not denied
    return lambda seen: which(
        all(test(thing[key]) is not negated for key, negated, test in tests)
        for thing in things(seen)
    )


def _of_frames(bits: int, all_denied: bool) -> Check:
    if all_denied:
        return lambda seen: all(mask & bits == bits for mask in seen.masks())
    return lambda seen: any(mask & bits == bits for mask in seen.masks())
