"""The last hour of an issue: how many events, of how many people, at most three of each; and from
which count on it is worth a look.

Times are seconds, given with each event. Bounded: `TICKS` numbers and `MOST_PEOPLE` people each.
"""

from array import array
from collections.abc import Mapping

from lighttrace.alerts.spikes.history import HOUR, WINDOWS, Counted, Seen

TICK_S = 5
TICKS = HOUR * 60 // TICK_S + 1  # the one that is running, and an hour
MOST_PEOPLE = 200
CAP = 3  # events of one person that count in a window
FULL = 0xFFFF  # of an array("H")
STALE_S = 60  # a look at least with the first event after so long: what is usual changes too

Needs = Mapping[Counted, Mapping[int, int]]  # by width: fewer are nothing to look at


class Ring:
    """`left`: that many events more, or the first at `look_at` (s), are worth a look. `crowds`:
    whether people are counted, besides that none of them counts more than three times.
    """

    __slots__ = (
        *("_crowds", "_free", "_met", "_newest", "_slots", "_ticks"),
        *("left", "look_at", "needs", "needs_until"),
    )

    def __init__(self, *, crowds: bool = True) -> None:
        self._crowds = crowds
        self._ticks = array("H", bytes(2 * TICKS))  # events of nobody, and of those let go
        self._newest = 0
        self._slots: dict[int, int] = {}  # of each person, who was last met last
        self._met = array("I")  # by slot, the newest CAP ticks, the last of them last; 0 is none
        self._free: list[int] = []  # slots
        self.left = 1
        self.look_at = 0
        self.needs: Needs | None = None  # None: as little as the rule looks at
        self.needs_until = 0

    def add(self, at_s: int, person_id: int | None) -> bool:
        """Count an event. Whether it is time to look."""
        tick = at_s // TICK_S
        if person_id is None:
            self._count(tick)
        else:
            slot = self._slots.pop(person_id, None)
            if slot is None:
                slot = self._new_slot()
            self._slots[person_id] = slot
            last, met = CAP * slot + CAP - 1, self._met
            met[last - 2], met[last - 1], met[last] = met[last - 1], met[last], tick
        self.left -= 1
        return self.left <= 0 or at_s >= self.look_at

    def _new_slot(self) -> int:
        if self._free:
            return self._free.pop()
        if len(self._slots) < MOST_PEOPLE:
            self._met.extend((0,) * CAP)
            return len(self._met) // CAP - 1
        # Those beyond go on counting, but as nobody, so that only crowds count twice.
        return self._let_go(next(iter(self._slots)), counted=True)

    def _let_go(self, person_id: int, *, counted: bool) -> int:
        """Forget a person; returns the slot, which is empty."""
        slot = self._slots.pop(person_id)
        for at in range(CAP * slot, CAP * slot + CAP):
            if counted and self._met[at]:
                self._count(self._met[at])
            self._met[at] = 0
        return slot

    def fill(self, at_s: int, n: int) -> None:
        """Count events of which nobody knows any more whose they were."""
        self._count(at_s // TICK_S, n)

    def _count(self, tick: int, n: int = 1) -> None:
        self._turn(tick)
        if tick > self._newest - TICKS:
            place = tick % TICKS
            self._ticks[place] = min(FULL, self._ticks[place] + n)

    def _turn(self, tick: int) -> None:
        """Make room up to `tick`."""
        for gone in range(max(self._newest + 1, tick - TICKS + 1), tick + 1):
            self._ticks[gone % TICKS] = 0
        self._newest = max(self._newest, tick)

    def windows(self, now_s: int) -> dict[int, Seen]:
        """What the windows that end now hold; each begins with the tick it began in."""
        now = now_s // TICK_S
        self._turn(now)
        self._forget(now - TICKS)
        starts = [now - width * 60 // TICK_S for width in WINDOWS]
        latest = self._met[CAP - 1 :: CAP]
        return {
            width: Seen(
                self._since(start) + sum([tick >= start for tick in self._met]),
                sum([tick >= start for tick in latest]) if self._crowds else 0,
            )
            for width, start in zip(WINDOWS, starts, strict=True)
        }

    def _since(self, start: int) -> int:
        first, last = start % TICKS, self._newest % TICKS
        if first <= last:
            return sum(self._ticks[first : last + 1])
        return sum(self._ticks[first:]) + sum(self._ticks[: last + 1])

    def _forget(self, tick: int) -> None:
        """Let people go who were last met in that tick or before."""
        while self._slots:
            person_id, slot = next(iter(self._slots.items()))
            if self._met[CAP * slot + CAP - 1] > tick:
                return
            self._free.append(self._let_go(person_id, counted=False))

    def is_open(self, windows: Mapping[int, Seen], least: Needs, now_s: int) -> bool:
        """Whether any window holds what it needs. If not, the next look is put off until one may.

        `least` counts where nothing better is known of this ring.
        """
        if self.needs is None or now_s >= self.needs_until:
            self.needs = None
        missing = min(
            need - windows[width].of(counted)
            for counted, by_width in (self.needs or least).items()
            for width, need in by_width.items()
        )
        self.left, self.look_at = max(1, missing), now_s + STALE_S
        return missing <= 0
