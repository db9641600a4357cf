"""Rules of alerts as sentences, and whom they name. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lighttrace.alerts.rules import Rule
from lighttrace.event.query.tree import EVERYTHING
from lighttrace.event.triggers import Trigger, pause
from lighttrace.settings.alert_rules import TEAM, WEBHOOK

Style: TypeAlias = Literal["", "strong", "code"]

# behind "an issue"
OF_ISSUE = {
    "new": "is new",
    "regression": "comes back",
    "escalating": "is louder than foreseen",
    "spike": "spikes",
}
ALONE = {
    "every": "an event comes",
    "feedback": "a user says something",
    "quota": "a project sends more than can be taken",
    "ingest": "much of what a project sends is refused",
}


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    style: Style = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a rule names. `you`: whoever looks is told by it."""

    icon: Literal["user", "mail", "hook"]
    text: str
    you: bool = False


def sentence(rule: Rule, whom: Callable[[str], str]) -> tuple[Piece, ...]:
    """ "When an issue is new in shop-web, tell its owner." `whom`: a target in words."""
    out = [Piece("When "), *_moments(rule.when)]
    if rule.projects is not None:
        out += [Piece(" in "), *_listed([Piece(it, "strong") for it in sorted(rule.projects)])]
    if rule.where != EVERYTHING:
        out += [Piece(" and "), Piece(str(rule.where), "code"), Piece(" is true of it")]
    out += [Piece(", tell "), *_listed([Piece(whom(it), "strong") for it in rule.to], "and")]
    if rule.every_min is not None:
        once = pause(rule.every_min).removeprefix("an ").removeprefix("a ")
        out += [Piece(", at most once per "), Piece(once, "strong"), Piece(" for each issue")]
    return (*out, Piece("."))


def _moments(when: Sequence[Trigger]) -> Iterable[Piece]:
    of_issue = [Piece(_verb(it), "strong") for it in when if it.kind not in ALONE]
    alone = [Piece(ALONE[it.kind], "strong") for it in when if it.kind in ALONE]
    if of_issue:
        yield Piece("an issue ")
        yield from _listed(of_issue)
    if of_issue and alone:
        yield Piece(", or ")
    yield from _listed(alone)


def _verb(it: Trigger) -> str:
    if not it.n:
        return OF_ISSUE[it.kind]
    within = f" within {pause(it.minutes)}" if it.minutes else ""
    return f"{'has' if it.kind == 'events' else 'has met'} {it.n:,} {it.kind}{within}"


def _listed(some: Sequence[Piece], word: str = "or") -> Iterable[Piece]:
    """`a, b or c`"""
    for at, it in enumerate(some):
        if at:
            yield Piece(f" {word} " if at == len(some) - 1 else ", ")
        yield it


def plain(pieces: Iterable[Piece]) -> str:
    return "".join(it.text for it in pieces)


def is_webhook(target: str) -> bool:
    return target.startswith(WEBHOOK)


def name(target: str) -> str:
    """`#billing`, `chat`: of a team or a webhook; others as they are."""
    if target.startswith(TEAM):
        return f"#{target.removeprefix(TEAM)}"
    return target.removeprefix(WEBHOOK)
