"""`/login/code`: the second half of a sign-in, for people with a second factor. Five tries, five
minutes, and each code counts once.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.store import second_factors, sign_ins, users
from lighttrace.store.database import Transaction
from lighttrace.web import entry, links, sessions, state, totp
from lighttrace.web.guards import Guard, Page
from lighttrace.web.render import render

DEVICE_MS = 30 * 24 * 3600 * 1000  # "don't ask on this device"


async def show(request: Request) -> Response:
    services = state.of(request)
    secret = sessions.secret_in(request, "code")
    if not await services.store.read(sign_ins.find, "code", secret, services.clock.now_ms()):
        return _start_again(request)
    return _form(request, spare="spare" in request.query_params)


async def submit(request: Request) -> Response:
    services = state.of(request)
    async with request.form(max_files=0, max_fields=5) as form:
        typed = str(form.get("code", ""))[:100]
        spare = form.get("spare") is not None
        remember = form.get("remember") is not None
    secret, now_ms = sessions.secret_in(request, "code"), services.clock.now_ms()
    half = await services.store.read(sign_ins.find, "code", secret, now_ms)
    user = await services.store.read(users.by_id, half.user_id) if half and half.user_id else None
    if half is None or user is None:
        return _start_again(request)
    # beside the five tries of this sign-in: who knows the password can begin as many as they like
    account, address = f"code of {user.id}", sessions.address(request)
    throttle, now_s = services.throttle, services.clock.monotonic_s()
    wait_s = throttle.wait_s(account, address, now_s)
    if wait_s:
        error = f"Too many wrong codes. Try again in {max(1, round(wait_s / 60))} min."
        headers = {"Retry-After": str(wait_s)}
        return _form(request, 429, error=error, spare=spare, headers=headers)
    left = throttle.tried(account, address, now_s)
    fits = await services.store.write(_spend, user.id, secret, totp.cleaned(typed), now_ms)
    if fits is None:
        return _start_again(request)
    if not fits:
        await entry.note_failure(request, user.email, "code", left)
        error = "That code doesn’t fit, or was used already."
        return _form(request, 422, error=error, spare=spare)

    throttle.succeeded(account, address)
    response = RedirectResponse(str(half.data["goal"]), status_code=303)
    method = str(half.data["method"])
    await sessions.begin(request, response, user, "code" if method == "password" else method)
    sessions.take_back(request, response, "code")
    if remember:
        device = await services.store.write(_trust, user.id, now_ms)
        sessions.give(request, response, "device", device, DEVICE_MS)
    return response


def _spend(tx: Transaction, user_id: int, secret: str, code: str, now_ms: int) -> bool | None:
    """Whether the code fits, which ends the sign-in. None if that is over, or was tried too
    often.
    """
    half = sign_ins.attempt(tx, "code", secret, now_ms)
    if half is None or half.user_id != user_id:
        return None
    if not spend(tx, user_id, code, now_ms):
        return False
    return sign_ins.take(tx, "code", secret, now_ms) is not None


def spend(tx: Transaction, user_id: int, code: str, now_ms: int) -> bool:
    """Whether this is a code of the person's second factor, or a spare one. It is used up by it."""
    shared = second_factors.secret_of(tx, user_id)
    if shared is None:
        return False
    step = totp.step_of(shared, code, now_ms)
    if step is not None:
        return second_factors.spend_step(tx, user_id, step)
    return second_factors.spend_spare(tx, user_id, code)


def _trust(tx: Transaction, user_id: int, now_ms: int) -> str:
    return sign_ins.begin(tx, "device", now_ms, DEVICE_MS, user_id=user_id)


def _form(
    request: Request,
    status: int = 200,
    *,
    error: str = "",
    spare: bool = False,
    headers: dict[str, str] | None = None,
) -> Response:
    return render(
        request, "pages/login_code.html", status, headers=headers, error=error, spare=spare
    )


def _start_again(request: Request) -> Response:
    response = RedirectResponse(links.url(request, "/login", said="code"), status_code=303)
    sessions.take_back(request, response, "code")
    return response


PAGES = (
    Page("/login/code", show, Guard.ANYONE),
    Page("/login/code", submit, Guard.ANYONE, ("POST",)),
)
