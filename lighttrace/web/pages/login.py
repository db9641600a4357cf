"""In and out: `/login`, `/logout`. The same words, and the same time, for a wrong password and an
unknown address.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.store import sessions as session_rows
from lighttrace.store import users
from lighttrace.store.database import Reader
from lighttrace.store.users import User
from lighttrace.web import links, passwords, sessions, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.render import render

EMAIL_LENGTH = 320
PASSWORD_LENGTH = 1000


async def show(request: Request) -> Response:
    target = request.query_params.get("next")
    if await sessions.current(request) is not None:
        return RedirectResponse(links.local(request, target), status_code=303)
    if not await state.of(request).store.read(users.any_exist):
        return render(request, "pages/closed.html", first=True)
    return render(request, "pages/login.html", email="", error="", next=target or "")


async def submit(request: Request) -> Response:
    services = state.of(request)
    async with request.form(max_files=0, max_fields=10) as form:
        email = str(form.get("email", "")).strip()[:EMAIL_LENGTH]
        password = str(form.get("password", ""))[:PASSWORD_LENGTH]
        target = str(form.get("next", ""))
    address = request.client.host if request.client else ""
    throttle, now_s = services.throttle, services.clock.monotonic_s()

    wait_s = throttle.wait_s(email, address, now_s)
    if wait_s:
        error = f"Too many wrong passwords. Try again in {max(1, round(wait_s / 60))} min."
        headers = {"Retry-After": str(wait_s)}
        return render(
            request, "pages/login.html", 429, headers=headers, email=email, error=error, next=target
        )

    left = throttle.tried(email, address, now_s)
    user, stored = await services.store.read(_account, email)
    fits = await passwords.fits(password, stored)
    if user is None or not fits:
        rest = (
            f"{left} {'try' if left == 1 else 'tries'} left, then 15 min pause."
            if left
            else "Now 15 min pause."
        )
        error = f"That e-mail and password don’t fit. {rest}"
        return render(request, "pages/login.html", 422, email=email, error=error, next=target)

    throttle.succeeded(email, address)
    response = RedirectResponse(links.local(request, target), status_code=303)
    await sessions.begin(request, response, user.id)
    return response


async def leave(request: Request) -> Response:
    services = state.of(request)
    session = await sessions.current(request)
    if session is not None:
        await services.store.write(session_rows.revoke, session.token_hash, session.user.id)
    response = RedirectResponse(links.url(request, "/login"), status_code=303)
    sessions.forget(request, response)
    return response


def _account(db: Reader, email: str) -> tuple[User | None, str | None]:
    user = users.by_email(db, email)
    return user, users.password_hash(db, user.id) if user else None


PAGES = (
    Page("/login", show, Guard.ANYONE, name="login"),
    Page("/login", submit, Guard.ANYONE, ("POST",)),
    Page("/logout", leave, Guard.ANYONE, ("POST",)),
)
