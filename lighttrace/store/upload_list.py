"""What was uploaded for a project, as its pages list it; and taken back, build by build."""

from dataclasses import dataclass
from typing import NamedTuple

from lighttrace.store.bundles import State
from lighttrace.store.database import Reader, Transaction


class Key(NamedTuple):
    """Where an upload stands in the list: the newest first."""

    at: int
    release: str
    dist: str
    bundle_id: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A bundle as one build has it; `at`: when it was uploaded for it last. Times are ms."""

    release: str
    dist: str
    bundle_id: int
    tool: str
    at: int
    state: State
    error: str | None
    files: int
    size_bytes: int
    used_at: int

    @property
    def key(self) -> Key:
        return Key(self.at, self.release, self.dist, self.bundle_id)


FIRST = Key(2**62, "", "", 0)
PAGE = """
select u.release, u.dist, b.id, u.tool, u.at, b.state, b.error, b.files, b.size_bytes, b.used_at
  from bundle_build u cross join bundle b on b.id = u.bundle_id
 where u.project_id = ? and (u.at, u.release, u.dist, u.bundle_id) < (?, ?, ?, ?)
   and b.state <> 'gone'
 order by u.at desc, u.release desc, u.dist desc, u.bundle_id desc limit ?
"""


def page(db: Reader, project_id: int, before: Key, limit: int) -> list[Listed]:
    """What was uploaded for the project before that one, whatever became of it."""
    return [Listed(*row) for row in db.execute(PAGE, (project_id, *before, limit))]


OF_RELEASE = """
select u.release, u.dist, b.id, u.tool, u.at, b.state, b.error, b.files, b.size_bytes, b.used_at
  from bundle_build u cross join bundle b on b.id = u.bundle_id and b.state <> 'gone'
 where u.project_id = ? and u.release = ? order by u.at desc, b.id desc limit ?
"""


def of_release(db: Reader, project_id: int, release: str, limit: int = 50) -> list[Listed]:
    """What was uploaded for a release, the newest first."""
    return [Listed(*row) for row in db.execute(OF_RELEASE, (project_id, release, limit))]


WITHDRAW = """
delete from bundle_build where project_id = ? and release = ? and dist = ? and bundle_id = ?
"""


def withdraw(tx: Transaction, project_id: int, release: str, dist: str, bundle_id: int) -> bool:
    """The bundle is of this build no more; once it is of none, it goes (`unused.py`)."""
    values = (project_id, release, dist, bundle_id)
    return tx.execute(WITHDRAW, values).rowcount > 0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file came from: its name in its bundle, and the newest build that has the bundle."""

    url: str
    release: str
    dist: str
    tool: str
    at: int


ORIGIN = """
select f.url, u.release, u.dist, u.tool, u.at
  from bundle_file f indexed by bundle_file_artifact
 cross join bundle_build u indexed by bundle_build_bundle
    on u.bundle_id = f.bundle_id and u.project_id = ?
 where f.artifact_id = ? and f.bundle_id = ? order by u.at desc limit 1
"""


def origin(db: Reader, project_id: int, bundle_id: int, artifact_id: int) -> Origin | None:
    row = db.execute(ORIGIN, (project_id, artifact_id, bundle_id)).fetchone()
    return None if row is None else Origin(*row)


NAMES = """
select distinct f.url from bundle_build u
 cross join bundle b on b.id = u.bundle_id and b.state = 'ok'
 cross join bundle_file f on f.bundle_id = u.bundle_id
 cross join artifact a on a.id = f.artifact_id and a.kind = 'script'
 where u.project_id = ? and u.release = ? and u.dist = ? limit ?
"""


def some_names(db: Reader, project_id: int, release: str, dist: str, limit: int) -> list[str]:
    """What some of the scripts of a build are called."""
    return [row[0] for row in db.execute(NAMES, (project_id, release, dist, limit))]


MOST_COUNTED = 10_000  # maps: what a person reads as "many"
MAPS = f"""
select count(*) from (select 1 from bundle_build u
 cross join bundle b on b.id = u.bundle_id and b.state = 'ok'
 cross join bundle_file f on f.bundle_id = u.bundle_id
 cross join artifact a on a.id = f.artifact_id and a.kind = 'map'
 where u.project_id = ? and u.release = ? limit {MOST_COUNTED})
"""


def maps_of(db: Reader, project_id: int, release: str) -> int:
    """How many source maps were uploaded for a release."""
    return int(db.execute(MAPS, (project_id, release)).fetchone()[0])
