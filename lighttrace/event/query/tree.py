"""What a search means, as a tree, and the text that means it: `read.parse(str(tree)) == tree`."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lighttrace.event.query import keys

Op: TypeAlias = Literal["", ">", ">=", "<", "<=", "has"]

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,199}")
_PLAIN_VALUE = re.compile(r"[^\s\"()\[\],<>=!:*\\][^\s\"()\[\],*\\]*")


@dataclass(frozen=True, slots=True)
class Value:
    """What is compared with: the pieces of text between stars; one piece alone is no pattern."""

    pieces: tuple[str, ...]

    @property
    def is_pattern(self) -> bool:
        return len(self.pieces) > 1

    @property
    def text(self) -> str:
        """As it was meant: only a pattern has stars in it that stand for anything."""
        return "*".join(self.pieces)

    @property
    def expression(self) -> str:
        """Of a regular expression that a whole text has to match. What stands between two stars is
        looked for once, from the left (atomic groups): no text makes it slow.
        """
        first, *others = map(re.escape, self.pieces)
        if not others:
            return first
        between = "".join(f"(?>.*?{piece})" for piece in others[:-1])
        return f"{first}{between}.*{others[-1]}"

    def pattern(self) -> re.Pattern[str]:
        """Whole texts that this value means, in whatever case."""
        return re.compile(self.expression, re.IGNORECASE | re.DOTALL)

    def __str__(self) -> str:
        return _said(self.pieces)


@dataclass(frozen=True, slots=True)
class Word:
    """Text to be found. `exact`: it stood in quotes, so it is no beginning of longer words."""

    text: str
    exact: bool = False

    def __str__(self) -> str:
        return _quoted(_escaped(self.text)) if self.exact else self.text


@dataclass(frozen=True, slots=True)
class Term:
    """`key:value`. Any one of `values` will do; a comparison has one, `has` none. `is_tag`: a tag
    of that name is meant and no key of the language.
    """

    key: str
    values: tuple[Value, ...] = ()
    op: Op = ""
    is_tag: bool = False

    def __str__(self) -> str:
        key = self.said_key()
        if self.op == "has":
            return f"has:{key}"
        if len(self.values) == 1:
            return f"{key}:{self.op}{self.values[0]}"
        return f"{key}:[{','.join(map(str, self.values))}]"

    def said_key(self) -> str:
        """The key as it has to be written to be meant."""
        if not self.is_tag or (_PLAIN_KEY.fullmatch(self.key) and not keys.is_taken(self.key)):
            return self.key
        return f'"{self.key}"' if "]" in self.key else f"tags[{self.key}]"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"

    def __str__(self) -> str:
        return f"!({self.part})" if isinstance(self.part, And | Or) else f"!{self.part}"


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts; without any it means everything."""

    parts: tuple["Node", ...] = ()

    def __str__(self) -> str:
        return " ".join(f"({it})" if isinstance(it, Or) else str(it) for it in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Node", ...]

    def __str__(self) -> str:
        return " OR ".join(map(str, self.parts))


Node: TypeAlias = Word | Term | Not | And | Or
EVERYTHING = And()


def terms(node: Node) -> list[Word | Term]:
    """The leaves, in the order of the text."""
    match node:
        case Not(part):
            return terms(part)
        case And(parts) | Or(parts):
            return [leaf for part in parts for leaf in terms(part)]
        case _:
            return [node]


def conjuncts(node: Node) -> tuple[Node, ...]:
    """The parts that all have to hold."""
    return node.parts if isinstance(node, And) else (node,)


def both(*nodes: Node) -> Node:
    """The search that means all of these at once."""
    parts = tuple(part for node in nodes for part in conjuncts(node))
    return parts[0] if len(parts) == 1 else And(parts)


def _said(pieces: tuple[str, ...]) -> str:
    if all(not piece or _PLAIN_VALUE.fullmatch(f"a{piece}") for piece in pieces):
        plain = "*".join(pieces)
        if plain and plain[0] not in "<>=![" and plain.strip("*"):
            return plain
    return _quoted("*".join(map(_escaped, pieces)))


def _escaped(text: str) -> str:
    return re.sub(r'([\\"*])', r"\\\1", text)


def _quoted(escaped: str) -> str:
    return f'"{escaped}"'
