"""Who may see a page. Every route names one guard; the check runs before its handler.

People carry a session cookie (`sessions`), scripts a bearer token. A page nobody is signed in for
sends to the login and back; the same request from htmx gets 401 with `HX-Redirect`, because `fetch`
would follow a 303 into a panel.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from lighttrace.store import sight as sights
from lighttrace.store import tokens, users
from lighttrace.store.database import Reader
from lighttrace.store.sight import Sight
from lighttrace.store.tokens import Token
from lighttrace.store.users import User
from lighttrace.web import entry, links, sessions, shell, state
from lighttrace.web.render import wants_fragment

Handler = Callable[[Request], Awaitable[Response]]

MEMBERS = frozenset({"owner", "admin", "member"})
ADMINS = frozenset({"owner", "admin"})


@dataclass(frozen=True, slots=True)
class Guard:
    """ANYONE · SETUP (a one-time link, checked by its page) · SIGNED_IN · MEMBER (may change
    issues) · ADMIN · OWNER · TOKEN(scope). Which issues and projects: `sight`.
    """

    name: str
    scope: str = ""

    ANYONE: ClassVar["Guard"]
    SETUP: ClassVar["Guard"]
    SIGNED_IN: ClassVar["Guard"]
    MEMBER: ClassVar["Guard"]
    ADMIN: ClassVar["Guard"]
    OWNER: ClassVar["Guard"]

    @staticmethod
    def TOKEN(scope: str) -> "Guard":
        return Guard("TOKEN", scope)


Guard.ANYONE = Guard("ANYONE")
Guard.SETUP = Guard("SETUP")
Guard.SIGNED_IN = Guard("SIGNED_IN")
Guard.MEMBER = Guard("MEMBER")
Guard.ADMIN = Guard("ADMIN")
Guard.OWNER = Guard("OWNER")


@dataclass(frozen=True, slots=True)
class Page:
    """One row of the table of routes. `max_body_bytes`: None for what every page may be sent."""

    path: str
    handler: Handler
    guard: Guard
    methods: tuple[str, ...] = ("GET",)
    name: str = ""
    max_body_bytes: int | None = None


def person(request: Request) -> User:
    """Who is signed in. Only behind SIGNED_IN, MEMBER or ADMIN."""
    found = request.state.session.user
    assert isinstance(found, User)
    return found


def token(request: Request) -> Token:
    """The token of a script. Only behind TOKEN."""
    found = request.state.token
    assert isinstance(found, Token)
    return found


def sight(request: Request) -> Sight:
    """What whoever asks may see: the person who is signed in, or whom the token belongs to."""
    found = request.state.sight
    assert isinstance(found, Sight)
    return found


def protect(page: Page) -> Handler:
    """The handler of a page behind its guard."""
    guard, handler = page.guard, page.handler
    if guard.name == "TOKEN":
        return _behind_token(handler, guard.scope)
    if guard in (Guard.ANYONE, Guard.SETUP):
        return handler

    async def guarded(request: Request) -> Response:
        session = await sessions.current(request)
        if session is None:
            return to_login(request)
        request.state.session, request.state.sight = session, session.sight
        options = state.of(request).config.sign_in
        if entry.must_set_up(options, session) and not page.path.startswith(entry.SET_UP):
            return _away(request, entry.SET_UP)
        if not wants_fragment(request):
            request.state.shell = await shell.gather(request)
        if guard == Guard.OWNER and session.user.role != "owner":
            raise HTTPException(403, "Only owners can do this.")
        if guard == Guard.ADMIN and session.user.role not in ADMINS:
            raise HTTPException(403, "Only owners and admins can do this.")
        if guard == Guard.MEMBER and session.user.role not in MEMBERS:
            raise HTTPException(403, "Viewers can look but not change anything.")
        return await handler(request)

    return guarded


def to_login(request: Request) -> Response:
    """Send somebody who is not signed in to the login, and back to where they wanted to be."""
    fragment = request.headers.get("hx-request") == "true"
    if fragment:
        here = request.headers.get("hx-current-url", "").partition("://")[2].partition("/")
        target = links.local(request, "/" + here[2] if here[1] else None)
        return Response(
            status_code=401, headers={"HX-Redirect": links.url(request, "/login", next=target)}
        )
    wanted = links.here(request) if request.method == "GET" else None
    return RedirectResponse(links.url(request, "/login", next=wanted), status_code=303)


def _away(request: Request, path: str) -> Response:
    """Lead the whole window elsewhere."""
    target = links.url(request, path)
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)


def _behind_token(handler: Handler, scope: str) -> Handler:
    async def guarded(request: Request) -> Response:
        services = state.of(request)
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        secret = secret.strip()
        known = None
        if scheme.lower() == "bearer" and 0 < len(secret) <= 200:
            known = await services.store.read(_bearer, secret, services.clock.now_ms())
        if known is None:
            detail = "Send a token: Authorization: Bearer TOKEN (lighttrace token add)."
            return JSONResponse({"detail": detail}, 401, {"WWW-Authenticate": "Bearer"})
        found, request.state.sight = known
        ip = request.client.host if request.client else None
        services.store.touch_token(found.id, ip, request.headers.get("user-agent"))
        if detail := lacking(found, scope):
            return JSONResponse({"detail": detail}, 403)
        request.state.token = found
        return await handler(request)

    return guarded


def lacking(found: Token, scope: str) -> str:
    """Why a token may not do what takes that scope, in a sentence; empty if it may."""
    if scope in found.withheld:
        return f"This token was given {scope}, but its person's role does not allow it."
    return f"This token lacks the scope {scope}." if scope and scope not in found.scopes else ""


def _bearer(db: Reader, secret: str, now_ms: int) -> tuple[Token, Sight] | None:
    """A token, and what it sees: what its person does, or everything."""
    found = tokens.find(db, secret, now_ms)
    person = users.by_id(db, found.user_id) if found and found.user_id is not None else None
    if found is None:
        return None
    return found, sights.ALL if person is None else sights.of_user(db, person.id, person.role)
