"""A rule on the stage: what it would have told, and what its pause would have held back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from lighttrace.alerts.reasons import Reason
from lighttrace.alerts.rehearse import moments
from lighttrace.alerts.rehearse.moments import Reached, Tick
from lighttrace.alerts.rehearse.stage import Candidate, Stage, Tape
from lighttrace.event.model import Json
from lighttrace.event.triggers import Trigger, pause


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a rule is tried out: its moments, and its search without some of its parts, or with
    some true also where nothing is (bits of `Asker.parts`).
    """

    when: tuple[Trigger, ...]
    without: int = 0
    or_missing: int = 0


@dataclass(slots=True)
class Moment:
    """Something the rule speaks of. `said`: its numbers, as those of a cause. `also`: what else it
    says in the same message; `after`: what is held back by the pause it begins.
    """

    kind: str
    at: int
    issue_id: int | None
    project_id: int
    row: int | None
    counted: bool
    said: dict[str, Json]
    also: list["Moment"] = field(default_factory=list)
    after: list["Moment"] = field(default_factory=list)

    @property
    def words(self) -> str:
        """Why, as messages say it."""
        n = self.said.get("n")
        if self.kind == "every":
            more = n - 1 if isinstance(n, int) else 0
            own = f"an event, and {more:,} within its pause" if more else "an event"
        elif self.counted and n == 1:
            within = self.said.get("minutes")
            own = f"1 {self.kind.rstrip('s')}"
            own += f" in {pause(within)}" if isinstance(within, int) and within else ""
        else:
            own = Reason(self.kind, "", self.said).sentence
        return ", ".join((own, *(it.words for it in self.also)))


@dataclass(frozen=True, slots=True)
class Played:
    """Both in the order of time; `missed`: of which it would never have spoken."""

    sent: tuple[Moment, ...]
    held: tuple[Moment, ...]
    missed: tuple[Candidate, ...]


def play(stage: Stage, shape: Shape) -> Played:
    spoken = [*_told(stage, shape), *_counted(stage, shape)]
    sent, held = _paused(stage, sorted(spoken, key=lambda it: it.at))
    named = {it.issue_id for it in sent}
    missed = tuple(it for it in stage.candidates if it.issue_id not in named)
    if all(it.is_of_project or it.kind == "feedback" for it in shape.when):
        missed = ()  # such a rule is about something else
    return Played(tuple(sent), tuple(held), missed)


def _told(stage: Stage, shape: Shape) -> Iterator[Moment]:
    """What happens whether or not there are rules."""
    rule = replace(stage.rule, when=shape.when)
    for it, answer in stage.causes:
        if not rule.hears(it.kind) or not answer.holds(shape.without, shape.or_missing):
            continue
        if it.issue_id is not None:
            own = stage.asker.of_its_issue(it.issue_id, it.at, it.kind)
            if not own.holds(shape.without):
                continue
        yield Moment(it.kind, it.at, it.issue_id, it.project_id, it.event_row, False, it.said)


def _counted(stage: Stage, shape: Shape) -> Iterator[Moment]:
    for trigger in shape.when:
        if not trigger.counts:
            continue
        forever = trigger.kind == "users" and not trigger.minutes
        for tape in (stage.born if forever else stage.tapes).values():
            if (face := stage.faces.get(tape.issue_id)) is None:
                continue
            for it in _reached(stage, shape, trigger, tape):
                if it.at >= stage.since_ms:
                    yield Moment(
                        trigger.kind,
                        it.at,
                        tape.issue_id,
                        face.project_id,
                        it.row,
                        True,
                        {"n": it.most, "minutes": trigger.minutes},
                    )


def _reached(stage: Stage, shape: Shape, trigger: Trigger, tape: Tape) -> list[Reached]:
    allows = _allows(stage, shape, tape) if stage.asker.of_issue else None
    if trigger.kind == "every":
        ticks = tape.matching(shape.without, shape.or_missing)
        return moments.each(stage.rule.pause_ms(True), ticks, allows)
    course = tape.course(trigger, shape.without, shape.or_missing)
    return moments.reached(trigger.n, course, allows)


def _allows(stage: Stage, shape: Shape, tape: Tape) -> Callable[[Tick], bool]:
    asker, issue_id = stage.asker, tape.issue_id
    return lambda it: asker.of_its_issue(issue_id, it.at).holds(shape.without)


def _paused(stage: Stage, spoken: list[Moment]) -> tuple[list[Moment], list[Moment]]:
    """What is left when the rule keeps its pause, as `alerts/expand.py` does. What comes of one
    event is one message.
    """
    last: dict[tuple[int | None, int], Moment] = {}
    sent: list[Moment] = []
    held: list[Moment] = []
    pauses = {counted: stage.rule.pause_ms(counted) for counted in (False, True)}
    for it in spoken:
        pause_ms = pauses[it.counted]
        about = (it.issue_id, 0 if it.issue_id is not None else it.project_id)
        before = last.get(about)
        if pause_ms and it.kind != "loud" and before and it.at - before.at < pause_ms:
            held.append(it)
            before.after.append(it)
            continue
        if pause_ms:
            last[about] = it
        if sent and (sent[-1].at, sent[-1].issue_id) == (it.at, it.issue_id) and it.issue_id:
            sent[-1].also.append(it)
            continue
        sent.append(it)
    return sent, held
