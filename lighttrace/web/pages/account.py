"""`/account`: a person's own name, password, look, keys, time zone and open sessions."""

import zoneinfo
from functools import cache
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.event import useragent
from lighttrace.store import audit, preferences, sign_ins, users
from lighttrace.store import sessions as session_rows
from lighttrace.store.database import Transaction
from lighttrace.store.users import User
from lighttrace.web import guards, links, passwords, state
from lighttrace.web import sessions as cookies
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages import account_messages, account_projects, second_factor
from lighttrace.web.pages.login import PASSWORD_LENGTH
from lighttrace.web.render import THEMES, render

NAME_LENGTH = 100
PASSWORD_MIN = 12
SAVED = {
    "name": "Your name is changed.",
    "password": "Your password is changed; your other sessions have ended.",
    "factor": "The second factor is off.",
    "look": "Saved.",
    "session": "That session has ended.",
    "sessions": "You are signed out everywhere else.",
    "messages": "Saved.",
    "projects": "Saved.",
    "projects-full": f"Nothing was saved: {preferences.MOST_PROJECTS} projects at most.",
    "hours-wrong": "Nothing was saved: quiet hours need two different times and a day.",
}


@cache
def zones() -> tuple[str, ...]:
    """The time zones to choose from, without the historical and technical ones."""
    return (
        "UTC",
        *sorted(
            name for name in zoneinfo.available_timezones() if "/" in name and name[:4] != "Etc/"
        ),
    )


def zone_or_none(name: str) -> str | None:
    """`name` if it is a time zone we know: browsers send aliases, hostile ones anything."""
    return name if len(name) <= 64 and name in zoneinfo.available_timezones() else None


def password_problem(password: str, email: str) -> str:
    """What is wrong with a new password, or nothing. Long beats odd, so length is the rule."""
    if len(password) < PASSWORD_MIN:
        return f"{len(password)} of at least {PASSWORD_MIN} characters"
    if len(password) > PASSWORD_LENGTH:
        return f"More than {PASSWORD_LENGTH} characters"
    if password.strip().lower() == email.strip().lower():
        return "That is your e-mail; choose something nobody knows"
    if len(set(password)) < 4:
        return "That is too few different characters"
    return ""


async def show(request: Request) -> Response:
    return await _page(request)


async def save_name(request: Request) -> Response:
    services, person = state.of(request), guards.person(request)
    async with request.form(max_files=0, max_fields=5) as form:
        name = " ".join(str(form.get("name", "")).split())[:NAME_LENGTH]
    if not name:
        return await _page(request, 422, name_error="A name, as your colleagues call you")
    await services.store.write(users.set_name, person.id, name)
    return _saved(request, "name")


async def save_password(request: Request) -> Response:
    services, person = state.of(request), guards.person(request)
    async with request.form(max_files=0, max_fields=5) as form:
        old = str(form.get("old", ""))[:PASSWORD_LENGTH]
        new = str(form.get("new", ""))
    address = cookies.address(request)
    if services.throttle.wait_s(person.email, address, services.clock.monotonic_s()):
        return await _page(request, 429, old_error="Too many wrong passwords. Try again in 15 min.")
    services.throttle.tried(person.email, address, services.clock.monotonic_s())
    if not await passwords.fits(old, await services.store.read(users.password_hash, person.id)):
        return await _page(request, 422, old_error="That is not your password now")
    services.throttle.succeeded(person.email, address)
    if problem := password_problem(new, person.email):
        return await _page(request, 422, new_error=problem)
    hashed = await passwords.hash_async(new)
    here, now_ms = request.state.session.token_hash, services.clock.now_ms()
    await services.store.write(_set_password, person, hashed, here, address, now_ms)
    return _saved(request, "password")


def _set_password(
    tx: Transaction, person: User, hashed: str, here: bytes, ip: str, now_ms: int
) -> None:
    """Whoever else knows the old one is out: other sessions, half-done sign-ins, known devices."""
    users.set_password(tx, person.id, hashed)
    session_rows.revoke_others(tx, person.id, here)
    sign_ins.forget(tx, person.id)
    audit.record(tx, "user.password", person.email, now_ms, user_id=person.id, ip=ip, by="account")


async def save_look(request: Request) -> Response:
    services, person = state.of(request), guards.person(request)
    async with request.form(max_files=0, max_fields=10) as form:
        theme = str(form.get("theme", "auto"))
        zone = zone_or_none(str(form.get("timezone", "")))
        keys = form.get("keys") is not None
    if theme not in THEMES:
        raise HTTPException(400)
    options = {**person.options, "theme": theme, "keys": keys}
    if zone:
        options["timezone"] = zone
    await services.store.write(users.set_options, person.id, options)
    return _saved(request, "look")


async def end_session(request: Request) -> Response:
    services, person = state.of(request), guards.person(request)
    try:
        token_hash = bytes.fromhex(request.path_params["session"])
    except ValueError:
        raise HTTPException(404) from None
    await services.store.write(session_rows.revoke, token_hash, person.id)
    return _saved(request, "session")


async def end_others(request: Request) -> Response:
    services, person = state.of(request), guards.person(request)
    await services.store.write(
        session_rows.revoke_others, person.id, request.state.session.token_hash
    )
    return _saved(request, "sessions")


async def _page(request: Request, status: int = 200, **errors: str) -> Response:
    services, person = state.of(request), guards.person(request)
    rows = await services.store.read(session_rows.of_user, person.id)
    here = request.state.session.token_hash
    shown: list[dict[str, Any]] = []
    for row in rows:
        device, phone = describe(row.agent)
        shown.append(
            {
                "id": row.token_hash.hex(),
                "device": device,
                "phone": phone,
                "row": row,
                "method": _method(request, row.method),
                "here": row.token_hash == here,
            }
        )
    shown.sort(key=lambda session: (not session["here"], -session["row"].seen_at))
    saved = SAVED.get(request.query_params.get("saved", ""), "")
    return render(
        request,
        "pages/account.html",
        status,
        cur="account",
        sessions=shown,
        zones=zones(),
        factor=await second_factor.view(request),
        messages=account_messages.view(request),
        kinds=preferences.KINDS,
        wants=await account_messages.wants(request),
        wants_words=account_messages.WANTS_WORDS,
        single=await account_projects.view(request),
        by_password=services.config.sign_in.password_login
        and await services.store.read(users.password_hash, person.id) is not None,
        errors={"name_error": "", "old_error": "", "new_error": "", "code_error": "", **errors},
        toasts=[(saved, "")] if saved and request.method == "GET" else [],
    )


def _method(request: Request, method: str) -> str:
    """How a session was begun, in words."""
    oidc = state.of(request).config.sign_in.oidc
    provider = oidc.name if oidc else "a provider"
    words = {"code": "password and code", "provider": provider, "link": "a link"}
    return words.get(method, method)


def describe(agent: str | None) -> tuple[str, bool]:
    """`Firefox 145 on Linux`, and whether it is a phone."""
    found = useragent.parse(agent or "")
    browser, system, device = (found.get(part, {}) for part in ("browser", "os", "device"))
    version = str(browser.get("version") or "").partition(".")[0]
    name = " ".join(filter(None, (str(browser.get("name") or ""), version))) or "A program"
    place = (
        str(device.get("model") or device.get("family") or "")
        if device.get("brand") == "Apple"
        else ""
    )
    place = place or str(system.get("name") or "")
    return f"{name} on {place}" if place else name, system.get("name") in ("iOS", "Android")


def _saved(request: Request, what: str) -> Response:
    return RedirectResponse(links.url(request, "/account", saved=what), status_code=303)


PAGES = (
    Page("/account", show, Guard.SIGNED_IN, name="account"),
    Page("/account/name", save_name, Guard.SIGNED_IN, ("POST",)),
    Page("/account/password", save_password, Guard.SIGNED_IN, ("POST",)),
    Page("/account/look", save_look, Guard.SIGNED_IN, ("POST",)),
    Page("/account/sessions/end-others", end_others, Guard.SIGNED_IN, ("POST",)),
    Page("/account/sessions/{session}/end", end_session, Guard.SIGNED_IN, ("POST",)),
)
