"""What a request for issues asks for: Sentry's parameters as an `IssueQuery`. Pure.

A filter that is not understood is refused, never ignored: a script that resolves what it finds
would otherwise resolve too much.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from starlette.datastructures import QueryParams

from lighttrace.errors import QueryError
from lighttrace.event.query.tree import Node, Term, Value, terms
from lighttrace.store.issue_list import IssuePage, IssueQuery
from lighttrace.store.issue_order import Cursor, Sort
from lighttrace.store.projects import Project
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
# ours, and what Sentry calls its own order of what matters most
BY_IMPACT = ("impact", "priority", "inbox", "trends")
UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
MOST_PERIOD_MS = 90 * UNIT_MS["d"]
_PERIOD = re.compile(r"([0-9]{1,6})([smhdw])")


Answer = TypeVar("Answer")
Understood = Callable[[str], Node]
OPEN = Term("is", (Value(("unresolved",)),))  # what no search at all means


def asked(query: str | None, understood: Understood) -> Node:
    """The tree of a search. Raises Refused with what is wrong in it."""
    try:
        return OPEN if query is None else understood(query)
    except QueryError as error:
        raise Refused(400, str(error)) from error


def answered(ask: Callable[[], Answer]) -> Answer:
    """What the store says, or Refused with why it cannot: a team or a release that is not there."""
    try:
        return ask()
    except QueryError as error:
        raise Refused(400, str(error)) from error


def read(
    params: QueryParams,
    projects: Sequence[Project],
    understood: Understood,
    user_id: int | None,
    now_ms: int,
    limit: int,
) -> IssueQuery:
    """The query of a list over these projects, or those of them that it names. `understood`:
    what a text means, or QueryError; `user_id`: who `me` is.
    """
    for name in ("start", "end"):
        if any(params.getlist(name)):
            raise Refused(400, f"{name} is not understood; use statsPeriod, such as 24h or 14d.")
    for name in ("query", "status", "statsPeriod", "sort", "cursor", "environment"):
        if len(params.getlist(name)) > 1:
            raise Refused(400, f"{name} can be said once only.")
    status = _status(params.get("status"))
    sort = SORTS.get("date" if is_by_impact(params) else params.get("sort") or "date")
    if sort is None:
        raise Refused(400, f"sort must be one of {', '.join((*SORTS, BY_IMPACT[0]))}.")
    by_status = status is not None and "query" not in params
    what = asked("" if by_status else params.get("query"), understood)
    if status is not None and _states(what) - {status}:
        raise Refused(400, "query and status mean different states.")
    return IssueQuery(
        project_ids=tuple(it.id for it in named_projects(projects, params.getlist("project"))),
        env=params.get("environment"),
        period_ms=period_ms(params.get("statsPeriod")),
        state=status,
        what=what,
        user_id=user_id,
        sort=sort,
        limit=limit,
        now_ms=now_ms,
    )


def is_by_impact(params: QueryParams) -> bool:
    """Whether the list is wanted in the order of the inbox."""
    return params.get("sort") in BY_IMPACT


def _states(what: Node) -> set[State]:
    """The states that a search names."""
    named = [it for it in terms(what) if isinstance(it, Term) and it.key == "is"]
    words = (value.text.lower() for it in named for value in it.values)
    return {STATES[word] for word in words if word in STATES}


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


def sides(page: IssuePage) -> tuple[Side, Side]:
    rows = [(it.key, it.id) for it in page.rows]
    return sides_of(rows, page.prev_cursor is not None, page.next_cursor is not None)


def sides_of(rows: Sequence[tuple[int, int]], before: bool, after: bool) -> tuple[Side, Side]:
    """The cursors of a page of (sort key, issue id); `before`, `after`: whether there is more.

    Where nothing is on a side, its cursor is still that of the row there: whoever asks later gets
    what has come since, and never the same page again.
    """
    if not rows:
        return NO_NEWER, NO_OLDER
    (first, first_id), (last, last_id) = rows[0], rows[-1]
    return Side(f"{first}:{first_id}:1", before), Side(f"{last}:{last_id}:0", after)


def ids(params: QueryParams) -> list[int] | None:
    """The issues named by `id=`, None if the parameter is not there."""
    named = params.getlist("id")
    if not named:
        return None
    found = [number_of(text) for text in named]
    if None in found:
        raise Refused(400, "id must be the number of an issue.")
    return [number for number in found if number is not None]
