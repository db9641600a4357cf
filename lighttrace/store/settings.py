"""Small texts the server remembers about itself, by name. What an administrator decides is in the
TOML file, not here.
"""

from lighttrace.store.database import Reader, Transaction

GET = "select value from setting where key = ?"


def get(db: Reader, key: str) -> str | None:
    row = db.execute(GET, (key,)).fetchone()
    return None if row is None else str(row[0])


PUT = """
insert into setting(key, value) values(?, ?)
on conflict(key) do update set value = excluded.value
"""


def put(tx: Transaction, key: str, value: str) -> None:
    tx.execute(PUT, (key, value))
