"""Releases in the order in which they went out: by their last deploy, else by their first event,
else by when they were told of.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lighttrace.store import announced, deploys
from lighttrace.store.announced import Release
from lighttrace.store.database import Reader
from lighttrace.store.deploys import Deploy
from lighttrace.store.sight import Sight


class Key(NamedTuple):
    """Where a release stands in the list: the newest first."""

    at: int
    id: int


FIRST = Key(2**62, 0)


@dataclass(frozen=True, slots=True)
class Out:
    """A release and when it went out (ms). `deploy`: the last one, in the environment that was
    asked for; None: nobody has told of one.
    """

    release: Release
    at: int
    deploy: Deploy | None

    @property
    def key(self) -> Key:
        return Key(self.at, self.release.id)


OF_PROJECTS = """
with its(id, first_at) as (
  select release_id, min(first_event_at) from release_project indexed by release_project_first
   where project_id in (select value from json_each(:project_ids)) group by 1
  union all
  select release_id, null from release_told
   where project_id in (select value from json_each(:project_ids))),
 out(id, at) as (
  select k.id, coalesce((select max(d.finished_at) from deploy d
      where d.release_id = k.id and (:env is null or d.environment = :env)), k.at, r.added_at)
    from (select id, max(first_at) as at from its group by id) k
   cross join release r on r.id = k.id and r.status = 'open')
"""
PAGE = f"""
{OF_PROJECTS} select id, at from out where (at, id) < (:at, :id) order by at desc, id desc
 limit :limit
"""
SINCE = f"""
{OF_PROJECTS} select o.at, r.version from out o cross join release r on r.id = o.id
 where o.at >= :since order by o.at desc limit :limit
"""
COUNT = f"{OF_PROJECTS} select count(*), coalesce(sum(at >= :since), 0) from out"
LAST_IN = """
select d.id, d.environment, d.name, d.url, d.started_at, d.finished_at from deploy d
 where d.release_id = ? and (?2 is null or d.environment = ?2)
 order by d.finished_at desc, d.id desc limit 1
"""


def page(
    db: Reader,
    project_ids: Sequence[int],
    env: str | None,
    before: Key,
    limit: int,
    sight: Sight,
) -> list[Out]:
    """Releases of projects that went out before that one; archived ones are left out. `env` None =
    any: the last deploy to it says when.
    """
    values = {**_values(project_ids, env), "at": before.at, "id": before.id, "limit": limit}
    found = db.execute(PAGE, values).fetchall()
    known = {it.id: it for it in announced.of_ids(db, [row[0] for row in found], sight)}
    return [
        Out(known[release_id], at, last_deploy(db, release_id, env))
        for release_id, at in found
        if release_id in known
    ]


def count(
    db: Reader, project_ids: Sequence[int], env: str | None, since_ms: int
) -> tuple[int, int]:
    """How many releases there are, and how many of them went out since a moment."""
    row = db.execute(COUNT, {**_values(project_ids, env), "since": since_ms}).fetchone()
    return int(row[0]), int(row[1])


def since(
    db: Reader, project_ids: Sequence[int], env: str | None, since_ms: int, limit: int = 20
) -> list[tuple[int, str]]:
    """When (ms) what went out since a moment, the oldest first: the marks of a chart."""
    values = {**_values(project_ids, env), "since": since_ms, "limit": limit}
    return [(row[0], row[1]) for row in db.execute(SINCE, values)][::-1]


def last_deploy(db: Reader, release_id: int, env: str | None) -> Deploy | None:
    row = db.execute(LAST_IN, (release_id, env)).fetchone()
    return None if row is None else deploys.Deploy(*row)


def _values(project_ids: Sequence[int], env: str | None) -> dict[str, str | None]:
    return {"project_ids": json.dumps(list(project_ids)), "env": env}
