"""Doors that a link opens: `/invite/{token}` makes an account, `/reset/{token}` a new password;
`/login/forgot` asks for the second by mail.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import TakenError
from lighttrace.store import audit, invites, projects, sessions, sight, teams, users
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.invites import Invitation, Reset
from lighttrace.store.users import User
from lighttrace.web import entry, letters, links, passwords, state
from lighttrace.web import sessions as cookies
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.account import NAME_LENGTH, password_problem, zone_or_none
from lighttrace.web.pages.login import EMAIL_LENGTH
from lighttrace.web.pages.setup import EMAIL
from lighttrace.web.render import render
from lighttrace.web.state import Services

TOKEN_LENGTH = 200
NO_ERRORS = dict.fromkeys(("name", "email", "password"), "")


def _token(request: Request) -> str:
    return str(request.path_params["token"])[:TOKEN_LENGTH]


def _closed(request: Request, what: str) -> Response:
    return render(request, "pages/link_closed.html", 404, what=what)


# An invitation


async def show_invitation(request: Request) -> Response:
    services, token = state.of(request), _token(request)
    found = await services.store.read(invites.invitation, token, services.clock.now_ms())
    if found is None:
        return _closed(request, "invitation")
    return await _invitation(request, found, {"name": "", "email": ""}, NO_ERRORS)


async def accept(request: Request) -> Response:
    services, token = state.of(request), _token(request)
    now_ms = services.clock.now_ms()
    found = await services.store.read(invites.invitation, token, now_ms)
    if found is None or not services.config.sign_in.password_login:
        return _closed(request, "invitation")
    async with request.form(max_files=0, max_fields=10) as form:
        name = " ".join(str(form.get("name", "")).split())[:NAME_LENGTH]
        typed = str(form.get("email", "")).strip()[:EMAIL_LENGTH]
        password = str(form.get("password", ""))
        zone = zone_or_none(str(form.get("timezone", "")))
    email = found.email or typed
    errors = {
        "name": "" if name else "A name, as your colleagues call you",
        "email": "" if EMAIL.fullmatch(email) else "An address like lea@example.com",
        "password": password_problem(password, email),
    }
    if not any(errors.values()):
        hashed = await passwords.hash_async(password)
        ip = cookies.address(request)
        try:
            user = await services.store.write(
                _join, found.token_hash, email, name, hashed, zone, ip, now_ms
            )
        except TakenError:
            errors["email"] = "There is an account with this address: sign in with it"
        else:
            if user is None:
                return _closed(request, "invitation")
            return await entry.enter(request, user, "link")
    return await _invitation(request, found, {"name": name, "email": typed}, errors, 422)


def _join(
    tx: Transaction,
    token_hash: bytes,
    email: str,
    name: str,
    hashed: str,
    zone: str | None,
    ip: str,
    now_ms: int,
) -> User | None:
    user = invites.accept(tx, token_hash, email, name, hashed, now_ms)
    if user is not None:
        if zone:
            users.set_options(tx, user.id, {**user.options, "timezone": zone})
        audit.record(
            *(tx, "user.add", user.email, now_ms),
            user_id=user.id,
            ip=ip,
            role=user.role,
            by="invitation",
        )
    return user


async def _invitation(
    request: Request,
    found: Invitation,
    values: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
) -> Response:
    services = state.of(request)
    seen: list[str] = []
    if found.team is not None:
        seen = await services.store.read(_projects_of, found.team.id)
    options = services.config.sign_in
    return render(
        request,
        "pages/invite.html",
        status,
        token=_token(request),
        invitation=found,
        projects=seen,
        place=links.public(request, services.config).partition("://")[2],
        provider=options.oidc.name if options.oidc else "",
        by_password=options.password_login,
        values=values,
        errors=errors,
    )


def _projects_of(db: Reader, team_id: int) -> list[str]:
    every = {project.id: project.slug for project in projects.every(db, sight.ALL)}
    return [every[it] for it in teams.project_ids(db, team_id) if it in every]


# A new password


async def _reset(request: Request) -> Reset | None:
    """What the link is good for. Without passwords, only what somebody on the server made."""
    services = state.of(request)
    found = await services.store.read(invites.reset_of, _token(request), services.clock.now_ms())
    if found is None or not (services.config.sign_in.password_login or found.by_command):
        return None
    return found


async def show_reset(request: Request) -> Response:
    found = await _reset(request)
    if found is None:
        return _closed(request, "reset")
    return await _reset_form(request, found)


async def reset(request: Request) -> Response:
    services, found = state.of(request), await _reset(request)
    if found is None:
        return _closed(request, "reset")
    async with request.form(max_files=0, max_fields=5) as form:
        password = str(form.get("password", ""))
    if problem := password_problem(password, found.user.email):
        return await _reset_form(request, found, problem, 422)
    hashed = await passwords.hash_async(password)
    ip, now_ms = cookies.address(request), services.clock.now_ms()
    user = await services.store.write(_use_reset, _token(request), hashed, ip, now_ms)
    if user is None:
        return _closed(request, "reset")
    return await entry.enter(request, user, "link")


def _use_reset(tx: Transaction, token: str, hashed: str, ip: str, now_ms: int) -> User | None:
    user = invites.use_reset(tx, token, hashed, now_ms)
    if user is not None:
        ended = sessions.revoke_all(tx, user.id)
        audit.record(
            *(tx, "user.password", user.email, now_ms),
            user_id=user.id,
            ip=ip,
            by="link",
            sessions_ended=ended,
        )
    return user


async def _reset_form(
    request: Request, found: Reset, error: str = "", status: int = 200
) -> Response:
    opened = await state.of(request).store.read(sessions.of_user, found.user.id)
    return render(
        request,
        "pages/reset.html",
        status,
        token=_token(request),
        email=found.user.email,
        opened=len(opened),
        error=error,
    )


# Asking for one


async def show_forgot(request: Request) -> Response:
    return _forgot(request)


async def forgot(request: Request) -> Response:
    """The same answer, after the same time, whether somebody has the address or not."""
    services = state.of(request)
    if services.config.smtp is None or not services.config.sign_in.password_login:
        return _forgot(request)
    async with request.form(max_files=0, max_fields=5) as form:
        email = str(form.get("email", "")).strip()[:EMAIL_LENGTH]
    if not EMAIL.fullmatch(email):
        return _forgot(request, 422, email=email, error="An address like mira@example.com")
    address, now_s = cookies.address(request), services.clock.monotonic_s()
    if services.forgotten.wait_s(email, address, now_s):
        error = "That was asked for often enough. Try again in 15 min."
        return _forgot(request, 429, email=email, error=error)
    services.forgotten.tried(email, address, now_s)
    services.errands.run(_send_reset(services, email, address))
    return _forgot(request, email=email, sent=True)


async def _send_reset(services: Services, email: str, ip: str) -> None:
    user, secret = await services.store.write(_ask, email, ip, services.clock.now_ms())
    if user is not None:
        await letters.mail_reset(services, user.email, secret)


def _ask(tx: Transaction, email: str, ip: str, now_ms: int) -> tuple[User | None, str]:
    user = users.by_email(tx, email)
    if user is None:
        return None, ""
    audit.record(tx, "user.reset", user.email, now_ms, ip=ip, by="mail")
    return user, invites.reset(tx, user.id, user.id, now_ms, invites.RESET_BY_MAIL_MS)


def _forgot(request: Request, status: int = 200, **values: Any) -> Response:
    config = state.of(request).config
    context = {"email": "", "error": "", "sent": False, **values}
    return render(
        request,
        "pages/forgot.html",
        status,
        by_mail=config.smtp is not None,
        by_password=config.sign_in.password_login,
        **context,
    )


PAGES = (
    Page("/invite/{token}", show_invitation, Guard.SETUP),
    Page("/invite/{token}", accept, Guard.SETUP, ("POST",)),
    Page("/reset/{token}", show_reset, Guard.SETUP),
    Page("/reset/{token}", reset, Guard.SETUP, ("POST",)),
    Page("/login/forgot", show_forgot, Guard.ANYONE),
    Page("/login/forgot", forgot, Guard.ANYONE, ("POST",)),
)
