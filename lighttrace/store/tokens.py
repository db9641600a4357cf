"""Tokens of scripts: 64 hex digits that are shown once and kept as their SHA-256.

A random secret of 256 bits needs no salt and no slow hash: there is nothing to guess. A token of a
person acts in their name and never may more than they may, now; one of nobody is the
organisation's.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from lighttrace.errors import RefusedError
from lighttrace.store.database import Reader, Transaction

SCOPES = (
    "org:read",
    "project:read",
    "project:write",
    "project:releases",
    "event:read",
    "event:write",
    "event:admin",
)
DEFAULT_SCOPES = ("org:read", "project:read", "project:releases", "event:read", "event:write")
READING = frozenset({"org:read", "project:read", "event:read"})
MOST = 50  # of a person, and of the organisation
MOST_NAME = 100


@dataclass(frozen=True, slots=True)
class Token:
    """`scopes`: what it may do now. `user_id` is whose name its changes carry; None for one of the
    organisation. `withheld`: scopes it was given, and its person is no longer allowed.
    """

    id: int
    name: str
    scopes: frozenset[str]
    user_id: int | None
    withheld: frozenset[str] = frozenset()


def allowed(role: str) -> frozenset[str]:
    """The scopes that a person of this role can use."""
    if role in ("owner", "admin"):
        return frozenset(SCOPES)
    if role == "member":
        return READING | {"event:write", "project:releases"}
    return READING


def new_secret() -> str:
    return secrets.token_hex(32)


def digest(secret: str) -> bytes:
    """What is kept of a secret. Takes any text: it comes from a header or a cookie."""
    return sha256(secret.encode("utf-8", "replace")).digest()


COUNT = """
select count(*) from api_token
 where user_id is ? and revoked_at is null and (expires_at is null or expires_at > ?)
"""
ADD = """
insert into api_token(user_id, name, token_hash, tail, scopes, created_at, expires_at, created_by)
values (?, ?, ?, ?, ?, ?, ?, ?) returning id, name, scopes, user_id, null
"""


def add(
    tx: Transaction,
    name: str,
    scopes: Iterable[str],
    user_id: int | None,
    now_ms: int,
    *,
    expires_at: int | None = None,
    created_by: int | None = None,
) -> tuple[Token, str]:
    """A new token and its secret, which cannot be had again. Raises RefusedError at MOST."""
    if tx.execute(COUNT, (user_id, now_ms)).fetchone()[0] >= MOST:
        whose = "the organisation" if user_id is None else "one person"
        raise RefusedError(f"{MOST} tokens are as many as {whose} may have: revoke some first.")
    secret = new_secret()
    values = (
        *(user_id, " ".join(name.split())[:MOST_NAME], digest(secret), secret[-4:]),
        *(" ".join(sorted(set(scopes))), now_ms, expires_at, created_by),
    )
    return _token(tx.execute(ADD, values).fetchone()), secret


FIND = """
select t.id, t.name, t.scopes, t.user_id, u.role
  from api_token t left join user u on u.id = t.user_id
 where t.token_hash = :hash and t.revoked_at is null
   and (t.expires_at is null or t.expires_at > :now_ms)
   and u.disabled_at is null
"""


def find(db: Reader, secret: str, now_ms: int) -> Token | None:
    row = db.execute(FIND, {"hash": digest(secret), "now_ms": now_ms}).fetchone()
    return _token(row) if row else None


@dataclass(frozen=True, slots=True)
class Listed:
    """A token as people see it. `maker`: who made it; None for a command. `used_*`: of its last
    use, to five minutes.
    """

    id: int
    name: str
    tail: str
    scopes: tuple[str, ...]
    user_id: int | None
    user: str | None
    role: str | None
    maker: str | None
    created_at: int
    expires_at: int | None
    used_at: int | None
    used_ip: str | None
    used_agent: str | None

    @property
    def withheld(self) -> tuple[str, ...]:
        """What it was given and its person may not do."""
        may = frozenset(SCOPES) if self.role is None else allowed(self.role)
        return tuple(scope for scope in self.scopes if scope not in may)


LISTED = """
select t.id, t.name, t.tail, t.scopes, t.user_id, u.name, u.role, m.name,
       t.created_at, t.expires_at, t.used_at, t.used_ip, t.used_agent
  from api_token t left join user u on u.id = t.user_id left join user m on m.id = t.created_by
 where t.revoked_at is null and u.disabled_at is null
"""
OF_USER = LISTED + " and t.user_id = ? order by t.id desc"
EVERY = LISTED + " order by t.user_id is not null, u.name collate nocase, t.id desc"


def of_user(db: Reader, user_id: int) -> list[Listed]:
    """Those that are not revoked, the newest first."""
    return [_listed(row) for row in db.execute(OF_USER, (user_id,))]


def every(db: Reader) -> list[Listed]:
    """Those of the organisation, then everybody's."""
    return [_listed(row) for row in db.execute(EVERY)]


def _listed(row: Any) -> Listed:
    id_, name, tail, scopes, *rest = row
    return Listed(id_, name, tail, tuple(scopes.split()), *rest)


BY_ID = LISTED + " and t.id = ?"


def by_id(db: Reader, token_id: int) -> Listed | None:
    row = db.execute(BY_ID, (token_id,)).fetchone()
    return _listed(row) if row else None


@dataclass(frozen=True, slots=True)
class Use:
    at: int
    ip: str | None
    agent: str | None


TOUCH = "update api_token set used_at = ?, used_ip = ?, used_agent = ? where id = ?"


def touch(tx: Transaction, used: dict[int, Use]) -> None:
    """Record the last uses of tokens, by their ids."""
    tx.executemany(TOUCH, [(it.at, it.ip, it.agent, token_id) for token_id, it in used.items()])


REVOKE = "update api_token set revoked_at = ? where id = ? and revoked_at is null"


def revoke(tx: Transaction, token_id: int, now_ms: int) -> bool:
    """End a token for good. False if it had ended already."""
    return tx.execute(REVOKE, (now_ms, token_id)).rowcount == 1


def _token(row: Any) -> Token:
    token_id, name, text, user_id, role = row
    given = frozenset(text.split())
    scopes = given if role is None else given & allowed(role)
    return Token(token_id, name, scopes, user_id, given - scopes)
