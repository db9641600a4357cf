"""Grouping by hand: merge issues, take one out again, split a hash off; delete an issue, alone or
with all that would come after.

Plain forms, answered with 303 to the issue that is there afterwards, which says what was done and
offers the way back. To delete has none: whoever asks is asked first, on a page of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.errors import RefusedError
from lighttrace.store import audit, deleting, issues, merging, merging_plans
from lighttrace.store.activity import Undo
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.issues import Issue
from lighttrace.store.sight import Sight
from lighttrace.store.users import User
from lighttrace.web import guards, links, said, sessions, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages import issues as list_page
from lighttrace.web.render import render, wants_fragment

FIELDS = 220  # ticked rows of a page, and what goes with them


@dataclass(frozen=True, slots=True)
class Form:
    """What a form says; fields that are not there are empty."""

    ids: tuple[int, ...]
    into: str
    from_: int | None
    hash: int | None
    sure: bool
    next: str


async def _read(request: Request) -> Form:
    async with request.form(max_files=0, max_fields=FIELDS) as form:
        ids = [_number(str(it)) for it in form.getlist("id")]
        return Form(
            ids=tuple(it for it in ids if it is not None),
            into=str(form.get("into", ""))[:100],
            from_=_number(str(form.get("from", ""))),
            hash=_number(str(form.get("hash", ""))),
            sure=form.get("sure") == "yes",
            next=str(form.get("next", "")),
        )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


async def _issue(request: Request, short_id: str | None = None) -> Issue:
    named = short_id if short_id is not None else request.path_params["short_id"]
    found = await state.of(request).store.read(issues.by_short_id, named, guards.sight(request))
    if found is None:
        raise HTTPException(404)
    return found


async def merge(request: Request) -> Response:
    """`/issues/{short_id}/merge`: this issue goes into the one that `into` names."""
    form, issue = await _read(request), await _issue(request)
    into = await _issue(request, form.into)
    undo = await _merge(request, into.id, [issue.id])
    return _back(request, f"/issues/{into.short_id}", "merged", undo, form.next)


async def merge_several(request: Request) -> Response:
    """`/issues/merge`: the ticked issues of a list become the oldest, or the one `into` names."""
    form = await _read(request)
    services, sight = state.of(request), guards.sight(request)
    found = await services.store.read(_oldest_first, form.ids, sight)
    if form.into:
        chosen = await _issue(request, form.into)
        found = [chosen, *(it for it in found if it.id != chosen.id)]
    if not wants_fragment(request):
        undo = await _merge(request, found[0].id if found else 0, [it.id for it in found[1:]])
        return _back(request, f"/issues/{found[0].short_id}", "merged", undo, form.next)
    try:
        undo = await _merge(request, found[0].id if found else 0, [it.id for it in found[1:]])
        toast = said.words("merged", undo.count), said.undo_url(request, undo.token)
    except HTTPException as refused:
        toast = refused.detail, ""
    current = list_page.of_current(request)
    return await list_page.shown(request, current, block="list_and_toast", toasts=(toast,))


def _oldest_first(db: Reader, issue_ids: Sequence[int], sight: Sight) -> list[Issue]:
    seen = (issues.get(db, it, sight) for it in issues.visible(db, issue_ids, sight))
    return sorted((it for it in seen if it is not None), key=lambda it: (it.first_at, it.id))


async def _merge(request: Request, into: int, others: Sequence[int]) -> Undo:
    """Counted in a reader's thread first, so that the writer need not."""
    services, person = state.of(request), guards.person(request)
    now_ms = services.clock.now_ms()
    try:
        plan = await services.store.read(merging_plans.merge, into, others, now_ms)
        undo = await services.store.write(merging.merge, into, others, person.id, now_ms, plan)
    except RefusedError as error:
        raise HTTPException(409, str(error)) from error
    return replace(undo, count=undo.count + 1)  # what they went into became one with them


async def unmerge(request: Request) -> Response:
    """`/issues/{short_id}/unmerge`: `from` was merged into this issue, and comes out again."""
    form, issue = await _read(request), await _issue(request)
    services, person = state.of(request), guards.person(request)
    now_ms = services.clock.now_ms()
    there = await services.store.read(issues.get, form.from_ or 0, guards.sight(request))
    if there is None or there.id != issue.id or form.from_ is None:
        raise HTTPException(404)
    try:
        plan = await services.store.read(merging_plans.unmerge, form.from_)
        undo = await services.store.write(merging.unmerge, form.from_, person.id, now_ms, plan)
    except RefusedError as error:
        raise HTTPException(409, str(error)) from error
    return _back(request, f"/issues/{issue.short_id}", "unmerged", undo, form.next)


async def split(request: Request) -> Response:
    """`/issues/{short_id}/split`: the hash of that id becomes an issue of its own."""
    form, issue = await _read(request), await _issue(request)
    services, person = state.of(request), guards.person(request)
    now_ms, hash_id = services.clock.now_ms(), form.hash or 0
    try:
        plan = await services.store.read(merging_plans.split, issue.id, hash_id, now_ms)
        done = await services.store.write(merging.split, issue.id, hash_id, person.id, now_ms, plan)
    except RefusedError as error:
        raise HTTPException(409, str(error)) from error
    return _back(request, f"/issues/{done.short_id}", "split", done.undo, form.next)


def _back(request: Request, path: str, what: str, undo: Undo, target: str) -> Response:
    where = links.local(request, target, path)
    return RedirectResponse(said.back(where, what, undo.count, undo.token), status_code=303)


async def delete(request: Request) -> Response:
    return await _delete(request, discard=False)


async def discard(request: Request) -> Response:
    return await _delete(request, discard=True)


async def _delete(request: Request, *, discard: bool) -> Response:
    """Deletes when the form is sure of it, and asks when it is not."""
    issue = await _issue(request)
    form = await _read(request) if request.method == "POST" else None
    if form is None or not form.sure:
        return render(
            request,
            "pages/issue_delete.html",
            cur="issues",
            project=issue.project_slug,
            issue=issue,
            discard=discard,
        )
    services = state.of(request)
    await services.store.write(
        _delete_and_say,
        issue,
        guards.person(request),
        sessions.address(request),
        services.clock.now_ms(),
        discard=discard,
    )
    where = links.url(request, "/issues", project=issue.project_slug)
    what = "discarded" if discard else "deleted"
    return RedirectResponse(said.back(where, what, 1), status_code=303)


def _delete_and_say(
    tx: Transaction, issue: Issue, person: User, ip: str, now_ms: int, *, discard: bool
) -> None:
    if deleting.delete(tx, [issue.id], now_ms, discard=discard):
        action = "issue.discard" if discard else "issue.delete"
        audit.record(
            tx, action, issue.short_id, now_ms, user_id=person.id, ip=ip, title=issue.title
        )


def _page(path: str, handler: guards.Handler, guard: Guard, *methods: str) -> Page:
    return Page(f"/issues/{path}", handler, guard, methods or ("POST",))


PAGES = (
    _page("merge", merge_several, Guard.MEMBER),
    _page("{short_id}/merge", merge, Guard.MEMBER),
    _page("{short_id}/unmerge", unmerge, Guard.MEMBER),
    _page("{short_id}/split", split, Guard.MEMBER),
    _page("{short_id}/delete", delete, Guard.ADMIN, "GET", "POST"),
    _page("{short_id}/discard", discard, Guard.ADMIN, "GET", "POST"),
)
