"""`/issues/suggest`: what could be typed next in the search box, as a fragment."""

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.event.query.read import MOST_TEXT
from lighttrace.store import projects
from lighttrace.store.database import Reader
from lighttrace.store.sight import Sight
from lighttrace.web import guards, state, suggestions
from lighttrace.web.guards import Guard, Page
from lighttrace.web.render import render
from lighttrace.web.suggestions import Group


async def suggest(request: Request) -> Response:
    """`query`, and `at`, the character before which the cursor stands; `rule`: it is the search of
    a rule. 204 for nothing to say.
    """
    params = request.query_params
    text, at = params.get("query", "")[: MOST_TEXT + 1], params.get("at", "")
    number = int(at) if at.isascii() and at.isdigit() and len(at) < 6 else len(text)
    services = state.of(request)
    found = await services.store.read(
        _find,
        text,
        number,
        params.get("project"),
        guards.sight(request),
        guards.person(request).email,
        services.clock.now_ms(),
        "rule" in params,
    )
    if not found:
        return Response(status_code=204)
    return render(request, "parts/suggestions.html", block="suggest", groups=found)


def _find(
    db: Reader,
    text: str,
    at: int,
    slug: str | None,
    sight: Sight,
    email: str,
    now_ms: int,
    rule: bool,
) -> list[Group]:
    if slug:
        project = projects.by_slug(db, slug, sight)
        if project is None:
            return []
        sight = Sight(frozenset({project.id}))
    return suggestions.of(db, text, at, sight, email, now_ms, rule=rule)


PAGES = (Page("/issues/suggest", suggest, Guard.SIGNED_IN, name="issue_suggest"),)
