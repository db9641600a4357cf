"""What people write about an issue: comments are made, looked at before they are sent, changed and
taken away. Everything is a form, answered with 303 to the comment on the page of its issue.
"""

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.store import branches, issues, notes
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue
from lighttrace.store.notes import MOST_TEXT, Note
from lighttrace.store.sight import Sight
from lighttrace.web import comments, guards, links, markdown, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.markdown import People
from lighttrace.web.render import render

NO_ID = 2**62  # what an address names may be larger than a column holds


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written: the issue, the comment if there is one, who can be spoken to."""

    issue: Issue
    note: Note | None
    people: People


async def add(request: Request) -> Response:
    """`POST /issues/{short_id}/notes`"""
    place = await _place(request)
    text, preview = await _read(request)
    if preview or (problem := comments.problem_of(text)):
        return _form(request, place, text, "" if preview else problem)
    services, user_id = state.of(request), guards.person(request).id
    note_id = await comments.write(services, place.issue.id, text, place.people, user_id)
    return _to_note(request, place.issue, note_id)


async def edit(request: Request) -> Response:
    """`POST /issues/{short_id}/notes/{note}`: only one's own."""
    place = await _place(request)
    if place.note is None or not comments.may_edit(place.note, guards.person(request)):
        raise HTTPException(403, "Only who wrote a comment can change it.")
    text, preview = await _read(request)
    if preview or (problem := comments.problem_of(text)):
        return _form(request, place, text, "" if preview else problem)
    await comments.rewrite(state.of(request), place.note, text, place.people)
    return _to_note(request, place.issue, place.note.id)


async def remove(request: Request) -> Response:
    """`POST /issues/{short_id}/notes/{note}/delete`: one's own; admins any."""
    place = await _place(request)
    if place.note is None or not comments.may_remove(place.note, guards.person(request)):
        raise HTTPException(403, "Only who wrote a comment, and admins, can delete it.")
    await state.of(request).store.write(notes.remove, place.note.id)
    target = links.url(request, f"/issues/{place.issue.short_id}")
    return RedirectResponse(target + "#history", status_code=303)


async def _place(request: Request) -> Place:
    path = request.path_params
    note_id = min(int(path["note"]), NO_ID) if "note" in path else None
    place = await state.of(request).store.read(
        _find, path["short_id"], guards.sight(request), note_id
    )
    if place is None:
        raise HTTPException(404)
    return place


def _find(db: Reader, short_id: str, sight: Sight, note_id: int | None) -> Place | None:
    issue = issues.by_short_id(db, short_id, sight)
    note = notes.by_id(db, note_id) if note_id is not None else None
    if issue is None or (note is None and note_id is not None):
        return None
    if note is not None and note.issue_id not in branches.family(db, issue.id):
        return None
    return Place(issue, note, comments.everybody(db, issue.project_id))


async def _read(request: Request) -> tuple[str, bool]:
    """The text of the form, and whether it shall only be looked at."""
    async with request.form(max_files=0, max_fields=10) as form:
        text = str(form.get("body", "")).replace("\r\n", "\n").strip()
        return text, form.get("do") == "preview"


def _form(request: Request, place: Place, text: str, problem: str) -> Response:
    """The text as it will be read, and the field to go on writing."""
    return render(
        request,
        "pages/note.html",
        422 if problem else 200,
        cur="issues",
        project=place.issue.project_slug,
        issue=place.issue,
        note=place.note,
        people=place.people,
        text=text,
        problem=problem,
        html=markdown.render(text[:MOST_TEXT], place.people),
    )


def _to_note(request: Request, issue: Issue, note_id: int) -> Response:
    target = links.url(request, f"/issues/{issue.short_id}")
    return RedirectResponse(f"{target}#note-{note_id}", status_code=303)


PAGES = (
    Page("/issues/{short_id}/notes", add, Guard.MEMBER, ("POST",), name="notes"),
    Page("/issues/{short_id}/notes/{note:int}", edit, Guard.MEMBER, ("POST",)),
    Page("/issues/{short_id}/notes/{note:int}/delete", remove, Guard.MEMBER, ("POST",)),
)
