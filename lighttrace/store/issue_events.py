"""The events of one issue as a list: of an environment, since a time, that a search means; newest
or oldest first, there and back.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import partial

from lighttrace.errors import QueryError
from lighttrace.event.query.read import parse
from lighttrace.store import environments, events, tag_stats
from lighttrace.store.database import Reader
from lighttrace.store.events import NO_ROW_AFTER, NO_ROW_BEFORE, EventRow
from lighttrace.store.search import compile, occurrences
from lighttrace.store.search.asker import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """`env` None = all, empty = none. `text` is a search, asked by `user_id` at `now_ms`. `cursor`:
    the row next to which the page begins; `back`: it ends there.
    """

    env: str | None = None
    since_ms: int = 0
    text: str = ""
    oldest_first: bool = False
    cursor: int | None = None
    back: bool = False
    limit: int = 50
    user_id: int | None = None
    now_ms: int = 0


@dataclass(frozen=True, slots=True)
class EventPage:
    """`before` and `after`: cursors of the neighbouring pages. `mistake`: why the search finds
    nothing, if it cannot be understood.
    """

    rows: tuple[EventRow, ...]
    before: int | None
    after: int | None
    mistake: QueryError | None = None


def page(db: Reader, issue_id: int, query: EventQuery) -> EventPage:
    """A page of the events; an environment nobody has used has none."""
    if query.env is not None and environments.find(db, query.env) is None:
        return EventPage((), None, None)
    first = events.first_row_since(db, query.since_ms) if query.since_ms else 0
    rising = query.oldest_first is not query.back
    low, high = max(first - 1, NO_ROW_BEFORE), NO_ROW_AFTER
    if query.cursor is not None:
        low, high = (max(low, query.cursor), high) if rising else (low, min(high, query.cursor))
    if not query.text and query.env is None:
        rows = _rows_between(db, issue_id, low, high, query.limit + 1, rising)
    else:
        try:
            meant = _meant(db, issue_id, query)
        except QueryError as error:
            return EventPage((), None, None, error)
        meant = meant[bisect_right(meant, low) : bisect_left(meant, high)]
        rows = meant[: query.limit + 1] if rising else meant[: -query.limit - 2 : -1]
    more, rows = len(rows) > query.limit, rows[: query.limit]
    if query.back:
        rows.reverse()
    on_the_way = rows[-1] if rows and (query.back or more) else None
    come_from = rows[0] if rows and (more if query.back else query.cursor is not None) else None
    return EventPage(tuple(events.of_rows(db, rows)), come_from, on_the_way)


def _meant(db: Reader, issue_id: int, query: EventQuery) -> list[int]:
    what = parse(query.text, compile.tag_names(db), partial(_tags, db, issue_id))
    asker = Asker(query.now_ms, query.user_id)
    return occurrences.rows(db, issue_id, what, query.env, query.since_ms, asker)


def _tags(db: Reader, issue_id: int) -> list[str]:
    """The tags of the issue, of which one may have been meant."""
    return [stat.key for stat in tag_stats.of_issue(db, issue_id, None)]


def _rows_between(
    db: Reader, issue_id: int, low: int, high: int, limit: int, rising: bool
) -> list[int]:
    """Rows of an issue above `low` and below `high`."""
    if rising:
        return [it for it in events.newer_rows(db, issue_id, low, limit) if it < high]
    return [it for it in events.newest_rows(db, issue_id, limit, before=high) if it > low]
