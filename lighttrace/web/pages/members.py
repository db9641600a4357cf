"""`/settings/members`: everybody who can sign in, invitations, and one person in full."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.errors import RefusedError, TakenError
from lighttrace.store import audit, invites, members, second_factors, sessions, teams, users
from lighttrace.store.audit import Actor
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.invites import Invitation
from lighttrace.store.members import Member
from lighttrace.store.teams import Team
from lighttrace.store.users import User
from lighttrace.web import guards, letters, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.login import EMAIL_LENGTH
from lighttrace.web.pages.settings import actor, fields, frame, is_admin, saved
from lighttrace.web.render import render

ROWS = 50
TEXT = 100  # characters of a search
NO_STORE = {"Cache-Control": "no-store"}  # of a page that shows a secret once
SAID = {
    "role": "The role is changed.",
    "withdrawn": "That invitation no longer works.",
    "disabled": "Nobody signs in with that account any more. Sessions and tokens have ended.",
    "enabled": "That account works again. Tokens have to be made anew.",
    "name": "The name is changed.",
    "factor": "The second factor is off, and the sessions have ended.",
}


async def show(request: Request) -> Response:
    return await _page(request)


async def _page(
    request: Request, status: int = 200, error: str = "", given: dict[str, Any] | None = None
) -> Response:
    """`given`: what the invitation form holds, or what came of it."""
    services, person = state.of(request), guards.person(request)
    text = " ".join(request.query_params.get("query", "").split())[:TEXT]
    asked = request.query_params.get("page", "")
    number = max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    rows, count, open_, every_team = await services.store.read(
        _find, text, number, services.clock.now_ms(), is_admin(request)
    )
    return render(
        request,
        "pages/members.html",
        status,
        headers=NO_STORE if given else None,
        **frame(request, "Members", SAID),
        rows=rows[:ROWS],
        more=len(rows) > ROWS,
        number=number,
        count=count,
        pending=open_,
        teams=every_team,
        text=text,
        error=error,
        may_change=is_admin(request),
        gives=[role for role in reversed(users.ROLES) if users.may_give(person.role, role)],
        given={"email": "", "role": "member", "team": "", "link": "", "mail": ""} | (given or {}),
    )


def _find(
    db: Reader, text: str, number: int, now_ms: int, admin: bool
) -> tuple[list[Member], int, list[Invitation], list[Team]]:
    rows = members.page(db, text, ROWS + 1, (number - 1) * ROWS)
    pending = invites.pending(db, now_ms) if admin else []
    return rows, members.count(db), pending, teams.every(db)


# Inviting


async def invite(request: Request) -> Response:
    """Make a link and show it once; mail it as well, if an address is given and mail is set up."""
    services = state.of(request)
    email, role, team = await fields(request, "email", "role", "team", length=EMAIL_LENGTH)
    given = {"email": email, "role": role, "team": team}
    if email and ("@" not in email or " " in email):
        return await _page(request, 422, "That is not an e-mail address.", given)
    if role not in users.ROLES:
        raise HTTPException(400)
    try:
        secret, invitation = await services.store.write(
            _invite, email, role, team, actor(request), services.clock.now_ms()
        )
    except (RefusedError, TakenError) as error:
        return await _page(request, 422, str(error), given)
    mail = ""
    if email and services.config.smtp is not None:
        trouble = await letters.mail_invitation(services, invitation, secret)
        mail = f"The mail did not go out: {trouble}" if trouble else f"It was mailed to {email}."
    link = letters.invitation_link(request, secret)
    return await _page(request, given={"link": link, "mail": mail})


def _invite(
    tx: Transaction, email: str, role: str, team: str, by: Actor, now_ms: int
) -> tuple[str, Invitation]:
    chosen = teams.by_slug(tx, team) if team else None
    if team and chosen is None:
        raise RefusedError("That team is gone; choose another.")
    assert by.user_id is not None
    secret = invites.invite(tx, email, role, chosen.id if chosen else None, by.user_id, now_ms)
    audit.note(tx, by, "user.invite", email or "whoever has the link", now_ms, role=role, team=team)
    made = invites.invitation(tx, secret, now_ms)
    assert made is not None
    return secret, made


async def withdraw(request: Request) -> Response:
    services = state.of(request)
    try:
        token_hash = bytes.fromhex(request.path_params["invitation"])
    except ValueError:
        raise HTTPException(404) from None
    now_ms = services.clock.now_ms()
    if not await services.store.write(_withdraw, token_hash, actor(request), now_ms):
        raise HTTPException(404)
    return saved(request, "/settings/members", "withdrawn")


def _withdraw(tx: Transaction, token_hash: bytes, by: Actor, now_ms: int) -> bool:
    found = invites.invitation_of(tx, token_hash, now_ms)
    if not invites.withdraw(tx, token_hash):
        return False
    email = (found and found.email) or "whoever has the link"
    audit.note(tx, by, "user.withdraw", email, now_ms)
    return True


# One person


async def person(request: Request) -> Response:
    return await _person(request)


async def _person(request: Request, status: int = 200, error: str = "", link: str = "") -> Response:
    services, me = state.of(request), guards.person(request)
    member = await services.store.read(members.by_id, request.path_params["person"])
    if member is None:
        raise HTTPException(404)
    may_change = member.user.role != "owner" or me.role == "owner"
    return render(
        request,
        "pages/member.html",
        status,
        headers=NO_STORE if link else None,
        **frame(request, "Members", SAID),
        member=member,
        me=member.user.id == me.id,
        gives=[role for role in reversed(users.ROLES) if users.may_give(me.role, role)],
        may_change=may_change,
        error=error,
        link=link,
    )


async def set_role(request: Request) -> Response:
    (role,) = await fields(request, "role")
    if role not in users.ROLES:
        raise HTTPException(400)
    return await _change(request, "role", _set_role, role)


def _set_role(tx: Transaction, user_id: int, by: Actor, now_ms: int, role: str) -> None:
    was = users.set_role(tx, user_id, role, by.user_id)
    if was.role != role:
        audit.note(tx, by, "user.role", was.email, now_ms, was=was.role, now=role)


async def set_name(request: Request) -> Response:
    (name,) = await fields(request, "name", length=100)
    if not name:
        return await _person(request, 422, "A name, as colleagues call them.")
    return await _change(request, "name", _set_name, name)


def _set_name(tx: Transaction, user_id: int, by: Actor, now_ms: int, name: str) -> None:
    was = users.for_change(tx, user_id, by.user_id)
    users.set_name(tx, user_id, name)
    audit.note(tx, by, "user.name", was.email, now_ms, was=was.name, now=name)


async def disable(request: Request) -> Response:
    return await _change(request, "disabled", _disable)


def _disable(tx: Transaction, user_id: int, by: Actor, now_ms: int) -> None:
    gone = users.disable(tx, user_id, by.user_id, now_ms)
    audit.note(tx, by, "user.disable", gone.email, now_ms)


async def enable(request: Request) -> Response:
    return await _change(request, "enabled", _enable)


def _enable(tx: Transaction, user_id: int, by: Actor, now_ms: int) -> None:
    back = users.enable(tx, user_id, by.user_id)
    audit.note(tx, by, "user.enable", back.email, now_ms, role=back.role)


async def _change(request: Request, what: str, change: Any, *args: Any) -> Response:
    """Change a person in one transaction, and go back to where the form was."""
    services = state.of(request)
    user_id = request.path_params["person"]
    try:
        await services.store.write(change, user_id, actor(request), services.clock.now_ms(), *args)
    except RefusedError as error:
        return await _person(request, 422, str(error))
    return saved(request, f"/settings/members/{user_id}", what)


async def factor_off(request: Request) -> Response:
    """For somebody who has lost the phone and the spare codes."""
    return await _change(request, "factor", _factor_off)


def _factor_off(tx: Transaction, user_id: int, by: Actor, now_ms: int) -> None:
    person = users.for_change(tx, user_id, by.user_id)
    if second_factors.remove(tx, user_id):
        sessions.revoke_all(tx, user_id)
        audit.note(tx, by, "user.factor_off", person.email, now_ms)


async def reset(request: Request) -> Response:
    """A link to a new password, shown once, to hand over."""
    services = state.of(request)
    now_ms = services.clock.now_ms()
    try:
        secret = await services.store.write(
            _reset, request.path_params["person"], actor(request), now_ms
        )
    except RefusedError as error:
        return await _person(request, 422, str(error))
    return await _person(request, link=letters.reset_link(request, secret))


def _reset(tx: Transaction, user_id: int, by: Actor, now_ms: int) -> str:
    found: User = users.for_change(tx, user_id, by.user_id)
    secret = invites.reset(tx, user_id, by.user_id, now_ms)
    audit.note(tx, by, "user.reset", found.email, now_ms)
    return secret


PAGES = (
    Page("/settings/members", show, Guard.SIGNED_IN),
    Page("/settings/members/invite", invite, Guard.ADMIN, ("POST",)),
    Page("/settings/members/invitations/{invitation}/withdraw", withdraw, Guard.ADMIN, ("POST",)),
    Page("/settings/members/{person:int}", person, Guard.ADMIN),
    Page("/settings/members/{person:int}/role", set_role, Guard.ADMIN, ("POST",)),
    Page("/settings/members/{person:int}/name", set_name, Guard.ADMIN, ("POST",)),
    Page("/settings/members/{person:int}/disable", disable, Guard.ADMIN, ("POST",)),
    Page("/settings/members/{person:int}/enable", enable, Guard.ADMIN, ("POST",)),
    Page("/settings/members/{person:int}/factor-off", factor_off, Guard.ADMIN, ("POST",)),
    Page("/settings/members/{person:int}/reset", reset, Guard.ADMIN, ("POST",)),
)
