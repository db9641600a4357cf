"""Users: the people who sign in. Passwords come here hashed; what is in `options` is theirs (theme,
keys, time zone). A disabled user is nowhere to be found, but the e-mail stays taken.

Who may change whom is decided here, inside the transaction that changes: docs/roles.md, "People".
"""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from lighttrace.errors import RefusedError, TakenError
from lighttrace.event.model import Json
from lighttrace.store.database import Reader, Transaction

COLUMNS = "id, email, name, role, options, created_at, seen_at"
ROLES = ("viewer", "member", "admin", "owner")  # each may what those before it may, and more


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


ANYBODY_BY_EMAIL = f"select {COLUMNS} from user where email = ?"


def anybody(db: Reader, email: str) -> User | None:
    """Somebody by e-mail, disabled or not."""
    row = db.execute(ANYBODY_BY_EMAIL, (email.strip(),)).fetchone()
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


SAW = "update user set seen_at = ? where id = ?"


def saw(tx: Transaction, user_id: int, at_ms: int) -> None:
    """Note when somebody was here. Sessions do it themselves."""
    tx.execute(SAW, (at_ms, user_id))


def may_give(giver: str, role: str) -> bool:
    """Whether somebody in the role `giver` may make somebody a `role`: never more than they are."""
    return giver in ("admin", "owner") and ROLES.index(role) <= ROLES.index(giver)


SET_ROLE = "update user set role = ? where id = ?"


def set_role(tx: Transaction, user_id: int, role: str, by_id: int | None) -> User:
    """Give somebody another role; the person as they were before. `by_id` None: a command, which
    may do everything but leave LightTrace without an owner. With a lower role the sessions end.
    Raises RefusedError.
    """
    was = for_change(tx, user_id, by_id)
    if by_id is not None and not may_give(_role(tx, by_id), role):
        raise RefusedError("Nobody gives a role that is higher than their own.")
    if was.role == "owner" and role != "owner":
        _keep_an_owner(tx, user_id)
    tx.execute(SET_ROLE, (role, user_id))
    if ROLES.index(role) < ROLES.index(was.role):
        for sql in END_SESSIONS:
            tx.execute(sql, (user_id,))
    if role not in ("admin", "owner"):
        tx.execute(WITHDRAW, (user_id,))
    return was


DISABLE = "update user set disabled_at = ? where id = ?"
# Links somebody made for others are worth as much as the rights they were made with.
WITHDRAW = "delete from invite where created_by = ? and used_at is null"
END_SESSIONS = (
    "delete from web_session where user_id = ?",
    "delete from sign_in where user_id = ?",
)
END = (*END_SESSIONS, "delete from invite where user_id = ?", WITHDRAW)
END_TOKENS = "update api_token set revoked_at = ? where user_id = ? and revoked_at is null"


def disable(tx: Transaction, user_id: int, by_id: int | None, now_ms: int) -> User:
    """Shut somebody out: sessions, tokens and links end with it, for good. Raises RefusedError."""
    if user_id == by_id:
        raise RefusedError("Nobody can disable themselves; ask another owner or admin.")
    person = for_change(tx, user_id, by_id)
    if person.role == "owner":
        _keep_an_owner(tx, user_id)
    tx.execute(DISABLE, (now_ms, user_id))
    tx.execute(END_TOKENS, (now_ms, user_id))
    for sql in END:
        tx.execute(sql, (user_id,))
    return person


def enable(tx: Transaction, user_id: int, by_id: int | None) -> User:
    """Let somebody in again, with the role they had. Raises RefusedError."""
    person = for_change(tx, user_id, by_id)
    tx.execute(DISABLE, (None, user_id))
    return person


ANYBODY = f"select {COLUMNS} from user where id = ?"


def for_change(db: Reader, user_id: int, by_id: int | None) -> User:
    """The person, disabled or not, if `by_id` may change them. Raises RefusedError."""
    row = db.execute(ANYBODY, (user_id,)).fetchone()
    if row is None:
        raise RefusedError("This person is not here any more.")
    person = of_row(row)
    if by_id is None:
        return person
    role = _role(db, by_id)
    if role not in ("admin", "owner"):
        raise RefusedError("Only owners and admins change people.")
    if person.role == "owner" and role != "owner":
        raise RefusedError("Only an owner can change an owner.")
    return person


ROLE = "select role from user where id = ? and disabled_at is null"


def _role(db: Reader, user_id: int) -> str:
    """As it is now: a session may have begun with another one."""
    row = db.execute(ROLE, (user_id,)).fetchone()
    return row[0] if row else "nobody"


ANOTHER_OWNER = """
select exists(select 1 from user where role = 'owner' and disabled_at is null and id <> ?)
"""


def _keep_an_owner(tx: Transaction, user_id: int) -> None:
    if not tx.execute(ANOTHER_OWNER, (user_id,)).fetchone()[0]:
        raise RefusedError("This is the only owner: make somebody else an owner first.")
