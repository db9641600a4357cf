"""Events: single occurrences of an issue, as rows; their bodies are in `bodies`.

An issue's events are those of its hashes. Rows rise with receive time, so "newer" is a higher row
and nothing is sorted: every question is a few seeks a hash in the index `event_hash`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

from lighttrace.store import environments, text_index
from lighttrace.store.database import Reader, among

RECOMMENDED_OF = 50  # of the newest events, the newest that tells most
# How far back an environment's events are looked for among those of others before giving up.
MOST_LOOKED_AT = 5_000
Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    """What a list shows of an event. `row` orders events by receipt; `person` is who met it."""

    row: int
    event_id: str  # 32 hex
    project_id: int
    issue_id: int | None  # None: its group is discarded
    received_at: int
    happened_at: int
    env: str
    release: str | None
    level: int
    title: str
    trace_id: str | None  # 32 hex
    tags: Tags
    person: str | None


SELECT = """
select e.id, e.event_id, e.project_id, g.issue_id, e.received_at, e.happened_at, v.name, r.version,
  e.level, coalesce(e.title, iif(t.value = '', t.title, t.title || ': ' || t.value), ''),
  e.trace_id, e.tags, p.shown
"""
# what is left of a deleted issue is not there any more, though it may take a while to go
JOINS = """
  cross join grouphash g on g.id = e.hash_id and g.issue_id is not null
  left join environment v on v.id = e.env_id
  left join release r on r.id = e.release_id
  left join person p on p.id = e.person_id
  left join group_text t on t.hash_id = e.hash_id
"""
ROWS = f"""
with wanted(id) as ({{values}})
{SELECT} from wanted w cross join event e on e.id = w.id {JOINS}
"""


def of_rows(db: Reader, rows: Sequence[int]) -> list[EventRow]:
    """The events of these rows in this order; those that are gone are left out."""
    found = {row[0]: row for row in among(db, ROWS, [(row,) for row in rows])}
    tags = _tags(db, {row: columns[11] for row, columns in found.items()})
    return [_event(found[row], tags[row]) for row in rows if row in found]


BY_EVENT_ID = """
select id from event
 where event_id = :event_id and (:project_id is null or project_id = :project_id) limit 1
"""


def by_event_id(db: Reader, event_id: str, project_id: int | None) -> EventRow | None:
    """An event by its 32 hex, in one project or, with None, in whichever has it."""
    uuid = _uuid(event_id)
    if uuid is None:
        return None
    values = {"event_id": uuid, "project_id": project_id}
    return _one(db, _row(db.execute(BY_EVENT_ID, values)))


BY_ID_IN_ISSUE = """
select e.id from event e cross join grouphash g on g.id = e.hash_id
 where e.event_id = :event_id and g.issue_id = :issue_id
"""


def chosen(db: Reader, issue_id: int, which: str, env: str | None = None) -> EventRow | None:
    """The event of an issue to look at: `recommended`, `latest`, `first` or the one of that id.

    An environment with no event among the newest MOST_LOOKED_AT of the issue counts as empty.
    """
    if which not in ("recommended", "latest", "first"):
        values = {"event_id": _uuid(which), "issue_id": issue_id}
        return _one(db, _row(db.execute(BY_ID_IN_ISSUE, values)))
    env_id = environments.scope(db, env)
    if env_id is None:
        return None
    if which == "first":
        return _one(db, _end(db, issue_id, env_id, newest=False))
    if which == "latest":
        return _one(db, _end(db, issue_id, env_id, newest=True))
    return _one(db, _recommended(db, issue_id, env_id))


# One seek a hash; a `max()` over all of them would read every entry (docs/storage.md).
NEWEST = """
select max(id) from (
  select (select id from event where hash_id = g.id and id < :before order by id desc limit 1) as id
    from grouphash g where g.issue_id = :issue_id)
"""
OLDEST = """
select min(id) from (
  select (select id from event where hash_id = g.id and id > :after order by id limit 1) as id
    from grouphash g where g.issue_id = :issue_id)
"""
NO_ROW_BEFORE, NO_ROW_AFTER = 0, 2**62
# What the writer noted; retention may have taken the event since.
NOTED = """
select e.id from issue_env n cross join event e
    on e.id = case when :newest then n.last_event else n.first_event end
 where n.env_id = :env_id and n.issue_id = :issue_id and e.env_id = :env_id
"""


def _end(db: Reader, issue_id: int, env_id: int, *, newest: bool) -> int | None:
    """The newest or oldest row of an issue, in one environment or in all."""
    if env_id == environments.ALL:
        if newest:
            values = {"issue_id": issue_id, "before": NO_ROW_AFTER}
            return _row(db.execute(NEWEST, values))
        return _row(db.execute(OLDEST, {"issue_id": issue_id, "after": NO_ROW_BEFORE}))
    values = {"issue_id": issue_id, "env_id": env_id, "newest": newest}
    noted = _row(db.execute(NOTED, values))
    if noted is not None:
        return noted
    rows = newest_rows(db, issue_id, MOST_LOOKED_AT)
    own = in_env(db, rows, env_id)
    there = [row for row in rows if row in own]
    return (there[0] if newest else there[-1]) if there else None


RICHEST = """
select e.id, (e.trace_id is not null) * 2 + (e.person_id is not null) + (length(e.tags) > 0)
  from json_each(?) w cross join event e on e.id = w.value order by 2 desc, 1 desc limit 1
"""


def _recommended(db: Reader, issue_id: int, env_id: int) -> int | None:
    """A trace tells most, then who it was, then any tags; of equals the newest."""
    if env_id == environments.ALL:
        rows = newest_rows(db, issue_id, RECOMMENDED_OF)
    else:
        looked_at = newest_rows(db, issue_id, MOST_LOOKED_AT)
        there = in_env(db, looked_at, env_id)
        rows = [row for row in looked_at if row in there][:RECOMMENDED_OF]
    found = db.execute(RICHEST, (json.dumps(rows),)).fetchone()
    return found[0] if found else _end(db, issue_id, env_id, newest=True)


HASHES = "select id from grouphash where issue_id = ?"
NEWEST_OF_HASH = "select id from event where hash_id = ? and id < ? order by id desc limit ?"


def newest_rows(db: Reader, issue_id: int, limit: int, *, before: int = NO_ROW_AFTER) -> list[int]:
    """The newest rows of an issue below `before`, newest first."""
    hashes = [row[0] for row in db.execute(HASHES, (issue_id,))]
    cursors = [db.execute(NEWEST_OF_HASH, (hash_id, before, limit)) for hash_id in hashes]
    try:  # each is read only as far as its rows are among the newest of all
        return [row[0] for row in islice(merge(*cursors, reverse=True), limit)]
    finally:
        for cursor in cursors:
            cursor.close()


OLDEST_OF_HASH = "select id from event where hash_id = ? and id > ? order by id limit ?"


def newer_rows(db: Reader, issue_id: int, after: int, limit: int) -> list[int]:
    """The rows of an issue that follow the row `after`, the nearest first."""
    hashes = [row[0] for row in db.execute(HASHES, (issue_id,))]
    cursors = [db.execute(OLDEST_OF_HASH, (hash_id, after, limit)) for hash_id in hashes]
    try:
        return [row[0] for row in islice(merge(*cursors), limit)]
    finally:
        for cursor in cursors:
            cursor.close()


IN_ENV = """
select e.id from json_each(?) w cross join event e on e.id = w.value where e.env_id = ?
"""


def in_env(db: Reader, rows: Sequence[int], env_id: int) -> set[int]:
    """Those of the rows whose events are of that environment."""
    return {row[0] for row in db.execute(IN_ENV, (json.dumps(rows), env_id))}


@dataclass(frozen=True, slots=True)
class Around:
    """Where an event stands among those of its issue; ids are 32 hex, 1 is the oldest position."""

    older: str | None
    newer: str | None
    position: int
    total: int
    first: str | None
    latest: str | None


COUNT = """
select coalesce(sum((select count(*) from event where hash_id = g.id and id <= :row)), 0),
  coalesce(sum((select count(*) from event where hash_id = g.id)), 0)
  from grouphash g where g.issue_id = :issue_id
"""
IDS = "select e.id, e.event_id from json_each(?) w cross join event e on e.id = w.value"


def around(db: Reader, issue_id: int, row: int) -> Around:
    """The neighbours of an event. Counting reads the index only: 5 ms for 50,000 events."""
    ends = {
        "older": _row(db.execute(NEWEST, {"issue_id": issue_id, "before": row})),
        "newer": _row(db.execute(OLDEST, {"issue_id": issue_id, "after": row})),
        "first": _end(db, issue_id, environments.ALL, newest=False),
        "latest": _end(db, issue_id, environments.ALL, newest=True),
    }
    position, total = db.execute(COUNT, {"issue_id": issue_id, "row": row}).fetchone()
    ids = {r[0]: r[1].hex() for r in db.execute(IDS, (json.dumps(list(ends.values())),))}
    hexes = {name: ids.get(there) if there else None for name, there in ends.items()}
    return Around(position=position, total=total, **hexes)


def list_of_issue(
    db: Reader, issue_id: int, cursor: int | None, limit: int
) -> tuple[list[EventRow], int | None]:
    """Events of an issue, newest first, below the row `cursor`; and the cursor of the next page."""
    rows = newest_rows(db, issue_id, limit + 1, before=NO_ROW_AFTER if cursor is None else cursor)
    return of_rows(db, rows[:limit]), rows[limit - 1] if len(rows) > limit else None


def list_of_project(
    db: Reader, project_id: int, cursor: int | None, limit: int
) -> tuple[list[EventRow], int | None]:
    """Events of a project, newest first, below the row `cursor`; and the cursor of the next page.

    A page may be short of events that retention took.
    """
    before = NO_ROW_AFTER if cursor is None else cursor
    rows = rows_of_project(db, project_id, None, 0, before, limit + 1)
    return of_rows(db, rows[:limit]), rows[limit - 1] if len(rows) > limit else None


# `event` has no index by project. Most often the nearest events have enough of it; where they do
# not, the text index has a token for it, but is in the order of hashes and has to be sorted.
NEAR_OF_PROJECT = """
select id from (
  select id, project_id, env_id from event where id >= :first and id < :end
   order by id {way} limit {look}) near
 where near.project_id = :project_id and (:env_id is null or near.env_id = :env_id)
 order by id {way} limit :limit
"""
ALL_OF_PROJECT = """
select :base | (rowid & {mask}) as id from {table} where {table} match :tokens
   and id >= :first and id < :end order by id {way} limit :limit
"""
LOOKED_AT_OF_PROJECT = 3_000


def rows_of_project(
    db: Reader, project_id: int, env: str | None, first: int, end: int, limit: int
) -> list[int]:
    """The newest rows of a project from `first` up to but not `end`, newest first."""
    return _rows_of_project(db, project_id, env, first, end, limit, newest=True)


def newer_rows_of_project(db: Reader, project_id: int, after: int, limit: int) -> list[int]:
    """The rows of a project that follow the row `after`, the nearest first."""
    return _rows_of_project(db, project_id, None, after + 1, NO_ROW_AFTER, limit, newest=False)


def _rows_of_project(
    db: Reader,
    project_id: int,
    env: str | None,
    first: int,
    end: int,
    limit: int,
    *,
    newest: bool,
) -> list[int]:
    env_id = None if env is None else environments.find(db, env)
    if env is not None and env_id is None:
        return []
    way = "desc" if newest else "asc"
    values = {"project_id": project_id, "env_id": env_id, "first": first, "end": end}
    near = NEAR_OF_PROJECT.format(way=way, look=LOOKED_AT_OF_PROJECT)
    rows = [row[0] for row in db.execute(near, {**values, "limit": limit})]
    if len(rows) == limit:
        return rows
    rows = []
    tokens = [text_index.token("project", str(project_id))]
    if env is not None:
        tokens.append(text_index.token("environment", env))
    words = {"tokens": " ".join(tokens), "first": first, "end": end}
    tables = text_index.tables(db)
    for number, table in tables if newest else reversed(tables):
        base = number << text_index.ROWS_SHIFT
        if base < end and base + text_index.ROW_MASK >= first and len(rows) < limit:
            sql = ALL_OF_PROJECT.format(table=table, way=way, mask=text_index.ROW_MASK)
            found = db.execute(sql, {**words, "base": base, "limit": limit - len(rows)})
            rows += [row[0] for row in found]
    return rows


NEWEST_ROW = "select coalesce(max(id), 0) from event"


def newest_row(db: Reader) -> int:
    """The row of the newest event there is; 0 without any."""
    return int(db.execute(NEWEST_ROW).fetchone()[0])


FROM_ROW = "select id, received_at from event where id >= ? order by id limit 1"


def first_row_since(db: Reader, since_ms: int) -> int:
    """The first row received at or after a moment: rows rise with it, so nothing needs an index by
    time. Every other step is a guess, as if events came evenly, which mostly is near.
    """
    newest = newest_row(db)
    low, high = 0, newest and newest + 1
    low_at = high_at = None
    guesses = False
    while low < high:
        middle = (low + high) // 2
        if guesses and low_at is not None and high_at is not None and low_at < since_ms <= high_at:
            share = (since_ms - low_at) / (high_at - low_at)
            middle = min(high - 1, low + int((high - low) * share))
        guesses = not guesses
        row, received_at = db.execute(FROM_ROW, (middle,)).fetchone()
        if received_at >= since_ms:
            high, high_at = middle, received_at
        else:
            low, low_at = row + 1, received_at
    return low


# Tags that say whose an issue may be; the list shows at most MOST_HINTS of them.
HINT_KEYS = ("component", "team", "area", "feature", "service")
MOST_HINTS = 2
TAGS_OF = "select e.id, e.tags from json_each(?) w cross join event e on e.id = w.value"


def hints(db: Reader, rows: Iterable[int]) -> dict[int, Tags]:
    """row → the tags of that event that say whose it may be."""
    packed = dict(db.execute(TAGS_OF, (json.dumps(list(rows)),)).fetchall())
    found = {}
    for row, tags in _tags(db, packed).items():
        by_key = dict(tags)
        own = [(key, by_key[key]) for key in HINT_KEYS if key in by_key]
        found[row] = tuple(own[:MOST_HINTS])
    return found


VALUES = """
select v.id, k.name, v.value from json_each(?) w cross join tag_value v on v.id = w.value
 cross join tag_key k on k.id = v.key_id
"""
SHARED = "\0"  # begins a value that stands for many, of a key that has too many (`interning.py`)
OTHER = "(other)"


def tag_names(db: Reader, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """id of a tag value → (key, value), in one query."""
    rows = db.execute(VALUES, (json.dumps(list(ids)),))
    return {row[0]: (row[1], shown_value(row[2])) for row in rows}


def shown_value(stored: str) -> str:
    return OTHER if stored.startswith(SHARED) else stored


def unpack(packed: bytes) -> Sequence[int]:
    """The ids in `event.tags`: unsigned, 32 bits each."""
    return memoryview(packed).cast("I")


def _tags(db: Reader, packed: dict[int, bytes]) -> dict[int, Tags]:
    ids = {row: unpack(tags) for row, tags in packed.items()}
    names = tag_names(db, {tag for of_row in ids.values() for tag in of_row})
    return {row: tuple(names[tag] for tag in of_row if tag in names) for row, of_row in ids.items()}


def _one(db: Reader, row: int | None) -> EventRow | None:
    found = of_rows(db, [row]) if row is not None else []
    return found[0] if found else None


def _row(found: Any) -> int | None:
    row = found.fetchone()
    return None if row is None else row[0]


def _uuid(event_id: str) -> bytes | None:
    try:
        uuid = bytes.fromhex(event_id)
    except ValueError:
        return None
    return uuid if len(uuid) == 16 else None


def _event(columns: Any, tags: Tags) -> EventRow:
    row, uuid, project_id, issue_id, received_at, happened_at, env, release, *rest = columns
    level, title, trace_id, _, shown = rest
    return EventRow(
        *(row, uuid.hex(), project_id, issue_id, received_at, happened_at, env or "", release),
        *(level, title, trace_id.hex() if trace_id else None, tags, shown),
    )
