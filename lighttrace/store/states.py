"""The small numbers the tables hold, by name. Pages, the API and the writer agree here on what they
mean.
"""

from enum import IntEnum, IntFlag

from lighttrace.event.model import LEVELS


class State(IntEnum):
    """What people decided about an issue."""

    UNRESOLVED = 0
    RESOLVED = 1
    ARCHIVED = 2


class Substate(IntEnum):
    """What happened to an unresolved issue of late."""

    NEW = 0
    ONGOING = 1
    REGRESSED = 2
    ESCALATING = 3


class EventFlag(IntFlag):
    """Bits of `event.flags`."""

    UNHANDLED = 1


LEVEL_NUMBERS = {name: index * 10 + 10 for index, name in enumerate(LEVELS)}  # debug 10 … fatal 50
LEVEL_NAMES = {number: name for name, number in LEVEL_NUMBERS.items()}
ERROR = LEVEL_NUMBERS["error"]


def level_number(name: str) -> int:
    """The stored form of a level; what no SDK should send counts as an error."""
    return LEVEL_NUMBERS.get(name, ERROR)


def level_name(number: int) -> str:
    return LEVEL_NAMES.get(number, "error")
