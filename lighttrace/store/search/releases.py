"""Which releases a value means: a version, a pattern, `latest`, `~1.2`, those from 2.0 on."""

import json
import re

from lighttrace.errors import QueryError
from lighttrace.event.query.tree import Term, Value
from lighttrace.event.query.values import holds
from lighttrace.event.version import number_of, package_of, sort_key
from lighttrace.store.database import Reader

BY_VERSION = "select id, version from release where version = ?"
EVERY = "select id, version, sort_key from release"
PART_BYTES = 8  # of `sort_key`, for each number of a version


def meant(db: Reader, term: Term, project_ids: tuple[int, ...] | None) -> dict[int, str]:
    """id → version of the releases that a term means; none is an answer too."""
    found: dict[int, str] = {}
    for value in term.values:
        if term.op:
            found |= _compared(db, term, value)
        elif value.text == "latest":
            found |= latest(db, project_ids)
        elif value.is_pattern:
            found |= _where(db, value.pattern())
        elif value.text.startswith("~"):
            found |= _near(db, term, value.text[1:])
        else:
            found |= dict(db.execute(BY_VERSION, (value.text,)).fetchall())
            if "@" not in value.text:  # the number alone, of whatever package
                found |= _where(db, re.compile(rf"(?:.*@)?{re.escape(value.text)}"))
    return found


def _where(db: Reader, pattern: re.Pattern[str]) -> dict[int, str]:
    return {row[0]: row[1] for row in db.execute(EVERY) if pattern.fullmatch(row[1])}


def _compared(db: Reader, term: Term, value: Value) -> dict[int, str]:
    wanted = sort_key(value.text)
    if wanted is None:
        raise QueryError(f"{value.text[:50]} is no version that could be compared with.", 0, 0)
    package = package_of(value.text)
    return {
        release_id: version
        for release_id, version, key in db.execute(EVERY)
        if key is not None
        and (not package or package_of(version) == package)
        and holds(term.op, (key > wanted) - (key < wanted))
    }


def _near(db: Reader, term: Term, text: str) -> dict[int, str]:
    """`~1.2`: 1.2 itself, 1.2.0, 1.2.17, and what came before them (1.2.0-beta)."""
    wanted = sort_key(text)
    parts = number_of(text).removeprefix("v").split(".")
    if wanted is None or not all(part.isdigit() for part in parts) or len(parts) > 4:
        raise QueryError(f"~ stands before a version, such as release:~1.2; not {text[:50]}.", 0, 0)
    package, length = package_of(text), PART_BYTES * len(parts)
    return {
        release_id: version
        for release_id, version, key in db.execute(EVERY)
        if key is not None
        and key[:length] == wanted[:length]
        and (not package or package_of(version) == package)
    }


OF_ALL = """
select p.project_id, r.id, r.version, r.package, r.sort_key from release_project p
 cross join release r on r.id = p.release_id
"""
OF_PROJECTS = f"{OF_ALL} where p.project_id in (select value from json_each(?))"


def latest(db: Reader, project_ids: tuple[int, ...] | None) -> dict[int, str]:
    """The latest of each project and package: by version if the newest has one, else the newest."""
    if project_ids is None:
        rows = db.execute(OF_ALL)
    else:
        rows = db.execute(OF_PROJECTS, (json.dumps(project_ids),))
    packages: dict[tuple[int, str], list[tuple[int, str, bytes | None]]] = {}
    for project_id, release_id, version, package, key in rows:
        packages.setdefault((project_id, package), []).append((release_id, version, key))
    found = {}
    for several in packages.values():
        newest = max(several)
        if newest[2] is not None:
            newest = max((it for it in several if it[2] is not None), key=lambda it: (it[2], it[0]))
        found[newest[0]] = newest[1]
    return found
