"""Whose an issue is: a person's or a team's, and whom it can be given to: who sees its project."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from lighttrace.store.database import Reader

MOST_TEXT = 200  # characters of a name that is looked up


@dataclass(frozen=True, slots=True)
class Assignee:
    """`name`: of the person, or the slug of the team; `email` of a person only. `sees`: the project
    of the issue; whoever is taken out of a team keeps what they had.
    """

    kind: Literal["user", "team"]
    id: int
    name: str
    email: str = ""
    sees: bool = True

    @property
    def shown(self) -> str:
        """Mira, or #billing"""
        return self.name if self.kind == "user" else f"#{self.name}"

    @property
    def key(self) -> str:
        """`user:3`, as `find` reads it."""
        return f"{self.kind}:{self.id}"


def of_columns(
    user_id: int | None,
    name: str | None,
    email: str | None,
    team_id: int | None,
    slug: str | None,
    *,
    sees: bool = True,
) -> Assignee | None:
    """Out of a row that joins both; a person before a team."""
    if user_id is not None:
        return Assignee("user", user_id, name or "", email or "", sees)
    return Assignee("team", team_id, slug or "", sees=sees) if team_id is not None else None


USERS = "select id, name, email from user where disabled_at is null"
TEAMS = "select id, slug from team"


def every(db: Reader) -> list[Assignee]:
    """People by name, then teams: whom something may have been given to."""
    people = db.execute(USERS + " order by name collate nocase, id").fetchall()
    teams = db.execute(TEAMS + " order by slug").fetchall()
    return [Assignee("user", *row) for row in people] + [Assignee("team", *row) for row in teams]


# A project `j` is seen by everybody if it has no teams, else by these, their people, and admins.
OPEN = "not exists(select 1 from project_team p where p.project_id = j.id)"
USER_SEES = f"""
(role in ('owner', 'admin') or {OPEN} or exists(
  select 1 from project_team p cross join team_member m on m.team_id = p.team_id
   where p.project_id = j.id and m.user_id = user.id))
"""
TEAM_SEES = f"""
({OPEN} or exists(
  select 1 from project_team p where p.project_id = j.id and p.team_id = team.id))
"""
ONE_OF_THEM = "exists(select 1 from (select value as id from json_each(:projects)) j where {sees})"
USERS_OF = f"""
{USERS} and {ONE_OF_THEM.format(sees=USER_SEES)} order by name collate nocase, id
"""
TEAMS_OF = f"{TEAMS} where {ONE_OF_THEM.format(sees=TEAM_SEES)} order by slug"


def of_projects(db: Reader, project_ids: Iterable[int]) -> list[Assignee]:
    """People by name, then teams: who sees one of these projects at least."""
    values = {"projects": json.dumps(list(project_ids))}
    people, teams = db.execute(USERS_OF, values), db.execute(TEAMS_OF, values)
    return [Assignee("user", *row) for row in people] + [Assignee("team", *row) for row in teams]


HIDDEN = """
select j.slug from (
   select distinct i.project_id as id from json_each(:issues) w cross join issue i on i.id = w.value
 ) o cross join project j on j.id = o.id
 where not exists({sees}) order by j.slug limit 1
"""
HIDDEN_FROM = {
    "user": HIDDEN.format(
        sees=f"select 1 from user where id = :id and disabled_at is null and {USER_SEES}"
    ),
    "team": HIDDEN.format(sees=f"select 1 from team where id = :id and {TEAM_SEES}"),
}


def hidden_from(db: Reader, whom: Assignee, issue_ids: Sequence[int]) -> str | None:
    """The slug of a project of these issues that they do not see; None if they see all of them."""
    values = {"issues": json.dumps(list(issue_ids)), "id": whom.id}
    row = db.execute(HIDDEN_FROM[whom.kind], values).fetchone()
    return row[0] if row else None


BLIND = f"""
select i.id from json_each(?) w cross join issue i on i.id = w.value
 cross join project j on j.id = i.project_id
 where i.assignee_user is not null and not exists(
    select 1 from user where id = i.assignee_user and disabled_at is null and {USER_SEES})
  or i.assignee_team is not null and not exists(
    select 1 from team where id = i.assignee_team and {TEAM_SEES})
"""


def blind(db: Reader, issue_ids: Iterable[int]) -> set[int]:
    """Those of the issues whose assignee does not see them (any more)."""
    return {row[0] for row in db.execute(BLIND, (json.dumps(list(issue_ids)),))}


def find(db: Reader, text: str) -> Assignee | None:
    """`user:3`, `team:2`, a mail address, `#slug`: as pages, rules and the API write it."""
    kind, _, number = text[:MOST_TEXT].strip().partition(":")
    if kind in ("user", "team") and number.isascii() and number.isdigit() and len(number) < 16:
        if kind == "user":
            row = db.execute(USERS + " and id = ?", (int(number),)).fetchone()
            return Assignee("user", *row) if row else None
        row = db.execute(TEAMS + " where id = ?", (int(number),)).fetchone()
        return Assignee("team", *row) if row else None
    if kind.startswith("#") or kind == "team":
        slug = number if kind == "team" else kind[1:]
        row = db.execute(TEAMS + " where slug = ?", (slug.removeprefix("#"),)).fetchone()
        return Assignee("team", *row) if row else None
    row = db.execute(USERS + " and email = ?", (number if kind == "user" else kind,)).fetchone()
    return Assignee("user", *row) if row else None
