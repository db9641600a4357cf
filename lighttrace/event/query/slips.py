"""What reads like another language: `level=error`, `or`, `NOT`, a bracket without its other half.

In a search box all this is text that somebody may have pasted. In a rule it would be looked for as
it stands, and the rule would wait for ever, so there it is a mistake; whoever means it quotes it.
"""

import re

from lighttrace.errors import QueryError
from lighttrace.event.query import keys
from lighttrace.event.query.match import OF_RULES

_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_TOKEN = re.compile(r"[^\s()]+")
_COMPARISON = re.compile(r"(!?)([A-Za-z][A-Za-z0-9_.]*)(!=|==|>=|<=|=|>|<)([^=].*)", re.DOTALL)
_MINUS = re.compile(r"-([A-Za-z][A-Za-z0-9_.]*):(.*)", re.DOTALL)
_SIGNS = frozenset(("=", "==", "!=", ">", ">=", "<", "<="))
INSTEAD = {
    "or": "between alternatives stands OR",
    "||": "between alternatives stands OR",
    "|": "between alternatives stands OR",
    "and": "terms side by side all have to hold",
    "&&": "terms side by side all have to hold",
    "&": "terms side by side all have to hold",
    "+": "terms side by side all have to hold",
    "not": "a term is turned round by ! before it, as in !level:error",
}


def refuse(text: str) -> None:
    """Raises QueryError at the first of them."""
    bare = _QUOTED.sub(lambda found: "_" * len(found[0]), text)
    for found in _TOKEN.finditer(bare):
        start, end, token = found.start(), found.end(), found[0]
        lower = token.lower()
        if lower in INSTEAD and token not in ("OR", "AND"):
            raise _slip(f"{token} is not understood: {INSTEAD[lower]}", start, end)
        if token in _SIGNS:
            raise _slip("A key and its value are one word, such as level:>=error", start, end)
        if instead := _written(text[start:end]):
            raise _slip(f"{text[start:end][:60]} is written {instead[:60]}", start, end)
    if (at := _lonely_bracket(bare)) is not None:
        sentence = "This bracket has no other half; text with brackets in it is quoted"
        raise _slip(sentence, at, len(text))


def _lonely_bracket(text: str) -> int | None:
    opened: list[int] = []
    for at, letter in enumerate(text):
        if letter == "(":
            opened.append(at)
        elif letter == ")" and not opened:
            return at
        elif letter == ")":
            opened.pop()
    return opened[0] if opened else None


def _written(token: str) -> str | None:
    """How a term of another language is written in this one."""
    if (found := _MINUS.fullmatch(token)) and _is_key(found[1]):
        return f"!{found[1]}:{found[2]}"
    found = _COMPARISON.fullmatch(token)
    if found is None or not _is_key(found[2]):
        return None
    negated, key, sign, value = found.groups()
    turned = bool(negated) is not (sign == "!=")
    return f"{'!' * turned}{key}:{'' if sign in ('=', '==', '!=') else sign}{value}"


def _is_key(name: str) -> bool:
    return keys.canonical(name) is not None or name in OF_RULES


def _slip(sentence: str, start: int, end: int) -> QueryError:
    return QueryError(f"{sentence}.", start, end)
