"""`/settings/projects/{project}`: its keys, name and teams, what the file decides, and its end."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import RefusedError
from lighttrace.store import audit, deleting, keys, preferences, projects, teams
from lighttrace.store.audit import Actor
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.deleting import Discarded
from lighttrace.store.keys import Key
from lighttrace.store.projects import Project
from lighttrace.store.sight import ALL, Sight
from lighttrace.store.teams import Team
from lighttrace.web import guards, links, state
from lighttrace.web.format import DAY
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages import account_projects
from lighttrace.web.pages.file_values import project_values
from lighttrace.web.pages.settings import actor, fields, frame, is_admin, saved
from lighttrace.web.pages.teams import set_teams
from lighttrace.web.render import render

LABEL_LENGTH = 60
KEYS = 50  # per project; enough for a key per deployment
# how long a replaced key goes on working: days → words
OVERLAPS = {0: "stop the old one now", 1: "in a day", 7: "in a week", 30: "in 30 days"}
SAID = {
    "added": "The key is there. It works at once.",
    "disabled": "That key is disabled: whatever uses it is refused.",
    "enabled": "That key works again.",
    "rotated": "The new key works now. Put its DSN where the old one was.",
    "renamed": "The name is changed.",
    "teams": "Saved.",
    "projects": "Saved.",
    "projects-full": f"Nothing was saved: {preferences.MOST_PROJECTS} projects at most.",
    "kept": "Kept again: the next event like it makes a new issue.",
    "archived": "Archived: events are refused from now on, everything else stays.",
    "unarchived": "Events are taken again.",
}


async def show(request: Request) -> Response:
    return await _page(request)


async def _page(request: Request, status: int = 200, **errors: str) -> Response:
    services = state.of(request)
    project, own, of_project, every_team, dropped, wanted = await services.store.read(
        _find, request.path_params["project"], guards.sight(request), guards.person(request).id
    )
    base_url, now_ms = links.public(request, services.config), services.clock.now_ms()
    in_file = next((it for it in services.config.projects if it.slug == project.slug), None)
    return render(
        request,
        "pages/project_settings.html",
        status,
        **frame(request, "Keys and DSN", SAID, project=project.slug),
        item=project,
        keys_shown=[
            (key, links.dsn(base_url, key.public, project.id), key.works(now_ms)) for key in own
        ],
        overlaps=OVERLAPS,
        mixed=request.url.scheme == "https" and base_url.startswith("http:"),
        teams=of_project,
        every_team=every_team,
        discarded=dropped,
        wanted=wanted,
        wants_words=account_projects.WORDS,
        groups=project_values(services.config, project),
        may_change=is_admin(request),
        named_by_file=in_file is not None and in_file.name is not None,
        source=str(services.config.source or ""),
        errors={"label": "", "name": "", "teams": "", "slug": ""} | errors,
    )


def _find(
    db: Reader, slug: str, sight: Sight, user_id: int
) -> tuple[Project, list[Key], list[Team], list[Team], list[Discarded], str]:
    project = projects.by_slug(db, slug, sight)
    if project is None:
        raise HTTPException(404)
    own = keys.of_project(db, project.id)
    of_project, dropped = teams.of_project(db, project.id), deleting.discarded(db, project.id)
    wanted = preferences.of_projects(db, user_id).get(project.id, "")
    return project, own, of_project, teams.every(db), dropped, wanted


# Keys


async def add_key(request: Request) -> Response:
    (label,) = await fields(request, "label", length=LABEL_LENGTH)
    if not label:
        return await _page(request, 422, label="A name, such as where it will be used: mobile web")
    return await _change(request, "added", _add_key, label, field="label")


def _add_key(tx: Transaction, project: Project, by: Actor, now_ms: int, label: str) -> None:
    _room_for_a_key(tx, project)
    keys.add(tx, project.id, label, now_ms)
    audit.note(tx, by, "key.add", project.slug, now_ms, key=label)


def _room_for_a_key(tx: Transaction, project: Project) -> None:
    if len(keys.of_project(tx, project.id)) >= KEYS:
        raise RefusedError(f"{KEYS} keys are as many as a project takes")


async def disable_key(request: Request) -> Response:
    return await _change(request, "disabled", _set_disabled, request.path_params["key"], True)


async def enable_key(request: Request) -> Response:
    return await _change(request, "enabled", _set_disabled, request.path_params["key"], False)


def _set_disabled(
    tx: Transaction, project: Project, by: Actor, now_ms: int, key_id: int, disabled: bool
) -> None:
    key = _key(tx, project, key_id)
    keys.set_disabled(tx, key.id, project.id, now_ms if disabled else None)
    action = "key.disable" if disabled else "key.enable"
    audit.note(tx, by, action, project.slug, now_ms, key=key.label or "Default")


async def rotate_key(request: Request) -> Response:
    """A new key instead of one that somebody should not have; both work for as long as was said."""
    (text,) = await fields(request, "days", length=3)
    days = int(text) if text.isascii() and text.isdigit() else -1
    if days not in OVERLAPS:
        raise HTTPException(400)
    return await _change(
        request, "rotated", _rotate, request.path_params["key"], days, field="label"
    )


def _rotate(
    tx: Transaction, project: Project, by: Actor, now_ms: int, key_id: int, days: int
) -> None:
    key = _key(tx, project, key_id)
    _room_for_a_key(tx, project)
    keys.rotate(tx, key, now_ms + days * DAY, now_ms)
    ends = "at once" if days == 0 else f"in {days} d"
    audit.note(
        tx, by, "key.rotate", project.slug, now_ms, key=key.label or "Default", old_one_ends=ends
    )


def _key(tx: Transaction, project: Project, key_id: int) -> Key:
    key = next((it for it in keys.of_project(tx, project.id) if it.id == key_id), None)
    if key is None:
        raise HTTPException(404)
    return key


# The project itself


async def rename(request: Request) -> Response:
    (name,) = await fields(request, "name", length=projects.MOST_NAME)
    if not name:
        return await _page(request, 422, name="A name, as colleagues call it")
    return await _change(request, "renamed", _rename, name)


def _rename(tx: Transaction, project: Project, by: Actor, now_ms: int, name: str) -> None:
    if name != project.name:
        projects.rename(tx, project, name)
        audit.note(tx, by, "project.rename", project.slug, now_ms, was=project.name, now=name)


async def put_teams(request: Request) -> Response:
    async with request.form(max_files=0, max_fields=teams.MOST + 1) as form:
        slugs = {str(it) for it in form.getlist("team")}
    return await _change(request, "teams", _put_teams, slugs, field="teams")


def _put_teams(tx: Transaction, project: Project, by: Actor, now_ms: int, slugs: set[str]) -> None:
    """Raises RefusedError if a team has gone since the page was shown: with none of them left the
    project would be open to everybody.
    """
    chosen = [team.id for team in teams.every(tx) if team.slug in slugs]
    if len(chosen) != len(slugs):
        raise RefusedError("One of these teams is gone. Look again, then save.")
    set_teams(tx, project, chosen, by, now_ms)


async def archive(request: Request) -> Response:
    return await _change(request, "archived", _archive)


def _archive(tx: Transaction, project: Project, by: Actor, now_ms: int) -> None:
    if projects.archive(tx, project.id, now_ms):
        audit.note(tx, by, "project.archive", project.slug, now_ms)


async def unarchive(request: Request) -> Response:
    return await _change(request, "unarchived", _unarchive)


def _unarchive(tx: Transaction, project: Project, by: Actor, now_ms: int) -> None:
    if projects.unarchive(tx, project.id):
        audit.note(tx, by, "project.unarchive", project.slug, now_ms)


async def delete(request: Request) -> Response:
    """Whoever deletes a project types its slug: it cannot be undone."""
    (typed,) = await fields(request, "slug", length=projects.MOST_SLUG)
    if typed != request.path_params["project"]:
        return await _page(
            request, 422, slug="That is not the project's short name. Nothing is deleted."
        )
    return await _change(request, "deleted", _delete, back="/settings")


def _delete(tx: Transaction, project: Project, by: Actor, now_ms: int) -> None:
    if projects.delete(tx, project.id, now_ms):
        audit.note(tx, by, "project.delete", project.slug, now_ms, name=project.name)


async def _change(
    request: Request,
    what: str,
    change: Any,
    *args: Any,
    field: str = "name",
    back: str | None = None,
) -> Response:
    """Change a project in one transaction. `field`: where a refusal is said."""
    services, slug = state.of(request), request.path_params["project"]
    try:
        await services.store.write(
            _changed, slug, actor(request), services.clock.now_ms(), change, *args
        )
    except RefusedError as error:
        return await _page(request, 422, **{field: str(error)})
    return saved(request, back or f"/settings/projects/{slug}", what)


def _changed(tx: Transaction, slug: str, by: Actor, now_ms: int, change: Any, *args: Any) -> None:
    project = projects.by_slug(tx, slug, ALL)  # only owners and admins come here
    if project is None:
        raise HTTPException(404)
    change(tx, project, by, now_ms, *args)


ONE = "/settings/projects/{project}"


async def keep_again(request: Request) -> Response:
    return await _change(request, "kept", _keep_again, request.path_params["hash"])


def _keep_again(tx: Transaction, project: Project, by: Actor, now_ms: int, hash_id: int) -> None:
    if deleting.undiscard(tx, hash_id, project.id):
        audit.note(tx, by, "issue.undiscard", project.slug, now_ms, hash=hash_id)


PAGES = (
    Page(ONE, show, Guard.SIGNED_IN),
    Page(f"{ONE}/keys", add_key, Guard.ADMIN, ("POST",)),
    Page(f"{ONE}/keys/{{key:int}}/disable", disable_key, Guard.ADMIN, ("POST",)),
    Page(f"{ONE}/keys/{{key:int}}/enable", enable_key, Guard.ADMIN, ("POST",)),
    Page(f"{ONE}/keys/{{key:int}}/rotate", rotate_key, Guard.ADMIN, ("POST",)),
    Page(f"{ONE}/name", rename, Guard.ADMIN, ("POST",)),
    Page(f"{ONE}/teams", put_teams, Guard.ADMIN, ("POST",)),
    Page(f"{ONE}/discarded/{{hash:int}}/keep", keep_again, Guard.ADMIN, ("POST",)),
    Page(f"{ONE}/archive", archive, Guard.ADMIN, ("POST",)),
    Page(f"{ONE}/unarchive", unarchive, Guard.ADMIN, ("POST",)),
    Page(f"{ONE}/delete", delete, Guard.ADMIN, ("POST",)),
)
