"""The cookie behind a signed-in browser: an opaque token whose hash is a row, so that it can be
listed and revoked.
"""

import contextlib

from starlette.requests import HTTPConnection
from starlette.responses import Response

from lighttrace.errors import StoreError
from lighttrace.store import sessions
from lighttrace.store.sessions import Session
from lighttrace.web import links, state

LIFETIME_MS = 30 * 24 * 3600 * 1000
TOUCH_MS = 5 * 60 * 1000  # "last seen" is true to five minutes; every page view would be a write
COOKIE_LENGTH = 200  # longer than any token of ours: not worth a look-up


def is_https(request: HTTPConnection) -> bool:
    config = state.of(request).config
    return request.url.scheme == "https" or (config.server.url or "").startswith("https:")


def cookie_name(request: HTTPConnection) -> str:
    """`__Host-` pins the cookie to this host, but demands https and the path `/`."""
    pinned = is_https(request) and not state.of(request).config.prefix
    return "__Host-lighttrace" if pinned else "lighttrace_session"


async def current(request: HTTPConnection) -> Session | None:
    """The session this browser is in, or None. Notes that it was seen."""
    token = request.cookies.get(cookie_name(request), "")
    if not token or len(token) > COOKIE_LENGTH:
        return None
    services = state.of(request)
    now_ms = services.clock.now_ms()
    session: Session | None = await services.store.read(sessions.find, token, now_ms)
    if session is not None and now_ms - session.seen_at > TOUCH_MS:
        with contextlib.suppress(StoreError):  # a full disk must not lock people out of reading
            await services.store.write(sessions.touch, session.token_hash, now_ms)
    return session


async def begin(request: HTTPConnection, response: Response, user_id: int) -> None:
    """Sign a person in: a new row, a new cookie."""
    services = state.of(request)
    ip = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")[:300]
    now_ms = services.clock.now_ms()
    token = await services.store.write(sessions.open, user_id, ip, agent, now_ms, LIFETIME_MS)
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=LIFETIME_MS // 1000,
        path=links.url(request, "/") if services.config.prefix else "/",
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def forget(request: HTTPConnection, response: Response) -> None:
    """Take the cookie away; the row is the caller's to revoke."""
    response.delete_cookie(
        cookie_name(request),
        path=links.url(request, "/") if state.of(request).config.prefix else "/",
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )
