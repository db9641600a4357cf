"""What the events of an issue have in common: its tags, counted over the newest events.

Nothing is stored for this: reading the newest 1,000 takes 7 ms, obeys every filter and every merge,
and is what people look at an issue for (docs/storage.md, "Decisions").
"""

import json
from collections import Counter
from dataclasses import dataclass

from lighttrace.store import environments, events
from lighttrace.store.database import Reader

TOP = 10
# In a rare environment: how many of the newest events are looked at to find the sample.
LOOKED_AT = 5


@dataclass(frozen=True, slots=True)
class TagStat:
    """One key. `total` events of the sample have it; `values` are its most frequent ones."""

    key: str
    total: int
    values: tuple[tuple[str, int], ...]
    distinct: int


IN_ENV = """
select e.tags from json_each(?) w cross join event e on e.id = w.value where e.env_id = ? limit ?
"""
ALL = "select e.tags from json_each(?) w cross join event e on e.id = w.value"


def of_issue(db: Reader, issue_id: int, env: str | None, sample: int = 1000) -> tuple[TagStat, ...]:
    """The tags of the newest `sample` events, the most frequent keys first."""
    env_id = environments.scope(db, env)
    if env_id is None:
        return ()
    if env_id == environments.ALL:
        rows = events.newest_rows(db, issue_id, sample)
        packed = db.execute(ALL, (json.dumps(rows),))
    else:
        rows = events.newest_rows(db, issue_id, sample * LOOKED_AT)
        packed = db.execute(IN_ENV, (json.dumps(rows), env_id, sample))
    counts: Counter[int] = Counter()
    for (tags,) in packed:
        counts.update(events.unpack(tags))
    by_key: dict[str, Counter[str]] = {}
    for tag, (key, value) in events.tag_names(db, counts).items():
        by_key.setdefault(key, Counter())[value] += counts[tag]
    stats = (
        TagStat(key, values.total(), tuple(values.most_common(TOP)), len(values))
        for key, values in by_key.items()
    )
    return tuple(sorted(stats, key=lambda stat: (-stat.total, stat.key)))
