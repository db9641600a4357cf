"""The order of a list of issues, and the places in it that a cursor names.

By last or first seen, a page is one scan of a narrow range of `issue_env`. By events or users
nobody sums everything: what `issue_env` counted in all its life bounds what an issue can have in
the period, so the walk goes by that and ends when no later issue can come before the page's last
(docs/storage.md, "How they stay fast").
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

from lighttrace.store import counters
from lighttrace.store.counters import Period, Units
from lighttrace.store.database import Reader

Sort: TypeAlias = Literal["last_seen", "first_seen", "events", "users"]
SORTS: tuple[Sort, ...] = ("last_seen", "first_seen", "events", "users")
Ranked: TypeAlias = list[tuple[int, int]]  # (sort key, issue id)
COUNTED_AT_ONCE = 32  # issues of the walk that are counted by one query
TOLD_APART_AT_ONCE = 8
# Up to here, adding up the hours of all issues is cheaper than the walk: what an issue counted in
# all its life says little about a day (bench/pages.py).
SUM_ALL_HOURS = 48
# From here on the walk is short and its counters many: they are read once, for the order and for
# the sparklines. In 14 days, where it counts six times as many as it shows, that costs 2 ms more
# (bench/pages.py).
READ_ONCE_HOURS = 45 * 24


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The place between two rows: the sort key and id of the one, and the side the page is on."""

    sort: str
    key: int
    issue_id: int
    back: bool
    index: int  # of the first row of the page

    def encode(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).rstrip(b"=").decode()


def read_cursor(text: str | None, sort: Sort) -> Cursor | None:
    """The cursor of a page of that sort order; None if it is of another, or cannot be read."""
    if not text or len(text) > 200 or not text.isascii():
        return None
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        found = msgspec.json.decode(plain, type=Cursor)
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return None
    bounded = -(2**63) <= found.key < 2**63 and abs(found.issue_id) < 2**63
    return found if bounded and found.sort == sort else None


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and when events are counted. `env_id` is the row of `issue_env`, `envs` those of the
    counters, which know no sum over all.
    """

    env_id: int
    envs: Sequence[int]
    period: Period | None


@dataclass(frozen=True, slots=True)
class Filter:
    """The fixed pieces of the `where` that a query needs, and their values."""

    where: str
    values: Mapping[str, Any]


STORED = """
select e.{column}, e.issue_id from issue_env e where {where} {beyond}
 order by e.{column} {way}, e.issue_id {way} limit :limit
"""
SUMMED = """
with counted as materialized (
  select g.issue_id, sum(c.n) as n from count_hour c cross join grouphash g on g.id = c.hash_id
   where c.hour >= :since_hour and c.env_id in (select value from json_each(:envs))
   group by g.issue_id)
select k.n, e.issue_id from counted k cross join issue_env e on e.issue_id = k.issue_id
 where {where} {beyond} order by k.n {way}, e.issue_id {way} limit :limit
"""
STORED_COLUMNS = {
    "last_seen": "last_at", "first_seen": "first_at", "events": "n", "users": "people",
}  # fmt: skip


def rank(
    db: Reader,
    sort: Sort,
    chosen: Filter,
    scope: Scope,
    cursor: Cursor | None,
    limit: int,
    read: dict[int, Units],
) -> Ranked:
    """The first `limit` issues beyond the cursor, the nearest to it first.

    What was read on the way that sparklines are drawn from is added to `read`.
    """
    column, period = STORED_COLUMNS[sort], scope.period
    back = cursor is not None and cursor.back
    if period is not None and sort in ("events", "users"):
        if sort == "users" or period.hours > SUM_ALL_HOURS:
            return _walk(db, column, chosen, scope, period, cursor, limit, read)
        sql, key, values = SUMMED, "k.n", dict[str, Any](since_hour=period.since_hour)
    else:
        sql, key, values = STORED, f"e.{column}", dict[str, Any]()
    beyond = ""
    if cursor is not None:
        beyond = f"and ({key}, e.issue_id) {'>' if back else '<'} (:key, :issue_id)"
        values |= {"key": cursor.key, "issue_id": cursor.issue_id}
    sql = sql.format(
        column=column, where=chosen.where, beyond=beyond, way="asc" if back else "desc"
    )
    values |= {"limit": limit, "envs": json.dumps(scope.envs)}
    return list(db.execute(sql, {**chosen.values, **values}))


BOUNDS = """
select e.{column}, e.issue_id, e.first_at from issue_env e where {where}
 order by e.{column} desc, e.issue_id desc
"""


class Best:
    """The `limit` issues nearest beyond the cursor, of those counted so far."""

    def __init__(self, cursor: Cursor | None, limit: int) -> None:
        self.ranked: Ranked = []  # the nearest to the cursor first
        self._edge = (cursor.key, cursor.issue_id) if cursor else (2**63, 0)
        self._back = cursor is not None and cursor.back
        self._limit = limit

    def add(self, rows: Iterable[tuple[int, int]]) -> None:
        if self._back:
            beyond = (row for row in rows if row > self._edge)
        else:
            beyond = (row for row in rows if row < self._edge)
        self.ranked = sorted((*self.ranked, *beyond), reverse=not self._back)[: self._limit]

    def may_take(self, row: tuple[int, int]) -> bool:
        """Whether an issue that has at most this much may belong here."""
        if self._back:
            return row > self._edge
        return len(self.ranked) < self._limit or row > self.ranked[-1]


def _walk(
    db: Reader,
    column: str,
    chosen: Filter,
    scope: Scope,
    period: Period,
    cursor: Cursor | None,
    limit: int,
    read: dict[int, Units],
) -> Ranked:
    """Issues by what they had in the period, counted only as far as they can matter."""
    best = Best(cursor, limit)
    bounds = db.execute(BOUNDS.format(column=column, where=chosen.where), chosen.values)
    while some := bounds.fetchmany(COUNTED_AT_ONCE):
        # what is younger than the period has had all it ever had in it
        best.add((n, issue_id) for n, issue_id, first_at in some if first_at >= period.since_ms)
        old = [issue_id for _, issue_id, first_at in some if first_at < period.since_ms]
        if column == "people" and len(scope.envs) > 1:
            _count_people(db, old, scope, period, best)
        else:
            if column == "people":
                counted = counters.people(db, old, scope.envs, period)
            elif period.hours < READ_ONCE_HOURS:
                counted = counters.events(db, old, scope.envs, period)
            else:
                units = counters.units(db, old, scope.envs, period)
                read |= units
                counted = {issue_id: sum(n for *_, n in found) for issue_id, found in units.items()}
            best.add((counted.get(issue_id, 0), issue_id) for issue_id in old)
        if not best.may_take((some[-1][0], some[-1][1])):
            break
    bounds.close()
    return best.ranked


def _count_people(
    db: Reader, issue_ids: Sequence[int], scope: Scope, period: Period, best: Best
) -> None:
    """Telling people apart across environments is dear: the sum over environments is a closer
    bound, and only those are counted whom it does not rule out.
    """
    at_most = counters.people_at_most(db, issue_ids, scope.envs, period)
    bounds = sorted(((at_most.get(it, 0), it) for it in issue_ids), reverse=True)
    for start in range(0, len(bounds), TOLD_APART_AT_ONCE):
        some = [it for it in bounds[start : start + TOLD_APART_AT_ONCE] if best.may_take(it)]
        if not some:
            break
        counted = counters.people(db, [issue_id for _, issue_id in some], scope.envs, period)
        best.add((counted.get(issue_id, 0), issue_id) for _, issue_id in some)
