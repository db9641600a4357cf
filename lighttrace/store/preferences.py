"""Which messages somebody wants by mail: of all projects, of what is theirs alone, or none. What
they have not said, they want.
"""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from lighttrace.errors import RefusedError
from lighttrace.store.database import Reader, Transaction, among

Wants: TypeAlias = Literal["all", "mine", "none"]

# kind → what it is about, as the account page says it
KINDS = {
    "new": "an issue is new",
    "regression": "a resolved issue is back",
    "escalating": "an archived issue is louder than foreseen",
    "spike": "an issue is far louder than usual",
    "volume": "a rule counts events or users",
    "feedback": "a user says something",
    "trouble": "a project sends too much, or what it sends is refused",
}
WANTS: tuple[Wants, ...] = ("all", "mine", "none")
# kinds of causes that go by another name here
_OF_CAUSE = {
    "spike_escalated": "spike",
    "loud": "new",
    "events": "volume",
    "users": "volume",
    "every": "volume",
    "quota": "trouble",
    "ingest": "trouble",
}


def kind_of(cause: str) -> str:
    """What a kind of cause is called in here."""
    return _OF_CAUSE.get(cause, cause)


OF = "select kind, wants from preference where user_id = ?"


def of(db: Reader, user_id: int) -> dict[str, Wants]:
    """Each of KINDS with what somebody wants of it."""
    said = dict(db.execute(OF, (user_id,)).fetchall())
    return {kind: said.get(kind, "all") for kind in KINDS}


OF_PEOPLE = """
with wanted(user_id) as ({values})
select p.user_id, p.kind, p.wants from wanted w cross join preference p on p.user_id = w.user_id
"""


def of_people(db: Reader, user_ids: Iterable[int]) -> dict[tuple[int, str], Wants]:
    """(person, kind) → what they want, where they have said so."""
    rows = among(db, OF_PEOPLE, [(user_id,) for user_id in set(user_ids)])
    return {(row[0], row[1]): row[2] for row in rows}


PUT = """
insert into preference(user_id, kind, wants) values(?, ?, ?)
on conflict(user_id, kind) do update set wants = excluded.wants
"""


def put(tx: Transaction, user_id: int, wants: dict[str, str]) -> None:
    """What somebody wants from now on; kinds that are not named stay. Raises RefusedError."""
    for kind, value in wants.items():
        if kind not in KINDS or value not in WANTS:
            raise RefusedError(f"There is no {kind[:50]}: {value[:50]} to choose.")
    tx.executemany(PUT, [(user_id, kind, value) for kind, value in wants.items()])
