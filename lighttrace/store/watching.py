"""Somebody looks at each event as it is stored, and writes causes: rules that count. Who that is,
the store is told by `app.py`; it knows no rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lighttrace.store.database import Transaction
from lighttrace.store.groups import Group, event_title
from lighttrace.store.writes import EventWrite


@dataclass(frozen=True, slots=True)
class Seen:
    """An event that is stored and counted in this transaction."""

    write: EventWrite
    row: int
    issue_id: int
    group: Group
    person_id: int | None
    is_new: bool  # it made its issue

    @property
    def says_more(self) -> bool:
        """Whether its words are not those of its group."""
        return event_title(self.write.titles, self.group) is not None


class Watch(Protocol):
    """Called in the writer's thread."""

    def look(
        self,
        tx: Transaction,
        seen: Sequence[Seen],
        newcomers: Mapping[tuple[int, int], int],
        now_ms: int,
    ) -> int:
        """Write the causes that a batch makes; returns how many. `newcomers`: (issue, 0) → people
        who had not met it before.
        """
        ...

    def forget(self) -> None:
        """What was seen last has not been stored: the tables are the truth."""
        ...
