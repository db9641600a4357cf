"""In and out: `/login`, `/logout`. The same words, and the same time, for a wrong
password and an unknown address.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.store import sessions as session_rows
from lighttrace.store import users
from lighttrace.store.database import Reader
from lighttrace.store.users import User
from lighttrace.web import entry, links, passwords, sessions, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.render import render

EMAIL_LENGTH = 320
PASSWORD_LENGTH = 1000
SAID = {"code": "That took too long, or too many tries. Sign in again."}


async def show(request: Request) -> Response:
    target = request.query_params.get("next")
    if await sessions.current(request) is not None:
        return RedirectResponse(links.local(request, target), status_code=303)
    if not await state.of(request).store.read(users.any_exist):
        return render(request, "pages/closed.html", first=True)
    said = SAID.get(request.query_params.get("said", ""), "")
    return _form(request, target or "", said=said)


def _form(
    request: Request,
    target: str,
    status: int = 200,
    *,
    email: str = "",
    error: str = "",
    said: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    options = state.of(request).config.sign_in
    return render(
        request,
        "pages/login.html",
        status,
        headers=headers,
        email=email,
        error=error,
        said=said,
        next=target,
        provider=options.oidc.name if options.oidc else "",
        by_password=options.password_login,
    )


async def submit(request: Request) -> Response:
    services = state.of(request)
    if not services.config.sign_in.password_login:
        raise HTTPException(403, "Passwords are not asked for here. Nothing was changed.")
    async with request.form(max_files=0, max_fields=10) as form:
        email = str(form.get("email", "")).strip()[:EMAIL_LENGTH]
        password = str(form.get("password", ""))[:PASSWORD_LENGTH]
        target = str(form.get("next", ""))
    address = sessions.address(request)
    throttle, now_s = services.throttle, services.clock.monotonic_s()

    wait_s = throttle.wait_s(email, address, now_s)
    if wait_s:
        error = f"Too many wrong passwords. Try again in {max(1, round(wait_s / 60))} min."
        headers = {"Retry-After": str(wait_s)}
        return _form(request, target, 429, email=email, error=error, headers=headers)

    left = throttle.tried(email, address, now_s)
    user, stored = await services.store.read(_account, email)
    fits = await passwords.fits(password, stored)
    if user is None or not fits:
        await entry.note_failure(request, email, "password", left)
        rest = (
            f"{left} {'try' if left == 1 else 'tries'} left, then 15 min pause."
            if left
            else "Now 15 min pause."
        )
        error = f"That e-mail and password don’t fit. {rest}"
        return _form(request, target, 422, email=email, error=error)

    throttle.succeeded(email, address)
    return await entry.enter(request, user, "password", target)


async def leave(request: Request) -> Response:
    services = state.of(request)
    session = await sessions.current(request)
    if session is not None:
        await services.store.write(session_rows.revoke, session.token_hash, session.user.id)
    response = RedirectResponse(links.url(request, "/login"), status_code=303)
    sessions.take_back(request, response)
    return response


def _account(db: Reader, email: str) -> tuple[User | None, str | None]:
    user = users.by_email(db, email)
    return user, users.password_hash(db, user.id) if user else None


PAGES = (
    Page("/login", show, Guard.ANYONE, name="login"),
    Page("/login", submit, Guard.ANYONE, ("POST",)),
    Page("/logout", leave, Guard.ANYONE, ("POST",)),
)
