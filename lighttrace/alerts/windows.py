"""How many events or people there were in the last minutes. Arithmetic over times that are given.

A window moves in twentieths of its length, so it is never longer than it says and at most 5 %
shorter: whoever waits for 50 events in 5 minutes is not told of fewer.
"""

from collections import OrderedDict, deque

STEPS = 20
MINUTE_MS = 60_000


class Events:
    """Events in the last `minutes`. Times must not go back; those that do count as the latest."""

    __slots__ = ("_newest", "_steps", "_width_ms", "n")

    def __init__(self, minutes: int) -> None:
        self._width_ms = minutes * MINUTE_MS // STEPS
        self._steps: deque[list[int]] = deque()  # [step, events]
        self._newest = -1
        self.n = 0

    def move(self, at_ms: int) -> int:
        """How many there are at a moment, before what happens then."""
        step = at_ms // self._width_ms
        if step > self._newest:
            self._newest = step
            steps, first = self._steps, step - STEPS
            while steps and steps[0][0] <= first:
                self.n -= steps.popleft()[1]
        return self.n

    def add(self, n: int = 1) -> int:
        """Something happened at the moment last moved to."""
        steps = self._steps
        if steps and steps[-1][0] == self._newest:
            steps[-1][1] += n
        else:
            steps.append([self._newest, n])
        self.n += n
        return self.n


class People:
    """People in the last `minutes`, 0 for ever. Of more than `most`, the latest are kept: those
    that go earlier would go out of the window earlier too, so the number is right up to it.
    """

    __slots__ = ("_last", "_most", "_newest", "_width_ms")

    def __init__(self, minutes: int, most: int) -> None:
        self._width_ms = minutes * MINUTE_MS // STEPS
        self._last: OrderedDict[int, int] = OrderedDict()  # person → step
        self._most = most
        self._newest = -1

    @property
    def n(self) -> int:
        return len(self._last)

    def move(self, at_ms: int) -> int:
        if not self._width_ms:
            return len(self._last)
        step = at_ms // self._width_ms
        if step > self._newest:
            self._newest, first = step, step - STEPS
            while self._last:
                person, last = next(iter(self._last.items()))
                if last > first:
                    break
                del self._last[person]
        return len(self._last)

    def add(self, person_id: int) -> int:
        self._last[person_id] = self._newest
        self._last.move_to_end(person_id)
        if len(self._last) > self._most:
            self._last.popitem(last=False)
        return len(self._last)


class Gate:
    """Opens once when a number is reached, and can open again when it has fallen below half."""

    __slots__ = ("_n", "_open_from_ms", "armed")

    def __init__(self, n: int) -> None:
        self._n = n
        self._open_from_ms = 0
        self.armed = True

    def passes(self, before: int, after: int, at_ms: int) -> bool:
        """Whether it opens now. `before`: the number the moment before."""
        if not self.armed:
            self.armed = 2 * before < self._n
        return self.armed and after >= self._n and at_ms >= self._open_from_ms

    def shut(self) -> None:
        """It was passed."""
        self.armed = False

    def wait(self, until_ms: int) -> None:
        """Not yet: something else does not hold, which is dear to ask."""
        self._open_from_ms = until_ms
