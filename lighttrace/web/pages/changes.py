"""What people do with issues: resolve, archive, reopen, take it back.

Everything is a POST. A plain form is answered with 303 to where it came from, htmx with fragments:
rows that leave the list are taken out one by one, so that no other row moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.store import issues, triage
from lighttrace.store.activity import Undo
from lighttrace.store.database import Transaction
from lighttrace.store.sight import Sight
from lighttrace.store.states import State
from lighttrace.web import guards, links, said, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.listing import STATES
from lighttrace.web.pages import issue as issue_page
from lighttrace.web.pages import issues as list_page
from lighttrace.web.render import render, wants_fragment

MOST_IDS = 200  # issues changed by one form; a page shows at most 100
DONE = {State.RESOLVED: "resolved", State.ARCHIVED: "archived", State.UNRESOLVED: "reopened"}
FIELDS = MOST_IDS + 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form says: which issues, into which state, where to go afterwards."""

    issue_ids: tuple[int, ...]
    state: State | None
    next: str
    seen: frozenset[int]


async def _read(request: Request) -> Asked:
    async with request.form(max_files=0, max_fields=FIELDS) as form:
        ids = [str(value) for value in form.getlist("id")[:MOST_IDS]]
        seen = str(form.get("seen", ""))
        return Asked(
            tuple(int(it) for it in ids if it.isascii() and it.isdigit() and len(it) < 16),
            STATES.get(str(form.get("state", ""))),
            str(form.get("next", "")),
            list_page.ids(seen),
        )


async def change(request: Request) -> Response:
    """`/issues/change`: the ticked issues of a list."""
    asked = await _read(request)
    if asked.state is None:
        raise HTTPException(400)
    undo = await _set_state(request, asked.issue_ids, asked.state)
    if not wants_fragment(request):
        return _redirect(request, asked, undo, "/issues")
    current = list_page.of_current(request)
    text, url = _toast(request, asked.state, undo)
    if STATES[current.state] is None or asked.seen <= frozenset(asked.issue_ids):
        return await list_page.shown(
            request, current, block="list_and_toast", toasts=((text, url),)
        )
    services = state.of(request)
    counts = await services.store.read(
        list_page.tab_counts, current, guards.sight(request), services.clock.now_ms()
    )
    return render(
        request,
        "parts/issues_changed.html",
        block="changed",
        gone=asked.issue_ids if undo else (),
        text=text,
        undo=url,
        **list_page.tabs(request, current, counts),
    )


async def change_one(request: Request) -> Response:
    """`/issues/{short_id}/state`: the issue whose page is open."""
    asked = await _read(request)
    if asked.state is None:
        raise HTTPException(400)
    store = state.of(request).store
    short_id = request.path_params["short_id"]
    issue_id = await store.read(issues.id_of_short, short_id)
    if issue_id is None:
        raise HTTPException(404)
    undo = await _set_state(request, (issue_id,), asked.state)
    if not wants_fragment(request):
        return _redirect(request, asked, undo, f"/issues/{short_id}")
    toast = _toast(request, asked.state, undo)
    return await issue_page.header(request, issue_id, toasts=(toast,))


async def take_back(request: Request) -> Response:
    """`/undo/{token}`: the change this token stands for, once, for ten minutes."""
    services = state.of(request)
    asked = await _read(request)
    person = guards.person(request)
    put_back = await services.store.write(
        triage.undo, request.path_params["token"], person.id, services.clock.now_ms()
    )
    what = "late" if put_back is None else "undone" if put_back else "same"
    count = len(put_back or ())
    if not wants_fragment(request):
        target = links.local(request, asked.next or _referer(request))
        return RedirectResponse(said.back(target, what, count), status_code=303)
    return render(
        request,
        "parts/issues_changed.html",
        block="changed",
        headers={"HX-Trigger": "issues-undone"},
        gone=(),
        counts={},
        text=said.words(what, count),
        undo="",
    )


def _referer(request: Request) -> str:
    """The path of the page a form was on."""
    came_from = urlsplit(request.headers.get("referer", "")[:2000])
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")


async def _set_state(request: Request, issue_ids: Sequence[int], wanted: State) -> Undo | None:
    services = state.of(request)
    if not issue_ids:
        return None
    person = guards.person(request)
    undo: Undo | None = await services.store.write(
        _seen_and_set, issue_ids, wanted, guards.sight(request), person.id, services.clock.now_ms()
    )
    return undo


def _seen_and_set(
    tx: Transaction,
    issue_ids: Sequence[int],
    wanted: State,
    sight: Sight,
    user_id: int,
    now_ms: int,
) -> Undo | None:
    seen = issues.visible(tx, issue_ids, sight)
    return triage.set_state(tx, seen, wanted, user_id, now_ms)


def _toast(request: Request, wanted: State, undo: Undo | None) -> tuple[str, str]:
    if undo is None:
        return said.NOTHING, ""
    return said.words(DONE[wanted], undo.count), said.undo_url(request, undo.token)


def _redirect(request: Request, asked: Asked, undo: Undo | None, fallback: str) -> Response:
    target = links.local(request, asked.next, fallback)
    assert asked.state is not None
    what = DONE[asked.state] if undo else "same"
    done = said.back(target, what, undo.count if undo else 0, undo.token if undo else "")
    return RedirectResponse(done, status_code=303)


PAGES = (
    Page("/issues/change", change, Guard.MEMBER, ("POST",), name="issues_change"),
    Page("/issues/{short_id}/state", change_one, Guard.MEMBER, ("POST",), name="issue_state"),
    Page("/undo/{token}", take_back, Guard.MEMBER, ("POST",), name="undo"),
)
