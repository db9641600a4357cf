"""What a request for issues asks for: Sentry's parameters as an `IssueQuery`. Pure.

A filter that is not understood is refused, never ignored: a script that resolves what it finds
would otherwise resolve too much.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import QueryParams

from lighttrace.store.issue_list import IssuePage, IssueQuery, IssueRow
from lighttrace.store.issue_order import Cursor, Sort, read_cursor
from lighttrace.store.projects import Project
from lighttrace.store.search import MOST_TERMS, MOST_TEXT
from lighttrace.store.states import State
from lighttrace.web.api.answers import NO_NEWER, NO_OLDER, Refused, Side, number_of

STATES = {
    "unresolved": State.UNRESOLVED,
    "resolved": State.RESOLVED,
    "ignored": State.ARCHIVED,
    "archived": State.ARCHIVED,
    "muted": State.ARCHIVED,
}
SORTS: dict[str, Sort] = {
    "date": "last_seen",
    "new": "first_seen",
    "freq": "events",
    "user": "users",
}
UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
MOST_PERIOD_MS = 90 * UNIT_MS["d"]
# Keys of Sentry's language with a meaning of their own there, which no tag of that name has.
NOT_UNDERSTOOD = frozenset(
    (
        *("age", "assigned", "assigned_or_suggested", "bookmarks", "event.timestamp", "event.type"),
        *("first-release", "first_release", "firstRelease", "firstSeen", "has", "issue", "message"),
        *("issue.category", "issue.priority", "issue.type", "lastSeen", "regressed_in_release"),
        *("subscribed", "substatus", "timesSeen", "timestamp", "title", "users_seen"),
    )
)
FAMILIES = ("error.", "geo.", "release.", "stack.", "user.")  # of such keys
ASKED = re.compile(r'"[^"]*"?|(!?)([A-Za-z0-9_.\-]+):("[^"]*"|[^\s"]+)|[^\s"]+')
_PERIOD = re.compile(r"([0-9]{1,6})([smhdw])")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a search says besides words and tags."""

    state: State | None
    projects: frozenset[str]
    text: str


def terms(query: str | None) -> Terms:
    """`is:` and `project:` taken out of a search. None, no search at all, means `is:unresolved`."""
    if query is None:
        return Terms(State.UNRESOLVED, frozenset(), "")
    if len(query) > MOST_TEXT:
        raise Refused(400, f"A search has at most {MOST_TEXT} characters.")
    states: set[State] = set()
    projects: set[str] = set()
    kept = []
    for found in ASKED.finditer(query):
        _understood(found)
        key, value = found[2], (found[3] or "").strip('"')
        if key == "is":
            if value not in STATES:
                raise Refused(400, f"is: takes {', '.join(STATES)}; not {value[:50]}.")
            states.add(STATES[value])
        elif key == "project":
            if value in ("", "-1"):
                raise Refused(400, "project: takes a slug or an id.")
            projects.add(value)
        else:
            kept.append(found.group())
    text = " ".join(kept)
    if len(states) > 1 or len(projects) > 1:
        raise Refused(400, "No issue is in two states or projects: name one at a time.")
    if len(kept) > MOST_TERMS:
        raise Refused(400, f"A search has at most {MOST_TERMS} terms.")
    if text and not re.search(r"\w", text):
        raise Refused(400, "There is nothing in this search that could be looked for.")
    return Terms(states.pop() if states else None, frozenset(projects), text)


def _understood(found: re.Match[str]) -> None:
    """Refuse what would be taken for words and find something else than was meant."""
    term = found.group()
    negated, key, value = found.groups()
    if key is None:
        key = term.removesuffix(":") if term.endswith(":") else ""
        meant = term not in ("AND", "OR") and not re.match(r"!\w", term)
        meant = meant and key not in ("is", "project")
    else:
        meant = not negated and value[0] not in "[<>" and "*" not in value
        meant = meant and (key, value) != ("release", "latest")
    if not meant or key in NOT_UNDERSTOOD or key.startswith(FAMILIES):
        raise Refused(400, f"This search is not understood yet: {term[:100]}")


def read(params: QueryParams, projects: Sequence[Project], now_ms: int, limit: int) -> IssueQuery:
    """The query of a list over these projects, or those of them that it names."""
    for name in ("start", "end"):
        if any(params.getlist(name)):
            raise Refused(400, f"{name} is not understood; use statsPeriod, such as 24h or 14d.")
    for name in ("query", "status", "statsPeriod", "sort", "cursor", "environment"):
        if len(params.getlist(name)) > 1:
            raise Refused(400, f"{name} can be said once only.")
    status = _status(params.get("status"))
    asked = terms("" if status is not None and "query" not in params else params.get("query"))
    if None not in (status, asked.state) and status != asked.state:
        raise Refused(400, "query and status mean different states.")
    sort = SORTS.get(params.get("sort") or "date")
    if sort is None:
        raise Refused(400, f"sort must be one of {', '.join(SORTS)}.")
    return IssueQuery(
        project_ids=_chosen(named_projects(projects, params.getlist("project")), asked.projects),
        env=params.get("environment"),
        period_ms=period_ms(params.get("statsPeriod")),
        state=asked.state if status is None else status,
        text=asked.text,
        sort=sort,
        limit=limit,
        now_ms=now_ms,
    )


def _status(text: str | None) -> State | None:
    if text is not None and text not in STATES:
        raise Refused(400, f"status must be one of {', '.join(STATES)}.")
    return None if text is None else STATES[text]


def named_projects(projects: Sequence[Project], names: Iterable[str]) -> Sequence[Project]:
    """Those of the projects that are named by slug or id; all, if none is."""
    wanted = {name for name in names if name and name != "-1"}
    known = {name for it in projects for name in (it.slug, str(it.id))}
    if unknown := wanted - known:
        raise Refused(400, f"There is no project {min(unknown)[:100]} here.")
    return [it for it in projects if not wanted or wanted & {it.slug, str(it.id)}]


def _chosen(projects: Sequence[Project], names: Iterable[str]) -> tuple[int, ...]:
    return tuple(it.id for it in named_projects(projects, names))


def period_ms(text: str | None) -> int | None:
    """`24h`, `14d`; None for all time."""
    if not text:
        return None
    found = _PERIOD.fullmatch(text)
    length_ms = int(found[1]) * UNIT_MS[found[2]] if found else 0
    if not 0 < length_ms <= MOST_PERIOD_MS:
        raise Refused(400, "statsPeriod must be a number with s, m, h, d or w, up to 90d.")
    return length_ms


def at(query: IssueQuery, cursor: tuple[int, int, bool] | None) -> IssueQuery:
    """The query from a cursor of the API on: (sort key, issue id, back)."""
    if cursor is None:
        return query
    key, issue_id, back = cursor
    return replace(query, cursor=Cursor(query.sort, key, issue_id, back, 1).encode())


def sides(page: IssuePage, sort: Sort) -> tuple[Side, Side]:
    """The cursors of a page as three numbers. Where nothing is on a side, its cursor is still that
    of the row there: whoever asks later gets what has come since, and never the same page again.
    """
    before = read_cursor(page.prev_cursor, sort)
    after = read_cursor(page.next_cursor, sort)
    previous, following = NO_NEWER, NO_OLDER
    if page.rows:
        first, last = page.rows[0], page.rows[-1]
        previous = Side(f"{_key(first, sort)}:{first.id}:1", False)
        following = Side(f"{_key(last, sort)}:{last.id}:0", False)
    if before is not None:
        previous = Side(f"{before.key}:{before.issue_id}:1", True)
    if after is not None:
        following = Side(f"{after.key}:{after.issue_id}:0", True)
    return previous, following


def _key(row: IssueRow, sort: Sort) -> int:
    match sort:
        case "last_seen":
            return row.last_at
        case "first_seen":
            return row.first_at
        case "events":
            return row.n
        case "users":
            return row.people


def ids(params: QueryParams) -> list[int] | None:
    """The issues named by `id=`, None if the parameter is not there."""
    named = params.getlist("id")
    if not named:
        return None
    found = [number_of(text) for text in named]
    if None in found:
        raise Refused(400, "id must be the number of an issue.")
    return [number for number in found if number is not None]
