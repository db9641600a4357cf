"""Who and what a command's words name. Each raises LightTraceError if there is none."""

from lighttrace.errors import LightTraceError
from lighttrace.store import projects, teams, users
from lighttrace.store.database import Reader
from lighttrace.store.projects import Project
from lighttrace.store.sight import ALL
from lighttrace.store.teams import Team
from lighttrace.store.users import User


def person(db: Reader, email: str, *, disabled: bool = False) -> User:
    """`disabled`: also somebody who is."""
    found = users.anybody(db, email) if disabled else users.by_email(db, email)
    if found is None:
        raise LightTraceError(f"Nobody here has the address {email}.")
    return found


def team(db: Reader, slug: str) -> Team:
    found = teams.by_slug(db, slug.removeprefix("#"))
    if found is None:
        raise LightTraceError(f"There is no team {slug}; see `lighttrace team list`.")
    return found


def project(db: Reader, slug: str) -> Project:
    found = projects.by_slug(db, slug, ALL)
    if found is None:
        raise LightTraceError(f"There is no project {slug}; see `lighttrace project list`.")
    return found
