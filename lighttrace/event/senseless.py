"""Searches of rules that nothing can ever match, and why: what is right as it stands and was
certainly not meant. Pure. Not every such search is found, but what is found is one.
"""

from collections.abc import Iterable

from lighttrace.event.model import LEVELS
from lighttrace.event.query import keys, values
from lighttrace.event.query.tree import And, Node, Not, Or, Term, Word, conjuncts
from lighttrace.event.triggers import Trigger

FAR_MS = 10**13  # a time that all events are before
# what an issue can be called by `is:` at that moment, of what it cannot be any time
CAN_BE = {
    "new": {"unresolved", "new"},
    "regression": {"unresolved", "regressed"},
    "escalating": {"unresolved", "escalating"},
}
NEVER = {"resolved", "archived"}  # of these an event makes another state, or nothing is told
MAY = {"unresolved", "acknowledged", "new", "ongoing", "regressed", "escalating", "spiking"}
# keys of which an event has one value
SINGLE = {"environment", "level", "project", "platform", "type", "release", "category", "issue"}


def why_never(when: Iterable[Trigger], where: Node) -> str | None:
    """A sentence without its end, such as "no issue that is new is resolved"; None: it can be."""
    parts = conjuncts(where)
    return (
        _contradiction(parts)
        or _no_level(parts)
        or _no_value(parts)
        or _not_then([it.kind for it in when], parts)
    )


def _contradiction(parts: tuple[Node, ...]) -> str | None:
    for part in parts:
        if isinstance(part, Not) and part.part in parts:
            return f"nothing is {part.part} and {part} at once"
    return None


def _no_level(parts: tuple[Node, ...]) -> str | None:
    said = [part for part in parts if _term(part).key == "level"]
    left = [level for level in LEVELS if all(_allows(part, level) for part in said)]
    if said and not left:
        return f"no level is {' '.join(map(str, said))}"
    return None


def _allows(part: Node, level: str) -> bool:
    term, index = _term(part), LEVELS.index(level)
    signs = [index - LEVELS.index(it.text.lower()) for it in term.values]
    holds = term.op == "has" or any(values.holds(term.op, sign) for sign in signs)
    return holds is not isinstance(part, Not)


def _no_value(parts: tuple[Node, ...]) -> str | None:
    """Two terms of one key that want different things, of which an event has but one."""
    wanted: dict[str, tuple[Term, set[str]]] = {}
    for part in parts:
        if not isinstance(part, Term) or part.op or any(it.is_pattern for it in part.values):
            continue
        if not (part.is_tag or part.key in SINGLE) or part.key in ("time", "release", "level"):
            continue
        own = {it.text.lower() for it in part.values}
        other = wanted.setdefault(part.key, (part, own))
        if not own & other[1]:
            return f"no event is {other[0]} and {part} at once"
    return None


MOMENTS = {"new": "is new", "regression": "has just come back", "escalating": "is escalating"}


def _not_then(kinds: list[str], parts: tuple[Node, ...]) -> str | None:
    """What an issue cannot be at any of these moments."""
    found = [next((it for it in parts if _is_impossible(kind, it)), None) for kind in kinds]
    if not found or None in found:
        return None
    who = f"that {MOMENTS[kinds[0]]}" if kinds[0] in MOMENTS else "that is told of"
    return f"an issue {who} is never {found[0]}"


def _is_impossible(kind: str, part: Node) -> bool:
    if isinstance(part, Or):
        return all(_is_impossible(kind, one) for one in part.parts)
    if isinstance(part, And):
        return any(_is_impossible(kind, one) for one in part.parts)
    if isinstance(part, Word):
        return False
    negated, term = isinstance(part, Not), _term(part)
    if not term.key or term.op == "has":
        return False
    if term.key == "is":
        names = {keys.STATE_ALIASES.get(it.text.lower(), it.text.lower()) for it in term.values}
        possible = CAN_BE.get(kind, MAY)
        if negated:
            return bool(names & CAN_BE.get(kind, {"unresolved"}))
        return not any(name in possible or name not in MAY | NEVER for name in names)
    if negated:
        return False
    if term.key in ("age", "firstSeen") and kind == "new":
        return all(_is_before(term, it.text, 60_000) for it in term.values)
    if term.key == "lastSeen":
        return all(_is_before(term, it.text, 0) for it in term.values)
    return False


def _is_before(term: Term, text: str, by_ms: int) -> bool:
    """Whether a time means moments long gone by, whenever it is asked."""
    if text[:1] not in "+-" and not text[-1:].isalpha():
        return False  # a date
    until = values.span(term.op, text, FAR_MS).until
    return until is not None and until <= FAR_MS - by_ms


def _term(part: Node) -> Term:
    inner = part.part if isinstance(part, Not) else part
    return inner if isinstance(inner, Term) and not inner.is_tag else Term("")
