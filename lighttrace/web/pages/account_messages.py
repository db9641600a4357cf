"""`/account`, "Messages": which mails somebody wants, their quiet hours, the weekly report."""

from dataclasses import dataclass
from datetime import time

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.alerts import quiet, weekly
from lighttrace.alerts.quiet import LEVELS
from lighttrace.errors import RefusedError
from lighttrace.event.model import Json
from lighttrace.settings.quiet_hours import EVERY_DAY as DAYS
from lighttrace.store import preferences, users
from lighttrace.store.database import Transaction
from lighttrace.web import guards, links, state
from lighttrace.web.guards import Guard, Page

WHOSE = ("file", "own", "none")
NIGHT = ("22:00", "07:00")
DAY_NAMES = dict(zip(DAYS, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))
LEVEL_WORDS = {
    "none": "nothing",
    "spike": "spikes",
    "escalating": "spikes, and what leaves the archive",
    "regression": "spikes, archive, and what is back",
}
WANTS_WORDS = {"all": "in all projects", "mine": "where it is mine", "none": "never"}


@dataclass(frozen=True, slots=True)
class View:
    """`whose` hours hold: the file's, their own, none. `of_file`: in words, or nothing."""

    weekly: bool
    weekly_off: bool  # for everybody, by the file
    whose: str
    start: str
    end: str
    days: frozenset[str]
    level: str
    of_file: str
    day_names: dict[str, str]
    levels: dict[str, str]


def view(request: Request) -> View:
    """For the page of the account."""
    person, alerts = guards.person(request), state.of(request).config.alerts
    own, of_file = quiet.of_options(person.options), quiet.of_settings(alerts.quiet_hours)
    whose = "file" if "quiet" not in person.options else "own" if own else "none"
    shown = own or of_file
    return View(
        weekly=weekly.wants(person),
        weekly_off=not alerts.weekly,
        whose=whose,
        start=f"{shown.start:%H:%M}" if shown else NIGHT[0],
        end=f"{shown.end:%H:%M}" if shown else NIGHT[1],
        days=frozenset(DAYS[day] for day in shown.days) if shown else frozenset(DAYS),
        level=shown.level if shown else "escalating",
        of_file=str(of_file or ""),
        day_names=DAY_NAMES,
        levels=LEVEL_WORDS,
    )


async def wants(request: Request) -> dict[str, preferences.Wants]:
    """For the page of the account: each kind of message with what they want of it."""
    return await state.of(request).store.read(preferences.of, guards.person(request).id)


async def save(request: Request) -> Response:
    services, person = state.of(request), guards.person(request)
    async with request.form(max_files=0, max_fields=40) as form:
        whose = str(form.get("quiet", "file"))
        hours = _hours(
            str(form.get("from", "")),
            str(form.get("to", "")),
            [str(day) for day in form.getlist("day")],
            str(form.get("level", "")),
        )
        wants = {
            kind: str(form[f"of-{kind}"]) for kind in preferences.KINDS if f"of-{kind}" in form
        }
        options = {**person.options, "weekly": form.get("weekly") is not None}
    if whose not in WHOSE or (whose == "own" and hours is None):
        return RedirectResponse(
            links.url(request, "/account", saved="hours-wrong") + "#messages", status_code=303
        )
    options.pop("quiet", None)
    if whose != "file":
        options["quiet"] = hours if whose == "own" else None
    try:
        await services.store.write(_save, person.id, options, wants)
    except RefusedError:  # no value that the page offers
        raise HTTPException(400) from None
    return RedirectResponse(
        links.url(request, "/account", saved="messages") + "#messages", status_code=303
    )


def _save(tx: Transaction, user_id: int, options: dict[str, Json], wants: dict[str, str]) -> None:
    users.set_options(tx, user_id, options)
    preferences.put(tx, user_id, wants)


def _hours(start: str, end: str, days: list[str], level: str) -> dict[str, Json] | None:
    """What is kept of quiet hours; None if that is none."""
    try:
        first, last = time.fromisoformat(start[:5]), time.fromisoformat(end[:5])
    except ValueError:
        return None
    chosen = [day for day in DAYS if day in days]
    if first == last or not chosen or level not in LEVELS:
        return None
    return {"from": f"{first:%H:%M}", "to": f"{last:%H:%M}", "days": chosen, "level": level}


PAGES = (Page("/account/messages", save, Guard.SIGNED_IN, ("POST",)),)
