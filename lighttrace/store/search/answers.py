"""What one table of the text index answers to the classes of a search."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from lighttrace.store import text_index
from lighttrace.store.database import Reader
from lighttrace.store.search.classes import Class
from lighttrace.store.search.span import Piece, places


@dataclass(frozen=True)
class Answers:
    """The places of events, in order, class by class. Places of groups that are of another class
    may be among them; groups are told apart here.
    """

    piece: Piece
    classes: Sequence[Class]
    places: Sequence[list[int]]

    @classmethod
    def of(
        cls,
        db: Reader,
        classes: Sequence[Class],
        piece: Piece,
        among: Collection[int] | None = None,
    ) -> "Answers":
        """`among`: only of these groups."""
        found = [
            places(db, piece, it.fts, it.hashes if among is None else it.only(among))
            for it in classes
        ]
        return cls(piece, classes, found)

    @cached_property
    def n(self) -> int:
        return sum(map(len, self.places))

    @cached_property
    def lasts(self) -> dict[int, int]:
        """group → its last event."""
        shift = text_index.ROWS_SHIFT
        return self._by_group([{it >> shift: it for it in own} for own in self.places])

    @cached_property
    def firsts(self) -> dict[int, int]:
        """group → its first event."""
        shift = text_index.ROWS_SHIFT
        return self._by_group([{it >> shift: it for it in reversed(own)} for own in self.places])

    @cached_property
    def counts(self) -> dict[int, int]:
        """group → how many events."""
        shift = text_index.ROWS_SHIFT
        counted = [Counter(it >> shift for it in own) for own in self.places]
        pairs = zip(self.classes, counted, strict=True)
        return {hash_id: own[hash_id] for it, own in pairs for hash_id in it.only(own)}

    def _by_group(self, places: Sequence[dict[int, int]]) -> dict[int, int]:
        base, mask = self.piece.base, text_index.ROW_MASK
        return {
            hash_id: base | own[hash_id] & mask
            for it, own in zip(self.classes, places, strict=True)
            for hash_id in it.only(own)
        }

    def rows(self, hash_id: int) -> list[int]:
        """The events of a group, oldest first."""
        shift = text_index.ROWS_SHIFT
        for it, own in zip(self.classes, self.places, strict=True):
            if it.holds(hash_id):
                start = bisect_left(own, hash_id << shift)
                end = bisect_left(own, (hash_id + 1) << shift, start)
                to_row = self.piece.base - (hash_id << shift)
                return [place + to_row for place in own[start:end]]
        return []
