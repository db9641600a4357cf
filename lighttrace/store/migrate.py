"""From the schema a file has to the schema this version knows: numbered SQL files, one transaction
each, the number kept in `PRAGMA user_version`. A file with data is copied before it is changed.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeAlias

from lighttrace.errors import StartError
from lighttrace.store import reindex
from lighttrace.store.database import (
    APPLICATION_ID,
    Fault,
    Transaction,
    damage,
    fault_of,
    not_ours,
    transaction,
)

Progress: TypeAlias = Callable[[str], None]  # is given lines for people

COPY_PAGES = 4096  # 32 MiB between two lines of progress
COPY_SPARE = 1.05  # the copy itself, and a little for the change to come


@dataclass(frozen=True, slots=True)
class Step:
    """One migration: the version it leads to, its statements, and what follows them."""

    version: int
    name: str
    sql: str
    then: Callable[[Transaction, Progress], None] | None = None


FOLLOWED_BY = {2: reindex.by_hash}


@cache
def shipped() -> tuple[Step, ...]:
    """The steps this version brings, in order: 1, 2, 3 … without a gap."""
    found = (f for f in files("lighttrace.store.migrations").iterdir() if f.name.endswith(".sql"))
    steps = tuple(
        Step(number, file.name, file.read_text("utf-8"), FOLLOWED_BY.get(number))
        for file in sorted(found, key=lambda file: file.name)
        if (number := int(file.name.split("_", 1)[0]))
    )
    assert [step.version for step in steps] == list(range(1, len(steps) + 1)), "a gap"
    return steps


def version_of(db: sqlite3.Connection, path: Path) -> int:
    """The schema version of a file, 0 for an empty one. Raises StartError if it is not ours."""
    try:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        application = int(db.execute("PRAGMA application_id").fetchone()[0])
        empty = db.execute("select 1 from sqlite_master limit 1").fetchone() is None
    except sqlite3.DatabaseError as error:
        if fault_of(error) is Fault.CORRUPT:
            raise StartError(damage(path, error)) from error
        raise StartError(f"{path} cannot be read as a database: {error}.") from error
    if not empty and application != APPLICATION_ID:
        raise not_ours(path)
    return version


def require_current(db: sqlite3.Connection, path: Path) -> None:
    """For commands, which never migrate: the file must have exactly the schema of this version."""
    version, newest = version_of(db, path), shipped()[-1].version
    if version > newest:
        raise _too_new(path, version, newest)
    if version < newest:
        raise StartError(
            f"{path} has schema {version}, this LightTrace needs {newest}. "
            "Start `lighttrace serve` once: it copies the file and brings it up to date."
        )


def migrate(
    db: sqlite3.Connection,
    path: Path,
    *,
    copy: bool = True,
    progress: Progress | None = None,
    steps: Sequence[Step] | None = None,
) -> int:
    """Bring a database up to date; returns how many steps were taken.

    Each step is whole or not there at all. Raises StartError: newer than we are, no room for the
    copy, a step that fails (the file is then as it was before that step).
    """
    steps = shipped() if steps is None else steps
    say = progress or (lambda line: None)
    before, newest = version_of(db, path), steps[-1].version
    if before > newest:
        raise _too_new(path, before, newest)
    todo = [step for step in steps if step.version > before]
    if todo and before > 0 and copy:
        _copy(db, path, path.with_name(f"{path.name}.before-{todo[0].version:04}"), say)
    for step in todo:
        if before > 0:
            say(f"changing the database: {step.name}")
        try:
            _take(db, step, say)
        except sqlite3.Error as error:
            if fault_of(error) is Fault.CORRUPT:
                raise StartError(damage(path, error)) from error
            raise StartError(
                f"The step {step.name} failed on {path}: {error}. The file is as it was before it."
            ) from error
    return len(todo)


def _too_new(path: Path, version: int, newest: int) -> StartError:
    return StartError(
        f"{path} was written by a newer LightTrace (schema {version}, this one knows {newest}). "
        f"Install that version again, or go back to the copy {path.name}.before-{newest + 1:04}."
    )


def _take(db: sqlite3.Connection, step: Step, say: Progress) -> None:
    db.execute("PRAGMA foreign_keys=OFF")  # a table may be built anew; checked below instead
    try:
        with transaction(db) as tx:
            _run(tx, step, say)
    finally:
        db.execute("PRAGMA foreign_keys=ON")


def _run(tx: Transaction, step: Step, say: Progress) -> None:
    for statement in _statements(step.sql):
        tx.execute(statement)
    if step.then is not None:
        step.then(tx, say)
    broken = tx.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise sqlite3.IntegrityError(f"row {broken[1]} of {broken[0]} lost its {broken[2]}")
    tx.execute(f"PRAGMA application_id={APPLICATION_ID}")
    tx.execute(f"PRAGMA user_version={step.version}")


def _statements(sql: str) -> Iterator[str]:
    """`executescript` would commit the transaction it runs in, so the script is cut here."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    rest = [line for line in statement.splitlines() if line.strip() and not line.startswith("--")]
    assert not rest, f"an unfinished statement: {statement[:200]!r}"


def _copy(db: sqlite3.Connection, path: Path, target: Path, say: Progress) -> None:
    size = path.stat().st_size
    free = shutil.disk_usage(path.parent).free
    if free < size * COPY_SPARE:
        raise StartError(
            f"The database must be changed for this version, and {path.parent} has no room for a "
            f"copy first ({free >> 20} MiB free, {int(size * COPY_SPARE) >> 20} MiB needed). "
            "Make room, or start once with --no-copy if you have a backup."
        )
    say(f"copying the database to {target.name} before it is changed ({size >> 20} MiB)")
    unfinished = target.with_name(target.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(path.stat().st_mode & 0o777)  # as private as what is in it
    last_said = 0

    def tell(status: int, remaining: int, total: int) -> None:
        nonlocal last_said
        percent = 100 * (total - remaining) // max(total, 1)
        if percent >= last_said + 10:
            last_said = percent
            say(f"copied {percent} %")

    try:
        with closing(sqlite3.connect(unfinished)) as copy:
            db.backup(copy, pages=COPY_PAGES, progress=tell)
    except (sqlite3.Error, OSError) as error:
        unfinished.unlink(missing_ok=True)
        if fault_of(error) is Fault.CORRUPT:
            raise StartError(damage(path, error)) from error
        raise StartError(f"Could not copy {path} to {target}: {error}.") from error
    unfinished.replace(target)
