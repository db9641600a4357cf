"""Searches of rules that nothing can ever match, and why: what is right as it stands and was
certainly not meant. Pure. Not every such search is found, but what is found is one.

A search is taken apart into its ways of holding, each a row of terms that all have to hold. It is
senseless if in each of them some terms leave nothing over.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from lighttrace.event.model import LEVELS
from lighttrace.event.normalize import PAST_MS
from lighttrace.event.query import keys, values, week
from lighttrace.event.query.keys import KEYS, Kind
from lighttrace.event.query.match import STATES
from lighttrace.event.query.subject import Issue, Substate, plain_short_id
from lighttrace.event.query.tree import And, Node, Not, Or, Term, Word
from lighttrace.event.triggers import Trigger

FAR_MS = 10**13  # a time that all events are before
MINUTE_MS = 60_000
MOST_WAYS = 256  # of holding; a search with more is left alone
# keys of which an event has one value, as of each tag
SINGLE = {"environment", "platform", "type", "category", "trace", "sdk", "project", "issue"}
SUBSTATES: tuple[Substate, ...] = ("new", "ongoing", "regressed", "escalating")
OF_MOMENT: dict[str, tuple[Substate, ...]] = {
    "new": ("new",),
    "regression": ("regressed",),
    "escalating": ("escalating",),
}
MOMENTS = {"new": "is new", "regression": "has just come back", "escalating": "is escalating"}
# the least age of what can be a spike, less what minutes are rounded by; docs/spikes.md
SPIKES_FROM_MS = 59 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Said:
    """A word or term of a search, and whether it must not hold."""

    leaf: Word | Term
    negated: bool = False

    def __str__(self) -> str:
        return str(Not(self.leaf) if self.negated else self.leaf)

    @property
    def key(self) -> str:
        """With `count` under its other name; nothing of words."""
        if isinstance(self.leaf, Word):
            return ""
        return "events" if self.leaf.is_tag and self.leaf.key == "count" else self.leaf.key

    @property
    def term(self) -> Term:
        assert isinstance(self.leaf, Term)
        return self.leaf


Way = tuple[Said, ...]
ANYTHING, NOTHING = "\0", "\0\0"  # values that nobody knows, and that there is none


def why_never(when: Iterable[Trigger], where: Node) -> str | None:
    """A sentence without its end, such as "no issue that is new is resolved"; None: it can be."""
    ways = _ways(where, negated=False)
    if ways is None:
        return None
    found = [_why_not(trigger, way) for trigger in when for way in ways]
    return found[0] if found and None not in found else None


def _ways(node: Node, *, negated: bool) -> list[Way] | None:
    """The ways of holding; None: too many to look at."""
    match node:
        case Not(part):
            return _ways(part, negated=not negated)
        case And(parts) | Or(parts):
            several = [_ways(part, negated=negated) for part in parts]
            known = [it for it in several if it is not None]
            if len(known) < len(several):
                return None
            if isinstance(node, Or) is not negated:
                made = [way for it in known for way in it]
            else:
                made = [()]
                for it in known:
                    made = [(*one, *other) for one in made for other in it][: MOST_WAYS + 1]
            return made if len(made) <= MOST_WAYS else None
        case Word() | Term():
            return [(Said(node, negated),)]


def _why_not(trigger: Trigger, way: Way) -> str | None:
    for said in way:
        if said.negated and Said(said.leaf) in way:
            return f"nothing is {said.leaf} and {said} at once"
    return (
        _no_level(way)
        or _no_value(way)
        or _no_state(trigger.kind, way)
        or _nobody(way)
        or _no_number(trigger, way)
        or _no_time(trigger.kind, way)
        or _no_hour(way)
    )


T = TypeVar("T")


def _left(several: Sequence[Said], ones: Sequence[T], holds: Callable[[Said, T], bool]) -> bool:
    """Whether one of these is left by all that is said."""
    return any(all(holds(it, one) for it in several) for one in ones)


def _at_once(
    several: Sequence[Said], ones: Sequence[T], holds: Callable[[Said, T], bool]
) -> str | None:
    """The first two that leave none of these, or else all that is said; None if one is left."""
    if len(several) < 2 or _left(several, ones, holds):
        return None
    pairs = ((a, b) for n, b in enumerate(several) for a in several[:n])
    pair = next((it for it in pairs if not _left(it, ones, holds)), several)
    return " and ".join(map(str, pair))


def _no_issue(
    who: str, several: Sequence[Said], ones: Sequence[T], holds: Callable[[Said, T], bool]
) -> str | None:
    for it in several:
        if not _left([it], ones, holds):
            return f"{who} is never {it}"
    words = _at_once(several, ones, holds)
    return f"no issue is {words} at once" if words else None


def _of(way: Way, *names: str) -> list[Said]:
    """What a way says of keys of the language."""
    return [it for it in way if it.key in names and (not it.term.is_tag or it.term.key == "count")]


def _no_level(way: Way) -> str | None:
    said = _of(way, "level")
    if said and not any(all(_allows(it, level) for it in said) for level in LEVELS):
        return f"no level is {' '.join(map(str, said))}"
    return None


def _allows(said: Said, level: str) -> bool:
    term, index = said.term, LEVELS.index(level)
    signs = [index - LEVELS.index(it.text.lower()) for it in term.values]
    holds = term.op == "has" or any(values.holds(term.op, sign) for sign in signs)
    return holds is not said.negated


# --- values of which an event has one ---


def _no_value(way: Way) -> str | None:
    by_key: dict[tuple[str, bool], list[Said]] = {}
    for said in way:
        if said.key and _is_single(said.term):
            is_tag = said.term.is_tag or KEYS[said.key].kind is Kind.TAG
            by_key.setdefault((said.key, is_tag), []).append(said)
    for several in by_key.values():
        if words := _at_once(several, _candidates(several), _fits):
            return f"no event is {words} at once"
    return None


def _candidates(several: Sequence[Said]) -> list[str]:
    """Values to try: those that one term leaves, or else some that could be left."""
    for it in several:
        if not it.negated and not it.term.op and not any(v.is_pattern for v in it.term.values):
            return [value.text for value in it.term.values]
    return [ANYTHING, NOTHING]


def _is_single(term: Term) -> bool:
    if term.is_tag:
        return term.key not in ("time", "count")
    if term.key == "project":  # by its slug, or by its number
        return not any(it.text.isdigit() for it in term.values)
    return term.key in SINGLE or KEYS[term.key].kind is Kind.TAG


def _fits(said: Said, text: str) -> bool:
    term = said.term
    if term.op == "has":
        holds = text != NOTHING and (text != "" or term.key != "environment")
    elif text in (ANYTHING, NOTHING):
        return said.negated or text == ANYTHING
    elif term.op:
        left, right = values.decimal(text), values.decimal(term.values[0].text)
        known = left is not None and right is not None
        holds = known and values.holds(term.op, (left > right) - (left < right))  # type: ignore[operator]
    elif term.key == "issue":
        holds = plain_short_id(text) in {plain_short_id(it.text) for it in term.values}
    else:
        holds = any(it.pattern().fullmatch(text) for it in term.values)
    return holds is not said.negated


# --- the issue ---


def _no_state(kind: str, way: Way) -> str | None:
    """At any moment that is told of an issue is open: an event makes it so, or nothing is said."""
    return _no_issue(_who(kind), _of(way, "is"), list(_issues(kind)), _is)


def _issues(kind: str) -> Iterator[Issue]:
    spiking = (False,) if kind == "new" else (False, True)
    for substate, acknowledged, is_spiking, unhandled in product(
        OF_MOMENT.get(kind, SUBSTATES), (False, True), spiking, (False, True)
    ):
        yield Issue(
            substate=substate, acknowledged=acknowledged, spiking=is_spiking, unhandled=unhandled
        )


def _is(said: Said, issue: Issue) -> bool:
    """Whose it is, others look at, and what a person asks is refused anyway."""
    names = [keys.STATE_ALIASES.get(it.text.lower(), it.text.lower()) for it in said.term.values]
    if said.term.op == "has" or any(it in ("assigned", "unassigned") for it in names):
        return True
    return any(name not in STATES or STATES[name](issue) for name in names) is not said.negated


def _who(kind: str) -> str:
    return f"an issue that {MOMENTS.get(kind, 'is told of')}"


def _nobody(way: Way) -> str | None:
    for key in ("assigned", "owner"):
        said = _of(way, key)
        if key == "assigned":
            said += [it for it in _of(way, "is") if _asks_whose(it)]
        teams = {it.text.lower() for one in said for it in one.term.values if it.text[:1] == "#"}
        if words := _at_once(said, ["none", "person", "#", *teams], _is_whose):
            return f"no issue is {words} at once"
    return None


def _asks_whose(said: Said) -> bool:
    return all(it.text.lower() in ("assigned", "unassigned") for it in said.term.values)


def _is_whose(said: Said, whose: str) -> bool:
    term = said.term
    texts = [it.text.lower() for it in term.values]
    if term.op == "has":
        holds = whose != "none"
    elif term.key == "is":
        holds = ("unassigned" if whose == "none" else "assigned") in texts
    elif whose == "person":  # by a name or an address; which of them are one, nobody knows here
        return said.negated or any(it != "none" and it[:1] != "#" for it in texts)
    else:
        holds = whose in texts
    return holds is not said.negated


def _no_number(trigger: Trigger, way: Way) -> str | None:
    for key in ("events", "users"):
        said = [it for it in _of(way, key) if it.term.op != "has"]
        least = _least(trigger, key)
        edges = {n for it in said for value in it.term.values for n in _around(value.text)}
        possible = [least, *(n for n in edges if n >= least)]
        who = f"an issue of {trigger}" if trigger.kind == key else _who(trigger.kind)
        if found := _no_issue(who, said, possible, _counts):
            return found
    return None


def _least(trigger: Trigger, key: str) -> int:
    """How many there are at least when it is told."""
    if trigger.kind == key:
        return trigger.n
    if key == "users":
        return 0
    return {"regression": 2, "users": trigger.n}.get(trigger.kind, 1)


def _around(text: str) -> tuple[int, ...]:
    n = values.number(text)
    return n - 1, n, n + 1


def _counts(said: Said, n: int) -> bool:
    op = said.term.op
    numbers = [values.number(it.text) for it in said.term.values]
    return any(values.holds(op, (n > it) - (n < it)) for it in numbers) is not said.negated


# --- times ---


def _no_time(kind: str, way: Way) -> str | None:
    """Of times that are said from now on back; dates say nothing about them."""
    for names, since, until in (
        (("age", "firstSeen"), *_born(kind)),
        (("lastSeen",), FAR_MS, FAR_MS),
    ):
        said = [it for it in _of(way, *names) if it.term.op != "has" and _is_relative(it.term)]
        edges = {at for it in said for span in _spans(it) for at in _edges(span)}
        possible = [at for at in (since, until, *edges) if since <= at <= until]
        spikes = kind == "spike" and "age" in names
        who = "an issue that spikes" if spikes else _who(kind)
        if found := _no_issue(who, said, possible, _is_then):
            return found
    return None


def _born(kind: str) -> tuple[int, int]:
    """When the issue was first seen at the earliest and at the latest."""
    if kind == "new":  # an event may have waited in a client for long
        return FAR_MS - PAST_MS, FAR_MS
    return 0, FAR_MS - (SPIKES_FROM_MS if kind == "spike" else 0)


def _is_relative(term: Term) -> bool:
    return all(values.is_relative(term.op, it.text) for it in term.values)


def _spans(said: Said) -> list[values.Span]:
    return [values.span(said.term.op, it.text, FAR_MS) for it in said.term.values]


def _edges(span: values.Span) -> list[int]:
    return [at + by for at in (span.since, span.until) if at is not None for by in (-1, 0)]


def _is_then(said: Said, at: int) -> bool:
    holds = any(
        (it.since is None or at >= it.since) and (it.until is None or at < it.until)
        for it in _spans(said)
    )
    return holds is not said.negated


def _no_hour(way: Way) -> str | None:
    """Parts of the week that have no minute in common, in one zone."""
    said = [it for it in way if it.key == "time" and it.term.is_tag and not it.term.op]
    weeks = {it: [week.read(value.text) for value in it.term.values] for it in said}
    if len({one.zone.key for several in weeks.values() for one in several}) != 1:
        return None

    def covers(it: Said, at: tuple[int, int]) -> bool:
        return any(one.covers(*at) for one in weeks[it]) is not it.negated

    minutes = [(day, minute) for day in range(7) for minute in range(week.DAY_MINUTES)]
    words = _at_once(said, minutes, covers)
    return f"no moment is {words} at once" if words else None
