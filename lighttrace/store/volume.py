"""How many errors there were in all projects that somebody sees, over a period, bar by bar, and
which issues they were of.
"""

import json
from collections.abc import Sequence

from lighttrace.store import counters
from lighttrace.store.counters import HOUR_MS, MINUTE_MS
from lighttrace.store.database import Reader

# A sum for each bar goes along the key; grouping the rows by bar takes four times as long.
SUMMED = """
select (select sum(c.n) from count_{unit} c {joined}
  where c.{unit} >= b.value and c.{unit} < b.value + :width {where}) from json_each(:starts) b
"""
JOINED = "cross join grouphash g on g.id = c.hash_id"
IN_ENVS = "and c.env_id in (select value from json_each(:envs))"
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
    width = bar_ms // unit_ms
    limited = project_ids is not None
    sql = SUMMED.format(
        unit=unit,
        joined=JOINED if limited else "",
        where=" ".join([IN_ENVS] * (env is not None) + [IN_PROJECTS] * limited),
    )
    values = {
        "width": width,
        "starts": json.dumps(list(range(since_ms // unit_ms, until_ms // unit_ms, width))),
        "envs": json.dumps([] if env is None else counters.scopes(db, env)),
        "project_ids": json.dumps(list(project_ids or ())),
    }
    return [n or 0 for (n,) in db.execute(sql, values)]


OF_ISSUES = """
select g.issue_id, sum(c.n) from count_minute c cross join grouphash g on g.id = c.hash_id
 where c.minute >= :since and c.minute < :until and g.issue_id is not null
   and g.project_id in (select value from json_each(:project_ids)) {where}
 group by g.issue_id order by 2 desc, 1 desc
"""


def issues(
    db: Reader, project_ids: Sequence[int], env: str | None, since_ms: int, until_ms: int
) -> list[tuple[int, int]]:
    """(issue, its errors) of whole minutes, the most first. Minutes are kept for 15 days."""
    sql = OF_ISSUES.format(where="" if env is None else IN_ENVS)
    values = {
        "since": since_ms // MINUTE_MS,
        "until": until_ms // MINUTE_MS,
        "envs": json.dumps([] if env is None else counters.scopes(db, env)),
        "project_ids": json.dumps(list(project_ids)),
    }
    return list(db.execute(sql, values))
