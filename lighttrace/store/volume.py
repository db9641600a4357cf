"""How many errors there were in all projects that somebody sees, over a period, bar by bar."""

import json
from collections.abc import Sequence

from lighttrace.store import counters
from lighttrace.store.counters import HOUR_MS, MINUTE_MS
from lighttrace.store.database import Reader

SUMMED = """
select c.{unit} * {unit_ms} / :bar_ms, sum(c.n) from count_{unit} c {joined}
 where c.{unit} >= :since and c.{unit} < :until and c.env_id in (select value from json_each(:envs))
   {where} group by 1
"""
JOINED = "cross join grouphash g on g.id = c.hash_id"
IN_PROJECTS = "and g.project_id in (select value from json_each(:project_ids))"


def bars(
    db: Reader,
    project_ids: Sequence[int] | None,
    env: str | None,
    since_ms: int,
    until_ms: int,
    bar_ms: int,
) -> list[int]:
    """Errors in each bar from `since_ms` up to `until_ms`, oldest first; all are multiples of
    `bar_ms`, which is whole minutes. `project_ids` None = all.
    """
    fine = bar_ms % HOUR_MS != 0
    unit, unit_ms = ("minute", MINUTE_MS) if fine else ("hour", HOUR_MS)
    limited = project_ids is not None
    sql = SUMMED.format(
        unit=unit,
        unit_ms=unit_ms,
        joined=JOINED if limited else "",
        where=IN_PROJECTS if limited else "",
    )
    values = {
        "bar_ms": bar_ms,
        "since": since_ms // unit_ms,
        "until": until_ms // unit_ms,
        "envs": json.dumps(counters.scopes(db, env)),
        "project_ids": json.dumps(list(project_ids or ())),
    }
    found = dict(db.execute(sql, values).fetchall())
    first = since_ms // bar_ms
    return [found.get(first + at, 0) for at in range((until_ms - since_ms) // bar_ms)]
