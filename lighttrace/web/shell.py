"""What stands around every page: the projects of the switcher, the health at the foot of the
sidebar.
"""

from dataclasses import dataclass

from starlette.requests import Request

from lighttrace.event.impact import Weights
from lighttrace.store import inbox, outcomes, projects
from lighttrace.store.database import Reader
from lighttrace.store.inbox import InboxQuery
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.store.store import StoreHealth
from lighttrace.web import state

NEED_MS = 24 * 60 * 60 * 1000  # the period of the inbox when nobody chooses one


@dataclass(frozen=True, slots=True)
class Shell:
    projects: tuple[Project, ...]
    need: int  # issues that need somebody now
    per_minute: int  # events taken in
    health: StoreHealth
    max_bytes: int
    retention_days: int

    @property
    def filled(self) -> int:
        """Per cent of the space the database may take."""
        return (
            min(100, round(100 * self.health.size_bytes / self.max_bytes)) if self.max_bytes else 0
        )

    @property
    def trouble(self) -> str:
        """One sentence when events are being refused, else nothing."""
        if self.health.disk_full:
            return "The disk is full, so new events are refused."
        return "" if self.health.writer_alive else "The database writer has stopped."


def _gather(
    db: Reader, sight: Sight, weights: Weights, now_ms: int
) -> tuple[tuple[Project, ...], int, int]:
    return (
        tuple(projects.every(db, sight)),
        need(db, sight, weights, now_ms),
        round(outcomes.recent_rate(db, now_ms)),
    )


def need(db: Reader, sight: Sight, weights: Weights, now_ms: int) -> int:
    """How many issues need somebody now, of all that somebody sees: 2 ms for 10,000 open ones."""
    query = InboxQuery(
        project_ids=sight.within(None), period_ms=NEED_MS, weights=weights, now_ms=now_ms
    )
    return inbox.count_act_now(db, query)


async def gather(request: Request) -> Shell:
    services = state.of(request)
    options, weights = services.config.store, services.config.impact.weights
    every, needed, rate = await services.store.read(
        _gather, request.state.sight, weights, services.clock.now_ms()
    )
    return Shell(
        every, needed, rate, services.store.health(), options.max_size_bytes, options.retention_days
    )
