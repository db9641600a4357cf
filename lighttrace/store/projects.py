"""Projects: what a DSN points at. The slug is part of every address and short id, so it never
changes.
"""

import re
import secrets
import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lighttrace.errors import TakenError
from lighttrace.store import keys
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.sight import ALL, Sight

COLUMNS = "id, slug, name, platform, short_prefix, first_event_at, created_at, archived_at"
MOST_SLUG = 50  # characters; short ids begin with it
MOST_NAME = 100


@dataclass(frozen=True, slots=True)
class Project:
    """`short_prefix` begins the short ids of its issues. `first_event_at`: None until one came.
    `archived_at`: since when it takes no events; its pages stay.
    """

    id: int
    slug: str
    name: str
    platform: str | None
    short_prefix: str
    first_event_at: int | None
    created_at: int
    archived_at: int | None = None


EVERY = f"select {COLUMNS} from project where deleted_at is null order by name collate nocase, id"


def every(db: Reader, sight: Sight) -> list[Project]:
    return [it for it in (Project(*row) for row in db.execute(EVERY)) if sight.sees(it.id)]


def waiting(looked_at: Sequence[Project]) -> Project | None:
    """The last one of these, if none of them has ever had an event."""
    if any(it.first_event_at is not None for it in looked_at):
        return None
    return looked_at[-1] if looked_at else None


BY_SLUG = f"select {COLUMNS} from project where slug = ? and deleted_at is null"


def by_slug(db: Reader, slug: str, sight: Sight) -> Project | None:
    return _seen(db.execute(BY_SLUG, (slug,)).fetchone(), sight)


BY_ID = f"select {COLUMNS} from project where id = ? and deleted_at is null"


def by_id(db: Reader, project_id: int, sight: Sight) -> Project | None:
    return _seen(db.execute(BY_ID, (project_id,)).fetchone(), sight)


def _seen(row: Any, sight: Sight) -> Project | None:
    """What is not theirs is not there."""
    return Project(*row) if row and sight.sees(row[0]) else None


ADD = f"""
insert into project(slug, name, platform, short_prefix, salt, created_at)
values (?, ?, ?, ?, ?, ?) returning {COLUMNS}
"""


def add(
    tx: Transaction, name: str, now_ms: int, *, slug: str | None = None, platform: str | None = None
) -> Project:
    """Make a project with its first key. Without `slug` one is made from the name and numbered
    until it is free; raises TakenError if a slug that was asked for is not.
    """
    name = " ".join(name.split())[:MOST_NAME] or "project"
    chosen = slug or _free_slug(tx, slug_of(name))
    values = (chosen, name, platform, chosen.upper(), secrets.token_bytes(16), now_ms)
    try:
        row = tx.execute(ADD, values).fetchone()
    except sqlite3.IntegrityError as error:
        raise TakenError(f"There is already a project {chosen}.") from error
    project = Project(*row)
    keys.add(tx, project.id, "default", now_ms)
    return project


def ensure(
    tx: Transaction, slug: str, name: str | None, platform: str | None, now_ms: int
) -> Project | None:
    """The project of that slug, made with a key if it is missing, named as the file says. None if
    somebody has deleted it: the file does not bring it back.
    """
    found = by_slug(tx, slug, ALL)
    if found is None:
        if tx.execute(SLUG_TAKEN, (slug,)).fetchone():
            return None
        return add(tx, name or slug, now_ms, slug=slug, platform=platform)
    name, platform = name or found.name, platform or found.platform
    if (name, platform) == (found.name, found.platform):
        return found
    return _put_name(tx, found.id, name, platform)


RENAME = f"update project set name = ?, platform = ? where id = ? returning {COLUMNS}"


def _put_name(tx: Transaction, project_id: int, name: str, platform: str | None) -> Project:
    return Project(*tx.execute(RENAME, (name, platform, project_id)).fetchone())


def rename(tx: Transaction, project: Project, name: str) -> Project:
    """Another name; the slug, and so every address and short id, stays."""
    name = " ".join(name.split())[:MOST_NAME] or project.name
    return _put_name(tx, project.id, name, project.platform)


ARCHIVE = """
update project set archived_at = ? where id = ? and (archived_at is null) = ? and deleted_at is null
"""


def archive(tx: Transaction, project_id: int, now_ms: int) -> bool:
    """Take no more events for it. False if it was archived already."""
    return tx.execute(ARCHIVE, (now_ms, project_id, 1)).rowcount == 1


def unarchive(tx: Transaction, project_id: int) -> bool:
    """Take events for it again. False if it was not archived."""
    return tx.execute(ARCHIVE, (None, project_id, 0)).rowcount == 1


DELETE = "update project set deleted_at = ? where id = ? and deleted_at is null"


def delete(tx: Transaction, project_id: int, now_ms: int) -> bool:
    """It is nowhere from now on, and its keys open nothing; `erasing` removes what it held. False
    if it was deleted already.
    """
    return tx.execute(DELETE, (now_ms, project_id)).rowcount == 1


def slug_of(name: str, noun: str = "project") -> str:
    """Lower-case letters, digits and dashes, as close to the name as that allows. Never only
    digits: wherever a slug is taken, an id is taken too.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MOST_SLUG].strip("-")
    if not slug:
        return noun
    return f"{noun}-{slug}"[:MOST_SLUG] if slug.isdigit() else slug


SLUG_TAKEN = "select 1 from project where slug = ?"  # a deleted project keeps its slug


def _free_slug(tx: Transaction, wanted: str) -> str:
    slug, number = wanted, 1
    while tx.execute(SLUG_TAKEN, (slug,)).fetchone():
        number += 1
        slug = f"{wanted[: MOST_SLUG - 7]}-{number}"
    return slug
