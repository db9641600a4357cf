"""`/settings/projects/{project}/ownership` and `…/paths`: the rules of the file that say whose an
issue is and which matter most, what they have decided, one event tried, a new rule composed.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.config import Config
from lighttrace.event.owners import TEAM_TAG, Rule, Rulebook, high_value_rule, owner_rule
from lighttrace.event.patterns import KEYS, TAGS, Facts, PatternError, quoted
from lighttrace.event.tags import all_tags
from lighttrace.ingest import ownership
from lighttrace.ingest.ownership import Tried
from lighttrace.store import events, owners, projects, reread
from lighttrace.store.database import Reader
from lighttrace.store.owners import Decided
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.web import example_event, guards, links, state
from lighttrace.web.format import DAY
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.settings import frame
from lighttrace.web.render import render

PERIOD_MS = 30 * DAY
ROWS = 100  # rules of a page
REHEARSED = 50  # newest events a composed rule is tried on: some 30 ms of a reader's thread
MOST_TEXT = 300  # characters of what somebody types
CHOICES = (*KEYS, "tags.component", "tags.")  # of the composer; the last asks for a name


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address of the page says. `event`: a short id or an event's; empty: the newest."""

    slug: str
    event: str = ""
    key: str = ""
    tag: str = ""
    glob: str = ""
    owner: str = ""
    page: int = 1

    @classmethod
    def read(cls, request: Request) -> "Asked":
        def text(name: str) -> str:
            said = request.query_params.get(name, "").strip()[:MOST_TEXT]
            return "".join(char for char in said if char.isprintable())

        page = text("page")
        return cls(
            slug=request.path_params["project"],
            event=text("try"),
            key=text("key"),
            tag=text("tag"),
            glob=text("glob"),
            owner=text("owner"),
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 5 else 1,
        )

    def line(self, high_value: bool) -> str:
        """The rule that the form's fields say."""
        key = f"{TAGS}{self.tag}" if self.key == TAGS else self.key
        when = f"{key}:{quoted(self.glob)}" if self.glob else f"{key}:"
        return when if high_value else f"{when} {self.owner}".strip()


@dataclass(frozen=True, slots=True)
class Trial:
    """An event that was tried. `name`: how it was asked for; `event_id`: to look at it."""

    name: str
    short_id: str
    event_id: str
    title: str
    found: tuple[Tried, ...]
    value: Rule | None  # the high-value rule that matches

    @property
    def won(self) -> Tried | None:
        return ownership.winner(self.found)


@dataclass(frozen=True, slots=True)
class Composed:
    """A rule out of the form: `error` or `snippet`. `hits` of `tried` newest events it matches, and
    `taken` of them are somebody else's now.
    """

    line: str
    error: str = ""
    where: str = ""  # in words, where the snippet belongs
    snippet: str = ""
    tried: int = 0
    hits: int = 0
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One rule as it is listed. `owners`: with whether they exist; `n`: issues it decided;
    `trial`: whether it is the one that decides the event that was tried, or one that matches it.
    """

    rule: Rule
    table: str  # where in the file
    trial: Literal["", "won", "matched"]
    owners: tuple[tuple[str, bool], ...]
    n: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What the database says."""

    project: Project
    decided: Decided
    known: frozenset[str]
    choices: tuple[str, ...]  # the same as they are chosen from: teams, then people
    trial: Trial | None
    composed: Composed | None


async def show_owners(request: Request) -> Response:
    return await _show(request, high_value=False)


async def show_paths(request: Request) -> Response:
    return await _show(request, high_value=True)


async def _show(request: Request, *, high_value: bool) -> Response:
    services, asked = state.of(request), Asked.read(request)
    now_ms = services.clock.now_ms()
    rules = services.config.rulebook(asked.slug)
    found = await services.store.read(
        _look, asked, rules, guards.sight(request), now_ms, high_value
    )
    if found is None:
        raise HTTPException(404)
    rows = _rows(services.config, asked.slug, found, high_value)
    pages = max(1, -(-len(rows) // ROWS))
    page = min(max(1, asked.page), pages)
    return render(
        request,
        "pages/ownership.html",
        **frame(request, "High-value paths" if high_value else "Ownership", project=asked.slug),
        high_value=high_value,
        at=links.url(
            request, f"/settings/projects/{asked.slug}/{'paths' if high_value else 'ownership'}"
        ),
        asked=asked,
        found=found,
        composed=found.composed
        and _with_snippet(found.composed, services.config, asked.slug, high_value),
        rows=rows[(page - 1) * ROWS : page * ROWS],
        rules=len(rows),
        by_tag=sum(n for it, n in found.decided.owners.items() if it.startswith(TEAM_TAG + ":")),
        page=page,
        pages=pages,
        keys=CHOICES,
        source=services.config.source.name if services.config.source else "lighttrace.toml",
    )


def _rows(config: Config, slug: str, found: Looked, high_value: bool) -> list[Row]:
    own = next((it for it in config.projects if it.slug == slug), None)
    if high_value:
        tables: list[tuple[str, Sequence[Rule]]] = [("[[project]]", own.high_value if own else ())]
        decided = found.decided.high_value
    else:
        tables = [("[owners]", config.owners.rules), ("[[project]]", own.owners if own else ())]
        decided = found.decided.owners
    return [
        Row(
            rule,
            table,
            _in_trial(rule, found.trial, high_value),
            tuple((it, it in found.known) for it in rule.owners),
            decided.get(rule.words, 0),
        )
        for table, rules in tables
        for rule in rules
    ]


def _in_trial(rule: Rule, trial: Trial | None, high_value: bool) -> Literal["", "won", "matched"]:
    if trial is None:
        return ""
    if high_value:
        return "won" if trial.value is rule else ""
    for it in trial.found:
        if it.match.rule is rule:
            return "won" if it is trial.won else "matched"
    return ""


def _look(
    db: Reader, asked: Asked, rules: Rulebook, sight: Sight, now_ms: int, high_value: bool
) -> Looked | None:
    project = projects.by_slug(db, asked.slug, sight)
    if project is None:
        return None
    choices = owners.names(db).owners
    known = frozenset(choices)
    composed = _rehearsed(db, asked, rules, project, known, high_value) if asked.key else None
    return Looked(
        project,
        owners.decided(db, project.id, now_ms - PERIOD_MS),
        known,
        choices,
        _try(db, asked.event, rules, project, known, sight),
        composed,
    )


# One event


def _try(
    db: Reader, name: str, rules: Rulebook, project: Project, known: Collection[str], sight: Sight
) -> Trial | None:
    """What the rules say of it. None: see `example_event.find`."""
    example = example_event.find(db, name, project.id, sight)
    if example is None:
        return None
    row, event, short_id = example.row, example.event, example.short_id
    tags = all_tags(event)
    found = ownership.tried(event, tags, rules, known)
    facts = Facts(event, tags)
    value = next((it for it in rules.high_value if it.matches(facts)), None)
    return Trial(name or short_id, short_id, row.event_id, row.title, found, value)


# A new rule


def _rehearsed(
    db: Reader,
    asked: Asked,
    rules: Rulebook,
    project: Project,
    known: Collection[str],
    high_value: bool,
) -> Composed:
    """The rule of the form, tried on the newest events of the project."""
    line = asked.line(high_value)
    try:
        rule = high_value_rule(line) if high_value else owner_rule(line)
    except PatternError as error:
        return Composed(line, error=f"{str(error)[:1].upper()}{str(error)[1:]}")
    newest, _ = events.list_of_project(db, project.id, None, REHEARSED)
    tried = hits = taken = 0
    for row in newest:
        event = reread.event(db, row.row)
        if event is None:
            continue
        tried += 1
        tags = all_tags(event)
        if not rule.matches(Facts(event, tags)):
            continue
        hits += 1
        if not high_value:
            won = ownership.winner(ownership.tried(event, tags, rules, known))
            taken += won is not None and won.owner != rule.owners[0]
    return Composed(line, tried=tried, hits=hits, taken=taken)


def _with_snippet(made: Composed, config: Config, slug: str, high_value: bool) -> Composed:
    """What to put into the file, and where: no table may stand there twice."""
    if made.error:
        return made
    own = next((it for it in config.projects if it.slug == slug), None)
    key = "high_value" if high_value else "owners"
    there = own and (own.high_value if high_value else own.owners)
    if there:
        last = f", below line {there[-1].line}" if there[-1].line else ""
        line = f"{_quoted(made.line)}," if high_value else made.line
        return replace(made, where=f"as the last of {key} of {slug}{last}", snippet=line)
    lines = f"{key} = [\n  {_quoted(made.line)},\n]"
    if own:
        return replace(made, where=f"into [[project]] {slug}", snippet=lines)
    head = f"[[project]]\nslug = {_quoted(slug)}\n"
    return replace(made, where="at the end of the file", snippet=head + lines)


def _quoted(text: str) -> str:
    """As TOML spells it; what cannot be printed was left out when the form was read."""
    return json.dumps(text, ensure_ascii=False)


PAGES: tuple[Page, ...] = (
    Page("/settings/projects/{project}/ownership", show_owners, Guard.SIGNED_IN),
    Page("/settings/projects/{project}/paths", show_paths, Guard.SIGNED_IN),
)
