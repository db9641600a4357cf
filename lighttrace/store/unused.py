"""Uploaded files go when no event was read with them for a while, or when nobody refers to them any
more: bundle, files, contents, in bites between the writer's batches.

What goes is marked first and found no more: a new upload of the same content begins a new row.
"""

from collections.abc import Iterable

from lighttrace.store import artifacts
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.deleting import wait_for_quiet
from lighttrace.store.store import Store

DAY_MS = 24 * 60 * 60 * 1000
FAILED_KEPT_MS = DAY_MS  # the sentence, for who looks later
FILES = 200  # in one bite, each may be the last of its content
ARTIFACTS = 100
SOURCES = 200
PIECES = 4  # a megabyte
ROWS, BYTES = 200, PIECES * artifacts.PIECE_BYTES  # after so much no other content is begun
BUNDLES = 20
SHARE = 0.5  # of the database's size, which uploaded files may have before the oldest go early

RELEASE = """
update artifact set state = 'gone', sha1 = randomblob(20)
 where id = ?1 and state <> 'gone'
   and not exists(select 1 from bundle_file where artifact_id = ?1)
   and not exists(select 1 from map_source where source_id = ?1)
"""


def release(tx: Transaction, artifact_ids: Iterable[int]) -> None:
    """Give up those contents that nothing refers to."""
    tx.executemany(RELEASE, [(it,) for it in artifact_ids])


UNFINISHED = "select id from artifact where state = 'writing'"


def forget_unfinished(tx: Transaction) -> None:
    """What a process that was killed has left half-written; only who alone writes may."""
    release(tx, [row[0] for row in tx.execute(UNFINISHED).fetchall()])


GO = "state = 'gone', sha1 = randomblob(20), chunks = null"
EXPIRE = f"""
update bundle set {GO} where state <> 'gone' and id in (
  select id from bundle where state = 'ok' and used_at < ? order by used_at limit {BUNDLES})
"""
EXPIRE_FAILED = f"update bundle set {GO} where state = 'error' and changed_at < ?"
# those of deleted projects
EXPIRE_STRAY = f"""
update bundle set {GO} where state = 'ok'
  and not exists(select 1 from bundle_build where bundle_id = bundle.id)
"""
EXPIRE_OLDEST = f"""
update bundle set {GO}
 where id = (select id from bundle where state = 'ok' order by used_at, id limit 1)
"""


def expire(tx: Transaction, now_ms: int, keep_days: int, *, is_full: bool = False) -> int:
    """Mark bundles that are due, and if the database `is_full` the one that is unused for longest.
    Returns how many.
    """
    marked = tx.execute(EXPIRE, (now_ms - keep_days * DAY_MS,)).rowcount
    marked += tx.execute(EXPIRE_FAILED, (now_ms - FAILED_KEPT_MS,)).rowcount
    marked += tx.execute(EXPIRE_STRAY).rowcount
    if is_full and not marked:
        marked = tx.execute(EXPIRE_OLDEST).rowcount
    return marked


ASSEMBLING = "select 1 from bundle where state = 'assembling' limit 1"
GONE_BUNDLE = "select id from bundle where state = 'gone' order by id limit 1"
SOME_FILES = f"select url, number, artifact_id from bundle_file where bundle_id = ? limit {FILES}"
REMOVE_FILE = "delete from bundle_file where bundle_id = ? and url = ? and number = ?"
REMOVE_BUNDLE = "delete from bundle where id = ?"  # its builds go with it
GONE_ARTIFACTS = f"""
select id, stored_bytes from artifact where state = 'gone' order by id limit {ARTIFACTS}
"""
SOME_SOURCES = f"select number, source_id from map_source where map_id = ? limit {SOURCES}"
REMOVE_SOURCE = "delete from map_source where map_id = ? and number = ?"
REMOVE_PIECES = f"""
delete from artifact_piece where rowid in (
  select rowid from artifact_piece where artifact_id = ? limit {PIECES})
"""
REMOVE_ARTIFACT = "delete from artifact where id = ?"


def bite(tx: Transaction) -> int:
    """Remove a little of what is marked; returns how many rows went, 0 if nothing is left.

    Nothing goes while a bundle is being read: it may have come upon a content that it will refer
    to, and that only the one that goes refers to now.
    """
    if tx.execute(ASSEMBLING).fetchone() is not None:
        return 0
    row = tx.execute(GONE_BUNDLE).fetchone()
    if row is not None:
        return _remove_bundle(tx, row[0])
    removed = size = 0
    for artifact_id, stored_bytes in tx.execute(GONE_ARTIFACTS).fetchall():
        removed += _remove_artifact(tx, artifact_id)
        size += stored_bytes
        if removed > ROWS or size > BYTES:
            break
    return removed


def _remove_bundle(tx: Transaction, bundle_id: int) -> int:
    files = tx.execute(SOME_FILES, (bundle_id,)).fetchall()
    tx.executemany(REMOVE_FILE, [(bundle_id, url, number) for url, number, _ in files])
    release(tx, {artifact_id for *_, artifact_id in files})
    if len(files) < FILES:
        tx.execute(REMOVE_BUNDLE, (bundle_id,))
    return len(files) + 1


def _remove_artifact(tx: Transaction, artifact_id: int) -> int:
    sources = tx.execute(SOME_SOURCES, (artifact_id,)).fetchall()
    tx.executemany(REMOVE_SOURCE, [(artifact_id, number) for number, _ in sources])
    release(tx, {source_id for _, source_id in sources if source_id is not None})
    pieces = tx.execute(REMOVE_PIECES, (artifact_id,)).rowcount
    if len(sources) < SOURCES and pieces < PIECES:
        tx.execute(REMOVE_ARTIFACT, (artifact_id,))
    return len(sources) + pieces + 1


IS_DUE = """
select exists(select 1 from bundle where used_at < :unused and state = 'ok')
  or exists(select 1 from bundle where state = 'error' and changed_at < :failed)
  or exists(select 1 from bundle where state = 'gone')
  or exists(select 1 from artifact where state = 'gone')
  or exists(select 1 from bundle b where b.state = 'ok'
     and not exists(select 1 from bundle_build where bundle_id = b.id))
"""


def is_due(db: Reader, now_ms: int, keep_days: int) -> bool:
    values = {"unused": now_ms - keep_days * DAY_MS, "failed": now_ms - FAILED_KEPT_MS}
    return bool(db.execute(IS_DUE, values).fetchone()[0])


async def sweep(store: Store, now_ms: int, keep_days: int, max_bytes: int) -> int:
    """Remove what is due; returns how many rows went. Cheap when nothing is.

    `max_bytes`: of the whole database; uploaded files that take most of it would leave no room for
    events.
    """
    removed = 0
    while True:
        sizes = await store.read(artifacts.sizes)
        is_full = sizes.stored_bytes > max_bytes * SHARE
        if not is_full and not await store.read(is_due, now_ms, keep_days):
            return removed
        await store.write(expire, now_ms, keep_days, is_full=is_full)
        before = removed
        while count := await store.write(bite):
            removed += count
            await wait_for_quiet(store)
        if removed == before:  # there is nothing that may go, or not now
            return removed
