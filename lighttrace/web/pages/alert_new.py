"""`/alerts/new`: a rule composed, said as a sentence, rehearsed on the last 14 days, and handed out
for the file. Nothing is saved: the address holds the whole rule.
"""

import json
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.alerts.rehearse import DAYS, Rehearsed, rehearse
from lighttrace.alerts.rules import Rule
from lighttrace.errors import QueryError, RuleError
from lighttrace.event import triggers
from lighttrace.event.query import slips
from lighttrace.event.query.match import compiled
from lighttrace.event.query.read import parse
from lighttrace.event.query.tree import EVERYTHING
from lighttrace.settings.alert_rules import MOST_TARGETS, TARGETS, AlertRule, is_target
from lighttrace.store.database import Reader
from lighttrace.store.sight import Sight
from lighttrace.store.users import User
from lighttrace.web import guards, rule_words, state
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.alerts import Names, Words, names
from lighttrace.web.render import render

MOST_TEXT = 300
OFFERED = ("new", "regression", "escalating", "spike", "50 events in 5m", "10 users in 1h")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says."""

    name: str
    when: str
    project: str
    where: str
    to: str
    every: str

    @classmethod
    def read(cls, request: Request) -> "Asked":
        def text(name: str) -> str:
            said = request.query_params.get(name, "").strip()[:MOST_TEXT]
            return "".join(char for char in said if char.isprintable())

        return cls(*(text(it) for it in ("name", "when", "project", "where", "to", "every")))

    def rule(self) -> AlertRule:
        """Raises RuleError with a sentence."""
        when = tuple(triggers.trigger(it) for it in self.when.split(",") if it.strip())
        to = tuple(dict.fromkeys(it.strip() for it in self.to.split(",") if it.strip()))
        for one in to:
            if not is_target(one):
                raise RuleError(f'"{one}" is nobody: say {TARGETS}.')
        if not when or len(to) > MOST_TARGETS:
            raise RuleError("A rule needs a moment, and names 20 at most.")
        try:
            slips.refuse(self.where)
            where = parse(self.where)
            compiled(where)
        except QueryError as error:
            raise RuleError(str(error)) from error
        made = AlertRule(
            name=(self.name or "my rule")[:60],
            when=when,
            project=(self.project,) if self.project else None,
            where=None if where == EVERYTHING else where,
            to=to or ("owner",),
            every=triggers.minutes_of(self.every) if self.every else None,
        )
        for wrong in made.disagreements():
            raise RuleError(wrong.message)
        return made


async def show(request: Request) -> Response:
    services, asked = state.of(request), Asked.read(request)
    config, person = services.config, guards.person(request)
    rule, error = None, ""
    if asked.when:
        try:
            rule = asked.rule()
        except RuleError as wrong:
            error = f"{str(wrong)[:1].upper()}{str(wrong)[1:]}"
    now_ms = services.clock.now_ms()
    found, known = await services.store.read(_look, rule, guards.sight(request), person, now_ms)
    words = Words(config, person, known)
    return render(
        request,
        "pages/alert_new.html",
        cur="alerts",
        asked=asked,
        rule=rule,
        error=error,
        found=found,
        days=DAYS,
        pieces=rule_words.sentence(Rule.of(rule), words.short) if rule else (),
        snippet=_snippet(rule) if rule else "",
        offered=OFFERED,
        known=[f"team:{it}" for it in known.sizes] + [it.target for it in config.alerts.webhooks],
        source=config.source.name if config.source else "lighttrace.toml",
    )


def _look(
    db: Reader, rule: AlertRule | None, sight: Sight, person: User, now_ms: int
) -> tuple[Rehearsed | None, Names]:
    known = names(db, person.id)
    if rule is None:
        return None, known
    return rehearse(db, Rule.of(rule), sight.within(None), now_ms), known


def _snippet(rule: AlertRule) -> str:
    """As the file has it; what cannot be printed was left out when the form was read."""
    lines = ["[[alerts.rule]]", f"name = {_quoted(rule.name)}", f"when = {_list(rule.when)}"]
    if rule.project:
        lines.append(f"project = {_quoted(rule.project[0])}")
    if rule.where is not None:
        lines.append(f"where = {_quoted(str(rule.where))}")
    lines.append(f"to = {_list(rule.to)}")
    if rule.every is not None:
        lines.append(f"every = {_quoted(triggers.duration(rule.every))}")
    return "\n".join(lines)


def _list(some: tuple[object, ...]) -> str:
    return f"[{', '.join(_quoted(str(it)) for it in some)}]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


PAGES = (Page("/alerts/new", show, Guard.SIGNED_IN, name="alert_new"),)
