"""Identities: the name a provider has for one of our people. `subject` never changes and is never
given to somebody else, which no provider promises of an e-mail address.
"""

from lighttrace.store import users
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.users import User

FIND = "select user_id from identity where issuer = ? and subject = ?"


def user_of(db: Reader, issuer: str, subject: str) -> User | None:
    """Who that is. None for a stranger, and for somebody whose account is closed."""
    row = db.execute(FIND, (issuer, subject)).fetchone()
    return users.by_id(db, row[0]) if row else None


KNOWN = "select 1 from identity where issuer = ? and subject = ?"


def known(db: Reader, issuer: str, subject: str) -> bool:
    """Whether it was ever linked, even if the account is closed now."""
    return db.execute(KNOWN, (issuer, subject)).fetchone() is not None


HAS = "select 1 from identity where issuer = ? and user_id = ?"


def has(db: Reader, issuer: str, user_id: int) -> bool:
    """Whether the person already has a name at that provider: then another one is not theirs."""
    return db.execute(HAS, (issuer, user_id)).fetchone() is not None


LINK = """
insert into identity(issuer, subject, user_id, created_at, used_at) values (?, ?, ?, ?, ?)
"""


def link(tx: Transaction, issuer: str, subject: str, user_id: int, now_ms: int) -> None:
    tx.execute(LINK, (issuer, subject, user_id, now_ms, now_ms))


TOUCH = "update identity set used_at = ? where issuer = ? and subject = ?"


def touch(tx: Transaction, issuer: str, subject: str, now_ms: int) -> None:
    tx.execute(TOUCH, (now_ms, issuer, subject))


WHO = "select distinct user_id from identity"


def who(db: Reader) -> frozenset[int]:
    """Everybody who has signed in by a provider."""
    return frozenset(user_id for (user_id,) in db.execute(WHO))


CLAIMED = "select email_claimed from user where id = ?"


def is_claimed(db: Reader, user_id: int) -> bool:
    """Whether the person only says that the address is theirs (an open invitation asks nobody)."""
    row = db.execute(CLAIMED, (user_id,)).fetchone()
    return bool(row and row[0])


PROVEN = "update user set email_claimed = 0 where id = ?"


def set_proven(tx: Transaction, user_id: int) -> None:
    tx.execute(PROVEN, (user_id,))


NO_PASSWORD = "update user set password = null where id = ?"
NO_TOKENS = "update api_token set revoked_at = ? where user_id = ? and revoked_at is null"


def strip(tx: Transaction, user_id: int, now_ms: int) -> None:
    """Take away the password and the tokens of an account: whoever made it claimed somebody else's
    address, and its true owner has come.
    """
    tx.execute(NO_PASSWORD, (user_id,))
    tx.execute(NO_TOKENS, (now_ms, user_id))
