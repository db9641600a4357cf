"""What small changes of a number would change, out of what was read for the rule itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lighttrace.alerts.rehearse.missed import loosened
from lighttrace.alerts.rehearse.play import Played, Shape, play
from lighttrace.alerts.rehearse.stage import DAYS, Stage
from lighttrace.event.query.tree import Node
from lighttrace.event.triggers import DAY_MIN, MOST_EVENTS, MOST_USERS, Trigger, pause


@dataclass(frozen=True, slots=True)
class Variant:
    """`as_above`: the rule itself."""

    words: str
    when: tuple[Trigger, ...]
    where: Node
    sent: int
    missed: int
    as_above: bool = False

    @property
    def a_week(self) -> float:
        return self.sent * 7 / DAYS


def variants(stage: Stage, shape: Shape, played: Played) -> list[Variant]:
    """From the strictest; none of a rule without a number within a time."""
    first = next((it for it in shape.when if it.n and it.minutes), None)
    if first is None:
        return []
    most = MOST_EVENTS if first.kind == "events" else MOST_USERS
    where = stage.rule.where
    found = []
    if 2 * first.n <= most:
        found.append(_variant(stage, shape, first, replace(first, n=2 * first.n)))
    if first.minutes > 1 and first.n > 1:
        found.append(_variant(stage, shape, first, replace(first, minutes=first.minutes // 2)))
    found.append(
        Variant(_said(first), shape.when, where, len(played.sent), len(played.missed), True)
    )
    if 2 * first.minutes <= DAY_MIN and first.n > 1:  # of one there is no "within"
        found.append(_variant(stage, shape, first, replace(first, minutes=2 * first.minutes)))
    if first.n > 1:
        found.append(_variant(stage, shape, first, replace(first, n=(first.n + 1) // 2)))
    return found + list(_without_strictest(stage, shape, first))


def _variant(stage: Stage, shape: Shape, old: Trigger, new: Trigger) -> Variant:
    when = tuple(dict.fromkeys(new if it == old else it for it in shape.when))
    played = play(stage, replace(shape, when=when))
    return Variant(_said(new), when, stage.rule.where, len(played.sent), len(played.missed))


def _without_strictest(stage: Stage, shape: Shape, first: Trigger) -> Iterator[Variant]:
    """Without the part of the search that most events fail."""
    asker = stage.asker
    failed = [0] * len(asker.parts)
    for tape in stage.tapes.values():
        for answer in tape.answers.values():
            for at in asker.of_event:
                failed[at] += answer.fails >> at & 1
    if not any(failed):
        return
    at = max(range(len(failed)), key=failed.__getitem__)
    change = loosened(asker, shape, stage.rule.where, 1 << at, 0)
    if change is not None:
        played = play(stage, replace(shape, without=1 << at))
        yield Variant(
            f"{_said(first)}, {change.words[:1].lower()}{change.words[1:]}",
            shape.when, change.where, len(played.sent), len(played.missed),
        )  # fmt: skip


def _said(it: Trigger) -> str:
    return f"{it.n:,} {it.kind if it.n != 1 else it.kind.rstrip('s')} in {pause(it.minutes)}"
