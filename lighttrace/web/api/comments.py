"""Comments of an issue, read and written by scripts. Sentry has two names for them, `comments` and
`notes`.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.event.model import Json
from lighttrace.store import notes
from lighttrace.store.database import Reader
from lighttrace.store.issues import Issue
from lighttrace.store.notes import Note
from lighttrace.store.sight import Sight
from lighttrace.web import comments, guards, state
from lighttrace.web.api import shapes
from lighttrace.web.api.answers import (
    Refused,
    Side,
    answer,
    asked_cursor,
    asked_rows,
    page,
)
from lighttrace.web.api.issues import find_issue
from lighttrace.web.api.organizations import check_organisation
from lighttrace.web.markdown import People


async def listed(request: Request) -> Response:
    """The newest first."""
    check_organisation(request)
    cursor = asked_cursor(request)
    before = (cursor[0], cursor[1]) if cursor and not cursor[2] and cursor[0] else None
    found, more = await state.of(request).store.read(
        _page, request.path_params["issue"], guards.sight(request), before, asked_rows(request)
    )
    last = f"{found[-1].at}:{found[-1].id}:0" if found else "0:0:0"
    # nobody goes back by pages here: the way there is the first page
    rows: list[Json] = [shapes.comment(it) for it in found]
    return page(request, rows, Side("0:0:1", before is not None), Side(last, more))


def _page(
    db: Reader, named: str, sight: Sight, before: tuple[int, int] | None, limit: int
) -> tuple[list[Note], bool]:
    found = notes.of_issue(db, find_issue(db, named, sight).id, limit + 1, before)
    return found[:limit], len(found) > limit


async def add(request: Request) -> Response:
    """`{"text": "…"}`; whoever it names with `@` is told, as if it had been written on the page."""
    check_organisation(request)
    user_id, services = guards.token(request).user_id, state.of(request)
    text = wanted_text(await request.body())
    issue, people = await services.store.read(
        _place, request.path_params["issue"], guards.sight(request)
    )
    note_id = await comments.write(services, issue.id, text, people, user_id)
    made = await services.store.read(notes.by_id, note_id)
    assert made is not None
    return answer(shapes.comment(made), 201)


def _place(db: Reader, named: str, sight: Sight) -> tuple[Issue, People]:
    issue = find_issue(db, named, sight)
    return issue, comments.everybody(db, issue.project_id)


def wanted_text(body: bytes) -> str:
    """The comment in a POST. Raises Refused."""
    try:
        sent = msgspec.json.decode(body, type=dict[str, Json])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, 'Send a JSON object, such as {"text": "Fixed in 2.0"}.') from error
    text = sent.get("text")
    if not isinstance(text, str):
        raise Refused(400, "text must be the comment, in Markdown.")
    # half a surrogate pair is no text, and cannot be stored
    text = text.encode("utf-8", "replace").decode().replace("\r\n", "\n").strip()
    if problem := comments.problem_of(text):
        raise Refused(400, problem)
    return text
