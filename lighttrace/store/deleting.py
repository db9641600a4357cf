"""Deleting issues, alone or with all that would come after.

An issue goes at once: its row, its numbers, its notes and activity, and those of all that were
merged into it. Its hashes are marked and get names that nothing has, so that an event that comes
later makes a new issue; or, to discard what comes, each leaves one behind that drops it. What the
hashes left, events and bodies, people, counters and text, goes in bites between the writer's
batches (`sweep`).
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.store import branches, settings, text_index
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.store import Store

MOST_DELETED = 100  # issues in one transaction; each may have a row in 500 environments
EVENTS = 200  # in one bite; 27 ms of the writer (docs/storage.md, "Retention")
ROWS = 2_000  # of narrow tables in one bite
HASHES = 50  # that are swept together
SHORT_QUEUE = 32  # writes waiting; with more, they go first
POLITE_S = 0.02
MOST_NAPS = 50  # then it takes its turn all the same

NEWEST_EVENT = "select coalesce(max(id), 0) from event"
NEWEST_ISSUE = "select coalesce(max(id), 0) from issue"
HASHES_OF = "select id, project_id, hash, version, explain from grouphash where issue_id = ?"
MARK = """
update grouphash set issue_id = null, home_issue = null, explain = null, hash = randomblob(20),
  removed_at = ? where id = ?
"""
REMOVE = (
    "delete from cause where issue_id = ?",
    "delete from outbox where issue_id = ? and state = 'due' and claimed_at is null",
    "delete from issue_env where issue_id = ?1"
    " and env_id in (select 0 union all select id from environment)",
)
# activity, notes and all that was merged into it hang on it
REMOVE_ISSUE = "delete from issue where id = ? and merged_into is null"
THERE = "select 1 from issue where id = ? and merged_into is null"


def delete(
    tx: Transaction, issue_ids: Sequence[int], now_ms: int, *, discard: bool = False
) -> list[int]:
    """Delete issues, at most MOST_DELETED; returns those that were there."""
    # Neither is given out twice, though the newest may be among those that go.
    _note(tx, "newest_deleted", NEWEST_EVENT)
    _note(tx, "newest_deleted_issue", NEWEST_ISSUE)
    done = []
    for issue_id in list(dict.fromkeys(issue_ids))[:MOST_DELETED]:
        if tx.execute(THERE, (issue_id,)).fetchone() is None:
            continue
        for hash_id, *rest in tx.execute(HASHES_OF, (issue_id,)).fetchall():
            tx.execute(MARK, (now_ms, hash_id))
            if discard:
                _leave_behind(tx, hash_id, rest, now_ms)
        for it in branches.family(tx, issue_id):
            for sql in REMOVE:
                tx.execute(sql, (it,))
        tx.execute(REMOVE_ISSUE, (issue_id,))
        done.append(issue_id)
    return done


def _note(tx: Transaction, name: str, newest: str) -> None:
    known = int(settings.get(tx, name) or 0)
    settings.put(tx, name, str(max(known, tx.execute(newest).fetchone()[0])))


DISCARD = """
insert into grouphash(project_id, hash, version, explain, created_at, discard)
values(?, ?, ?, ?, ?, 1) returning id
"""
TEXT = "select title, value, frames from group_text where hash_id = ?"


def _leave_behind(tx: Transaction, hash_id: int, names: Sequence[object], now_ms: int) -> None:
    """What drops the events that come, and says what it drops."""
    new = int(tx.execute(DISCARD, (*names, now_ms)).fetchone()[0])
    text = tx.execute(TEXT, (hash_id,)).fetchone()
    if text is not None:
        text_index.add_group(tx, new, *text)


@dataclass(frozen=True, slots=True)
class Discarded:
    """A hash whose events are dropped, with what its first event said; `at` in ms."""

    id: int
    hash: str  # 32 hex
    title: str
    value: str
    at: int


DISCARDED = """
select g.id, lower(hex(g.hash)), coalesce(t.title, ''), coalesce(t.value, ''), g.created_at
  from grouphash g left join group_text t on t.hash_id = g.id
 where g.project_id = ? and g.discard = 1 order by g.id desc limit ?
"""
MOST_SHOWN = 200


def discarded(db: Reader, project_id: int) -> list[Discarded]:
    """The newest MOST_SHOWN that are discarded in a project, newest first."""
    return [Discarded(*row) for row in db.execute(DISCARDED, (project_id, MOST_SHOWN))]


KEEP = "update grouphash set discard = 0 where id = ? and project_id = ? and discard = 1"


def undiscard(tx: Transaction, hash_id: int, project_id: int) -> bool:
    """Keep what comes again: the next event makes a new issue. False if it was not discarded."""
    return tx.execute(KEEP, (hash_id, project_id)).rowcount == 1


MARKED = "select id from grouphash where removed_at is not null order by removed_at, id limit ?"


def marked(db: Reader) -> list[int]:
    """Hashes whose issues were deleted, the oldest HASHES of them."""
    return [row[0] for row in db.execute(MARKED, (HASHES,))]


async def sweep(store: Store) -> int:
    """Remove what deleted issues left; returns how many rows went. Cheap when there is nothing.

    Whatever ends it half-way, the next one goes on where it was: a hash goes last of all.
    """
    removed = 0
    while hashes := await store.read(marked):
        for remove in (_events, _people):
            while count := await store.write(remove, hashes):
                removed += count
                await wait_for_quiet(store)
        removed += await _counters(store, hashes)
        await store.write(_hashes, hashes)
    return removed


async def wait_for_quiet(store: Store) -> None:
    """Let the writer have its queue first, for a second at most."""
    for _ in range(MOST_NAPS):
        if store.health().queue <= SHORT_QUEUE:
            return
        await asyncio.sleep(POLITE_S)


SOME_EVENTS = """
select e.id, e.event_id, e.project_id from json_each(?) h
 cross join event e on e.hash_id = h.value limit ?
"""
REMOVE_FEEDBACK = "delete from feedback where event_id = ? and project_id = ?"
REMOVE_BODIES = "delete from event_body where id in (select value from json_each(?))"
REMOVE_EVENTS = "delete from event where id in (select value from json_each(?))"


def _events(tx: Transaction, hashes: Sequence[int]) -> int:
    rows = tx.execute(SOME_EVENTS, (json.dumps(hashes), EVENTS)).fetchall()
    ids = json.dumps([row[0] for row in rows])
    tx.executemany(REMOVE_FEEDBACK, [row[1:] for row in rows])
    tx.execute(REMOVE_BODIES, (ids,))
    tx.execute(REMOVE_EVENTS, (ids,))
    return len(rows)


SOME_PEOPLE = """
select p.hash_id, p.person_id, p.env_id from json_each(?) h
 cross join hash_person p on p.hash_id = h.value limit ?
"""
REMOVE_PERSON = "delete from hash_person where hash_id = ? and person_id = ? and env_id = ?"


def _people(tx: Transaction, hashes: Sequence[int]) -> int:
    rows = tx.execute(SOME_PEOPLE, (json.dumps(hashes), ROWS)).fetchall()
    tx.executemany(REMOVE_PERSON, rows)
    return len(rows)


# Counters are kept by time, so those of a hash are found by going through all, which a reader does:
# a day of minutes at a time, or as many hours and days.
UNITS = {"minute": 1440, "hour": 240, "day": 60}
EXTENT = "select coalesce(min({unit}), 0), coalesce(max({unit}), -1) from count_{unit}"
FIND = """
select distinct c.{unit}, c.hash_id, c.env_id from count_{unit} c
 where c.{unit} >= ? and c.{unit} < ? and c.hash_id in (select value from json_each(?))
"""
REMOVE_COUNTER = "delete from count_{unit} where {unit} = ? and hash_id = ? and env_id = ?"


async def _counters(store: Store, hashes: Sequence[int]) -> int:
    removed = 0
    for unit, step in UNITS.items():
        first, last = await store.read(_extent, unit)
        for start in range(first, last + 1, step):
            rows = await store.read(_find, unit, start, start + step, hashes)
            for at in range(0, len(rows), ROWS):
                some = rows[at : at + ROWS]
                removed += await store.write(_remove_counters, unit, some)
                await wait_for_quiet(store)
    return removed


def _extent(db: Reader, unit: str) -> tuple[int, int]:
    first, last = db.execute(EXTENT.format(unit=unit)).fetchone()
    return first, last


def _find(
    db: Reader, unit: str, start: int, end: int, hashes: Sequence[int]
) -> list[tuple[int, ...]]:
    return db.execute(FIND.format(unit=unit), (start, end, json.dumps(hashes))).fetchall()


def _remove_counters(tx: Transaction, unit: str, rows: Sequence[tuple[int, ...]]) -> int:
    tx.executemany(REMOVE_COUNTER.format(unit=unit), rows)
    return len(rows)


LEFT = """
select h.value from json_each(?) h
 where not exists(select 1 from event where hash_id = h.value)
   and not exists(select 1 from hash_person where hash_id = h.value)
"""
REMOVE_HASH = "delete from grouphash where id = ? and removed_at is not null"


def _hashes(tx: Transaction, hashes: Sequence[int]) -> None:
    for (hash_id,) in tx.execute(LEFT, (json.dumps(hashes),)).fetchall():
        text_index.remove_group(tx, hash_id)
        tx.execute(REMOVE_HASH, (hash_id,))
