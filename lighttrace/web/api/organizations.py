"""`/api/0/`, the one organisation, its projects and their keys."""

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.event.model import Json
from lighttrace.store import keys, projects, users
from lighttrace.store.database import Reader
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.web import guards, links, state
from lighttrace.web.api import shapes
from lighttrace.web.api.answers import NOTHING_THERE, answer, number_of, page


def check_organisation(request: Request) -> None:
    """The organisation of the path must be ours, by slug or id."""
    named = request.path_params.get("org", shapes.ORGANISATION)
    if named not in (shapes.ORGANISATION, shapes.ORGANISATION_ID):
        raise NOTHING_THERE


def find_project(db: Reader, named: str, sight: Sight) -> Project:
    """A project by slug or id."""
    number = number_of(named)
    found = (
        projects.by_slug(db, named, sight) if number is None else projects.by_id(db, number, sight)
    )
    if found is None:
        raise NOTHING_THERE
    return found


async def check_path(request: Request) -> None:
    """The organisation of the path must be ours; its project, if it names one, must be seen."""
    check_organisation(request)
    named = request.path_params.get("project")
    if named is not None:
        await state.of(request).store.read(find_project, named, guards.sight(request))


async def index(request: Request) -> Response:
    """Who the token is: what `sentry-cli info` shows."""
    token = guards.token(request)
    user = None
    if token.user_id is not None:
        user = await state.of(request).store.read(users.by_id, token.user_id)
    shown = None
    if user is not None:
        shown = {"id": str(user.id), "name": user.name, "username": user.email, "email": user.email}
    return answer({"version": "0", "auth": {"scopes": sorted(token.scopes)}, "user": shown})


async def organisations(request: Request) -> Response:
    return page(request, [await _organisation(request)])


async def organisation(request: Request) -> Response:
    check_organisation(request)
    return answer(await _organisation(request))


async def _organisation(request: Request) -> Json:
    services = state.of(request)
    every = await services.store.read(projects.every, guards.sight(request))
    oldest = min((it.created_at for it in every), default=services.clock.now_ms())
    return shapes.organisation(links.public(request, services.config), oldest)


async def project_list(request: Request) -> Response:
    check_organisation(request)
    every = await state.of(request).store.read(projects.every, guards.sight(request))
    return page(request, [shapes.project(it) for it in every])


async def project(request: Request) -> Response:
    check_organisation(request)
    named, sight = request.path_params["project"], guards.sight(request)
    found = await state.of(request).store.read(find_project, named, sight)
    whole = {**shapes.project(found), "organization": await _organisation(request)}
    return answer(whole)


async def key_list(request: Request) -> Response:
    check_organisation(request)
    services = state.of(request)
    named, sight = request.path_params["project"], guards.sight(request)
    found = await services.store.read(_keys, named, sight)
    base_url = links.public(request, services.config)
    return page(request, [shapes.key(it, base_url) for it in found])


def _keys(db: Reader, named: str, sight: Sight) -> list[keys.Key]:
    return keys.of_project(db, find_project(db, named, sight).id)
