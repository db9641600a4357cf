"""Writing the full-text indexes: one row per event in `event_fts_N`, one per hash in `group_fts`.

A tag is one token, letters and digits only: `zz` and 64 bits of a hash of `key=value`. So any value
is searchable without a phrase, and the index needs no table of values. `has:` is the token of the
key alone. Whoever searches makes the same tokens with the functions here.
"""

import base64
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import groupby

from lighttrace.store.database import Reader, Transaction

ROWS_SHIFT = 18  # one table per 2^18 event ids: it is dropped whole when its last event is gone
MOST_TEXT = 1024  # characters of title, value and culprit that are indexed with each event
MOST_GROUP_TEXT = 8192  # characters of frames, and of tags, indexed once per hash


def token(key: str, value: str) -> str:
    """The token every event with the tag `key` = `value` carries."""
    return _token(f"{key}={value}")


def presence(key: str) -> str:
    """The token every event with any value for `key` carries."""
    return _token(key)


def _token(text: str) -> str:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return "zz" + base64.b32encode(digest)[:13].decode().lower()


def table_of(event_row: int) -> str:
    """The name of the table an event's text is in."""
    return f"event_fts_{event_row >> ROWS_SHIFT}"


EXISTING = "select name from sqlite_master where type = 'table' and name glob 'event_fts_[0-9]*'"


def tables(db: Reader) -> list[tuple[int, str]]:
    """(number, name) of every event table, newest first. Number N holds ids from N << 18 on."""
    names = (row[0] for row in db.execute(EXISTING))
    numbered = ((name.removeprefix("event_fts_"), name) for name in names)
    return sorted(((int(n), name) for n, name in numbered if n.isdigit()), reverse=True)


# detail=none and no stored text: 24 bytes an event where positions would take 80
CREATE = """
create virtual table if not exists {table} using fts5(t, content='', detail=none, columnsize=0,
tokenize="unicode61 tokenchars '_'")
"""
ADD = "insert into {table}(rowid, t) values(?, ?)"


class EventText:
    """The writer's side of `event_fts_N`: makes a table when the ids reach it."""

    def __init__(self) -> None:
        self._made: str | None = None  # the newest table that is surely there

    def add(self, tx: Transaction, rows: Sequence[tuple[int, str]]) -> None:
        """Each is (event row, text); rows ascend."""
        for table, of_table in groupby(rows, key=lambda row: table_of(row[0])):
            self._insert(tx, table, list(of_table))

    def _insert(self, tx: Transaction, table: str, rows: Sequence[tuple[int, str]]) -> None:
        if table != self._made:
            tx.execute(CREATE.format(table=table))
            self._made = table
        tx.executemany(ADD.format(table=table), rows)

    def forget(self) -> None:
        """The transaction that made a table may be gone."""
        self._made = None


def event_text(title: str, value: str, culprit: str, tokens: Iterable[str]) -> str:
    return f"{title} {value} {culprit}"[:MOST_TEXT] + " " + " ".join(tokens)


ADD_TEXT = "insert into group_text(hash_id, title, value, frames, tags) values(?, ?, ?, ?, ?)"
ADD_GROUP = "insert into group_fts(rowid, title, value, frames, tags) values(?, ?, ?, ?, ?)"


def add_group(
    tx: Transaction, hash_id: int, title: str, value: str, frames: str, tags: Iterable[str]
) -> None:
    """Index what the first event of a hash says. Never changed: `event.title` refers to it."""
    tag_text = " ".join(tags)[:MOST_GROUP_TEXT]
    row = (hash_id, title, value, frames[:MOST_GROUP_TEXT], tag_text)
    tx.execute(ADD_TEXT, row)
    tx.execute(ADD_GROUP, row)


# an index without content of its own must be told what it holds in order to forget it
REMOVE_GROUP = """
insert into group_fts(group_fts, rowid, title, value, frames, tags)
select 'delete', hash_id, title, value, frames, tags from group_text where hash_id = ?
"""
REMOVE_TEXT = "delete from group_text where hash_id = ?"


def remove_group(tx: Transaction, hash_id: int) -> None:
    tx.execute(REMOVE_GROUP, (hash_id,))
    tx.execute(REMOVE_TEXT, (hash_id,))


def drop_before(tx: Transaction, event_row: int) -> int:
    """Drop the tables that hold only events older than `event_row`; returns how many. The newest
    table stays: the writer is at it.
    """
    old = [name for number, name in tables(tx)[1:] if (number + 1) << ROWS_SHIFT <= event_row]
    for name in old:
        tx.execute(f"drop table {name}")
    return len(old)
