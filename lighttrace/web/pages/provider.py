"""`/login/oidc` and back: signing in by the provider of `[sign_in.oidc]`.

What is under way is a row, found by the state the provider hands back and bound to the browser by a
cookie; it is used up by the first who comes with it.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.errors import SignInError, TakenError
from lighttrace.event.model import Json
from lighttrace.settings.sign_in import Oidc
from lighttrace.store import audit, identities, invites, second_factors, sign_ins, users
from lighttrace.store import sessions as session_rows
from lighttrace.store.database import Transaction
from lighttrace.store.tokens import digest, new_secret
from lighttrace.store.users import User
from lighttrace.web import entry, links, sessions, state
from lighttrace.web.admission import Admitted, admit
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.doors import TOKEN_LENGTH
from lighttrace.web.render import render

AWAY_MS = 10 * 60 * 1000  # at the provider, with its own second factor
CODE_LENGTH = 4000  # some providers put much into a code
OVER = "This sign-in is over, or was begun in another browser."
# what a provider says instead of a code (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6)
SAID = {
    "access_denied": "The provider did not let you through, or you cancelled.",
    "login_required": "You are not signed in at the provider.",
    "interaction_required": "The provider wants something from you first.",
    "consent_required": "You have to agree at the provider first.",
    "account_selection_required": "You have to choose an account at the provider first.",
    "temporarily_unavailable": "The provider is too busy just now.",
    "server_error": "Something failed at the provider.",
    "unauthorized_client": "The provider does not let LightTrace ask. An admin has to look at it.",
    "invalid_scope": "The provider does not know what is asked for: scopes in [sign_in.oidc].",
}


async def start(request: Request) -> Response:
    services, provider = state.of(request), state.of(request).provider()
    if provider is None:
        raise HTTPException(404)
    # here: it is loaded where there is a provider
    from lighttrace.web.oidc import new_attempt

    attempt = new_attempt(links.public(request, services.config) + entry.CALLBACK)
    browser = sessions.secret_in(request, "browser") or new_secret()
    token = request.query_params.get("invite", "")[:TOKEN_LENGTH]
    known = await services.store.write(
        _begin,
        services.clock.now_ms(),
        {
            "browser": digest(browser).hex(),
            "nonce": attempt.nonce,
            "verifier": attempt.verifier,
            "redirect_uri": attempt.redirect_uri,
            "goal": links.local(request, request.query_params.get("next")),
            "invite": digest(token).hex() if token else None,
        },
    )
    try:
        target = await provider.begin(attempt, known)
    except SignInError as error:
        return _refused(request, str(error), 503)
    response = RedirectResponse(target, status_code=303)
    sessions.give(request, response, "browser", browser, AWAY_MS)
    return response


def _begin(tx: Transaction, now_ms: int, data: dict[str, Json]) -> str:
    return sign_ins.begin(tx, "oidc", now_ms, AWAY_MS, **data)


async def back(request: Request) -> Response:
    services, provider = state.of(request), state.of(request).provider()
    if provider is None:
        raise HTTPException(404)
    from lighttrace.web.oidc import Attempt

    asked = request.query_params
    known, code = asked.get("state", "")[:TOKEN_LENGTH], asked.get("code", "")
    half = await services.store.write(sign_ins.take, "oidc", known, services.clock.now_ms())
    browser = sessions.secret_in(request, "browser")
    if half is None or half.data["browser"] != digest(browser).hex():
        return _refused(request, OVER, 400)
    goal = str(half.data["goal"])
    if "error" in asked:
        return _refused(request, SAID.get(asked["error"], "The provider says no."), 403, goal)
    if not 0 < len(code) <= CODE_LENGTH:
        return _refused(request, "The provider sent you back without an answer.", 400, goal)
    attempt = Attempt(
        str(half.data["nonce"]), str(half.data["verifier"]), str(half.data["redirect_uri"])
    )
    admitted = None
    try:
        claims = await provider.finish(attempt, code)
        if asked.get("iss", claims["iss"]) != claims["iss"]:  # RFC 9207
            raise SignInError(OVER)
        admitted = admit(claims, provider.options)
        user = await services.store.write(
            _let_in,
            admitted,
            provider.options,
            half.data["invite"],
            sessions.address(request),
            services.clock.now_ms(),
        )
    except SignInError as error:
        if admitted is not None:
            await entry.note_failure(request, admitted.email, "provider", 1)
        return _refused(request, str(error), 403, goal)
    return await entry.enter(request, user, "provider", goal)


def _let_in(
    tx: Transaction,
    admitted: Admitted,
    options: Oidc,
    invite: str | None,
    ip: str,
    now_ms: int,
) -> User:
    """Who that is here; made or linked the first time. Raises SignInError."""
    issuer, subject = admitted.issuer, admitted.subject
    if identities.known(tx, issuer, subject):
        user = identities.user_of(tx, issuer, subject)
        if user is None:
            raise SignInError("Your account here is closed. Ask an admin.")
        identities.touch(tx, issuer, subject, now_ms)
    else:
        user = _by_email(tx, admitted, now_ms) or _newcomer(tx, admitted, options, invite, now_ms)
        identities.link(tx, issuer, subject, user.id, now_ms)
        audit.record(tx, "user.identity", user.email, now_ms, user_id=user.id, ip=ip, issuer=issuer)
    role = _role(user, admitted, options)
    if role != user.role:
        users.set_role(tx, user.id, role, None)
        audit.record(
            *(tx, "user.role", user.email, now_ms),
            user_id=user.id,
            ip=ip,
            was=user.role,
            now=role,
            by="provider",
        )
    return user


def _by_email(tx: Transaction, admitted: Admitted, now_ms: int) -> User | None:
    """The account with that address, once: from then on the subject counts."""
    user = users.by_email(tx, admitted.email)
    if user is None:
        return None
    if identities.has(tx, admitted.issuer, user.id):
        raise SignInError(
            f"The account with the address {user.email} belongs to somebody else at the provider. "
            "Ask an admin."
        )
    if identities.is_claimed(tx, user.id):
        identities.strip(tx, user.id, now_ms)
        second_factors.remove(tx, user.id)
        session_rows.revoke_all(tx, user.id)
        identities.set_proven(tx, user.id)
    return user


def _newcomer(
    tx: Transaction, admitted: Admitted, options: Oidc, invite: str | None, now_ms: int
) -> User:
    email, name = admitted.email, admitted.name
    try:
        found = invites.invitation_of(tx, bytes.fromhex(invite), now_ms) if invite else None
        if found is not None:
            if found.email is not None and found.email.lower() != email.lower():
                raise SignInError(f"This invitation is for {found.email}, and you are {email}.")
            user = invites.accept(tx, found.token_hash, email, name, None, now_ms, proven=True)
            assert user is not None
        elif options.role == "nobody":
            raise SignInError(
                f"There is no account for {email} here. Ask an admin for an invitation."
            )
        else:
            user = users.add(tx, email, name, options.role, None, now_ms)
    except TakenError as error:  # nobody who can sign in has it
        raise SignInError("Your account here is closed. Ask an admin.") from error
    audit.record(tx, "user.add", email, now_ms, user_id=user.id, role=user.role, by="provider")
    return user


def _role(user: User, admitted: Admitted, options: Oidc) -> str:
    """With `admin_groups` the provider decides who is an admin; owners it does not touch."""
    if admitted.is_admin is None or user.role == "owner":
        return user.role
    if admitted.is_admin:
        return "admin"
    if user.role != "admin":
        return user.role
    return options.role if options.role in ("viewer", "member") else "member"


def _refused(request: Request, why: str, status: int, goal: str = "") -> Response:
    config = state.of(request).config.sign_in
    assert config.oidc is not None
    return render(
        request,
        "pages/provider_refused.html",
        status,
        why=why,
        provider=config.oidc.name,
        by_password=config.password_login,
        next=goal or None,
    )


PAGES = (
    Page("/login/oidc", start, Guard.ANYONE),
    Page(entry.CALLBACK, back, Guard.ANYONE),
)
