"""`/alerts/new`: a rule composed as a sentence, rehearsed on the last 14 days, and handed out for
the file. Nothing is saved: the address holds the whole rule.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lighttrace.alerts.rehearse.rehearsal import Rehearsal, rehearse
from lighttrace.alerts.rehearse.stage import DAYS
from lighttrace.alerts.rules import Rule
from lighttrace.config import Config
from lighttrace.event.triggers import duration
from lighttrace.settings.alert_rules import AlertRule, is_target
from lighttrace.store import projects
from lighttrace.store.database import Reader
from lighttrace.store.projects import Project
from lighttrace.store.sight import Sight
from lighttrace.store.users import User
from lighttrace.web import (
    guards,
    links,
    rehearsal_view,
    rule_form,
    rule_people,
    rule_toml,
    state,
)
from lighttrace.web.guards import Guard, Page
from lighttrace.web.pages.alerts import Words, names
from lighttrace.web.render import render, wants_fragment
from lighttrace.web.rule_form import FIRST, Asked, Read
from lighttrace.web.rule_people import Offer, Whom

# as the sentence of the form says them
MOMENTS = {
    "new": "an issue is new",
    "regression": "an issue comes back",
    "escalating": "an issue is louder than foreseen",
    "spike": "an issue spikes",
    "events": "an issue reaches events",
    "users": "an issue reaches users",
    "ever": "an issue has ever met users",
    "every": "an event comes",
    "feedback": "a user says something",
    "ingest": "much is refused",
    "quota": "more comes than can be taken",
}
PAUSES = (5, 15, 30, 60, 240, 1440)


@dataclass(frozen=True, slots=True)
class Found:
    projects: list[Project]
    offers: list[Offer]
    whom: list[Whom]
    words: Words
    rehearsal: Rehearsal | None
    read: Read


async def show(request: Request) -> Response:
    services, asked = state.of(request), Asked.read(request.query_params)
    if not asked.when and "moment" not in request.query_params:
        asked = replace(asked, when=(FIRST,), to=asked.to or ("owner",))
    address = f"{links.url(request, '/alerts/new')}?{asked.written()}"
    if "moment" in request.query_params and not wants_fragment(request):
        return RedirectResponse(address, status_code=303)
    begun = services.clock.monotonic_s()
    found = await services.store.read(
        _look,
        asked,
        services.config,
        guards.sight(request),
        guards.person(request),
        services.clock.now_ms(),
    )
    rule, zone = found.read.rule, guards.person(request).options.get("timezone") or "UTC"
    source = services.config.source
    return render(
        request,
        "pages/alert_new.html",
        headers={"HX-Replace-Url": address} if wants_fragment(request) else None,
        cur="alerts",
        asked=asked,
        moments=MOMENTS,
        numbers=tuple(rule_form.USUAL),
        pauses=[duration(it) for it in PAUSES],
        found=found,
        rule=rule,
        errors=found.read.errors,
        mistake=found.read.mistake,
        address=partial(_address, request, asked),
        public=f"{links.public(request, services.config)}/alerts/new?{asked.written()}",
        took_s=services.clock.monotonic_s() - begun,
        days=DAYS,
        lines=rule_toml.lines(rule) if rule else (),
        bounds=_bounds(found.rehearsal, rule),
        **_drawn(found.rehearsal, zone, services.clock.now_ms()),
        source=source.name if source else "lighttrace.toml",
        rules=len(services.config.alerts.rules),
    )


def _address(request: Request, asked: Asked, **changed: object) -> str:
    query = asked.but(changed.get("when"), changed.get("where")).written()  # type: ignore[arg-type]
    return f"{links.url(request, '/alerts/new')}?{query}"


def _look(
    db: Reader, asked: Asked, config: Config, sight: Sight, person: User, now_ms: int
) -> Found:
    seen = projects.every(db, sight)
    words = Words(config, person, names(db, person.id))
    read = rule_form.read(asked, [it.slug for it in seen])
    rule, found = read.rule, None
    if rule is not None:
        slugs = {it.id: it.slug for it in seen}
        found = rehearse(db, Rule.of(rule), slugs, config.impact.weights, now_ms)
    own = [it for it in seen if not asked.project or it.slug in asked.project]
    targets = [it for it in asked.to if is_target(it)] or ["owner"] * (not asked.to)
    whom = rule_people.whom(db, config, targets, own, words.short("owner"))
    return Found(seen, rule_people.offers(db, config), whom, words, found, read)


def _bounds(found: Rehearsal | None, rule: AlertRule | None) -> list[str]:
    """What of it is near the truth or not known, in plain sentences."""
    if found is None or rule is None:
        return []
    said = rehearsal_view.partly(found)
    kinds = {it.kind for it in rule.when}
    if kinds & {"ingest", "quota"}:
        said.append(
            "Refusals and quotas are kept by the hour: an hour is judged as it was at its end, "
            "and its minute is not known."
        )
    if "feedback" in kinds and rule.where is not None:
        said.append("Feedback whose event never came is true of no search.")
    return said


def _drawn(found: Rehearsal | None, zone: str, now_ms: int) -> dict[str, Any]:
    if found is None:
        return {"sent": (), "missed": (), "lanes": (), "axis": ""}
    return {
        "sent": rehearsal_view.sent(found),
        "missed": rehearsal_view.missed(found),
        "lanes": rehearsal_view.lanes(found, zone, now_ms),
        "axis": rehearsal_view.axis(found, zone),
    }


PAGES = (Page("/alerts/new", show, Guard.SIGNED_IN, name="alert_new"),)
