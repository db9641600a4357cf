"""Teams: who works together, and on what. A project without teams is seen by everybody; with teams
by their members and by admins. The slug of a team is what rules call it, so it never changes.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from lighttrace.errors import RefusedError, TakenError
from lighttrace.store import users
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.projects import MOST_SLUG, slug_of
from lighttrace.store.users import User

MOST = 500  # teams; a page lists them all
MOST_NAME = 60


@dataclass(frozen=True, slots=True)
class Team:
    id: int
    slug: str
    name: str


EVERY = "select id, slug, name from team order by name collate nocase, id"


def every(db: Reader) -> list[Team]:
    return [Team(*row) for row in db.execute(EVERY)]


BY_SLUG = "select id, slug, name from team where slug = ?"


def by_slug(db: Reader, slug: str) -> Team | None:
    row = db.execute(BY_SLUG, (slug,)).fetchone()
    return Team(*row) if row else None


BY_ID = "select id, slug, name from team where id = ?"


def by_id(db: Reader, team_id: int) -> Team | None:
    row = db.execute(BY_ID, (team_id,)).fetchone()
    return Team(*row) if row else None


OF_USER = """
select t.id, t.slug, t.name from team_member m join team t on t.id = m.team_id
 where m.user_id = ? order by t.name collate nocase, t.id
"""


def of_user(db: Reader, user_id: int) -> list[Team]:
    return [Team(*row) for row in db.execute(OF_USER, (user_id,))]


OF_PROJECT = """
select t.id, t.slug, t.name from project_team p join team t on t.id = p.team_id
 where p.project_id = ? order by t.name collate nocase, t.id
"""


def of_project(db: Reader, project_id: int) -> list[Team]:
    """Empty: the project is everybody's."""
    return [Team(*row) for row in db.execute(OF_PROJECT, (project_id,))]


MEMBERS = f"""
select {", ".join(f"u.{name}" for name in users.COLUMNS.split(", "))}
  from team_member m join user u on u.id = m.user_id
 where m.team_id = ? and u.disabled_at is null order by u.name collate nocase, u.id
"""


def members(db: Reader, team_id: int) -> list[User]:
    return [users.of_row(row) for row in db.execute(MEMBERS, (team_id,))]


PROJECTS = """
select t.project_id from project_team t join project p on p.id = t.project_id
 where t.team_id = ? and p.deleted_at is null order by p.name collate nocase, p.id
"""


def project_ids(db: Reader, team_id: int) -> list[int]:
    return [project_id for (project_id,) in db.execute(PROJECTS, (team_id,))]


COUNT = "select count(*) from team"
ADD = "insert into team(slug, name, created_at) values (?, ?, ?) returning id, slug, name"


def add(tx: Transaction, name: str, now_ms: int, *, slug: str | None = None) -> Team:
    """Without `slug` it is made from the name. Raises TakenError, or RefusedError at MOST."""
    name = " ".join(name.split())[:MOST_NAME] or slug or "team"
    slug = (slug or slug_of(name, "team"))[:MOST_SLUG]
    if tx.execute(COUNT).fetchone()[0] >= MOST:
        raise RefusedError(f"{MOST} teams are as many as there may be.")
    try:
        return Team(*tx.execute(ADD, (slug, name, now_ms)).fetchone())
    except sqlite3.IntegrityError as error:
        raise TakenError(f"There is already a team {slug}.") from error


RENAME = "update team set name = ? where id = ?"


def rename(tx: Transaction, team_id: int, name: str) -> bool:
    """False if the team is gone."""
    return tx.execute(RENAME, (" ".join(name.split())[:MOST_NAME], team_id)).rowcount == 1


ALONE = """
select p.slug from project_team t join project p on p.id = t.project_id
 where t.team_id = ?1 and p.deleted_at is null
   and not exists (select 1 from project_team o where o.project_id = p.id and o.team_id <> ?1)
 order by p.slug
"""
REMOVE = "delete from team where id = ?"


def remove(tx: Transaction, team_id: int) -> bool:
    """What was assigned to it is nobody's then. Raises RefusedError while a project has no other
    team: without any it would be open to everybody, which nobody has asked for.
    """
    alone = [slug for (slug,) in tx.execute(ALONE, (team_id,))]
    if alone:
        raise RefusedError(
            f"It is the only team of {', '.join(alone)}, which everybody would see without it. "
            "Give the project another team, or open it to everybody, first."
        )
    return tx.execute(REMOVE, (team_id,)).rowcount == 1


JOIN = "insert into team_member(team_id, user_id) values (?, ?) on conflict do nothing"


def join(tx: Transaction, team_id: int, user_id: int) -> bool:
    """False if the person was in it already."""
    return tx.execute(JOIN, (team_id, user_id)).rowcount == 1


LEAVE = "delete from team_member where team_id = ? and user_id = ?"


def leave(tx: Transaction, team_id: int, user_id: int) -> bool:
    """False if the person was not in it."""
    return tx.execute(LEAVE, (team_id, user_id)).rowcount == 1


OUT_OF_PROJECT = "delete from project_team where project_id = ?"
INTO_PROJECT = "insert into project_team(project_id, team_id) values (?, ?)"


def set_of_project(tx: Transaction, project_id: int, team_ids: Iterable[int]) -> None:
    """These teams and no others; none opens the project to everybody."""
    tx.execute(OUT_OF_PROJECT, (project_id,))
    tx.executemany(INTO_PROJECT, [(project_id, team_id) for team_id in sorted(set(team_ids))])
