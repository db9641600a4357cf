"""Whose an event is, and whether it matters most: the rules of its project asked, for the store.

The owner is asked for groups that are new, since an issue is given one when it is made; whether it
matters most is asked of every event, since any one of them may say so.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from lighttrace.config import Config
from lighttrace.event.model import Event
from lighttrace.event.owners import Match, Rule, Rulebook, nearest
from lighttrace.event.patterns import ANY, Facts
from lighttrace.event.tags import all_tags
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


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule that matched an event when it was tried. `met`: matchers and the values that met them,
    in lower case, where a value says more than the glob does. `owner`: the first that exists.
    """

    match: Match
    met: tuple[tuple[str, str], ...]
    owner: str | None


def tried(
    event: Event, tags: Sequence[tuple[str, str]], rules: Rulebook, known: Collection[str] | None
) -> tuple[Tried, ...]:
    """The rules that match, the strongest first; the first that has an owner wins. `known`: who
    exists, None if that cannot be told, and then everybody does.
    """
    facts = Facts(event, tags)
    found = []
    for match in rules.matches(facts):
        matchers = match.rule.matchers if match.rule else ()
        exists = (it for it in match.owners if known is None or it in known)
        seen = ((it, it.seen(facts)) for it in matchers if it.key != ANY)
        met = tuple((str(it), value) for it, value in seen if value not in ("", it.glob.lower()))
        found.append(Tried(match, met, next(exists, None)))
    return tuple(found)


def winner(found: Sequence[Tried]) -> Tried | None:
    return next((it for it in found if it.owner is not None), None)


def in_words(event: Event, rules: Rulebook, known: Collection[str] | None) -> list[str]:
    """Whose an event is and why, in lines for people."""
    tags = all_tags(event)
    found = tried(event, tags, rules, known)
    won = winner(found)
    if won:
        lines = [f"{won.owner}: by {_reason(won)}"]
    else:
        lines = [f"Nobody: {'none of these owners exists' if found else 'no rule matches'}."]
    for it in found:
        if it is not won:
            absent = "" if it.owner else "; there is no such owner"
            lines.append(f"Also matched: {_reason(it, with_owners=True)}{absent}")
    if won and len(found) > 1:
        lines.append("The last rule that matches wins, and any rule wins over the tag.")
    value = rules.value_of(Facts(event, tags)) if rules.high_value else None
    if value is not None:
        lines.append(f"It matters most: by {value}")
    return lines


def _reason(it: Tried, *, with_owners: bool = False) -> str:
    if it.match.rule is None:
        return f"its tag {it.match.words}"
    words = str(it.match.rule) if with_owners else it.match.words
    line = it.match.rule.line
    met = ", ".join(value for _, value in it.met)
    return words + (f", line {line}" if line else "") + (f", on {met}" if met else "")
