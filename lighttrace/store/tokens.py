"""Tokens of scripts: 64 hex digits that are shown once and kept as their SHA-256.

A random secret of 256 bits needs no salt and no slow hash: there is nothing to guess.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from lighttrace.store.database import Reader, Transaction

SCOPES = (
    "org:read",
    "project:read",
    "project:write",
    "project:releases",
    "event:read",
    "event:write",
)
DEFAULT_SCOPES = ("org:read", "project:read", "project:releases", "event:read", "event:write")


@dataclass(frozen=True, slots=True)
class Token:
    """`user_id` is whose name its changes carry; None for a token made by a command."""

    id: int
    name: str
    scopes: frozenset[str]
    user_id: int | None


def new_secret() -> str:
    return secrets.token_hex(32)


def digest(secret: str) -> bytes:
    """What is kept of a secret. Takes any text: it comes from a header or a cookie."""
    return sha256(secret.encode("utf-8", "replace")).digest()


ADD = """
insert into api_token(user_id, name, token_hash, tail, scopes, created_at)
values (?, ?, ?, ?, ?, ?) returning id, name, scopes, user_id
"""


def add(
    tx: Transaction, name: str, scopes: Iterable[str], user_id: int | None, now_ms: int
) -> tuple[Token, str]:
    """A new token and its secret, which cannot be had again."""
    secret = new_secret()
    values = (user_id, name, digest(secret), secret[-4:], " ".join(sorted(set(scopes))), now_ms)
    return _token(tx.execute(ADD, values).fetchone()), secret


FIND = """
select id, name, scopes, user_id from api_token
 where token_hash = :hash and revoked_at is null and (expires_at is null or expires_at > :now_ms)
   and (user_id is null or user_id in (select id from user where disabled_at is null))
"""


def find(db: Reader, secret: str, now_ms: int) -> Token | None:
    row = db.execute(FIND, {"hash": digest(secret), "now_ms": now_ms}).fetchone()
    return _token(row) if row else None


TOUCH = "update api_token set used_at = ? where id = ?"


def touch(tx: Transaction, token_id: int, now_ms: int) -> None:
    tx.execute(TOUCH, (now_ms, token_id))


REVOKE = "update api_token set revoked_at = ? where id = ? and revoked_at is null"


def revoke(tx: Transaction, token_id: int, now_ms: int) -> bool:
    """End a token for good. False if it had ended already."""
    return tx.execute(REVOKE, (now_ms, token_id)).rowcount == 1


def _token(row: Any) -> Token:
    token_id, name, scopes, user_id = row
    return Token(token_id, name, frozenset(scopes.split()), user_id)
