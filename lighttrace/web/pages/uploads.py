"""`/settings/projects/{project}/uploads`: what was uploaded to make its stacks readable, which map
a script would be read with and why, and how to upload.
"""

from dataclasses import dataclass
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.event.model import Event, Frame, Raw
from lighttrace.sourcemaps.readable import Ask
from lighttrace.store import audit, map_check, projects, readable, upload_list
from lighttrace.store.audit import Actor
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.map_check import Checked
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.store.upload_list import FIRST, Key, Listed
from lighttrace.web import guards, links, stacks, state, uploading
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.settings import actor, fields, frame, saved
from lighttrace.web.render import render
from lighttrace.web.stacks import Call

ROWS = 25
MOST_TEXT = 1_000  # characters of an address
MOST_NUMBER = 9  # digits of a line
AT = "/settings/projects/{project}/uploads"
SAID = {"withdrawn": "Taken back. Events of this build are read without it from now on."}


@dataclass(frozen=True, slots=True)
class Asked:
    """The script that an address of the page asks about; a position in it from 1."""

    release: str = ""
    dist: str = ""
    url: str = ""
    debug_id: str = ""
    line: int | None = None
    column: int | None = None

    @classmethod
    def read(cls, request: Request) -> "Asked":
        def text(name: str, length: int = 200) -> str:
            said = request.query_params.get(name, "").strip()[:length]
            return "".join(char for char in said if char.isprintable())

        def number(name: str) -> int | None:
            said = text(name, MOST_NUMBER)
            return int(said) if said.isascii() and said.isdigit() and int(said) else None

        return cls(
            text("release"),
            text("dist", 64),
            text("url", MOST_TEXT),
            text("debug_id", 64),
            number("line"),
            number("column"),
        )

    @property
    def is_one(self) -> bool:
        return bool(self.url or self.debug_id)


@dataclass(frozen=True, slots=True)
class Answer:
    """`call`: what people wrote at the position; `why`: why it is not known, and what to do."""

    checked: Checked
    call: Call | None = None
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    project: Project
    rows: list[Listed]
    answer: Answer | None


async def show(request: Request) -> Response:
    services, asked = state.of(request), Asked.read(request)
    now_ms, before = services.clock.now_ms(), _key(request)
    slug = request.path_params["project"]
    found = await services.store.read(_look, slug, guards.sight(request), asked, before, now_ms)
    rows = found.rows[:ROWS]
    release = asked.release or next((it.release for it in rows if it.release), f"{slug}@1.0.0")
    return render(
        request,
        "pages/uploads.html",
        **frame(request, "Source maps", SAID, project=slug),
        at=links.url(request, AT.format(project=slug)),
        rows=rows,
        older=_address(request, slug, rows[-1].key) if len(found.rows) > ROWS else "",
        is_first=before == FIRST,
        releases=list(dict.fromkeys(it.release for it in rows if it.release)),
        asked=asked,
        answer=found.answer,
        ways=uploading.ways(links.public(request, services.config), slug, release),
        artifact_days=services.config.store.artifact_days,
        may_change=guards.person(request).role in guards.MEMBERS,
    )


def _look(db: Reader, slug: str, sight: Sight, asked: Asked, before: Key, now_ms: int) -> Found:
    project = projects.by_slug(db, slug, sight)
    if project is None:
        raise HTTPException(404)
    answer = _answer(db, project.id, asked, now_ms) if asked.is_one else None
    return Found(project, upload_list.page(db, project.id, before, ROWS + 1), answer)


def _answer(db: Reader, project_id: int, asked: Asked, now_ms: int) -> Answer:
    ask = Ask(asked.debug_id or None, asked.url, asked.release, asked.dist)
    checked = map_check.check(db, project_id, ask)
    if checked.lack is not None:
        return Answer(checked, why=checked.lack.why, remedy=checked.lack.remedy)
    if asked.line is None:
        return Answer(checked)
    event, _ = readable.with_maps(db, project_id, _event(asked, now_ms))
    made = event.frames[0]
    if made.unmapped is not None:
        return Answer(checked, why=made.unmapped.why, remedy=made.unmapped.remedy)
    if made.minified is None:
        return Answer(checked, why=f"{asked.url} is not the address of a script")
    return Answer(checked, stacks.one((made,), 0, "checked", event.platform))


def _event(asked: Asked, now_ms: int) -> Event:
    """What a browser would send of the position."""
    url = asked.url or "script.js"
    image = {"type": "sourcemap", "code_file": url, "debug_id": asked.debug_id}
    call = Frame(abs_path=url, lineno=asked.line, colno=asked.column)
    return Event(
        event_id="0" * 32,
        received_at=now_ms,
        happened_at=now_ms,
        raw=cast(Raw, {"debug_meta": {"images": [image]}}),
        platform="javascript",
        release=asked.release or None,
        dist=asked.dist or None,
        frames=(call,),
    )


async def withdraw(request: Request) -> Response:
    services, slug = state.of(request), request.path_params["project"]
    release, dist = await fields(request, "release", "dist", length=250)
    await services.store.write(
        _withdraw,
        slug,
        guards.sight(request),
        actor(request),
        services.clock.now_ms(),
        (release, dist, request.path_params["bundle"]),
    )
    return saved(request, AT.format(project=slug), "withdrawn")


def _withdraw(
    tx: Transaction, slug: str, sight: Sight, by: Actor, now_ms: int, key: tuple[str, str, int]
) -> None:
    project = projects.by_slug(tx, slug, sight)
    if project is None or not upload_list.withdraw(tx, project.id, *key):
        raise HTTPException(404)
    audit.note(tx, by, "upload.withdraw", project.slug, now_ms, release=key[0], dist=key[1])


def _address(request: Request, slug: str, key: Key) -> str:
    of = {"of": key.release, "with": key.dist}
    path = AT.format(project=slug)
    return links.url(request, path, at=key.at, bundle=key.bundle_id, **of)


def _key(request: Request) -> Key:
    get = request.query_params.get
    at, bundle_id = get("at", ""), get("bundle", "")
    if not all(it.isascii() and it.isdigit() and len(it) < 18 for it in (at, bundle_id)):
        return FIRST
    return Key(int(at), get("of", "")[:250], get("with", "")[:64], int(bundle_id))


PAGES = (
    Page(AT, show, Guard.SIGNED_IN, name="uploads"),
    Page(AT + "/{bundle:int}/delete", withdraw, Guard.MEMBER, ("POST",)),
)
