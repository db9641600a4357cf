"""What people do with issues: resolve, archive, acknowledge, assign, take it back.

Everything is a POST. A plain form is answered with 303 to where it came from, htmx with fragments:
rows that leave the list are taken out one by one, so that no other row moves.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.store import issues, triage
from lighttrace.web import actions, guards, links, said, state
from lighttrace.web.actions import Action, Done
from lighttrace.web.guards import Guard, Page
from lighttrace.web.listing import STATES
from lighttrace.web.pages import issue as issue_page
from lighttrace.web.pages import issues as list_page
from lighttrace.web.render import render, wants_fragment

MOST_IDS = 200  # issues changed by one form; a page shows at most 100
FIELDS = MOST_IDS + 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form says: which issues, what to do with them, where to go afterwards."""

    issue_ids: tuple[int, ...]
    action: Action | None
    next: str
    seen: frozenset[int]


async def read(request: Request) -> Asked:
    async with request.form(max_files=0, max_fields=FIELDS) as form:
        ids = [str(value) for value in form.getlist("id")[:MOST_IDS]]
        return Asked(
            tuple(int(it) for it in ids if it.isascii() and it.isdigit() and len(it) < 16),
            actions.read(form),
            str(form.get("next", "")),
            list_page.ids(str(form.get("seen", ""))),
        )


async def change(request: Request) -> Response:
    """`/issues/change`: the ticked issues of a list."""
    asked = await read(request)
    if asked.action is None:
        raise HTTPException(400)
    done = await actions.perform(request, asked.action, asked.issue_ids)
    if not wants_fragment(request):
        return redirect(request, asked.next, done, "/issues")
    current = list_page.of_current(request)
    text, url = done.toast(request)
    stays = not asked.action.moves or STATES[current.state] is None
    if stays or asked.seen <= frozenset(asked.issue_ids):
        return await list_page.shown(
            request, current, block="list_and_toast", toasts=((text, url),)
        )
    services = state.of(request)
    counts = await services.store.read(
        list_page.tab_counts, current, list_page.asker(request), services.clock.now_ms()
    )
    return render(
        request,
        "parts/issues_changed.html",
        block="changed",
        gone=asked.issue_ids if done.undo else (),
        text=text,
        undo=url,
        **list_page.tabs(request, current, counts),
    )


async def change_one(request: Request) -> Response:
    """`/issues/{short_id}/change`: the issue whose page is open."""
    asked = await read(request)
    if asked.action is None:
        raise HTTPException(400)
    short_id, sight = request.path_params["short_id"], guards.sight(request)
    issue = await state.of(request).store.read(issues.by_short_id, short_id, sight)
    if issue is None:
        raise HTTPException(404)
    done = await actions.perform(request, asked.action, (issue.id,))
    if not wants_fragment(request):
        return redirect(request, asked.next, done, f"/issues/{short_id}")
    return await issue_page.header(request, issue.id, toasts=(done.toast(request),))


async def take_back(request: Request) -> Response:
    """`/undo/{token}`: the change this token stands for, once, for ten minutes."""
    services = state.of(request)
    asked = await read(request)
    person = guards.person(request)
    put_back = await services.store.write(
        triage.undo,
        request.path_params["token"],
        person.id,
        services.clock.now_ms(),
        guards.sight(request),
    )
    what = "late" if put_back is None else "undone" if put_back else "same"
    count = len(put_back or ())
    if not wants_fragment(request):
        target = links.local(request, asked.next or _referer(request), "/issues")
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


def redirect(request: Request, target: str, done: Done, fallback: str) -> Response:
    """Where a plain form leads: to `target` or the fallback, saying what was done."""
    undo, where = done.undo, links.local(request, target, fallback)
    told = said.back(where, done.what, undo.count if undo else 0, undo.token if undo else "")
    return RedirectResponse(told, status_code=303)


PAGES = (
    Page("/issues/change", change, Guard.MEMBER, ("POST",), name="issues_change"),
    Page("/issues/{short_id}/change", change_one, Guard.MEMBER, ("POST",), name="issue_change"),
    Page("/undo/{token}", take_back, Guard.MEMBER, ("POST",), name="undo"),
)
