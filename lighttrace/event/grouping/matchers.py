"""Matchers: `!stack.module:billing.*`. What they are called, and what a value must be like.

Message, value, level and paths are compared whatever the case of their letters; types, modules,
functions and all else as they are written.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lighttrace.errors import RuleError
from lighttrace.event import frames
from lighttrace.event.grouping import globs
from lighttrace.event.grouping.globs import Test
from lighttrace.event.grouping.rule_line import RuleLine, nearest, pattern_of, unquoted

FAMILIES = ("native", "javascript", "other", "all")
YES = frozenset({"yes", "true", "1"})
NO = frozenset({"no", "false", "0"})

_FRAME = {
    "stack.module": "module", "module": "module",
    "stack.abs_path": "path", "path": "path",
    "stack.package": "package", "package": "package",
    "stack.function": "function", "function": "function",
    "app": "app", "family": "family",
}  # fmt: skip
_ERROR = {"error.type": "type", "type": "type", "error.value": "value", "value": "value"}
OF_FINGERPRINTS: Mapping[str, str] = {
    **_ERROR, **_FRAME, "message": "message", "logger": "logger", "level": "level", "sdk": "sdk",
    "release": "release", "environment": "environment", "thread.name": "thread.name",
    "thread.id": "thread.id", "thread.state": "thread.state",
    "thread.crashed": "thread.crashed", "thread.current": "thread.current",
}  # fmt: skip
OF_STACKS: Mapping[str, str] = {
    **_FRAME, **_ERROR, "category": "category",
    "error.mechanism": "mechanism", "mechanism": "mechanism",
}  # fmt: skip
_ANY_CASE = frozenset({"message", "value", "level"})
_PATHS = frozenset({"path", "package"})
_SWITCHES = frozenset({"app", "thread.crashed", "thread.current"})
_WORD = pattern_of(r'(!?)((?:[\w.\-]|QUOTED)+):(QUOTED|[^\s"]*)(?=\s|$)')
_IN_BRACKETS = pattern_of(r'(!?)((?:[\w.\-]|QUOTED)+):(QUOTED|[^\s"\]]*)(?=\s|\]|$)')
_LOOKS_LIKE_ONE = re.compile(r"!?[\w.\-\"]+\s*:")


@dataclass(frozen=True, slots=True)
class Matcher:
    """`key` is the short name; of a tag it is `tags` and `tag` its name."""

    key: str
    pattern: str
    negated: bool = False
    tag: str = ""


def take(line: RuleLine, known: Mapping[str, str], *, tags: bool, inner: bool = False) -> (
    Matcher | None
):  # fmt: skip
    """The next word, if it is a matcher. `inner`: one in brackets."""
    found = line.take(_IN_BRACKETS if inner else _WORD)
    if found is None:
        if _LOOKS_LIKE_ONE.match(line.text, line.at):
            raise RuleError(
                f"cannot read {line.next_word()}: a matcher is key:pattern, in quotes if the "
                'pattern has blanks, such as message:"payment declined*"'
            )
        return None
    negated, name, pattern = found[1] == "!", found[2], unquoted(found[3])
    if "|[" in found[3] and found[3][:1] != '"':
        raise RuleError(f"put blanks around | in {found[0]}, or quotes around the pattern")
    if not pattern:
        raise RuleError(f"{name}: says no pattern; {name}:* stands for anything")
    if tags and name.startswith("tags."):
        tag = unquoted(name[5:])
        if not tag:
            raise RuleError("tags. needs the name of a tag, such as tags.region:eu")
        return Matcher("tags", pattern, negated, tag)
    key = known.get(name)
    if key is None:
        names = [*known, *(["tags.NAME"] if tags else [])]
        raise RuleError(
            f'there is no matcher "{name}".{nearest(name, names)} Known: {", ".join(names)}'
        )
    return Matcher(key, _checked(key, name, pattern), negated)


def _checked(key: str, name: str, pattern: str) -> str:
    if key in _SWITCHES:
        word = pattern.lower()
        if word not in YES | NO:
            raise RuleError(f'{name} is yes or no, not "{pattern}"')
        return "yes" if word in YES else "no"
    if key == "family":
        for word in pattern.split(","):
            if word not in FAMILIES:
                raise RuleError(
                    f'there is no family "{word}".{nearest(word, FAMILIES)} '
                    f"Known: {', '.join(FAMILIES)}"
                )
    return pattern


def family_of(platform: str) -> str:
    """`native`, `javascript` or `other`."""
    family = frames.family(platform)
    return family if family in FAMILIES else "other"


def test_of(matcher: Matcher) -> Test:
    """Whether a value is like that; negation is the caller's. Switches are `yes` or `no`; what is
    compared in any case is asked in lower case, so that it is lowered once for all rules.
    """
    key, pattern = matcher.key, matcher.pattern
    if key == "family":
        words = frozenset(pattern.split(","))
        return (lambda text: True) if "all" in words else words.__contains__
    if key in _SWITCHES:
        return pattern.__eq__
    if key in _PATHS:
        return globs.compiled_path(pattern.lower())
    return globs.compiled(pattern.lower() if key in _ANY_CASE else pattern)
