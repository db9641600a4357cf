"""Forms of other sites cannot press our buttons: judged by what the browser says about itself, so
no form carries a token.

Every current browser sends `Sec-Fetch-Site` (to https and localhost) or `Origin` (everywhere) with
an unsafe request. What sends neither is no browser and holds no cookie of one. SDKs and scripts
(`/api/`) come from anywhere by design, with keys and tokens instead of cookies. The rule is that of
Go's CrossOriginProtection and of Datasette.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Refuse = Callable[[Request, Exception], Awaitable[Response]]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
REFUSAL = "This form was sent from another site, so nothing was changed."


def is_ours(headers: Headers, own_origin: str) -> bool:
    """Whether an unsafe request was made by a page of this server. `own_origin` is that of
    `[server] url`, or empty.
    """
    origin = headers.get("origin")
    if origin is not None and own_origin and origin == own_origin:
        return True  # behind a proxy that rewrites Host
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc != "" and urlsplit(origin).netloc == headers.get("host")
    except ValueError:
        return False


class SameOriginOnly:
    """Refuses unsafe requests from elsewhere before any handler sees them."""

    def __init__(self, app: ASGIApp, base_url: str, prefix: str, refuse: Refuse) -> None:
        self.app = app
        self.refuse = refuse
        parts = urlsplit(base_url)
        self.own_origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
        self.api = prefix + "/api/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in SAFE
            and not scope["path"].startswith(self.api)
            and not is_ours(Headers(scope=scope), self.own_origin)
        ):
            response = await self.refuse(Request(scope, receive), HTTPException(403, REFUSAL))
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)
