"""What a release was built of: its commits since the release before, the newest first, with the
paths they changed; or, where only that is told, the commit of each repository it was built of.

Suspects are looked for among them (docs/releases.md, "Commits").
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal, TypeAlias

from lighttrace.store import repositories
from lighttrace.store.database import Reader, Transaction, among

MOST = 1_000  # commits of a release: the newest
MOST_PATHS = 10_000  # of them together
BATCH = 1_000  # commits and paths in one transaction
MOST_MESSAGE = 4_096  # characters
MOST_PATH = 500
MOST_NAME = 200  # of repositories, authors and their addresses
MOST_SHA = 64
PathKind: TypeAlias = Literal["A", "M", "D"]  # added, modified, deleted


@dataclass(frozen=True, slots=True)
class Commit:
    """`at`: when it was made (ms). `paths`: what it changed, and how."""

    sha: str
    repository: str | None = None
    message: str = ""
    author_name: str | None = None
    author_email: str | None = None
    at: int | None = None
    paths: tuple[tuple[PathKind, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ref:
    repository: str
    sha: str
    previous: str | None


REMOVE = "delete from release_commit where release_id = ? and position >= ?"  # and their paths
ADD = """
insert or replace into release_commit(
  release_id, position, sha, repository_id, message, author_name, author_email, at)
values (?, ?, ?, ?, ?, ?, ?, ?)
"""
ADD_PATH = """
insert into commit_path(release_id, position, number, kind, path) values (?, ?, ?, ?, ?)
"""


def put(tx: Transaction, release_id: int, commits: Iterable[Commit], now_ms: int) -> None:
    """These are the release's commits, and no others: the newest MOST, with MOST_PATHS paths."""
    kept = within(commits)
    put_some(tx, release_id, 0, kept, now_ms)
    cut(tx, release_id, len(kept))


def within(commits: Iterable[Commit]) -> list[Commit]:
    """As many as are kept, with as many paths."""
    kept, left = [], MOST_PATHS
    for it in islice(commits, MOST):
        kept.append(replace(it, paths=it.paths[:left]))
        left -= len(kept[-1].paths)
    return kept


def batches(commits: Sequence[Commit]) -> Iterator[tuple[int, list[Commit]]]:
    """Commits that are written together, and the position of the first: 12 ms of the writer, where
    all that may be told takes 150.
    """
    some: list[Commit] = []
    rows = 0
    for position, it in enumerate(commits):
        some.append(it)
        rows += 1 + len(it.paths)
        if rows >= BATCH:
            yield position + 1 - len(some), some
            some, rows = [], 0
    yield len(commits) - len(some), some


def put_some(
    tx: Transaction, release_id: int, first: int, commits: Iterable[Commit], now_ms: int
) -> None:
    """Commits at these positions, instead of what is there. `cut` what is too many afterwards."""
    for position, it in enumerate(commits, first):
        repository_id = repositories.named(tx, it.repository, now_ms) if it.repository else None
        values = (it.sha, repository_id, it.message, it.author_name, it.author_email, it.at)
        tx.execute(ADD, (release_id, position, *values))
        rows = [(release_id, position, number, *path) for number, path in enumerate(it.paths)]
        tx.executemany(ADD_PATH, rows)


def cut(tx: Transaction, release_id: int, count: int) -> None:
    """Remove those from a position on."""
    tx.execute(REMOVE, (release_id, count))


REMOVE_REFS = "delete from release_ref where release_id = ?"
ADD_REF = """
insert or replace into release_ref(release_id, repository_id, sha, previous) values (?, ?, ?, ?)
"""


def put_refs(tx: Transaction, release_id: int, refs: Sequence[Ref], now_ms: int) -> None:
    """What each repository was at. None at all: the release has no commits either."""
    tx.execute(REMOVE_REFS, (release_id,))
    if not refs:
        cut(tx, release_id, 0)
    for it in refs:
        repository_id = repositories.named(tx, it.repository, now_ms)
        tx.execute(ADD_REF, (release_id, repository_id, it.sha, it.previous))


OF_RELEASE = """
select c.position, c.sha, r.name, c.message, c.author_name, c.author_email, c.at
  from release_commit c left join repository r on r.id = c.repository_id
 where c.release_id = ? and c.position >= ? order by c.position limit ?
"""
PATHS = """
select position, kind, path from commit_path where release_id = ? and position between ? and ?
 order by position, number
"""


def of_release(db: Reader, release_id: int, first: int = 0, limit: int = MOST) -> list[Commit]:
    """The commits of a release, the newest first, from a position on."""
    paths: dict[int, list[tuple[PathKind, str]]] = {}
    for position, kind, path in db.execute(PATHS, (release_id, first, first + limit - 1)):
        paths.setdefault(position, []).append((kind, path))
    rows = db.execute(OF_RELEASE, (release_id, first, limit))
    return [
        Commit(*(sha, repository, message, name, email, at), tuple(paths.get(position, ())))
        for position, sha, repository, message, name, email, at in rows
    ]


REFS = """
select r.name, f.sha, f.previous from release_ref f cross join repository r
    on r.id = f.repository_id
 where f.release_id = ? order by r.name
"""


def refs(db: Reader, release_id: int) -> list[Ref]:
    return [Ref(*row) for row in db.execute(REFS, (release_id,))]


@dataclass(frozen=True, slots=True)
class Summary:
    """What lists say of the commits of a release. `last`: the newest. `authors`: name and address,
    at most twenty.
    """

    count: int = 0
    last: str | None = None
    authors: tuple[tuple[str | None, str | None], ...] = ()


NO_COMMITS = Summary()
COUNTS = """
with wanted(id) as ({values})
select w.id, count(*), max(case when c.position = 0 then c.sha end)
  from (select distinct id from wanted) w cross join release_commit c on c.release_id = w.id
 group by w.id
"""
AUTHORS = """
select distinct author_name, author_email from release_commit
 where release_id = ? and coalesce(author_name, author_email) is not null limit 20
"""


def summaries(db: Reader, release_ids: Iterable[int]) -> dict[int, Summary]:
    """Of those releases that have commits."""
    keys = [(release_id,) for release_id in set(release_ids)]
    return {
        release_id: Summary(count, last, _authors(db, release_id))
        for release_id, count, last in among(db, COUNTS, keys)
    }


def _authors(db: Reader, release_id: int) -> tuple[Any, ...]:
    return tuple((name, email) for name, email in db.execute(AUTHORS, (release_id,)))
