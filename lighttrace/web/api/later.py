"""What Sentry's API has and this one does not yet, said plainly."""

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.web.api.answers import Refused


async def sessions(request: Request) -> Response:
    raise Refused(400, "Sessions are not kept yet, so there is no release health to ask for.")
