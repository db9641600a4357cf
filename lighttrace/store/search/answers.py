"""What one table of the text index answers to the classes of a search."""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from lighttrace.store import text_index
from lighttrace.store.database import Reader
from lighttrace.store.search.classes import Class
from lighttrace.store.search.span import Piece, places, received


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
        envs: Sequence[int] | None = None,
        among: Collection[int] | None = None,
    ) -> "Answers":
        """`envs`: where what a whole class means has happened, None for anywhere; `among`: only of
        these groups.
        """
        found = []
        for it in classes:
            wanted = it.hashes if among is None else it.only(among)
            own = received(db, piece, envs, wanted) if it.is_whole else None
            found.append(places(db, piece, it.fts, wanted) if own is None else own)
        return cls(piece, classes, found)

    @cached_property
    def n(self) -> int:
        return sum(self.counts.values())

    @cached_property
    def lasts(self) -> dict[int, int]:
        """group → its last event."""
        return {it: self._row(own[end - 1]) for it, own, _, end in self._groups}

    @cached_property
    def firsts(self) -> dict[int, int]:
        """group → its first event."""
        return {it: self._row(own[start]) for it, own, start, _ in self._groups}

    @cached_property
    def counts(self) -> dict[int, int]:
        """group → how many events."""
        return {it: end - start for it, _, start, end in self._groups}

    @cached_property
    def _groups(self) -> list[tuple[int, list[int], int, int]]:
        """(group, places, where its own begin and end)"""
        shift, found = text_index.ROWS_SHIFT, []
        for it, own in zip(self.classes, self.places, strict=True):
            ends = {place >> shift: end for end, place in enumerate(own, 1)}
            starts = dict(zip(ends, (0, *ends.values()), strict=False))
            found += [(group, own, starts[group], ends[group]) for group in it.only(ends)]
        return found

    def _row(self, place: int) -> int:
        return self.piece.base | place & text_index.ROW_MASK

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
