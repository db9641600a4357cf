"""`/live`: the event stream of open pages. What is on it: `lighttrace.web.live`."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lighttrace.store import projects
from lighttrace.web import guards, state
from lighttrace.web.guards import Guard, Page


async def stream(request: Request) -> Response:
    services = state.of(request)
    project = None
    if slug := request.query_params.get("project"):
        project = await services.store.read(projects.by_slug, slug, guards.sight(request))
        if project is None:
            raise HTTPException(404)
    if services.live.full:  # the page polls instead
        raise HTTPException(503, "Too many pages are open.", headers={"Retry-After": "30"})
    already = project is not None and project.first_event_at is not None
    about = frozenset({project.id}) if project else guards.sight(request).project_ids
    lines = services.live.stream(about, already_first=already)
    # X-Accel-Buffering: nginx would hold the lines back
    return StreamingResponse(
        lines, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


PAGES = (Page("/live", stream, Guard.SIGNED_IN, name="live"),)
