"""`/account/second-factor`: turning it on with an authenticator, its spare codes, turning it off.

Nothing is kept before a code has proven that the authenticator works: until then the secret travels
in the form.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.store import audit, second_factors, users
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.users import User
from lighttrace.web import entry, guards, links, passwords, sessions, state, totp
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.code import spend
from lighttrace.web.pages.login import PASSWORD_LENGTH
from lighttrace.web.render import render

TOO_OFTEN = "Too many wrong tries. Try again in 15 min."
WRONG_CODE = "That code doesn’t fit, or was used already."


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows of it: the picture of a new `secret` while it is off, else what is left."""

    on: bool
    spare_left: int
    by_password: bool  # whether turning it off needs one
    secret: str
    spaced: str
    picture: totp.Picture | None


async def view(request: Request, secret: str = "") -> View:
    """For this page and the account's. `secret`: what a form brought back."""
    services, person = state.of(request), guards.person(request)
    spare, hashed = await services.store.read(_kept, person.id)
    if spare is not None:
        return View(True, spare, hashed is not None, "", "", None)
    secret = secret if totp.is_secret(secret) else totp.new_secret()
    # the host alone: some apps stumble over the colon of a port
    place = urlsplit(links.public(request, services.config)).hostname or ""
    picture = totp.picture(secret, person.email, f"LightTrace {place}")
    return View(False, 0, hashed is not None, secret, totp.spaced(secret), picture)


def _kept(db: Reader, user_id: int) -> tuple[int | None, str | None]:
    on = second_factors.secret_of(db, user_id) is not None
    spare = second_factors.spare_codes(db, user_id) if on else None
    return spare, users.password_hash(db, user_id)


async def show(request: Request) -> Response:
    return await _page(request)


async def turn_on(request: Request) -> Response:
    services, person = state.of(request), guards.person(request)
    async with request.form(max_files=0, max_fields=5) as form:
        secret = str(form.get("secret", ""))[:100]
        code = totp.cleaned(str(form.get("code", ""))[:100])
    now_ms = services.clock.now_ms()
    step = totp.step_of(secret, code, now_ms) if totp.is_secret(secret) else None
    if step is None:
        error = "That code doesn’t fit. Is the phone’s clock right?"
        return await _page(request, 422, secret=secret, code_error=error)
    spare = totp.new_spare_codes()
    ip = sessions.address(request)
    if not await services.store.write(_turn_on, person, secret, step, spare, ip, now_ms):
        return RedirectResponse(links.url(request, entry.SET_UP), status_code=303)
    return _spare_codes(request, spare)


def _turn_on(
    tx: Transaction, person: User, secret: str, step: int, spare: list[str], ip: str, now_ms: int
) -> bool:
    if not second_factors.add(tx, person.id, secret, step, spare, now_ms):
        return False
    audit.record(tx, "user.factor_on", person.email, now_ms, user_id=person.id, ip=ip)
    return True


async def turn_off(request: Request) -> Response:
    services, person = state.of(request), guards.person(request)
    async with request.form(max_files=0, max_fields=5) as form:
        password = str(form.get("password", ""))[:PASSWORD_LENGTH]
        code = totp.cleaned(str(form.get("code", ""))[:100])
    if not _may_try(request):
        return await _page(request, 429, code_error=TOO_OFTEN)
    stored = await services.store.read(users.password_hash, person.id)
    if stored is not None and not await passwords.fits(password, stored):
        return await _page(request, 422, password_error="That is not your password")
    ip, now_ms = sessions.address(request), services.clock.now_ms()
    if not await services.store.write(_turn_off, person, code, ip, now_ms):
        return await _page(request, 422, code_error=WRONG_CODE)
    _succeeded(request)
    return RedirectResponse(links.url(request, "/account", saved="factor"), status_code=303)


def _turn_off(tx: Transaction, person: User, code: str, ip: str, now_ms: int) -> bool:
    if not spend(tx, person.id, code, now_ms):
        return False
    second_factors.remove(tx, person.id)
    audit.record(tx, "user.factor_off", person.email, now_ms, user_id=person.id, ip=ip)
    return True


async def renew_spare(request: Request) -> Response:
    services, person = state.of(request), guards.person(request)
    async with request.form(max_files=0, max_fields=5) as form:
        code = totp.cleaned(str(form.get("code", ""))[:100])
    if not _may_try(request):
        return await _page(request, 429, spare_error=TOO_OFTEN)
    spare = totp.new_spare_codes()
    if not await services.store.write(_renew, person.id, code, spare, services.clock.now_ms()):
        return await _page(request, 422, spare_error=WRONG_CODE)
    _succeeded(request)
    return _spare_codes(request, spare)


def _renew(tx: Transaction, user_id: int, code: str, spare: list[str], now_ms: int) -> bool:
    return spend(tx, user_id, code, now_ms) and second_factors.set_spare(tx, user_id, spare)


def _may_try(request: Request) -> bool:
    """Counts a try: an open session is no place to guess codes either."""
    services, name = state.of(request), f"code of {guards.person(request).id}"
    address, now_s = sessions.address(request), services.clock.monotonic_s()
    if services.throttle.wait_s(name, address, now_s):
        return False
    services.throttle.tried(name, address, now_s)
    return True


def _succeeded(request: Request) -> None:
    name = f"code of {guards.person(request).id}"
    state.of(request).throttle.succeeded(name, sessions.address(request))


async def _page(request: Request, status: int = 200, secret: str = "", **errors: str) -> Response:
    needed = entry.must_set_up(state.of(request).config.sign_in, request.state.session)
    return render(
        request,
        "pages/second_factor.html",
        status,
        factor=await view(request, secret),
        needed=needed,
        errors={"code_error": "", "password_error": "", "spare_error": "", **errors},
    )


def _spare_codes(request: Request, spare: list[str]) -> Response:
    return render(request, "pages/spare_codes.html", codes=spare)


PAGES = (
    Page(entry.SET_UP, show, Guard.SIGNED_IN),
    Page(f"{entry.SET_UP}/on", turn_on, Guard.SIGNED_IN, ("POST",)),
    Page(f"{entry.SET_UP}/off", turn_off, Guard.SIGNED_IN, ("POST",)),
    Page(f"{entry.SET_UP}/spare", renew_spare, Guard.SIGNED_IN, ("POST",)),
)
