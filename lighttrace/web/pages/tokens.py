"""`/settings/tokens`: what scripts come in with. Everybody makes and ends their own; owners and
admins also those of the organisation, and end those of others.
"""

from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import RefusedError
from lighttrace.store import audit, tokens
from lighttrace.store.audit import Actor
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.tokens import Listed
from lighttrace.web import guards, links, state
from lighttrace.web.format import DAY
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.members import NO_STORE
from lighttrace.web.pages.settings import actor, frame, is_admin, saved
from lighttrace.web.render import render

# scope → what it lets a script do; the order is that of the form. `project:write` opens nothing yet
# and no tool asks for it, so that it is not offered.
SCOPES = {  # in the list, and where one is chosen
    "event:read": ("read issues", "Read issues and events"),
    "event:write": ("change issues", "Change issues: resolve, archive, assign, merge, comment"),
    "event:admin": ("delete issues", "Delete issues"),
    "project:read": ("read projects", "Read projects and their keys"),
    "org:read": ("read the organisation", "Read the organisation"),
    "project:releases": (
        "releases",
        "Releases and source maps: for tools that ask for it, opens nothing yet",
    ),
}
ENDS = {"30": "in 30 days", "90": "in 90 days", "365": "in a year", "never": "never"}
UNUSED_MS = 90 * DAY  # after that long, somebody should ask whether it is still needed
SAID = {"revoked": "That token opens nothing any more."}


@dataclass(frozen=True, slots=True)
class Shown:
    """A token with its scopes in words: (words, withheld)."""

    token: Listed
    may: tuple[tuple[str, bool], ...]
    own: bool
    ended: bool
    idle: bool


async def show(request: Request) -> Response:
    return await _page(request)


async def _page(
    request: Request, status: int = 200, error: str = "", given: dict[str, Any] | None = None
) -> Response:
    services, person = state.of(request), guards.person(request)
    admin, now_ms = is_admin(request), services.clock.now_ms()
    found: list[Listed] = await services.store.read(_find, person.id, admin)
    values = {"name": "", "scopes": ("event:read",), "ends": "365", "whose": "", "secret": ""}
    return render(
        request,
        "pages/tokens.html",
        status,
        headers=NO_STORE if given else None,
        **frame(request, "API tokens", SAID),
        rows=[_shown(token, person.id, now_ms) for token in found],
        scopes=[
            (key, words) for key, (_, words) in SCOPES.items() if key in tokens.allowed(person.role)
        ],
        ends=ENDS,
        admin=admin,
        address=links.public(request, services.config),
        error=error,
        given=values | (given or {}),
    )


def _find(db: Reader, user_id: int, admin: bool) -> list[Listed]:
    return tokens.every(db) if admin else tokens.of_user(db, user_id)


def _shown(token: Listed, user_id: int, now_ms: int) -> Shown:
    return Shown(
        token,
        tuple((SCOPES[it][0] if it in SCOPES else it, it in token.withheld) for it in token.scopes),
        own=token.user_id == user_id,
        ended=token.expires_at is not None and token.expires_at <= now_ms,
        idle=now_ms - (token.used_at or token.created_at) > UNUSED_MS,
    )


async def add(request: Request) -> Response:
    """Make a token and show it, this once."""
    services, person = state.of(request), guards.person(request)
    async with request.form(max_files=0, max_fields=30) as form:
        name = " ".join(str(form.get("name", "")).split())[: tokens.MOST_NAME]
        asked = {str(it) for it in form.getlist("scope")}
        ends, whose = str(form.get("ends", "365")), str(form.get("whose", ""))
    if ends not in ENDS or whose not in ("", "organisation"):
        raise HTTPException(400)
    if whose and not is_admin(request):
        raise HTTPException(403, "Only owners and admins make tokens of the organisation.")
    if asked - tokens.allowed(person.role):
        raise HTTPException(403, "A token cannot do more than you may.")
    given = {"name": name, "scopes": tuple(asked), "ends": ends, "whose": whose}
    if not name:
        return await _page(request, 422, "A name, such as what will use it: CI, shop-web", given)
    if not asked:
        return await _page(request, 422, "Tick at least one thing it may do", given)
    now_ms = services.clock.now_ms()
    expires_at = None if ends == "never" else now_ms + int(ends) * DAY
    user_id = None if whose else person.id
    try:
        secret = await services.store.write(
            _add, name, sorted(asked), user_id, expires_at, actor(request), now_ms
        )
    except RefusedError as error:
        return await _page(request, 422, str(error), given)
    return await _page(request, given={"secret": secret, "made": name})


def _add(
    tx: Transaction,
    name: str,
    scopes: list[str],
    user_id: int | None,
    expires_at: int | None,
    by: Actor,
    now_ms: int,
) -> str:
    token, secret = tokens.add(
        tx, name, scopes, user_id, now_ms, expires_at=expires_at, created_by=by.user_id
    )
    whose = "own" if user_id is not None else "organisation"
    audit.note(tx, by, "token.add", token.name, now_ms, scopes=" ".join(scopes), whose=whose)
    return secret


async def revoke(request: Request) -> Response:
    services, person = state.of(request), guards.person(request)
    whose = None if is_admin(request) else person.id
    if not await services.store.write(
        _revoke, request.path_params["token"], whose, actor(request), services.clock.now_ms()
    ):
        raise HTTPException(404)
    return saved(request, "/settings/tokens", "revoked")


def _revoke(tx: Transaction, token_id: int, whose: int | None, by: Actor, now_ms: int) -> bool:
    """`whose`: only a token of this person; None: of anybody, and of the organisation."""
    token = tokens.by_id(tx, token_id)
    if token is None or (whose is not None and token.user_id != whose):
        return False
    tokens.revoke(tx, token.id, now_ms)
    audit.note(tx, by, "token.revoke", token.name, now_ms, of=token.user or "the organisation")
    return True


PAGES = (
    Page("/settings/tokens", show, Guard.SIGNED_IN),
    Page("/settings/tokens", add, Guard.SIGNED_IN, ("POST",)),
    Page("/settings/tokens/{token:int}/revoke", revoke, Guard.SIGNED_IN, ("POST",)),
)
