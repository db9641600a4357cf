"""Sessions of signed-in browsers: rows, so that they can be listed and ended. The cookie holds a
secret, the row its SHA-256.
"""

from dataclasses import dataclass, replace
from typing import Any

from lighttrace.store import sight, sign_ins, users
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.sight import Sight
from lighttrace.store.tokens import digest, new_secret
from lighttrace.store.users import User

NOTHING = Sight(frozenset())


@dataclass(frozen=True, slots=True)
class Session:
    """`sight`: what its person sees; nothing in a list of sessions, where nobody acts in them."""

    user: User
    token_hash: bytes
    created_at: int
    seen_at: int
    ip: str | None
    agent: str | None
    method: str  # how it was begun: one of METHODS
    second_factor: bool  # whether the person has one
    sight: Sight = NOTHING


METHODS = ("password", "code", "provider", "link")

OPEN = """
insert into web_session(token_hash, user_id, created_at, seen_at, expires_at, ip, agent, method)
values (?, ?, ?, ?, ?, ?, ?, ?)
"""
EXPIRE = "delete from web_session where user_id = ? and expires_at <= ?"


def open(
    tx: Transaction,
    user_id: int,
    ip: str | None,
    agent: str | None,
    now_ms: int,
    lifetime_ms: int,
    method: str = "password",
) -> str:
    """A new session; returns the secret for the cookie. The person's expired ones go."""
    tx.execute(EXPIRE, (user_id, now_ms))
    secret = new_secret()
    values = (digest(secret), user_id, now_ms, now_ms, now_ms + lifetime_ms, ip, agent, method)
    tx.execute(OPEN, values)
    return secret


USER_COLUMNS = ", ".join(f"u.{name}" for name in users.COLUMNS.split(", "))
SELECT = f"""
select s.token_hash, s.created_at, s.seen_at, s.ip, s.agent, s.method,
       exists(select 1 from second_factor f where f.user_id = u.id), {USER_COLUMNS}
  from web_session s join user u on u.id = s.user_id
 where u.disabled_at is null
"""
FIND = SELECT + " and s.token_hash = ? and s.expires_at > ?"


def find(db: Reader, token: str, now_ms: int) -> Session | None:
    row = db.execute(FIND, (digest(token), now_ms)).fetchone()
    if row is None:
        return None
    found = _session(row)
    return replace(found, sight=sight.of_user(db, found.user.id, found.user.role))


TOUCH = "update web_session set seen_at = max(seen_at, ?) where token_hash = ? returning user_id"
TOUCH_USER = "update user set seen_at = max(coalesce(seen_at, 0), ?) where id = ?"


def touch(tx: Transaction, token_hash: bytes, now_ms: int) -> None:
    """Note that the session, and so its person, was seen."""
    row = tx.execute(TOUCH, (now_ms, token_hash)).fetchone()
    if row is not None:
        tx.execute(TOUCH_USER, (now_ms, row[0]))


OF_USER = SELECT + " and s.user_id = ? order by s.seen_at desc"


def of_user(db: Reader, user_id: int) -> list[Session]:
    """The one used last comes first."""
    return [_session(row) for row in db.execute(OF_USER, (user_id,))]


REVOKE = "delete from web_session where token_hash = ? and user_id = ?"


def revoke(tx: Transaction, token_hash: bytes, user_id: int) -> bool:
    """End one of the person's own sessions. False if it is not there, or somebody else's."""
    return tx.execute(REVOKE, (token_hash, user_id)).rowcount == 1


REVOKE_OTHERS = "delete from web_session where user_id = ? and token_hash <> ?"


def revoke_others(tx: Transaction, user_id: int, keep_hash: bytes) -> int:
    """End all of the person's sessions but one; returns how many."""
    return tx.execute(REVOKE_OTHERS, (user_id, keep_hash)).rowcount


REVOKE_ALL = "delete from web_session where user_id = ?"


def revoke_all(tx: Transaction, user_id: int) -> int:
    """End all of the person's sessions, as when a password is reset, a role is lowered or an
    account closed; returns how many. What is half done ends with them, and no device is trusted.
    """
    sign_ins.forget(tx, user_id)
    return tx.execute(REVOKE_ALL, (user_id,)).rowcount


def _session(row: Any) -> Session:
    token_hash, created_at, seen_at, ip, agent, method, has_factor, *user = row
    person = users.of_row(user)
    return Session(person, token_hash, created_at, seen_at, ip, agent, method, bool(has_factor))
