"""The text index over a span of events: which of them answer a search, table by table.

Rows are in the order of groups (`text_index.py`), so a group is one range of each table. Nothing is
read but the index, and rows come as one text for all: 0.07 µs each (bench/pages.py).
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import msgspec

from lighttrace.store import events, text_index
from lighttrace.store.database import Reader

OLDEST_ROW = "select coalesce(min(id), 0) from event"
# Up to so many groups are looked up one by one, 0.02 ms each where the table is settled and 0.2
# where it is written; to go through a table of 2^18 events takes 1 to 17 ms.
FEW_GROUPS = 100
MANY_GROUPS = 1_000  # with more, those that are not wanted are sooner left out afterwards
DEAR_TOKENS = 8  # in a search of more, each group would cost as much as going through


@dataclass(frozen=True, slots=True)
class Piece:
    """One table, or a part of it: rows from `low` to `high`, of those that begin at `base`."""

    table: str
    base: int
    low: int
    high: int

    @property
    def n(self) -> int:
        """How many events there can be in it."""
        return self.high - self.low + 1


ALL = """
select group_concat(rowid) from {table}
 where {table} match :fts and (rowid & {mask}) between :low and :high
"""
FIRST = """
select group_concat(rowid) from (
  select rowid from {table}
   where {table} match :fts and (rowid & {mask}) between :low and :high limit :most)
"""
AMONG = """
select group_concat(rowid) from {table}
 where {table} match :fts and (rowid & {mask}) between :low and :high
   and (rowid >> {shift}) in (select value from json_each(:among))
"""
ONE_BY_ONE = """
select group_concat(f.rowid) from json_each(:among) h cross join {table} f
 where f.{table} match :fts
   and f.rowid between h.value << {shift} | :low and h.value << {shift} | :high
"""
_places = msgspec.json.Decoder(list[int])


@dataclass(frozen=True, slots=True)
class Span:
    """The events from a row on, newest table first."""

    pieces: tuple[Piece, ...]

    @classmethod
    def since(cls, db: Reader, since_ms: int) -> "Span":
        """From a moment on, as far back as there are events."""
        oldest = int(db.execute(OLDEST_ROW).fetchone()[0])
        first = max(oldest, events.first_row_since(db, since_ms) if since_ms else 0)
        last = events.newest_row(db)
        pieces = []
        for number, table in text_index.tables(db):
            base = number << text_index.ROWS_SHIFT
            low, high = max(0, first - base), min(last - base, text_index.ROW_MASK)
            if low <= high:
                pieces.append(Piece(table, base, low, high))
        return cls(tuple(pieces))

    def parted(self, newest: int) -> "Span":
        """The same, with so many of the newest events in a piece of their own."""
        if not self.pieces or self.pieces[0].n <= newest:
            return self
        it = self.pieces[0]
        cut = it.high - newest
        parts = replace(it, low=cut + 1), replace(it, high=cut)
        return Span((*parts, *self.pieces[1:]))

    @property
    def first(self) -> int:
        """Its first row."""
        return self.pieces[-1].base + self.pieces[-1].low if self.pieces else 0

    @property
    def n(self) -> int:
        """How many events there can be in it."""
        return sum(it.n for it in self.pieces)

    def groups(self, db: Reader, fts: str, most: int) -> frozenset[int] | None:
        """The groups of the events that answer; None if more than `most` do."""
        found: set[int] = set()
        left = most
        for piece in self.pieces:
            places = _ask(db, FIRST, piece, fts, most=left + 1)
            left -= len(places)
            if left < 0:
                return None
            found.update(place >> text_index.ROWS_SHIFT for place in places)
        return frozenset(found)


def places(db: Reader, piece: Piece, fts: str, among: Collection[int] | None = None) -> list[int]:
    """The places of the events of a piece that answer, in order, of all groups or of those that are
    named; more than MANY_GROUPS of them are not told from the others.
    """
    if among is None or len(among) > MANY_GROUPS:
        return _ask(db, ALL, piece, fts)
    if not among:
        return []
    sql = ONE_BY_ONE if len(among) <= FEW_GROUPS and not is_dear(fts) else AMONG
    return _ask(db, sql, piece, fts, among=json.dumps(sorted(among)))


RECEIVED = """
select group_concat((e.hash_id << {shift}) | (e.id & {mask})) from event e
 where e.id between :low and :high
   and (:envs is null or e.env_id in (select value from json_each(:envs)))
"""
RECEIVED_OF = """
select group_concat((e.hash_id << {shift}) | (e.id & {mask})) from json_each(:among) h
 cross join event e on e.hash_id = h.value and e.id between :low and :high
   and (:envs is null or e.env_id in (select value from json_each(:envs)))
"""
FEW_EVENTS = 5_000


def received(
    db: Reader, piece: Piece, envs: Sequence[int] | None, among: Collection[int] | None
) -> list[int] | None:
    """The places of all events of these environments and groups. The index would say the same; the
    events themselves are sooner read where they or their groups are few, otherwise None.
    """
    values: dict[str, object] = {
        "low": piece.base + piece.low,
        "high": piece.base + piece.high,
        "envs": None if envs is None else json.dumps(list(envs)),
    }
    if piece.n <= FEW_EVENTS:
        return _of(db, RECEIVED, piece, values)
    if among is None or len(among) > MANY_GROUPS:
        return None
    return _of(db, RECEIVED_OF, piece, {**values, "among": json.dumps(list(among))})


def is_dear(fts: str) -> bool:
    """Whether a search has so much to prepare that it should not be asked group by group."""
    return "*" in fts or fts.count('"') > 2 * DEAR_TOKENS


def _ask(db: Reader, sql: str, piece: Piece, fts: str, **values: object) -> list[int]:
    return _of(db, sql, piece, {"fts": fts, "low": piece.low, "high": piece.high, **values})


def _of(db: Reader, sql: str, piece: Piece, values: dict[str, object]) -> list[int]:
    sql = sql.format(table=piece.table, mask=text_index.ROW_MASK, shift=text_index.ROWS_SHIFT)
    (found,) = db.execute(sql, values).fetchone()
    # those of the index are in order, and then it is cheap
    return sorted(_places.decode(f"[{found}]")) if found else []
