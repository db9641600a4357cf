"""What Sentry's API has and this one does not yet, said plainly."""

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.web.api.answers import Refused, page
from lighttrace.web.api.organizations import check_organisation, check_path


async def sessions(request: Request) -> Response:
    raise Refused(400, "Sessions are not kept yet, so there is no release health to ask for.")


async def monitors(request: Request) -> Response:
    """There are none: check-ins are not kept."""
    check_organisation(request)
    return page(request, [])


async def events(request: Request) -> Response:
    """What `sentry-cli logs list` asks for, and Sentry's pages of queries over all events."""
    check_organisation(request)
    if request.query_params.get("dataset") in ("logs", "ourlogs"):
        raise Refused(400, "Logs are not kept here, so there are none to list.")
    raise Refused(400, "Ask for the events of a project or of an issue: this list is not kept.")


async def builds(request: Request) -> Response:
    """`sentry-cli build upload`."""
    await check_path(request)
    raise Refused(400, "Builds of apps are not looked into here, so they cannot be uploaded.")
