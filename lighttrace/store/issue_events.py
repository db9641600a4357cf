"""The events of one issue as a list: of an environment, since a time, answering a text; newest or
oldest first, there and back.

A text is answered by the index of events' words and tags (`text_index.py`), which knows no issues,
and an issue by the index of its hashes, which knows no words. What both have is found by their
rows alone, without reading an event: of a small issue each row is looked up among the words, of a
large one the rows that have the words are gone through.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lighttrace.store import environments, events, search, text_index
from lighttrace.store.database import Reader
from lighttrace.store.events import NO_ROW_AFTER, NO_ROW_BEFORE, EventRow

SMALL = 1_000  # rows of an issue that are looked up one by one: 30 ms
MOST_ROWS = 100_000  # of a large issue that are remembered: 30 ms
MOST_LOOKED_AT = 300_000  # rows with the words that are gone through: 50 ms


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """`env` None = all, empty = none. `cursor`: the row next to which the page begins; `back`: it
    ends there.
    """

    env: str | None = None
    since_ms: int = 0
    text: str = ""
    oldest_first: bool = False
    cursor: int | None = None
    back: bool = False
    limit: int = 50


@dataclass(frozen=True, slots=True)
class EventPage:
    """`before` and `after`: cursors of the neighbouring pages. `bounded`: the issue has more events
    than were looked through.
    """

    rows: tuple[EventRow, ...]
    before: int | None
    after: int | None
    bounded: bool


def page(db: Reader, issue_id: int, query: EventQuery) -> EventPage:
    """A page of the events; an environment nobody has used has none."""
    if query.env is not None and environments.find(db, query.env) is None:
        return EventPage((), None, None, False)
    first = events.first_row_since(db, query.since_ms) if query.since_ms else 0
    rising = query.oldest_first is not query.back
    low, high = max(first - 1, NO_ROW_BEFORE), NO_ROW_AFTER
    if query.cursor is not None:
        low, high = (max(low, query.cursor), high) if rising else (low, min(high, query.cursor))
    words = _words(db, query)
    if words is None:
        rows = _rows_between(db, issue_id, low, high, query.limit + 1, rising)
        bounded = False
    else:
        rows, bounded = _answering(db, issue_id, words, low, high, query.limit + 1, rising)
    more, rows = len(rows) > query.limit, rows[: query.limit]
    if query.back:
        rows.reverse()
    on_the_way = rows[-1] if rows and (query.back or more) else None
    come_from = rows[0] if rows and (more if query.back else query.cursor is not None) else None
    return EventPage(tuple(events.of_rows(db, rows)), come_from, on_the_way, bounded)


def _words(db: Reader, query: EventQuery) -> str | None:
    """What to ask of the index of words; None for all events."""
    terms = search.read(db, query.text)
    tokens = [word for phrase in terms.phrases for word in phrase.split()]
    tokens += [text_index.token(key, value) for key, value in terms.tags]
    if query.env is not None:
        tokens.append(text_index.token("environment", query.env))
    return " ".join(f'"{token}"' for token in tokens) or None


def _rows_between(
    db: Reader, issue_id: int, low: int, high: int, limit: int, rising: bool
) -> list[int]:
    """Rows of an issue above `low` and below `high`."""
    if rising:
        return [it for it in events.newer_rows(db, issue_id, low, limit) if it < high]
    return [it for it in events.newest_rows(db, issue_id, limit, before=high) if it > low]


def _answering(
    db: Reader, issue_id: int, words: str, low: int, high: int, limit: int, rising: bool
) -> tuple[list[int], bool]:
    """As `_rows_between`, of those that have the words; and whether there was more to look at."""
    own = _rows_between(db, issue_id, low, high, SMALL + 1, rising)
    if len(own) <= SMALL:
        return _among(db, words, own, limit), False
    own = _rows_between(db, issue_id, low, high, MOST_ROWS, rising)
    mine, found = frozenset(own), []
    nearest, farthest = (low, own[-1] + 1) if rising else (own[-1] - 1, high)
    holding = _holding(db, words, nearest, farthest, rising)
    for looked_at, row in enumerate(holding, 1):
        if row in mine:
            found.append(row)
            if len(found) == limit:
                return found, False
        if looked_at == MOST_LOOKED_AT:
            return found, True
    return found, len(own) == MOST_ROWS


HOLDS = """
select w.value from json_each(:rows) w
 where exists(select 1 from {table} where {table} match :words and rowid = w.value)
"""


def _among(db: Reader, words: str, rows: list[int], limit: int) -> list[int]:
    """The first of these rows that have the words, in their order."""
    have: set[int] = set()
    for number, table in text_index.tables(db):
        own = [row for row in rows if row >> text_index.ROWS_SHIFT == number]
        if own:
            values = {"rows": json.dumps(own), "words": words}
            have.update(row[0] for row in db.execute(HOLDS.format(table=table), values))
    return [row for row in rows if row in have][:limit]


HOLDING = """
select rowid from {table} where {table} match ? and rowid > ? and rowid < ? order by rowid {order}
"""


def _holding(db: Reader, words: str, low: int, high: int, rising: bool) -> Iterator[int]:
    """All rows between the two that have the words."""
    tables: Iterable[tuple[int, str]] = text_index.tables(db)  # the newest first
    for number, table in reversed(list(tables)) if rising else tables:
        begins, ends = number << text_index.ROWS_SHIFT, (number + 1) << text_index.ROWS_SHIFT
        if begins < high and ends > low:
            ask = HOLDING.format(table=table, order="asc" if rising else "desc")
            for row in db.execute(ask, (words, low, high)):
                yield row[0]
