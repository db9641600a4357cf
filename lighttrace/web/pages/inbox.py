"""`/`: what needs somebody, in order. `/inbox/news`: its numbers renewed, and what waits to be
shown. `/issues/{short_id}/peek`: one row, opened.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.store import (
    assignees,
    environments,
    events,
    inbox,
    inbox_rows,
    issues,
    pace,
    projects,
    release_list,
    reread,
    teams,
    volume,
)
from lighttrace.store.assignees import Assignee
from lighttrace.store.database import Reader
from lighttrace.store.inbox import Group, Inbox, InboxQuery, Whose
from lighttrace.store.inbox_rows import InboxRow
from lighttrace.store.issues import Issue
from lighttrace.store.pace import Done, Pace
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.store.teams import Team
from lighttrace.web import actions, guards, inbox_view, links, said, shell, state, view, viewer
from lighttrace.web.crumbs import Step
from lighttrace.web.guards import Guard, Page
from lighttrace.web.inbox_view import GROUP_WORDS, MINE, PERIOD_WORDS, PERIODS, Asked, Row
from lighttrace.web.pages import changes, during
from lighttrace.web.pages import issues as list_page
from lighttrace.web.render import render, wants_fragment
from lighttrace.web.stacks import Call
from lighttrace.web.state import Services
from lighttrace.web.viewer import Viewer

RECENT = 6  # things people did, at the side
RECENT_MS = 7 * 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Found:
    """Everything the page shows. `bars`: errors of the period; `errors_before`: in as long before
    it.
    """

    inbox: Inbox
    rows: dict[Group, tuple[InboxRow, ...]]
    bars: tuple[int, ...]
    deploys: tuple[tuple[int, str], ...]  # of the period: when, which release
    errors_before: int
    to_acknowledge: Pace
    to_resolve: Pace
    recent: tuple[Done, ...]
    assignees: tuple[Assignee, ...]
    environments: tuple[str, ...]
    teams: tuple[Team, ...]
    projects: tuple[Project, ...]
    project: Project | None
    quiet: int  # open issues that did not happen in the period; only known where none needs anybody
    need: int  # what the sidebar says, whatever is chosen here

    @property
    def errors(self) -> int:
        return sum(self.bars)

    @property
    def waiting(self) -> Project | None:
        return projects.waiting((self.project,) if self.project else self.projects)


async def index(request: Request) -> Response:
    asked = Asked.read(request.query_params)
    return await shown(request, asked, toasts=said.toasts(request))


async def shown(
    request: Request,
    asked: Asked,
    *,
    block: str | None = None,
    headers: dict[str, str] | None = None,
    toasts: tuple[tuple[str, str], ...] = (),
) -> Response:
    """The inbox an address asks for; `block` where the request's target does not say which part."""
    services = state.of(request)
    now_ms = services.clock.now_ms()
    found = await services.store.read(_find, asked, Viewer.of(request), now_ms)
    if found is None:
        raise HTTPException(404)
    return render(
        request,
        "pages/inbox.html",
        block=block,
        headers=headers,
        toasts=toasts,
        **_context(request, asked, found, now_ms),
    )


def _context(request: Request, asked: Asked, found: Found, now_ms: int) -> dict[str, Any]:
    return {
        "cur": "inbox",
        "project": asked.project,
        "asked": asked,
        "found": found,
        "groups": tuple(
            (name, GROUP_WORDS[name], rows(some, asked, now_ms))
            for name, some in found.rows.items()
        ),
        "chart": inbox_view.chart(
            found.bars,
            inbox_view.window(asked.period, now_ms),
            asked.period,
            Viewer.of(request).zone,
            partial(during.address, request, asked),
            found.deploys,
        ),
        "counts": found.inbox.counts,
        "need": found.need,
        "periods": tuple(PERIODS),
        "period_words": PERIOD_WORDS,
        "mine": MINE,
        "address": partial(address, request),
        "may_change": guards.person(request).role in guards.MEMBERS,
        "archives": actions.OFFERED,
        "may_add": guards.person(request).role in guards.ADMINS,
    }


def rows(some: tuple[InboxRow, ...], asked: Asked, now_ms: int) -> tuple[Row, ...]:
    return tuple(inbox_view.row(it, asked.period, now_ms) for it in some)


def address(request: Request, asked: Asked) -> str:
    return links.url(request, "/", **asked.pairs())


def _query(
    db: Reader, asked: Asked, who: Viewer, project: Project | None, now_ms: int
) -> InboxQuery | None:
    """None: there is no such team."""
    whole = who.query(asked.environment, now_ms, asked.period)
    whose = None
    if asked.team == MINE:
        own = tuple(it.id for it in teams.of_user(db, who.user_id))
        whose = Whose((who.user_id,), own)
    elif asked.team:
        team = teams.by_slug(db, asked.team)
        if team is None:
            return None
        whose = Whose((), (team.id,))
    within = (project.id,) if project else whole.project_ids
    return replace(whole, project_ids=within, whose=whose, group=asked.group)


def _find(db: Reader, asked: Asked, who: Viewer, now_ms: int) -> Found | None:
    every = tuple(projects.every(db, who.sight))
    project = next((it for it in every if it.slug == asked.project), None)
    if asked.project and project is None:
        return None
    query = _query(db, asked, who, project, now_ms)
    if query is None:
        return None
    found = inbox.find(db, query)
    window = inbox_view.window(asked.period, now_ms)
    span_ms = window.until_ms - window.since_ms
    values = volume.bars(
        db, query.project_ids, query.env, window.since_ms - span_ms, window.until_ms, window.bar_ms
    )
    shown = [project] if project else every
    before, now = values[: len(values) // 2], values[len(values) // 2 :]
    return Found(
        inbox=found,
        rows={name: tuple(inbox_rows.rows(db, query, some)) for name, some in found.shown.items()},
        bars=tuple(now),
        deploys=tuple(release_list.since(db, [it.id for it in shown], query.env, window.since_ms)),
        errors_before=sum(before),
        to_acknowledge=pace.to_acknowledge(db, query.project_ids, now_ms),
        to_resolve=pace.to_resolve(db, query.project_ids, now_ms),
        recent=tuple(pace.recent(db, query.project_ids, now_ms - RECENT_MS, RECENT)),
        assignees=tuple(assignees.of_projects(db, [it.id for it in shown])),
        environments=tuple(name for _, name in environments.seen(db, who.sight)),
        teams=tuple(teams.every(db)),
        projects=every,
        project=project,
        quiet=0 if found.counts["act"] or found.counts["next"] else inbox.quiet(db, query),
        need=found.counts["act"]
        if replace(query, group=None) == who.query(None, now_ms)
        else shell.need(db, who.sight, who.weights, now_ms),
    )


def of_current(request: Request) -> Asked:
    """The inbox that is open in the browser: htmx names its address."""
    query = urlsplit(request.headers.get("hx-current-url", "")[:4000]).query
    return Asked.read(dict(parse_qsl(query, keep_blank_values=True)))


async def news(request: Request) -> Response:
    """Numbers, reasons and key figures in their places, and how many wait to be shown. No row
    moves.
    """
    services = state.of(request)
    now_ms = services.clock.now_ms()
    asked = of_current(request)
    seen = list_page.ids(request.query_params.get("seen", ""))
    found = await services.store.read(_find, asked, Viewer.of(request), now_ms)
    if found is None:
        return Response(status_code=204)
    context = _context(request, asked, found, now_ms)
    every = [it for _, _, some in context["groups"] for it in some]
    return render(
        request,
        "parts/inbox_news.html",
        block="news",
        **context,
        rows=tuple(it for it in every if it.it.issue.id in seen),
        waiting=sum(it.issue.id not in seen for it in found.rows.get("act", ())),
        more=sum(it.issue.id not in seen for it in found.rows.get("next", ())),
    )


async def change(request: Request) -> Response:
    """`/inbox/change`: what somebody does to rows of the inbox. All of it is drawn anew: a row may
    leave, or move to another group.
    """
    asked = await changes.read(request)
    if asked.action is None:
        raise HTTPException(400)
    done = await actions.perform(request, asked.action, asked.issue_ids)
    if not wants_fragment(request):
        return changes.redirect(request, asked.next, done, "/")
    toasts = (done.toast(request),)
    return await shown(request, of_current(request), block="inbox_and_toast", toasts=toasts)


@dataclass(frozen=True, slots=True)
class Peeked:
    """What a row shows when it is opened. `lines` of `call` are the crashing one and its
    neighbours; `steps` the last before it, oldest first.
    """

    issue: Issue
    call: Call | None
    heading: str
    steps: tuple[Step, ...]
    assignees: tuple[Assignee, ...]


async def peek(request: Request) -> Response:
    """A row, opened: a fragment for the inbox that is open, or a small page of its own."""
    services = state.of(request)
    asked = of_current(request)
    sight, env = guards.sight(request), asked.environment
    found = await services.store.read(_peek, request.path_params["short_id"], sight, env, services)
    if found is None:
        raise HTTPException(404)
    return render(
        request,
        "parts/inbox_peek.html",
        block="peek",
        found=found,
        issue=found.issue,
        asked=asked,
        standing=await viewer.standing(request, found.issue.id, env, asked.period),
        score_bar=inbox_view.score_bar,
        may_change=guards.person(request).role in guards.MEMBERS,
        archives=actions.OFFERED,
    )


def _peek(
    db: Reader, short_id: str, sight: Sight, env: str | None, services: Services
) -> Peeked | None:
    issue = issues.by_short_id(db, short_id, sight)
    if issue is None:
        return None
    row = events.chosen(db, issue.id, "recommended", env)
    event = reread.event(db, row.row) if row else None
    whom = tuple(assignees.of_projects(db, [issue.project_id]))
    if event is None:
        return Peeked(issue, None, "", (), whom)
    rules = services.options(issue.project_id).grouping
    event = rules.seen(event)
    shown = view.event(event, main=rules.group(event).main)
    return Peeked(
        issue,
        inbox_view.crash(shown),
        shown.heading,
        shown.trail.steps[-inbox_view.STEPS :],
        whom,
    )


PAGES = (
    Page("/inbox/news", news, Guard.SIGNED_IN, name="inbox_news"),
    Page("/inbox/change", change, Guard.MEMBER, ("POST",), name="inbox_change"),
    Page("/issues/{short_id}/peek", peek, Guard.SIGNED_IN, name="issue_peek"),
)
