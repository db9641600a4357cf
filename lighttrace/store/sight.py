"""Who sees which projects. A project without teams is everybody's; with teams it is seen by their
members, and by owners and admins, who see everything.

Whoever reads for a person takes a sight: what is not in it is not there. docs/roles.md, "What a
team changes".
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lighttrace.store import users
from lighttrace.store.database import Reader
from lighttrace.store.users import User

SEE_EVERYTHING = frozenset({"owner", "admin"})


@dataclass(frozen=True, slots=True)
class Sight:
    """The projects somebody sees; None: all there are, those to come included."""

    project_ids: frozenset[int] | None

    def sees(self, project_id: int) -> bool:
        return self.project_ids is None or project_id in self.project_ids

    def within(self, project_ids: Iterable[int] | None) -> tuple[int, ...] | None:
        """Those of the projects that are seen; for None, all that are. None: no limit."""
        if self.project_ids is None:
            return None if project_ids is None else tuple(project_ids)
        if project_ids is None:
            return tuple(sorted(self.project_ids))
        return tuple(it for it in project_ids if it in self.project_ids)


ALL = Sight(None)

TEAMS_MATTER = "select exists(select 1 from project_team)"
SEEN = """
select id from project
 where deleted_at is null and (id not in (select project_id from project_team)
    or id in (select p.project_id from team_member m cross join project_team p
        on p.team_id = m.team_id where m.user_id = ?))
"""


def of_user(db: Reader, user_id: int, role: str) -> Sight:
    """What somebody sees just now."""
    if role in SEE_EVERYTHING or not db.execute(TEAMS_MATTER).fetchone()[0]:
        return ALL
    return Sight(frozenset(row[0] for row in db.execute(SEEN, (user_id,))))


WHO_SEES = f"""
select {users.COLUMNS} from user
 where disabled_at is null and (role in ('owner', 'admin')
    or not exists(select 1 from project_team where project_id = :project_id)
    or id in (select m.user_id from project_team p cross join team_member m
        on m.team_id = p.team_id where p.project_id = :project_id))
 order by name collate nocase, id
"""


def who_sees(db: Reader, project_id: int) -> list[User]:
    """Everybody who sees a project, by name."""
    return [users.of_row(row) for row in db.execute(WHO_SEES, {"project_id": project_id})]
