"""What stands around every page: the projects of the switcher, the health at the foot of the
sidebar.
"""

from dataclasses import dataclass

from starlette.requests import Request

from lighttrace.store import outcomes, projects
from lighttrace.store.database import Reader
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.store.store import StoreHealth
from lighttrace.web import state


@dataclass(frozen=True, slots=True)
class Shell:
    projects: tuple[Project, ...]
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


def _gather(db: Reader, sight: Sight, now_ms: int) -> tuple[tuple[Project, ...], int]:
    return tuple(projects.every(db, sight)), round(outcomes.recent_rate(db, now_ms))


async def gather(request: Request) -> Shell:
    services = state.of(request)
    every, rate = await services.store.read(_gather, request.state.sight, services.clock.now_ms())
    options = services.config.store
    return Shell(
        every, rate, services.store.health(), options.max_size_bytes, options.retention_days
    )
