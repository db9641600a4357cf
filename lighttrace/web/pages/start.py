"""Where `/` leads, and what every address that is none of ours answers."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.web import guards, links, sessions, shell
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages import inbox
from lighttrace.web.render import wants_fragment


async def home(request: Request) -> Response:
    """The inbox; somebody who can make the first project is led to that."""
    may_add = guards.person(request).role in guards.ADMINS
    if may_add and not wants_fragment(request) and not request.state.shell.projects:
        return RedirectResponse(links.url(request, "/setup/project"), status_code=303)
    return await inbox.index(request)


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
