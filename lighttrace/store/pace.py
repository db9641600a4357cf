"""How long people took: from the beginning of an issue, or from its coming back, to the first thing
somebody did about it, and to its being resolved. Read from the activity; what was taken back does
not count.

To acknowledge is told of what began in the time looked at, and was taken up within a week: tidying
up an issue of last month says nothing about how soon somebody is there. To resolve is told of what
was resolved in it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from lighttrace.store.activity import UNDO_MS
from lighttrace.store.database import Reader
from lighttrace.store.issues import short_id

WEEK_MS = 7 * 24 * 60 * 60 * 1000
MOST_READ = 5_000  # changes of a fortnight; more say no more about the middle of them
ACTS = ("acknowledged", "assigned", "resolved", "archived")


@dataclass(frozen=True, slots=True)
class Pace:
    """The median (ms) of the last seven days, of the seven before, and of how many issues it is.
    None: there was none.
    """

    last_ms: int | None
    before_ms: int | None
    count: int


# The start of a change: when its issue came back last, or began. What comes after something else
# of the same kinds since that start is not the first.
TAKEN = """
with done as materialized (
  select a.id, a.issue_id, a.at, coalesce((
      select max(r.at) from activity r
       where r.issue_id = a.issue_id and r.kind = 'regressed' and r.at <= a.at
    ), i.created_at) as began
    from activity a indexed by activity_person cross join issue i on i.id = a.issue_id
   where a.user_id is not null and a.at >= :since
     and a.kind in (select value from json_each(:kinds))
     and (:project_ids is null or i.project_id in (select value from json_each(:project_ids)))
   order by a.at desc limit :most)
select d.began, d.at from done d
 where not exists(select 1 from activity b where b.issue_id = d.issue_id and b.at >= d.began
     and (b.at, b.id) < (d.at, d.id) and b.user_id is not null
     and b.kind in (select value from json_each(:kinds)))
   and not exists(select 1 from activity u where u.issue_id = d.issue_id and u.kind = 'undone'
     and u.at between d.at and d.at + :undo_ms)
"""


def _taken(
    db: Reader, project_ids: Sequence[int] | None, kinds: Sequence[str], now_ms: int
) -> list[tuple[int, int]]:
    """(begun, done) of what people did in the last fortnight."""
    values = {
        "since": now_ms - 2 * WEEK_MS,
        "kinds": json.dumps(kinds),
        "project_ids": None if project_ids is None else json.dumps(list(project_ids)),
        "most": MOST_READ,
        "undo_ms": UNDO_MS,
    }
    return [(began, done) for began, done in db.execute(TAKEN, values)]


def _pace(spans: Iterable[tuple[int, int, int]], now_ms: int) -> Pace:
    """`spans` are (what says which week it belongs to, begun, done)."""
    last: list[int] = []
    before: list[int] = []
    for at, began, done in spans:
        if at >= now_ms - 2 * WEEK_MS:
            (last if at >= now_ms - WEEK_MS else before).append(max(0, done - began))
    return Pace(
        int(median(last)) if last else None, int(median(before)) if before else None, len(last)
    )


def to_acknowledge(db: Reader, project_ids: Sequence[int] | None, now_ms: int) -> Pace:
    """Until somebody did anything about it."""
    taken = _taken(db, project_ids, ACTS, now_ms)
    soon = ((began, began, done) for began, done in taken if done - began <= WEEK_MS)
    return _pace(soon, now_ms)


def to_resolve(db: Reader, project_ids: Sequence[int] | None, now_ms: int) -> Pace:
    taken = _taken(db, project_ids, ("resolved",), now_ms)
    return _pace(((done, began, done) for began, done in taken), now_ms)


RECENT = """
select a.at, u.name, a.kind, i.title, j.short_prefix, i.short, j.slug
  from activity a indexed by activity_person cross join issue i on i.id = a.issue_id
 cross join project j on j.id = i.project_id and j.deleted_at is null
  left join user u on u.id = a.user_id
 where a.user_id is not null and a.at >= :since and (:project_ids is null
   or i.project_id in (select value from json_each(:project_ids)))
 order by a.at desc limit :most
"""


@dataclass(frozen=True, slots=True)
class Done:
    """Something somebody did, for a list over many issues."""

    at: int
    user_name: str | None
    kind: str
    title: str
    short_id: str
    project_slug: str


def recent(db: Reader, project_ids: Sequence[int] | None, since_ms: int, most: int) -> list[Done]:
    """The newest things people did since a moment, newest first."""
    values = {
        "since": since_ms,
        "project_ids": None if project_ids is None else json.dumps(list(project_ids)),
        "most": most,
    }
    return [
        Done(at, name, kind, title, short_id(prefix, number), slug)
        for at, name, kind, title, prefix, number, slug in db.execute(RECENT, values)
    ]
