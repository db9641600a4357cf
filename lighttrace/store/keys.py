"""Keys: what the DSN of a project is made of. Disabled ones are kept, so that their requests can be
told apart from guesses.
"""

import secrets
import sqlite3
from dataclasses import dataclass

from lighttrace.errors import DiskError
from lighttrace.store.database import Reader, Transaction

COLUMNS = "id, project_id, public, label, created_at, disabled_at, used_at"


@dataclass(frozen=True, slots=True)
class Key:
    """`disabled_at` may lie ahead: a key that was replaced works until then. `archived`: so is its
    project, as far as that was asked for.
    """

    id: int
    project_id: int
    public: str  # 32 hex
    label: str | None
    created_at: int
    disabled_at: int | None
    used_at: int | None  # when it was last accepted, to about ten seconds
    archived: bool = False

    def works(self, now_ms: int) -> bool:
        return self.disabled_at is None or self.disabled_at > now_ms


OF_PROJECT = f"select {COLUMNS} from project_key where project_id = ? order by id"


def of_project(db: Reader, project_id: int) -> list[Key]:
    return [Key(*row) for row in db.execute(OF_PROJECT, (project_id,))]


EVERY = f"""
select {COLUMNS}, project_id in (select id from project where archived_at is not null)
  from project_key
 where project_id in (select id from project where deleted_at is null)
"""


def every(db: Reader) -> list[Key]:
    """The keys of all projects that are not deleted, disabled ones too."""
    return [Key(*row) for row in db.execute(EVERY)]


BY_PUBLIC = EVERY + " and public = ?"


def by_public(db: Reader, public: str) -> Key | None:
    row = db.execute(BY_PUBLIC, (public,)).fetchone()
    return None if row is None else Key(*row)


ADD = f"""
insert into project_key(project_id, public, label, created_at) values(?, ?, ?, ?)
returning {COLUMNS}
"""


def add(tx: Transaction, project_id: int, label: str | None, now_ms: int) -> Key:
    values = (project_id, secrets.token_hex(16), label, now_ms)
    return Key(*tx.execute(ADD, values).fetchone())


SET_DISABLED = "update project_key set disabled_at = ? where id = ? and project_id = ?"


def set_disabled(tx: Transaction, key_id: int, project_id: int, at_ms: int | None) -> bool:
    """Disable a key at `at_ms`, or enable it again with None. False if the project has no such."""
    return tx.execute(SET_DISABLED, (at_ms, key_id, project_id)).rowcount == 1


def rotate(tx: Transaction, key: Key, until_ms: int, now_ms: int) -> Key:
    """A new key with the label of an old one, which works until `until_ms`."""
    made = add(tx, key.project_id, key.label, now_ms)
    set_disabled(tx, key.id, key.project_id, until_ms)
    return made


TOUCH = "update project_key set used_at = ? where id = ?"


def touch(tx: Transaction, used: dict[int, int]) -> None:
    """Record when keys (id → ms) were last used."""
    tx.executemany(TOUCH, [(at, key_id) for key_id, at in used.items()])


class KeyCache:
    """All keys in memory: a request is let in or turned away without touching the disk.

    The writer puts in a new set when it, or a command in another process, has changed keys. A key
    that is not found is looked for in the table before it is called unknown (20 µs): SDKs never
    send a refused event again, so a key made a moment ago must work at once.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db  # read-only, for the loop's thread
        self._by_public: dict[str, Key] = {}

    def put(self, keys: list[Key]) -> None:
        """Replace what is known. One assignment, so any thread may call it."""
        self._by_public = {key.public: key for key in keys}

    def find(self, public: str) -> Key | None:
        """The key of that name, disabled or not; None if there is none. Raises DiskError."""
        key = self._by_public.get(public)
        if key is not None:
            return key
        try:
            key = by_public(self._db, public)
        except UnicodeEncodeError:
            return None  # a name no key can have
        except sqlite3.Error as error:
            raise DiskError(f"could not look for a key: {error}") from error
        if key is not None:
            self._by_public = {**self._by_public, public: key}
        return key
