"""Who looks at impact, and where an issue stands for them: the inbox, the peek and the page of the
issue say one sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from lighttrace.event.impact import Weights
from lighttrace.store import inbox
from lighttrace.store.database import Reader
from lighttrace.store.inbox import InboxQuery, Standing
from lighttrace.store.sight import Sight
from lighttrace.web import guards, inbox_view, state


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: what they see, by which weights, on which clock."""

    user_id: int
    sight: Sight
    zone: str
    weights: Weights

    @classmethod
    def of(cls, request: Request) -> "Viewer":
        person = guards.person(request)
        zone = str(person.options.get("timezone") or "UTC")
        weights = state.of(request).config.impact.weights
        return cls(person.id, guards.sight(request), zone, weights)

    def query(
        self, env: str | None, now_ms: int, period: str = inbox_view.DEFAULT_PERIOD
    ) -> InboxQuery:
        """The whole inbox of what they see."""
        return InboxQuery(
            project_ids=self.sight.within(None),
            env=env,
            period_ms=inbox_view.PERIODS[period],
            weights=self.weights,
            now_ms=now_ms,
        )


def standings(
    db: Reader,
    issue_ids: Sequence[int],
    env: str | None,
    sight: Sight,
    weights: Weights,
    now_ms: int,
) -> dict[int, Standing]:
    """Where issues stand for a script; what is quiet or closed is left out."""
    query = InboxQuery(
        project_ids=sight.within(None),
        env=env,
        period_ms=inbox_view.PERIODS[inbox_view.DEFAULT_PERIOD],
        weights=weights,
        now_ms=now_ms,
    )
    return inbox.standings(db, issue_ids, query)


async def standing(
    request: Request, issue_id: int, env: str | None, period: str = inbox_view.DEFAULT_PERIOD
) -> Standing | None:
    """None: it is not open, or did not happen in the period."""
    services = state.of(request)
    query = Viewer.of(request).query(env, services.clock.now_ms(), period)
    return await services.store.read(inbox.standing, issue_id, query)
