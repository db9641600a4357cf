"""What an issue is made of: its hashes, and the tags its events have in common."""

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.event.model import Json
from lighttrace.store import events, hashes, tag_stats
from lighttrace.store.database import Reader
from lighttrace.store.sight import Sight
from lighttrace.web import guards, state
from lighttrace.web.api import shapes
from lighttrace.web.api.answers import (
    NOTHING_THERE,
    Side,
    answer,
    asked_cursor,
    asked_rows,
    page,
    refuse_filters,
)
from lighttrace.web.api.issues import find_issue
from lighttrace.web.api.organizations import check_organisation


async def hash_list(request: Request) -> Response:
    """The oldest first: it is the one the issue was made of."""
    check_organisation(request)
    cursor = asked_cursor(request)
    after, limit = cursor[0] if cursor and not cursor[2] else 0, asked_rows(request)
    shown, last, more = await state.of(request).store.read(
        _hashes, request.path_params["issue"], guards.sight(request), after, limit
    )
    # nobody goes back by pages here: the way there is the first page
    return page(request, shown, Side("0:0:1", after > 0), Side(f"{last}:0:0", more))


def _hashes(
    db: Reader, named: str, sight: Sight, after: int, limit: int
) -> tuple[list[Json], int, bool]:
    of = find_issue(db, named, sight)
    found = hashes.page_of_issue(db, of.id, after, limit + 1)
    rows = [it.newest_row for it in found[:limit] if it.newest_row is not None]
    newest = {it.row: it for it in events.of_rows(db, rows)}
    shown = []
    for it in found[:limit]:
        latest = newest.get(it.newest_row) if it.newest_row is not None else None
        event = shapes.event(latest, of) if latest is not None else None
        shown.append({"id": it.hash, "latestEvent": event, "eventCount": it.n})
    return shown, found[:limit][-1].id if found else after, len(found) > limit


async def tag_list(request: Request) -> Response:
    """Counted over the newest 1,000 events, but the environment over all."""
    return answer(await _tags_of(request))


async def tag(request: Request) -> Response:
    """One key."""
    found = await _tags_of(request)
    wanted = next((it for it in found if it["key"] == request.path_params["key"]), None)
    if wanted is None:
        raise NOTHING_THERE
    return answer(wanted)


async def _tags_of(request: Request) -> list[Json]:
    check_organisation(request)
    refuse_filters(request, "environment", "query", "statsPeriod", "start", "end")
    named, sight = request.path_params["issue"], guards.sight(request)
    return await state.of(request).store.read(_tags, named, sight)


def _tags(db: Reader, named: str, sight: Sight) -> list[Json]:
    of = find_issue(db, named, sight)
    named_envs = [it for it in of.env_counts if it.env]
    values = [(it.env, it.n) for it in named_envs[: tag_stats.TOP]]
    found = [shapes.tag("environment", sum(it.n for it in named_envs), values, len(named_envs))]
    rows = tag_stats.of_issue(db, of.id, None)
    found += [shapes.tag(it.key, it.total, it.values, it.distinct) for it in rows]
    return [it for it in found if it["totalValues"]]
