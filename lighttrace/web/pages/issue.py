"""`/issues/{short_id}`: one issue, one of its events, and what its events have in common.
`/issues/{short_id}/news`: the numbers of an open page, renewed in their places.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from markupsafe import Markup
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.errors import StoreError
from lighttrace.store import archiving, viewers
from lighttrace.store.sight import Sight
from lighttrace.web import (
    actions,
    guards,
    inbox_view,
    issue_look,
    links,
    listing,
    said,
    source_fetch,
    state,
    viewer,
)
from lighttrace.web.guards import Guard, Page
from lighttrace.web.issue_asked import Asked
from lighttrace.web.issue_look import Looked
from lighttrace.web.listing import PERIOD_WORDS, PERIODS
from lighttrace.web.render import render, wants_fragment
from lighttrace.web.state import Services

PART_TARGET = "div#part-"  # where a folded part is put when it is opened
HEAD = "#issue-head"
# entries of the activity that say what was grouped by hand
GROUPED = frozenset(["merged", "merged_into", "unmerged", "unmerged_from", "split", "split_from"])


async def show(request: Request) -> Response:
    asked = Asked.read(request)
    services = state.of(request)
    now_ms = services.clock.now_ms()
    person = guards.person(request)
    target = request.headers.get("hx-target", "")
    if wants_fragment(request) and target.startswith(PART_TARGET) and asked.parts:
        return await _part(request, asked)
    zone = str(person.options.get("timezone") or "UTC")
    await _fetch(services, asked, guards.sight(request))
    found = await services.store.read(
        issue_look.look, asked, guards.sight(request), now_ms, zone, services, person
    )
    if found is None:
        raise HTTPException(404)
    if asked.short_id != found.issue.short_id:
        right = Asked(found.issue.short_id, asked.which, asked.environment, asked.period)
        return RedirectResponse(right.url(request), status_code=302)
    # what was taken back changes more than the title and the buttons
    block = "head_and_history" if wants_fragment(request) and target.endswith(HEAD) else None
    context = _context(request, asked, found, now_ms)
    standing = await viewer.standing(request, found.issue.id, asked.environment)
    answer = render(request, "pages/issue.html", block=block, standing=standing, **context)
    if found.new_look:
        answer.background = BackgroundTask(_note_look, services, found.issue.id, person.id, now_ms)
    return answer


async def _note_look(services: state.Services, issue_id: int, user_id: int, now_ms: int) -> None:
    with contextlib.suppress(StoreError):  # a full disk must not keep people from reading
        await services.store.write(viewers.note, issue_id, user_id, now_ms)


async def news(request: Request) -> Response:
    """Numbers, chart and state of the page that is open. What somebody reads there stays."""
    asked = Asked.of_current(request)
    if shown := request.query_params.get("event"):  # "latest" may be another one by now
        asked = replace(asked, event=shown)
    services = state.of(request)
    now_ms = services.clock.now_ms()
    zone = str(guards.person(request).options.get("timezone") or "UTC")
    found = await services.store.read(issue_look.news, asked, guards.sight(request), now_ms, zone)
    if found is None:
        return Response(status_code=204)
    context = _context(request, asked, found, now_ms)
    return render(request, "parts/issue_page_news.html", block="news", **context)


def _context(request: Request, asked: Asked, found: Looked, now_ms: int) -> Mapping[str, Any]:
    issue = found.issue
    rules = state.of(request).options(issue.project_id).rules
    return {
        "cur": "issues",
        "project": issue.project_slug,
        "asked": asked,
        "found": found,
        "sources": found.event and found.event.sources,
        "issue": issue,
        "pills": listing.pills(issue, issue.first_at, now_ms),
        "address": partial(asked.url, request),
        "part_url": lambda key: asked.url(request, show=key),
        "news_url": links.url(request, f"/issues/{issue.short_id}/news"),
        "permalink": links.public(request, state.of(request).config) + f"/issues/{issue.short_id}",
        "periods": tuple(PERIODS),
        "period_words": PERIOD_WORDS,
        "may_change": guards.person(request).role in guards.MEMBERS,
        "archives": actions.OFFERED,
        "archived_until": actions.until(archiving.said(issue.archive), now_ms),
        "until": actions.until,
        "said_words": said.WORDS,
        "owner_line": issue.owner and rules.line_of(issue.owner.rule),
        "undo_url": partial(said.undo_url, request),
        "may_delete": guards.person(request).role in guards.ADMINS,
        "grouped": GROUPED,
        "score_bar": inbox_view.score_bar,
        "toasts": said.toasts(request),
    }


async def header(
    request: Request, issue_id: int, toasts: tuple[tuple[str, str], ...] = ()
) -> Response:
    """Title, state and buttons after a change, with the activity and a toast beside them."""
    services = state.of(request)
    now_ms = services.clock.now_ms()
    known = await services.store.read(
        issue_look.head, issue_id, guards.sight(request), guards.person(request)
    )
    if known is None:
        raise HTTPException(404)
    issue, history, talk, whom = known
    asked = replace(Asked.of_current(request), short_id=issue.short_id)
    found = Looked(issue, "", 0, 0, Markup(), history=history, talk=talk, assignees=whom)
    context = {**_context(request, asked, found, now_ms), "toasts": toasts}
    return render(request, "pages/issue.html", block="head_and_history", **context)


async def _part(request: Request, asked: Asked) -> Response:
    """A folded part that somebody opened: a frame, a thread, the earlier steps."""
    services = state.of(request)
    await _fetch(services, asked, guards.sight(request))
    found = await services.store.read(issue_look.part, asked, guards.sight(request), services)
    if found is None or found[0] is None:
        raise HTTPException(404)
    part, sources = found
    key = asked.parts[0]
    return render(
        request, "parts/event_part.html", block="part", part=part, key=key, sources=sources
    )


async def _fetch(services: Services, asked: Asked, sight: Sight) -> None:
    """Have the host say the lines of frames that are opened, where the file wants that."""
    if not asked.parts or not any(it.source and it.source.fetch for it in services.config.projects):
        return
    now_ms = services.clock.now_ms()
    for want in await services.store.read(issue_look.wanted, asked, sight, services, now_ms):
        await source_fetch.fetch(services, want)


PAGES = (
    Page("/issues/{short_id}", show, Guard.SIGNED_IN, name="issue"),
    Page("/issues/{short_id}/news", news, Guard.SIGNED_IN, name="issue_page_news"),
    Page("/issues/{short_id}/events/{which}", show, Guard.SIGNED_IN, name="issue_event"),
)
