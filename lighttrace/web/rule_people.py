"""Whom a composed rule would tell if it spoke just now, by name, as far as whoever looks sees its
projects.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lighttrace.config import Config
from lighttrace.settings.alert_rules import TEAM, WEBHOOK
from lighttrace.store import sight, teams, users
from lighttrace.store.database import Reader
from lighttrace.store.projects import Project
from lighttrace.web import rule_words

MOST_NAMES = 6
MOST_OFFERED = 200  # people
MOST_PROJECTS = 50  # that are looked at


@dataclass(frozen=True, slots=True)
class Whom:
    """`who`: its people in words; `warning`: why somebody of them hears nothing."""

    target: str
    icon: str
    label: str
    who: str
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """Whom a rule can name."""

    target: str
    label: str


def offers(db: Reader, config: Config) -> list[Offer]:
    found = [Offer("owner", "the owner of the issue"), Offer("everyone", "everybody")]
    found += [Offer(f"{TEAM}{it.slug}", f"team {it.name}") for it in teams.every(db)]
    found += [Offer(f"{WEBHOOK}{it.name}", "a webhook") for it in config.alerts.webhooks]
    return found + [Offer(it.email, it.name) for it in users.every(db)[:MOST_OFFERED]]


def whom(
    db: Reader, config: Config, targets: Iterable[str], projects: Sequence[Project], fallback: str
) -> list[Whom]:
    """`projects`: those of the rule; `fallback`: the owner in words, "its owner, else Mira"."""
    seeing: dict[int, str] = {}
    for project in projects[:MOST_PROJECTS]:
        seeing |= {it.id: it.name for it in sight.who_sees(db, project.id)}
    where = projects[0].slug if len(projects) == 1 else "these projects"
    hooks = {it.name for it in config.alerts.webhooks}
    return [_whom(db, it, seeing, where, hooks, fallback) for it in targets]


def _whom(
    db: Reader, target: str, seeing: dict[int, str], where: str, hooks: set[str], fallback: str
) -> Whom:
    if target == "owner":
        return Whom(target, "user", "the owner", f"decided for each issue: {fallback}")
    if target == "everyone":
        return Whom(target, "user", "everybody", _named(sorted(seeing.values(), key=str.lower)))
    label = rule_words.name(target)
    if target.startswith(WEBHOOK):
        known = label in hooks
        missing = "" if known else f"no [[alerts.webhook]] is called {label}"
        return Whom(target, "link", label, "a webhook" if known else "", missing)
    if target.startswith(TEAM):
        team = teams.by_slug(db, target.removeprefix(TEAM))
        if team is None:
            return Whom(target, "mail", label, "", "there is no such team")
        members = teams.members(db, team.id)
        blind = [it.name for it in members if it.id not in seeing]
        told = _named([it.name for it in members if it.id in seeing])
        return Whom(target, "mail", label, told or "nobody", _blind(blind, where))
    account = users.by_email(db, target)
    if account is None:
        return Whom(target, "mail", target, "an address without an account")
    blind = [] if account.id in seeing else [account.name]
    return Whom(target, "mail", account.name, "by mail", _blind(blind, where))


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _blind(names: Sequence[str], where: str) -> str:
    if not names:
        return ""
    does = "does" if len(names) == 1 else "do"
    hears = "hears" if len(names) == 1 else "hear"
    return f"{_named(names)} {does} not see {where} and {hears} nothing"
