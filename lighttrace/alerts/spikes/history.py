"""What the rule looks at: counts, people and times, and nothing else. Times are whole minutes since
1970 by the time of receipt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lighttrace.alerts.spikes.series import Ceiling, Series

WINDOWS = (1, 5, 15, 60)  # minutes that end now, the smallest first
HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60
KNOWN_DAYS = 14

Counted: TypeAlias = Literal["events", "people"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a window holds. `events`: at most three of each person. `people`: how many of them."""

    events: int
    people: int = 0

    def of(self, counted: Counted) -> int:
        return self.events if counted == "events" else self.people


@dataclass(frozen=True, slots=True)
class History:
    """An issue, or a project as a whole.

    `windows`: what those that end now hold, by their width. `events`, `people`: counts by minute,
    at most three events of a person in each; `people` is empty where nobody tells them apart.
    `first_min`: of its first event. `free_from`: no window may reach back before, as a spike ended
    then. `ceilings`: earlier spikes, which later baselines must not take for usual.
    """

    windows: Mapping[int, Seen]
    events: Series
    people: Series
    first_min: int
    free_from: int = 0
    ceilings: tuple[Ceiling, ...] = ()

    def usual(self, counted: Counted) -> Series:
        """Counts by minute without what earlier spikes added."""
        found = self.raw(counted)
        for it in self.ceilings:
            found = found.under(it.start, it.end, it.events if counted == "events" else it.people)
        return found

    def raw(self, counted: Counted) -> Series:
        return self.events if counted == "events" else self.people
