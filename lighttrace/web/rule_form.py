"""A rule as the address holds it: read from its words or from the fields of the form, said again in
its shortest form, and every mistake beside its field. Pure.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams

from lighttrace.errors import QueryError, RuleError
from lighttrace.event import triggers
from lighttrace.event.query import slips
from lighttrace.event.query.match import compiled
from lighttrace.event.query.read import parse
from lighttrace.event.query.tree import EVERYTHING, Node
from lighttrace.event.triggers import Trigger
from lighttrace.settings.alert_rules import MOST_TARGETS, TEAM, AlertRule, is_target, no_target
from lighttrace.settings.kinds import is_slug
from lighttrace.web.mistake import Mistake

MOST_TEXT = 1_000  # characters of a field: as long as a search may be
MOST_NAME = 60
MOST_PARTS = 20
FIRST = "10 users in 5m"  # what the page begins with
USUAL = {"events": ("50", "5m"), "users": ("10", "5m"), "ever": ("10", "")}
FIELDS = ("when", "project", "where", "to", "every", "name")
# a number that is not quite one yet: `x users in 5m`, ` events in `
_NUMBER = re.compile(r"(\S*) *(events?|users?)(?: +in *(\S*))?", re.I)


@dataclass(frozen=True, slots=True)
class Row:
    """A moment in the form. `kind`: a word of triggers.SIMPLE, `events`, `users`, or `ever` for
    people since an issue was first seen; anything else stands as it was written.
    """

    kind: str = ""
    n: str = ""
    within: str = ""

    @classmethod
    def of(cls, text: str) -> "Row":
        found = _NUMBER.fullmatch(text)
        if found is None:
            return cls(text)
        kind = found[2].lower().rstrip("s") + "s"
        if kind == "users" and found[3] is None:
            kind = "ever"
        return cls(kind, found[1], found[3] or "")

    @property
    def text(self) -> str:
        """As the file has it. Without a number, the usual one."""
        if self.kind not in USUAL:
            return self.kind
        n, within = self.n, self.within
        if not n and not within:
            n, within = USUAL[self.kind]
        if within.isdigit():
            within += "m"
        what = "users" if self.kind == "ever" else self.kind
        return f"{n} {what}" + ("" if self.kind == "ever" else f" in {within or USUAL[what][1]}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says. `reshaped`: the form has to be drawn anew, as it has more or fewer
    fields than the one that was sent.
    """

    when: tuple[str, ...] = ()
    project: tuple[str, ...] = ()
    where: str = ""
    to: tuple[str, ...] = ()
    every: str = ""
    name: str = ""
    reshaped: bool = False

    @classmethod
    def read(cls, params: QueryParams) -> "Asked":
        rows = list(map(Row, *(_padded(params, it) for it in ("moment", "n", "within"))))
        when = [row.text for row in rows] if rows else _parts(params, "when")
        to = [_target(it) for it in _parts(params, "to")]
        dropped = _text(params.get("drop", ""))
        found = cls(
            tuple(dict.fromkeys(it for it in when if it)),
            tuple(_parts(params, "project")),
            _text(params.get("where", "")),
            tuple(it for it in to if it != dropped),
            _text(params.get("every", "")),
            _text(params.get("name", ""))[:MOST_NAME],
        )
        sent = sum(not row.kind for row in rows), params.getlist("project").count("")
        blank = sum(not it.strip() for it in params.getlist("to"))
        return replace(found, reshaped=sent != (1, 1) or blank != 1 or bool(dropped))

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(map(Row.of, self.when))

    def but(self, when: Iterable[object] | None = None, where: object = None) -> "Asked":
        """With other moments, or another search."""
        return replace(
            self,
            when=self.when if when is None else tuple(map(str, when)),
            where=self.where if where is None else str(where),
        )

    def written(self) -> str:
        """The query of its address."""
        pairs = (
            ("when", ", ".join(self.when)),
            ("project", ",".join(self.project)),
            ("where", self.where),
            ("to", ",".join(self.to)),
            ("every", self.every),
            ("name", self.name),
        )
        return urlencode([(key, it) for key, it in pairs if it], quote_via=quote, safe=":,>!")


def _text(said: str) -> str:
    return "".join(char for char in said.strip()[:MOST_TEXT] if char.isprintable())


def _padded(params: QueryParams, name: str) -> list[str]:
    found = [_text(it) for it in params.getlist(name)[:MOST_PARTS]]
    n = len(params.getlist("moment")[:MOST_PARTS])
    return (found + [""] * n)[:n]


def _parts(params: QueryParams, name: str) -> list[str]:
    """Several fields, or several words of one between commas, each once."""
    found = [_text(part) for it in params.getlist(name) for part in it[:MOST_TEXT].split(",")]
    return list(dict.fromkeys(it for it in found if it))[: MOST_PARTS + 1]


def _target(text: str) -> str:
    return f"{TEAM}{text[1:]}" if text.startswith("#") else text


@dataclass(frozen=True, slots=True)
class Read:
    """The rule, or what is wrong with it: a sentence for each of FIELDS. `mistake`: where in the
    search.
    """

    rule: AlertRule | None
    errors: dict[str, str] = field(default_factory=dict)
    mistake: Mistake | None = None


def read(asked: Asked, slugs: Sequence[str]) -> Read:
    """`slugs`: the projects there are, as far as whoever asks sees them."""
    errors: dict[str, str] = {}
    when: list[Trigger] = []
    for text in asked.when:
        row = Row.of(text)
        if row.kind in USUAL and not row.n.isdigit():
            errors["when"] = f'"{row.n[:30]}" is no number.'
            continue
        try:
            when.append(triggers.trigger(text))
        except RuleError as error:
            errors.setdefault("when", _sentence(error))
    if not asked.when:
        errors["when"] = "A rule needs a moment: choose when it speaks."
    for slug in asked.project:
        if not is_slug(slug) or slug not in slugs:
            errors["project"] = f"There is no project {slug[:60]} that you see."
    where, mistake = _search(asked.where)
    if where is None and mistake is not None:
        errors["where"] = mistake.sentence
    for one in asked.to:
        if not is_target(one):
            errors["to"] = _sentence(no_target(one))
    if len(asked.to) > MOST_TARGETS:
        errors["to"] = f"A rule names {MOST_TARGETS} at most; make a team of them."
    every = None
    if asked.every:
        try:
            every = triggers.minutes_of(asked.every)
        except RuleError as error:
            errors["every"] = _sentence(error)
    if errors:
        return Read(None, errors, mistake)
    rule = AlertRule(
        name=asked.name or "my rule",
        when=tuple(dict.fromkeys(when)),
        project=asked.project or None,
        where=None if where == EVERYTHING else where,
        to=asked.to or ("owner",),
        every=every,
    )
    errors = {it.key: _sentence(it.message) for it in rule.disagreements()}
    return Read(None if errors else rule, errors)


def _search(text: str) -> tuple[Node | None, Mistake | None]:
    try:
        slips.refuse(text)
        tree = parse(text)
        compiled(tree)
    except QueryError as error:
        return None, Mistake.of(text, error)
    return tree, None


def _sentence(said: object) -> str:
    text = str(said)
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
