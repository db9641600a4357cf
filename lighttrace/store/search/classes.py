"""Which groups a search is about, and what is left to ask of their events.

What is known of issues and groups (`About`, `Hashes`) is put into the condition group by group.
Groups of which the same is known are one class: the rest of the condition is asked of the events of
all of them at once. Most searches have one class or two.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from lighttrace.errors import QueryError
from lighttrace.store import text_index
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
from lighttrace.store.search.span import Span, is_dear, places

Sets: TypeAlias = dict[int, frozenset[int]]  # leaf, by its id → the groups of which it holds
MOST_CLASSES = 500
# A part of the search that no more events than this answer says which groups there can be at all.
FEW_EVENTS = 5_000


@dataclass(frozen=True, slots=True)
class Class:
    """Groups, and what is asked of their events. `hashes` None: all groups but `without`;
    `is_whole`: nothing is asked but where and when they happened.
    """

    fts: str
    hashes: frozenset[int] | None
    without: frozenset[int] = frozenset()
    is_whole: bool = False

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
    parts = condition.parts if isinstance(condition, Both) else (condition,)
    sets: Sets = {}
    for leaf in leaves(condition):
        if isinstance(leaf, Hashes):
            sets[id(leaf)] = leaf.ids
        elif isinstance(leaf, About):
            sql = HASHES_OF.format(where=where, sql=f"({leaf.sql})")
            rows = db.execute(sql, {**values, **leaf.values})
            sets[id(leaf)] = frozenset(row[0] for row in rows)
    named = frozenset().union(*sets.values())
    allowed = _allowed(db, parts, everywhere, sets, span) if sets and len(parts) > 1 else None
    found: dict[Condition, set[int]] = {}
    for rest, hash_ids in _rests(condition, sets, named if allowed is None else allowed):
        found.setdefault(rest, set()).update(hash_ids)
    result = [
        Class(_fts(rest, everywhere), frozenset(ids), is_whole=rest is True)
        for rest, ids in found.items()
    ]
    rest = decide(condition, lambda leaf: False)
    if allowed is None and rest is not False:
        result.append(Class(_fts(rest, everywhere), None, named))
    return result


def _fts(rest: Condition, everywhere: Condition) -> str:
    return fts_of(all_of([rest, everywhere]))


def _rests(
    condition: Condition, sets: Sets, hash_ids: frozenset[int]
) -> Iterator[tuple[Condition, frozenset[int]]]:
    """(what is left to ask of events, of which groups): parted by what is known of them."""
    parts = [(frozenset[int](), hash_ids)]
    for leaf in leaves(condition):
        if id(leaf) not in sets:
            continue
        key, ids = id(leaf), sets[id(leaf)]
        parted = (
            part for true, own in parts for part in ((true | {key}, own & ids), (true, own - ids))
        )
        parts = [part for part in parted if part[1]]
        if len(parts) > MOST_CLASSES:
            raise QueryError(
                "These words are in too many places together: put the sentence in quotes, "
                "or add a tag or a type.", 0, 0,
            )  # fmt: skip
    for true, own in parts:
        rest = decide(condition, lambda leaf, true=true: id(leaf) in true)  # type: ignore[misc]
        if rest is not False:
            yield rest, own


def _allowed(
    db: Reader, parts: Sequence[Condition], everywhere: Condition, sets: Sets, span: Span
) -> frozenset[int] | None:
    """The groups outside of which nothing can match; None: there is no such bound.

    A group that no leaf of a part names can only answer it by events, and where few events do, they
    say which groups these are. Of many parts, as of a pasted message, the two that are named least
    are looked for together.
    """
    asked = [(part, decide(part, lambda leaf: False)) for part in parts]
    asked.sort(key=lambda it: it[1] is not False and is_dear(_fts(it[1], everywhere)))
    bounds: list[tuple[Condition, frozenset[int], bool]] = []
    for part, rest in asked:
        bound = frozenset[int]().union(*(sets.get(id(it), ()) for it in leaves(part)))
        by_events: frozenset[int] | None = frozenset()
        if rest is not False:
            fts = _fts(rest, everywhere)
            has_bound = any(is_known for *_, is_known in bounds)
            skipped = is_dear(fts) and has_bound
            by_events = None if skipped else span.groups(db, fts, FEW_EVENTS)
        bounds.append((part, bound | (by_events or frozenset()), by_events is not None))
    known = [bound for _, bound, is_known in bounds if is_known]
    if not known:
        return None
    allowed = known[0].intersection(*known)
    if len(parts) > 2:
        bounds.sort(key=lambda it: (not it[2], len(it[1])))
        rarest = all_of([part for part, *_ in bounds[:2]])
        allowed = _groups(db, rarest, everywhere, sets, span, allowed)
    return allowed


def _groups(
    db: Reader,
    condition: Condition,
    everywhere: Condition,
    sets: Sets,
    span: Span,
    among: frozenset[int],
) -> frozenset[int]:
    """Those of the groups in which something matches."""
    found: set[int] = set()
    for rest, own in _rests(condition, sets, among):
        if rest is True:
            found |= own
            continue
        fts = _fts(rest, everywhere)
        for piece in span.pieces:
            found |= own.intersection(
                place >> text_index.ROWS_SHIFT for place in places(db, piece, fts, own)
            )
    return frozenset(found)


OF_ISSUES = """
select g.issue_id, g.id from json_each(?) w cross join grouphash g on g.issue_id = w.value
"""


def hashes_of(db: Reader, issue_ids: Iterable[int]) -> dict[int, list[int]]:
    """issue → its groups."""
    found: dict[int, list[int]] = {}
    for issue_id, hash_id in db.execute(OF_ISSUES, (json.dumps(list(issue_ids)),)):
        found.setdefault(issue_id, []).append(hash_id)
    return found
