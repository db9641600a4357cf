"""An issue whose life is played, event by event: counted as the database counts it, remembered by a
ring, judged when the ring is open, told of as the state machine says. Time is given.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lighttrace.alerts.spikes import judge
from lighttrace.alerts.spikes.episode import PEAK_WIDTH, Change, Episode, Said, step
from lighttrace.alerts.spikes.history import DAY, History
from lighttrace.alerts.spikes.judge import Sensitivity, Verdict
from lighttrace.alerts.spikes.rings import CAP, Ring
from lighttrace.alerts.spikes.series import Ceiling, Series
from lighttrace.alerts.spikes.stir import last_hour

MONDAY = 20_598 * DAY  # a Monday, midnight, as minutes since 1970
LOOK_S, NEEDS_S = 5, 300
KEPT = 15 * DAY


@dataclass(frozen=True)
class Told:
    """What somebody heard: `at` in seconds since Monday, midnight."""

    at: float
    what: str
    reason: str = ""


@dataclass
class Minutes:
    """Counts by minute, as a Series that grows."""

    minutes: list[int] = field(default_factory=list)
    sums: list[float] = field(default_factory=lambda: [0.0])

    def add(self, minute: int, n: int) -> None:
        if self.minutes and self.minutes[-1] == minute:
            self.sums[-1] += n
        else:
            self.minutes.append(minute)
            self.sums.append(self.sums[-1] + n)

    def series(self) -> Series:
        return Series(self.minutes, self.sums)


class Street:
    """`hear` events in the order of time; `told` is what came of them."""

    def __init__(self, sensitivity: Sensitivity = "default") -> None:
        self.told: list[Told] = []
        self.verdicts: list[Verdict] = []
        self.looks = 0
        self._sensitivity = sensitivity
        self._events, self._people = Minutes(), Minutes()
        self._of_minute: dict[int, int] = defaultdict(int)  # person → events in this minute
        self._minute = self._first = -1
        self._ring = Ring()
        self._looked_s = -LOOK_S
        self._pending = False
        self._episode: Episode | None = None
        self._ceilings: list[Ceiling] = []
        self._free_from = 0
        self._said = Said()
        self._quiet_until_s = 0

    def hear(self, at: float, person: int | None = None) -> None:
        """An event, `at` seconds after Monday, midnight."""
        at_s = int(at) + MONDAY * 60
        self.pass_to(at)
        minute = at_s // 60
        if self._first < 0:
            self._first = minute
        times = self._of_minute[person] if person is not None else 0
        if person is not None:
            self._of_minute[person] += 1
            self._people.add(minute, times == 0)
        self._events.add(minute, times < CAP)
        if self._ring.add(at_s, person):
            self._pending = True
        self._look(at_s)

    def past(self, minute: int, n: int) -> None:
        """`n` events in a minute after Monday, midnight, that nobody was listening to."""
        if self._first < 0:
            self._first = MONDAY + minute
        self._events.add(MONDAY + minute, n)

    def pass_to(self, at: float) -> None:
        """Let time pass. Looks that had to wait are had, and a spike that is on goes on."""
        at_s = int(at) + MONDAY * 60
        self._look(min(at_s, self._looked_s + LOOK_S))
        minute = at_s // 60
        while self._minute < minute:
            self._minute = minute if self._episode is None else self._minute + 1
            self._of_minute.clear()
            if self._episode is not None:
                self._go_on(self._minute * 60)

    def restart(self, at: float) -> None:
        """The tracker is started anew: what it remembers is what was stored."""
        self.pass_to(at)
        self._quiet_until_s = int(at) + MONDAY * 60 + 300
        self._ring.needs, self._ring.left = None, 1

    def _look(self, at_s: int) -> None:
        if not self._pending or self._episode is not None or at_s < self._looked_s + LOOK_S:
            return
        if at_s < self._quiet_until_s:
            return
        self._pending = False
        windows = self._ring.windows(at_s)
        least = {kind: judge.fewest(self._sensitivity, kind, young=False) for kind in judge.LEAST}
        if not self._ring.is_open(windows, least, at_s):
            return
        self._looked_s = at_s
        self.looks += 1
        now, history = at_s // 60, self.history(at_s)
        verdict, self._ring.needs = judge.look(history, now, self._sensitivity)
        self._ring.needs_until = at_s + NEEDS_S
        if verdict is None:
            return
        self.verdicts.append(verdict)
        self._ceilings.append(judge.ceiling(history, now, verdict))
        self._episode = Episode(now, verdict.counted, verdict.rate)
        self._minute = now
        if self._may_say(now):
            self._say("spike", at_s)
            peak = history.windows[PEAK_WIDTH].of(verdict.counted)
            self._episode = replace(self._episode, told=now, peak=peak)

    def _go_on(self, at_s: int) -> None:
        assert self._episode is not None
        now, history = at_s // 60, self.history(at_s)
        self._may_say(now)
        self._episode, change = step(self._episode, history, self._said, now)
        if change is None:
            return
        self._say(change, at_s)
        if change in ("spike", "spike_escalated"):
            return
        self._episode, self._free_from = None, now
        last = self._ceilings.pop()
        if change == "spike_over":
            self._ceilings.append(Ceiling(last.start, now, last.events, last.people))

    def _may_say(self, now: int) -> bool:
        if self._said.last is not None and self._said.last // DAY != now // DAY:
            self._said = replace(self._said, today=0)
        return self._said.may(now)

    def _say(self, change: Change, at_s: int) -> None:
        self.told.append(Told(at_s - MONDAY * 60, change, self.verdicts[-1].reason))
        if change in ("spike", "spike_escalated"):
            self._said = Said(at_s // 60, self._said.today + 1)

    def history(self, at_s: int) -> History:
        return History(
            windows=self._ring.windows(at_s),
            events=self._events.series(),
            people=self._people.series(),
            first_min=self._first,
            free_from=self._free_from,
            ceilings=tuple(it for it in self._ceilings if it.end > at_s // 60 - KEPT),
        )

    def stirs(self, at: float) -> str:
        """What a digest would say of it at a moment; nothing if it does not stir."""
        now = MONDAY + int(at) // 60
        history = last_hour(self.history(now * 60), now)
        verdict = judge.stirs(history, now, self._sensitivity)
        return verdict.reason if verdict else ""

    def alerts(self) -> list[Told]:
        """Messages; what is only noted in the activity is none."""
        return [it for it in self.told if it.what in ("spike", "spike_escalated")]


def every(step_s: float, start: float, end: float) -> Iterable[float]:
    """Times from `start` on, before `end`, at even distances."""
    number = 0
    while start + number * step_s < end:
        yield start + number * step_s
        number += 1
