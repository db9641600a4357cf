"""Deploys: when a release came to an environment, as whoever brought it there says."""

from collections.abc import Iterable
from dataclasses import dataclass

from lighttrace.store.database import Reader, Transaction, among

MOST = 1_000  # of a release: the newest
MOST_NAME, MOST_ENVIRONMENT = 200, 64  # characters


@dataclass(frozen=True, slots=True)
class Deploy:
    """Times are ms; what is not said to have an end has ended when it was told."""

    id: int
    environment: str
    name: str | None
    url: str | None
    started_at: int | None
    finished_at: int


COLUMNS = "d.id, d.environment, d.name, d.url, d.started_at, d.finished_at"
ADD = """
insert into deploy as d(release_id, environment, name, url, started_at, finished_at)
values (?, ?, ?, ?, ?, ?) returning id, environment, name, url, started_at, finished_at
"""
TRIM = """
delete from deploy where id in (
  select id from deploy where release_id = ? order by finished_at desc, id desc limit -1 offset ?)
"""


def add(
    tx: Transaction,
    release_id: int,
    environment: str,
    finished_at: int,
    *,
    started_at: int | None = None,
    name: str | None = None,
    url: str | None = None,
) -> Deploy:
    values = (release_id, environment, name, url, started_at, finished_at)
    made = Deploy(*tx.execute(ADD, values).fetchone())
    tx.execute(TRIM, (release_id, MOST))
    return made


OF_RELEASE = f"""
select {COLUMNS} from deploy d where d.release_id = ?
 order by d.finished_at desc, d.id desc limit ?
"""


def of_release(db: Reader, release_id: int, limit: int = MOST) -> list[Deploy]:
    """The newest first."""
    return [Deploy(*row) for row in db.execute(OF_RELEASE, (release_id, limit))]


@dataclass(frozen=True, slots=True)
class Summary:
    """What lists say of the deploys of a release."""

    count: int
    last: Deploy


COUNTS = """
with wanted(id) as ({values})
select w.id, (select count(*) from deploy where release_id = w.id)
  from (select distinct id from wanted) w
"""


def summaries(db: Reader, release_ids: Iterable[int]) -> dict[int, Summary]:
    """Of those releases that were deployed."""
    keys = [(release_id,) for release_id in set(release_ids)]
    return {
        release_id: Summary(count, of_release(db, release_id, 1)[0])
        for release_id, count in among(db, COUNTS, keys)
        if count
    }
