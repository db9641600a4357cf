"""Issues of which only some events are meant: how many, for how many people, since when and until
when, counted event by event, in the order that is asked for.

Tables of the text index are read whole, the newest first, and of the newest table its end before
the rest, which says how much there will be. Most searches are read to their end, and everything is
known at once. Otherwise the page is found without the older tables: nothing in them is later than
what was read, and no issue has more of a search than it has of events. Of these tables only the
issues of the page are asked, and of those that are meant as a whole the counters.
"""

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import add

from lighttrace.store import counters, events, text_index
from lighttrace.store.counters import HOUR_MS, SPARK_BARS, Period, Units
from lighttrace.store.database import Reader
from lighttrace.store.issue_order import Best, Cursor, Filter, Ranked, Scope, Sort
from lighttrace.store.search.answers import Answers
from lighttrace.store.search.classes import Class, hashes_of
from lighttrace.store.search.ends import ends, of_group, of_rows
from lighttrace.store.search.span import Span
from lighttrace.store.states import State

# Events; 0.1 µs each, and 5 ms more for the issues they are in (bench/pages.py).
MOST_READ = 25_000  # where the newest are asked for, which the newest table says
MOST_COUNTED = 250_000  # where all have to be counted, or a walk to be made
NEWEST = 4_096  # events that are read first: they say how many there will be
MOST_WALKED = 600  # issues
WALKED_AT_ONCE = 64
GROUPS_AT_ONCE = 100
PEOPLE_AT_ONCE = 16
LOUD = 1_000  # events; where all of an issue is meant, its counters are sooner read
# People are told apart by looking at the events themselves, 0.5 µs each: of more than this on a
# page, they may be said after the rest.
MOST_LOOKED_AT = 10_000


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
    """A search that means some events of some issues. `chosen` says of which issues, whatever their
    state; those in `state` are ranked.
    """

    db: Reader
    chosen: Filter
    state: State | None
    classes: Sequence[Class]
    span: Span
    scope: Scope
    period: Period
    _read: list[Answers] = field(default_factory=list)  # of the newest pieces, whole
    _groups: dict[int, list[int]] = field(default_factory=dict)  # issue → its groups
    _since: dict[int, int] = field(default_factory=dict)  # issue → the row its events begin with
    _rows: dict[int, list[int]] = field(default_factory=dict)  # issue → what is meant, in order
    _counted: Counter[int] | None = None  # how many there are of each state, once all is read
    _loud: dict[int, Units] = field(default_factory=dict)  # issue → what is counted of it

    # --- reading ---

    @property
    def _is_whole(self) -> bool:
        return len(self._read) == len(self.span.pieces)

    def _read_piece(self) -> None:
        piece = self.span.pieces[len(self._read)]
        self._read.append(Answers.of(self.db, self.classes, piece, self._envs))

    @property
    def _envs(self) -> Sequence[int] | None:
        """Those that are meant; None for all."""
        return self.scope.envs if self.scope.env_id else None

    def _read_all(self) -> None:
        while not self._is_whole:
            self._read_piece()

    def _read_few(self, most: int) -> None:
        """Read all, unless that seems to be more than `most` events."""
        while not self._is_whole:
            read = sum(it.piece.n for it in self._read)
            if sum(it.n for it in self._read) * self.span.n > most * read:
                return
            self._read_piece()

    def _is_mostly_whole(self) -> bool:
        """Whether most of the newest events are of groups that are meant as a whole: issues of
        these are counted by their counters, so a walk is cheap.
        """
        if not self._read and not self._is_whole:
            self._read_piece()
        whole = [it for it in self.classes if it.is_whole]
        counts = self._read[0].counts if self._read else {}
        n = sum(n for hash_id, n in counts.items() if any(it.holds(hash_id) for it in whole))
        return 2 * n > sum(counts.values())

    def _learn(self, issue_ids: Iterable[int]) -> None:
        """The groups of issues and their events: what the counters say of the loud ones that are
        meant as a whole, of the others which they are.
        """
        new = [it for it in issue_ids if it not in self._groups]
        groups = {it: list[int]() for it in new} | hashes_of(self.db, new)
        self._since |= dict.fromkeys(new, 0)
        values = {"issues": json.dumps(new), "env_id": self.scope.env_id}
        loud = []
        for issue_id, since, n in self.db.execute(BEGINS, values):
            self._since[issue_id] = since
            if n >= LOUD and self._is_one_whole(groups[issue_id]):
                loud.append(issue_id)
        if loud:
            self._loud |= counters.units(self.db, loud, self.scope.envs, self.period)
        self._groups |= groups
        quiet = [it for issue_id in new if issue_id not in self._loud for it in groups[issue_id]]
        others = (
            Answers.of(self.db, self.classes, it, self._envs, quiet)
            for it in self.span.pieces[len(self._read) :]
        )
        answers = [*self._read, *others]
        answers.reverse()
        for issue_id in new:
            if issue_id not in self._loud:
                rows = [row for own in groups[issue_id] for it in answers for row in it.rows(own)]
                if len(groups[issue_id]) > 1:
                    rows.sort()
                self._rows[issue_id] = rows[bisect_left(rows, self._since[issue_id]) :]

    def _is_one_whole(self, hash_ids: Sequence[int]) -> bool:
        """Whether an issue is one group, of which all is meant that happened in the period."""
        if self.scope.period is None or len(hash_ids) != 1:
            return False
        return any(it.is_whole and it.holds(hash_ids[0]) for it in self.classes)

    def _n(self, issue_id: int) -> int:
        if issue_id in self._loud:
            return sum(n for *_, n in self._loud[issue_id])
        return len(self._rows[issue_id])

    # --- which, and in which order ---

    def rank(self, sort: Sort, cursor: Cursor | None, limit: int) -> Ranked:
        """The first issues beyond the cursor. Keys are rows for `last_seen` and `first_seen`."""
        if sort == "last_seen":
            self._read_few(MOST_READ)
            return self._newest(cursor, limit)
        self._read_few(MOST_READ if self._is_mostly_whole() else MOST_COUNTED)
        if not self._is_whole and sort != "first_seen":
            walked = self._walk(sort, cursor, limit)
            if walked is not None:
                return walked
        self._read_all()
        best = Best(cursor, limit)
        if sort == "users":
            self._by_people(self._ranked("events"), best)
        else:
            best.add(self._ranked(sort))
        return best.ranked

    def ids(self) -> list[int]:
        """The issues, in no order."""
        self._read_all()
        return [issue_id for _, issue_id in self._ranked("last_seen")]

    def counts(self, *, at_once: bool) -> dict[State, int] | None:
        """How many issues there are of each state. None if not all was read (`at_once` False)."""
        if at_once:
            self._read_all()
        elif not self._is_whole:
            return None
        if self._counted is None:
            self._ranked("last_seen")
        counted = self._counted or Counter[int]()
        return {state: counted.get(state, 0) for state in State}

    def _newest(self, cursor: Cursor | None, limit: int) -> Ranked:
        while True:
            best = Best(cursor, limit)
            lasts = self._of_groups("last_seen")
            groups = sorted(((row, hash_id) for hash_id, row in lasts.items()), reverse=True)
            seen: set[int] = set()
            for start in range(0, len(groups), GROUPS_AT_ONCE):
                some = {hash_id: row for row, hash_id in groups[start : start + GROUPS_AT_ONCE]}
                last = min(some.values())
                found = self._keys("last_seen", some)
                best.add(it for it in self._in_state(found) if it[1] not in seen)
                seen.update(found)
                if not best.may_take((last, 0)):
                    return best.ranked
            if self._is_whole:
                return best.ranked
            self._read_piece()

    def _ranked(self, sort: Sort) -> Ranked:
        found = self._keys(sort, self._of_groups(sort))
        if self._is_whole:
            self._counted = Counter(state for _, state in found.values())
        return list(self._in_state(found))

    def _in_state(self, found: Mapping[int, tuple[int, int]]) -> Iterator[tuple[int, int]]:
        for issue_id, (key, state) in found.items():
            if self.state is None or state == self.state:
                yield key, issue_id

    def _keys(self, sort: Sort, groups: Mapping[int, int]) -> dict[int, tuple[int, int]]:
        """issue → what it is sorted by, and its state; from what its groups are sorted by."""
        edges = groups if sort != "events" else self._of_groups("first_seen")
        sql = ISSUES_OF.format(where=self.chosen.where)
        values = {**self.chosen.values, "hashes": json.dumps(list(groups))}
        found: dict[int, tuple[int, int]] = {}
        for hash_id, issue_id, state, since in self.db.execute(sql, values):
            key = groups[hash_id]
            if edges[hash_id] < since:  # what came before is of an issue that was deleted
                rows = [row for it in reversed(self._read) for row in it.rows(hash_id)]
                rows = rows[bisect_left(rows, since) :]
                if not rows:
                    continue
                key = {"events": len(rows), "first_seen": rows[0]}.get(sort, rows[-1])
            if issue_id in found:
                key = TOGETHER[sort](key, found[issue_id][0])
            found[issue_id] = key, state
        return found

    def _of_groups(self, sort: Sort) -> Mapping[int, int]:
        """group → what it is sorted by."""
        if sort == "events":
            counted: Counter[int] = Counter()
            for it in self._read:
                counted.update(it.counts)
            return counted
        found: dict[int, int] = {}
        for it in self._read:  # the newest first
            found = found | it.firsts if sort == "first_seen" else it.lasts | found
        return found

    def _by_people(self, counted: Ranked, best: Best) -> None:
        bounds = sorted(counted, reverse=True)
        for start in range(0, len(bounds), PEOPLE_AT_ONCE):
            some = [it for it in bounds[start : start + PEOPLE_AT_ONCE] if best.may_take(it)]
            if not some:
                break
            self._learn(issue_id for _, issue_id in some)
            loud = [issue_id for _, issue_id in some if issue_id in self._loud]
            people = counters.people(self.db, loud, self.scope.envs, self.period) if loud else {}
            best.add(
                (people.get(it, 0) if it in self._loud else self._people(it), it) for _, it in some
            )

    def _walk(self, sort: Sort, cursor: Cursor | None, limit: int) -> Ranked | None:
        """By what issues have of events or people in all; None where that comes to no end."""
        best = Best(cursor, limit)
        column = "people" if sort == "users" else "n"
        values = {**self.chosen.values, "state": self.state}
        walked = self.db.execute(WALK.format(where=self.chosen.where, column=column), values)
        seen = 0
        while some := walked.fetchmany(WALKED_AT_ONCE):
            seen += len(some)
            if seen > MOST_WALKED:
                walked.close()
                return None
            self._learn(issue_id for _, issue_id in some)
            counted = [(self._n(issue_id), issue_id) for _, issue_id in some]
            counted = [it for it in counted if it[0]]
            if sort == "users":
                self._by_people(counted, best)
            else:
                best.add(counted)
            if not best.may_take((some[-1][0], some[-1][1])):
                break
        walked.close()
        return best.ranked

    # --- the numbers of a page ---

    def numbers(self, issue_ids: Sequence[int], *, people_later: bool) -> dict[int, Numbers]:
        self._learn(issue_ids)
        loud = [it for it in issue_ids if it in self._loud]
        rows = {it: self._rows[it] for it in issue_ids if it not in self._loud}
        people: dict[int, int] = {}
        if loud:
            people = counters.people(self.db, loud, self.scope.envs, self.period)
        later = people_later and sum(map(len, rows.values())) > MOST_LOOKED_AT
        borders, odd = _borders(self.db, self.period), self._odd(issue_ids)
        found = {}
        for issue_id in issue_ids:
            met: int | None
            if issue_id in self._loud:
                spark = counters.spark(self._loud[issue_id], self.period)
                met = people.get(issue_id, 0)
            else:
                spark = _bars(rows[issue_id], borders)
                met = None if later else self._people(issue_id)
            first_at, last_at = self._ends(issue_id, odd[issue_id])
            found[issue_id] = Numbers(self._n(issue_id), met, first_at, last_at, spark)
        return found

    def _ends(self, issue_id: int, odd: list[int]) -> tuple[int, int]:
        db = self.db
        if issue_id not in self._loud:
            rows = self._rows[issue_id]
            odd = [row for row in odd if _has(rows, row)]
            return ends(of_rows(db, rows), of_rows(db, rows[::-1]), of_rows(db, odd))
        (hash_id,), since = self._groups[issue_id], self._since[issue_id]
        since = max(since, self.span.first)
        envs = self._envs
        odd = [row for row in odd if row >= since]
        forward, backward = (of_group(db, hash_id, since, envs, way) for way in ("asc", "desc"))
        return ends(forward, backward, of_rows(db, odd, envs))

    def _odd(self, issue_ids: Sequence[int]) -> dict[int, list[int]]:
        """issue → its events of an odd time, meant or not."""
        odd = [Class(f'"{text_index.ODD_TIME}"', None)]
        hash_ids = [it for issue_id in issue_ids for it in self._groups[issue_id]]
        answers = [Answers.of(self.db, odd, piece, among=hash_ids) for piece in self.span.pieces]
        found = {}
        for issue_id in issue_ids:
            own = self._groups[issue_id]
            found[issue_id] = [row for it in answers for hash_id in own for row in it.rows(hash_id)]
        return found

    def _people(self, issue_id: int) -> int:
        """Who met the events that are meant, each person once."""
        values = (json.dumps(self._rows[issue_id]),)
        return int(self.db.execute(PEOPLE, values).fetchone()[0])


ISSUES_OF = """
select g.id, e.issue_id, e.state, a.first_event from json_each(:hashes) w
 cross join grouphash g on g.id = w.value
 cross join issue_env e on e.env_id = :env_id and e.issue_id = g.issue_id
 cross join issue_env a on a.env_id = 0 and a.issue_id = g.issue_id where {where}
"""
WALK = """
select e.{column}, e.issue_id from issue_env e
 where {where} and (:state is null or e.state = :state)
 order by e.{column} desc, e.issue_id desc
"""
BEGINS = """
select a.issue_id, a.first_event, e.n from json_each(:issues) w
 cross join issue_env a on a.env_id = 0 and a.issue_id = w.value
 cross join issue_env e on e.env_id = :env_id and e.issue_id = w.value
"""
PEOPLE = """
select count(distinct e.person_id) from json_each(?) w cross join event e on e.id = w.value
"""
TOGETHER: dict[Sort, Callable[[int, int], int]] = {  # of two groups of one issue
    "last_seen": max, "first_seen": min, "events": add,
}  # fmt: skip


def _has(rows: Sequence[int], row: int) -> bool:
    at = bisect_left(rows, row)
    return at < len(rows) and rows[at] == row


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
