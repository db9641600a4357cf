"""Whose an event is, and whether it matters most: the rules of its project asked, for the store.

The owner is asked for groups that are new, since an issue is given one when it is made; whether it
matters most is asked of every event, since any one of them may say so.
"""

from collections.abc import Iterator

from lighttrace.config import Config
from lighttrace.event.model import Event
from lighttrace.event.owners import Rule, Rulebook, nearest
from lighttrace.event.patterns import Facts
from lighttrace.store import owners
from lighttrace.store.database import Reader
from lighttrace.store.writes import Claim, Judgement

MOST_CLAIMS = 50  # of one event; the first one whose team or person exists decides


def judge(
    event: Event, tags: tuple[tuple[str, str], ...], rules: Rulebook, *, is_new: bool
) -> tuple[Judgement | None, str | None]:
    """The claims on an event if it `is_new`, and the words of the rule that gives it high value."""
    if not is_new and not rules.high_value:
        return None, None
    facts = Facts(event, tags)
    high_value = rules.value_of(facts) if rules.high_value else None
    return (_judgement(facts, rules) if is_new else None), high_value


def _judgement(facts: Facts, rules: Rulebook) -> Judgement:
    claims: list[Claim] = []
    for match in rules.matches(facts):
        claims += [Claim(owner, match.words) for owner in match.owners]
        if len(claims) >= MOST_CLAIMS:
            break
    return Judgement(tuple(claims[:MOST_CLAIMS]), rules.mark, rules.auto_assign)


def unknown_owners(db: Reader, config: Config) -> list[str]:
    """A sentence for each rule that names somebody who does not exist, in the file's order."""
    known = owners.names(db).owners
    return [
        f"{place}, line {rule.line}: there is no {_kind(owner)} {owner}.{nearest(owner, known)}"
        for place, rule in _every_rule(config)
        for owner in rule.owners
        if owner not in known
    ]


def _every_rule(config: Config) -> Iterator[tuple[str, Rule]]:
    yield from (("[owners]", rule) for rule in config.owners.rules)
    for project in config.projects:
        yield from ((f'[[project]] "{project.slug}"', rule) for rule in project.owners)


def _kind(owner: str) -> str:
    return "team" if owner.startswith("#") else "user"
