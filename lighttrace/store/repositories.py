"""Repositories, known by the names that builds give them, and where in them a project's code is."""

from collections.abc import Iterable
from dataclasses import dataclass

from lighttrace.errors import RefusedError
from lighttrace.store.database import Reader, Transaction

MOST = 1_000
MOST_MAPPINGS = 1_000  # of a project


@dataclass(frozen=True, slots=True)
class Repository:
    id: int
    name: str
    added_at: int


EVERY = "select id, name, added_at from repository order by name"


def every(db: Reader) -> list[Repository]:
    return [Repository(*row) for row in db.execute(EVERY)]


FIND = "select id from repository where name = ?"
COUNT = "select count(*) from repository"
ADD = "insert into repository(name, added_at) values (?, ?) returning id"


def named(tx: Transaction, name: str, now_ms: int) -> int:
    """The id of a repository, which is made if it is new. Raises RefusedError at MOST."""
    row = tx.execute(FIND, (name,)).fetchone()
    if row is None:
        if tx.execute(COUNT).fetchone()[0] >= MOST:
            raise RefusedError(f"{MOST:,} repositories are as many as can be named.")
        row = tx.execute(ADD, (name, now_ms)).fetchone()
    return int(row[0])


BY_ID = "select id, name, added_at from repository where id = ?"


def ensure(tx: Transaction, name: str, now_ms: int) -> Repository:
    """The repository of that name. Raises RefusedError at MOST."""
    return Repository(*tx.execute(BY_ID, (named(tx, name, now_ms),)).fetchone())


@dataclass(frozen=True, slots=True)
class Mapping:
    """A path that begins with `stack_root` begins with `source_root` in the repository."""

    stack_root: str
    source_root: str


@dataclass(frozen=True, slots=True)
class CodeMapping:
    """`branch`: what links lead to where the commit is not known."""

    id: int
    repository: str
    branch: str
    mapping: Mapping


OF_PROJECT = """
select m.id, r.name, m.branch, m.stack_root, m.source_root
  from code_mapping m cross join repository r on r.id = m.repository_id
 where m.project_id = ? order by length(m.stack_root) desc, m.stack_root, m.source_root
"""


def code_mappings(db: Reader, project_id: int) -> list[CodeMapping]:
    """Those of a project, the most particular first."""
    return [
        CodeMapping(id_, name, branch, Mapping(stack_root, source_root))
        for id_, name, branch, stack_root, source_root in db.execute(OF_PROJECT, (project_id,))
    ]


KNOWN = """
select id from code_mapping where project_id = ? and stack_root = ? and source_root = ?
"""
PUT = """
insert into code_mapping(project_id, repository_id, branch, stack_root, source_root, changed_at)
values (?, ?, ?, ?, ?, ?)
on conflict(project_id, stack_root, source_root) do update set
  repository_id = excluded.repository_id, branch = excluded.branch, changed_at = excluded.changed_at
"""
COUNT_MAPPINGS = "select count(*) from code_mapping where project_id = ?"


def put_mappings(
    tx: Transaction,
    project_id: int,
    repository: str,
    branch: str,
    mappings: Iterable[Mapping],
    now_ms: int,
) -> list[bool]:
    """Add mappings, or have them lead elsewhere; of each, whether it is new. Raises RefusedError
    at MOST_MAPPINGS.
    """
    repository_id, are_new = named(tx, repository, now_ms), []
    for it in mappings:
        key = (project_id, it.stack_root, it.source_root)
        are_new.append(tx.execute(KNOWN, key).fetchone() is None)
        values = (project_id, repository_id, branch, it.stack_root, it.source_root, now_ms)
        tx.execute(PUT, values)
    if tx.execute(COUNT_MAPPINGS, (project_id,)).fetchone()[0] > MOST_MAPPINGS:
        raise RefusedError(f"A project may have {MOST_MAPPINGS:,} code mappings.")
    return are_new
