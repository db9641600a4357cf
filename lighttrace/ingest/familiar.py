"""Groups that were explained lately, so that it is not done again for every event.

Why an event is where it is, and the words it is found by, are kept with a group that is new.
Working them out takes 200 µs, three times as long as grouping. A group is familiar once the store
has kept an event of it, and for an hour: longer than it takes retention to forget one.
"""

from dataclasses import dataclass, field

GROUPS = 50_000  # then all are forgotten, which costs 200 µs each
LASTS_MS = 3_600_000

Group = tuple[int, int, bytes]  # project, grouping version, hash


@dataclass(slots=True)
class Familiar:
    _since: dict[Group, int] = field(default_factory=dict)

    def knows(self, group: Group, now_ms: int) -> bool:
        since = self._since.get(group)
        return since is not None and 0 <= now_ms - since < LASTS_MS

    def keep(self, group: Group, now_ms: int) -> None:
        """To be called after COMMIT; before it the group may not exist."""
        if group in self._since and self.knows(group, now_ms):
            return
        if len(self._since) >= GROUPS:
            self._since.clear()
        self._since[group] = now_ms
