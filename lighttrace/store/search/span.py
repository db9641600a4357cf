"""The text index over a span of events: how many answer a search, in which groups, and which.

Rows are in the order of groups (`text_index.py`), so a group is one range of each table, and
counting reads nothing but the index: 0.03 µs an event, 0.13 where they are told apart by group.
"""

from dataclasses import dataclass

from lighttrace.store import events, text_index
from lighttrace.store.database import Reader
from lighttrace.store.text_index import ROW_MASK, ROWS_SHIFT

OLDEST_ROW = "select coalesce(min(id), 0) from event"


@dataclass(frozen=True, slots=True)
class Piece:
    """One table, as far as it is in the span: rows from `low` on, of those that begin at `base`."""

    table: str
    base: int
    low: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What a group has of a search. Rows are those of events; there is at least one."""

    n: int
    first_row: int
    last_row: int

    def and_of(self, other: "Tally") -> "Tally":
        return Tally(
            self.n + other.n,
            min(self.first_row, other.first_row),
            max(self.last_row, other.last_row),
        )


BY_GROUP = """
select rowid >> {shift}, count(*), min(rowid) & {mask}, max(rowid) & {mask} from {table}
 where {table} match ? and (rowid & {mask}) >= ? group by 1
"""
OF_GROUP = """
select count(*), min(rowid) & {mask}, max(rowid) & {mask} from {table}
 where {table} match ? and rowid between ? and ?
"""
ROWS_OF_GROUP = "select rowid & {mask} from {table} where {table} match ? and rowid between ? and ?"
COUNT = """
select count(*) from (select 1 from {table} where {table} match ? and (rowid & {mask}) >= ? limit ?)
"""
SOME_GROUPS = """
select distinct rowid >> {shift} from (
  select rowid from {table} where {table} match ? and (rowid & {mask}) >= ? limit ?)
"""


@dataclass(frozen=True, slots=True)
class Span:
    """The events from a row on, newest table first."""

    pieces: tuple[Piece, ...]

    @classmethod
    def since(cls, db: Reader, since_ms: int) -> "Span":
        """From a moment on, as far back as there are events."""
        oldest = int(db.execute(OLDEST_ROW).fetchone()[0])
        first = max(oldest, events.first_row_since(db, since_ms) if since_ms else 0)
        return cls(
            tuple(
                Piece(table, number << ROWS_SHIFT, max(0, first - (number << ROWS_SHIFT)))
                for number, table in text_index.tables(db)
                if (number + 1) << ROWS_SHIFT > first
            )
        )

    def hashes(self, db: Reader, fts: str, most: int) -> frozenset[int] | None:
        """The groups of the events that answer; None if more than `most` do."""
        if self.count(db, fts, most + 1) > most:
            return None
        found: set[int] = set()
        for it in self.pieces:
            values = (fts, it.low, most)
            found.update(row[0] for row in db.execute(_sql(SOME_GROUPS, it), values))
        return frozenset(found)

    def count(self, db: Reader, fts: str, most: int) -> int:
        """How many events answer, counted no further than `most`."""
        n = 0
        for it in self.pieces:
            if n < most:
                n += db.execute(_sql(COUNT, it), (fts, it.low, most - n)).fetchone()[0]
        return n

    def by_group(self, db: Reader, fts: str) -> dict[int, Tally]:
        """What every group has of a search; groups without anything are left out."""
        found: dict[int, Tally] = {}
        for it in self.pieces:
            for hash_id, n, first, last in db.execute(_sql(BY_GROUP, it), (fts, it.low)):
                tally = Tally(n, it.base | first, it.base | last)
                found[hash_id] = tally.and_of(found[hash_id]) if hash_id in found else tally
        return found

    def of_group(self, db: Reader, fts: str, hash_id: int, since: int) -> Tally | None:
        """What one group has, from the row `since` on."""
        found: Tally | None = None
        for it in self.pieces:
            low, high = bounds(it, hash_id, since)
            n, first, last = db.execute(_sql(OF_GROUP, it), (fts, low, high)).fetchone()
            if n:
                tally = Tally(n, it.base | first, it.base | last)
                found = tally if found is None else tally.and_of(found)
        return found

    def rows(self, db: Reader, fts: str, hash_id: int, since: int) -> list[int]:
        """The events of one group that answer, oldest first, from the row `since` on."""
        found: list[int] = []
        for it in reversed(self.pieces):
            low, high = bounds(it, hash_id, since)
            base = it.base
            found += [
                base | row[0] for row in db.execute(_sql(ROWS_OF_GROUP, it), (fts, low, high))
            ]
        return found


def bounds(piece: Piece, hash_id: int, since: int) -> tuple[int, int]:
    """The rowids of a group's events in a table, from the row `since` on."""
    low = min(max(piece.low, since - piece.base), ROW_MASK + 1)
    start = hash_id << ROWS_SHIFT
    return start + low, start + ROW_MASK


def _sql(sql: str, piece: Piece) -> str:
    return sql.format(table=piece.table, mask=ROW_MASK, shift=ROWS_SHIFT)
