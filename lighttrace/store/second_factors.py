"""Second factors: the secret an authenticator shares with us, and ten spare codes for the day it is
lost. A code is judged by `web/totp.py`; that it counts once is seen to here.
"""

import json

from lighttrace.store.database import Reader, Transaction
from lighttrace.store.tokens import digest

SECRET = "select secret from second_factor where user_id = ?"


def secret_of(db: Reader, user_id: int) -> str | None:
    """In base 32; None if the person has no second factor."""
    row = db.execute(SECRET, (user_id,)).fetchone()
    return row[0] if row else None


WHO = "select user_id from second_factor"


def who(db: Reader) -> frozenset[int]:
    """Everybody who has one."""
    return frozenset(user_id for (user_id,) in db.execute(WHO))


SPARE = "select json_array_length(recovery) from second_factor where user_id = ?"


def spare_codes(db: Reader, user_id: int) -> int:
    """How many are left."""
    row = db.execute(SPARE, (user_id,)).fetchone()
    return row[0] if row else 0


ADD = """
insert into second_factor(user_id, secret, made_at, last_step, recovery) values (?, ?, ?, ?, ?)
on conflict do nothing
"""


def add(
    tx: Transaction, user_id: int, secret: str, step: int, spare: list[str], now_ms: int
) -> bool:
    """Turn it on. `step`: that of the code which proved that the authenticator works, and which is
    spent by it. `spare`: codes, of which the hashes are kept. False if there is one already.
    """
    values = (user_id, secret, now_ms, step, _kept(spare))
    return tx.execute(ADD, values).rowcount == 1


SET_SPARE = "update second_factor set recovery = ? where user_id = ?"


def set_spare(tx: Transaction, user_id: int, spare: list[str]) -> bool:
    """New spare codes; the old ones no longer work. False if there is no second factor."""
    return tx.execute(SET_SPARE, (_kept(spare), user_id)).rowcount == 1


SPEND_STEP = "update second_factor set last_step = :step where user_id = :id and last_step < :step"


def spend_step(tx: Transaction, user_id: int, step: int) -> bool:
    """Use up the code of a step, and of those before it. False if it was used already."""
    return tx.execute(SPEND_STEP, {"step": step, "id": user_id}).rowcount == 1


SPEND_SPARE = """
update second_factor set recovery = (
  select json_group_array(value) from json_each(recovery) where value <> :hash)
 where user_id = :id and exists (select 1 from json_each(recovery) where value = :hash)
"""


def spend_spare(tx: Transaction, user_id: int, code: str) -> bool:
    """Use up a spare code. False if it is none, or was used."""
    values = {"id": user_id, "hash": digest(code).hex()}
    return tx.execute(SPEND_SPARE, values).rowcount == 1


REMOVE = "delete from second_factor where user_id = ?"


def remove(tx: Transaction, user_id: int) -> bool:
    """Turn it off. False if there is none."""
    return tx.execute(REMOVE, (user_id,)).rowcount == 1


def _kept(spare: list[str]) -> str:
    return json.dumps([digest(code).hex() for code in spare])
