"""What was told of where the code of a release is: its commit, and code mappings."""

from dataclasses import dataclass

from lighttrace.store import repositories
from lighttrace.store.database import Reader


@dataclass(frozen=True, slots=True)
class Told:
    """`mappings`: how paths begin in events and in the repository, the longest first."""

    commit: str | None = None
    mappings: tuple[tuple[str, str], ...] = ()


REFS = """
select f.sha, r.name from release l
  cross join release_ref f on f.release_id = l.id
  cross join repository r on r.id = f.repository_id
 where l.version = ?
"""
NEWEST = """
select c.sha from release l cross join release_commit c on c.release_id = l.id and c.position = 0
 where l.version = ?
"""


def told(db: Reader, project_id: int, version: str | None, package: str) -> Told:
    """`package`: host and path of the repository that is linked to, such as
    `github.com/acme/shop`: a release may be built of several.
    """
    mappings = repositories.code_mappings(db, project_id)
    pairs = tuple((it.mapping.stack_root, it.mapping.source_root) for it in mappings)
    return Told(_commit(db, version, package.lower()) if version else None, pairs)


def _commit(db: Reader, version: str, package: str) -> str | None:
    """That of this repository; of any, where it is the only one; else the newest commit of the
    release.
    """
    refs = db.execute(REFS, (version,)).fetchall()
    own = [sha for sha, name in refs if f"/{package}".endswith(f"/{name.lower()}")]
    if own or len(refs) == 1:
        return str((own or [refs[0][0]])[0])
    row = db.execute(NEWEST, (version,)).fetchone() if not refs else None
    return None if row is None else str(row[0])
