"""`/inbox/during`: which issues had errors in a time, such as that of a bar of the inbox."""

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.store import ageing, issue_list, projects, volume
from lighttrace.store.counters import DAY_MS, HOUR_MS
from lighttrace.store.database import Reader
from lighttrace.store.issue_list import IssueRow
from lighttrace.store.sight import Sight
from lighttrace.web import format, guards, links, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.inbox_view import Asked
from lighttrace.web.render import render
from lighttrace.web.viewer import Viewer

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Time:
    """Whole minutes, at most a day of them."""

    since_ms: int
    until_ms: int

    @classmethod
    def read(cls, since: str, until: str, now_ms: int) -> "Time":
        """The hour of now where these make no sense."""
        first, last = _minute(since), _minute(until)
        if first is None or last is None or not 0 < last - first <= DAY_MS:
            hour = now_ms // HOUR_MS * HOUR_MS
            return cls(hour, hour + HOUR_MS)
        return cls(first, last)

    def moved(self, steps: int) -> "Time":
        length_ms = steps * (self.until_ms - self.since_ms)
        return Time(self.since_ms + length_ms, self.until_ms + length_ms)


def _minute(text: str) -> int | None:
    """`2026-11-25T13:40Z`; None if it is none, or none a clock has."""
    try:
        at_ms = int(datetime.strptime(text[:20], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None
    return at_ms * 1000 if at_ms >= 0 else None


def address(request: Request, asked: Asked, since_ms: int, until_ms: int) -> str:
    """Of the errors from one minute to another, under the filters of an inbox."""
    said = (f"{format.local(at, 'UTC'):%Y-%m-%dT%H:%MZ}" for at in (since_ms, until_ms))
    since, until = said
    where = {"project": asked.project, "environment": asked.environment}
    return links.url(request, "/inbox/during", **{"from": since, "to": until}, **where)


@dataclass(frozen=True, slots=True)
class Found:
    """`rows`: at most MOST_SHOWN, each with its errors; `issues` and `errors` of all there are."""

    rows: tuple[tuple[IssueRow, int], ...]
    issues: int
    errors: int


async def show(request: Request) -> Response:
    services, params = state.of(request), request.query_params
    now_ms = services.clock.now_ms()
    asked = Asked.read(params)
    time = Time.read(params.get("from", ""), params.get("to", ""), now_ms)
    found = await services.store.read(_find, asked, time, guards.sight(request), now_ms)
    if found is None:
        raise HTTPException(404)
    before, after = time.moved(-1), time.moved(1)
    return render(
        request,
        "pages/during.html",
        cur="inbox",
        project=asked.project,
        asked=asked,
        found=found,
        when=_words(time, Viewer.of(request).zone, now_ms),
        earlier=address(request, asked, before.since_ms, before.until_ms),
        later=address(request, asked, after.since_ms, after.until_ms)
        if after.since_ms <= now_ms
        else None,
        is_kept=time.since_ms >= now_ms - ageing.MINUTES_KEPT_MS,
    )


def _find(db: Reader, asked: Asked, time: Time, sight: Sight, now_ms: int) -> Found | None:
    every = projects.every(db, sight)
    within = [it.id for it in every if asked.project in (None, it.slug)]
    if asked.project and not within:
        return None
    some = volume.issues(db, within, asked.environment, time.since_ms, time.until_ms)
    counted = dict(some[:MOST_SHOWN])
    ranked = [(0, issue_id) for issue_id in counted]
    rows = issue_list.of_ranked(db, ranked, asked.environment, DAY_MS, now_ms)
    return Found(
        tuple((it, counted[it.id]) for it in rows), len(some), sum(errors for _, errors in some)
    )


def _words(time: Time, zone: str, now_ms: int) -> str:
    """`13:40 to 14:00`, with the day where it is not today."""
    first, last = format.local(time.since_ms, zone), format.local(time.until_ms, zone)
    today = format.local(now_ms, zone).date()
    day = "" if first.date() == today else f"{first.day} {first:%B}, "
    return f"{day}{first:%H:%M} to {last:%H:%M}"


PAGES = (Page("/inbox/during", show, Guard.SIGNED_IN, name="inbox_during"),)
