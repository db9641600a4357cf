"""The step from the text indexes of 0.1 to those of today: in the order of hashes, and with all
that is asked of an event.

The index keeps no text, but it can be asked which word is in which row; what was not indexed then
(who met it, SDKs, traces, phrases) is read from the events themselves, some rows at a time.
"""

from collections.abc import Callable, Iterator
from typing import Any

from lighttrace.store import event_text, reread, text_index
from lighttrace.store.database import Transaction
from lighttrace.store.text_index import presence, token

ROWS_AT_ONCE = 1 << 16  # about 100 MB while it runs
VOCABULARY = "create virtual table temp.words_before using fts5vocab(main, before, 'instance')"
RENAME = "alter table {table} rename to before"
EVENTS = """
select (e.hash_id << {shift}) | (e.id & {mask}) as place, e.id, w.words, e.title, p.shown,
  e.happened_at, e.received_at, lower(hex(e.trace_id))
  from (select doc, group_concat(term, ' ') as words from temp.words_before
         where doc >= ? and doc < ? group by doc) w
 cross join event e on e.id = w.doc left join person p on p.id = e.person_id order by place
"""
LAST_ROW = "select coalesce(max(id), 0) from event"


def by_hash(tx: Transaction, say: Callable[[str], None]) -> None:
    """Write every `event_fts_N` anew; `say` is told how far that is. 130 µs an event."""
    ask = EVENTS.format(shift=text_index.ROWS_SHIFT, mask=text_index.ROW_MASK)
    (last_row,) = tx.execute(LAST_ROW).fetchone()
    for number, table in reversed(text_index.tables(tx)):
        tx.execute(RENAME.format(table=table))
        tx.execute(VOCABULARY)
        tx.execute(text_index.CREATE.format(table=table))
        first = number << text_index.ROWS_SHIFT
        for start in range(first, min(first + text_index.ROW_MASK, last_row) + 1, ROWS_AT_ONCE):
            rows = tx.execute(ask, (start, start + ROWS_AT_ONCE))
            tx.executemany(text_index.ADD.format(table=table), _texts(tx, rows))
            say(f"indexed {min(100, 100 * (start + ROWS_AT_ONCE) // (last_row + 1))} %")
        tx.execute("drop table temp.words_before")
        tx.execute("drop table before")


def _texts(tx: Transaction, rows: Iterator[Any]) -> Iterator[tuple[int, str]]:
    for place, row, words, title, shown, happened_at, received_at, trace_id in rows:
        found = {text_index.EVERY}
        if text_index.is_odd_time(happened_at, received_at):
            found.add(text_index.ODD_TIME)
        if trace_id:
            found |= {token("trace", trace_id), presence("trace")}
        event = reread.event(tx, row)
        if event is not None and event.sdk_name:
            found.add(token("sdk", event.sdk_name.lower()))
        if event is not None and event.user is not None:
            found |= event_text.user_tokens(event.user)
        yield place, f"{words} {text_index.spoken(title or '', '')} {shown or ''} {' '.join(found)}"
