"""`/releases`: what went out, where and when, and what followed."""

from dataclasses import dataclass
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.store import environments, projects, release_counts, release_list
from lighttrace.store.database import Reader
from lighttrace.store.projects import Project
from lighttrace.store.release_counts import Courses, Span
from lighttrace.store.release_list import FIRST, Key, Out
from lighttrace.store.sight import Sight
from lighttrace.web import links, release_view, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.release_view import BARS, PERIOD_WORDS, PERIODS, SPARK_BARS, Asked
from lighttrace.web.render import render
from lighttrace.web.viewer import Viewer

ROWS = 25
MOST_MARKED = 60  # releases of a period, in its chart


@dataclass(frozen=True, slots=True)
class Found:
    """`lately`: what went out in the period, the newest first. `back`: version → issues."""

    projects: tuple[Project, ...]
    environments: tuple[str, ...]
    outs: list[Out]
    lately: list[Out]
    total: int
    out: int
    over: Span
    courses: Courses
    spark_over: Span
    sparks: Courses
    day: Courses
    back: dict[str, list[int]]


async def show(request: Request) -> Response:
    services, asked = state.of(request), Asked.read(request.query_params)
    now_ms, viewer = services.clock.now_ms(), Viewer.of(request)
    before = _key(request)
    found = await services.store.read(_find, asked, viewer.sight, before, now_ms)
    address = partial(_address, request, asked, {it.id: it.slug for it in found.projects})
    rows = [
        release_view.row(
            it, found.day, found.sparks, found.spark_over, found.back.get(it.release.version, ())
        )
        for it in found.outs[:ROWS]
    ]
    latest = rows[0].release.version if rows else f"{asked.project or 'shop-web'}@1.0.0"
    return render(
        request,
        "pages/releases.html",
        cur="releases",
        project=asked.project,
        asked=asked,
        found=found,
        rows=rows,
        address=address,
        go_url=lambda **changes: links.url(request, "/releases", **asked.pairs(**changes)),
        chart=release_view.chart(
            found.courses.every(),
            found.over,
            release_view.went_out(found.lately, found.over, viewer.zone, address),
            viewer.zone,
            f"in {PERIOD_WORDS[asked.period]}",
        ),
        clean=sum(not sum(part.new_issues for part in it.release.parts) for it in found.lately),
        came_back=len({one for some in found.back.values() for one in some}),
        periods=PERIOD_WORDS,
        older=_older(request, asked, rows[-1].out.key) if len(found.outs) > ROWS else "",
        is_first=before == FIRST,
        announce=release_view.announce(
            links.public(request, services.config), latest, asked.environment
        ),
        has_project=bool(found.projects),
    )


def _find(db: Reader, asked: Asked, sight: Sight, before: Key, now_ms: int) -> Found:
    every = projects.every(db, sight)
    chosen = [it for it in every if asked.project in (None, it.slug)]
    if asked.project is not None and not chosen:
        raise HTTPException(404)
    ids, env = [it.id for it in chosen], asked.environment
    period_ms = PERIODS[asked.period]
    over = release_counts.span(period_ms, BARS, now_ms)
    spark_over = release_counts.span(period_ms, SPARK_BARS, now_ms)
    lately = release_list.page(db, ids, env, FIRST, MOST_MARKED, sight)
    lately = [it for it in lately if it.at >= over.since_ms]
    total, out = release_list.count(db, ids, env, over.since_ms)
    return Found(
        tuple(every),
        tuple(name for _, name in environments.seen(db, sight)),
        release_list.page(db, ids, env, before, ROWS + 1, sight),
        lately,
        total,
        out,
        over,
        release_counts.courses(db, ids, env, over),
        spark_over,
        release_counts.courses(db, ids, env, spark_over),
        release_counts.last_day(db, ids, env, now_ms),
        release_counts.returned(db, ids, over.since_ms),
    )


def _address(request: Request, asked: Asked, slugs: dict[int, str], out: Out) -> str:
    """Its page for the project that is chosen, else for the one with most new in it."""
    parts = [it for it in out.release.parts if it.project_id in slugs]
    parts.sort(key=lambda it: (it.slug != asked.project, -it.new_issues, -(it.last_event_at or 0)))
    slug = parts[0].slug if parts else ""
    where = links.release_path(slug, out.release.version)
    return links.url(request, where, environment=asked.environment)


def _older(request: Request, asked: Asked, key: Key) -> str:
    return links.url(request, "/releases", **asked.pairs(), at=key.at, id=key.id)


def _key(request: Request) -> Key:
    at, release_id = (request.query_params.get(name, "") for name in ("at", "id"))
    if not all(it.isascii() and it.isdigit() and len(it) < 18 for it in (at, release_id)):
        return FIRST
    return Key(int(at), int(release_id))


PAGES = (Page("/releases", show, Guard.SIGNED_IN, name="releases"),)
