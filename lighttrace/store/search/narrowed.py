"""Issues of which only some events are meant: how many, for how many people, since when and until
when, counted event by event, in the order that is asked for.

Up to MOST_COUNTED events all of them are counted, which gives every order and the total. Beyond, a
page is found by a walk: no issue has more of a search than it has of events, and none has it later
than its last one. A walk that comes to no end within MOST_WALKED issues counts all after all.
"""

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lighttrace.store import events, text_index
from lighttrace.store.counters import HOUR_MS, SPARK_BARS, Period
from lighttrace.store.database import Reader
from lighttrace.store.issue_order import Best, Cursor, Filter, Ranked, Sort
from lighttrace.store.search.classes import Class, hashes_of
from lighttrace.store.search.span import Piece, Span, Tally, bounds

MOST_COUNTED = 250_000  # events; about 80 ms, bench/pages.py
MOST_WALKED = 300  # issues; 0.1 ms each and table
WALKED_AT_ONCE = 32
PEOPLE_AT_ONCE = 16
FEW_HASHES = 64  # as many ranges are read sooner than all groups are told apart
# People are told apart by looking at the events themselves, 0.5 µs each: of more than this on a
# page, they may be said after the rest.
MOST_LOOKED_AT = 25_000


@dataclass(frozen=True, slots=True)
class Numbers:
    """What an issue has of a search. `people` None: not counted yet."""

    n: int
    people: int | None
    first_at: int
    last_at: int
    spark: tuple[int, ...]


@dataclass(slots=True)
class Narrowed:
    """A search that means some events of some issues. `chosen` says of which issues; `totals` is
    found on the way.
    """

    db: Reader
    chosen: Filter
    classes: Sequence[Class]
    span: Span
    period: Period
    _own: dict[int, list[tuple[int, Class]]] = field(default_factory=dict)
    _since: dict[int, int] = field(default_factory=dict)

    # --- which ---

    def tallies(self, *, all_of_them: bool = False) -> dict[int, Tally] | None:
        """issue → what it has; None if there is too much to count at once."""
        if not all_of_them:
            left = MOST_COUNTED
            for it in self.classes:
                left -= self.span.count(self.db, it.fts, left + 1)
                if left < 0:
                    return None
        groups: dict[int, Tally] = {}
        for it in self.classes:
            groups |= self._of_class(it)
        return self._of_issues(groups)

    def _of_class(self, it: Class) -> dict[int, Tally]:
        if it.hashes is not None and len(it.hashes) <= FEW_HASHES:
            counted = ((h, self.span.of_group(self.db, it.fts, h, 0)) for h in it.hashes)
            return {hash_id: tally for hash_id, tally in counted if tally is not None}
        counted_all = self.span.by_group(self.db, it.fts)
        return {hash_id: tally for hash_id, tally in counted_all.items() if it.holds(hash_id)}

    def _of_issues(self, groups: dict[int, Tally]) -> dict[int, Tally]:
        found: dict[int, Tally] = {}
        values = {**self.chosen.values, "hashes": json.dumps(list(groups))}
        sql = ISSUES_OF.format(where=self.chosen.where)
        for hash_id, issue_id, since in self.db.execute(sql, values):
            tally: Tally | None = groups[hash_id]
            if tally is not None and tally.first_row < since:  # of an issue that was deleted
                tally = self.span.of_group(self.db, self._class(hash_id).fts, hash_id, since)
            if tally is not None:
                found[issue_id] = tally.and_of(found[issue_id]) if issue_id in found else tally
        return found

    def _class(self, hash_id: int) -> Class:
        return next(it for it in self.classes if it.holds(hash_id))

    # --- in which order ---

    def rank(self, sort: Sort, cursor: Cursor | None, limit: int) -> tuple[Ranked, int | None]:
        """The first issues beyond the cursor, and how many there are if that is known. Keys are
        rows for `last_seen` and `first_seen`.
        """
        counted = self.tallies()
        if counted is None:
            walked = self._walk(sort, cursor, limit)
            if walked is not None:
                return walked, None
            counted = self.tallies(all_of_them=True) or {}
        best = Best(cursor, limit)
        if sort == "users":
            self._by_people(counted, best)
        else:
            best.add((_key(sort, tally), issue_id) for issue_id, tally in counted.items())
        return best.ranked, len(counted)

    def _by_people(self, counted: Mapping[int, Tally], best: Best) -> None:
        bounds_of = sorted(((it.n, issue_id) for issue_id, it in counted.items()), reverse=True)
        for start in range(0, len(bounds_of), PEOPLE_AT_ONCE):
            some = [it for it in bounds_of[start : start + PEOPLE_AT_ONCE] if best.may_take(it)]
            if not some:
                break
            people = self.people([issue_id for _, issue_id in some])
            best.add((n, issue_id) for issue_id, n in people.items())

    def _walk(self, sort: Sort, cursor: Cursor | None, limit: int) -> Ranked | None:
        best = Best(cursor, limit)
        column = {"events": "n", "users": "people"}.get(sort, "last_event")
        sql = WALK.format(where=self.chosen.where, within=self._within(), column=column)
        named = frozenset().union(*(it.hashes or () for it in self.classes))
        values = {**self.chosen.values, "hashes": json.dumps(list(named))}
        walked = self.db.execute(sql, values)
        seen = 0
        while some := walked.fetchmany(WALKED_AT_ONCE):
            seen += len(some)
            if seen > MOST_WALKED:
                walked.close()
                return None
            tallies = self._tally([issue_id for _, issue_id in some])
            if sort == "users":
                self._by_people(tallies, best)
            else:
                best.add((_key(sort, tally), issue_id) for issue_id, tally in tallies.items())
            if not best.may_take((some[-1][0], some[-1][1])):
                break
        walked.close()
        return best.ranked

    def _within(self) -> str:
        return WITHIN if all(it.hashes is not None for it in self.classes) else ""

    def _tally(self, issue_ids: Sequence[int]) -> dict[int, Tally]:
        self._learn(issue_ids)
        found: dict[int, Tally] = {}
        for issue_id in issue_ids:
            for hash_id, it in self._own[issue_id]:
                tally = self.span.of_group(self.db, it.fts, hash_id, self._since[issue_id])
                if tally is not None:
                    found[issue_id] = tally.and_of(found[issue_id]) if issue_id in found else tally
        return found

    def _learn(self, issue_ids: Iterable[int]) -> None:
        """The groups of issues with their classes, and the rows their events begin with."""
        new = [it for it in issue_ids if it not in self._own]
        groups = hashes_of(self.db, new)
        self._since |= dict(self.db.execute(BEGINS, (json.dumps(new),)).fetchall())
        for issue_id in new:
            own = groups.get(issue_id, ())
            pairs = ((hash_id, it) for hash_id in own for it in self.classes if it.holds(hash_id))
            self._own[issue_id] = list(pairs)
            self._since.setdefault(issue_id, 0)

    # --- the numbers of a page ---

    def numbers(self, issue_ids: Sequence[int], *, people_later: bool) -> dict[int, Numbers]:
        self._learn(issue_ids)
        rows = {issue_id: self._rows(issue_id, None) for issue_id in issue_ids}
        borders = _borders(self.db, self.period)
        odd = f'"{text_index.ODD_TIME}"'
        any_odd = any(self.span.count(self.db, f"{it.fts} AND {odd}", 1) for it in self.classes)
        later = people_later and sum(map(len, rows.values())) > MOST_LOOKED_AT
        people = {} if later else self.people(issue_ids)
        found = {}
        for issue_id, own in rows.items():
            if not own:
                continue
            first_at, last_at = _ends(self.db, own, self._rows(issue_id, odd) if any_odd else [])
            found[issue_id] = Numbers(
                n=len(own),
                people=None if later else people.get(issue_id, 0),
                first_at=first_at,
                last_at=last_at,
                spark=_bars(own, borders),
            )
        return found

    def _rows(self, issue_id: int, also: str | None) -> list[int]:
        found: list[int] = []
        for hash_id, it in self._own[issue_id]:
            fts = it.fts if also is None else f"{it.fts} AND {also}"
            found += self.span.rows(self.db, fts, hash_id, self._since[issue_id])
        return sorted(found) if len(self._own[issue_id]) > 1 else found

    def people(self, issue_ids: Sequence[int]) -> dict[int, int]:
        """Who met the events that are meant, each person once an issue."""
        self._learn(issue_ids)
        found = {}
        for issue_id in issue_ids:
            parts: list[str] = []
            values: list[Any] = []
            for hash_id, it in self._own[issue_id]:
                for piece in self.span.pieces:
                    parts.append(_people_sql(piece))
                    values += [piece.base, it.fts]
                    values += bounds(piece, hash_id, self._since[issue_id])
            if parts:
                sql = f"select count(distinct person_id) from ({' union all '.join(parts)})"
                found[issue_id] = self.db.execute(sql, values).fetchone()[0]
        return found


ISSUES_OF = """
select g.id, e.issue_id, a.first_event from json_each(:hashes) w
 cross join grouphash g on g.id = w.value
 cross join issue_env e on e.env_id = :env_id and e.issue_id = g.issue_id
 cross join issue_env a on a.env_id = 0 and a.issue_id = g.issue_id where {where}
"""
WALK = """
select e.{column}, e.issue_id from issue_env e where {where} {within}
 order by e.{column} desc, e.issue_id desc
"""
WITHIN = """and e.issue_id in (
  select g.issue_id from json_each(:hashes) w cross join grouphash g on g.id = w.value)"""
BEGINS = """
select a.issue_id, a.first_event from json_each(?) w
 cross join issue_env a on a.env_id = 0 and a.issue_id = w.value
"""
PEOPLE = """
select e.person_id from (
  select ? | (rowid & {mask}) as id from {table} where {table} match ? and rowid between ? and ?) f
 cross join event e on e.id = f.id where e.person_id is not null
"""


def _people_sql(piece: Piece) -> str:
    return PEOPLE.format(table=piece.table, mask=text_index.ROW_MASK)


def _key(sort: Sort, tally: Tally) -> int:
    match sort:
        case "events":
            return tally.n
        case "first_seen":
            return tally.first_row
        case _:
            return tally.last_row


def _borders(db: Reader, period: Period) -> list[int]:
    """The first row of each bar but the first."""
    length_ms = period.hours * HOUR_MS
    return [
        events.first_row_since(db, period.since_ms + bar * length_ms // SPARK_BARS)
        for bar in range(1, SPARK_BARS)
    ]


def _bars(rows: Sequence[int], borders: Sequence[int]) -> tuple[int, ...]:
    cuts = [0, *(bisect_left(rows, border) for border in borders), len(rows)]
    return tuple(cuts[bar + 1] - cuts[bar] for bar in range(SPARK_BARS))


TIMES = """
select e.received_at, e.happened_at from json_each(?) w cross join event e on e.id = w.value
"""
LOOKS = 8


def _ends(db: Reader, rows: Sequence[int], odd: Sequence[int]) -> tuple[int, int]:
    """When the first and the last of these events happened. Rows are in the order of receipt, and
    but for odd ones an event happened shortly before it.
    """

    def times(some: Sequence[int]) -> list[tuple[int, int]]:
        return db.execute(TIMES, (json.dumps(list(some)),)).fetchall()

    happened = [at for _, at in times(odd)]
    first, last = min(happened, default=2**62), max(happened, default=-(2**62))
    for start in range(0, len(rows), LOOKS):
        for received_at, at in times(rows[start : start + LOOKS]):
            first = min(first, at)
            reached = received_at - text_index.USUAL_DELAY_MS > first
        if reached:
            break
    for end in range(len(rows), 0, -LOOKS):
        for received_at, at in reversed(times(rows[max(0, end - LOOKS) : end])):
            last = max(last, at)
            reached = received_at <= last
        if reached:
            break
    return first, last
