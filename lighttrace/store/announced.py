"""What is told of a release, by whoever builds it, whether it has had an event or not.

A version is one release in all projects. It is of those it was told for and of those it has events
of; whoever sees one of them sees it, and what is of no project is seen by everybody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from lighttrace.errors import RefusedError
from lighttrace.store import commits, deploys
from lighttrace.store.database import Reader, Transaction, among
from lighttrace.store.interning import MOST_RELEASES, Releases
from lighttrace.store.sight import Sight

Status: TypeAlias = Literal["open", "archived"]


@dataclass(frozen=True, slots=True)
class Part:
    """A project that a release is of. Times (ms) are None as long as it has no events of it."""

    project_id: int
    slug: str
    name: str
    platform: str | None
    first_event_at: int | None
    last_event_at: int | None
    new_issues: int


@dataclass(frozen=True, slots=True)
class Release:
    """`added_at`: when it was first heard of. `parts`: the projects of it that are seen."""

    id: int
    version: str
    status: Status
    ref: str | None
    url: str | None
    added_at: int
    started_at: int | None
    released_at: int | None
    parts: tuple[Part, ...]
    commits: commits.Summary
    deploys: deploys.Summary | None


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a release; None leaves what is there."""

    status: Status | None = None
    ref: str | None = None
    url: str | None = None
    started_at: int | None = None
    released_at: int | None = None


NOTHING = Told()
FIND = "select id from release where version = ?"
PROJECTS = """
select project_id from release_told where release_id = ?1
 union select project_id from release_project where release_id = ?1
"""


def find(db: Reader, version: str, sight: Sight) -> int | None:
    """The id of a release, if it is seen."""
    row = db.execute(FIND, (version,)).fetchone()
    if row is None:
        return None
    its = [project_id for (project_id,) in db.execute(PROJECTS, (row[0],))]
    return int(row[0]) if not its or any(map(sight.sees, its)) else None


ADD_PROJECT = "insert or ignore into release_told(project_id, release_id) values (?, ?)"
TELL = """
update release set status = coalesce(:status, status), ref = coalesce(:ref, ref),
  url = coalesce(:url, url), started_at = coalesce(:started_at, started_at),
  released_at = coalesce(:released_at, released_at)
 where id = :id
"""


def tell(
    tx: Transaction,
    version: str,
    project_ids: Iterable[int],
    told: Told,
    now_ms: int,
) -> tuple[int, bool]:
    """Take what is told of a release: its id, and whether it is new. It is of these projects from
    now on, beside those it was of. Raises RefusedError if there are too many releases.
    """
    is_new = tx.execute(FIND, (version,)).fetchone() is None
    found = Releases().of(tx, version, now_ms)
    if found is None:
        raise RefusedError(f"There are {MOST_RELEASES:,} releases, which is as many as are kept.")
    tx.executemany(ADD_PROJECT, [(project_id, found.id) for project_id in project_ids])
    values = {
        **{"status": told.status, "ref": told.ref, "url": told.url},
        **{"started_at": told.started_at, "released_at": told.released_at, "id": found.id},
    }
    tx.execute(TELL, values)
    return found.id, is_new


HAS_EVENTS = "select exists(select 1 from release_project where release_id = ?)"
DELETE = "delete from release where id = ?"


def delete(tx: Transaction, release_id: int, sight: Sight) -> None:
    """Forget a release, its commits and its deploys. Raises RefusedError if events name it: they
    would name nothing; and if it is of projects, too, that are not seen.
    """
    its = [project_id for (project_id,) in tx.execute(PROJECTS, (release_id,))]
    if not all(map(sight.sees, its)):
        raise RefusedError(
            "This release is of projects, too, that this token does not see, so it stays."
        )
    if tx.execute(HAS_EVENTS, (release_id,)).fetchone()[0]:
        raise RefusedError("Events name this release, so it stays. Archive it instead.")
    tx.execute(DELETE, (release_id,))


ROWS = """
with wanted(id) as ({values})
select r.id, r.version, r.status, r.ref, r.url, r.added_at, r.started_at, r.released_at
  from (select distinct id from wanted) w cross join release r on r.id = w.id order by r.id desc
"""
PARTS = """
with wanted(id) as ({values}),
  part(release_id, project_id) as (
    select w.id, t.project_id from wanted w cross join release_told t on t.release_id = w.id
    union select w.id, e.project_id from wanted w cross join release_project e
      on e.release_id = w.id)
select t.release_id, project.id, slug, project.name, platform,
       e.first_event_at, e.last_event_at, coalesce(e.new_issues, 0)
  from part t cross join project on project.id = t.project_id and deleted_at is null
  left join release_project e on e.project_id = t.project_id and e.release_id = t.release_id
 order by slug
"""


def of_ids(db: Reader, release_ids: Sequence[int], sight: Sight) -> list[Release]:
    """Those that are there, the newest first."""
    keys = [(release_id,) for release_id in release_ids]
    parts: dict[int, list[Part]] = {}
    for release_id, *part in among(db, PARTS, keys):
        if sight.sees(part[0]):
            parts.setdefault(release_id, []).append(Part(*part))
    built, brought = commits.summaries(db, release_ids), deploys.summaries(db, release_ids)
    return [
        _release(
            *row,
            tuple(parts.get(row[0], ())),
            built.get(row[0], commits.NO_COMMITS),
            brought.get(row[0]),
        )
        for row in among(db, ROWS, keys)
    ]


def _release(*columns: Any) -> Release:
    return Release(*columns)


NEWEST = "select id from release where id < ? order by id desc limit ?"
NEWEST_OF_PROJECT = """
select release_id from (
  select release_id from release_told where project_id = :project_id and release_id < :before
   order by release_id desc limit :limit)
 union
select release_id from (
  select release_id from release_project where project_id = :project_id and release_id < :before
   order by release_id desc limit :limit)
"""


def newest(
    db: Reader, project_ids: Iterable[int] | None, before: int | None, limit: int
) -> list[int]:
    """Ids of the releases last heard of first, those before one; of these projects, or of all."""
    before = 2**62 if before is None else before
    if project_ids is None:
        return [row[0] for row in db.execute(NEWEST, (before, limit))]
    found: set[int] = set()
    for project_id in project_ids:
        values = {"project_id": project_id, "before": before, "limit": limit}
        found.update(row[0] for row in db.execute(NEWEST_OF_PROJECT, values))
    return sorted(found, reverse=True)[:limit]


BEFORE_WITH_COMMITS = """
select r.id from release r
 where r.id < ?1 and exists(select 1 from release_commit c where c.release_id = r.id)
   and (not exists(select 1 from release_told where release_id = ?1)
     or exists(select 1 from release_told a cross join release_told b
        on b.project_id = a.project_id and b.release_id = r.id where a.release_id = ?1))
 order by r.id desc limit 1
"""


def before_with_commits(db: Reader, release_id: int) -> int | None:
    """The release before one that has commits, of one of its projects if it was told for any."""
    row = db.execute(BEFORE_WITH_COMMITS, (release_id,)).fetchone()
    return None if row is None else int(row[0])
