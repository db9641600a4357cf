"""Which groups a search is about, and what is left to ask of their events.

What is known of issues and groups (`About`, `Hashes`) is put into the condition group by group.
Groups of which the same is known are one class: the rest of the condition is asked of the events of
all of them at once. Most searches have one class or two.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lighttrace.errors import QueryError
from lighttrace.store.database import Reader
from lighttrace.store.search.conditions import (
    About,
    Both,
    Condition,
    Hashes,
    all_of,
    decide,
    fts_of,
    leaves,
)
from lighttrace.store.search.span import Span

MOST_CLASSES = 500
# A part of the search that no more events than this answer says which groups there can be at all.
FEW_EVENTS = 5_000


@dataclass(frozen=True, slots=True)
class Class:
    """Groups, and what is asked of their events. `hashes` None: all groups but `without`."""

    fts: str
    hashes: frozenset[int] | None
    without: frozenset[int] = frozenset()

    def holds(self, hash_id: int) -> bool:
        if self.hashes is None:
            return hash_id not in self.without
        return hash_id in self.hashes

    def only(self, hash_ids: Collection[int]) -> Collection[int]:
        """Those of the groups that are in the class."""
        if self.hashes is not None:
            return self.hashes.intersection(hash_ids)
        return [it for it in hash_ids if it not in self.without] if self.without else hash_ids


HASHES_OF = """
select g.id from issue_env e cross join issue i on i.id = e.issue_id
 cross join grouphash g on g.issue_id = e.issue_id where {where} and {sql}
"""


def classes(
    db: Reader,
    condition: Condition,
    everywhere: Condition,
    where: str,
    values: Mapping[str, Any],
    span: Span,
) -> list[Class]:
    """The classes of a condition among the issues of `where`. `everywhere` is asked of all events
    besides (the environment of the list). Raises QueryError if there are too many.
    """
    sets: dict[int, frozenset[int]] = {}
    for leaf in leaves(condition):
        if isinstance(leaf, Hashes):
            sets[id(leaf)] = leaf.ids
        elif isinstance(leaf, About):
            sql = HASHES_OF.format(where=where, sql=f"({leaf.sql})")
            rows = db.execute(sql, {**values, **leaf.values})
            sets[id(leaf)] = frozenset(row[0] for row in rows)
    named = frozenset().union(*sets.values())
    allowed = _allowed(db, condition, everywhere, sets, span)
    found: dict[str, set[int]] = {}
    for true, hash_ids in _alike(named if allowed is None else allowed, sets):
        fts = _rest(condition, everywhere, lambda leaf, true=true: id(leaf) in true)
        if fts is not None:
            found.setdefault(fts, set()).update(hash_ids)
    result = [Class(fts, frozenset(ids)) for fts, ids in found.items()]
    others = None if allowed is not None else _rest(condition, everywhere, lambda leaf: False)
    if others is not None:
        result.append(Class(others, None, named))
    return result


def _alike(
    hash_ids: frozenset[int], sets: Mapping[int, frozenset[int]]
) -> list[tuple[frozenset[int], frozenset[int]]]:
    """(leaves that hold of them, groups): the groups parted by each leaf in turn."""
    parts = [(frozenset[int](), hash_ids)]
    for leaf, ids in sets.items():
        parted = (
            part for true, own in parts for part in ((true | {leaf}, own & ids), (true, own - ids))
        )
        parts = [part for part in parted if part[1]]
        if len(parts) > MOST_CLASSES:
            raise QueryError(
                "These words are in too many places together: put the sentence in quotes, "
                "or add a tag or a type.", 0, 0,
            )  # fmt: skip
    return parts


def _rest(condition: Condition, everywhere: Condition, know: Any) -> str | None:
    left = all_of([decide(condition, know), everywhere])
    return None if left is False else fts_of(left)


def _allowed(
    db: Reader,
    condition: Condition,
    everywhere: Condition,
    sets: Mapping[int, frozenset[int]],
    span: Span,
) -> frozenset[int] | None:
    """The groups outside of which nothing can match; None: there is no such bound.

    A group that no leaf of a part names can only answer it by events, and where few events do, they
    say which groups these are.
    """
    if not sets:
        return None
    found: frozenset[int] | None = None
    for part in condition.parts if isinstance(condition, Both) else (condition,):
        fts = _rest(part, everywhere, lambda leaf: False)
        own: Iterable[frozenset[int]] = (sets[id(it)] for it in leaves(part) if id(it) in sets)
        bound = frozenset().union(*own)
        if fts is not None:
            hashes = span.groups(db, fts, FEW_EVENTS)
            if hashes is None:
                continue
            bound |= hashes
        found = bound if found is None else found & bound
    return found


OF_ISSUES = """
select g.issue_id, g.id from json_each(?) w cross join grouphash g on g.issue_id = w.value
"""


def hashes_of(db: Reader, issue_ids: Iterable[int]) -> dict[int, list[int]]:
    """issue → its groups."""
    found: dict[int, list[int]] = {}
    for issue_id, hash_id in db.execute(OF_ISSUES, (json.dumps(list(issue_ids)),)):
        found.setdefault(issue_id, []).append(hash_id)
    return found
