"""`/settings`: the frame of its pages, the list of projects, and what the file decides."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.store import keys, projects, teams
from lighttrace.store.audit import Actor
from lighttrace.store.database import Reader
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.store.teams import Team
from lighttrace.web import guards, links, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.file_values import server_values
from lighttrace.web.render import render

SECTIONS = (
    ("Projects", ""),
    ("Members", "/members"),
    ("Teams", "/teams"),
    ("API tokens", "/tokens"),
)
PROJECT_SECTIONS = (
    ("Keys and DSN", ""),
    ("Ownership", "/ownership"),
    ("High-value paths", "/paths"),
    ("Source maps", "/uploads"),
    ("Source links", "/source"),
)
SAID = {"deleted": "The project is deleted. What it held is being removed."}
ADMINS_SECTIONS = (("Audit log", "/audit"), ("System", "/system"))


async def overview(request: Request) -> Response:
    services = state.of(request)
    now_ms = services.clock.now_ms()
    rows = await services.store.read(_overview, guards.sight(request), now_ms)
    return render(
        request,
        "pages/settings.html",
        **frame(request, "Projects", SAID),
        rows=rows,
        source=str(services.config.source or ""),
        groups=server_values(services.config, links.public(request, services.config)),
        may_add=is_admin(request),
    )


def _overview(db: Reader, sight: Sight, now_ms: int) -> list[tuple[Project, int, list[Team]]]:
    """Projects with the number of keys that work, and their teams."""
    return [
        (
            project,
            sum(key.works(now_ms) for key in keys.of_project(db, project.id)),
            teams.of_project(db, project.id),
        )
        for project in projects.every(db, sight)
    ]


# What the pages below /settings share


def frame(
    request: Request,
    here: str,
    said: Mapping[str, str] | None = None,
    *,
    project: str | None = None,
) -> dict[str, Any]:
    """What the template of a settings page needs: the navigation, that of a project where its slug
    is given, and what was just done, by `?saved=` and the words for it.
    """
    at, shown = "/settings", SECTIONS + (ADMINS_SECTIONS if is_admin(request) else ())
    if project is not None:
        at, shown = f"/settings/projects/{project}", PROJECT_SECTIONS
    saved = (said or {}).get(request.query_params.get("saved", ""), "")
    return {
        "cur": "settings",
        "project": project,
        "here": here,
        "sections": [(words, links.url(request, at + path)) for words, path in shown],
        "toasts": [(saved, "")] if saved and request.method == "GET" else [],
    }


def is_admin(request: Request) -> bool:
    return guards.person(request).role in guards.ADMINS


def actor(request: Request) -> Actor:
    """Who asks, for the audit log."""
    return Actor(guards.person(request).id, request.client.host if request.client else None)


def saved(request: Request, path: str, what: str) -> Response:
    """Back to a page, which says what was done."""
    return RedirectResponse(links.url(request, path, saved=what), status_code=303)


async def fields(request: Request, *names: str, length: int = 200) -> tuple[str, ...]:
    """What a form says under these names, blanks trimmed; nothing where it says nothing."""
    async with request.form(max_files=0, max_fields=20) as form:
        return tuple(" ".join(str(form.get(name, "")).split())[:length] for name in names)


PAGES = (Page("/settings", overview, Guard.SIGNED_IN, name="settings"),)
