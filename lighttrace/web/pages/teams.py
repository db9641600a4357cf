"""`/settings/teams`: who works together, and on which projects."""

from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import RefusedError, TakenError
from lighttrace.store import audit, projects, teams, users
from lighttrace.store.audit import Actor
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.projects import Project
from lighttrace.store.sight import ALL, Sight
from lighttrace.store.teams import Team
from lighttrace.store.users import User
from lighttrace.web import guards, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.settings import actor, fields, frame, is_admin, saved
from lighttrace.web.render import render

NAME = 60
SAID = {
    "added": "The team is there. Its people and projects come next.",
    "renamed": "The name is changed.",
    "joined": "They are in the team.",
    "left": "They are no longer in the team.",
    "given": "The team has that project now.",
    "taken": "The team no longer has that project.",
    "removed": "The team is deleted. What was assigned to it is nobody's now.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A team with what of it the person who asks may see. `inside`: they are in it."""

    team: Team
    members: list[User]
    projects: list[Project]
    inside: bool


async def show(request: Request) -> Response:
    return await _list(request)


async def _list(request: Request, status: int = 200, error: str = "", name: str = "") -> Response:
    person = guards.person(request)
    rows = await state.of(request).store.read(_rows, person.id, guards.sight(request))
    return render(
        request,
        "pages/teams.html",
        status,
        **frame(request, "Teams", SAID),
        rows=rows,
        may_add=is_admin(request),
        error=error,
        given=name,
    )


def _rows(db: Reader, person_id: int, sight: Sight) -> list[Row]:
    own = {team.id for team in teams.of_user(db, person_id)}
    return [_row(db, team, sight, team.id in own) for team in teams.every(db)]


def _row(db: Reader, team: Team, sight: Sight, inside: bool) -> Row:
    found = (projects.by_id(db, project_id, sight) for project_id in teams.project_ids(db, team.id))
    return Row(team, teams.members(db, team.id), [it for it in found if it is not None], inside)


async def add(request: Request) -> Response:
    services = state.of(request)
    (name,) = await fields(request, "name", length=NAME)
    if not name:
        return await _list(request, 422, "A name, such as what the team looks after: Billing")
    try:
        team = await services.store.write(_add, name, actor(request), services.clock.now_ms())
    except (RefusedError, TakenError) as error:
        return await _list(request, 422, str(error), name)
    return saved(request, f"/settings/teams/{team.slug}", "added")


def _add(tx: Transaction, name: str, by: Actor, now_ms: int) -> Team:
    team = teams.add(tx, name, now_ms)
    audit.note(tx, by, "team.add", team.slug, now_ms, name=team.name)
    return team


# One team


async def team(request: Request) -> Response:
    return await _team(request)


async def _team(request: Request, status: int = 200, error: str = "") -> Response:
    person = guards.person(request)
    found = await state.of(request).store.read(
        _find, request.path_params["team"], person.id, guards.sight(request)
    )
    if found is None:
        raise HTTPException(404)
    row, everybody, every_project = found
    inside = {user.id for user in row.members}
    given = {project.id for project in row.projects}
    return render(
        request,
        "pages/team.html",
        status,
        **frame(request, "Teams", SAID),
        row=row,
        others=[user for user in everybody if user.id not in inside],
        other_projects=[project for project in every_project if project.id not in given],
        admin=is_admin(request),
        may_manage=_may_manage(person, row.inside),
        error=error,
    )


def _find(
    db: Reader, slug: str, person_id: int, sight: Sight
) -> tuple[Row, list[User], list[Project]] | None:
    team = teams.by_slug(db, slug)
    if team is None:
        return None
    inside = any(user.id == person_id for user in teams.members(db, team.id))
    return _row(db, team, sight, inside), users.every(db), projects.every(db, sight)


def _may_manage(person: User, inside: bool) -> bool:
    """Owners and admins every team, members those they are in."""
    return person.role in guards.ADMINS or (inside and person.role == "member")


async def rename(request: Request) -> Response:
    (name,) = await fields(request, "name", length=NAME)
    if not name:
        return await _team(request, 422, "A name, such as what the team looks after: Billing")
    return await _change(request, "renamed", _rename, name)


def _rename(tx: Transaction, team: Team, by: Actor, now_ms: int, name: str) -> None:
    if name != team.name:
        teams.rename(tx, team.id, name)
        audit.note(tx, by, "team.rename", team.slug, now_ms, was=team.name, now=name)


async def join(request: Request) -> Response:
    return await _change(request, "joined", _join, await _number(request, "person"))


def _join(tx: Transaction, team: Team, by: Actor, now_ms: int, user_id: int) -> None:
    user = users.by_id(tx, user_id)
    if user is None:
        raise RefusedError("Choose somebody who can sign in.")
    if teams.join(tx, team.id, user.id):
        audit.note(tx, by, "team.join", team.slug, now_ms, person=user.email)


async def leave(request: Request) -> Response:
    return await _change(request, "left", _leave, await _number(request, "person"))


def _leave(tx: Transaction, team: Team, by: Actor, now_ms: int, user_id: int) -> None:
    user = users.by_id(tx, user_id)
    if teams.leave(tx, team.id, user_id) and user is not None:
        audit.note(tx, by, "team.leave", team.slug, now_ms, person=user.email)


async def give(request: Request) -> Response:
    return await _change(request, "given", _give, await _number(request, "project"))


def _give(tx: Transaction, team: Team, by: Actor, now_ms: int, project_id: int) -> None:
    project = projects.by_id(tx, project_id, ALL)
    if project is None:
        raise RefusedError("Choose a project.")
    own = teams.of_project(tx, project.id)
    set_teams(tx, project, [*(it.id for it in own), team.id], by, now_ms)


async def take(request: Request) -> Response:
    return await _change(request, "taken", _take, await _number(request, "project"))


def _take(tx: Transaction, team: Team, by: Actor, now_ms: int, project_id: int) -> None:
    project = projects.by_id(tx, project_id, ALL)
    if project is None:
        return
    rest = [it.id for it in teams.of_project(tx, project.id) if it.id != team.id]
    if not rest:
        raise RefusedError(
            f"{team.name} is the only team of {project.slug}, which everybody would see without "
            "it. To open it to everybody, untick its teams in its settings."
        )
    set_teams(tx, project, rest, by, now_ms)


def set_teams(
    tx: Transaction, project: Project, team_ids: list[int], by: Actor, now_ms: int
) -> None:
    """Give a project these teams and no others; recorded if that changes anything."""
    was = teams.of_project(tx, project.id)
    teams.set_of_project(tx, project.id, team_ids)
    now = teams.of_project(tx, project.id)
    if now != was:
        names = [", ".join(team.slug for team in them) or "everybody" for them in (was, now)]
        audit.note(tx, by, "project.teams", project.slug, now_ms, was=names[0], now=names[1])


async def remove(request: Request) -> Response:
    return await _change(request, "removed", _remove, back="/settings/teams")


def _remove(tx: Transaction, team: Team, by: Actor, now_ms: int) -> None:
    teams.remove(tx, team.id)
    audit.note(tx, by, "team.remove", team.slug, now_ms, name=team.name)


async def _change(
    request: Request, what: str, change: Any, *args: Any, back: str | None = None
) -> Response:
    """Change a team in one transaction that asks again who may."""
    services, slug = state.of(request), request.path_params["team"]
    now_ms = services.clock.now_ms()
    try:
        await services.store.write(
            _as_manager, slug, guards.person(request), actor(request), now_ms, change, *args
        )
    except RefusedError as error:
        return await _team(request, 422, str(error))
    return saved(request, back or f"/settings/teams/{slug}", what)


def _as_manager(
    tx: Transaction, slug: str, person: User, by: Actor, now_ms: int, change: Any, *args: Any
) -> None:
    team = teams.by_slug(tx, slug)
    if team is None:
        raise HTTPException(404)
    if not _may_manage(person, any(it.id == person.id for it in teams.members(tx, team.id))):
        raise HTTPException(403, "Only its own members, owners and admins change a team.")
    change(tx, team, by, now_ms, *args)


async def _number(request: Request, name: str) -> int:
    """An id that a form names; 0, which is nobody's, if it names none."""
    (text,) = await fields(request, name, length=18)
    return int(text) if text.isascii() and text.isdigit() else 0


PAGES = (
    Page("/settings/teams", show, Guard.SIGNED_IN),
    Page("/settings/teams", add, Guard.ADMIN, ("POST",)),
    Page("/settings/teams/{team}", team, Guard.SIGNED_IN),
    Page("/settings/teams/{team}/name", rename, Guard.MEMBER, ("POST",)),
    Page("/settings/teams/{team}/people/add", join, Guard.MEMBER, ("POST",)),
    Page("/settings/teams/{team}/people/remove", leave, Guard.MEMBER, ("POST",)),
    Page("/settings/teams/{team}/projects/add", give, Guard.ADMIN, ("POST",)),
    Page("/settings/teams/{team}/projects/remove", take, Guard.ADMIN, ("POST",)),
    Page("/settings/teams/{team}/delete", remove, Guard.ADMIN, ("POST",)),
)
