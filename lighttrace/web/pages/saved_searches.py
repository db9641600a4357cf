"""`/searches`: searches that are kept: saving what a list shows, renaming, deleting, beginning
with one. A plain form is answered with 303 to where it came from, htmx with the menu and a toast.
"""

from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.errors import RefusedError, TakenError
from lighttrace.store import saved_searches
from lighttrace.store.database import Transaction
from lighttrace.store.saved_searches import MOST_NAME, SavedSearch
from lighttrace.web import guards, links, said, searches, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.listing import Listing
from lighttrace.web.render import render, wants_fragment

MOST_ADDRESS = 20_000  # characters of an address that comes back in a form


async def show(request: Request) -> Response:
    return await _page(request, toasts=said.toasts(request))


async def save(request: Request) -> Response:
    """Keep the list that `next` is the address of."""
    async with request.form(max_files=0, max_fields=5) as form:
        name, target = str(form.get("name", ""))[: MOST_NAME * 4], _target(form.get("next"))
        shared = form.get("shared") is not None
    asked, person, services = _listing(target), guards.person(request), state.of(request)
    try:
        await services.store.write(
            saved_searches.save,
            person.id,
            name,
            asked.written(),
            shared,
            services.clock.now_ms(),
        )
    except (RefusedError, TakenError) as error:
        return await _refused(request, error)
    return await _done(request, "kept", target)


async def change(request: Request) -> Response:
    """`do` is `rename` (to `name`), `delete`, `start` (begin with it) or `everything`."""
    number = request.path_params["search"]
    search_id = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
    async with request.form(max_files=0, max_fields=5) as form:
        verb, target = str(form.get("do", "")), _target(form.get("next"), "/searches")
        name = str(form.get("name", ""))[: MOST_NAME * 4]
    try:
        what = await state.of(request).store.write(
            _change, verb, search_id, name, guards.person(request).id
        )
    except (RefusedError, TakenError) as error:
        return await _refused(request, error)
    if what is None:
        raise HTTPException(404)
    return await _done(request, what, target)


def _change(tx: Transaction, verb: str, search_id: int, name: str, user_id: int) -> str | None:
    """The name of what was done (`said.INSTEAD`); None if it makes no sense."""
    match verb:
        case "rename":
            return "renamed" if saved_searches.rename(tx, search_id, name, user_id) else None
        case "delete":
            return "forgotten" if saved_searches.delete(tx, search_id, user_id) else None
        case "start":
            return "start" if saved_searches.begin_with(tx, search_id, user_id) else None
        case "everything":
            return "everything" if saved_searches.begin_with(tx, None, user_id) else None
    return None


def _target(address: object, fallback: str = "/issues") -> str:
    return str(address or fallback)[:MOST_ADDRESS]


def _listing(address: str) -> Listing:
    try:
        return Listing.of_query(urlsplit(address).query).but()
    except ValueError:
        return Listing()


async def _done(request: Request, what: str, target: str) -> Response:
    if not wants_fragment(request):
        back = said.back(links.local(request, target, "/searches"), what)
        return RedirectResponse(back, status_code=303)
    return render(
        request,
        "parts/saved_changed.html",
        block="changed",
        text=said.words(what, 0),
        **await _menu(request, target),
    )


async def _refused(request: Request, error: Exception) -> Response:
    if wants_fragment(request):
        return render(request, "parts/saved_changed.html", 422, block="refused", text=str(error))
    return await _page(request, 422, str(error))


async def _menu(request: Request, target: str) -> dict[str, Any]:
    """The menu above the list that `target` is the address of."""
    asked = _listing(target)
    here = f"{links.url(request, '/issues')}?{asked.written()}"
    return {"here": here, **await searches.menu(request, asked)}


async def _page(
    request: Request, status: int = 200, error: str = "", toasts: tuple[tuple[str, str], ...] = ()
) -> Response:
    person = guards.person(request)
    found = await searches.menu(request, Listing())

    def row(search: SavedSearch) -> tuple[SavedSearch, str, tuple[str, ...], bool]:
        text = Listing.of_query(search.query).text
        may = saved_searches.may_change(search, person.id, person.role)
        return search, text, searches.words(search), may

    saved = found["saved"]
    return render(
        request,
        "pages/saved_searches.html",
        status,
        cur="issues",
        groups=(("Mine", tuple(map(row, saved.own))), ("Shared", tuple(map(row, saved.shared)))),
        start=saved.start,
        error=error,
        toasts=toasts,
    )


PAGES = (
    Page("/searches", show, Guard.SIGNED_IN, name="searches"),
    Page("/searches", save, Guard.SIGNED_IN, ("POST",)),
    Page("/searches/{search}", change, Guard.SIGNED_IN, ("POST",)),
)
