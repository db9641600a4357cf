"""All that the page of an issue shows, read and worked out; in a reader's thread."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from lighttrace.alerts import suspicion
from lighttrace.event.grouping.explain import Explanation
from lighttrace.event.grouping.rules import Rules
from lighttrace.event.model import Event
from lighttrace.event.suspects import Suspect
from lighttrace.sourcemaps.readable import is_mapped
from lighttrace.store import (
    activity,
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
    chart_view,
    comments,
    format,
    muting,
    source_fetch,
    source_view,
    tags_view,
    view,
)
from lighttrace.web.comments import NOTHING_SAID, Comment, Talk
from lighttrace.web.issue_asked import WHICH, Asked
from lighttrace.web.listing import PERIOD_WORDS, PERIODS
from lighttrace.web.source_view import Sources
from lighttrace.web.state import Services
from lighttrace.web.tags_view import Distribution
from lighttrace.web.view import EventView


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


def head(
    db: Reader, issue_id: int, sight: Sight, person: User
) -> tuple[Issue, list[Activity], Talk, list[Assignee]] | None:
    """What the head of the page says, and its history. None: no such issue within sight."""
    issue = issues.get(db, issue_id, sight)
    if issue is None:
        return None
    talk = comments.of_issue(db, issue_id, issue.project_id, person)
    whom = assignees.of_projects(db, [issue.project_id])
    return issue, activity.of_issue(db, issue_id), talk, whom


def part(db: Reader, asked: Asked, sight: Sight, services: Services) -> tuple[Any, Sources] | None:
    """A folded part that is asked for, and the sources of its frames."""
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


def wanted(
    db: Reader, asked: Asked, sight: Sight, services: Services, now_ms: int
) -> list[source_fetch.Want]:
    """Files whose lines the host is to be asked for, where the file of settings wants that."""
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


def look(
    db: Reader,
    asked: Asked,
    sight: Sight,
    now_ms: int,
    zone: str,
    services: Services,
    person: User,
) -> Looked | None:
    """Everything. None: no such issue within sight, or no such event of it."""
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


def news(db: Reader, asked: Asked, sight: Sight, now_ms: int, zone: str) -> Looked | None:
    """Only what changes on a page that is open."""
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
