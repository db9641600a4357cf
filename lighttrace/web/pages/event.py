"""`/events/{id}.json`: an event as it is stored, as a file or, with `?pretty`, to read and fold."""

from dataclasses import dataclass

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import EventError
from lighttrace.event.decode import decode
from lighttrace.store import bodies, events, issues, projects
from lighttrace.store.database import Reader
from lighttrace.store.events import EventRow
from lighttrace.store.sight import Sight
from lighttrace.web import format, guards, json_tree, links, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.render import render


@dataclass(frozen=True, slots=True)
class Stored:
    row: EventRow
    body: bytes
    short_id: str
    project: str
    tree: Markup


async def as_json(request: Request) -> Response:
    """The body as it was sent, secrets removed. `?project=` where two projects had the same id."""
    pretty = "pretty" in request.query_params
    sight = guards.sight(request)
    found = await state.of(request).store.read(
        _stored, request.path_params["event_id"], request.query_params.get("project"), sight, pretty
    )
    if found is None:
        raise HTTPException(404)
    if not pretty:
        name = f'attachment; filename="{found.row.event_id}.json"'
        headers = {"Content-Disposition": name} if "download" in request.query_params else None
        return Response(found.body, media_type="application/json", headers=headers)
    return render(
        request,
        "pages/event_json.html",
        cur="issues",
        project=found.project,
        found=found,
        filtered=found.body.count(format.FILTERED.encode()),
        raw=links.url(request, f"/events/{found.row.event_id}.json", project=found.project),
    )


def _stored(
    db: Reader, event_id: str, slug: str | None, sight: Sight, pretty: bool
) -> Stored | None:
    project = projects.by_slug(db, slug, sight) if slug else None
    if slug and project is None:
        return None
    row = events.by_event_id(db, event_id.lower(), project.id if project else None)
    stored = bodies.of_event(db, row.row) if row else None
    if row is None or stored is None:
        return None
    home = project or projects.by_id(db, row.project_id, sight)
    issue = issues.get(db, row.issue_id, sight) if row.issue_id is not None else None
    if home is None:
        return None
    tree = Markup()
    if pretty:
        try:
            tree = json_tree.tree(decode(stored.body).raw)
        except EventError:
            return None
    return Stored(row, stored.body, issue.short_id if issue else "", home.slug, tree)


PAGES = (Page("/events/{event_id}.json", as_json, Guard.SIGNED_IN, name="event_json"),)
