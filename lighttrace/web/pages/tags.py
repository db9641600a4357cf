"""`/issues/{short_id}/tags`: all tags of an issue side by side. `/issues/{short_id}/tags/{key}`:
the values of one.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.store import tag_stats
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue
from lighttrace.store.standing_out import Standout, standing_out
from lighttrace.store.tag_stats import TagValue
from lighttrace.web import around, state, tags_view
from lighttrace.web.around import ROWS, Scope
from lighttrace.web.guards import Guard, Page
from lighttrace.web.tags_view import Distribution

KEY = 200  # characters of a tag's key


@dataclass(frozen=True, slots=True)
class Every:
    """All tags of the newest `read` events, and what of them stands out."""

    tags: tuple[Distribution, ...]
    standouts: tuple[Standout, ...]
    read: int

    @property
    def is_exact(self) -> bool:
        return self.read < tag_stats.MOST_READ


@dataclass(frozen=True, slots=True)
class One:
    """A page of the values of a tag; `total` of the newest `read` events have it."""

    rows: tuple[TagValue, ...]
    most: int
    distinct: int
    total: int
    read: int
    standouts: tuple[Standout, ...]
    page: int
    more: bool

    @property
    def is_exact(self) -> bool:
        return self.read < tag_stats.MOST_READ


async def index(request: Request) -> Response:
    services = state.of(request)
    now_ms = services.clock.now_ms()

    def tags(db: Reader, issue: Issue, scope: Scope, since_ms: int) -> Every:
        here = tag_stats.tally(db, issue.id, scope.environment, tag_stats.MOST_READ, since_ms)
        there = services.tallies.of(db, issue.project_id, scope.environment, here.since_ms, now_ms)
        every = tags_view.distributions(here.stats(), everything=True)
        return Every(every, standing_out(here, there), here.events)

    return await around.page(request, "tags", "pages/tags.html", tags)


async def one(request: Request) -> Response:
    services = state.of(request)
    now_ms, number = services.clock.now_ms(), around.asked_page(request)
    key = request.path_params["key"][:KEY]

    def values(db: Reader, issue: Issue, scope: Scope, since_ms: int) -> One | None:
        found = tag_stats.values(db, issue.id, scope.environment, key, since_ms)
        if not found.values and not tag_stats.is_key(db, key):
            return None
        here = tag_stats.tally(db, issue.id, scope.environment, since_ms=since_ms)
        there = services.tallies.of(db, issue.project_id, scope.environment, here.since_ms, now_ms)
        return One(
            rows=found.values[(number - 1) * ROWS : number * ROWS],
            most=found.values[0].n if found.values else 0,
            distinct=len(found.values),
            total=found.total,
            read=found.read,
            standouts=tuple(it for it in standing_out(here, there) if it.key == key),
            page=number,
            more=len(found.values) > number * ROWS,
        )

    return await around.page(request, f"tags/{key}", "pages/tag.html", values, key=key)


PAGES = (
    Page("/issues/{short_id}/tags", index, Guard.SIGNED_IN, name="issue_tags"),
    Page("/issues/{short_id}/tags/{key:path}", one, Guard.SIGNED_IN, name="issue_tag"),
)
