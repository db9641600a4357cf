"""Names in rules that stand for nothing in this database: right as they are spelt, and probably not
meant. A rule that waits for them never speaks, or tells nobody.
"""

import difflib
from collections.abc import Iterable, Iterator

from lighttrace.config import Config
from lighttrace.event.query import keys
from lighttrace.event.query.match import OF_RULES
from lighttrace.event.query.tree import Term, terms
from lighttrace.settings.alert_rules import TEAM, AlertRule
from lighttrace.settings.kinds import is_address
from lighttrace.store import environments, projects, sight, teams, users
from lighttrace.store.database import Reader
from lighttrace.store.search.compile import tag_names


def unknown_names(db: Reader, config: Config) -> list[str]:
    """A sentence for each, in the order of the file."""
    known = _Known(db, config)
    return [
        f"{rule.heading}: {sentence}"
        for rule in config.alerts.rules
        for sentence in (*known.of_targets(rule), *known.of_projects(rule), *known.of_search(rule))
    ]


def misspelt_keys(config: Config) -> list[str]:
    """As long as nobody knows what there is: a sentence for each tag that is spelt nearly like a
    key.
    """
    rules = config.alerts.rules
    return [f"{rule.heading}: {sentence}" for rule in rules for sentence in _misspelt(rule)]


def _misspelt(rule: AlertRule) -> Iterator[str]:
    for term in terms(rule.asks):
        near = keys.misspelt(term.key) if isinstance(term, Term) and term.is_tag else None
        if isinstance(term, Term) and near and term.key not in OF_RULES:
            yield f"{term.key}: is a tag of that name. Did you mean {near}:?"


class _Known:
    def __init__(self, db: Reader, config: Config) -> None:
        self._teams = [team.slug for team in teams.every(db)]
        self._slugs = {it.slug for it in projects.every(db, sight.ALL)}
        self._slugs |= {it.slug for it in config.projects}
        self._people = [it for user in users.every(db) for it in (user.email, user.name)]
        self._emails = [it for it in self._people if is_address(it)]
        self._environments = [name for _, name in environments.names(db)]
        self._tags = tag_names(db)

    def of_targets(self, rule: AlertRule) -> Iterator[str]:
        for target in rule.to:
            if target.startswith(TEAM):
                yield from self._team(target.removeprefix(TEAM))
            elif is_address(target) and target.lower() not in map(str.lower, self._emails):
                near = difflib.get_close_matches(target, self._emails, n=1, cutoff=0.9)
                if near:  # nobody's address may be meant, but hardly one that is nearly somebody's
                    yield f"{target} is nobody's account. Did you mean {near[0]}?"

    def of_projects(self, rule: AlertRule) -> Iterator[str]:
        for slug in rule.project or ():
            yield from _missing("project", slug, self._slugs)

    def of_search(self, rule: AlertRule) -> Iterator[str]:
        for term in terms(rule.asks):
            if not isinstance(term, Term):
                continue
            for value in () if term.op == "has" else term.values:
                if term.key in ("assigned", "owner") and not value.text.startswith("#"):
                    if value.text != "none":
                        yield from _missing("person", value.text, self._people)
                elif term.key in ("assigned", "owner"):
                    yield from self._team(value.text[1:])
                elif term.key == "environment" and not term.is_tag and not value.is_pattern:
                    if value.text and self._environments:
                        yield from _unseen(value.text, self._environments)
                elif term.key == "project" and not value.is_pattern and not value.text.isdigit():
                    yield from _missing("project", value.text, self._slugs)
            if term.is_tag and term.key not in self._tags | OF_RULES and self._tags:
                near = keys.nearest(term.key, self._tags)
                ask = f" Did you mean {near}:?" if near else ""
                yield f"no event has had a tag {term.key} yet.{ask}"
        if not self._tags:
            yield from _misspelt(rule)

    def _team(self, slug: str) -> Iterator[str]:
        yield from _missing("team", slug, self._teams)


def _missing(what: str, name: str, known: Iterable[str]) -> Iterator[str]:
    if (ask := _ask(name, known)) is not None:
        yield f"there is no {what} {name}.{ask}"


def _unseen(name: str, known: Iterable[str]) -> Iterator[str]:
    if (ask := _ask(name, known)) is not None:
        yield f"no event has come from an environment {name} yet.{ask}"


def _ask(name: str, known: Iterable[str]) -> str | None:
    """A question after the one that was probably meant; None if the name is known."""
    several = {it.lower(): it for it in known}
    if name.lower() in several:
        return None
    near = difflib.get_close_matches(name.lower(), several, n=1, cutoff=0.6)
    return f" Did you mean {several[near[0]]}?" if near else ""
