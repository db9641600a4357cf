"""The words of a rule: one line, read from left to right, with quotes around what has blanks."""

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from lighttrace.errors import RuleError
from lighttrace.event.owners import Mistake

LENGTH = 500  # characters of a rule
RULES = 200  # in one place of the file
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_BLANKS = re.compile(r"\s*")
_END = re.compile(r"#.*|$")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(slots=True)
class RuleLine:
    """A line and how far it has been read."""

    text: str
    at: int = 0

    def __post_init__(self) -> None:
        self._skip()

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What comes next, if it looks like that; then the blanks behind it."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
            self._skip()
        return found

    def is_at_end(self) -> bool:
        """Nothing but a comment is left."""
        return _END.match(self.text, self.at) is not None

    def next_word(self) -> str:
        """What stands here, for an error."""
        words = self.text[self.at :].split(None, 1)
        return words[0][:60] if words else ""

    def _skip(self) -> None:
        found = _BLANKS.match(self.text, self.at)
        assert found is not None
        self.at = found.end()


def written(text: str) -> str:
    """A rule as people recognise it: without what stands around it."""
    return " ".join(text.split())


T = TypeVar("T")


def rules_in(
    parse: Callable[[str], T], lines: Iterable[tuple[str, int | None]]
) -> tuple[tuple[T, ...], tuple[Mistake, ...]]:
    """The rules of lines with their numbers, and what is wrong with the others. Empty lines and
    lines that begin with `#` are none.
    """
    rules: list[T] = []
    mistakes: list[Mistake] = []
    for text, number in lines:
        text = text.strip()
        if not text or text.startswith("#"):
            continue
        if len(rules) == RULES:
            mistakes.append(Mistake(number, f"{RULES} rules are as many as there may be."))
            break
        try:
            rules.append(parse(text))
        except RuleError as error:
            mistakes.append(Mistake(number, f"{error}."))
    return tuple(rules), tuple(mistakes)


def checked(text: str) -> RuleLine:
    if len(text) > LENGTH:
        raise RuleError(f"a rule may have {LENGTH} characters, this one has {len(text)}")
    return RuleLine(text)


def pattern_of(expression: str) -> re.Pattern[str]:
    """A regular expression in which QUOTED stands for a text in quotes."""
    return re.compile(expression.replace("QUOTED", _QUOTED))


def unquoted(text: str) -> str:
    if text[:1] != '"':
        return text
    return _ESCAPE.sub(r"\1", text[1:-1])


def quoted(text: str) -> str:
    """The other way round."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?`, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f' Did you mean "{near[0]}"?' if near else ""
