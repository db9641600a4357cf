"""The values a key can have, as the search box offers them: fixed ones, and what is stored, as far
as whoever asks sees it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lighttrace.event.model import LEVELS
from lighttrace.event.query import match
from lighttrace.event.query.cursor import Typed
from lighttrace.event.query.keys import KEYS, STATES, Kind
from lighttrace.store import assignees, environments, projects, suggestions, teams
from lighttrace.store.database import Reader
from lighttrace.store.sight import Sight
from lighttrace.store.suggestions import Tags
from lighttrace.web import format

MOST = 12  # suggestions at a time


@dataclass(frozen=True, slots=True)
class Offer:
    """A value, and what to say of it. `raw`: it stands for more than itself, as `>10` does."""

    value: str
    about: str = ""
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Who types, and where: `sight` is that of the list, so of one project where one is chosen.
    `rule`: the search is a rule's, which is nobody and knows keys of its own.
    """

    db: Reader
    tags: Tags
    sight: Sight
    email: str
    text: str
    typed: Typed
    now_ms: int
    rule: bool = False

    def bearing(self, n: int) -> str:
        """How many events bear a tag, as far as that is known."""
        if self.tags.tally is not None:
            return f"{format.percent(n, self.tags.tally.events)} of the newest events"
        return format.plural(n, "event") if n else ""


def tagged(asked: Asked, tag: str) -> Iterator[Offer]:
    """The values of a tag, the most frequent first."""
    for value, n in asked.tags.values(tag):
        yield Offer(value, asked.bearing(n))


def of_key(asked: Asked, key: str) -> Iterable[Offer]:
    """The values of a key of the language, those that are asked for most first."""
    kind = KEYS[key].kind
    if key in suggestions.SAID_BY_GROUPS:
        return _said_by_groups(asked, key)
    if key in _OF_KEY:
        return _OF_KEY[key](asked)
    if kind is Kind.TIME:
        return _times(asked)
    if kind is Kind.RELEASE:
        return _releases(asked)
    if kind is Kind.WHO:
        return _people(asked)
    if kind is Kind.NUMBER:
        sign = "" if asked.typed.op else ">"
        return [Offer(f"{sign}{n}", raw=not asked.typed.op) for n in (10, 100, 1000)]
    return tagged(asked, key) if kind is Kind.TAG else ()


# Those that are asked for most come first; all of them are in STATES.
_STATES = ("unresolved", "mine", "unassigned", "new", "regressed", "spiking", "escalating")


def _states(asked: Asked) -> Iterator[Offer]:
    for name in dict.fromkeys((*_STATES, *STATES)):
        if asked.rule and name not in match.STATES:
            continue
        yield Offer(name, STATES[name])


def _levels(asked: Asked) -> Iterator[Offer]:
    if not asked.typed.op and not asked.typed.listed:
        yield Offer(">=error", "error and fatal", raw=True)
    for name in reversed(LEVELS):
        yield Offer(name)


def of_rules(asked: Asked, key: str) -> Iterator[Offer]:
    """Of the keys that only rules know."""
    if key == "count":
        sign = "" if asked.typed.op else ">="
        yield from (Offer(f"{sign}{n}", raw=not asked.typed.op) for n in (10, 100, 1000))
        return
    yield Offer("Mon-Fri 09:00-18:00 Europe/Berlin", "working hours, with their zone")
    yield Offer("22:00-06:00 UTC", "at night, each day")
    yield Offer("Sat-Sun UTC", "whole days")


_AGO = {"1h": "hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days"}
_NUMBER = re.compile(r"([+-])(\d{1,4})")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _times(asked: Asked) -> Iterator[Offer]:
    if number := _NUMBER.fullmatch(asked.typed.text):
        sign, n = number.groups()
        how = "within" if sign == "-" else "before"
        for unit, words in _UNITS.items():
            yield Offer(f"{sign}{n}{unit}", f"{how} the last {n} {words}")
        return
    for text, words in _AGO.items():
        yield Offer(f"-{text}", f"within the last {words}")
    for text in ("7d", "30d"):
        yield Offer(f"+{text}", f"before the last {_AGO[text]}")
    yield Offer(format.local(asked.now_ms, "UTC").date().isoformat(), "today, a whole day")


def _releases(asked: Asked) -> Iterator[Offer]:
    if not asked.typed.op:
        yield Offer("latest", "the newest of each project")
    text = asked.typed.text.strip("*")
    for version in suggestions.releases(asked.db, text, asked.sight.within(None), MOST):
        yield Offer(version)


def _said_by_groups(asked: Asked, key: str) -> Iterator[Offer]:
    text, within = asked.typed.text.strip("*"), asked.sight.within(None)
    for value, n in suggestions.said_by_groups(asked.db, key, text, within):
        yield Offer(value, format.plural(n, "issue"))


def _environments(asked: Asked) -> Iterator[Offer]:
    for _, name in environments.seen(asked.db, asked.sight):
        yield Offer(name, "" if name else "events that name none")


def _people(asked: Asked) -> Iterator[Offer]:
    if not asked.rule:
        yield Offer("me", asked.email)
    yield Offer("none", "nobody")
    every = assignees.every(asked.db)
    for it in every:
        if it.kind == "team":
            yield Offer(it.shown, "a team")
    for it in every:
        if it.kind == "user":
            yield Offer(it.email, it.name)


def _teams(asked: Asked) -> Iterator[Offer]:
    named = [team.slug for team in teams.every(asked.db)]
    for slug in named:
        yield Offer(slug, "a team")
    for offer in tagged(asked, "team"):
        if offer.value not in named:
            yield offer


def _projects(asked: Asked) -> Iterator[Offer]:
    for project in projects.every(asked.db, asked.sight):
        yield Offer(project.slug, project.name if project.name != project.slug else "")


def _fixed(*values: str) -> Callable[[Asked], Sequence[Offer]]:
    offers = tuple(map(Offer, values))
    return lambda asked: offers


_OF_KEY: dict[str, Callable[[Asked], Iterable[Offer]]] = {
    "is": _states,
    "level": _levels,
    "environment": _environments,
    "team": _teams,
    "project": _projects,
    "category": _fixed("error", "csp"),
    "platform": _fixed(
        *("javascript", "node", "python", "php", "ruby", "java", "csharp", "go", "rust"),
        *("native", "cocoa", "elixir", "dart", "perl", "other"),
    ),
    "sdk": _fixed(
        *("sentry.javascript.browser", "sentry.javascript.react", "sentry.javascript.nextjs"),
        *("sentry.javascript.vue", "sentry.javascript.node", "sentry.python", "sentry.php"),
        *("sentry.php.laravel", "sentry.ruby", "sentry.java", "sentry.dotnet", "sentry.go"),
        *("sentry.rust", "sentry.cocoa", "sentry.dart.flutter"),
    ),
}
