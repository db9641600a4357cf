"""Deploys of a release: told by tools, or by one line of a script.

curl -H "Authorization: Bearer $TOKEN" -d environment=production
    …/api/0/organizations/lighttrace/releases/shop@1.2.0/deploys/
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import RefusedError
from lighttrace.store import announced, deploys
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.deploys import Deploy
from lighttrace.web import guards, state
from lighttrace.web.api import posted, release_shapes
from lighttrace.web.api.answers import Refused, answer, page
from lighttrace.web.api.organizations import check_organisation, check_path
from lighttrace.web.api.releases import find_release, named_version, tell


class Asked(msgspec.Struct, rename="camel"):
    environment: str | None = None
    name: str | None = None
    url: str | None = None
    date_started: str | None = None
    date_finished: str | None = None
    projects: list[str | int] | None = None


async def listed(request: Request) -> Response:
    """The newest first."""
    check_organisation(request)
    found = await state.of(request).store.read(_listed, request, named_version(request))
    return page(request, [release_shapes.deploy(it) for it in found])


def _listed(db: Reader, request: Request, version: str) -> list[Deploy]:
    return deploys.of_release(db, find_release(db, request, version))


async def add(request: Request) -> Response:
    """A release that nobody has told of yet is made."""
    await check_path(request)
    services = state.of(request)
    asked, version = posted.read(await request.body(), Asked), named_version(request)
    environment = posted.words(asked.environment, deploys.MOST_ENVIRONMENT)
    if environment is None:
        raise Refused(400, "Where was it deployed? Say environment=production, or another.")
    name, url = posted.words(asked.name, deploys.MOST_NAME), posted.url(asked.url)
    started_at = posted.at_ms(asked.date_started, "dateStarted")
    now_ms = services.clock.now_ms()
    finished_at = posted.at_ms(asked.date_finished, "dateFinished") or now_ms
    named = request.path_params.get("project")
    names = [*(asked.projects or ()), *([named] if named else [])]
    sight = guards.sight(request)

    def write(tx: Transaction) -> Deploy:
        release_id, _ = tell(tx, version, names, announced.NOTHING, sight, now_ms)
        return deploys.add(
            tx, release_id, environment, finished_at, started_at=started_at, name=name, url=url
        )

    try:
        made = await services.store.write(write)
    except RefusedError as error:
        raise Refused(400, str(error)) from error
    return answer(release_shapes.deploy(made), 201)
