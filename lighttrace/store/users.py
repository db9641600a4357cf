"""Users: the people who sign in. Passwords come here hashed; what is in `options` is theirs (theme,
keys, time zone). A disabled user is nowhere to be found, but his e-mail stays taken.
"""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from lighttrace.errors import TakenError
from lighttrace.event.model import Json
from lighttrace.store.database import Reader, Transaction

COLUMNS = "id, email, name, role, options, created_at, seen_at"


@dataclass(frozen=True, slots=True)
class User:
    """`role` is owner, admin, member or viewer. `seen_at` is exact to some minutes."""

    id: int
    email: str
    name: str
    role: str
    options: dict[str, Json]
    created_at: int
    seen_at: int | None


def of_row(row: Any) -> User:
    """A user out of COLUMNS, for the modules that join people."""
    user_id, email, name, role, options, created_at, seen_at = row
    return User(user_id, email, name, role, json.loads(options), created_at, seen_at)


ADD = f"""
insert into user(email, name, role, password, created_at) values (?, ?, ?, ?, ?)
returning {COLUMNS}
"""


def add(
    tx: Transaction, email: str, name: str, role: str, password_hash: str | None, now_ms: int
) -> User:
    """Raises TakenError if somebody has the e-mail, in whatever case."""
    email = email.strip()
    try:
        row = tx.execute(ADD, (email, name.strip(), role, password_hash, now_ms)).fetchone()
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            raise
        raise TakenError(f"There is already a user {email}.") from error
    return of_row(row)


BY_EMAIL = f"select {COLUMNS} from user where email = ? and disabled_at is null"


def by_email(db: Reader, email: str) -> User | None:
    row = db.execute(BY_EMAIL, (email.strip(),)).fetchone()
    return of_row(row) if row else None


BY_ID = f"select {COLUMNS} from user where id = ? and disabled_at is null"


def by_id(db: Reader, user_id: int) -> User | None:
    row = db.execute(BY_ID, (user_id,)).fetchone()
    return of_row(row) if row else None


EVERY = f"select {COLUMNS} from user where disabled_at is null order by name collate nocase, id"


def every(db: Reader) -> list[User]:
    return [of_row(row) for row in db.execute(EVERY)]


ANY_EXIST = "select exists(select 1 from user)"


def any_exist(db: Reader) -> bool:
    """Whether anybody was ever let in. Disabled users count: set-up must not open again."""
    return bool(db.execute(ANY_EXIST).fetchone()[0])


PASSWORD_HASH = "select password from user where id = ? and disabled_at is null"


def password_hash(db: Reader, user_id: int) -> str | None:
    row = db.execute(PASSWORD_HASH, (user_id,)).fetchone()
    return row[0] if row else None


SET_PASSWORD = "update user set password = ? where id = ?"


def set_password(tx: Transaction, user_id: int, password_hash: str) -> bool:
    """Sessions stay open: whoever changes a password says which of them end."""
    return tx.execute(SET_PASSWORD, (password_hash, user_id)).rowcount == 1


SET_NAME = "update user set name = ? where id = ?"


def set_name(tx: Transaction, user_id: int, name: str) -> bool:
    return tx.execute(SET_NAME, (name, user_id)).rowcount == 1


SET_OPTIONS = "update user set options = ? where id = ?"


def set_options(tx: Transaction, user_id: int, options: dict[str, Json]) -> bool:
    return tx.execute(SET_OPTIONS, (json.dumps(options), user_id)).rowcount == 1
