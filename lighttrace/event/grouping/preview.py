"""What a rule would change: events of the past, grouped as they are and as they would be.

Arithmetic over hashes only. Rules act on the events that come, so nothing of this ever happens to
those that are there: the preview says where events like them would go.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lighttrace.event.grouping.rules import Rules
from lighttrace.event.model import Event
from lighttrace.event.title import titles

MOST_SAID = 3  # changes that the sentence names


@dataclass(frozen=True, slots=True)
class Sample:
    """An event of an issue: its hash by the rules there are and by the new ones. `title` is what a
    new issue of it would be called.
    """

    issue_id: int
    now: bytes
    then: bytes
    title: str


def sample(event: Event, issue_id: int, now: Rules, then: Rules) -> Sample:
    """`event` as it was normalised, before any rule. Never raises."""
    after = then.seen(event)
    grouped = then.group(after)
    named = titles(after, grouped.main, grouped.title)
    title = f"{named.title}: {named.value}" if named.value else named.title
    return Sample(issue_id, now.group(now.seen(event)).hash, grouped.hash, title[:200])


Place = int | bytes  # an issue that is there, or the hash of a new one


@dataclass(frozen=True, slots=True)
class Pile:
    """Events that are one issue. `title` is that of a new issue, else empty."""

    place: Place
    n: int
    title: str = ""

    @property
    def is_new(self) -> bool:
        return isinstance(self.place, bytes)


@dataclass(frozen=True, slots=True)
class Flow:
    """`n` events from one of `before` to one of `after`, by their positions."""

    source: int
    target: int
    n: int


@dataclass(frozen=True, slots=True)
class Preview:
    """Issues that would change, most events first; `moved` of `n` events would go elsewhere.

    `others` issues with `other_events` stay as they are. `joins`: a place and the issues that come
    together there. `splits`: an issue and the number of places it falls into. `renewed`: issues
    whose events would all go to one new issue.
    """

    n: int
    moved: int
    before: tuple[Pile, ...] = ()
    after: tuple[Pile, ...] = ()
    flows: tuple[Flow, ...] = ()
    others: int = 0
    other_events: int = 0
    joins: tuple[tuple[Place, tuple[int, ...]], ...] = ()
    splits: tuple[tuple[int, int], ...] = ()
    renewed: tuple[int, ...] = ()

    @property
    def issues(self) -> int:
        return len(self.before)

    def verdict(self, names: Mapping[int, str]) -> str:
        """`Would change 3 issues: joins A and B, splits C into 2.` `names`: of issues, by id."""
        if not self.n:
            return "There are no events to try it on."
        if not self.moved:
            stay = f"all {self.n} events stay where they are"
            one = "the one event stays where it is"
            return f"Would change nothing: {stay if self.n > 1 else one}."
        said = [_joined(place, whose, names) for place, whose in self.joins]
        said += [f"splits {names.get(whose, '?')} into {parts}" for whose, parts in self.splits]
        if self.renewed:
            said.append(f"begins {_named(self.renewed, names)} anew")
        more = len(said) - MOST_SAID
        if more > 0:
            said = [*said[:MOST_SAID], f"and {more} more"]
        noun = "issue" if self.issues == 1 else "issues"
        return f"Would change {self.issues} {noun}: {', '.join(said)}."


def _joined(place: Place, whose: Sequence[int], names: Mapping[int, str]) -> str:
    return f"joins {_named(whose, names)}" + (" in a new issue" if isinstance(place, bytes) else "")


def _named(whose: Sequence[int], names: Mapping[int, str]) -> str:
    """`A`, `A and B`, `A, B and C`, `A, B and 4 more`."""
    known = [names.get(one, "?") for one in whose]
    if len(known) > MOST_SAID:
        known = [*known[: MOST_SAID - 1], f"{len(known) - MOST_SAID + 1} more"]
    *others, last = known
    return f"{', '.join(others)} and {last}" if others else last


def compare(samples: Iterable[Sample], known: Mapping[bytes, int]) -> Preview:
    """`known`: the issue of each hash, of those that have one."""
    flows: Counter[tuple[int, Place]] = Counter()
    title: dict[Place, str] = {}
    moved = 0
    for one in samples:
        here = known.get(one.now, one.issue_id)
        there: Place = here if one.then == one.now else known.get(one.then, one.then)
        moved += one.then != one.now and there != here
        flows[here, there] += 1
        if isinstance(there, bytes):
            title.setdefault(there, one.title)
    targets: dict[int, list[Place]] = defaultdict(list)
    sources: dict[Place, list[int]] = defaultdict(list)
    for here, there in flows:
        targets[here].append(there)
        sources[there].append(here)
    changed = {
        here for here, there in flows if here != there or len(sources[there]) > 1
    }  # an issue that only receives changes as well
    before = _piles(((here, n) for (here, _), n in flows.items() if here in changed), {})
    after = _piles(((there, n) for (here, there), n in flows.items() if here in changed), title)
    at = {pile.place: number for number, pile in enumerate(before)}
    to = {pile.place: number for number, pile in enumerate(after)}
    total = sum(flows.values())
    return Preview(
        n=total,
        moved=moved,
        before=before,
        after=after,
        flows=tuple(
            Flow(at[here], to[there], n) for (here, there), n in flows.items() if here in changed
        ),
        others=len(targets) - len(changed),
        other_events=total - sum(pile.n for pile in before),
        joins=tuple(
            (pile.place, tuple(sorted(sources[pile.place], key=lambda it: at[it])))
            for pile in after
            if len(sources[pile.place]) > 1
        ),
        splits=tuple(
            (int(pile.place), len(targets[int(pile.place)]))
            for pile in before
            if not isinstance(pile.place, bytes) and len(targets[pile.place]) > 1
        ),
        renewed=tuple(
            pile.place
            for pile in before
            if not isinstance(pile.place, bytes)
            and len(targets[pile.place]) == 1
            and isinstance(only := targets[pile.place][0], bytes)
            and len(sources[only]) == 1
        ),
    )


def _piles(counted: Iterable[tuple[Place, int]], titles: Mapping[Place, str]) -> tuple[Pile, ...]:
    sums: Counter[Place] = Counter()
    for place, n in counted:
        sums[place] += n
    return tuple(Pile(place, n, titles.get(place, "")) for place, n in sums.most_common())
