"""What follows when somebody has proven who they are: the code of a second factor where there is
one, then a session.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.settings.sign_in import SignInOptions
from lighttrace.store import audit, second_factors, sign_ins
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.sessions import Session
from lighttrace.store.users import User
from lighttrace.web import links, sessions, state

CODE_MS = 5 * 60 * 1000
CALLBACK = "/login/oidc/callback"  # where a provider sends people back to
SET_UP = "/account/second-factor"  # where those are led who must have one, and all they may see


async def enter(request: Request, user: User, method: str, target: str | None = None) -> Response:
    """Sign them in, or ask for the code first; then on to `target`, if it is a path of ours, else
    to the inbox.
    `method` is the way they came by: one of `store.sessions.METHODS`.
    """
    services = state.of(request)
    now_ms = services.clock.now_ms()
    goal = links.local(request, target)
    device = sessions.secret_in(request, "device")
    if trusted(services.config.sign_in, method) or not await services.store.read(
        _needs_code, user.id, device, now_ms
    ):
        response = RedirectResponse(goal, status_code=303)
        await sessions.begin(request, response, user, method)
        return response
    secret = await services.store.write(_half, user.id, goal, method, now_ms)
    response = RedirectResponse(links.url(request, "/login/code"), status_code=303)
    sessions.give(request, response, "code", secret, CODE_MS)
    return response


async def note_failure(request: Request, email: str, by: str, left: int) -> None:
    """Write a wrong password or code into the audit log. `left`: tries until the pause."""
    now_ms = state.of(request).clock.now_ms()
    await state.of(request).store.write(_note, email, by, left, sessions.address(request), now_ms)


def _note(tx: Transaction, email: str, by: str, left: int, ip: str, now_ms: int) -> None:
    action = "sign_in.failed" if left else "sign_in.locked"
    audit.record(tx, action, email, now_ms, ip=ip, by=by)


def trusted(options: SignInOptions, method: str) -> bool:
    """Whether a way in sees to a second factor itself, so that ours is not asked for."""
    return method == "provider" and not (options.oidc and options.oidc.second_factor)


def must_set_up(options: SignInOptions, session: Session) -> bool:
    """Whether somebody needs a second factor and has none, so that nothing else is for them yet."""
    return (
        options.require_second_factor
        and not session.second_factor
        and not trusted(options, session.method)
    )


def _needs_code(db: Reader, user_id: int, device: str, now_ms: int) -> bool:
    if second_factors.secret_of(db, user_id) is None:
        return False
    known = sign_ins.find(db, "device", device, now_ms) if device else None
    return known is None or known.user_id != user_id


def _half(tx: Transaction, user_id: int, goal: str, method: str, now_ms: int) -> str:
    return sign_ins.begin(tx, "code", now_ms, CODE_MS, user_id=user_id, goal=goal, method=method)
