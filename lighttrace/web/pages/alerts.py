"""`/alerts`: the rules as sentences and whom they tell, what went out, what was held back, how long
it took, and what is muted.
"""

from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from lighttrace.alerts.news import age
from lighttrace.alerts.rules import Policy, Rule, policy
from lighttrace.config import Config
from lighttrace.settings.alert_rules import TEAM, WEBHOOK
from lighttrace.store import alert_history, sendings, teams, users
from lighttrace.store.alert_history import DAYS, Told, Try
from lighttrace.store.database import Reader
from lighttrace.store.sendings import Ages, Counts, Sending
from lighttrace.store.sight import Sight
from lighttrace.store.users import User
from lighttrace.web import charts, guards, muting, rule_words, said, state
from lighttrace.web.format import DAY
from lighttrace.web.guards import Guard, Page
from lighttrace.web.muting import Shown
from lighttrace.web.pages import account_messages
from lighttrace.web.render import render
from lighttrace.web.rule_words import Piece, Target

ROWS = 25
# what a message is, before its title
KINDS = {
    "new": "New",
    "regression": "Back",
    "escalating": "Louder than foreseen",
    "spike": "Spiking",
    "spike_escalated": "Louder still",
    "volume": "Loud",
    "users": "Many users",
    "feedback": "A user said something",
    "quota": "Trouble with what is sent",
    "digest": "Digest",
    "held": "The last of this hour",
    "failed": "Not delivered",
    "weekly": "The week",
    "alive": "A sign of life",
    "mention": "A comment",
}


@dataclass(frozen=True, slots=True)
class Names:
    """Who there is: by address and, of teams, by slug with how many they are. `teams` of the one
    who looks.
    """

    by_email: dict[str, str]
    sizes: dict[str, int]
    own_teams: frozenset[str]


@dataclass(frozen=True, slots=True)
class Row:
    """A rule. `line`: the course of 14 days, drawn."""

    rule: Rule
    pieces: tuple[Piece, ...]
    targets: tuple[Target, ...]
    told: Told
    muted: tuple[Shown, ...]
    line: str
    never: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A message of the list. `result`: done, told, held, due, retry, failed."""

    it: Sending
    says: str
    why: str
    to: Target
    age: str
    result: str


@dataclass(frozen=True, slots=True)
class Channel:
    icon: str
    name: str
    last: Try | None
    off: str = ""  # why nothing goes through it


@dataclass(frozen=True, slots=True)
class Found:
    ages: Ages
    counts: Counts
    told: dict[str, Told]
    sendings: tuple[Sending, ...]
    cursor: int | None
    mutes: list[Shown]
    tries: dict[str, Try]
    names: Names = field(repr=False)


async def show(request: Request) -> Response:
    services, person = state.of(request), guards.person(request)
    config, now_ms = services.config, services.clock.now_ms()
    cursor = _cursor(request)
    found = await services.store.read(_find, person, guards.sight(request), cursor, now_ms)
    words = Words(config, person, found.names)
    held = policy(config)
    return render(
        request,
        "pages/alerts.html",
        cur="alerts",
        found=found,
        p50=age(found.ages.p50_ms / 1000) if found.ages.p50_ms is not None else "",
        p95=age(found.ages.p95_ms / 1000) if found.ages.p95_ms is not None else "",
        rows=[_row(rule, held, config, found, words) for rule in held.rules],
        by_file=bool(config.alerts.rules),
        nobody=not config.alerts.to and not config.alerts.rules,
        lines=[_line(it, words) for it in found.sendings],
        cursor=cursor,
        days=DAYS,
        channels=_channels(config, found.tries),
        messages=account_messages.view(request),
        may_change=person.role in guards.MEMBERS,
        source=config.source.name if config.source else "lighttrace.toml",
        toasts=said.toasts(request),
    )


def _cursor(request: Request) -> int | None:
    text = request.query_params.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _find(db: Reader, person: User, sight: Sight, cursor: int | None, now_ms: int) -> Found:
    history = sendings.history(db, sight, cursor, ROWS)
    return Found(
        ages=sendings.ages(db, now_ms - DAY),
        counts=alert_history.counts(db, sight, now_ms),
        told=alert_history.by_rule(db, sight, now_ms),
        sendings=history.rows,
        cursor=history.cursor,
        mutes=muting.visible(db, person, sight, now_ms),
        tries=alert_history.last_tries(db),
        names=names(db, person.id),
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
        if target.startswith((TEAM, WEBHOOK)):
            return rule_words.name(target)
        return self._address(target)

    def _address(self, target: str) -> str:
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
        shown = self._address(target)
        return Target("mail", shown, you=shown == "you")


def _row(rule: Rule, held: Policy, config: Config, found: Found, words: Words) -> Row:
    told = found.told.get(rule.name, Told())
    targets = list(rule.to)
    if "owner" in targets:
        targets += [it for it in held.fallback if it not in targets]
    own = next((it for it in config.alerts.rules if it.name == rule.name), None)
    return Row(
        rule,
        rule_words.sentence(rule, words.short),
        tuple(words.target(it) for it in targets),
        told,
        tuple(it for it in found.mutes if it.mute.what.rule == rule.name),
        charts.spark(told.by_day, f"{told.n:,} messages in {DAYS} days"),
        own.why_never if own else None,
    )


def _line(it: Sending, words: Words) -> Line:
    result = it.state
    if it.state == "held" and it.told_by is not None:
        result = "told"
    elif it.state == "due" and it.attempts:
        result = "retry"
    says = KINDS.get(it.kind, it.kind)
    if it.title:
        says = f"{says} in {it.project}: {it.title}"
    elif it.kind in ("digest", "held"):
        says = f"{says} of {it.payload.get('count', 0):,}"
    elif it.payload.get("words"):
        says = f"{says}: {it.payload['words']}"
    why = "; ".join(map(str, it.payload.get("reasons", ())[:3]))
    took = age(it.age_ms / 1000) if it.age_ms is not None and it.state == "done" else ""
    return Line(it, says, why, words.target(it.target), took, result)


def _channels(config: Config, tries: dict[str, Try]) -> list[Channel]:
    """Webhooks by their names: addresses are secrets."""
    mail = Channel("mail", "Mail", tries.get("mail"), "" if config.smtp else "not set up")
    hooks = [
        Channel("link", it.name, tries.get(f"{WEBHOOK}{it.name}")) for it in config.alerts.webhooks
    ]
    return [mail, *hooks]


PAGES = (Page("/alerts", show, Guard.SIGNED_IN, name="alerts"),)
