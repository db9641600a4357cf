"""Saved searches as pages see them: the menu above the list, and which of them is on."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from lighttrace.store import projects, saved_searches
from lighttrace.store.database import Reader
from lighttrace.store.saved_searches import OPTION, SavedSearch
from lighttrace.store.sight import Sight
from lighttrace.web import guards, state
from lighttrace.web.listing import PERIOD_WORDS, SORT_WORDS, Listing


@dataclass(frozen=True, slots=True)
class Menu:
    """`on`: the one that the list shows. `start`: the id of the one somebody begins with."""

    own: tuple[SavedSearch, ...]
    shared: tuple[SavedSearch, ...]
    on: SavedSearch | None
    start: int | None


async def menu(request: Request, asked: Listing) -> dict[str, Any]:
    """What the menu of a list needs."""
    person = guards.person(request)
    every, start = await state.of(request).store.read(_kept, person.id)
    here = asked.but().written()
    found = Menu(
        own=tuple(it for it in every if not it.shared),
        shared=tuple(it for it in every if it.shared),
        on=next((it for it in every if it.query == here), None),
        start=start,
    )
    return {"saved": found, "may_share": person.role in guards.MEMBERS}


def _kept(db: Reader, user_id: int) -> tuple[list[SavedSearch], int | None]:
    return saved_searches.seen(db, user_id), saved_searches.start_of(db, user_id)


async def start(request: Request) -> Listing | None:
    """What somebody wants to begin with, as long as its project is there for them."""
    person = guards.person(request)
    if OPTION not in person.options:
        return None
    return await state.of(request).store.read(_start, person.id, guards.sight(request))


def _start(db: Reader, user_id: int, sight: Sight) -> Listing | None:
    found = saved_searches.get(db, saved_searches.start_of(db, user_id) or 0, user_id)
    if found is None:
        return None
    asked = Listing.of_query(found.query)
    if asked.project and projects.by_slug(db, asked.project, sight) is None:
        return None
    return asked


def words(search: SavedSearch) -> tuple[str, ...]:
    """What a search looks at beside its text."""
    asked = Listing.of_query(search.query)
    found = [asked.project or "all projects"]
    if asked.environment is not None:
        found.append(asked.environment or "no environment")
    found.append(PERIOD_WORDS[asked.period])
    found.append("every state" if asked.state == "all" else asked.state)
    return (*found, f"by {SORT_WORDS[asked.sort].lower()}")
