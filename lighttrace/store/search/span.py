"""The text index over a span of events: which of them answer a search, table by table.

Rows are in the order of groups (`text_index.py`), so a group is one range of each table. Nothing is
read but the index, and rows come as one text for all: 0.07 µs each (bench/pages.py).
"""

import json
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from lighttrace.store import events, text_index
from lighttrace.store.database import Reader

OLDEST_ROW = "select coalesce(min(id), 0) from event"
# Up to so many groups are looked up one by one, 0.02 ms each where the table is settled and 0.2
# where it is written; to go through a table of 2^18 events takes 1 to 17 ms.
FEW_GROUPS = 50
MANY_GROUPS = 1_000  # with more, those that are not wanted are sooner left out afterwards
DEAR_TOKENS = 16  # in a search of so many, each group would cost as much as going through


@dataclass(frozen=True, slots=True)
class Piece:
    """One table, as far as it is in the span: rows from `low` on, of those that begin at `base`."""

    table: str
    base: int
    low: int


ALL = """
select group_concat(rowid) from {table} where {table} match :fts and (rowid & {mask}) >= :low
"""
FIRST = """
select group_concat(rowid) from (
  select rowid from {table} where {table} match :fts and (rowid & {mask}) >= :low limit :most)
"""
AMONG = """
select group_concat(rowid) from {table} where {table} match :fts and (rowid & {mask}) >= :low
   and (rowid >> {shift}) in (select value from json_each(:among))
"""
ONE_BY_ONE = """
select group_concat(f.rowid) from json_each(:among) h cross join {table} f
 where f.{table} match :fts
   and f.rowid between h.value << {shift} | :low and h.value << {shift} | {mask}
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
        bases = ((n << text_index.ROWS_SHIFT, table) for n, table in text_index.tables(db))
        return cls(
            tuple(
                Piece(table, base, max(0, first - base))
                for base, table in bases
                if base + text_index.ROW_MASK >= first
            )
        )

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


def is_dear(fts: str) -> bool:
    """Whether a search has so much to prepare that it should not be asked group by group."""
    return "*" in fts or fts.count('"') > 2 * DEAR_TOKENS


def _ask(db: Reader, sql: str, piece: Piece, fts: str, **values: object) -> list[int]:
    sql = sql.format(table=piece.table, mask=text_index.ROW_MASK, shift=text_index.ROWS_SHIFT)
    (found,) = db.execute(sql, {"fts": fts, "low": piece.low, **values}).fetchone()
    return sorted(_places.decode(f"[{found}]")) if found else []  # they are in order; it is cheap
