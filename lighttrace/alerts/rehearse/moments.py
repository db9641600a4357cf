"""When a number was reached, out of the events of one issue: by the windows and the gate that
count while events come (`alerts/windows.py`), so that both say the same. Pure.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lighttrace.alerts.windows import Events, Gate, People
from lighttrace.event.triggers import Trigger
from lighttrace.store.rehearsal import Met

ASK_AGAIN_MS = 10_000  # as `alerts/counting.py` does
EVERYBODY = 10**9


@dataclass(frozen=True, slots=True)
class Tick:
    """Something that is counted: an event, or (`n` of a minute) several. `person`: who met it;
    `people`: how many did, where that is all that is known.
    """

    at: int
    row: int | None
    person: int | None
    n: int = 1
    people: int | None = None

    @classmethod
    def of(cls, it: Met) -> "Tick":
        return cls(it.at, it.row, it.person_id)


@dataclass(slots=True)
class Reached:
    """`most`: how many there were, until the number could be reached again."""

    at: int
    row: int | None
    most: int


class Course:
    """How many there were within so long before each of the ticks, and with it; `most` of all."""

    def __init__(self, trigger: Trigger, ticks: Sequence[Tick]) -> None:
        self.steps: list[tuple[Tick, int, int]] = []
        self.most = 0
        if not trigger.minutes:
            self._ever(ticks)
            return
        of_people = trigger.kind == "users"
        window: Events | People = Events(trigger.minutes)
        if of_people and all(it.people is None for it in ticks):
            window = People(trigger.minutes, EVERYBODY)
        for it in ticks:
            before = window.move(it.at)
            if isinstance(window, Events):
                if not (n := (it.people or 0) if of_people else it.n):
                    continue
                after = window.add(n)
            elif it.person is None:
                continue
            else:
                after = window.add(it.person)
            self.steps.append((it, before, after))
            self.most = max(self.most, after)

    def _ever(self, ticks: Iterable[Tick]) -> None:
        """People since the first event, whoever they are: only those who are new count."""
        people: set[int] = set()
        for it in ticks:
            if it.person is not None and it.person not in people:
                people.add(it.person)
                self.steps.append((it, len(people) - 1, len(people)))
        self.most = len(people)


def reached(n: int, course: Course, allows: Callable[[Tick], bool] | None) -> list[Reached]:
    """When the number was reached. `allows`: what else has to hold at that moment."""
    found: list[Reached] = []
    if course.most < n:
        return found
    gate = Gate(n)
    for it, before, after in course.steps:
        if gate.passes(before, after, it.at):
            if allows is not None and not allows(it):
                gate.wait(it.at + ASK_AGAIN_MS)
                continue
            gate.shut()
            found.append(Reached(it.at, it.row, after))
        elif found and not gate.armed and after > found[-1].most:
            found[-1].most = after
    return found


def each(
    pause_ms: int, ticks: Iterable[Tick], allows: Callable[[Tick], bool] | None
) -> list[Reached]:
    """Of "every": an event, and the next when the pause is over."""
    found: list[Reached] = []
    for it in ticks:
        over = not found or it.at - found[-1].at >= pause_ms
        if over and (allows is None or allows(it)):
            found.append(Reached(it.at, it.row, 1))
        elif found:
            found[-1].most += it.n
    return found
