"""Why a rule would have said nothing of an issue, and the change that would have made it speak."""

from dataclasses import dataclass

from lighttrace.alerts.rehearse.asking import Asker, or_missing
from lighttrace.alerts.rehearse.play import Shape
from lighttrace.alerts.rehearse.stage import Candidate, Stage, Tape
from lighttrace.event.query.tree import EVERYTHING, And, Node, Term
from lighttrace.event.triggers import Trigger, pause
from lighttrace.store.rehearsal import Act

BECAME = {
    "new": "was new",
    "regression": "came back",
    "escalating": "got louder than foreseen",
    "spike": "was far louder than usual",
}
ALSO = {
    "new": "Also when it is new",
    "regression": "Also when it comes back",
    "escalating": "Also when it gets louder than foreseen",
    "spike": "Also when it spikes",
}
FEWEST = 2  # a number that one event reaches is none


@dataclass(frozen=True, slots=True)
class Change:
    """What the rule would be: its moments and its search."""

    words: str
    when: tuple[Trigger, ...]
    where: Node


@dataclass(frozen=True, slots=True)
class Missed:
    """`became`: what happened to it, "was new"; `why`: a sentence without its beginning."""

    it: Candidate
    became: str
    why: str
    act: Act | None
    change: Change | None


def explain(stage: Stage, shape: Shape, it: Candidate) -> Missed:
    became = " and ".join(BECAME[kind] for kind in it.kinds)
    why, change = _why(stage, shape, it)
    return Missed(it, became, why, stage.act_after(it.issue_id, it.at), change)


def _why(stage: Stage, shape: Shape, it: Candidate) -> tuple[str, Change | None]:
    rule = stage.rule
    heard = [kind for kind in it.kinds if any(one.kind == kind for one in shape.when)]
    if heard:
        found = _by_search(stage, shape, it, heard)
        if found is not None:
            return found
    numbers = [one for one in shape.when if one.n]
    for trigger in numbers:
        tape = (stage.tapes if trigger.minutes else stage.born).get(it.issue_id)
        if tape is not None and tape.ticks:
            return _by_number(stage, shape, trigger, tape)
        if not trigger.minutes and it.issue_id in stage.faces:
            people = stage.faces[it.issue_id].people
            return f"{_people(people)} so far", _lower(shape, rule.where, trigger, people)
    if not it.kinds:
        return "nothing this rule listens for happened to it", None
    kind = next((one for one in it.kinds if one not in heard), it.kinds[0])
    change = Change(ALSO[kind], (*shape.when, Trigger(kind)), rule.where)
    return "this rule does not listen for that", change if kind not in heard else None


def _by_search(
    stage: Stage, shape: Shape, it: Candidate, heard: list[str]
) -> tuple[str, Change | None] | None:
    """The parts of the search that were not true of what it heard."""
    asker = stage.asker
    for cause, answer in reversed(stage.causes):
        if cause.issue_id != it.issue_id or cause.kind not in heard:
            continue
        fails = answer.fails | asker.of_its_issue(it.issue_id, cause.at, cause.kind).fails
        if not fails:
            return None
        return _untrue(asker, shape, stage.rule.where, fails, answer.lacks)
    return None


def _untrue(
    asker: Asker, shape: Shape, where: Node, fails: int, lacks: int
) -> tuple[str, Change | None]:
    parts = [part for at, part in enumerate(asker.parts) if fails >> at & 1]
    if fails == fails & lacks and len(parts) == 1:
        name = said_key(parts[0])
        return f"it carries no {name}", loosened(asker, shape, where, 0, fails)
    said = " and ".join(map(str, parts[:3]))
    verb = "are" if len(parts) > 1 else "is"
    return f"{said} {verb} not true of it", loosened(asker, shape, where, fails, 0)


def said_key(part: Node) -> str:
    return part.key if isinstance(part, Term) else str(part)


def loosened(asker: Asker, shape: Shape, where: Node, drop: int, missing: int) -> Change | None:
    """Without some parts, or with some true also where nothing is; None if that is no change."""
    kept: list[Node] = []
    dropped: list[str] = []
    for at, part in enumerate(asker.parts):
        if drop >> at & 1:
            dropped.append(str(part))
            continue
        wider = or_missing(part) if missing >> at & 1 else None
        if wider is not None:
            dropped.append(said_key(part))
        kept.append(wider or part)
    if not dropped:
        return None
    words = f"Also where {dropped[0]} is missing" if missing else f"Without {' '.join(dropped)}"
    searched = kept[0] if len(kept) == 1 else And(tuple(kept)) if kept else EVERYTHING
    return Change(words, shape.when, searched)


def _by_number(
    stage: Stage, shape: Shape, trigger: Trigger, tape: Tape
) -> tuple[str, Change | None]:
    """How far it was from the number; and whether it was the search that kept it from there."""
    asker, where = stage.asker, stage.rule.where
    best = tape.course(trigger, shape.without, shape.or_missing).most
    if best >= trigger.n:
        fails = asker.of_its_issue(tape.issue_id, stage.now_ms).fails
        if fails:
            return _untrue(asker, shape, where, fails, 0)
        return f"{_much(trigger, best)}, but before the 14 days began", None
    for at in asker.of_event:
        bit = 1 << at
        for drop, missing in ((0, bit), (bit, 0)):
            found = tape.course(trigger, shape.without | drop, missing).most
            if found < trigger.n:
                continue
            change = loosened(asker, shape, where, drop, missing)
            if change is None:
                continue
            much, part = _much(trigger, found), asker.parts[at]
            if missing:
                return f"{much}, but these events carry no {said_key(part)}", change
            return f"{much}, but {part} is not true of these events", change
    everything = tape.course(trigger, -1).most
    if not best and everything:
        much = _much(trigger, everything)
        drop = (1 << len(asker.parts)) - 1
        return f"the search is true of none of its events, {much} at most", (
            loosened(asker, shape, where, drop, 0) if everything >= trigger.n else None
        )
    if not best and trigger.kind == "users":
        return "none of its events says who met it", None
    return f"{_much(trigger, best)} at most", _lower(shape, where, trigger, best)


def _much(trigger: Trigger, n: int) -> str:
    what = trigger.kind if n != 1 else trigger.kind.rstrip("s")
    within = f" in {pause(trigger.minutes)}" if trigger.minutes else ""
    return f"{n:,} {what}{within}"


def _people(n: int) -> str:
    return f"{n:,} user{'' if n == 1 else 's'}"


def _lower(shape: Shape, where: Node, trigger: Trigger, n: int) -> Change | None:
    if not FEWEST <= n < trigger.n:
        return None
    when = tuple(Trigger(it.kind, n, it.minutes) if it == trigger else it for it in shape.when)
    return Change(f"Lower to {n:,} {trigger.kind}", when, where)
