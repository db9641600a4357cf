"""Who is told of a cause: one outbox row per target, in one transaction with "this cause is done
with".

Causes of one issue that wait together become one message to each target, with all the reasons. The
road of a message: which rules speak, whom they name, who may hear of it, who has muted it. How a
target is told, and when, is decided at the gate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lighttrace.alerts import gate
from lighttrace.alerts.quiet import Hours
from lighttrace.alerts.reasons import Reason, strongest_first
from lighttrace.alerts.rules import DEFAULT, Policy, Rule
from lighttrace.event.query.subject import Subject
from lighttrace.event.query.tree import EVERYTHING
from lighttrace.settings.alert_rules import TEAM, WEBHOOK
from lighttrace.store import (
    asides,
    causes,
    cooldowns,
    events,
    mutes,
    outbox,
    preferences,
    recipients,
    reread,
    subjects,
)
from lighttrace.store.causes import Cause
from lighttrace.store.database import Transaction
from lighttrace.store.mutes import Mute
from lighttrace.store.recipients import About, People

BATCH = 100  # causes that are looked at together
# The writer's other work waits for a transaction: what it may do at most, about 40 ms.
MOST_SUBJECTS, MOST_MADE = 16, 500  # issues and projects that are told of; messages


def expand_due(
    tx: Transaction, policy: Policy, hours: Hours | None, host: str, now_ms: int
) -> bool:
    """Turn some of the causes that wait into messages, and let out what may go. Returns whether
    there was anything, and perhaps more. `hours`: in which nobody is to be disturbed, unless they
    chose otherwise; `host` goes into Message-IDs.
    """
    waiting = causes.due(tx, BATCH)
    together: dict[tuple[int, int], list[Cause]] = {}
    for cause in waiting:
        project_id = 0 if cause.issue_id else cause.project_id or 0
        together.setdefault((cause.issue_id or 0, project_id), []).append(cause)
    these = list(together)[:MOST_SUBJECTS]
    issue_ids = [issue_id for issue_id, _ in these if issue_id]
    muted = mutes.in_force(tx, issue_ids, now_ms) if waiting else []
    done = made = 0
    for it in these:
        made += _expand(tx, together[it], policy, muted, host, now_ms)
        for cause in together[it]:
            causes.mark_expanded(tx, cause.id, now_ms)
            done += 1
        if made >= MOST_MADE:
            break
    if done < len(waiting) or done == BATCH:  # first all causes, as the gate chooses among them
        return True
    return not gate.open_for_all(tx, hours, host, now_ms) or done > 0


@dataclass(frozen=True, slots=True)
class Spoken:
    """A rule that speaks, and of which cause."""

    rule: Rule
    cause: Cause

    @property
    def pause_ms(self) -> int:
        return self.rule.pause_ms(self.cause.rule is not None)

    @property
    def reason(self) -> Reason:
        return Reason(self.cause.kind, self.rule.name, self.cause.said)


def _expand(
    tx: Transaction,
    some: Sequence[Cause],
    policy: Policy,
    muted: Sequence[Mute],
    host: str,
    now_ms: int,
) -> int:
    """Causes about one issue or project; returns how many messages they make."""
    about = _about(tx, some[0])
    if about is None:
        return 0
    for cause in some:
        if cause.kind == "again":
            _mention(tx, cause, about, policy, muted, now_ms)
    spoken = [
        it
        for cause in some
        if cause.kind != "again"
        for rule in _speaking(tx, cause, about, policy)
        if not _is_resting(tx, it := Spoken(rule, cause), about, now_ms)
    ]
    if not spoken:
        return 0
    for name in {it.rule.name for it in spoken if it.pause_ms}:
        cooldowns.spoke(tx, name, about.issue_id, about.project_id, now_ms)
    people = People(tx, about)
    by_target: dict[str, list[Spoken]] = {}
    for it in spoken:
        for target in _targets(it.rule, people, policy):
            by_target.setdefault(target, []).append(it)
    heard = _Heard(tx, about, people, muted, by_target)
    made = 0
    for target, several in by_target.items():
        if left := heard.by(target, several):
            made += outbox.add(tx, _draft(target, about, left), host, now_ms) is not None
            if about.issue_id is not None:
                asides.drop(tx, target, about.issue_id)
    heard.count(tx, now_ms)
    return made


def _mention(
    tx: Transaction,
    cause: Cause,
    about: About,
    policy: Policy,
    muted: Sequence[Mute],
    now_ms: int,
) -> None:
    """No message is made: the next digest of whoever would be told of a spike mentions it."""
    people = People(tx, about)
    by_target: dict[str, list[Spoken]] = {}
    for rule in _speaking(tx, cause, about, policy):
        for target in _targets(rule, people, policy):
            by_target.setdefault(target, []).append(Spoken(rule, cause))
    heard = _Heard(tx, about, people, muted, by_target)
    for target, several in by_target.items():
        if cause.issue_id is not None and heard.by(target, several):
            words = str(cause.said.get("reason", ""))
            asides.note(tx, target, "again", cause.issue_id, now_ms, words)


def _about(tx: Transaction, cause: Cause) -> About | None:
    if cause.issue_id is not None:
        return recipients.of_issue(tx, cause.issue_id)
    return recipients.of_project(tx, cause.project_id) if cause.project_id is not None else None


def _speaking(tx: Transaction, cause: Cause, about: About, policy: Policy) -> Iterable[Rule]:
    """The rules that a cause makes speak. What a rule has counted, it has looked at already."""
    if cause.rule is not None:
        rule = policy.by_name.get(cause.rule)
        return [rule] if rule is not None and rule.is_for(about.project) else []
    hearing = [it for it in policy.rules if it.hears(cause.kind) and it.is_for(about.project)]
    if cause.issue_id is None:  # a project is loud by its issues, which are told of one by one
        hearing = [it for it in hearing if it.name != DEFAULT]
    if all(it.where == EVERYTHING for it in hearing):
        return hearing
    subject = _subject(tx, cause, about, bodies=any(it.reads_bodies for it in hearing))
    return [it for it in hearing if it.where == EVERYTHING or (subject and it.test(subject))]


def _subject(tx: Transaction, cause: Cause, about: About, *, bodies: bool) -> Subject | None:
    """The event of a cause, or the newest there is; None if there is none, as of a quota."""
    row = cause.event_row
    found = subjects.of_rows(tx, [row]) if row is not None else {}
    if not found and about.issue_id is not None:
        found = subjects.of_rows(tx, events.newest_rows(tx, about.issue_id, 1))
    for row, subject in found.items():
        return _with_body(tx, row, subject) if bodies else subject
    return None


def _with_body(tx: Transaction, row: int, subject: Subject) -> Subject:
    event = reread.event(tx, row)
    return subject if event is None else replace(subject, user=event.user, sdk=event.sdk_name)


def _is_resting(tx: Transaction, it: Spoken, about: About, now_ms: int) -> bool:
    """Whether the rule has spoken of this not long ago. What is new and loud is told all the same:
    that it is new was small news.
    """
    if not it.pause_ms or it.cause.kind == "loud":
        return False
    last_at = cooldowns.last_at(tx, it.rule.name, about.issue_id, about.project_id)
    return last_at is not None and 0 <= now_ms - last_at < it.pause_ms


def _targets(rule: Rule, people: People, policy: Policy) -> list[str]:
    """Addresses and webhooks, each once. What is nobody's goes to the fallback."""
    found: list[str] = []
    for target in rule.to:
        if target == "owner":
            found += people.owner() or _fixed(policy.fallback, people)
        elif target == "everyone":
            found += people.everyone()
        elif target.startswith(TEAM):
            found += people.team(target.removeprefix(TEAM))
        else:
            found += _fixed((target,), people)
    once = {it.lower(): it for it in reversed(found)}
    mails = policy.mails
    return [it for it in reversed(once.values()) if mails or it.startswith(WEBHOOK)]


def _fixed(targets: Iterable[str], people: People) -> list[str]:
    """Those the file names, if they may hear of it."""
    return [it for it in targets if it.startswith(WEBHOOK) or people.may_be_told(it)]


class _Heard:
    """Who wants to hear what: mutes and preferences, and how many messages each mute kept back."""

    def __init__(
        self,
        tx: Transaction,
        about: About,
        people: People,
        muted: Sequence[Mute],
        targets: Iterable[str],
    ) -> None:
        self._about = about
        self._muted = muted
        self._kept: list[tuple[str, int]] = []
        addresses = [it for it in targets if not it.startswith(WEBHOOK)]
        accounts = {it: people.account(it) for it in addresses}
        self._accounts = {it: user_id for it, user_id in accounts.items() if user_id is not None}
        users = set(self._accounts.values())
        self._choices = preferences.of_people(tx, users, about.project_id)
        self._mine = recipients.whose(tx, about, users) if self._choices.ask_whose else set()

    def by(self, target: str, several: Sequence[Spoken]) -> list[Spoken]:
        """What is left of it for a target."""
        user_id = self._accounts.get(target)
        left: list[Spoken] = []
        by_whom: set[int] = set()
        for it in several:
            if user_id is not None and not self._wanted(user_id, it.cause.kind):
                continue
            mute = self._mute(user_id, it.rule.name)
            if mute is None:
                left.append(it)
            else:
                by_whom.add(mute.id)
        if not left and by_whom:
            self._kept.append((target, min(by_whom)))
        return left

    def _wanted(self, user_id: int, kind: str) -> bool:
        wants = self._choices.wants(user_id, kind)
        return wants == "all" or (wants == "mine" and user_id in self._mine)

    def _mute(self, user_id: int | None, rule: str) -> Mute | None:
        issue_id, project_id = self._about.issue_id, self._about.project_id
        for it in self._muted:
            if it.what.for_user in (None, user_id) and it.what.covers(issue_id, project_id, rule):
                return it
        return None

    def count(self, tx: Transaction, now_ms: int) -> None:
        for target, mute_id in self._kept:
            mutes.hold(tx, mute_id, 1)
            asides.note(tx, target, "muted", mute_id, now_ms)


def _draft(target: str, about: About, spoken: Sequence[Spoken]) -> outbox.Draft:
    reasons = strongest_first([it.reason for it in spoken])
    first = next(it.cause for it in spoken if it.cause.kind == reasons[0].kind)
    return outbox.Draft(
        dedupe=f"cause:{first.id}:{target}",
        kind=reasons[0].message,
        target=target,
        issue_id=about.issue_id,
        caused_at=first.at,
        payload={
            "reason": reasons[0].words,
            **first.said,
            "event_row": first.event_row,
            "reasons": [it.sentence for it in reasons],
            "rules": sorted({it.rule for it in reasons}),
            "project": about.project,
            "words": "" if about.issue_id else f"{about.project}: {reasons[0].plainly}",
        },
    )
