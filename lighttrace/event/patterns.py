"""Matchers: `path:src/checkout/*`, `!level:info`, `tags.plan:pro`. Pure; what they mean is in
docs/owners.md, "Matchers".

A glob knows `*` (any characters, a slash too), `**` (the same) and `?` (one character), and no
case. It becomes a regular expression of atomic groups, so its time grows with the text and never
explodes: whoever sends events chooses the text.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lighttrace.event import frames as rules
from lighttrace.event.model import Event, Frame

KEYS = (
    *("path", "module", "function", "type", "message", "url", "transaction"),
    *("release", "environment", "level", "logger", "platform"),
)
TAGS = "tags."
ANY = "*"  # matches every event, as those who know CODEOWNERS write it
MOST_GLOB = 300  # characters
MOST_FRAMES = 100  # that are looked at, the application's own and the latest first
MOST_TEXT = 2048  # characters of a value that are looked at

_PIECES = re.compile(r"\*+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*", re.IGNORECASE)
_TAG = re.compile(r"tags\.[A-Za-z0-9_.-]+")  # as names of tags are kept
_QUOTED = re.compile(r"[\s\"'#!]|^$")


class PatternError(ValueError):
    """A sentence that says what is wrong with a rule, and the nearest right word."""


# Globs


def _expression(glob: str, *, path: bool) -> tuple[re.Pattern[str], str]:
    """The expression that a whole text has to match, and the longest literal that is in each."""
    glob = glob.lower()
    if path:
        glob = glob.replace("\\", "/")
        # From the root, or from any folder on; `/` at the end is all that is below.
        glob = glob if glob.startswith(("/", "*")) else f"*/{glob}"
        glob = f"{glob}*" if glob.endswith("/") else glob
    first, *others = _PIECES.split(glob)
    end = r"(?:/.*)?\Z" if path else r"\Z"  # a folder is all that is below it
    if not others:
        return re.compile(_literal(first) + end, re.DOTALL), _longest([first])
    *middle, last = others
    # The leftmost place of each piece leaves the most to the next ones: none is tried twice.
    found = "".join(f"(?>.*?{_literal(piece)})" for piece in middle)
    tail = f".*{_literal(last)}{end}" if last else ".*"
    return re.compile(f"{_literal(first)}{found}{tail}", re.DOTALL), _longest([first, *others])


def _literal(piece: str) -> str:
    return re.escape(piece).replace(r"\?", ".")


def _longest(pieces: Sequence[str]) -> str:
    return max((part for piece in pieces for part in piece.split("?")), key=len)


# What there is to match


@lru_cache(maxsize=16_384)
def plain_path(path: str) -> str:
    """A path of a frame as globs see it: `webpack:///./src/a.ts` and `src/a.ts` are `/src/a.ts`.

    Scheme, host and query of an address are left out, backslashes turned round, case forgotten.
    """
    path = path[:MOST_TEXT].replace("\\", "/").lower()
    if scheme := _SCHEME.match(path):
        path = path[scheme.end() :].partition("?")[0]
    path = "/" + path.removeprefix("./").lstrip("/")
    return path.replace("/./", "/") if "/./" in path else path


class Facts:
    """What matchers ask of an event, worked out when first asked for. `tags` are all of them."""

    __slots__ = ("_event", "_frames", "_texts", "tags")

    def __init__(self, event: Event, tags: Sequence[tuple[str, str]]) -> None:
        self._event = event
        self._texts: dict[str, tuple[tuple[str, ...], str]] = {}
        self._frames: list[Frame] | None = None
        self.tags = dict(tags)

    def texts(self, key: str) -> tuple[tuple[str, ...], str]:
        """The values of a key in lower case, each once, and all of them as one text."""
        found = self._texts.get(key)
        if found is None:
            values = tuple(dict.fromkeys(self._values(key)))
            found = self._texts[key] = values, "\n".join(values)
        return found

    def _values(self, key: str) -> Iterator[str]:
        if key == "path":
            for frame in self._ordered():
                yield from map(plain_path, filter(None, (frame.filename, frame.abs_path)))
            return
        for value in self._raw_values(key):
            if value:
                yield value[:MOST_TEXT].lower()

    def _raw_values(self, key: str) -> Iterator[str | None]:
        event = self._event
        if key == f"{TAGS}environment":  # which has a place of its own
            yield event.environment
        elif key.startswith(TAGS):
            yield self.tags.get(key[len(TAGS) :])
        elif key == "module":
            yield from (frame.module for frame in self._ordered())
        elif key == "function":
            yield from (frame.function or frame.raw_function for frame in self._ordered())
        elif key == "type":
            yield from (link.type for link in reversed(event.exceptions))
        elif key == "message":
            yield from (link.value for link in reversed(event.exceptions))
            yield event.message.formatted if event.message else None
        elif key == "url":
            yield (event.request_url or "").partition("?")[0].partition("#")[0]
        else:
            yield event.level if key == ANY else getattr(event, key)

    def _ordered(self) -> list[Frame]:
        """The frames that count, the application's own first, of each kind the latest call first.

        The order decides which are looked at in a very deep stack, and which is named.
        """
        if self._frames is None:
            event = self._event
            stacks = [link.frames for link in reversed(event.exceptions)]
            stacks += [event.frames]
            stacks += [it.frames for it in event.threads if it.crashed or it.current]
            own: list[Frame] = []
            others: list[Frame] = []
            for stack in stacks:
                flags = rules.in_app(stack, event.platform)
                for frame, is_own in zip(reversed(stack), reversed(flags), strict=True):
                    (own if is_own else others).append(frame)
            self._frames = [*own, *others][:MOST_FRAMES]
        return self._frames


# Matchers


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition. `seen` of an event is the value that met it, as it is matched: lower case."""

    key: str
    glob: str
    negated: bool
    expression: re.Pattern[str]
    literal: str

    def matches(self, facts: Facts) -> bool:
        return (self._first(facts) is None) is self.negated

    def seen(self, facts: Facts) -> str:
        """The value that was met first; empty if the matcher is met by what is not there."""
        return "" if self.negated else self._first(facts) or ""

    def _first(self, facts: Facts) -> str | None:
        values, joined = facts.texts(self.key)
        if self.literal not in joined:  # nearly always, and then nothing else is done
            return None
        matches = self.expression.match
        return next((value for value in values if matches(value)), None)

    def __str__(self) -> str:
        if self.key == ANY:
            return "!*" if self.negated else ANY
        return f"{'!' if self.negated else ''}{self.key}:{quoted(self.glob)}"


def matcher(word: str) -> Matcher:
    """A word such as `path:src/*`. Raises PatternError."""
    negated, rest = word.startswith("!"), word.removeprefix("!")
    if rest == ANY:
        return Matcher(ANY, "*", negated, *_expression("*", path=False))
    key, colon, glob = rest.partition(":")
    if not colon:
        raise PatternError(f'"{word}" is no matcher: one is a word, a colon and a glob.')
    key = key if key.startswith(TAGS) else key.lower()
    if key not in KEYS and not _TAG.fullmatch(key):
        raise PatternError(f'there is no matcher "{key}:". {_hint(key)}')
    if not glob:
        raise PatternError(f'nothing stands behind "{key}:". "{key}:*" matches any.')
    if len(glob) > MOST_GLOB:
        raise PatternError(f"the glob of {key}: is longer than {MOST_GLOB} characters.")
    return Matcher(key, glob, negated, *_expression(glob, path=key == "path"))


def _hint(key: str) -> str:
    if key.startswith(TAGS) or key in ("tag", "tags"):
        return 'A tag goes by its name: "tags.component:checkout".'
    near = difflib.get_close_matches(key.lower(), KEYS, n=1, cutoff=0.6)
    if near:
        return f'Did you mean "{near[0]}:"?'
    return f'For a tag write "{TAGS}{key}:". Matchers: {", ".join(KEYS)}, {TAGS}NAME.'


def quoted(text: str) -> str:
    """A text as one word of a line: in quotes if it needs them, of both kinds if it has both."""
    if not _QUOTED.search(text):
        return text
    if '"' not in text:
        return f'"{text}"'
    parts = text.split('"')
    return f"'{text}'" if "'" not in text else "'\"'".join(f'"{it}"' if it else "" for it in parts)


def words(line: str) -> list[str]:
    """A line cut at blanks; quotes, single or double and anywhere in a word, keep blanks together.

    Raises PatternError if a quote is left open.
    """
    found: list[str] = []
    word: list[str] | None = None
    quote = ""
    for char in line:
        if quote:
            if char == quote:
                quote = ""
            else:
                assert word is not None
                word.append(char)
        elif char.isspace():
            if word is not None:
                found.append("".join(word))
            word = None
        else:
            word = [] if word is None else word
            if char in "\"'":
                quote = char
            else:
                word.append(char)
    if quote:
        raise PatternError(f"a quote {quote} is not closed.")
    if word is not None:
        found.append("".join(word))
    return found


def all_match(matchers: Sequence[Matcher], facts: Facts) -> bool:
    return all(it.matches(facts) for it in matchers)
