"""A search as the store sees it: a tree whose leaves are answered in three different places.

A condition is asked of one event of one issue. What is known of the issue (`About`) or of the group
(`Hashes`) is the same for all of their events; only `Says` differs from event to event. Pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isqrt
from typing import Any, TypeAlias

from lighttrace.store import text_index


@dataclass(frozen=True, slots=True, eq=False)
class About:
    """A piece of SQL about an issue: `i` its row, `e` the one of the environment, `values` bound
    under names that no other piece has.
    """

    sql: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Hashes:
    """The groups of which it holds."""

    ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Says:
    """A search of the text index: what an event says of itself."""

    fts: str


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Never:
    part: "Condition"


Condition: TypeAlias = About | Hashes | Says | Both | Either | Never | bool


MANY_TOKENS = 16


def says(tokens: tuple[str, ...] | list[str]) -> Condition:
    """An event that bears any of the tokens."""
    if not tokens:
        return False
    quoted = [f'"{it}"' for it in tokens]
    if len(quoted) <= MANY_TOKENS:
        return Says(" OR ".join(quoted))
    # FTS5 looks at every token of an OR for each row it finds. In an OR of ORs these are few (1,500
    # tokens: 67 ms in place of 537); the NOT keeps it from being flattened.
    size = isqrt(len(quoted))
    several = [" OR ".join(quoted[at : at + size]) for at in range(0, len(quoted), size)]
    return Says(" OR ".join(f'(({it}) NOT "{text_index.NEVER}")' for it in several))


def decide(condition: Condition, know: Callable[[About | Hashes], bool | None]) -> Condition:
    """The condition with everything put in that is known of one issue or group."""
    match condition:
        case About() | Hashes():
            known = know(condition)
            return condition if known is None else known
        case Never(part):
            return negated(decide(part, know))
        case Both(parts):
            return all_of([decide(part, know) for part in parts])
        case Either(parts):
            return any_of([decide(part, know) for part in parts])
        case _:
            return condition


def negated(condition: Condition) -> Condition:
    if isinstance(condition, bool):
        return not condition
    return condition.part if isinstance(condition, Never) else Never(condition)


def all_of(parts: list[Condition]) -> Condition:
    if any(part is False for part in parts):
        return False
    left = tuple(part for part in parts if part is not True)
    return (left[0] if len(left) == 1 else Both(left)) if left else True


def any_of(parts: list[Condition]) -> Condition:
    if any(part is True for part in parts):
        return True
    left = tuple(part for part in parts if part is not False)
    return (left[0] if len(left) == 1 else Either(left)) if left else False


def leaves(condition: Condition) -> list[About | Hashes | Says]:
    match condition:
        case Never(part):
            return leaves(part)
        case Both(parts) | Either(parts):
            return [leaf for part in parts for leaf in leaves(part)]
        case bool():
            return []
        case _:
            return [condition]


def is_about_issues(condition: Condition) -> bool:
    return all(isinstance(leaf, About) for leaf in leaves(condition))


def sql_of(condition: Condition) -> str:
    """A condition about issues alone, as SQL."""
    match condition:
        case About(sql):
            return f"({sql})"
        case Never(part):
            return f"not coalesce({sql_of(part)}, 0)"
        case Both(parts):
            return "(" + " and ".join(map(sql_of, parts)) + ")"
        case Either(parts):
            return "(" + " or ".join(map(sql_of, parts)) + ")"
        case bool():
            return "1" if condition else "0"
    raise AssertionError(condition)


def fts_of(condition: Condition) -> str:
    """A condition that only events are left to decide, as a search of the text index."""
    match condition:
        case True:
            return f'"{text_index.EVERY}"'
        case Says(fts):
            return f"({fts})"
        case Never(part):
            return f'("{text_index.EVERY}" NOT {fts_of(part)})'
        case Both(parts):
            wanted = [part for part in parts if not isinstance(part, Never)]
            unwanted = [part.part for part in parts if isinstance(part, Never)]
            found = " AND ".join(map(fts_of, wanted)) or f'"{text_index.EVERY}"'
            if not unwanted:
                return f"({found})"
            return f"(({found}) NOT ({' OR '.join(map(fts_of, unwanted))}))"
        case Either(parts):
            return "(" + " OR ".join(map(fts_of, parts)) + ")"
    raise AssertionError(condition)
