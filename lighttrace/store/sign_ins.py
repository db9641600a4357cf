"""Sign-ins that are half done: the password was right and a code is due (`code`), or the browser is
on its way to a provider and back (`oidc`); and devices that are not asked for a code for a while
(`device`). Each is known by a secret that the browser brings along; the row holds its SHA-256.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

from lighttrace.event.model import Json
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.tokens import digest, new_secret

Kind = Literal["code", "oidc", "device"]

MOST_ATTEMPTS = 5
MOST = 10_000  # of one kind; whoever asks for more makes the oldest give way


@dataclass(frozen=True, slots=True)
class SignIn:
    """`user_id`: whose password was right; None on the way to a provider. `attempts`: codes that
    were tried, this one included.
    """

    user_id: int | None
    data: dict[str, Json]
    attempts: int


FULL = "select count(*) >= ? from sign_in where kind = ?"
OLDEST = """
delete from sign_in where token_hash = (
  select token_hash from sign_in where kind = ? order by expires_at limit 1)
"""
BEGIN = "insert into sign_in(token_hash, kind, user_id, data, expires_at) values (?, ?, ?, ?, ?)"


def begin(
    tx: Transaction,
    kind: Kind,
    now_ms: int,
    lifetime_ms: int,
    *,
    user_id: int | None = None,
    **data: Json,
) -> str:
    """The secret of a new one."""
    if tx.execute(FULL, (MOST, kind)).fetchone()[0]:
        tx.execute(OLDEST, (kind,))
    secret = new_secret()
    values = (digest(secret), kind, user_id, json.dumps(data), now_ms + lifetime_ms)
    tx.execute(BEGIN, values)
    return secret


FIND = """
select user_id, data, attempts from sign_in
 where token_hash = ? and kind = ? and expires_at > ? and attempts < ?
"""


def find(db: Reader, kind: Kind, secret: str, now_ms: int) -> SignIn | None:
    """None if it never was, is over, or was tried too often."""
    row = db.execute(FIND, (digest(secret), kind, now_ms, MOST_ATTEMPTS)).fetchone()
    return _sign_in(row) if row else None


ATTEMPT = """
update sign_in set attempts = attempts + 1
 where token_hash = ? and kind = ? and expires_at > ? and attempts < ?
returning user_id, data, attempts
"""


def attempt(tx: Transaction, kind: Kind, secret: str, now_ms: int) -> SignIn | None:
    """The same, and counts a try before it is judged, so that a hundred at once are not all let
    through.
    """
    row = tx.execute(ATTEMPT, (digest(secret), kind, now_ms, MOST_ATTEMPTS)).fetchone()
    return _sign_in(row) if row else None


TAKE = """
delete from sign_in where token_hash = ? and kind = ? and expires_at > ?
returning user_id, data, attempts
"""


def take(tx: Transaction, kind: Kind, secret: str, now_ms: int) -> SignIn | None:
    """Finish it: of two who come with the same secret, one gets it."""
    row = tx.execute(TAKE, (digest(secret), kind, now_ms)).fetchone()
    return _sign_in(row) if row else None


FORGET = "delete from sign_in where user_id = ?"


def forget(tx: Transaction, user_id: int) -> None:
    """Nothing of the person's stays half done, and no device is trusted."""
    tx.execute(FORGET, (user_id,))


def _sign_in(row: Any) -> SignIn:
    user_id, data, attempts = row
    return SignIn(user_id, json.loads(data), attempts)
