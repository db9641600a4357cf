"""`/health/live`: the process answers. `/health/ready`: it can store events. For watchers and
proxies; says nothing that a stranger may not know.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lighttrace import __version__
from lighttrace.web import state
from lighttrace.web.guards import Guard, Page


async def live(request: Request) -> Response:
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """503 while events cannot be stored. `loops`: seconds since each last turned."""
    services = state.of(request)
    health = services.store.health()
    now_ms = services.clock.now_ms()
    can_store = health.writer_alive and not health.disk_full
    said = {
        "status": "ready" if can_store else "unavailable",
        "version": __version__,
        "queue": health.queue,
        "disk_full": health.disk_full,
        "writer_alive": health.writer_alive,
        "loops": {it.name: round((now_ms - it.beat_at) / 1000, 1) for it in services.pulses()},
    }
    return JSONResponse(said, 200 if can_store else 503)


PAGES = (
    Page("/health/live", live, Guard.ANYONE, name="health_live"),
    Page("/health/ready", ready, Guard.ANYONE, name="health_ready"),
)
