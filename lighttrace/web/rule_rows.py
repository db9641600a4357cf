"""The rules of alerts as rows of their page: as sentences, where they stand in the file, what they
told, what is wrong with them, and the way to their rehearsal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lighttrace.alerts.rules import Policy, Rule
from lighttrace.config import Config
from lighttrace.event import triggers
from lighttrace.event.query.tree import EVERYTHING
from lighttrace.store.alert_history import DAYS, Retried, Told
from lighttrace.web import channel_words, charts, rule_words
from lighttrace.web.muting import Shown
from lighttrace.web.rule_form import Asked
from lighttrace.web.rule_words import Piece, Target


@dataclass(frozen=True, slots=True)
class Row:
    """A rule. `line`: of the file; `spark`: the course of 14 days, drawn. `never`: why it cannot
    speak; `unknown`: names in it that stand for nothing; `retry`: a message of it that is refused.
    `rehearsal`: the query of the composer.
    """

    rule: Rule
    line: int | None
    pieces: tuple[Piece, ...]
    targets: tuple[Target, ...]
    told: Told
    muted: tuple[Shown, ...]
    spark: Markup
    never: str | None
    unknown: tuple[str, ...]
    retry: str
    rehearsal: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of all rules. `unknown`: the sentences of alerts/unknown.py."""

    told: Mapping[str, Told]
    mutes: Sequence[Shown]
    retried: Sequence[Retried]
    unknown: Sequence[str]


def rows(
    config: Config,
    held: Policy,
    facts: Facts,
    short: Callable[[str], str],
    target: Callable[[str], Target],
    zone: str,
    now_ms: int,
) -> list[Row]:
    """`short`: a target within a sentence, `target`: on its own."""
    of_file = {it.name: it for it in config.alerts.rules}
    second = short(config.alerts.fallback) if config.alerts.fallback else ""
    found = []
    for rule in held.rules:
        told = facts.told.get(rule.name, Told())
        targets = list(rule.to)
        if "owner" in targets:
            targets += [it for it in held.fallback if it not in targets]
        refused = next((it for it in facts.retried if rule.name in it.rules), None)
        written = of_file.get(rule.name)
        about = f"{written.heading}: " if written else ""  # as alerts/unknown.py begins
        found.append(
            Row(
                rule=rule,
                line=written.line if written else None,
                pieces=rule_words.sentence(rule, short),
                targets=tuple(map(target, targets)),
                told=told,
                muted=tuple(it for it in facts.mutes if it.mute.what.rule == rule.name),
                spark=charts.spark(told.by_day, f"{told.n:,} messages in {DAYS} days"),
                never=written.why_never if written else None,
                unknown=tuple(
                    it.removeprefix(about) for it in facts.unknown if about and it.startswith(about)
                ),
                retry=channel_words.retry(refused, _way(refused, short), second, zone, now_ms)
                if refused
                else "",
                rehearsal=_rehearsal(rule),
            )
        )
    return found


def _way(it: Retried, short: Callable[[str], str]) -> str:
    """Whose no it was: a webhook has a name, behind mails there is one server."""
    return short(it.target) if rule_words.is_webhook(it.target) else "The mail server"


def _rehearsal(rule: Rule) -> str:
    return Asked(
        name=rule.name,
        when=tuple(map(str, rule.when)),
        project=tuple(sorted(rule.projects or ())),
        where="" if rule.where == EVERYTHING else str(rule.where),
        to=rule.to,
        every=triggers.duration(rule.every_min) if rule.every_min else "",
    ).written()
