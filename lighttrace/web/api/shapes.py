"""Projects, issues and rows of events in the shapes Sentry's tools know. Ids are strings there.

Keys nobody here has a meaning for are given what Sentry gives where nothing is set, so that typed
clients can read them.
"""

from collections.abc import Sequence

from lighttrace.event.impact import Impact
from lighttrace.event.model import Json
from lighttrace.store.assignees import Assignee
from lighttrace.store.events import EventRow
from lighttrace.store.feedback import Feedback
from lighttrace.store.inbox import Standing
from lighttrace.store.issue_list import IssueRow
from lighttrace.store.issues import Issue
from lighttrace.store.keys import Key
from lighttrace.store.notes import Note
from lighttrace.store.projects import Project
from lighttrace.store.states import State, Substate, level_name
from lighttrace.store.viewers import Viewer
from lighttrace.web import links
from lighttrace.web.api.answers import time

ORGANISATION_ID = "1"
ORGANISATION = "lighttrace"
STATUSES = {
    State.UNRESOLVED: "unresolved",
    State.RESOLVED: "resolved",
    State.ARCHIVED: "ignored",
}
SUBSTATUSES = {
    Substate.NEW: "new",
    Substate.ONGOING: "ongoing",
    Substate.REGRESSED: "regressed",
    Substate.ESCALATING: "escalating",
}


def organisation(base_url: str, created_at: int) -> Json:
    """There is one; all projects are in it."""
    return {
        "id": ORGANISATION_ID,
        "slug": ORGANISATION,
        "name": "LightTrace",
        "dateCreated": time(created_at),
        "status": {"id": "active", "name": "active"},
        "isEarlyAdopter": False,
        "require2FA": False,
        "requireEmailVerification": False,
        "features": [],
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": None},
        "links": {"organizationUrl": base_url, "regionUrl": base_url},
    }


def project(it: Project) -> Json:
    return {
        "id": str(it.id),
        "slug": it.slug,
        "name": it.name,
        "platform": it.platform,
        "dateCreated": time(it.created_at),
        "firstEvent": time(it.first_event_at) if it.first_event_at is not None else None,
        "status": "active",
        "isMember": True,
        "isBookmarked": False,
        "hasAccess": True,
        "features": [],
        "team": None,
        "teams": [],
    }


def key(it: Key, base_url: str) -> Json:
    dsn = links.dsn(base_url, it.public, it.project_id)
    api = f"{base_url}/api/{it.project_id}"
    return {
        "id": it.public,
        "name": it.label or "",
        "label": it.label or "",
        "public": it.public,
        "secret": None,
        "projectId": it.project_id,
        "isActive": it.disabled_at is None,
        "dateCreated": time(it.created_at),
        "dsn": {
            "public": dsn,
            "security": f"{api}/security/?sentry_key={it.public}",
            "csp": f"{api}/security/?sentry_key={it.public}",
        },
    }


def release(version: str | None) -> Json:
    """What is known of a release by its name alone."""
    if version is None:
        return None
    package, at, number = version.rpartition("@")
    info = {"package": package if at else None, "version": {"raw": number}, "description": number}
    return {"version": version, "shortVersion": number, "versionInfo": info}


def issue(
    it: Issue | IssueRow,
    of: Project,
    base_url: str,
    comments: int = 0,
    standing: Standing | None = None,
) -> Json:
    """An issue of a list counts its period and environment, one by itself everything. `priority` is
    its impact in a word, and nothing else (docs/inbox.md).
    """
    counted = it if isinstance(it, IssueRow) else None
    return {
        "id": str(it.id),
        "shareId": None,
        "shortId": it.short_id,
        "title": titled(it),
        "culprit": it.culprit,
        "permalink": f"{base_url}/issues/{it.short_id}",
        "logger": None,
        "level": level_name(it.level),
        "status": STATUSES[it.state],
        "statusDetails": status_details(it),
        "substatus": substatus(it),
        "isPublic": False,
        "platform": it.platform,
        "project": {
            "id": str(of.id),
            "name": of.name,
            "slug": of.slug,
            "platform": of.platform,
        },
        "type": it.category,
        "metadata": metadata(it.category, it.title, it.value, it.culprit),
        "numComments": comments,
        "impact": impact(standing.impact) if standing else None,
        "assignedTo": assignee(it.assignee),
        "owners": owners(it),
        "isBookmarked": False,
        "isSubscribed": False,
        "subscriptionDetails": None,
        "hasSeen": False,
        "annotations": [],
        "issueType": "error",
        "issueCategory": "error",
        "priority": standing.impact.level if standing else "low",
        "priorityLockedAt": None,
        "isUnhandled": it.unhandled,
        "spike": spike(it),
        "count": str(counted.n if counted else it.n_ever),
        "userCount": counted.people if counted else it.people_ever,
        "firstSeen": time(it.first_at),
        "lastSeen": time(it.last_at),
        "firstRelease": release(it.first_release),
        "lastRelease": release(it.last_release),
    }


def spike(it: Issue | IssueRow) -> Json:
    """What an issue is louder than, in words and numbers; null if it is not."""
    if it.spike is None or it.state is not State.UNRESOLVED:
        return None
    return {
        "reason": it.spike.reason,
        "factor": round(it.spike.factor, 2),
        "usualPerMinute": it.spike.rate,
        "since": time(it.spike.since_ms),
    }


def substatus(it: Issue | IssueRow) -> str | None:
    if it.state is State.UNRESOLVED:
        return SUBSTATUSES[it.substate]
    if it.state is not State.ARCHIVED:
        return None
    kinds = {"forever": "archived_forever", "escalating": "archived_until_escalating"}
    return kinds.get(it.archive.kind, "archived_until_condition_met")


def status_details(it: Issue | IssueRow) -> Json:
    """What ends its being archived, in the words of the PUT that said it."""
    if it.state is not State.ARCHIVED:
        return {}
    archive = it.archive
    match archive.kind:
        case "time":
            return {"ignoreUntil": time(archive.at)}
        case "events":
            found = {"ignoreCount": archive.n, "ignoreWindow": archive.minutes or None}
        case "users":
            found = {"ignoreUserCount": archive.n, "ignoreUserWindow": archive.minutes or None}
        case _:
            found = {}
    return {name: value for name, value in found.items() if value}


def impact(it: Impact) -> Json:
    """The sum, and what it is made of, the most points first."""
    parts = [{"reason": part.kind, "points": part.points, "text": part.words} for part in it.parts]
    return {"score": it.score, "parts": parts}


def owners(it: Issue | IssueRow) -> list[Json]:
    """Whose it is by the rules. They are asked with its first event, so that is the date."""
    if it.owner is None:
        return []
    added = time(it.first_ever if isinstance(it, IssueRow) else it.first_at)
    owner = f"{it.owner.kind}:{it.owner.id}"
    return [{"type": "ownershipRule", "owner": owner, "date_added": added, "rule": it.owner.rule}]


def viewer(it: Viewer) -> Json:
    return {"id": str(it.user_id), "name": it.name, "lastSeen": time(it.last_at)}


def assignee(it: Assignee | None) -> Json:
    if it is None:
        return None
    if it.kind == "team":
        return {"type": "team", "id": str(it.id), "name": it.name}
    return {"type": "user", "id": str(it.id), "name": it.name, "email": it.email}


def titled(it: Issue | IssueRow) -> str:
    return f"{it.title}: {it.value}" if it.value and it.category == "error" else it.title


def metadata(category: str, title: str, value: str, culprit: str) -> Json:
    if category == "error":
        return {"type": title, "value": value}
    if category == "csp":
        return {"directive": culprit, "message": title}
    return {"title": title}


def event(row: EventRow, of: Issue | None) -> Json:
    """An event as a list shows it: what its row knows, and its issue."""
    category = of.category if of else "default"
    return {
        "id": row.event_id,
        "eventID": row.event_id,
        "groupID": str(row.issue_id) if row.issue_id is not None else None,
        "projectID": str(row.project_id),
        "event.type": category,
        "title": row.title,
        "message": row.title,
        "location": None,
        "culprit": of.culprit if of else "",
        "platform": of.platform if of else None,
        "user": {"id": None, "name": row.person} if row.person else None,
        "tags": tags(row),
        "dateCreated": time(row.happened_at),
        "dateReceived": time(row.received_at),
        "crashFile": None,
    }


def tags(row: EventRow) -> list[Json]:
    found = dict(row.tags)
    if row.env:
        found["environment"] = row.env
    return [{"key": key, "value": value} for key, value in sorted(found.items())]


def report(it: Feedback | None) -> Json:
    if it is None:
        return None
    return {
        "eventID": it.event_id,
        "name": it.name,
        "email": it.email,
        "comments": it.message,
        "dateCreated": time(it.received_at),
    }


def comment(it: Note) -> Json:
    user = None
    if it.user_id is not None:
        user = {
            "id": str(it.user_id),
            "name": it.user_name,
            "username": it.user_email,
            "email": it.user_email,
        }
    return {
        "id": str(it.id),
        "type": "note",
        "user": user,
        "data": {"text": it.body},
        "dateCreated": time(it.at),
    }


def tag(key: str, total: int, values: Sequence[tuple[str, int]], distinct: int) -> Json:
    return {
        "key": key,
        "name": key,
        "totalValues": total,
        "uniqueValues": distinct,
        "topValues": [
            {"key": key, "name": value, "value": value, "count": n, "query": f'{key}:"{value}"'}
            for value, n in values
        ],
    }
