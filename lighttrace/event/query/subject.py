"""What a search can be asked of when there is no store: one event, its group, its issue."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from lighttrace.event.model import User

State: TypeAlias = Literal["unresolved", "resolved", "archived"]
Substate: TypeAlias = Literal["new", "ongoing", "regressed", "escalating"]

_CONFUSED = str.maketrans("OIL", "011")  # as short ids are read


@dataclass(frozen=True, slots=True)
class Group:
    """What the first event of a group said, for the whole group: as `group_text` keeps it."""

    title: str = ""
    value: str = ""
    frames: str = ""  # a line each of functions, files, modules, with tabs between names


@dataclass(frozen=True, slots=True)
class Who:
    """Whose an issue is. `name`: of a team its slug; `email`: of people only."""

    kind: Literal["user", "team"]
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """The numbers are of all environments, times in ms."""

    short_id: str = ""
    state: State = "unresolved"
    substate: Substate = "new"
    acknowledged: bool = False
    spiking: bool = False
    unhandled: bool = False
    assignee: Who | None = None
    owner: Who | None = None
    events: int = 1
    users: int = 0
    first_at: int = 0
    last_at: int = 0
    first_release: str | None = None
    last_release: str | None = None


@dataclass(frozen=True, eq=False)
class Subject:
    """One event with all there is to ask. What is dear to look up is looked up when it is asked
    for: `find_group`, `find_issue` and `find_latest` are called once at most.
    """

    at_ms: int  # when it was received, which is "now"
    project_id: int
    project: str  # its slug
    event_id: str = ""
    environment: str = ""
    level: str = "error"
    release: str | None = None
    platform: str | None = None
    category: str = "error"
    culprit: str = ""
    sdk: str | None = None
    trace: str | None = None
    user: User | None = None
    tag_pairs: tuple[tuple[str, str], ...] = ()
    shown: str = ""  # who met it, as lists say it
    own: tuple[str, str] | None = None  # title and value, where they are not the group's
    find_group: Callable[[], Group] = Group
    find_issue: Callable[[], Issue] = Issue
    find_latest: Callable[[], frozenset[str]] = field(default=frozenset)

    @cached_property
    def tags(self) -> Mapping[str, str]:
        return dict(self.tag_pairs)

    @cached_property
    def group(self) -> Group:
        return self.find_group()

    @cached_property
    def issue(self) -> Issue:
        return self.find_issue()

    @cached_property
    def latest(self) -> frozenset[str]:
        """The latest releases of the project, one of each package."""
        return self.find_latest()


def plain_short_id(text: str) -> str:
    """A short id as it is compared: in any case, O for 0, I and L for 1 behind the last dash."""
    prefix, dash, digits = text.strip().upper().rpartition("-")
    return f"{prefix}{dash}{re.sub('^0+(?=.)', '', digits.translate(_CONFUSED))}"
