"""What a digest mentions by the way: issues that are active again, and what mutes have kept back.
It never makes a message by itself.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from lighttrace.alerts import wall
from lighttrace.event.model import Json
from lighttrace.store import asides, issues, mutes, projects, sight
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.mutes import Mute
from lighttrace.store.sight import Sight
from lighttrace.store.users import User


@dataclass(frozen=True, slots=True)
class Again:
    """An issue that is active again. `how`: `3 per h, usually 1 a week`."""

    short_id: str
    title: str
    project: str
    how: str
    url: str

    @property
    def sentence(self) -> str:
        return f"Active again: {self.short_id}, {self.title} ({self.how})."


def take(
    tx: Transaction,
    target: str,
    person: User | None,
    zone: ZoneInfo,
    now_ms: int,
    told: Collection[int] = (),
) -> dict[str, Json]:
    """For the payload of a message that is made now; it is not mentioned a second time. `told`: the
    issues that the message is about. What its reader sees no more is left out.
    """
    seen = sight.of_user(tx, person.id, person.role) if person else sight.ALL
    again: list[Json] = [
        [it.about, it.words]
        for it in asides.of(tx, target, "again")
        if it.about not in told and issues.get(tx, it.about, seen)
    ]
    kept = {it.about: it.n for it in asides.of(tx, target, "muted")}
    muted = [
        f"{kept[it.id]:,} not sent: {name} muted {_until(it, person, zone, now_ms)}"
        for it in mutes.some(tx, kept)
        if (name := _name(tx, it, seen))
    ]
    asides.mentioned(tx, target, "again")
    asides.mentioned(tx, target, "muted")
    return {"again": again, "muted": list[Json](muted)}


def again(db: Reader, payload: Mapping[str, Any], seen: Sight, base_url: str) -> tuple[Again, ...]:
    """Those of a payload that are still there."""
    found = []
    for issue_id, how in payload.get("again", ()):
        issue = issues.get(db, issue_id, seen)
        if issue is not None:
            title = f"{issue.title}: {issue.value}" if issue.value else issue.title
            url = f"{base_url}/issues/{quote(issue.short_id)}"
            found.append(Again(issue.short_id, title, issue.project_slug, how, url))
    return tuple(found)


def _name(db: Reader, it: Mute, seen: Sight) -> str:
    """What is muted; nothing if it is gone, or not seen."""
    what = it.what
    if what.issue_id is not None:
        issue = issues.get(db, what.issue_id, seen)
        return issue.short_id if issue else ""
    if what.project_id is not None:
        project = projects.by_id(db, what.project_id, seen)
        return project.slug if project else ""
    if what.rule is not None:
        return f"the rule {what.rule}" if what.rule else "what holds without rules"
    return "everything"


def _until(it: Mute, person: User | None, zone: ZoneInfo, now_ms: int) -> str:
    """`by Mira until Friday 12:00`, `by you for 50 more events`."""
    own = person is not None and it.what.for_user == person.id
    whom = "you" if own else it.made_by or "somebody"
    if it.condition is not None and it.until > now_ms:
        return f"by {whom} for {it.condition.n:,} more {it.condition.kind}"
    return f"by {whom} until {wall.day_and_time(it.until, now_ms, zone)}"
