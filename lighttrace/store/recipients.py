"""Whom a message about an issue or a project can go to: its owner, a team, everybody who sees it.

Whoever does not see the project, or has no account any more, is told nothing, however they were
named.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lighttrace.store import sight, teams
from lighttrace.store.database import Reader
from lighttrace.store.states import State

MOST_EVERYBODY = 200  # of all who see a project, by name


@dataclass(frozen=True, slots=True)
class About:
    """What a message is about, and whose the issue is: by hand, or else by the rules."""

    project_id: int
    project: str  # its slug
    issue_id: int | None = None
    users: tuple[int, ...] = ()  # a person whose it is
    teams: tuple[int, ...] = ()  # or a team


ISSUE = """
select i.project_id, j.slug, i.assignee_user, i.assignee_team, i.owner_user, i.owner_team, i.state,
  i.merged_into, coalesce(j.deleted_at, j.archived_at)
  from issue i cross join project j on j.id = i.project_id where i.id = ?
"""


def of_issue(db: Reader, issue_id: int) -> About | None:
    """None: nobody is told of it, since it is gone, archived, merged into another, or its project
    is gone or archived.
    """
    row = db.execute(ISSUE, (issue_id,)).fetchone()
    if row is None:
        return None
    project_id, slug, user, team, owner, owner_team, state, merged_into, gone_at = row
    if state == State.ARCHIVED or merged_into is not None or gone_at is not None:
        return None
    if user is None and team is None:
        user, team = owner, owner_team
    if user is not None:
        return About(project_id, slug, issue_id, users=(user,))
    return About(project_id, slug, issue_id, teams=(team,) if team is not None else ())


PROJECT = "select slug from project where id = ? and deleted_at is null and archived_at is null"


def of_project(db: Reader, project_id: int) -> About | None:
    """None: nobody is told of a project that is gone or archived."""
    row = db.execute(PROJECT, (project_id,)).fetchone()
    return About(project_id, row[0]) if row else None


ACCOUNT = "select id, disabled_at is not null from user where email = ?"


class People:
    """Who may be told of one project, looked up as it is asked for."""

    def __init__(self, db: Reader, about: About) -> None:
        self._db = db
        self._about = about
        self._seeing = {user.id: user.email for user in sight.who_sees(db, about.project_id)}

    def owner(self) -> list[str]:
        """The addresses of whose it is; none if it is nobody's, or nobody of them may be told."""
        found = [self._seeing[it] for it in self._about.users if it in self._seeing]
        return found or [it for team_id in self._about.teams for it in self._members(team_id)]

    def team(self, slug: str) -> list[str]:
        team = teams.by_slug(self._db, slug)
        return self._members(team.id) if team else []

    def _members(self, team_id: int) -> list[str]:
        members = teams.members(self._db, team_id)
        return [self._seeing[user.id] for user in members if user.id in self._seeing]

    def everyone(self) -> list[str]:
        return list(self._seeing.values())[:MOST_EVERYBODY]

    def account(self, address: str) -> int | None:
        """Whose address it is; None: nobody's who has an account."""
        row = self._db.execute(ACCOUNT, (address,)).fetchone()
        return int(row[0]) if row else None

    def may_be_told(self, address: str) -> bool:
        """Whether an address of the file may hear of it: it is nobody's account, or that of
        somebody who sees the project.
        """
        user_id = self.account(address)
        return user_id is None or user_id in self._seeing


MINE = """
select u.value from json_each(:users) u where exists(
    select 1 from team_member m cross join project_team p on p.team_id = m.team_id
     where m.user_id = u.value and p.project_id = :project_id)
   or exists(select 1 from issue i where i.id = :issue_id and (
       u.value in (i.assignee_user, i.owner_user)
       or exists(select 1 from team_member m where m.user_id = u.value
           and m.team_id in (i.assignee_team, i.owner_team))))
"""


def whose(db: Reader, about: About, user_ids: Iterable[int]) -> set[int]:
    """Those of the people to whom it belongs: a team of theirs works on the project, or the issue
    is theirs or a team's of theirs.
    """
    users = ", ".join(map(str, user_ids))
    values = {"users": f"[{users}]", "project_id": about.project_id, "issue_id": about.issue_id}
    return {row[0] for row in db.execute(MINE, values)}
