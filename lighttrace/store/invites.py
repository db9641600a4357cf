"""The one-time link of a fresh server: whoever opens it first becomes its owner. The link holds a
secret, the row its SHA-256.
"""

from lighttrace.store import users
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.tokens import digest, new_secret
from lighttrace.store.users import User

REMOVE = "delete from invite where kind = 'setup'"
MAKE = "insert into invite(token_hash, kind, role, expires_at) values (?, 'setup', 'owner', ?)"


def make_setup(tx: Transaction, now_ms: int, lifetime_ms: int) -> str:
    """The secret of a new set-up link. Those made before no longer work."""
    tx.execute(REMOVE)
    secret = new_secret()
    tx.execute(MAKE, (digest(secret), now_ms + lifetime_ms))
    return secret


STILL_GOOD = """
kind = 'setup' and used_at is null and expires_at > :now_ms and token_hash = :hash
   and not exists(select 1 from user)
"""
VALID = f"select 1 from invite where {STILL_GOOD}"


def valid(db: Reader, token: str, now_ms: int) -> bool:
    return db.execute(VALID, {"hash": digest(token), "now_ms": now_ms}).fetchone() is not None


USE = f"update invite set used_at = :now_ms where {STILL_GOOD}"


def use_setup(
    tx: Transaction, token: str, email: str, name: str, password_hash: str, now_ms: int
) -> User | None:
    """Make the owner. None if the link was used, has expired, or there is a user already."""
    if tx.execute(USE, {"hash": digest(token), "now_ms": now_ms}).rowcount != 1:
        return None
    return users.add(tx, email, name, "owner", password_hash, now_ms)
