"""Files of repositories, kept since somebody opened a frame of them: MOST_FILES and MOST_BYTES, of
which the oldest go first.
"""

import zlib
from dataclasses import dataclass

from lighttrace.store.database import Reader, Transaction

MOST_FILES, MOST_BYTES = 1_000, 64 * 1024 * 1024  # of all projects, compressed
MOST_TEXT = 512 * 1024  # of one file
KEPT_MS = 30 * 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """`text` is None if it could not be fetched: `why` says it then. `at`: when (ms)."""

    text: str | None
    why: str
    at: int


OF_URL = "select body, why, fetched_at from source_cache where project_id = ? and url = ?"


def get(db: Reader, project_id: int, url: str) -> Kept | None:
    row = db.execute(OF_URL, (project_id, url)).fetchone()
    if row is None:
        return None
    body, why, at = row
    return Kept(None if body is None else zlib.decompress(body).decode(), why, at)


PUT = """
insert into source_cache(project_id, url, fetched_at, stored_bytes, why, body)
select id, ?2, ?3, ?4, ?5, ?6 from project where id = ?1
on conflict(project_id, url) do update set fetched_at = excluded.fetched_at,
  stored_bytes = excluded.stored_bytes, why = excluded.why, body = excluded.body
"""


def put(tx: Transaction, project_id: int, url: str, kept: Kept) -> None:
    """Nothing happens if the project is gone by now."""
    body = None if kept.text is None else zlib.compress(kept.text[:MOST_TEXT].encode())
    size = len(url) + len(kept.why) + len(body or b"")
    tx.execute(PUT, (project_id, url, kept.at, size, kept.why, body))
    _forget(tx, kept.at)


OLDEST = """
delete from source_cache where fetched_at < ? or rowid in (
  select rowid from (
    select rowid, row_number() over newest as n, sum(stored_bytes) over newest as bytes
      from source_cache window newest as (order by fetched_at desc, rowid desc))
   where n > ? or bytes > ?)
"""


def _forget(tx: Transaction, now_ms: int) -> None:
    tx.execute(OLDEST, (now_ms - KEPT_MS, MOST_FILES, MOST_BYTES))
