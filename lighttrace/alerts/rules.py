"""The rules of the file as they are applied, and what holds without any."""

from dataclasses import dataclass, field
from functools import cached_property

from lighttrace.config import Config
from lighttrace.event.query.match import Test, compiled, divided
from lighttrace.event.query.tree import EVERYTHING, Node, Term, Word, terms
from lighttrace.event.triggers import Trigger, trigger
from lighttrace.settings.alert_rules import AlertRule

MINUTE_MS = 60_000
DEFAULT = ""  # what the rule is called that holds without any in the file
# causes that are told by the rules of another moment
TOLD_AS = {"spike_escalated": "spike", "loud": "new", "again": "spike"}


@dataclass(frozen=True)
class Rule:
    """`projects`: slugs, None for all."""

    name: str
    when: tuple[Trigger, ...]
    projects: frozenset[str] | None = None
    where: Node = EVERYTHING
    to: tuple[str, ...] = ("owner",)
    every_min: int | None = None

    @classmethod
    def of(cls, one: AlertRule) -> "Rule":
        projects = None if one.project is None else frozenset(one.project)
        return cls(one.name, one.when, projects, one.asks, one.to, one.every)

    def is_for(self, project: str) -> bool:
        return self.projects is None or project in self.projects

    def hears(self, kind: str) -> Trigger | None:
        """The trigger by which it tells of causes of a kind that it does not make itself."""
        wanted = TOLD_AS.get(kind, kind)
        return next((it for it in self.when if it.kind == wanted and not it.counts), None)

    def pause_ms(self, counts: bool) -> int:
        """How long it keeps silent about the same issue after having spoken."""
        usual = Trigger("every" if counts else "new").usual_pause_min
        return (usual if self.every_min is None else self.every_min) * MINUTE_MS

    @cached_property
    def test(self) -> Test:
        return compiled(self.where)

    @cached_property
    def of_event(self) -> Node:
        """What of its search is asked of each event that is counted."""
        return divided(self.where)[0]

    @cached_property
    def of_issue(self) -> Node:
        """What is asked of the issue, when a number is reached."""
        return divided(self.where)[1]

    @cached_property
    def reads_bodies(self) -> bool:
        """Whether it asks for what only the body of an event says."""
        return any(isinstance(it, Word) or _is_in_body(it) for it in terms(self.where))


def _is_in_body(term: Term) -> bool:
    return not term.is_tag and (term.key == "sdk" or term.key.startswith("user"))


WITHOUT_ANY = Rule(DEFAULT, tuple(map(trigger, ("new", "regression", "escalating", "spike"))))


@dataclass(frozen=True)
class Policy:
    """`fallback`: who is told of what is nobody's. `mails`: whether mail can be sent at all."""

    rules: tuple[Rule, ...] = (WITHOUT_ANY,)
    fallback: tuple[str, ...] = ()
    mails: bool = True
    by_name: dict[str, Rule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {rule.name: rule for rule in self.rules})

    @property
    def counting(self) -> tuple[Rule, ...]:
        """Those that have to look at every event."""
        return tuple(it for it in self.rules if any(one.counts for one in it.when))


def policy(config: Config) -> Policy:
    """What the file says."""
    rules = tuple(map(Rule.of, config.alerts.rules)) or (WITHOUT_ANY,)
    return Policy(rules, tuple(dict.fromkeys(config.alerts.to)), config.smtp is not None)
