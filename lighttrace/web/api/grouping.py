"""Grouping by hand, by scripts: merge issues, split a hash off, delete, discard what comes, in
Sentry's answers.
"""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import RefusedError
from lighttrace.event.model import Json
from lighttrace.store import audit, deleting, hashes, issues, merging, merging_plans
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.issues import Issue
from lighttrace.store.sight import Sight
from lighttrace.web import guards, sessions, state
from lighttrace.web.api import changes, queries
from lighttrace.web.api.answers import NOTHING_THERE, Refused, answer, refuse_filters
from lighttrace.web.api.issues import asked_projects, find_issue
from lighttrace.web.api.organizations import check_organisation

NAME_THEM = "Name the issues: ?id=1&id=2."


async def one(request: Request) -> Response:
    """`{"discard": true}` deletes an issue and all that would come after; anything else is a change
    of it.
    """
    if not _asks_to("discard", await request.body()):
        return await changes.one(request)
    check_organisation(request)
    of = await state.of(request).store.read(
        find_issue, request.path_params["issue"], guards.sight(request)
    )
    return await _discard(request, [of])


async def several(request: Request) -> Response:
    """`{"merge": 1}` makes the issues named by `id=` one, `{"discard": true}` deletes them and all
    that would come after; anything else is a change of them.
    """
    body = await request.body()
    if _asks_to("discard", body):
        check_organisation(request)
        found = await state.of(request).store.read(_named, request, guards.sight(request))
        return await _discard(request, found)
    return await (_merge(request) if _asks_to("merge", body) else changes.several(request))


def _asks_to(what: str, body: bytes) -> bool:
    try:
        change = msgspec.json.decode(body, type=dict[str, Json])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False  # whoever reads the rest says so
    if not change.get(what):
        return False
    if len([it for it in change.values() if it]) > 1:
        raise Refused(400, f"{what} goes alone: it takes no other change beside it.")
    return True


async def _merge(request: Request) -> Response:
    check_organisation(request)
    services, sight = state.of(request), guards.sight(request)
    found = await services.store.read(_named, request, sight)
    # Sentry keeps the one with the most events; of equals the oldest is kept
    into, *others = sorted(found, key=lambda it: (-it.n_ever, it.first_at, it.id))
    ids, now_ms = [it.id for it in others], services.clock.now_ms()
    user_id = guards.token(request).user_id
    try:
        plan = await services.store.read(merging_plans.merge, into.id, ids, now_ms)
        await services.store.write(merging.merge, into.id, ids, user_id, now_ms, plan, cause="api")
    except RefusedError as error:
        raise Refused(400, str(error)) from error
    return answer({"merge": {"parent": str(into.id), "children": [str(it) for it in ids]}})


async def _discard(request: Request, found: Sequence[Issue]) -> Response:
    """As with deleting, changing issues is not enough for it."""
    if detail := guards.lacking(guards.token(request), "event:admin"):
        raise Refused(403, detail)
    await _delete(request, found, discard=True)
    return Response(status_code=204)


def _named(db: Reader, request: Request, sight: Sight) -> list[Issue]:
    """The issues of `id=` that are in the projects asked for. Raises Refused if none is named or
    one of them is not there.
    """
    params = request.query_params
    if unknown := params.keys() - {"id", "project"}:
        raise Refused(400, f"{min(unknown)[:50]} is not understood here.")
    named = queries.ids(params)
    if not named:
        raise Refused(400, NAME_THEM)
    among = queries.named_projects(asked_projects(db, request), params.getlist("project"))
    there = issues.in_projects(db, named, [it.id for it in among])
    if len(there) < len(set(named)):
        raise Refused(404, "Not all of these issues are here.")
    found = (issues.get(db, it, sight) for it in there)
    return [it for it in found if it is not None]


async def split(request: Request) -> Response:
    """`DELETE …/hashes/?id=HASH`: the hash becomes an issue of its own, or goes home."""
    check_organisation(request)
    services = state.of(request)
    named = request.query_params.getlist("id")
    if len(named) != 1:
        raise Refused(400, "Name one hash to split off: ?id=HASH.")
    of, hash_id = await services.store.read(
        _hash, request.path_params["issue"], named[0], guards.sight(request)
    )
    now_ms, user_id = services.clock.now_ms(), guards.token(request).user_id
    try:
        plan = await services.store.read(merging_plans.split, of.id, hash_id, now_ms)
        done = await services.store.write(
            merging.split, of.id, hash_id, user_id, now_ms, plan, cause="api"
        )
    except RefusedError as error:
        raise Refused(400, str(error)) from error
    return answer({"id": str(done.issue_id), "shortId": done.short_id}, 202)


def _hash(db: Reader, issue: str, named: str, sight: Sight) -> tuple[Issue, int]:
    of = find_issue(db, issue, sight)
    hash_id = hashes.find(db, of.id, named)
    if hash_id is None:
        raise NOTHING_THERE
    return of, hash_id


async def delete(request: Request) -> Response:
    """One issue, with all its events."""
    check_organisation(request)
    refuse_filters(request, *request.query_params.keys())
    of = await state.of(request).store.read(
        find_issue, request.path_params["issue"], guards.sight(request)
    )
    await _delete(request, [of])
    return Response(status_code=202)


async def delete_several(request: Request) -> Response:
    """Those named by `id=`; never all of a project."""
    check_organisation(request)
    found = await state.of(request).store.read(_named, request, guards.sight(request))
    await _delete(request, found)
    return Response(status_code=204)


async def _delete(request: Request, found: Sequence[Issue], *, discard: bool = False) -> None:
    services, token = state.of(request), guards.token(request)
    for start in range(0, len(found), deleting.MOST_DELETED):
        await services.store.write(
            _delete_and_say,
            found[start : start + deleting.MOST_DELETED],
            token.user_id,
            token.id,
            sessions.address(request),
            services.clock.now_ms(),
            discard=discard,
        )


def _delete_and_say(
    tx: Transaction,
    found: Sequence[Issue],
    user_id: int | None,
    token_id: int,
    ip: str,
    now_ms: int,
    *,
    discard: bool,
) -> None:
    gone = set(deleting.delete(tx, [it.id for it in found], now_ms, discard=discard))
    for it in found:
        if it.id in gone:
            audit.record(
                *(tx, "issue.discard" if discard else "issue.delete", it.short_id, now_ms),
                user_id=user_id,
                token_id=token_id,
                ip=ip,
                title=it.title,
            )
