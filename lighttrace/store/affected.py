"""Who met an issue, and how often: counted over its newest events."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.store import tag_stats
from lighttrace.store.database import Reader, among

MOST_READ = 10_000  # events that people are counted over: 30 ms


@dataclass(frozen=True, slots=True)
class Affected:
    """One person: events of the issue, and when the first and last of them came in."""

    person_id: int
    n: int
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Everybody:
    """The people of the newest `read` events, those with the most events first; `nameless` of the
    events say nothing about who it was.
    """

    people: tuple[Affected, ...]
    nameless: int
    read: int


BY_PERSON = """
select e.person_id, count(*), min(e.received_at), max(e.received_at)
  from json_each(?) w cross join event e on e.id = w.value group by e.person_id
"""


def everybody(db: Reader, issue_id: int, env: str | None, since_ms: int = 0) -> Everybody:
    rows = tag_stats.newest(db, issue_id, env, MOST_READ, since_ms)
    found = [Affected(*row) for row in db.execute(BY_PERSON, (json.dumps(rows),))]
    nameless = sum(it.n for it in found if it.person_id is None)
    known = [it for it in found if it.person_id is not None]
    known.sort(key=lambda it: (-it.n, -it.last_at, it.person_id))
    return Everybody(tuple(known), nameless, len(rows))


HOW_MANY = """
select count(distinct e.person_id) from json_each(?) w cross join event e on e.id = w.value
"""


def how_many(db: Reader, rows: Sequence[int]) -> int:
    """How many people met these events."""
    return int(db.execute(HOW_MANY, (json.dumps(list(rows)),)).fetchone()[0])


AT_ONCE = """
select count(*), count(distinct e.person_id || ' ' || ((:until - e.received_at) / :width))
  from json_each(:rows) w cross join event e on e.id = w.value
 where e.received_at < :until and e.received_at >= :until - :spans * :width
"""


def usual(db: Reader, issue_id: int, until_ms: int, width_ms: int, spans: int) -> float | None:
    """How many people an issue met in a span of that width: the mean of so many spans that end at
    `until_ms`. None if its events did not say who it was, or there are too many since to look back.
    """
    rows = tag_stats.newest(db, issue_id, None, MOST_READ, until_ms - spans * width_ms)
    if len(rows) == MOST_READ:
        return None
    values = {"rows": json.dumps(rows), "until": until_ms, "width": width_ms, "spans": spans}
    seen, met = db.execute(AT_ONCE, values).fetchone()
    return None if seen and not met else float(met) / spans


NAMES = """
with wanted(id) as ({values})
select p.id, p.shown from wanted w cross join person p on p.id = w.id
"""


def names(db: Reader, people: Sequence[Affected]) -> dict[int, str]:
    """person → the best name there is."""
    return {row[0]: row[1] or "" for row in among(db, NAMES, [(it.person_id,) for it in people])}


NAMED = """
select p.id from json_each(:ids) w cross join person p on p.id = w.value
 where instr(lower(p.shown), lower(:text)) > 0
"""


def named(db: Reader, people: Sequence[Affected], text: str) -> tuple[Affected, ...]:
    """Those of the people whose name has the text in it, in whatever case."""
    ids = json.dumps([it.person_id for it in people])
    found = {row[0] for row in db.execute(NAMED, {"ids": ids, "text": text})}
    return tuple(it for it in people if it.person_id in found)
