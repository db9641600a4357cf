"""Mutes: made for everybody by members, for oneself by anybody, and ended early."""

from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.alerts import weekly
from lighttrace.alerts.rules import policy
from lighttrace.errors import RefusedError
from lighttrace.store import audit, mutes
from lighttrace.store.audit import Actor
from lighttrace.store.database import Transaction
from lighttrace.store.sight import Sight
from lighttrace.store.users import User
from lighttrace.web import guards, links, muting, said, state
from lighttrace.web import sessions as cookies
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages import alerts
from lighttrace.web.render import render, wants_fragment


async def mute(request: Request) -> Response:
    """`/alerts/mute`: nobody is told."""
    return await _mute(request, own=False)


async def mute_for_me(request: Request) -> Response:
    """`/alerts/mute-me`: whoever asks is not told."""
    return await _mute(request, own=True)


async def _mute(request: Request, *, own: bool) -> Response:
    services, person = state.of(request), guards.person(request)
    async with request.form(max_files=0, max_fields=10) as form:
        fields = {key: str(value)[:2000] for key, value in form.items()}
    now_ms, zone = services.clock.now_ms(), weekly.zone_of(person)
    wanted = await services.store.read(muting.read, fields, guards.sight(request), zone, now_ms)
    known = policy(services.config).by_name
    if wanted is None or (wanted.what.rule is not None and wanted.what.rule not in known):
        return await _back(request, fields.get("next", ""), "unmutable", fields.get("what", ""))
    if own:
        wanted = wanted.for_person(person.id)
    try:
        by = Actor(person.id, cookies.address(request))
        await services.store.write(_add, wanted, by, now_ms)
    except RefusedError:
        return await _back(request, fields.get("next", ""), "unmutable", fields.get("what", ""))
    return await _back(request, fields.get("next", ""), "muted", fields["what"])


def _add(tx: Transaction, wanted: muting.Wanted, by: Actor, now_ms: int) -> None:
    mutes.add(tx, wanted.what, wanted.until, by.user_id, now_ms, condition=wanted.condition)
    if wanted.what.for_user is None:
        audit.note(tx, by, "mute.add", wanted.name, now_ms)


async def end(request: Request) -> Response:
    """`/alerts/mutes/{mute}/end`"""
    services, person = state.of(request), guards.person(request)
    async with request.form(max_files=0, max_fields=10) as form:
        target = str(form.get("next", ""))[:2000]
    number = request.path_params["mute"]
    mute_id = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
    sight, by = guards.sight(request), Actor(person.id, cookies.address(request))
    ended = await services.store.write(_end, mute_id, person, sight, by, services.clock.now_ms())
    if not ended:
        raise HTTPException(404)
    return await _back(request, target, "unmuted")


def _end(tx: Transaction, mute_id: int, person: User, sight: Sight, by: Actor, now_ms: int) -> bool:
    """False if there is none that they may end. One that is over, as another tab ended it, is what
    was asked for.
    """
    it = muting.one(tx, mute_id, person, sight)
    if it is None or not it.may_end:
        return False
    if it.mute.until > now_ms and mutes.end(tx, mute_id, now_ms) and not it.mute.what.for_user:
        audit.note(tx, by, "mute.end", it.name, now_ms)
    return True


async def _back(request: Request, target: str, what: str, thing: str = "") -> Response:
    """To where it was asked for. Where that was the page of alerts and it can swap, its body as it
    is now, with the focus on what was muted.
    """
    where = links.local(request, target, "/alerts")
    if wants_fragment(request):
        asked = alerts.Asked.read(dict(parse_qsl(urlsplit(where).query)))
        found = await alerts.context(request, asked)
        found |= {"told": said.words(what, 0), "told_of": thing}
        return render(request, "pages/alerts.html", block="alerts_body", **found)
    return RedirectResponse(said.back(where, what), status_code=303)


PAGES = (
    Page("/alerts/mute", mute, Guard.MEMBER, ("POST",)),
    Page("/alerts/mute-me", mute_for_me, Guard.SIGNED_IN, ("POST",)),
    Page("/alerts/mutes/{mute}/end", end, Guard.SIGNED_IN, ("POST",)),
)
