"""`[grouping]`, whose two settings a project may have too."""

from functools import partial
from typing import Annotated

from lighttrace.event.grouping import fingerprint_rules, stack_rules
from lighttrace.event.grouping.fingerprint_rules import FingerprintRule
from lighttrace.event.grouping.rule_line import rules_in
from lighttrace.event.grouping.stack_rules import StackRule
from lighttrace.toml.setting import Note, Table, lines_by

Fingerprints = Annotated[
    tuple[FingerprintRule, ...],
    lines_by(partial(rules_in, fingerprint_rules.parse), "fingerprint rules, one a line"),
    Note(example="error.type:DatabaseUnavailable -> system-down\n"),
]
StackRules = Annotated[
    tuple[StackRule, ...],
    lines_by(partial(rules_in, stack_rules.parse), "stack trace rules, one a line"),
    Note(example="stack.abs_path:**/generated/** -group\n"),
]


class Grouping(Table, frozen=True):
    """`[grouping]`: rules for the events of all projects; those of a project win over them."""

    fingerprints: Fingerprints = ()
    """Fingerprint rules, one a line: which events are one issue, whatever else they are. The first
    that matches wins. See docs/grouping.md.
    """
    stack_rules: StackRules = ()
    """Stack trace rules, one a line: which frames are your own, which count for grouping. Later
    ones win. See docs/grouping.md.
    """
