"""The step from the text indexes of 0.1, which were in the order of events, to the order of hashes.

The index keeps no text, but it can be asked which word is in which row; so it is put together anew,
some rows at a time. What was not indexed then (who it was, SDKs) stays so for these events.
"""

from lighttrace.store import text_index
from lighttrace.store.database import Transaction

ROWS_AT_ONCE = 1 << 16  # about 100 MB while it runs
VOCABULARY = "create virtual table temp.words_before using fts5vocab(main, before, 'instance')"
RENAME = "alter table {table} rename to before"
COPY = """
insert into {table}(rowid, t)
select (e.hash_id << {shift}) | (e.id & {mask}) as place,
  w.words || ' {every}' || iif(e.received_at - e.happened_at between 0 and {delay}, '', ' {odd}')
    || iif(e.trace_id is null, '', ' ' || search_token('trace', lower(hex(e.trace_id))))
  from (select doc, group_concat(term, ' ') as words from temp.words_before
         where doc >= :first and doc < :end group by doc) w
 cross join event e on e.id = w.doc order by place
"""


def by_hash(tx: Transaction) -> None:
    """Bring every `event_fts_N` into the order of hashes."""
    tx.create_function("search_token", 2, text_index.token, deterministic=True)
    for number, table in text_index.tables(tx):
        tx.execute(RENAME.format(table=table))
        tx.execute(VOCABULARY)
        tx.execute(text_index.CREATE.format(table=table))
        copy = COPY.format(
            table=table,
            shift=text_index.ROWS_SHIFT,
            mask=text_index.ROW_MASK,
            every=text_index.EVERY,
            odd=text_index.ODD_TIME,
            delay=text_index.USUAL_DELAY_MS,
        )
        base = number << text_index.ROWS_SHIFT
        for first in range(base, base + text_index.ROW_MASK, ROWS_AT_ONCE):
            tx.execute(copy, {"first": first, "end": first + ROWS_AT_ONCE})
        tx.execute("drop table temp.words_before")
        tx.execute("drop table before")
