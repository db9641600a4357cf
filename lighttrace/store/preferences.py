"""Which messages somebody wants by mail. Of each kind: those of all projects, of what is theirs
alone, or none; what they have not said, they want. Of single projects they may want something else,
which then counts for all kinds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lighttrace.errors import RefusedError
from lighttrace.store.database import Reader, Transaction, among

Wants: TypeAlias = Literal["all", "mine", "none"]
OfProject: TypeAlias = Literal["all", "mine", "spike", "none"]

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
OF_PROJECT: tuple[OfProject, ...] = ("all", "mine", "spike", "none")
MOST_PROJECTS = 500  # that somebody says something of
# kinds of causes that go by another name here
_OF_CAUSE = {
    "spike_escalated": "spike",
    "again": "spike",
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


@dataclass(frozen=True, slots=True)
class Choices:
    """What some people said of a project: by (person, kind), and by person of this project."""

    of_kinds: Mapping[tuple[int, str], Wants]
    of_project: Mapping[int, OfProject]

    def wants(self, user_id: int, cause: str) -> Wants:
        """What somebody wants of a kind of causes in the project."""
        kind, here = kind_of(cause), self.of_project.get(user_id)
        if here is None:
            return self.of_kinds.get((user_id, kind), "all")
        if here == "spike":
            return "all" if kind == "spike" else "none"
        return here

    @property
    def ask_whose(self) -> bool:
        """Whether it matters to somebody whose a project or an issue is."""
        return "mine" in self.of_kinds.values() or "mine" in self.of_project.values()


OF_PEOPLE = """
with wanted(user_id, project_id) as ({values})
select p.user_id, p.kind, p.wants from wanted w cross join preference p on p.user_id = w.user_id
union all
select o.user_id, null, o.wants from wanted w cross join project_preference o
    on o.user_id = w.user_id and o.project_id = w.project_id
"""


def of_people(db: Reader, user_ids: Iterable[int], project_id: int) -> Choices:
    """What these people have said."""
    rows = list(among(db, OF_PEOPLE, [(user_id, project_id) for user_id in set(user_ids)]))
    return Choices(
        {(user_id, kind): wants for user_id, kind, wants in rows if kind is not None},
        {user_id: wants for user_id, kind, wants in rows if kind is None},
    )


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


OF_PROJECTS = "select project_id, wants from project_preference where user_id = ?"


def of_projects(db: Reader, user_id: int) -> dict[int, OfProject]:
    """What somebody wants of single projects, seen by them or not any more: project → it."""
    return dict(db.execute(OF_PROJECTS, (user_id,)).fetchall())


PUT_OF_PROJECT = """
insert into project_preference(user_id, project_id, wants) values(?, ?, ?)
on conflict(user_id, project_id) do update set wants = excluded.wants
"""
FORGET_PROJECT = "delete from project_preference where user_id = ? and project_id = ?"
HOW_MANY = "select count(*) from project_preference where user_id = ?"


def put_of_projects(tx: Transaction, user_id: int, wants: dict[int, str]) -> None:
    """What somebody wants of single projects from now on; nothing: as of the others. Projects that
    are not named stay. Raises RefusedError.
    """
    for project_id, value in wants.items():
        if not value:
            tx.execute(FORGET_PROJECT, (user_id, project_id))
        elif value in OF_PROJECT:
            tx.execute(PUT_OF_PROJECT, (user_id, project_id, value))
        else:
            raise RefusedError(f"There is no {value[:50]} to choose of a project.")
    if tx.execute(HOW_MANY, (user_id,)).fetchone()[0] > MOST_PROJECTS:
        raise RefusedError(
            f"{MOST_PROJECTS} projects are as many as one can say something else of."
        )
