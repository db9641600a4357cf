"""The pages around an issue: its events, tags and users. What they have in common: the issue, an
environment, a period, and the way from one to the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.store import issues
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue
from lighttrace.store.sight import Sight
from lighttrace.web import format, guards, links, said, state
from lighttrace.web.listing import PERIOD_WORDS, PERIODS
from lighttrace.web.render import render

OFFERED = ("24h", "7d", "30d", "")
WORDS = {**PERIOD_WORDS, "": "All"}
ROWS = 50
MOST_PAGES = 200  # of a list that is counted anew for each of its pages
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Scope:
    """`environment` None = all, empty = none; `period` empty = as long as events are kept."""

    short_id: str
    environment: str | None = None
    period: str = ""

    @classmethod
    def read(cls, request: Request) -> "Scope":
        params = request.query_params
        period = params.get("period", "")
        return cls(
            request.path_params["short_id"],
            params.get("environment"),
            period if period in PERIODS else "",
        )

    def since_ms(self, now_ms: int) -> int:
        """When the period began; 0 if there is none."""
        return now_ms - PERIODS[self.period] * format.HOUR if self.period else 0

    def url(self, request: Request, part: str, **query: str | int | None) -> str:
        """The address of a page around this issue, in this environment and period."""
        path = f"/issues/{self.short_id}" + (f"/{quote(part)}" if part else "")
        here = {"environment": self.environment, "period": self.period or None}
        return links.url(request, path, **{**here, **query})


Ask = Callable[[Reader, Issue, Scope, int], Found]


async def ask(request: Request, question: Ask[Found]) -> tuple[Issue, Scope, Found]:
    """The issue of the address and what the store answers about it: `question` gets a reader, the
    issue, the scope and the beginning of the period in ms. Raises HTTPException 404 if there is no
    such issue, or nothing is answered.
    """
    services, scope = state.of(request), Scope.read(request)
    since_ms = scope.since_ms(services.clock.now_ms())
    issue, found = await services.store.read(
        _asked, scope, guards.sight(request), since_ms, question
    )
    if issue is None or found is None:
        raise HTTPException(404)
    return issue, Scope(issue.short_id, scope.environment, scope.period), found


def _asked(
    db: Reader, scope: Scope, sight: Sight, since_ms: int, question: Ask[Found]
) -> tuple[Issue | None, Found | None]:
    issue = issues.by_short_id(db, scope.short_id, sight)
    return issue, question(db, issue, scope, since_ms) if issue else None


async def page(
    request: Request,
    part: str,
    template: str,
    question: Ask[Found],
    own: Mapping[str, str | int | None] | None = None,
    **context: Any,
) -> Response:
    """A page around an issue. `own`: its parameters that stay when environment or period change;
    in the template `address` takes what else changes.
    """
    issue, scope, found = await ask(request, question)
    own = own or {}
    return render(
        request,
        template,
        cur="issues",
        project=issue.project_slug,
        issue=issue,
        scope=scope,
        part=part.partition("/")[0],
        found=found,
        address=lambda **changes: scope.url(request, part, **{**own, **changes}),
        to=partial(scope.url, request),
        offered=OFFERED,
        period_words=WORDS,
        may_change=guards.person(request).role in guards.MEMBERS,
        toasts=said.toasts(request),
        **context,
    )


def asked_page(request: Request) -> int:
    """`?page=`, from 1."""
    text = request.query_params.get("page", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 1
    return max(1, min(number, MOST_PAGES))
