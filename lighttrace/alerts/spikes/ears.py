"""What every event is asked: is it worth a look? A ring for each of the newest issues, one for each
project as a whole, and a list of those whose time has come. No clock: times come with the events.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable

from lighttrace.alerts.spikes.rings import Needs, Ring
from lighttrace.store.minutes import LastHour, Subject
from lighttrace.store.writes import Heard

MOST_RINGS = 2_000  # issues with events of late; 1.5 KB each, 29 KB with MOST_PEOPLE
PAUSE_S = 5  # between two looks at one issue, however many events come
LATER_S = 10  # that a project waits, so that an issue which explains it is found before
REST_S = 60  # of what is not to be heard of: archived, muted, or spiking already
NEVER = 1 << 40  # events, or a time in seconds


class Ears:
    """`due`: what is worth a look, by its key, and from when on (s). `least`: what is worth one in
    a project, as long as nothing better is known of an issue.
    """

    def __init__(self, least: Callable[[int], Needs]) -> None:
        self._least = least
        self.due: dict[int, int] = {}
        self._rings: OrderedDict[int, Ring] = OrderedDict()
        self._projects: dict[int, int] = {}  # of issues
        self._looked: dict[int, int] = {}  # when, of those that have to wait

    def hear(self, heard: Iterable[Heard]) -> None:
        for it in heard:
            at_s = it.at // 1000
            self._count(it.issue_id, it.project_id, at_s, it.person_id)
            self._count(-it.project_id, it.project_id, at_s, it.person_id)

    def _count(self, key: int, project_id: int, at_s: int, person_id: int | None) -> None:
        ring = self._rings.get(key)
        if ring is None:
            ring = self._new(key, project_id)
        else:
            self._rings.move_to_end(key)
        if ring.add(at_s, person_id):
            self._look(key, ring, at_s)

    def _look(self, key: int, ring: Ring, at_s: int) -> None:
        earliest = self._looked.get(key, 0) + PAUSE_S
        if at_s < earliest or self._is_open(key, ring, at_s):
            self.due[key] = max(at_s, earliest) + (0 if key > 0 else LATER_S)
            ring.left, ring.look_at = NEVER, NEVER  # until somebody has looked

    def _is_open(self, key: int, ring: Ring, now_s: int) -> bool:
        return ring.is_open(ring.windows(now_s), self._least(self._projects[key]), now_s)

    def _new(self, key: int, project_id: int) -> Ring:
        ring = self._rings[key] = Ring(crowds=key > 0)
        self._projects[key] = project_id
        if len(self._rings) > MOST_RINGS:
            self.drop(next(iter(self._rings)))
        return ring

    def fill(self, found: LastHour) -> None:
        """Remember what was heard before the program was started."""
        for project_id, issue_id, minute, n in found.counts:
            for key in (issue_id, -project_id):
                (self._rings.get(key) or self._new(key, project_id)).fill(minute * 60, n)

    def drop(self, key: int) -> None:
        """Forget an issue: its hashes are others now, or there are too many."""
        for of in (self._rings, self._projects, self._looked, self.due):
            of.pop(key, None)

    def ring(self, key: int, project_id: int) -> Ring:
        return self._rings.get(key) or self._new(key, project_id)

    def subject(self, key: int) -> Subject:
        """What a key stands for: an issue by its id, a project by its id below zero."""
        return Subject(self._projects[key], key if key > 0 else None)

    def take(self, now_s: int) -> int | None:
        """One whose look is due now; issues before projects, which they may explain."""
        key = max((key for key, at_s in self.due.items() if at_s <= now_s), default=None)
        if key is not None:
            del self.due[key]
        return key

    def looked(self, key: int, now_s: int, needs: Needs, needs_until: int) -> None:
        """A look came to nothing: what the next one needs."""
        ring = self._rings.get(key)
        if ring is not None:
            ring.needs, ring.needs_until = needs, needs_until
            self._is_open(key, ring, now_s)
            self._looked[key] = now_s

    def rest(self, key: int, now_s: int) -> None:
        """Nobody wants to hear of it for a while."""
        ring = self._rings.get(key)
        if ring is not None:
            ring.left, ring.look_at = NEVER, now_s + REST_S
