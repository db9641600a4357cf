"""`/issues/{short_id}/users`: who met the issue, how often, since when."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.store import affected, counters
from lighttrace.store.affected import Affected, Everybody
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue
from lighttrace.web import around
from lighttrace.web.around import ROWS, Scope
from lighttrace.web.guards import Guard, Page

NAME = 200  # characters of a name that is looked for


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of people. `total`: how many there are, however few were counted; `matching`: those
    with the name that was looked for.
    """

    rows: tuple[tuple[Affected, str], ...]
    counted: Everybody
    total: int
    matching: int
    page: int
    more: bool

    @property
    def is_exact(self) -> bool:
        return self.counted.read < affected.MOST_READ


async def index(request: Request) -> Response:
    name = " ".join(request.query_params.get("query", "").split())[:NAME]
    number = around.asked_page(request)

    def people(db: Reader, issue: Issue, scope: Scope, since_ms: int) -> Shown:
        return _people(db, issue, scope, since_ms, name, number)

    own = {"query": name or None}
    return await around.page(request, "users", "pages/users.html", people, own, sought=name)


def _people(db: Reader, issue: Issue, scope: Scope, since_ms: int, name: str, number: int) -> Shown:
    counted = affected.everybody(db, issue.id, scope.environment, since_ms)
    chosen = affected.named(db, counted.people, name) if name else counted.people
    some = chosen[(number - 1) * ROWS : number * ROWS]
    total = len(counted.people)
    if counted.read >= affected.MOST_READ:
        _, total = counters.totals(db, issue.id, scope.environment, since_ms)
    names = affected.names(db, some)
    rows = tuple((it, names.get(it.person_id, "")) for it in some)
    return Shown(rows, counted, total, len(chosen), number, len(chosen) > number * ROWS)


PAGES = (Page("/issues/{short_id}/users", index, Guard.SIGNED_IN, name="issue_users"),)
