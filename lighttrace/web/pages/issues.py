"""`/issues`: the list. As fragments: `/issues/counts`, what takes longer to count than its rows;
`/issues/news`, what changed in it since it was drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.errors import QueryError
from lighttrace.event.query.tree import EVERYTHING
from lighttrace.store import assignees, environments, issue_list, projects, suggestions
from lighttrace.store.assignees import Assignee
from lighttrace.store.database import Reader
from lighttrace.store.issue_list import IssuePage
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.store.states import State
from lighttrace.web import actions, guards, links, listing, said, searches, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.listing import OFFERED, PERIOD_WORDS, SORT_WORDS, STATES, Listing, Looking
from lighttrace.web.mistake import Mistake
from lighttrace.web.render import render

SEEN = 100  # ids of rows a page may ask news about
EXACT = "exact"  # in an address: count everything at once, for those who run no JavaScript


@dataclass(frozen=True, slots=True)
class Way:
    """A filter to drop, and how many issues there would be without it."""

    words: str
    value: str
    without: Listing
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the list shows. `counts` None: to be counted later. `ways`: how to see something where
    it shows nothing.
    """

    page: IssuePage
    counts: dict[str, int] | None
    environments: tuple[str, ...]
    projects: tuple[Project, ...]
    project: Project | None
    ways: tuple[Way, ...]
    assignees: tuple[Assignee, ...]
    mistake: Mistake | None = None

    @property
    def is_counted(self) -> bool:
        return self.counts is not None and all(it.people is not None for it in self.page.rows)

    @property
    def waiting(self) -> Project | None:
        return projects.waiting((self.project,) if self.project else self.projects)


async def index(request: Request) -> Response:
    """The bare address leads to the saved search that somebody begins with."""
    if not request.url.query and (start := await searches.start(request)) is not None:
        return RedirectResponse(_address(request, start), status_code=303)
    asked = Listing.read(request.query_params)
    return await shown(request, asked, toasts=said.toasts(request))


async def shown(
    request: Request,
    asked: Listing,
    *,
    block: str | None = None,
    headers: dict[str, str] | None = None,
    toasts: tuple[tuple[str, str], ...] = (),
) -> Response:
    """The list an address asks for; `block` where the request's target does not say which part."""
    services = state.of(request)
    now_ms = services.clock.now_ms()
    exact = EXACT in request.query_params
    found = await services.store.read(_find, asked, asker(request), now_ms, exact)
    if found is None:
        raise HTTPException(404)
    return render(
        request,
        "pages/issues.html",
        block=block,
        headers=headers,
        cur="issues",
        project=asked.project,
        found=found,
        rows=tuple(listing.row(it, asked, now_ms) for it in found.page.rows),
        **tabs(request, asked, found.counts),
        sorts=SORT_WORDS,
        periods=OFFERED,
        period_words=PERIOD_WORDS,
        may_change=guards.person(request).role in guards.MEMBERS,
        may_add=guards.person(request).role in guards.ADMINS,
        archives=actions.OFFERED,
        exactly=f"{_address(request, asked)}&{EXACT}=1",
        counting=f"{links.url(request, '/issues/counts')}?{asked.written()}",
        here=_address(request, asked.but()),
        **await searches.menu(request, asked),
        toasts=toasts,
    )


def tabs(request: Request, asked: Listing, counts: dict[str, int] | None) -> dict[str, Any]:
    """What the tabs need, wherever they are drawn. `counts` None: they are counted later."""
    return {
        "asked": asked,
        "counts": counts,
        "states": tuple(STATES),
        "address": partial(_address, request),
    }


def _address(request: Request, asked: Listing) -> str:
    return f"{links.url(request, '/issues')}?{asked.written()}"


@dataclass(frozen=True, slots=True)
class Asker:
    user_id: int
    sight: Sight


def asker(request: Request) -> Asker:
    return Asker(guards.person(request).id, guards.sight(request))


def _find(db: Reader, asked: Listing, asker: Asker, now_ms: int, exact: bool) -> Found | None:
    every = tuple(projects.every(db, asker.sight))
    project = next((it for it in every if it.slug == asked.project), None)
    if asked.project and project is None:
        return None
    names = tuple(name for _, name in environments.seen(db, asker.sight))
    shown = [project] if project else every
    whom = tuple(assignees.of_projects(db, [it.id for it in shown]))
    try:
        looking = _looking(db, asked, asker, project, now_ms)
        page = issue_list.search(db, asked.query(looking, exact=exact))
        if not page.rows and asked.cursor:
            page = issue_list.search(db, asked.but().query(looking, exact=exact))
        counts = None if page.counts is None else _counts(page.counts)
        ways = () if page.rows else _ways(db, asked, looking, asker.sight, page.counts)
    except QueryError as error:
        none = dict.fromkeys(STATES, 0)
        mistake = Mistake.of(asked.text, error)
        return Found(issue_list.NOTHING, none, names, every, project, (), whom, mistake)
    return Found(page, counts, names, every, project, ways, whom)


def _looking(
    db: Reader, asked: Listing, asker: Asker, project: Project | None, now_ms: int
) -> Looking:
    """Raises QueryError."""
    within = (project.id,) if project else asker.sight.within(None)
    what = suggestions.understood(db, asked.text, asker.sight.within(None))
    return Looking(what, asker.user_id, within, now_ms)


def looking(db: Reader, asked: Listing, asker: Asker, now_ms: int) -> Looking | None:
    """What a list is about; None if its project is not there. Raises QueryError."""
    project = projects.by_slug(db, asked.project, asker.sight) if asked.project else None
    if asked.project and project is None:
        return None
    return _looking(db, asked, asker, project, now_ms)


def tab_counts(db: Reader, asked: Listing, asker: Asker, now_ms: int) -> dict[str, int]:
    """Issues in each state, under the filters of this list."""
    try:
        found = looking(db, asked, asker, now_ms)
        return {} if found is None else _counts(issue_list.totals(db, asked.query(found)))
    except QueryError:
        return dict.fromkeys(STATES, 0)


def _counts(counted: Mapping[State, int]) -> dict[str, int]:
    counts = {name: counted.get(it, 0) for name, it in STATES.items() if it is not None}
    return {**counts, "all": sum(counts.values())}


def _ways(
    db: Reader,
    asked: Listing,
    looking: Looking,
    sight: Sight,
    counted: Mapping[State, int] | None,
) -> tuple[Way, ...]:
    """Each filter that could be dropped, with what would be seen then. `counted`: how many of each
    state there are, if that is known.
    """
    anything = replace(looking, what=EVERYTHING)
    everywhere = replace(looking, within=sight.within(None))
    ways = []
    if asked.text:
        ways.append(("Search", asked.text, asked.but(text=""), anything))
    if asked.environment is not None:
        shown = asked.environment or "none"
        ways.append(("Environment", shown, asked.but(environment=None), looking))
    if asked.period != "90d":
        words = PERIOD_WORDS[asked.period]
        ways.append(("Period", words, asked.but(period="90d"), looking))
    if asked.state != "all" and not listing.names_states(looking.what):
        ways.append(("State", asked.state, asked.but(state="all"), looking))
    if asked.project:
        ways.append(("Project", asked.project, asked.but(project=None), everywhere))
    known = {} if counted is None else {"State": sum(counted.values())}
    wide = asked.but(environment=None, period="90d", state="all", project=None)
    if len(ways) > 3 and asked.text and not _count(db, wide, everywhere):
        known |= dict.fromkeys(("Environment", "Period", "State", "Project"), 0)  # nor with all
    return tuple(
        Way(words, value, without, known[words] if words in known else _count(db, without, scope))
        for words, value, without, scope in ways
    )


def _count(db: Reader, asked: Listing, looking: Looking) -> int:
    query = asked.query(looking)
    counted = issue_list.totals(db, query)
    return sum(counted.values()) if query.state is None else counted.get(query.state, 0)


async def counts(request: Request) -> Response:
    """What an address leaves to be counted after its rows: their people, the tabs, the total."""
    now_ms = state.of(request).clock.now_ms()
    asked = Listing.read(request.query_params)
    seen = ids(request.query_params.get("seen", ""))
    found = await state.of(request).store.read(_news, asked, asker(request), now_ms, 0)
    if found is None:
        return Response(status_code=204)
    page, counted = found
    return render(
        request,
        "parts/issue_news.html",
        block="counts",
        rows=tuple(listing.row(it, asked, now_ms) for it in page.rows if it.id in seen),
        total=page.total,
        **tabs(request, asked, counted),
    )


async def news(request: Request) -> Response:
    """Numbers of the rows that are seen, and how many rows wait to be shown. Nothing moves."""
    services = state.of(request)
    now_ms = services.clock.now_ms()
    asked = of_current(request)
    seen = ids(request.query_params.get("seen", ""))
    drawn_at = _number(request.query_params.get("drawn", ""))
    found = await services.store.read(_news, asked, asker(request), now_ms, len(seen))
    if found is None:
        return Response(status_code=204)
    page, counts = found
    waiting = 0
    if asked.cursor is None:
        top = page.rows[: listing.ROWS]
        waiting = sum(it.id not in seen and it.last_at > drawn_at for it in top)
    return render(
        request,
        "parts/issue_news.html",
        block="news",
        rows=tuple(listing.row(it, asked, now_ms) for it in page.rows if it.id in seen),
        total=page.total,
        waiting=waiting,
        here=_address(request, asked.but()),
        **tabs(request, asked, counts),
    )


def of_current(request: Request) -> Listing:
    """The list that is open in the browser: htmx names its address."""
    query = urlsplit(request.headers.get("hx-current-url", "")[:4000]).query
    return Listing.of_query(query)


def _news(
    db: Reader, asked: Listing, asker: Asker, now_ms: int, more: int
) -> tuple[IssuePage, dict[str, int]] | None:
    # what was on top may have moved down by as many rows as came in
    limit = min(issue_list.MOST_ROWS, listing.ROWS + more)
    try:
        found = looking(db, asked, asker, now_ms)
        if found is None:
            return None
        page = issue_list.search(db, asked.query(found, limit))
        return page, _counts(page.counts or {})
    except QueryError:
        return None


def ids(text: str) -> frozenset[int]:
    return frozenset(_number(part) for part in text[: SEEN * 12].split(",")[:SEEN]) - {0}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


PAGES = (
    Page("/issues", index, Guard.SIGNED_IN, name="issues"),
    Page("/issues/counts", counts, Guard.SIGNED_IN, name="issue_counts"),
    Page("/issues/news", news, Guard.SIGNED_IN, name="issue_news"),
)
