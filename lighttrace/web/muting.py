"""What a form of a mute says, and what mutes are about in words.

Fields: `what` is `issue:SHOP-1`, `project:shop`, `rule:NAME`, `default` (the rule that holds
without any) or `all`; `for` how long: `1h`, `morning` (tomorrow at eight), `day`, `week`, `date`
(with the field `date`), and of an issue `events` or `users` (with the field `n`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from lighttrace.alerts import wall
from lighttrace.store import archiving, issues, mutes, projects
from lighttrace.store.archiving import Archive
from lighttrace.store.database import Reader
from lighttrace.store.mutes import Mute, Muted
from lighttrace.store.sight import Sight
from lighttrace.store.users import User
from lighttrace.web import format, guards

MORNING = time(8)
MOST_TEXT = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """A mute that is to be. `until`: ms."""

    what: Muted
    name: str
    until: int
    condition: Archive | None = None

    def for_person(self, user_id: int) -> "Wanted":
        return replace(self, what=replace(self.what, for_user=user_id))


def read(
    db: Reader, form: Mapping[str, object], sight: Sight, zone: ZoneInfo, now_ms: int
) -> Wanted | None:
    """None if the form makes no sense, or is about what is not seen."""
    said = {key: str(form.get(key, "")).strip()[:MOST_TEXT] for key in ("what", "for", "date", "n")}
    found = _thing(db, said["what"], sight)
    if found is None:
        return None
    what, name = found
    if said["for"] in ("events", "users"):
        n = int(said["n"]) if said["n"].isascii() and said["n"].isdigit() else 0
        if what.issue_id is None or not 0 < n <= archiving.MOST_COUNTED:
            return None
        kind = Archive("events" if said["for"] == "events" else "users", n=n)
        return Wanted(what, name, now_ms + mutes.LONGEST_MS, kind)
    until = _until(said["for"], said["date"], zone, now_ms)
    return None if until is None else Wanted(what, name, until)


def _thing(db: Reader, text: str, sight: Sight) -> tuple[Muted, str] | None:
    kind, _, name = text.partition(":")
    match kind:
        case "issue":
            issue = issues.by_short_id(db, name, sight)
            return (Muted(issue_id=issue.id), issue.short_id) if issue else None
        case "project":
            project = projects.by_slug(db, name, sight)
            return (Muted(project_id=project.id), project.slug) if project else None
        case "rule" if name:
            return Muted(rule=name), name
        case "default":
            return Muted(rule=""), "what holds without rules"
        case "all":
            return Muted(), "everything"
    return None


def _until(length: str, day: str, zone: ZoneInfo, now_ms: int) -> int | None:
    today = wall.day_of(now_ms, zone)
    match length:
        case "1h":
            return now_ms + format.HOUR
        case "morning":
            return wall.moment(today + timedelta(days=1), MORNING, zone)
        case "day":
            return now_ms + format.DAY
        case "week":
            return now_ms + 7 * format.DAY
        case "date":
            try:
                return wall.moment(date.fromisoformat(day), MORNING, zone)
            except (ValueError, OverflowError):
                return None
    return None


@dataclass(frozen=True, slots=True)
class Shown:
    """A mute on a page. `link`: of the issue it is about. `left`: what ends it earlier."""

    mute: Mute
    name: str
    link: str
    left: str
    may_end: bool


def _shown(db: Reader, it: Mute, sight: Sight, *, may_end: bool) -> Shown | None:
    """None if it is about something that is not seen."""
    what, link = it.what, ""
    if what.issue_id is not None:
        issue = issues.get(db, what.issue_id, sight)
        if issue is None:
            return None
        name, link = issue.short_id, f"/issues/{issue.short_id}"
    elif what.project_id is not None:
        project = projects.by_id(db, what.project_id, sight)
        if project is None:
            return None
        name = f"Project {project.slug}"
    elif what.rule is not None:
        name = f"Rule {what.rule}" if what.rule else "What holds without rules"
    else:
        name = "Everything"
    condition = it.condition
    left = f"{condition.n:,} more {condition.kind}" if condition else ""
    return Shown(it, name, link, left, may_end)


def visible(db: Reader, person: User, sight: Sight, now_ms: int) -> list[Shown]:
    """Those for everybody, and somebody's own; what others keep from themselves is theirs."""
    return _of(db, mutes.every(db, now_ms), person, sight)


def one(db: Reader, mute_id: int, person: User, sight: Sight) -> Shown | None:
    """The same of one, also if it is over."""
    return next(iter(_of(db, mutes.some(db, [mute_id]), person, sight)), None)


def held_since(db: Reader, person: User, sight: Sight, since_ms: int) -> list[Shown]:
    """The same of those that kept something back and had not ended at that moment."""
    return _of(db, mutes.held_since(db, since_ms), person, sight)


def of_issue(db: Reader, issue_id: int, person: User, sight: Sight, now_ms: int) -> list[Shown]:
    """The same of one issue."""
    return _of(db, mutes.of_issue(db, issue_id, now_ms), person, sight)


def _of(db: Reader, some: Iterable[Mute], person: User, sight: Sight) -> list[Shown]:
    found = []
    for it in some:
        own = it.what.for_user == person.id
        if not own and it.what.for_user is not None:
            continue
        if view := _shown(db, it, sight, may_end=own or person.role in guards.MEMBERS):
            found.append(view)
    return found
