"""`/issues/{short_id}/grouping`: why an event is in this issue, the hashes that lead here, and a
rule tried on what is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from lighttrace.config import Config
from lighttrace.errors import RuleError
from lighttrace.event.grouping import explain, lt1, told
from lighttrace.event.grouping.rule_line import LENGTH, RULES
from lighttrace.event.grouping.rules import FINGERPRINT, STACK, Rules
from lighttrace.store import events, hashes, merging, similar
from lighttrace.store.database import Reader
from lighttrace.store.events import EventRow
from lighttrace.store.hashes import Kind
from lighttrace.store.issues import Issue
from lighttrace.store.merging import Merged
from lighttrace.store.sight import Sight
from lighttrace.store.similar import Similar
from lighttrace.web import around, charts, grouping_view, guards, rule_trial, snippets, state
from lighttrace.web.around import Scope
from lighttrace.web.grouping_view import Outcome, Row
from lighttrace.web.guards import Guard, Page

KINDS = 50  # hashes that are listed
WHICH = ("recommended", "latest", "first")
EXAMPLES = {
    STACK: "stack.abs_path:**/generated/** -group",
    FINGERPRINT: 'error.type:DatabaseUnavailable -> system-down title="Database down"',
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says. `of`: whose events a rule is tried on."""

    which: str = "recommended"
    parts: str = ""  # used: only those that count
    kind: str = STACK
    rule: str = ""
    of: str = ""  # issue: those of this issue alone

    @classmethod
    def read(cls, request: Request) -> "Asked":
        get = request.query_params.get
        return cls(
            which=(get("event") or "recommended").lower()[:64],
            parts="used" if get("parts") == "used" else "",
            kind=FINGERPRINT if get("kind") == FINGERPRINT else STACK,
            rule=" ".join(get("rule", "").splitlines()).strip()[: LENGTH + 1],
            of="issue" if get("of") == "issue" else "",
        )

    def query(self) -> dict[str, str | None]:
        return {
            "event": None if self.which == "recommended" else self.which,
            "parts": self.parts or None,
            "kind": self.kind if self.rule or self.kind != STACK else None,
            "rule": self.rule or None,
            "of": self.of or None,
        }


@dataclass(frozen=True, slots=True)
class Why:
    """`elsewhere`: an event like it would go to another issue today, as the rules have changed."""

    row: EventRow
    sentence: tuple[str, str]
    rows: tuple[Row, ...]
    rules: tuple[str, ...]
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class Lead:
    """A hash that leads here. `home`: the issue it came with, if that was merged into this one.
    `own_last`: the only one the issue was made of, so it cannot leave.
    """

    kind: Kind
    essence: str
    spark: Markup
    newest: EventRow | None
    home: Merged | None
    own_last: bool


@dataclass(frozen=True, slots=True)
class Found:
    why: Why | None
    leads: tuple[Lead, ...]
    kinds: int
    n_stacks: int
    n_fingerprints: int
    similar: Sequence[Similar]
    merged: Sequence[Merged]
    error: str = ""
    outcome: Outcome | None = None
    snippet: str = ""
    coloured: Markup | None = None


async def show(request: Request) -> Response:
    services, asked = state.of(request), Asked.read(request)
    now_ms, sight = services.clock.now_ms(), guards.sight(request)
    config = services.config

    def look(db: Reader, issue: Issue, scope: Scope, since_ms: int) -> Found:
        rules = services.options(issue.project_id).grouping
        merged = merging.merged(db, issue.id)
        found = Found(
            _why(db, issue, asked, rules),
            tuple(_leads(db, issue, now_ms, merged)),
            hashes.how_many(db, issue.id),
            len(rules.stacks.rules),
            len(rules.fingerprints.rules),
            similar.of_issue(db, issue),
            merged,
        )
        return _tried(db, issue, asked, rules, sight, config, found) if asked.rule else found

    return await around.page(
        request,
        "grouping",
        "pages/grouping.html",
        look,
        own=asked.query(),
        asked=asked,
        which=WHICH,
        examples=EXAMPLES,
        may_delete=guards.person(request).role in guards.ADMINS,
    )


def _why(db: Reader, issue: Issue, asked: Asked, rules: Rules) -> Why | None:
    row = events.chosen(db, issue.id, asked.which)
    _, event = next(rule_trial.stored(db, [row.row] if row else []), (0, None))
    if row is None or event is None:
        return None
    seen = rules.seen(event)
    why = rules.explain(seen)
    today = rules.group(seen).hash
    leads_to = hashes.issues(db, issue.project_id, [today], lt1.VERSION).get(today)
    return Why(
        row,
        told.told(why),
        grouping_view.rows(why, seen, used_only=asked.parts == "used"),
        why.rules,
        leads_to != issue.id,
    )


def _leads(db: Reader, issue: Issue, now_ms: int, merged: Sequence[Merged]) -> list[Lead]:
    kinds = hashes.kinds(db, issue.id, now_ms, KINDS)
    newest = {
        row.row: row
        for row in events.of_rows(db, [it.newest_row for it in kinds if it.newest_row is not None])
    }
    homes = {it.id: it for it in merged}
    own = [it.id for it in kinds if it.home_issue in (None, issue.id)]
    return sorted(
        (
            Lead(
                kind,
                told.essence(explain.decode(kind.explain)) if kind.explain else "",
                charts.spark(kind.day, grouping_view.spark_words(kind.day)),
                newest.get(kind.newest_row or 0),
                homes.get(kind.home_issue or 0),
                own == [kind.id],
            )
            for kind in kinds
        ),
        key=lambda it: -it.kind.n,
    )


def _tried(
    db: Reader,
    issue: Issue,
    asked: Asked,
    rules: Rules,
    sight: Sight,
    config: Config,
    found: Found,
) -> Found:
    try:
        then = rules.plus(asked.kind, asked.rule)
    except RuleError as error:
        words = str(error)
        return replace(found, error=f"{words[:1].upper()}{words[1:]}.")
    only = issue.id if asked.of == "issue" else None
    tried = rule_trial.try_rules(db, issue.project_id, only, rules, then, sight)
    own = _own(config, issue.project_slug, asked.kind)
    text = grouping_view.snippet(issue.project_slug, asked.kind, asked.rule, own)
    return replace(
        found,
        outcome=grouping_view.outcome(tried.preview, tried.issues, tried.verdict),
        snippet=text,
        coloured=snippets.highlighted(text, "toml"),
        error="" if len(own) < RULES else f"There are {RULES} rules already, which is the limit.",
    )


def _own(config: Config, slug: str, kind: str) -> Sequence[str]:
    """The rules of the project alone, as they are written."""
    options = next((one for one in config.projects if one.slug == slug), None)
    if options is None:
        return ()
    found = options.fingerprints if kind == FINGERPRINT else options.stack_rules
    return [rule.text for rule in found]


PAGES = (Page("/issues/{short_id}/grouping", show, Guard.SIGNED_IN, name="issue_grouping"),)
