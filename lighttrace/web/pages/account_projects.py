"""`/account`, "Single projects": of which somebody wants other mails than of all the others."""

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.errors import RefusedError
from lighttrace.store import preferences, projects
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.preferences import MOST_PROJECTS, OfProject
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.web import guards, links, state
from lighttrace.web.guards import Guard, Page

WORDS = {
    "": "as of the others",
    "all": "everything",
    "mine": "what is mine",
    "spike": "only spikes",
    "none": "nothing",
}


@dataclass(frozen=True, slots=True)
class View:
    """`said`: projects they said something of, with it; `others`: those that are left. Both are
    only what they see.
    """

    said: tuple[tuple[Project, OfProject], ...]
    others: tuple[Project, ...]
    words: dict[str, str]


async def view(request: Request) -> View:
    """For the page of the account."""
    seen, of_projects = await state.of(request).store.read(
        _find, guards.person(request).id, guards.sight(request)
    )
    return View(
        said=tuple((it, of_projects[it.id]) for it in seen if it.id in of_projects),
        others=tuple(it for it in seen if it.id not in of_projects),
        words=WORDS,
    )


def _find(db: Reader, user_id: int, sight: Sight) -> tuple[list[Project], dict[int, OfProject]]:
    return projects.every(db, sight), preferences.of_projects(db, user_id)


async def save(request: Request) -> Response:
    """`of-SLUG` are those that are listed, `project` is one more."""
    services, person = state.of(request), guards.person(request)
    async with request.form(max_files=0, max_fields=MOST_PROJECTS + 10) as form:
        wants = {
            name.removeprefix("of-"): str(value)
            for name, value in form.multi_items()
            if name.startswith("of-")
        }
        named, back = str(form.get("project", "")), str(form.get("back", ""))
        if named:
            wants[named] = str(form.get("wants", ""))
    if not all(it in WORDS for it in wants.values()):
        raise HTTPException(400)
    said = "projects"
    try:
        await services.store.write(_save, person.id, guards.sight(request), wants, named)
    except RefusedError:
        said = "projects-full"
    if back == "settings" and named:
        at = links.url(request, f"/settings/projects/{named}", saved=said) + "#messages"
    else:
        at = links.url(request, "/account", saved=said) + "#projects"
    return RedirectResponse(at, status_code=303)


def _save(tx: Transaction, user_id: int, sight: Sight, wants: dict[str, str], named: str) -> None:
    """What is listed may have gone meanwhile; what is named has to be there."""
    ids = {it.slug: it.id for it in projects.every(tx, sight)}
    if named and named not in ids:
        raise HTTPException(404)
    seen = {ids[slug]: value for slug, value in wants.items() if slug in ids}
    preferences.put_of_projects(tx, user_id, seen)


PAGES = (Page("/account/messages/projects", save, Guard.SIGNED_IN, ("POST",)),)
