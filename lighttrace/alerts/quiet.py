"""Quiet hours: when somebody is left alone, and what may reach them all the same. Pure.

They begin and end by the clock on the wall of their zone, on the days they begin on. A night in
which clocks are put back is an hour longer, one in which they are put forward an hour shorter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from lighttrace.alerts import wall
from lighttrace.settings.alerts import Alerts
from lighttrace.settings.quiet_hours import EVERY_DAY as DAYS
from lighttrace.settings.quiet_hours import QuietHours

Level: TypeAlias = Literal["none", "spike", "escalating", "regression"]
# What goes out at each level; a level lets through what those before it do. Reports that have
# their own time of day are not held up by the night.
TIMED = frozenset({"weekly", "alive"})
_LADDER: tuple[tuple[Level, frozenset[str]], ...] = (
    ("none", TIMED),
    ("spike", frozenset({"spike", "spike_escalated"})),
    ("escalating", frozenset({"escalating"})),
    ("regression", frozenset({"regression"})),
)
LEVELS: tuple[Level, ...] = tuple(level for level, _ in _LADDER)
LONGEST_DAYS = 8  # between the end of quiet hours and the next ones, in days looked at


@dataclass(frozen=True, slots=True)
class Quiet:
    """`days`: on which they begin, Monday is 0. With `end` before `start` they last past midnight.
    `level`: the weakest kind of news that goes out within them.
    """

    days: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo
    level: Level = "escalating"

    def __str__(self) -> str:
        return f"{self.start:%H:%M} to {self.end:%H:%M}, {self.zone.key}"

    def lets_through(self, kind: str) -> bool:
        steps = _LADDER[: LEVELS.index(self.level) + 1]
        return any(kind in kinds for _, kinds in steps)


@dataclass(frozen=True, slots=True)
class Hours:
    """What the file says: `default` for everybody, but for the webhooks in `own`, which have hours
    of their own, or, with None, are always told.
    """

    default: Quiet | None = None
    own: Mapping[str, Quiet | None] = field(default_factory=dict)

    def of(self, target: str) -> Quiet | None:
        return self.own.get(target, self.default)

    def zone_of(self, target: str) -> str:
        """Where the clock hangs by which a target is told of times."""
        hours = self.own.get(target) or self.default
        return hours.zone.key if hours else "UTC"


def ends_at(quiet: Quiet, now: int) -> int | None:
    """When the quiet hours that it is now are over (ms); None if it is none."""
    return max((end for start, end in _spans(quiet, now) if start <= now < end), default=None)


def ended_at(quiet: Quiet, now: int) -> int:
    """When the last quiet hours were over (ms); 0 if there were none in the last week."""
    return max((end for _, end in _spans(quiet, now) if end <= now), default=0)


def _spans(quiet: Quiet, now: int) -> Iterator[tuple[int, int]]:
    """The quiet hours of the days around a moment, in ms."""
    for day in wall.days_around(now, quiet.zone, LONGEST_DAYS, 1):
        if day.weekday() in quiet.days:
            last = day if quiet.end > quiet.start else day + wall.DAY
            start = wall.moment(day, quiet.start, quiet.zone)
            end = wall.late_moment(last, quiet.end, quiet.zone)
            if start < end:  # nothing is left of them if both fall into a gap
                yield start, end


def of_file(alerts: Alerts) -> Hours:
    """What `[alerts]` says."""
    own = {
        hook.target: of_settings(hook.quiet_hours)
        for hook in alerts.webhooks
        if hook.always or hook.quiet_hours is not None
    }
    return Hours(of_settings(alerts.quiet_hours), own)


def of_settings(hours: QuietHours | None) -> Quiet | None:
    """What the file says."""
    if hours is None:
        return None
    days = frozenset(DAYS.index(day) for day in hours.days)
    return Quiet(days, hours.from_, hours.to, hours.zone, hours.level)


def of_options(options: Mapping[str, object]) -> Quiet | None:
    """What somebody chose on the page of their account, out of `user.options`. None: nothing, or
    nothing that can be understood, as after an update of the zones.
    """
    given = options.get("quiet")
    if not isinstance(given, Mapping):
        return None
    try:
        return Quiet(
            days=frozenset(DAYS.index(day) for day in given["days"]),
            start=time.fromisoformat(given["from"]),
            end=time.fromisoformat(given["to"]),
            zone=ZoneInfo(str(options.get("timezone") or "UTC")),
            level=given["level"] if given["level"] in LEVELS else "escalating",
        )
    except (KeyError, TypeError, ValueError, OSError):
        return None
