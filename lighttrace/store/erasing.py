"""What a deleted project held goes: its issues as if each were deleted (`deleting`), then its
people, what they wrote, its keys and refusals. All in bites between the writer's batches.

The project's own row stays, without its name, so that neither its number nor its short name is
given out again: a forgotten DSN must not reach somebody else's project.
"""

import json
from collections.abc import Sequence

from lighttrace.store import deleting
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.store import Store

ROWS = 2_000  # of narrow tables in one bite

GONE = "select id from project where deleted_at is not null and erased_at is null order by id"


def gone(db: Reader) -> list[int]:
    """Deleted projects that still hold something."""
    return [row[0] for row in db.execute(GONE)]


async def sweep(store: Store, now_ms: int) -> int:
    """Remove what deleted projects held; returns how many issues, people and other rows went.

    Cheap when there is nothing. Whatever ends it half-way, the next one goes on where it was.
    """
    removed = 0
    for project_id in await store.read(gone):
        while issue_ids := await store.read(_issues, project_id):
            removed += len(await store.write(deleting.delete, issue_ids, now_ms))
            await deleting.wait_for_quiet(store)
        while count := await store.write(_hashes, project_id, now_ms):
            removed += count
        removed += await deleting.sweep(store)
        while ids := await store.read(_people, project_id):
            removed += await store.write(_remove_people, ids)
            await deleting.wait_for_quiet(store)
        removed += await store.write(_rest, project_id, now_ms)
    return removed


ISSUES = "select id from issue where project_id = ? and merged_into is null order by short limit ?"


def _issues(db: Reader, project_id: int) -> list[int]:
    return [row[0] for row in db.execute(ISSUES, (project_id, deleting.MOST_DELETED))]


# those that no issue has: discarded ones, and what a broken merge may have left
HASHES = """
update grouphash set discard = 0, explain = null, hash = randomblob(20), removed_at = ?2
 where id in (select id from grouphash where project_id = ?1 and removed_at is null limit ?3)
"""


def _hashes(tx: Transaction, project_id: int, now_ms: int) -> int:
    return tx.execute(HASHES, (project_id, now_ms, ROWS)).rowcount


# A reader goes through all people; the newest stays for another day, so that its number does.
PEOPLE = """
select id from person where project_id = ? and id < (select max(id) from person) limit ?
"""
REMOVE_PEOPLE = "delete from person where id in (select value from json_each(?))"


def _people(db: Reader, project_id: int) -> list[int]:
    return [row[0] for row in db.execute(PEOPLE, (project_id, ROWS))]


def _remove_people(tx: Transaction, ids: Sequence[int]) -> int:
    return tx.execute(REMOVE_PEOPLE, (json.dumps(ids),)).rowcount


SHOWN = "update person set shown = null where project_id = ? and id = (select max(id) from person)"
REST = (
    "delete from feedback where project_id = ?",
    "delete from refusal where project_id = ?",
    "delete from release_project where project_id = ?",
    "delete from release_told where project_id = ?",
    "delete from code_mapping where project_id = ?",
    "delete from project_team where project_id = ?",
    "delete from project_preference where project_id = ?",
    "delete from project_key where project_id = ?",
    "delete from project_minute where project_id = ?",
    "delete from count_release where project_id = ?",
    "delete from spike where project_id = ?",
    "delete from debug_file where project_id = ?",
    "delete from bundle_build where project_id = ?",  # what no other has a use for ages
)
DONE = """
update project set erased_at = ?2, name = slug, platform = null
 where id = ?1 and not exists (select 1 from issue where project_id = ?1)
   and not exists (select 1 from grouphash where project_id = ?1)
"""


def _rest(tx: Transaction, project_id: int, now_ms: int) -> int:
    """What is little. Not done yet while a hash is left, or an event that was on its way came."""
    tx.execute(SHOWN, (project_id,))
    removed = sum(tx.execute(sql, (project_id,)).rowcount for sql in REST)
    tx.execute(DONE, (project_id, now_ms))
    return removed
