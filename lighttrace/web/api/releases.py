"""Releases as their builders tell of them: made, changed, finished, listed, deleted.

The addresses are those of the organisation and, for older tools, of a project, whose release it
then is. docs/releases.md says what a release is.
"""

from collections.abc import Sequence
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import RefusedError
from lighttrace.event.model import Json
from lighttrace.store import announced, commits, projects
from lighttrace.store.announced import Told
from lighttrace.store.commits import Commit, PathKind, Ref
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.sight import ALL, Sight
from lighttrace.web import guards, state
from lighttrace.web.api import posted, release_shapes
from lighttrace.web.api.answers import (
    NO_NEWER,
    NO_OLDER,
    NOTHING_THERE,
    Refused,
    Side,
    answer,
    asked_cursor,
    asked_rows,
    number_of,
    page,
    refuse_filters,
)
from lighttrace.web.api.organizations import check_organisation, check_path, find_project

MOST_BODY = 8 * 1024 * 1024  # a thousand commits with their paths
MOST_PROJECTS = 100
MOST_REF = 200  # characters
KINDS: dict[str, PathKind] = {"A": "A", "M": "M", "D": "D"}


class AskedPath(msgspec.Struct):
    path: str
    type: str = "M"


class AskedCommit(msgspec.Struct):
    id: str
    repository: str | None = None
    message: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    timestamp: str | None = None
    patch_set: list[AskedPath] | None = None


class AskedRef(msgspec.Struct, rename="camel"):
    repository: str
    commit: str
    previous_commit: str | None = None


class Asked(msgspec.Struct, rename="camel"):
    """What a request says of a release; what it leaves out stays as it is."""

    version: str | None = None
    projects: list[str | int] | None = None
    status: str | None = None
    ref: str | None = None
    url: str | None = None
    date_started: str | None = None
    date_released: str | None = None
    commits: list[AskedCommit] | None = None
    refs: list[AskedRef] | None = None


async def listed(request: Request) -> Response:
    """Of the organisation, or of one project; those last heard of first."""
    check_organisation(request)
    refuse_filters(request, "query", "sort", "status", "environment", "statsPeriod")
    cursor, limit = asked_cursor(request), asked_rows(request)
    if cursor is not None and cursor[2]:
        raise Refused(400, "This list leads one way only: from the newest to older ones.")
    before = cursor[0] if cursor else None
    named, sight = request.path_params.get("project"), guards.sight(request)
    among = request.query_params.getlist("project")
    found = await state.of(request).store.read(_page, named, among, sight, before, limit + 1)
    following = Side(f"{found[limit - 1].id}:0:0", True) if len(found) > limit else NO_OLDER
    return page(request, [release_shapes.release(it) for it in found[:limit]], NO_NEWER, following)


def _page(
    db: Reader,
    named: str | None,
    among: Sequence[str],
    sight: Sight,
    before: int | None,
    limit: int,
) -> list[announced.Release]:
    project_ids = sight.within(None)
    if named is not None:
        project_ids = (find_project(db, named, sight).id,)
    elif among:
        project_ids = tuple(asked_projects(db, among, sight))
    return announced.of_ids(db, announced.newest(db, project_ids, before, limit), sight)


async def create(request: Request) -> Response:
    """Answered 208 if it is there already, which is no mistake: tools do it before each change."""
    await check_path(request)
    asked = posted.read(await request.body(), Asked)
    found, is_new = await _tell(request, posted.version(asked.version), asked)
    return answer(release_shapes.release(found), 201 if is_new else 208)


async def change(request: Request) -> Response:
    """Made if it is not there: `releases finalize` asks for nothing else."""
    await check_path(request)
    asked = posted.read(await request.body(), Asked)
    found, _ = await _tell(request, named_version(request), asked)
    return answer(release_shapes.release(found))


def named_version(request: Request) -> str:
    """The release of the path; it may have slashes in its name."""
    return posted.version(str(request.path_params["version"]).removesuffix("/"))


async def _tell(request: Request, version: str, asked: Asked) -> tuple[announced.Release, bool]:
    services = state.of(request)
    told = _told(asked)
    built = None
    if asked.commits is not None:
        built = commits.within(_commit(it) for it in asked.commits[: commits.MOST])
    refs = None if asked.refs is None else [_ref(it) for it in asked.refs]
    named = request.path_params.get("project")
    names = [*(asked.projects or ()), *([named] if named else [])]
    now_ms, sight = services.clock.now_ms(), guards.sight(request)

    def write(tx: Transaction) -> tuple[int, bool]:
        release_id, is_new = tell(tx, version, names, told, sight, now_ms)
        if refs is not None:
            commits.put_refs(tx, release_id, refs, now_ms)
        return release_id, is_new

    store = services.store
    try:
        release_id, is_new = await store.write(write)
        if built is not None:
            for first, some in commits.batches(built):
                await store.write(commits.put_some, release_id, first, some, now_ms)
            await store.write(commits.cut, release_id, len(built))
    except RefusedError as error:
        raise Refused(400, str(error)) from error
    found = await store.read(announced.of_ids, [release_id], sight)
    if not found:
        raise NOTHING_THERE  # somebody has deleted it meanwhile
    return found[0], is_new


def tell(
    tx: Transaction,
    version: str,
    names: Sequence[str | int],
    told: Told,
    sight: Sight,
    now_ms: int,
) -> tuple[int, bool]:
    """Take what is told of a release of these projects. Of which it is need not be said where it is
    known, and where there is one project only. Raises Refused, and RefusedError.
    """
    project_ids = asked_projects(tx, names, sight)
    if not project_ids and announced.find(tx, version, ALL) is None:
        every = projects.every(tx, sight)
        project_ids = [every[0].id] if len(every) == 1 else []
    release_id, is_new = announced.tell(tx, version, project_ids, told, now_ms)
    if announced.find(tx, version, sight) is None:
        raise NOTHING_THERE
    return release_id, is_new


def asked_projects(db: Reader, names: Sequence[str | int], sight: Sight) -> list[int]:
    """Projects by slug or id."""
    if len(names) > MOST_PROJECTS:
        raise Refused(400, f"A release may be told for {MOST_PROJECTS} projects at once.")
    found = []
    for name in map(str, names):
        number = number_of(name)
        by = (
            partial(projects.by_slug, db, name)
            if number is None
            else partial(projects.by_id, db, number)
        )
        project = by(sight)
        if project is None:
            raise Refused(400, f"There is no project {name[:50]}, or this token does not see it.")
        found.append(project.id)
    return found


def _told(asked: Asked) -> Told:
    if asked.status not in (None, "open", "archived"):
        raise Refused(400, "status must be open or archived.")
    return Told(
        status=asked.status,  # type: ignore[arg-type]
        ref=posted.words(asked.ref, MOST_REF),
        url=posted.url(asked.url),
        started_at=posted.at_ms(asked.date_started, "dateStarted"),
        released_at=posted.at_ms(asked.date_released, "dateReleased"),
    )


def _sha(text: str) -> str:
    found = posted.words(text, commits.MOST_SHA + 1)
    if found is None or len(found) > commits.MOST_SHA or not found.isprintable():
        raise Refused(400, f"A commit is named by its hash, up to {commits.MOST_SHA} characters.")
    return found


def _commit(it: AskedCommit) -> Commit:
    some = (it.patch_set or ())[: commits.MOST_PATHS]
    named = (
        (KINDS.get(path.type, "M"), posted.words(path.path, commits.MOST_PATH)) for path in some
    )
    return Commit(
        sha=_sha(it.id),
        repository=posted.words(it.repository, commits.MOST_NAME),
        message=posted.words(it.message, commits.MOST_MESSAGE) or "",
        author_name=posted.words(it.author_name, commits.MOST_NAME),
        author_email=posted.words(it.author_email, commits.MOST_NAME),
        at=posted.at_ms(it.timestamp, "timestamp"),
        paths=tuple((kind, path) for kind, path in named if path),
    )


def _ref(it: AskedRef) -> Ref:
    repository = posted.words(it.repository, commits.MOST_NAME)
    if repository is None:
        raise Refused(400, "A ref needs the name of its repository.")
    return Ref(
        repository, _sha(it.commit), _sha(it.previous_commit) if it.previous_commit else None
    )


async def one(request: Request) -> Response:
    check_organisation(request)
    found = await state.of(request).store.read(_one, request, named_version(request))
    return answer(release_shapes.release(found))


def find_release(db: Reader, request: Request, version: str) -> int:
    """The id of a release that is seen, and is of the project of the path if there is one."""
    sight = guards.sight(request)
    release_id = announced.find(db, version, sight)
    if release_id is None:
        raise NOTHING_THERE
    named = request.path_params.get("project")
    if named is not None:
        project = find_project(db, named, sight)
        (found,) = announced.of_ids(db, [release_id], sight)
        if project.id not in {it.project_id for it in found.parts}:
            raise NOTHING_THERE
    return release_id


def _one(db: Reader, request: Request, version: str) -> announced.Release:
    (found,) = announced.of_ids(db, [find_release(db, request, version)], guards.sight(request))
    return found


async def delete(request: Request) -> Response:
    check_organisation(request)
    try:
        await state.of(request).store.write(_delete, request, named_version(request))
    except RefusedError as error:
        raise Refused(400, str(error)) from error
    return Response(status_code=204)


def _delete(tx: Transaction, request: Request, version: str) -> None:
    announced.delete(tx, find_release(tx, request, version), guards.sight(request))


async def previous_with_commits(request: Request) -> Response:
    """Since when commits have to be told: the release before that has some; `{}` if none has."""
    check_organisation(request)
    shape = await state.of(request).store.read(_previous, request, named_version(request))
    return answer(shape)


def _previous(db: Reader, request: Request, version: str) -> Json:
    before = announced.before_with_commits(db, find_release(db, request, version))
    if before is None:
        return {}
    (found,) = announced.of_ids(db, [before], guards.sight(request))
    return release_shapes.release(found)


async def commit_list(request: Request) -> Response:
    """The newest first."""
    check_organisation(request)
    cursor, limit = asked_cursor(request), asked_rows(request)
    first = cursor[0] if cursor else 0
    version = named_version(request)
    found = await state.of(request).store.read(_commits, request, version, first, limit + 1)
    following = Side(f"{first + limit}:0:0", True) if len(found) > limit else NO_OLDER
    rows = [release_shapes.commit(it) for it in found[:limit]]
    return page(request, rows, NO_NEWER, following)


def _commits(db: Reader, request: Request, version: str, first: int, limit: int) -> list[Commit]:
    return commits.of_release(db, find_release(db, request, version), first, limit)
