"""What Sentry's API has and this one does not yet, said plainly."""

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.web.api.answers import Refused


async def split(request: Request) -> Response:
    raise Refused(400, "Hashes cannot be split off an issue yet.")


async def delete(request: Request) -> Response:
    raise Refused(400, "Issues cannot be deleted; archive them with a PUT of status.")


async def sessions(request: Request) -> Response:
    raise Refused(400, "Sessions are not kept yet, so there is no release health to ask for.")
