"""`/settings/projects/{project}/source`: where the code of a project is, tried on the frames of an
event while it is typed, and handed out for the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.config import Config
from lighttrace.event import source_links
from lighttrace.event.source_links import ARROW, Link, Revision, Rules
from lighttrace.settings.source_links import SourceOptions
from lighttrace.store import projects, repositories, revisions
from lighttrace.store.database import Reader
from lighttrace.store.projects import Project
from lighttrace.store.repositories import CodeMapping
from lighttrace.store.sight import Sight
from lighttrace.web import example_event, guards, links, source_form, stacks, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.file_values import Group, Value
from lighttrace.web.pages.settings import frame
from lighttrace.web.render import render
from lighttrace.web.source_form import Asked, Read
from lighttrace.web.source_view import Sources

MAPPINGS = 20  # that are shown
FRAMES = 30  # of the event that is tried
HOST_WORDS = {
    "": "by its address",
    "github": "GitHub",
    "gitlab": "GitLab",
    "gitea": "Gitea",
    "forgejo": "Forgejo",
    "bitbucket": "Bitbucket",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One frame: how it came, and where it leads or why nowhere."""

    function: str
    place: str
    link: Link | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """An event that was tried. `name`: how it was asked for."""

    name: str
    title: str
    release: str
    at: Revision
    rows: tuple[Row, ...]
    others: int  # frames that are somebody else's code

    @property
    def linked(self) -> int:
        return sum(row.link is not None for row in self.rows)


async def show(request: Request) -> Response:
    services, slug = state.of(request), request.path_params["project"]
    config = services.config
    now = config.source_of(slug)
    asked = Asked.read(request.query_params, now)
    read = source_form.read(asked, slug, now)
    found = await services.store.read(_look, slug, asked, read, guards.sight(request))
    if found is None:
        raise HTTPException(404)
    trial, mappings = found
    return render(
        request,
        "pages/source.html",
        **frame(request, "Source links", project=slug),
        at=links.url(request, f"/settings/projects/{slug}/source"),
        asked=asked,
        errors=read.errors,
        trial=trial,
        groups=_values(now, mappings),
        hosts=HOST_WORDS,
        snippet=asked.toml(now) if asked.given and read.source else "",
        where=_where(config, slug),
        source=config.source.name if config.source else "lighttrace.toml",
    )


def _values(now: SourceOptions | None, mappings: Sequence[CodeMapping]) -> tuple[Group, ...]:
    """What the file says; the token is not among it."""
    if now is None:
        return ()
    values = [
        Value("A line is at", now.rules.template, "url" if now.url else "repository, host"),
        Value("Without a commit", now.branch, "branch"),
    ]
    values += [
        Value("Paths" if n == 0 else "", rule.text, "paths" if n == 0 else "")
        for n, rule in enumerate(now.paths)
    ]
    if not now.paths:
        values.append(Value("Paths", "as they come", "paths"))
    values += [
        Value(
            "" if n else "Code mappings",
            f"{it.mapping.stack_root} {ARROW} {it.mapping.source_root}",
            it.repository,
        )
        for n, it in enumerate(mappings[:MAPPINGS])
    ]
    fetched = "when somebody opens such a frame" if now.fetch else "never"
    values.append(Value("Missing lines are fetched", fetched, "fetch"))
    return (Group("What holds now", "[project.source]", tuple(values)),)


def _where(config: Config, slug: str) -> str:
    own = next((it for it in config.projects if it.slug == slug), None)
    if own is None:
        return "at the end of the file"
    if own.source is not None:
        return f"in place of [project.source] of {slug}"
    return f"below what [[project]] {slug} says, before the next [[project]]"


def _look(
    db: Reader, slug: str, asked: Asked, read: Read, sight: Sight
) -> tuple[Trial | None, list[CodeMapping]] | None:
    project = projects.by_slug(db, slug, sight)
    if project is None:
        return None
    rules = read.source.rules if read.source else source_links.NO_RULES
    trial = _try(db, asked.event, rules, project, sight)
    return trial, repositories.code_mappings(db, project.id)


def _try(db: Reader, name: str, rules: Rules, project: Project, sight: Sight) -> Trial | None:
    """Its frames, each with its link or why it has none. None: see `example_event.find`."""
    example = example_event.find(db, name, project.id, sight)
    if example is None:
        return None
    event = example.event
    told = revisions.told(db, project.id, event.release, rules.package)
    rules, at = source_links.informed(rules, event.release, told.commit, told.mappings)
    sources = Sources(event, rules, at)
    keys = list(sources.crashed())
    own = [key for key in keys if sources.is_own(key)]
    return Trial(
        name or example.short_id,
        example.row.title,
        event.release or "",
        at,
        tuple(_row(sources, key) for key in own[:FRAMES]),
        len(keys) - len(own),
    )


def _row(sources: Sources, key: str) -> Row:
    call, found = sources.frame(key), sources.tried(key)
    assert call is not None
    row = Row(
        stacks.name(call, sources.event.platform)[:200],
        (call.abs_path or call.filename or call.module or "")[:300],
        None,
    )
    return (
        replace(row, link=found) if isinstance(found, Link) else replace(row, why=f"{found.why}.")
    )


PAGES: tuple[Page, ...] = (
    Page("/settings/projects/{project}/source", show, Guard.SIGNED_IN, name="project_source"),
)
