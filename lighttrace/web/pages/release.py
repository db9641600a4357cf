"""`/releases/{project}/{version}`: one release of a project: when it went out, what it was built
of, and what failed in it.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.event.query.read import parse
from lighttrace.store import (
    announced,
    commits,
    deploys,
    environments,
    issue_list,
    projects,
    release_counts,
    release_list,
    upload_list,
)
from lighttrace.store.announced import Part, Release
from lighttrace.store.commits import Commit
from lighttrace.store.database import Reader
from lighttrace.store.deploys import Deploy
from lighttrace.store.issue_list import IssueQuery, IssueRow
from lighttrace.store.projects import Project
from lighttrace.store.release_counts import Courses, Span
from lighttrace.store.release_list import Out
from lighttrace.store.sight import Sight
from lighttrace.store.upload_list import Listed
from lighttrace.web import format, links, listing, release_view, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.listing import Pill
from lighttrace.web.release_view import PERIOD_WORDS, PERIODS
from lighttrace.web.render import render
from lighttrace.web.viewer import Viewer

SINCE = "since"
BARS = 60
ROWS = 25  # issues
COMMITS = 8  # at the side; the rest unfolds
MOST_COMMITS = 100
DEPLOYS = 10
MOST_SINCE_MS = 90 * format.DAY  # hours are kept for so long
LEAST_SINCE_MS = 12 * format.HOUR
Tab: TypeAlias = Literal["new", "back", "all"]
TABS: tuple[Tab, ...] = ("new", "back", "all")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address says. `tab` '': the first that has issues."""

    slug: str
    version: str
    environment: str | None
    period: str
    tab: Tab | None

    @classmethod
    def read(cls, request: Request) -> "Asked":
        get = request.query_params.get
        environment, period = get("environment"), get("period", "")
        return cls(
            request.path_params["project"],
            request.path_params["version"][:250],
            None if environment is None else environment[:64],
            period if period in PERIODS else SINCE,
            next((it for it in TABS if it == get("tab")), None),
        )

    def pairs(self, **changes: str | None) -> dict[str, str | None]:
        own: dict[str, str | None] = {
            "environment": self.environment,
            "period": None if self.period == SINCE else self.period,
            "tab": self.tab,
        }
        return own | changes


@dataclass(frozen=True, slots=True)
class Found:
    """`uploads`: of this version, the newest first; `maps`: how many source maps are in them."""

    project: Project
    release: Release
    part: Part
    out: Out
    before: Out | None
    environments: tuple[str, ...]
    deploys: list[Deploy]
    commits: list[Commit]
    uploads: list[Listed]
    maps: int
    over: Span
    courses: Courses
    day: Courses
    back: list[int]
    tab: Tab
    rows: list[IssueRow]
    total: int | None

    @property
    def share(self) -> int:
        return sum(self.day.of_release(self.release.id))

    @property
    def events(self) -> int:
        return sum(self.courses.of_release(self.release.id))


@dataclass(frozen=True, slots=True)
class Row:
    issue: IssueRow
    pills: tuple[Pill, ...]


async def show(request: Request) -> Response:
    services, asked, viewer = state.of(request), Asked.read(request), Viewer.of(request)
    now_ms = services.clock.now_ms()
    found = await services.store.read(_find, asked, viewer, now_ms)
    if found is None:
        raise HTTPException(404)

    def address(out: Out) -> str:
        where = links.release_path(asked.slug, out.release.version)
        return links.url(request, where, environment=asked.environment)

    marked = [it for it in (found.before, found.out) if it]
    here = links.release_path(asked.slug, found.release.version)
    version = release_view.quoted(found.release.version)
    return render(
        request,
        "pages/release.html",
        cur="releases",
        project=asked.slug,
        asked=asked,
        found=found,
        release=found.release,
        go_url=lambda **changes: links.url(request, here, **asked.pairs(**changes)),
        also=lambda part: links.url(request, links.release_path(part.slug, found.release.version)),
        before_url=address(found.before) if found.before else "",
        new_before=found.before and release_view.new_issues(found.before.release, found.project.id),
        chart=release_view.chart(
            found.courses.every(),
            found.over,
            release_view.went_out(marked, found.over, viewer.zone, address),
            viewer.zone,
            f"of {asked.slug}, {format.count(found.events)} of them in {found.release.version}",
            own=found.courses.of_release(found.release.id),
            hot=found.release.version,
        ),
        rows=[Row(it, listing.pills(it, it.first_at, now_ms)) for it in found.rows],
        periods={SINCE: "Since deploy", **PERIOD_WORDS},
        uploads_url=links.url(
            request,
            f"/settings/projects/{asked.slug}/uploads",
            release=found.release.version,
        ),
        all_url=links.url(
            request,
            "/issues",
            project=asked.slug,
            environment=asked.environment,
            state="all",
            query=f"release:{version}",
        ),
        shown_commits=COMMITS,
        commit_url=services.config.source_rules(asked.slug).commit,
    )


def _find(db: Reader, asked: Asked, viewer: Viewer, now_ms: int) -> Found | None:
    project = projects.by_slug(db, asked.slug, viewer.sight)
    out = project and _out(db, asked.version, asked.environment, viewer.sight)
    part = out and project and release_view.part_of(out.release, project.id)
    if not project or not out or not part:
        return None
    env, ids = asked.environment, [project.id]
    if asked.period == SINCE:
        since = min(max(LEAST_SINCE_MS, now_ms - out.at), MOST_SINCE_MS)
        over = release_counts.span(since * 4 // 3, BARS, now_ms)
    else:
        over = release_counts.span(PERIODS[asked.period], BARS, now_ms)
    back = release_counts.returned(db, ids, min(out.at, part.first_event_at or out.at))
    its_back = back.get(out.release.version, [])
    new = part.new_issues
    tab: Tab = asked.tab or ("new" if new else "back" if its_back else "all")
    rows, total = _issues(db, asked, project.id, viewer, tab, its_back, now_ms)
    uploads = upload_list.of_release(db, project.id, out.release.version)
    return Found(
        project,
        out.release,
        part,
        out,
        _before(db, project.id, out, asked.environment, viewer.sight),
        tuple(name for _, name in environments.seen(db, viewer.sight)),
        deploys.of_release(db, out.release.id, DEPLOYS),
        commits.of_release(db, out.release.id, 0, MOST_COMMITS),
        uploads,
        upload_list.maps_of(db, project.id, out.release.version) if uploads else 0,
        over,
        release_counts.courses(db, ids, env, over),
        release_counts.last_day(db, ids, env, now_ms),
        its_back,
        tab,
        rows,
        total,
    )


def _out(db: Reader, version: str, env: str | None, sight: Sight) -> Out | None:
    """The release, if somebody sees it, and when it went out."""
    release_id = announced.find(db, version, sight)
    found = announced.of_ids(db, [release_id], sight) if release_id is not None else []
    if not found:
        return None
    deploy = release_list.last_deploy(db, found[0].id, env)
    firsts = [it.first_event_at for it in found[0].parts if it.first_event_at]
    first = min(firsts) if firsts else found[0].added_at
    return Out(found[0], deploy.finished_at if deploy else first, deploy)


def _before(db: Reader, project_id: int, out: Out, env: str | None, sight: Sight) -> Out | None:
    """The release of the project that went out before that one."""
    found = release_list.page(db, [project_id], env, out.key, 1, sight)
    return found[0] if found else None


def _issues(
    db: Reader,
    asked: Asked,
    project_id: int,
    viewer: Viewer,
    tab: Tab,
    back: list[int],
    now_ms: int,
) -> tuple[list[IssueRow], int | None]:
    """The issues of a tab, and how many there are if that is known."""
    query = IssueQuery(
        project_ids=(project_id,),
        env=asked.environment,
        user_id=viewer.user_id,
        sort="users",
        limit=ROWS,
        now_ms=now_ms,
    )
    if tab == "back":
        return issue_list.of_ids(db, query, back[:ROWS]), len(back)
    key = "firstRelease" if tab == "new" else "release"
    what = parse(f"{key}:{release_view.quoted(asked.version)}")
    page = issue_list.search(db, replace(query, what=what))
    return list(page.rows), page.total


PAGES = (Page("/releases/{project}/{version:path}", show, Guard.SIGNED_IN, name="release"),)
