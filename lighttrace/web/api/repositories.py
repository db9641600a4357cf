"""Repositories by name, and where in them the code of a project is."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import RefusedError
from lighttrace.store import commits, repositories
from lighttrace.store.database import Transaction
from lighttrace.store.repositories import Mapping
from lighttrace.web import guards, state
from lighttrace.web.api import posted, release_shapes
from lighttrace.web.api.answers import Refused, answer, page
from lighttrace.web.api.organizations import check_organisation
from lighttrace.web.api.releases import asked_projects

MOST_AT_ONCE = 300
MOST_ROOT = 300  # characters


class AskedMapping(msgspec.Struct, rename="camel"):
    stack_root: str
    source_root: str


class Asked(msgspec.Struct, rename="camel"):
    project: str | int
    repository: str
    mappings: list[AskedMapping]
    default_branch: str | None = None


class AskedRepository(msgspec.Struct):
    name: str


async def listed(request: Request) -> Response:
    check_organisation(request)
    every = await state.of(request).store.read(repositories.every)
    return page(request, [release_shapes.repository(it) for it in every])


async def add(request: Request) -> Response:
    """Make a repository known: sentry-cli names commits of known ones only."""
    check_organisation(request)
    services = state.of(request)
    asked = posted.read(await request.body(), AskedRepository)
    name = posted.words(asked.name, commits.MOST_NAME)
    if name is None:
        raise Refused(400, "name must be that of the repository, such as acme/shop.")
    try:
        made = await services.store.write(repositories.ensure, name, services.clock.now_ms())
    except RefusedError as error:
        raise Refused(400, str(error)) from error
    return answer(release_shapes.repository(made), 201)


async def put_mappings(request: Request) -> Response:
    """Add code mappings of a project; those it has with the same roots are changed."""
    check_organisation(request)
    services = state.of(request)
    asked = posted.read(await request.body(), Asked)
    repository = posted.words(asked.repository, commits.MOST_NAME)
    branch = posted.words(asked.default_branch, commits.MOST_NAME) or "main"
    if repository is None:
        raise Refused(400, "repository must be its name, such as acme/shop.")
    if not 0 < len(asked.mappings) <= MOST_AT_ONCE:
        raise Refused(400, f"mappings must be a list of 1 to {MOST_AT_ONCE}.")
    wanted = [Mapping(_root(it.stack_root), _root(it.source_root)) for it in asked.mappings]
    now_ms, sight = services.clock.now_ms(), guards.sight(request)

    def write(tx: Transaction) -> list[bool]:
        (project_id,) = asked_projects(tx, [asked.project], sight)
        return repositories.put_mappings(tx, project_id, repository, branch, wanted, now_ms)

    try:
        are_new = await services.store.write(write)
    except RefusedError as error:
        raise Refused(400, str(error)) from error
    shown = [
        release_shapes.mapping(it, "created" if is_new else "updated")
        for it, is_new in zip(wanted, are_new, strict=True)
    ]
    created = sum(are_new)
    return answer(
        {"created": created, "updated": len(are_new) - created, "errors": 0, "mappings": shown}
    )


def _root(text: str) -> str:
    """A folder; the empty one is the top."""
    found = posted.words(text, MOST_ROOT + 1) or ""
    if len(found) > MOST_ROOT or not found.isprintable():
        raise Refused(400, f"A root is a path of up to {MOST_ROOT} characters.")
    return found
