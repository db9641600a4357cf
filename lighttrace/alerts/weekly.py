"""The report of Monday morning: what was new, what was resolved, what came back, what was loudest,
and what makes noise that nobody reads; of the projects that its reader sees.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from lighttrace.alerts import asides, wall
from lighttrace.alerts.asides import Again
from lighttrace.store import issue_list, pace, sendings, sight, users, volume, weeks
from lighttrace.store.database import Reader
from lighttrace.store.issue_list import IssueQuery, IssueRow
from lighttrace.store.issue_order import Sort
from lighttrace.store.sight import Sight
from lighttrace.store.states import State
from lighttrace.store.users import User
from lighttrace.store.weeks import Noise

MONDAY, AT = 0, time(8)
DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
LATE_MS = 12 * 3_600_000  # a server that was away on Monday sends it until the evening
SHOWN = 3
BAR_PX = 56
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """An issue of a list. `right`: what it is listed for; `alarm`: that is bad."""

    title: str
    below: str
    right: str
    url: str
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """Errors of a day; `height` in pixels. `old`: of the week before."""

    height: int
    old: bool


@dataclass(frozen=True, slots=True)
class Report:
    """`days`: the week in words. `facts`: (number, what it is)."""

    headline: str
    subject: str
    days: str
    zone: str
    facts: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    errors: int
    sections: tuple[tuple[str, tuple[Row, ...]], ...]
    again: tuple[Again, ...]  # that no digest has mentioned
    noise: tuple[tuple[Noise, str], ...]
    gathered: int
    muted: tuple[str, ...]  # sentences: what mutes have kept back, and no digest has said


def zone_of(person: User) -> ZoneInfo:
    """Where somebody is, as far as they have said."""
    return wall.zone(person.options.get("timezone"))


def wants(person: User) -> bool:
    return person.options.get("weekly") is not False


def due_at(person: User, now_ms: int) -> int | None:
    """When the report was due that should be sent now (ms), if one should."""
    when = wall.last_moment(now_ms, AT, zone_of(person), MONDAY)
    return when if now_ms - when < LATE_MS and person.created_at < when else None


def payload(person: User, when: int) -> dict[str, int]:
    """What the outbox keeps of it: whose, and the days from Monday to Sunday."""
    zone = zone_of(person)
    monday = wall.day_of(when, zone)
    return {
        "user": person.id,
        "since": wall.moment(monday - timedelta(days=7), time(0), zone),
        "until": wall.moment(monday, time(0), zone),
    }


def read(db: Reader, kept: Mapping[str, Any], base_url: str) -> Report | None:
    """The report as it is now. None if its reader is gone."""
    person = users.by_id(db, int(kept["user"]))
    if person is None:
        return None
    seen = sight.of_user(db, person.id, person.role)
    since, until, projects = int(kept["since"]), int(kept["until"]), seen.within(None)
    week = weeks.of(db, projects, since, until)
    resolve = pace.to_resolve(db, projects, until)
    bars = volume.bars(db, projects, None, until - 2 * WEEK_MS, until, DAY_MS)
    zone = zone_of(person)
    counts = sendings.counts(db, since, until)
    new = f"{week.new} new issue{'s' * (week.new != 1)}"
    return Report(
        headline=f"{new}, {resolve.count} fixed, {week.regressed} came back",
        subject=_subject(week.new, resolve),
        days=_days(since, until, zone),
        zone=zone.key,
        facts=tuple(_facts(db, projects, until, resolve)),
        bars=_bars(bars),
        errors=sum(bars[-7:]),
        sections=tuple(_sections(db, person, seen, until, base_url)),
        again=asides.again(db, kept, seen, base_url),
        noise=tuple(
            (it, f"{base_url}/issues/{quote(it.short_id)}")
            for it in weeks.noise(db, projects, since, until)
        ),
        gathered=counts.gathered,
        muted=tuple(map(str, kept.get("muted", ()))),
    )


def took(ms: int) -> str:
    """`38 s`, `6 min`, `1 h 12`, `3 d`."""
    minutes = ms // 60_000
    if minutes < 1:
        return f"{ms // 1000} s"
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 10:
        return f"{hours} h {minutes % 60:02d}"
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"


def _subject(new: int, resolve: pace.Pace) -> str:
    said = f"Monday: {new} new, {resolve.count} fixed"
    return said if resolve.last_ms is None else f"{said}, time to resolve {took(resolve.last_ms)}"


def _facts(
    db: Reader, projects: tuple[int, ...] | None, until: int, resolve: pace.Pace
) -> list[tuple[str, str]]:
    found = []
    for it, what in (
        (resolve, "time to resolve"),
        (pace.to_acknowledge(db, projects, until), "to take"),
    ):
        if it.last_ms is not None:
            was = f", was {took(it.before_ms)}" if it.before_ms is not None else ""
            found.append((took(it.last_ms), f"{what}{was}"))
    return found


def _sections(
    db: Reader, person: User, seen: Sight, until: int, base_url: str
) -> list[tuple[str, tuple[Row, ...]]]:
    def listed(sort: Sort) -> list[IssueRow]:
        query = IssueQuery(
            project_ids=seen.within(None),
            period_ms=WEEK_MS,
            state=State.UNRESOLVED,
            sort=sort,
            user_id=person.id,
            limit=3 * SHOWN,
            now_ms=until - 1,  # the hour that begins then is next week's
        )
        return list(issue_list.search(db, query).rows)

    week = (seen.within(None), until - WEEK_MS, until, SHOWN)
    fresh, back = (
        issue_list.of_ranked(db, ranked, None, WEEK_MS, until - 1)
        for ranked in (weeks.nobodys(db, *week), weeks.back(db, *week))
    )
    many = [it for it in listed("users") if it.people]
    lists = (
        ("New, and nobody has it", fresh, True),
        ("Came back", back, True),
        ("Most users", many, False),
        ("Also loud", listed("events"), False),
    )
    sections, named = [], set[int]()
    for title, some, alarm in lists:
        left = [it for it in some if it.id not in named][:SHOWN]
        named |= {it.id for it in left}
        if left:
            rows = tuple(_row(it, base_url, title, alarm=alarm) for it in left)
            sections.append((title, rows))
    return sections


def _row(it: IssueRow, base_url: str, section: str, *, alarm: bool) -> Row:
    people = f"{it.people:,} user{'s' * (it.people != 1)}" if it.people else ""
    events = f"{it.n:,} event{'s' * (it.n != 1)}"
    whose = it.assignee.name if it.assignee else "nobody"
    first, second = (people, events) if section == "Most users" else (events, people)
    right = whose if alarm else first
    below = [it.project_slug, *([events, people] if alarm else [second, whose])]
    title = f"{it.title}: {it.value}" if it.value else it.title
    url = f"{base_url}/issues/{quote(it.short_id)}"
    is_nobodys = alarm and it.assignee is None
    return Row(title[:140], " · ".join(filter(None, below)), right, url, is_nobodys)


def _bars(counted: list[int]) -> tuple[Bar, ...]:
    most = max([*counted, 1])
    return tuple(
        Bar(max(1, round(BAR_PX * n / most)), at < len(counted) - 7) for at, n in enumerate(counted)
    )


def _days(since: int, until: int, zone: ZoneInfo) -> str:
    """`16 to 22 November`, `30 November to 6 December`."""
    first, last = wall.day_of(since, zone), wall.day_of(until, zone) - timedelta(days=1)
    ending = f"{last.day} {MONTHS[last.month - 1]}"
    if first.month == last.month:
        return f"{first.day} to {ending}"
    return f"{first.day} {MONTHS[first.month - 1]} to {ending}"
