"""`[owners]`, and the kinds of rules that a project may have too."""

from functools import partial
from typing import Annotated

from lighttrace.event.owners import Rule, rules_of
from lighttrace.toml.setting import Note, Table, lines_by

OwnerRules = Annotated[
    tuple[Rule, ...], lines_by(rules_of, "rules, one a line, each with matchers and an owner")
]
HighValue = Annotated[
    tuple[Rule, ...], lines_by(partial(rules_of, high_value=True), "a list of matchers")
]


class Owners(Table, frozen=True):
    """`[owners]`: whose an error is, in every project. Rules of a project come after these, and the
    last one that matches wins.
    """

    rules: Annotated[
        OwnerRules, Note(example=["path:src/checkout/* #billing", "tags.component:search #search"])
    ] = ()
    """Rules, one a line: what has to match, and the team or person it then belongs to. An error
    with the tag team:billing needs none: it is team billing's.
    """
    auto_assign: bool = False
    """Whether an issue is also assigned to its owner. What somebody has assigned by hand, to nobody
    included, stays as it is.
    """
