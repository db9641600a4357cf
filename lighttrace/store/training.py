"""A dictionary of a project's own: its frames, its locals, its packages. A body that shares them
with the bodies before it shrinks to a fifth of what the shipped dictionary makes of it.

`propose` reads and computes, in a reader's thread and without the interpreter's lock; `adopt` is a
short write. Whether it pays is measured on events the dictionary was not trained on.
"""

import sys
from collections import Counter
from dataclasses import dataclass

from lighttrace.errors import StoreError
from lighttrace.store import bodies, settings
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.store import Store

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SIZE_BYTES = 112 * 1024  # what zstd trains by default; about four whole events and many parts
MOST_ROWS = 4_000  # newest events looked at
MOST_OF_HASH = 6  # samples of one group: a loud issue must not have the dictionary to itself
MOST_SAMPLES = 400
MOST_SAMPLE_BYTES = 8 * 1024 * 1024  # about a second of one core
FEWEST_SAMPLES = 24
EVERY_HELD_OUT = 4  # each fourth sample is kept to judge by
WORTH = 0.85  # the new size over the old: a dictionary takes 112 KiB of the database and a cache
AGAIN_AFTER_ROWS = 2_000  # new events before it is tried once more
FIRST_AFTER_ROWS = 200


@dataclass(frozen=True, slots=True)
class Proposal:
    """`data` is None if nothing better was found; `newest_row` is how far was looked."""

    project_id: int
    newest_row: int
    data: bytes | None


NEWEST_ROW = "select coalesce(max(id), 0) from event"
TRIED = "dictionary.{project_id}"  # setting: the newest row when it was last tried


def is_due(db: Reader, project_id: int) -> bool:
    """Whether enough has happened since the last try. Cheap."""
    newest = int(db.execute(NEWEST_ROW).fetchone()[0])
    tried = settings.get(db, TRIED.format(project_id=project_id))
    if tried is None:
        return newest >= FIRST_AFTER_ROWS
    return newest - int(tried) >= AGAIN_AFTER_ROWS


ROWS = """
select e.hash_id, e.id from (select * from event order by id desc limit :rows) e
 where e.project_id = :project_id
"""
BODY = "select dictionary_id, data, size_bytes from event_body where id = ?"


def propose(db: Reader, project_id: int) -> Proposal:
    """Train on the project's newest events and see whether that is better."""
    newest = int(db.execute(NEWEST_ROW).fetchone()[0])
    samples = _samples(db, project_id)
    held_out = samples[::EVERY_HELD_OUT]
    training = [s for i, s in enumerate(samples) if i % EVERY_HELD_OUT]
    if len(samples) < FEWEST_SAMPLES:
        return Proposal(project_id, newest, None)
    try:
        data = zstd.train_dict(training, SIZE_BYTES).dict_content
    except zstd.ZstdError:  # the samples have too little in common, or are too small
        return Proposal(project_id, newest, None)
    present = bodies.Compressor(db)
    now = sum(len(present.compress(project_id, body)[1]) for body in held_out)
    digested = zstd.ZstdDict(data).as_digested_dict
    then = sum(len(zstd.compress(body, bodies.LEVEL, zstd_dict=digested)) for body in held_out)
    return Proposal(project_id, newest, data if then <= now * WORTH else None)


def _samples(db: Reader, project_id: int) -> list[bytes]:
    of_hash: Counter[int] = Counter()
    samples: list[bytes] = []
    size = 0
    for hash_id, row in db.execute(ROWS, {"rows": MOST_ROWS, "project_id": project_id}).fetchall():
        if of_hash[hash_id] >= MOST_OF_HASH:
            continue
        stored = db.execute(BODY, (row,)).fetchone()
        if stored is None:
            continue
        of_hash[hash_id] += 1
        try:
            samples.append(bodies.decompress(db, *stored))
        except StoreError:
            continue  # a damaged body teaches nothing; the page of its event says so
        size += len(samples[-1])
        if len(samples) >= MOST_SAMPLES or size >= MOST_SAMPLE_BYTES:
            break
    return samples


ADD = """
insert into dictionary(id, project_id, kind, data, trained_at)
values((select max(:first, coalesce(max(id), 0) + 1) from dictionary), :project_id, :kind, :data,
  :now_ms)
"""


def adopt(tx: Transaction, proposal: Proposal, now_ms: int) -> bool:
    """Use the proposed dictionary from the next batch on. False if there was nothing to adopt."""
    key = TRIED.format(project_id=proposal.project_id)
    settings.put(tx, key, str(proposal.newest_row))
    if proposal.data is None:
        return False
    values = {
        "first": bodies.FIRST_TRAINED_ID,
        "project_id": proposal.project_id,
        "kind": bodies.KIND,
        "data": proposal.data,
        "now_ms": now_ms,
    }
    tx.execute(ADD, values)
    return True


PROJECTS = "select id from project where deleted_at is null order by id"


def _due_projects(db: Reader) -> list[int]:
    ids = [row[0] for row in db.execute(PROJECTS)]
    return [project_id for project_id in ids if is_due(db, project_id)]


async def improve(store: Store, now_ms: int) -> int:
    """Give every project that is due a better dictionary, if there is one; returns how many."""
    adopted = 0
    for project_id in await store.read(_due_projects):
        proposal = await store.read(propose, project_id)
        adopted += await store.write(adopt, proposal, now_ms)
    return adopted


# A body may still name the dictionary before for as long as its batch was on the way.
REMOVE = """
delete from dictionary where id >= :first and exists (
  select 1 from dictionary newer
   where newer.project_id = dictionary.project_id and newer.kind = dictionary.kind
     and newer.id > dictionary.id and newer.trained_at < :oldest_event_at - 3600000)
"""


def remove_unused(tx: Transaction, oldest_event_at: int) -> int:
    """Remove dictionaries that were replaced before the oldest event there still is."""
    values = {"first": bodies.FIRST_TRAINED_ID, "oldest_event_at": oldest_event_at}
    return tx.execute(REMOVE, values).rowcount
