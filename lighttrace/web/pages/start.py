"""Where `/` leads, and what every address that is none of ours answers."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.web import guards, links, sessions, shell
from lighttrace.web.guards import Guard, Page


async def home(request: Request) -> Response:
    """The issues; somebody who can make the first project is led to that."""
    may_add = guards.person(request).role in guards.ADMINS
    path = "/setup/project" if may_add and not request.state.shell.projects else "/issues"
    return RedirectResponse(links.url(request, path), status_code=303)


async def nothing(request: Request) -> Response:
    """404 in the frame of the pages for somebody who is signed in, on bare ground for everybody
    else.
    """
    if "/api/" not in request.url.path:
        session = await sessions.current(request)
        if session is not None:
            request.state.session, request.state.sight = session, session.sight
            request.state.shell = await shell.gather(request)
    raise HTTPException(404)


PAGES = (Page("/", home, Guard.SIGNED_IN, name="home"),)
# last in the table: it matches everything
NOTHING = Page("/{path:path}", nothing, Guard.ANYONE, ("GET", "POST", "PUT", "PATCH", "DELETE"))
