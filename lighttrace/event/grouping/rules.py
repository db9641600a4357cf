"""The rules that people make for a project, and an event grouped by them.

They are part of neither the hash nor its version: an event of which no rule speaks is grouped as if
there were none.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lighttrace.event.grouping import explain, fingerprint, lt1
from lighttrace.event.grouping import fingerprint_rules as fingerprints
from lighttrace.event.grouping import stack_rules as stacks
from lighttrace.event.grouping.explain import Explanation
from lighttrace.event.grouping.fingerprint_rules import FingerprintRule, FingerprintRules
from lighttrace.event.grouping.lt1 import Grouping
from lighttrace.event.grouping.stack_rules import StackRule, StackRules
from lighttrace.event.model import Event
from lighttrace.event.title import TITLE

FINGERPRINT, STACK = "fingerprint", "stack"  # the kinds


@dataclass(frozen=True, slots=True)
class Rules:
    """`fingerprints`: the first that matches. `stacks`: all, later ones win."""

    fingerprints: FingerprintRules
    stacks: StackRules

    @classmethod
    def of(cls, fingerprints: Iterable[FingerprintRule], stacks: Iterable[StackRule]) -> "Rules":
        return cls(FingerprintRules(fingerprints), StackRules(stacks))

    def __bool__(self) -> bool:
        return bool(self.fingerprints or self.stacks)

    def seen(self, event: Event) -> Event:
        """The event as grouping, titles and pages see it: stack trace rules have spoken."""
        return self.stacks.applied(event) if self.stacks else event

    def group(self, event: Event) -> Grouping:
        """Which issue a seen event belongs to, and what a rule calls it. Never raises."""
        rule = self._first(event)
        if rule is None:
            return lt1.group(event)
        found = lt1.group(event, rule.parts)
        if not rule.title:
            return found
        title = fingerprint.filled(event, rule.title, found.main)
        return replace(found, title=" ".join(title.split())[:TITLE])

    def explain(self, event: Event) -> Explanation:
        """Why a seen event is where it is; says the same as `group` does."""
        rule = self._first(event)
        return explain.explain(event, rule) if rule else explain.explain(event)

    def _first(self, event: Event) -> FingerprintRule | None:
        if not self.fingerprints or event.checksum is not None:
            return None
        return self.fingerprints.first(event)

    def plus(self, kind: str, line: str) -> "Rules":
        """These and one more, where a person would write it: the first fingerprint rule wins, of
        stack trace rules the last. Raises RuleError.
        """
        if kind == FINGERPRINT:
            first = fingerprints.parse(line)
            return Rules.of((first, *self.fingerprints.rules), self.stacks.rules)
        return Rules.of(self.fingerprints.rules, (*self.stacks.rules, stacks.parse(line)))


NONE = Rules.of((), ())
