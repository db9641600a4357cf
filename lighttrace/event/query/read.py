"""Text to tree. The grammar, from loose to tight:

    or    = and ("OR" and)*            and = item (["AND"] item)*
    item  = ["!"] ("(" or ")" | term | "phrase" | word)
    term  = key ":" (value | "[" value ("," value)* "]" | (">" | ">=" | "<" | "<=") value | "*")
          | "has:" key
    key   = name | "tags[" name "]" | quoted

What a program says is to be pasted as it is: a colon before a blank, another colon or `//` is text
(`TypeError: x`, `Foo::Bar`, `http://host/path`), and so is a bracket that has no other half.
"""

import re
from collections.abc import Callable, Collection, Iterable

from lighttrace.errors import QueryError
from lighttrace.event.model import LEVELS
from lighttrace.event.query import keys, values
from lighttrace.event.query.keys import KEYS, Kind
from lighttrace.event.query.tree import EVERYTHING, And, Node, Not, Op, Or, Term, Value, Word

MOST_TEXT = 1000  # characters
MOST_TERMS = 50
MOST_DEPTH = 10  # of brackets

_KEY = re.compile(r'(?:([A-Za-z_][A-Za-z0-9_.\-]{0,199})|tags\[([^\]]{1,200})\]|"([^"]{1,200})"):')
_HAS = re.compile(
    r'(?:([A-Za-z_][A-Za-z0-9_.\-]{0,199})|tags\[([^\]]{1,200})\]|"([^"]{1,200})")(?=[\s)]|$)'
)
_TEXT_AFTER = re.compile(r"\s|:|//")
_OP = re.compile(r">=|<=|>|<|=")
_SAYS_SOMETHING = re.compile(r"\w")
_ENDS = ".,;:!?'`=*()[]{}<>"
_NOT_BEFORE = re.compile(r"[\w\"(]")


def parse(
    text: str,
    tags: Collection[str] | None = None,
    near: Callable[[], Iterable[str]] | None = None,
) -> Node:
    """The tree of a search; EVERYTHING for a blank one. `tags` are the names of tags there are:
    another key is a mistake then; None where that cannot be known. `near`: those of them that may
    be told, when one is meant that is not there. Raises QueryError.
    """
    if len(text) > MOST_TEXT:
        raise QueryError(f"A search has at most {MOST_TEXT:,} characters.", MOST_TEXT, len(text))
    clean = text.replace("\0", " ").encode("utf-8", "replace").decode()
    return _Reading(clean, tags, near or (lambda: tags or ())).whole()


class _Reading:
    """One text, and how far it has been read."""

    def __init__(
        self, text: str, tags: Collection[str] | None, near: Callable[[], Iterable[str]]
    ) -> None:
        self.text = text
        self.tags = tags
        self.near = near
        self.at = 0
        self.depth = 0
        self.terms = 0

    def whole(self) -> Node:
        found = self._or()
        if found is None:
            if self.text.strip():
                raise QueryError(
                    "There is nothing in this search that could be looked for.", 0, len(self.text)
                )
            return EVERYTHING
        return found

    def _or(self) -> Node | None:
        parts: list[Node] = []
        while True:
            start = self.at
            part = self._and()
            more = self._operator("OR")
            if part is None and (more or parts):
                raise self._error("OR needs something on both sides of it", start)
            if part is not None:
                parts += part.parts if isinstance(part, Or) else (part,)
            if not more:
                return Or(tuple(parts)) if len(parts) > 1 else parts[0] if parts else None

    def _and(self) -> Node | None:
        parts: list[Node] = []
        needs_more = False
        while not self._ended():
            start = self.at
            if self._operator("AND"):
                if not parts or needs_more:
                    raise self._error("AND needs something on both sides of it", start)
                needs_more = True
                continue
            if self._looks_at("OR"):
                break
            part = self._item()
            if part is not None:
                parts += part.parts if isinstance(part, And) else (part,)
                needs_more = False
        if needs_more:
            raise self._error("AND needs something on both sides of it", self.at)
        return And(tuple(parts)) if len(parts) > 1 else parts[0] if parts else None

    def _ended(self) -> bool:
        """Whether this level of brackets is over; blanks are skipped."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at == len(self.text) or (self.depth > 0 and self.text[self.at] == ")")

    def _looks_at(self, operator: str) -> bool:
        after = self.text[self.at + len(operator) : self.at + len(operator) + 1]
        ends = not after or after.isspace() or after in "()"
        return self.text.startswith(operator, self.at) and ends

    def _operator(self, operator: str) -> bool:
        if self._ended() or not self._looks_at(operator):
            return False
        self.at += len(operator)
        return True

    def _item(self) -> Node | None:
        """One item; None for marks that say nothing."""
        start = self.at
        negated = self.text[start] == "!" and bool(_NOT_BEFORE.match(self.text, start + 1))
        self.at += negated
        found = self._group() if self._opens() else self._leaf(start)
        if found is None or not negated:
            return found
        return found.part if isinstance(found, Not) else Not(found)

    def _opens(self) -> bool:
        """Whether a bracket stands here whose other half follows."""
        if self.text[self.at] != "(":
            return False
        depth, quoted = 0, False
        for letter in self.text[self.at :]:
            if letter == '"':
                quoted = not quoted
            elif not quoted:
                depth += (letter == "(") - (letter == ")")
                if depth == 0:
                    return True
        return False

    def _group(self) -> Node | None:
        if self.depth == MOST_DEPTH:
            raise self._error(f"Brackets go {MOST_DEPTH} deep and no deeper", self.at)
        self.at += 1
        self.depth += 1
        found = self._or()
        self.depth -= 1
        self.at += self.at < len(self.text)
        return found

    def _leaf(self, start: int) -> Node | None:
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise self._error(f"A search has at most {MOST_TERMS} terms", start)
        found = _KEY.match(self.text, self.at)
        if found and not _TEXT_AFTER.match(self.text, found.end()) and not _is_drive(found):
            return self._term(found)
        if self.text[self.at] == '"':
            pieces, _ = self._quoted()
            phrase = "*".join(pieces)
            return Word(phrase, exact=True) if _SAYS_SOMETHING.search(phrase) else None
        word = _bare(self._run(stops='"'))
        return Word(word) if _SAYS_SOMETHING.search(word) else None

    def _run(self, stops: str) -> str:
        """Up to a blank, or one of `stops`, or the bracket that ends this level."""
        start, inner = self.at, 0
        while self.at < len(self.text) and not self.text[self.at].isspace():
            letter = self.text[self.at]
            if letter in stops and self.at > start:
                break
            inner += (letter == "(") - (letter == ")")
            if inner < 0 and self.depth:
                break
            self.at += 1
        return self.text[start : self.at]

    def _quoted(self) -> tuple[list[str], bool]:
        """The pieces between stars of what is in quotes, and whether the quotes were closed."""
        self.at += 1
        pieces = [""]
        while self.at < len(self.text) and self.text[self.at] != '"':
            self._letter(pieces)
        closed = self.at < len(self.text)
        self.at += closed
        return pieces, closed

    def _letter(self, pieces: list[str]) -> None:
        letter = self.text[self.at]
        if letter == "\\" and self.text[self.at + 1 : self.at + 2] in ("\\", '"', "*"):
            letter = self.text[self.at + 1]
            self.at += 1
        elif letter == "*":
            pieces.append("")
            self.at += 1
            return
        pieces[-1] += letter
        self.at += 1

    def _term(self, found: re.Match[str]) -> Node:
        start, name = found.start(), found[1] or found[2] or found[3]
        self.at = found.end()
        if found[1] and name.lower() == "has":
            return self._has(start)
        key, is_tag = (name, True) if found[1] is None else self._key(name, start, found.end() - 1)
        kind = Kind.TAG if is_tag else KEYS[key].kind
        if self._ended() and self.at == len(self.text):
            example = "" if is_tag else f", such as {key}:{KEYS[key].example}"
            raise self._error(f"{name}: needs a value{example}", start)
        op = self._op(kind)
        if self.text[self.at : self.at + 1] == "[" and not op:
            several = self._list(start)
        else:
            several = [self._value("")]
        if not op and several == [Value(("", ""))]:
            return Term(key, op="has", is_tag=is_tag)
        if several == [Value(("",))] and (is_tag or kind is Kind.TAG):
            return Not(Term(key, op="has", is_tag=is_tag))
        for value in several:
            self._check(key, kind, op, value, start)
        return Term(key, tuple(several), op, is_tag)

    def _op(self, kind: Kind) -> Op:
        found = _OP.match(self.text, self.at)
        if found is None or kind not in values.COMPARED:
            return ""
        if kind is Kind.TAG and not re.match(r"-?\d", self.text[found.end() : found.end() + 2]):
            return ""  # `function:<lambda>` and the like
        self.at = found.end()
        return "" if found[0] == "=" else found[0]  # type: ignore[return-value]

    def _has(self, start: int) -> Term:
        found = _HAS.match(self.text, self.at)
        if found is None:
            raise self._error("has: takes the name of a key, such as has:user", start)
        begin, self.at = self.at, found.end()
        name = found[1] or found[2] or found[3]
        key, is_tag = self._key(name, begin, self.at) if found[1] else (name, True)
        return Term(key, op="has", is_tag=is_tag)

    def _key(self, name: str, start: int, end: int) -> tuple[str, bool]:
        """(key, whether it is a tag). Raises QueryError with the nearest one if it is neither."""
        known = keys.canonical(name)
        if known is not None:
            return known, False
        if self.tags is None or name in self.tags:
            return name, True
        tag = keys.tag_of(name)
        if tag in self.tags:
            return tag, True
        near = keys.nearest(name, self.near())
        ask = f" Did you mean {near}:?" if near else ""
        sentence = f"There is no key {name}:, and no tag of that name.{ask}"
        raise QueryError(sentence, start, end, near)

    def _list(self, start: int) -> list[Value]:
        self.at += 1
        found: list[Value] = []
        while True:
            while self.text[self.at : self.at + 1].isspace():
                self.at += 1
            if self.at == len(self.text):
                raise self._error("A list ends with ]", start)
            if self.text[self.at] == "]" and found:
                self.at += 1
                return found
            found.append(self._value(",]"))
            while self.text[self.at : self.at + 1].isspace():
                self.at += 1
            if self.text[self.at : self.at + 1] == ",":
                self.at += 1
            if len(found) > MOST_TERMS:
                raise self._error(f"A list has at most {MOST_TERMS} values", start)

    def _value(self, stops: str) -> Value:
        start = self.at
        if self.text[start : start + 1] == '"':
            pieces, closed = self._quoted()
            if not closed:
                raise self._error('A value that begins with " ends with one', start)
            return Value(tuple(pieces))
        pieces, inner = [""], 0
        while self.at < len(self.text) and not self.text[self.at].isspace():
            letter = self.text[self.at]
            if letter in stops or letter == '"':
                break
            inner += (letter == "(") - (letter == ")")
            if inner < 0 and self.depth:
                break
            self._letter(pieces)
        if self.at == start:
            raise self._error("Here a value is missing", start)
        return Value(tuple(pieces))

    def _check(self, key: str, kind: Kind, op: Op, value: Value, start: int) -> None:
        if not value.text:
            if key == "environment":
                return  # that of events that name none
            raise self._error(f"{key}: needs a value", start)
        try:
            values.check(kind, op, value)
        except ValueError as error:
            known = {Kind.STATE: keys.STATES, Kind.LEVEL: LEVELS}.get(kind)
            elsewhere = keys.LEVELS_ELSEWHERE if kind is Kind.LEVEL else {}
            near = elsewhere.get(value.text.lower())
            near = near or (keys.nearest_of(value.text, known) if known else None)
            ask = f" Did you mean {key}:{near}?" if near else ""
            fix = f"{key}:{op}{near}" if near else None
            raise QueryError(f"{error}{ask}", start, self.at, fix) from error

    def _error(self, sentence: str, start: int) -> QueryError:
        end = max(self.at, start + 1)
        return QueryError(f"{sentence}.", start, min(end, len(self.text)) or 1)


def _bare(run: str) -> str:
    """A run of text without the marks around it, and without those that would mean something."""
    word = run.replace("(", ".").replace(")", ".").strip(_ENDS)
    if word in ("AND", "OR"):
        return word.lower()
    found = _KEY.match(word)
    is_key = found and not _TEXT_AFTER.match(word, found.end()) and not _is_drive(found)
    return word.replace(":", ".") if is_key else word


def _is_drive(found: re.Match[str]) -> bool:
    """`C:\\app` and `C:/app` are paths."""
    after = found.string[found.end() : found.end() + 1]
    return found[1] is not None and len(found[1]) == 1 and after in ("\\", "/")
