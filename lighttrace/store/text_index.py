"""Writing the full-text indexes: one row per event in `event_fts_N`, one per hash in `group_fts`.

A tag is one token, letters and digits only: `zz` and 64 bits of a hash of `key=value`. So any value
is searchable without a phrase, and the index needs no table of values. `has:` is the token of the
key alone. Whoever searches makes the same tokens with the functions here.

Rows of `event_fts_N` are in the order of hashes, and of events within a hash: what a hash has of a
search is one range, and how often each has it is counted without a look at the events themselves
(docs/storage.md, "How they stay fast").
"""

import base64
import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from hashlib import blake2b
from itertools import groupby, pairwise

from lighttrace.store import settings
from lighttrace.store.database import Reader, Transaction

ROWS_SHIFT = 18  # one table per 2^18 event ids: it is dropped whole when its last event is gone
ROW_MASK = (1 << ROWS_SHIFT) - 1
MOST_TEXT = 1024  # characters of title and value that are indexed with each event
MOST_GROUP_TEXT = 8192  # characters of frames, indexed once per hash
EVERY = "zzevery"  # borne by all events, for searches that only say what is not wanted
NEVER = "zznever"  # borne by none
# Borne by events whose own time is not that of their receipt, give or take USUAL_DELAY_MS: "first
# seen" has to look at each of these, and at hardly any other.
ODD_TIME = "zzoddtime"
USUAL_DELAY_MS = 10_000


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


def place(hash_id: int, event_row: int) -> int:
    """The rowid of an event in its table."""
    return hash_id << ROWS_SHIFT | event_row & ROW_MASK


def is_odd_time(happened_at: int, received_at: int) -> bool:
    return not 0 <= received_at - happened_at <= USUAL_DELAY_MS


EXISTING = "select name from sqlite_master where type = 'table' and name glob 'event_fts_[0-9]*'"


def tables(db: Reader) -> list[tuple[int, str]]:
    """(number, name) of every event table, newest first. Number N holds ids from N << 18 on."""
    names = (row[0] for row in db.execute(EXISTING))
    numbered = ((name.removeprefix("event_fts_"), name) for name in names)
    return sorted(((int(n), name) for n, name in numbered if n.isdigit()), reverse=True)


# detail=none and no stored text: 75 bytes an event of 14 tags
CREATE = """
create virtual table if not exists {table} using fts5(t, content='', detail=none, columnsize=0,
tokenize="unicode61 tokenchars '_'")
"""
ADD = "insert into {table}(rowid, t) values(?, ?)"


class EventText:
    """The writer's side of `event_fts_N`: makes a table when the ids reach it."""

    def __init__(self) -> None:
        self._made: str | None = None  # the newest table that is surely there

    def add(self, tx: Transaction, rows: Sequence[tuple[int, int, str]]) -> None:
        """Each is (event row, hash, text); rows ascend."""
        for table, of_table in groupby(rows, key=lambda row: table_of(row[0])):
            placed = [(place(hash_id, row), text) for row, hash_id, text in of_table]
            self._insert(tx, table, sorted(placed))  # in another order, each would be flushed

    def _insert(self, tx: Transaction, table: str, rows: Sequence[tuple[int, str]]) -> None:
        if table != self._made:
            tx.execute(CREATE.format(table=table))
            self._made = table
        tx.executemany(ADD.format(table=table), rows)

    def forget(self) -> None:
        """The transaction that made a table may be gone."""
        self._made = None


_WORD = re.compile(r"\w+")  # as the tokenizer of the indexes cuts; both take `_` for a letter


def words(text: str) -> list[str]:
    """Cut as the indexes cut, whose tables of letters are those of an older Unicode: a word that
    they take for two would be a phrase, and such an index knows no phrases.
    """
    if text.isascii():
        return _WORD.findall(text)
    found = _WORD.findall(unicodedata.normalize("NFC", text))
    return [part for word in found for part in (_cut(word) if not word.isascii() else (word,))]


def _cut(word: str) -> list[str]:
    known = (it if it.isascii() or ord(it) in _letters(ord(it) >> 8) else " " for it in word)
    return "".join(known).split()


@cache
def _letters(block: int) -> frozenset[int]:
    """Which of 256 characters SQLite takes for letters, by asking it; a millisecond, once."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("create virtual table t using fts5(said, tokenize=\"unicode61 tokenchars '_'\")")
        db.execute("create virtual table v using fts5vocab(t, instance)")
        some = [(it, chr(it)) for it in range(block << 8, (block + 1) << 8) if chr(it).isalnum()]
        db.executemany("insert into t(rowid, said) values(?, ?)", some)
        return frozenset(row[0] for row in db.execute("select doc from v"))


def pair(one: str, other: str) -> str:
    """The token of two words that stand side by side: phrases are looked for by these. It begins
    like no word, or the beginning of a word would be that of all its pairs.
    """
    return f"_{one}_{other}"


def spoken(title: str, value: str) -> str:
    """What is indexed of the words of an event, of those its group does not say already."""
    found = words(f"{title} {value}"[:MOST_TEXT])
    return " ".join((*found, *(pair(a, b) for a, b in pairwise(found))))


ADD_TEXT = "insert into group_text(hash_id, title, value, frames, tags) values(?, ?, ?, ?, '')"
ADD_GROUP = "insert into group_fts(rowid, title, value, frames, tags) values(?, ?, ?, ?, '')"


def add_group(tx: Transaction, hash_id: int, title: str, value: str, frames: str) -> None:
    """Index what the first event of a hash says. Never changed: `event.title` refers to it. Tags
    differ from event to event, so their column is not used any more.
    """
    row = (hash_id, title, value, frames[:MOST_GROUP_TEXT])
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


MERGE = "insert into {table}({table}, rank) values('merge', ?)"
MERGED_PAGES = 250  # in one step, about 20 ms of the writer
SETTLED = "text.settled"  # setting: the newest table that is one piece


def settle(tx: Transaction) -> bool:
    """Bring what was written batch by batch into one piece, where it is written no more: to look
    at one group takes a tenth then. Does a step; False if there was nothing to do.
    """
    settled = int(settings.get(tx, SETTLED) or -1)
    for number, table in reversed(tables(tx)[1:]):
        if number <= settled:
            continue
        before = tx.total_changes
        # negative: of all levels, as far as it takes (sqlite.org/fts5.html, "merge")
        tx.execute(MERGE.format(table=table), (-MERGED_PAGES,))
        if tx.total_changes - before < 2:
            settings.put(tx, SETTLED, str(number))
        return True
    return False


def drop_before(tx: Transaction, event_row: int) -> int:
    """Drop the tables that hold only events older than `event_row`; returns how many. The newest
    table stays: the writer is at it.
    """
    old = [name for number, name in tables(tx)[1:] if (number + 1) << ROWS_SHIFT <= event_row]
    for name in old:
        tx.execute(f"drop table {name}")
    return len(old)
