"""`/issues/{short_id}`: one issue, one of its events, and what its events have in common.
`/issues/{short_id}/news`: the numbers of an open page, renewed in their places.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from markupsafe import Markup
from starlette.background import BackgroundTask
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.alerts import suspicion
from lighttrace.errors import StoreError
from lighttrace.event.grouping.explain import Explanation
from lighttrace.event.grouping.rules import Rules
from lighttrace.event.model import Event
from lighttrace.event.suspects import Suspect
from lighttrace.sourcemaps.readable import is_mapped
from lighttrace.store import (
    activity,
    archiving,
    assignees,
    counters,
    events,
    feedback,
    hashes,
    issues,
    merging,
    readable,
    release_list,
    reread,
    similar,
    tag_stats,
    viewers,
)
from lighttrace.store.activity import Activity
from lighttrace.store.assignees import Assignee
from lighttrace.store.database import Reader
from lighttrace.store.events import Around, EventRow
from lighttrace.store.feedback import Feedback
from lighttrace.store.issues import Issue
from lighttrace.store.merging import Merged
from lighttrace.store.sight import Sight
from lighttrace.store.similar import Similar
from lighttrace.store.standing_out import Standout, standing_out
from lighttrace.store.users import User
from lighttrace.store.viewers import Viewer
from lighttrace.web import (
    actions,
    chart_view,
    comments,
    format,
    guards,
    inbox_view,
    links,
    listing,
    muting,
    said,
    source_fetch,
    source_view,
    state,
    tags_view,
    view,
    viewer,
)
from lighttrace.web.comments import NOTHING_SAID, Comment, Talk
from lighttrace.web.guards import Guard, Page
from lighttrace.web.listing import PERIOD_WORDS, PERIODS
from lighttrace.web.render import render, wants_fragment
from lighttrace.web.source_view import Sources
from lighttrace.web.state import Services
from lighttrace.web.tags_view import Distribution
from lighttrace.web.view import EventView

WHICH = ("recommended", "latest", "first")
PARTS = 20  # folded parts that one address may ask for
PART_TARGET = "div#part-"  # where a folded part is put when it is opened
HEAD = "#issue-head"
FOCUSES = ("acknowledge", "mute")  # a message has led here; following it changes nothing
# entries of the activity that say what was grouped by hand
GROUPED = frozenset(["merged", "merged_into", "unmerged", "unmerged_from", "split", "split_from"])


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address of the page says."""

    short_id: str
    which: str = "recommended"
    environment: str | None = None
    period: str = ""  # empty: what suits the age of the issue
    every: bool = False  # all frames, none folded
    minified: bool = False  # frames as they were sent, whatever source maps make of them
    parts: tuple[str, ...] = ()
    event: str = ""  # the one that is shown on an open page
    focus: str = ""  # what a link of a message puts the focus on, of FOCUSES

    @classmethod
    def read(cls, request: Request) -> "Asked":
        path = request.path_params
        which = path.get("which", "recommended")
        return cls.of(path["short_id"], which, request.query_params)

    @classmethod
    def of_current(cls, request: Request) -> "Asked":
        """What is open in the browser: htmx names its address."""
        current = urlsplit(request.headers.get("hx-current-url", "")[:4000])
        which = current.path.partition("/events/")[2] or "recommended"
        params = ImmutableMultiDict(parse_qsl(current.query, keep_blank_values=True))
        return cls.of(request.path_params["short_id"], which, params)

    @classmethod
    def of(cls, short_id: str, which: str, params: ImmutableMultiDict[str, str]) -> "Asked":
        return cls(
            short_id=short_id,
            which=which.lower(),
            environment=params.get("environment"),
            period=params.get("period", "") if params.get("period") in PERIODS else "",
            every=params.get("frames") == "all",
            minified=params.get("code") == "minified",
            parts=tuple(params.getlist("show")[:PARTS]),
            focus=params.get("focus", "") if params.get("focus") in FOCUSES else "",
        )

    def url(self, request: Request, **changes: Any) -> str:
        """The address with something changed; what is opened on the page stays behind."""
        new = {
            "which": self.which,
            "environment": self.environment,
            "period": self.period or None,
            "frames": "all" if self.every else None,
            "code": "minified" if self.minified else None,
            "show": None,
        } | changes
        which = new.pop("which")
        path = f"/issues/{self.short_id}" + ("" if which == "recommended" else f"/events/{which}")
        return links.url(request, path, **new)


@dataclass(frozen=True, slots=True)
class Seen:
    """An event that can be shown: its row, itself, why it is in its group."""

    row: EventRow
    around: Around
    view: EventView | None  # None: its body is no longer kept
    why: Explanation | None
    report: Feedback | None
    mapped: bool = False  # source maps have made some of it readable
    sources: Sources | None = None  # None: its body is no longer kept


@dataclass(frozen=True, slots=True)
class Accused:
    """A suspect commit. `url`: of it, or nothing; `author`: who of us that is, if anybody."""

    suspect: Suspect
    url: str
    author: Assignee | None


@dataclass(frozen=True, slots=True)
class Looked:
    """Everything the page shows."""

    issue: Issue
    period: str
    events: int
    people: int
    chart: Markup
    event: Seen | None = None
    tags: tuple[Distribution, ...] = ()
    standouts: tuple[Standout, ...] = ()
    history: Sequence[Activity] = ()
    talk: Talk = NOTHING_SAID
    reports: Sequence[Feedback] = ()
    groups: int = 0
    assignees: Sequence[Assignee] = ()
    viewers: Sequence[Viewer] = ()
    new_look: bool = False  # that of whoever asks is not noted yet
    similar: Sequence[Similar] = ()
    merged: Sequence[Merged] = ()
    muted: Sequence[muting.Shown] = ()
    suspects: Sequence[Accused] = ()

    @property
    def timeline(self) -> Sequence[Activity | Comment]:
        return comments.in_order(self.history, self.talk.comments)


async def show(request: Request) -> Response:
    asked = Asked.read(request)
    services = state.of(request)
    now_ms = services.clock.now_ms()
    person = guards.person(request)
    target = request.headers.get("hx-target", "")
    if wants_fragment(request) and target.startswith(PART_TARGET) and asked.parts:
        return await _part(request, asked)
    zone = str(person.options.get("timezone") or "UTC")
    await _fetch(services, asked, guards.sight(request))
    found = await services.store.read(
        _look, asked, guards.sight(request), now_ms, zone, services, person
    )
    if found is None:
        raise HTTPException(404)
    if asked.short_id != found.issue.short_id:
        right = Asked(found.issue.short_id, asked.which, asked.environment, asked.period)
        return RedirectResponse(right.url(request), status_code=302)
    # what was taken back changes more than the title and the buttons
    block = "head_and_history" if wants_fragment(request) and target.endswith(HEAD) else None
    context = _context(request, asked, found, now_ms)
    standing = await viewer.standing(request, found.issue.id, asked.environment)
    answer = render(request, "pages/issue.html", block=block, standing=standing, **context)
    if found.new_look:
        answer.background = BackgroundTask(_note_look, services, found.issue.id, person.id, now_ms)
    return answer


async def _note_look(services: state.Services, issue_id: int, user_id: int, now_ms: int) -> None:
    with contextlib.suppress(StoreError):  # a full disk must not keep people from reading
        await services.store.write(viewers.note, issue_id, user_id, now_ms)


async def news(request: Request) -> Response:
    """Numbers, chart and state of the page that is open. What somebody reads there stays."""
    asked = Asked.of_current(request)
    if shown := request.query_params.get("event"):  # "latest" may be another one by now
        asked = replace(asked, event=shown)
    services = state.of(request)
    now_ms = services.clock.now_ms()
    zone = str(guards.person(request).options.get("timezone") or "UTC")
    found = await services.store.read(_news, asked, guards.sight(request), now_ms, zone)
    if found is None:
        return Response(status_code=204)
    context = _context(request, asked, found, now_ms)
    return render(request, "parts/issue_page_news.html", block="news", **context)


def _context(request: Request, asked: Asked, found: Looked, now_ms: int) -> Mapping[str, Any]:
    issue = found.issue
    rules = state.of(request).options(issue.project_id).rules
    return {
        "cur": "issues",
        "project": issue.project_slug,
        "asked": asked,
        "found": found,
        "sources": found.event and found.event.sources,
        "issue": issue,
        "pills": listing.pills(issue, issue.first_at, now_ms),
        "address": partial(asked.url, request),
        "part_url": lambda key: asked.url(request, show=key),
        "news_url": links.url(request, f"/issues/{issue.short_id}/news"),
        "permalink": links.public(request, state.of(request).config) + f"/issues/{issue.short_id}",
        "periods": tuple(PERIODS),
        "period_words": PERIOD_WORDS,
        "may_change": guards.person(request).role in guards.MEMBERS,
        "archives": actions.OFFERED,
        "archived_until": actions.until(archiving.said(issue.archive), now_ms),
        "until": actions.until,
        "said_words": said.WORDS,
        "owner_line": issue.owner and rules.line_of(issue.owner.rule),
        "undo_url": partial(said.undo_url, request),
        "may_delete": guards.person(request).role in guards.ADMINS,
        "grouped": GROUPED,
        "score_bar": inbox_view.score_bar,
        "toasts": said.toasts(request),
    }


async def header(
    request: Request, issue_id: int, toasts: tuple[tuple[str, str], ...] = ()
) -> Response:
    """Title, state and buttons after a change, with the activity and a toast beside them."""
    services = state.of(request)
    now_ms = services.clock.now_ms()
    known = await services.store.read(
        _head, issue_id, guards.sight(request), guards.person(request)
    )
    if known is None:
        raise HTTPException(404)
    issue, history, talk, whom = known
    asked = replace(Asked.of_current(request), short_id=issue.short_id)
    found = Looked(issue, "", 0, 0, Markup(), history=history, talk=talk, assignees=whom)
    context = {**_context(request, asked, found, now_ms), "toasts": toasts}
    return render(request, "pages/issue.html", block="head_and_history", **context)


def _head(
    db: Reader, issue_id: int, sight: Sight, person: User
) -> tuple[Issue, list[Activity], Talk, list[Assignee]] | None:
    issue = issues.get(db, issue_id, sight)
    if issue is None:
        return None
    talk = comments.of_issue(db, issue_id, issue.project_id, person)
    whom = assignees.of_projects(db, [issue.project_id])
    return issue, activity.of_issue(db, issue_id), talk, whom


async def _part(request: Request, asked: Asked) -> Response:
    """A folded part that somebody opened: a frame, a thread, the earlier steps."""
    services = state.of(request)
    await _fetch(services, asked, guards.sight(request))
    found = await services.store.read(_find_part, asked, guards.sight(request), services)
    if found is None or found[0] is None:
        raise HTTPException(404)
    part, sources = found
    key = asked.parts[0]
    return render(
        request, "parts/event_part.html", block="part", part=part, key=key, sources=sources
    )


def _find_part(
    db: Reader, asked: Asked, sight: Sight, services: Services
) -> tuple[Any, Sources] | None:
    issue = issues.by_short_id(db, asked.short_id, sight)
    row = events.chosen(db, issue.id, asked.which, asked.environment) if issue else None
    event = reread.event(db, row.row) if row else None
    if issue is None or event is None:
        return None
    event = _rules(services, issue).seen(event)
    if asked.minified:
        event = readable.as_sent(db, issue.project_id, event)
    sources = _sources(db, issue, event, services)
    event = _with_lines(db, issue, event, sources, asked, services)
    return view.part(event, asked.parts[0]), sources


def _suspects(
    db: Reader, issue: Issue, whom: Sequence[Assignee], services: Services
) -> list[Accused]:
    rules = services.config.source_rules(issue.project_slug)
    by_email = {it.email.lower(): it for it in whom if it.email}
    return [
        Accused(
            it,
            rules.commit(it.change.sha),
            by_email.get(it.change.author_email.lower()),
        )
        for it in suspicion.of_issue(db, issue, rules)
    ]


async def _fetch(services: Services, asked: Asked, sight: Sight) -> None:
    """Have the host say the lines of frames that are opened, where the file wants that."""
    if not asked.parts or not any(it.source and it.source.fetch for it in services.config.projects):
        return
    now_ms = services.clock.now_ms()
    for want in await services.store.read(_wanted, asked, sight, services, now_ms):
        await source_fetch.fetch(services, want)


def _wanted(
    db: Reader, asked: Asked, sight: Sight, services: Services, now_ms: int
) -> list[source_fetch.Want]:
    issue = issues.by_short_id(db, asked.short_id, sight)
    source = services.config.source_of(issue.project_slug) if issue else None
    if issue is None or source is None or not source.fetch:
        return []
    row = events.chosen(db, issue.id, asked.which, asked.environment)
    event = reread.event(db, row.row) if row else None
    if event is None:
        return []
    sources = _sources(db, issue, _rules(services, issue).seen(event), services)
    return source_fetch.wanted(db, issue.project_id, source, sources, asked.parts, now_ms)


def _with_lines(
    db: Reader,
    issue: Issue,
    event: Event,
    sources: Sources,
    asked: Asked,
    services: Services,
) -> Event:
    source = services.config.source_of(issue.project_slug)
    if source is None or not source.fetch or not asked.parts:
        return event
    return source_fetch.with_lines(db, issue.project_id, source, sources, asked.parts)


def _rules(services: Services, issue: Issue) -> Rules:
    return services.options(issue.project_id).grouping


def _sources(db: Reader, issue: Issue, event: Event, services: Services) -> Sources:
    return source_view.of_event(db, services.config, issue, event)


def _look(
    db: Reader,
    asked: Asked,
    sight: Sight,
    now_ms: int,
    zone: str,
    services: Services,
    person: User,
) -> Looked | None:
    """All reading and working out of the page; runs in a reader's thread."""
    issue = issues.by_short_id(db, asked.short_id, sight)
    if issue is None:
        return None
    row = events.chosen(db, issue.id, asked.which, asked.environment)
    if row is None and asked.which not in WHICH:
        return None
    found = _counted(db, issue, asked, now_ms, zone)
    here = tag_stats.tally(db, issue.id, asked.environment)
    there = services.tallies.of(db, issue.project_id, asked.environment, here.since_ms, now_ms)
    whom = assignees.of_projects(db, [issue.project_id])
    return replace(
        found,
        event=_seen(db, issue, row, asked, services) if row else None,
        tags=tags_view.distributions(here.stats()),
        standouts=standing_out(here, there),
        history=activity.of_issue(db, issue.id),
        talk=comments.of_issue(db, issue.id, issue.project_id, person),
        reports=feedback.of_issue(db, issue.id),
        groups=len(hashes.of_issue(db, issue.id)),
        assignees=whom,
        suspects=_suspects(db, issue, whom, services),
        viewers=viewers.of_issue(db, issue.id),
        new_look=viewers.is_due(db, issue.id, person.id, now_ms),
        muted=muting.of_issue(db, issue.id, person, sight, now_ms),
        similar=similar.of_issue(db, issue),
        merged=merging.merged(db, issue.id),
    )


def _news(db: Reader, asked: Asked, sight: Sight, now_ms: int, zone: str) -> Looked | None:
    issue = issues.by_short_id(db, asked.short_id, sight)
    if issue is None:
        return None
    row = events.chosen(db, issue.id, asked.event or asked.which, asked.environment)
    found = _counted(db, issue, asked, now_ms, zone)
    seen = Seen(row, events.around(db, issue.id, row.row), None, None, None) if row else None
    return replace(found, event=seen)


def _counted(db: Reader, issue: Issue, asked: Asked, now_ms: int, zone: str) -> Looked:
    """What the counters say of the period and environment."""
    period = asked.period or _suiting(issue, now_ms)
    shown = chart_view.window(period, PERIODS[period] * format.HOUR, now_ms)
    env = asked.environment
    series = counters.series(db, issue.id, env, shown.since_ms, shown.until_ms, shown.bar_ms)
    _, people = counters.totals(db, issue.id, env, shown.since_ms)
    spike = issue.spike if env is None else None  # it is one of all environments together
    return Looked(
        issue=issue,
        period=period,
        events=sum(series),
        people=people,
        chart=chart_view.draw(
            series,
            shown,
            period,
            PERIOD_WORDS[period],
            zone,
            spike,
            release_list.since(db, [issue.project_id], env, shown.since_ms),
        ),
    )


def _suiting(issue: Issue, now_ms: int) -> str:
    """An issue of today is looked at by the hour, an old one by the week."""
    age_ms = now_ms - issue.first_at
    if age_ms < format.HOUR:
        return "1h"
    if age_ms < format.DAY:
        return "24h"
    return "14d" if now_ms - issue.last_at < 14 * format.DAY else "90d"


def _seen(db: Reader, issue: Issue, row: EventRow, asked: Asked, services: Services) -> Seen:
    stored, rules = reread.with_body(db, row.row), _rules(services, issue)
    shown, why, mapped, sources = None, None, False, None
    if stored is not None:
        event = rules.seen(stored[0])
        why = rules.explain(event)
        main = rules.group(event).main
        mapped = is_mapped(event)
        place = event.exceptions.index(main) if main in event.exceptions else None
        if asked.minified and mapped:
            event = readable.as_sent(db, issue.project_id, event)
        sources = _sources(db, issue, event, services)
        event = _with_lines(db, issue, event, sources, asked, services)
        main = None if place is None else event.exceptions[place]
        shown = view.event(
            event,
            main=main,
            asked=asked.parts,
            every=asked.every,
            filtered=stored[1].count(format.FILTERED.encode()),
        )
    return Seen(
        row,
        events.around(db, issue.id, row.row),
        shown,
        why,
        feedback.of_event(db, row.event_id, row.project_id),
        mapped,
        sources,
    )


PAGES = (
    Page("/issues/{short_id}", show, Guard.SIGNED_IN, name="issue"),
    Page("/issues/{short_id}/news", news, Guard.SIGNED_IN, name="issue_page_news"),
    Page("/issues/{short_id}/events/{which}", show, Guard.SIGNED_IN, name="issue_event"),
)
