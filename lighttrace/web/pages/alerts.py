"""`/alerts`: the rules as sentences and whom they tell, what went out, what was held back, how long
it took, and what is muted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.alerts import quiet
from lighttrace.alerts.rules import policy
from lighttrace.alerts.unknown import unknown_names
from lighttrace.config import Config
from lighttrace.settings.alert_rules import TEAM, WEBHOOK
from lighttrace.store import alert_ages, alert_history, projects, reactions, sendings, teams, users
from lighttrace.store.alert_ages import Taken
from lighttrace.store.alert_history import DAYS, Became
from lighttrace.store.database import Reader
from lighttrace.store.projects import Project
from lighttrace.store.reactions import Message, Reacted, Reaction
from lighttrace.store.sight import Sight
from lighttrace.store.users import User
from lighttrace.web import (
    age_chart,
    alert_summary,
    channel_words,
    deliveries,
    format,
    guards,
    muting,
    rule_rows,
    rule_words,
    said,
    state,
)
from lighttrace.web.alert_summary import SPANS, Span
from lighttrace.web.deliveries import Run
from lighttrace.web.guards import Guard, Page
from lighttrace.web.muting import Shown
from lighttrace.web.pages import account_messages
from lighttrace.web.render import render
from lighttrace.web.rule_words import Target

ROWS = 25  # causes of a page of deliveries
READ = 100  # messages for it: one cause may have told many
SHOWN = {"": None, "held": "held", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says: over how long, which messages, those before which one."""

    period: str = "24h"
    show: str = ""
    before: int | None = None

    @classmethod
    def read(cls, params: Mapping[str, str]) -> "Asked":
        period, show, before = (params.get(it, "") for it in ("period", "show", "before"))
        return cls(
            period if period in SPANS else "24h",
            show if show in SHOWN else "",
            int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None,
        )

    @property
    def span(self) -> Span:
        return SPANS[self.period]

    def query(self, **over: str | int | None) -> dict[str, str | int]:
        """The parameters of this view with others in their place, without what is usual."""
        said = {"period": self.period, "show": self.show, **over}
        usual = {None, "", "24h"}
        return {key: value for key, value in said.items() if value not in usual and value}


@dataclass(frozen=True, slots=True)
class Names:
    """Who there is: by address and, of teams, by slug with how many they are. `teams` of the one
    who looks.
    """

    by_email: dict[str, str]
    sizes: dict[str, int]
    own_teams: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """`taken`: of this period and the one before it."""

    taken: list[Taken]
    became: Became
    reacted: Reacted
    rules: rule_rows.Facts
    runs: list[Run]
    cursor: int | None
    reactions: Mapping[Message, Reaction]
    held_mutes: list[Shown]
    channels: Mapping[str, alert_ages.Channel]
    waited: int
    projects: list[Project]
    names: Names = field(repr=False)

    @property
    def mutes(self) -> list[Shown]:
        return list(self.rules.mutes)


async def show(request: Request) -> Response:
    asked = Asked.read(request.query_params)
    found = await context(request, asked)
    return render(request, "pages/alerts.html", **found, toasts=said.toasts(request))


async def context(request: Request, asked: Asked) -> dict[str, Any]:
    """What the template of the page needs."""
    services, person = state.of(request), guards.person(request)
    config, now_ms = services.config, services.clock.now_ms()
    zone = str(person.options.get("timezone") or "UTC")
    all_hours = quiet.of_file(config.alerts)
    hours = all_hours.default
    night = channel_words.last_night(hours, now_ms)
    ask = _Ask(config, person, guards.sight(request), asked, night, now_ms)
    found = await services.store.read(_find, ask)
    words = Words(config, person, found.names)
    held, since_ms = policy(config), now_ms - asked.span.days * format.DAY
    now = [it for it in found.taken if it.at >= since_ms]
    ages, before = alert_ages.ages(now), alert_ages.ages(found.taken[len(now) :])
    slowest = max((it.age_ms for it in now), default=None)
    notes = [it for it in config.warnings if "[alerts]" in it or "[[alerts.webhook]]" in it]
    rows = rule_rows.rows(config, held, found.rules, words.short, words.target, zone, now_ms)
    pulse = next((it for it in services.pulses() if it.name == "alerts"), None)
    return {
        "cur": "alerts",
        "asked": asked,
        "periods": SPANS,
        "found": found,
        "headline": alert_summary.headline(
            found.became, asked.span.words, slowest, found.rules.retried
        ),
        "p50": alert_summary.said_age(ages.p50_ms),
        "p95": alert_summary.said_age(ages.p95_ms),
        "ages": ages,
        "change": alert_summary.change(ages, before),
        "promised": age_chart.PROMISED_MS,
        "chart": alert_summary.chart(now, asked.span, since_ms, zone),
        "rows": rows,
        "by_file": bool(config.alerts.rules),
        "nobody": not config.alerts.to and not config.alerts.rules,
        "notes": notes,
        "warnings": len(notes) + sum(len(it.unknown) + bool(it.never) for it in rows),
        "loaded_at": services.loaded_at,
        "lines": deliveries.lines(found.runs, words.person, found.reactions),
        "days": DAYS,
        "ways": channel_words.ways(config, found.channels, services.sign()),
        "second": words.short(config.alerts.fallback) if config.alerts.fallback else "",
        "messages": account_messages.view(request),
        "quiet_own": channel_words.own_hours(all_hours),
        "quiet_level": channel_words.LEVELS[hours.level] if hours else "",
        "beat_at": pulse.beat_at if pulse else None,
        "may_change": person.role in guards.MEMBERS,
        "is_admin": person.role in guards.ADMINS,
        "source": config.source.name if config.source else "lighttrace.toml",
        "projects": found.projects,
        "next": f"/alerts?{urlencode(asked.query())}".rstrip("?"),
        "tested": None,
        "told": "",
        "told_of": "",
    }


@dataclass(frozen=True, slots=True)
class _Ask:
    """`night`: the last quiet hours of the file, ms."""

    config: Config
    person: User
    sight: Sight
    asked: Asked
    night: tuple[int, int] | None
    now_ms: int


def _find(db: Reader, ask: _Ask) -> Found:
    sight, now_ms, asked = ask.sight, ask.now_ms, ask.asked
    span_ms = asked.span.days * format.DAY
    page = sendings.history(
        db, sight, asked.before, READ, since_ms=now_ms - span_ms, state=SHOWN[asked.show]
    )
    runs, cursor = deliveries.runs(page, ROWS)
    may_change = ask.person.role in guards.MEMBERS
    return Found(
        taken=alert_ages.taken(db, sight, now_ms - 2 * span_ms),
        became=alert_history.became(db, sight, now_ms - span_ms),
        reacted=reactions.reacted(db, sight, now_ms - span_ms),
        rules=rule_rows.Facts(
            told=alert_history.by_rule(db, sight, now_ms),
            mutes=muting.visible(db, ask.person, sight, now_ms),
            retried=alert_history.retried(db, sight),
            unknown=unknown_names(db, ask.config) if may_change else (),
        ),
        runs=runs,
        cursor=cursor,
        reactions=reactions.first(db, deliveries.asked(runs)),
        held_mutes=muting.held_since(db, ask.person, sight, now_ms - span_ms),
        channels=alert_ages.channels(db),
        waited=alert_history.waited(db, sight, *ask.night) if ask.night else 0,
        projects=projects.every(db, sight),
        names=names(db, ask.person.id),
    )


def names(db: Reader, user_id: int) -> Names:
    return Names(
        {it.email.lower(): it.name for it in users.every(db)},
        {it.slug: len(teams.members(db, it.id)) for it in teams.every(db)},
        frozenset(it.slug for it in teams.of_user(db, user_id)),
    )


class Words:
    """Whom rules and messages go to, as one person may read it: addresses of people without an
    account are for admins.
    """

    def __init__(self, config: Config, person: User, names: Names) -> None:
        self._config = config
        self._person = person
        self._names = names

    def short(self, target: str) -> str:
        """Within a sentence."""
        if target == "owner":
            fallback = self._config.alerts.to
            if not fallback:
                return "its owner"
            others = [self.short(it) for it in fallback[:2]]
            more = f" and {len(fallback) - 2} more" if len(fallback) > 2 else ""
            return f"its owner, else {' and '.join(others)}{more}"
        if target == "everyone":
            return "everybody who sees the project"
        return self.person(target)

    def person(self, target: str) -> str:
        """Of a message: somebody, or a webhook."""
        if target.startswith((TEAM, WEBHOOK)):
            return rule_words.name(target)
        if target.lower() == self._person.email.lower():
            return "you"
        known = self._names.by_email.get(target.lower())
        if known is not None:
            return known
        return target if self._person.role in guards.ADMINS else "an address of the file"

    def target(self, target: str) -> Target:
        """On its own."""
        if target == "owner":
            return Target("user", "the owner")
        if target == "everyone":
            return Target("user", "everybody", you=True)
        if target.startswith(TEAM):
            slug = target.removeprefix(TEAM)
            size = self._names.sizes.get(slug)
            people = "nobody" if not size else "1 person" if size == 1 else f"{size} people"
            return Target("mail", f"#{slug}, {people}", you=slug in self._names.own_teams)
        if target.startswith(WEBHOOK):
            return Target("hook", rule_words.name(target))
        shown = self.person(target)
        return Target("mail", shown, you=shown == "you")


PAGES = (Page("/alerts", show, Guard.SIGNED_IN, name="alerts"),)
