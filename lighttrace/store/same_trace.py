"""Which issues happened in the same traces as others: one request, or one visit, that failed more
than once.
"""

import json
from collections.abc import Sequence

from lighttrace.store.database import Reader

# Of each issue's newest events, and of each trace: a job that fails ten thousand times in one
# trace must not be read to its end for every page.
MOST_TRACES, MOST_EVENTS = 10, 200

LINKED = f"""
with trace as materialized (
  select distinct w.value as issue_id, e.trace_id
    from json_each(?) w cross join grouphash g on g.issue_id = w.value
   cross join event e on e.id in (
     select id from event where hash_id = g.id order by id desc limit {MOST_TRACES})
   where e.trace_id is not null)
select distinct g.issue_id, t.issue_id from trace t cross join event o on o.id in (
    select id from event where trace_id = t.trace_id limit {MOST_EVENTS})
 cross join grouphash g on g.id = o.hash_id
 where g.issue_id is not null and g.issue_id <> t.issue_id
"""


def linked(db: Reader, issue_ids: Sequence[int]) -> dict[int, set[int]]:
    """issue → those of the given issues whose newest events share a trace with it."""
    found: dict[int, set[int]] = {}
    if issue_ids:
        for issue_id, given in db.execute(LINKED, (json.dumps(list(issue_ids)),)):
            found.setdefault(issue_id, set()).add(given)
    return found
