"""The cookie behind a signed-in browser: an opaque token whose hash is a row, so that it can be
listed and revoked.
"""

import contextlib

from starlette.requests import HTTPConnection
from starlette.responses import Response

from lighttrace.errors import StoreError
from lighttrace.store import audit, sessions
from lighttrace.store.database import Transaction
from lighttrace.store.sessions import Session
from lighttrace.store.users import User
from lighttrace.web import links, state

LIFETIME_MS = 30 * 24 * 3600 * 1000
TOUCH_MS = 5 * 60 * 1000  # "last seen" is true to five minutes; every page view would be a write
COOKIE_LENGTH = 200  # longer than any token of ours: not worth a look-up


def is_https(request: HTTPConnection) -> bool:
    config = state.of(request).config
    return request.url.scheme == "https" or (config.server.url or "").startswith("https:")


def cookie_name(request: HTTPConnection, what: str = "session") -> str:
    """`__Host-` pins the cookie to this host, but demands https and the path `/`."""
    if is_https(request) and not state.of(request).config.prefix:
        return "__Host-lighttrace" + ("" if what == "session" else f"-{what}")
    return f"lighttrace_{what}"


def secret_in(request: HTTPConnection, what: str = "session") -> str:
    """The secret of one of our cookies, or nothing."""
    secret = request.cookies.get(cookie_name(request, what), "")
    return secret if len(secret) <= COOKIE_LENGTH else ""


def give(
    request: HTTPConnection, response: Response, what: str, secret: str, lifetime_ms: int
) -> None:
    """Set one of our cookies. Lax, not strict: a provider sends people back from its own site."""
    response.set_cookie(
        cookie_name(request, what),
        secret,
        max_age=lifetime_ms // 1000,
        path=_path(request),
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def take_back(request: HTTPConnection, response: Response, what: str = "session") -> None:
    """Take a cookie away; the row is the caller's to remove."""
    response.delete_cookie(
        cookie_name(request, what),
        path=_path(request),
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def address(request: HTTPConnection) -> str:
    """Where the request came from."""
    return request.client.host if request.client else ""


async def current(request: HTTPConnection) -> Session | None:
    """The session this browser is in, or None. Notes that it was seen."""
    token = secret_in(request)
    if not token:
        return None
    services = state.of(request)
    now_ms = services.clock.now_ms()
    session: Session | None = await services.store.read(sessions.find, token, now_ms)
    if session is not None and now_ms - session.seen_at > TOUCH_MS:
        with contextlib.suppress(StoreError):  # a full disk must not lock people out of reading
            await services.store.write(sessions.touch, session.token_hash, now_ms)
    return session


async def begin(
    request: HTTPConnection, response: Response, user: User, method: str = "password"
) -> None:
    """Sign a person in: a new row, a new cookie, an entry of the audit log."""
    services = state.of(request)
    token = await services.store.write(
        _begin,
        user,
        address(request),
        request.headers.get("user-agent", "")[:300],
        services.clock.now_ms(),
        method,
    )
    give(request, response, "session", token, LIFETIME_MS)


def _begin(tx: Transaction, user: User, ip: str, agent: str, now_ms: int, method: str) -> str:
    audit.record(tx, "sign_in.new", user.email, now_ms, user_id=user.id, ip=ip, by=method)
    return sessions.open(tx, user.id, ip, agent, now_ms, LIFETIME_MS, method)


def _path(request: HTTPConnection) -> str:
    return links.url(request, "/") if state.of(request).config.prefix else "/"
