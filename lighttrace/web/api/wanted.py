"""What a PUT asks to become of issues: Sentry's JSON as changes of ours. Pure.

What is not understood is refused, never ignored: the sender would take it for done.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from lighttrace.event.model import Json
from lighttrace.store.archiving import (
    FOREVER,
    MOST_COUNTED,
    MOST_MINUTES,
    MOST_N,
    UNTIL_ESCALATING,
    Archive,
)
from lighttrace.store.states import State
from lighttrace.web.api import queries
from lighttrace.web.api.answers import Refused, moment_ms

MINUTE_MS = 60_000
MOST_DURATION_MIN = 10 * 365 * 24 * 60
SUBSTATUSES = {
    State.UNRESOLVED: ("ongoing",),
    State.RESOLVED: (),
    State.ARCHIVED: (
        "archived_forever",
        "archived_until_escalating",
        "archived_until_condition_met",
    ),
}
# of `statusDetails`, and of the body itself, where older clients put them
DETAILS = (
    "ignoreCount", "ignoreWindow", "ignoreUserCount", "ignoreUserWindow", "ignoreDuration",
    "ignoreUntil", "untilEscalating",
)  # fmt: skip
WITH_RELEASES = ("inNextRelease", "inRelease", "inCommit", "inFutureRelease", "inUpcomingRelease")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`state` None: it stays. `assign`: None leaves it, "" gives it to nobody, else whom
    `assignees.find` reads. `seen`: whoever asks has looked at it.
    """

    state: State | None = None
    archive: Archive = FOREVER
    assign: str | None = None
    seen: bool = False


def read(body: bytes, now_ms: int) -> Wanted:
    """Raises Refused with what it asks for that cannot be done."""
    try:
        change = msgspec.json.decode(body, type=dict[str, Json])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, 'Send a JSON object, such as {"status": "resolved"}.') from error
    known = {"status", "substatus", "statusDetails", "assignedTo", "hasSeen", *DETAILS}
    for name, value in change.items():
        if value and name not in known:
            raise Refused(
                400,
                f"{name[:50]} cannot be changed; status, statusDetails, assignedTo, hasSeen can.",
            )
    state = _state(change)
    assign = _assign(change["assignedTo"]) if "assignedTo" in change else None
    seen = bool(change.get("hasSeen"))
    if state is None and assign is None and not seen:
        raise Refused(400, f"status must be one of {', '.join(queries.STATES)}.")
    return Wanted(state, _archive(change, state, now_ms), assign, seen)


def _state(change: Mapping[str, Json]) -> State | None:
    status, substatus = change.get("status"), change.get("substatus")
    if status is None:
        if substatus:
            raise Refused(400, "substatus goes with a status.")
        return None
    if type(status) is not str or status not in queries.STATES:
        raise Refused(400, f"status must be one of {', '.join(queries.STATES)}.")
    wanted = queries.STATES[status]
    if substatus and substatus not in SUBSTATUSES[wanted]:
        raise Refused(400, "That substatus cannot be chosen.")
    return wanted


def _assign(value: Json) -> str:
    """`user:3`, a mail address, `team:2`, `#slug`; "" or null for nobody."""
    if value is None:
        return ""
    if type(value) is int:
        return f"user:{value}"
    if type(value) is not str:
        raise Refused(400, "assignedTo must be user:ID, a mail address, team:ID or #slug.")
    return value.strip()


def _archive(change: Mapping[str, Json], state: State | None, now_ms: int) -> Archive:
    details = change.get("statusDetails") or {}
    if not isinstance(details, dict):
        raise Refused(400, "statusDetails must be an object.")
    given = {**{name: change.get(name) for name in DETAILS}, **details}
    given = {name: value for name, value in given.items() if value}
    for name in given:
        if name in WITH_RELEASES:
            raise Refused(
                400, f"statusDetails.{name} is not understood yet: an issue stays resolved until "
                "it fails again."
            )  # fmt: skip
        if name not in DETAILS:
            raise Refused(400, f"statusDetails.{name[:50]} is not understood.")
    if state is not State.ARCHIVED:
        if given:
            raise Refused(400, f"{min(given)} goes with the status ignored.")
        return FOREVER
    return _condition(given, change.get("substatus"), now_ms)


def _condition(given: Mapping[str, Json], substatus: Json, now_ms: int) -> Archive:
    names = given.keys() - {"ignoreWindow", "ignoreUserWindow"}
    if len(names) > 1:
        raise Refused(400, f"One condition at a time: {', '.join(sorted(names))}.")
    if substatus == "archived_until_escalating" or "untilEscalating" in given:
        return UNTIL_ESCALATING
    if "ignoreCount" in given:
        return _counted("events", given, "ignoreCount", "ignoreWindow")
    if "ignoreUserCount" in given:
        return _counted("users", given, "ignoreUserCount", "ignoreUserWindow")
    if "ignoreDuration" in given:
        minutes = _number(given, "ignoreDuration", MOST_DURATION_MIN)
        return Archive("time", at=now_ms + minutes * MINUTE_MS)
    if "ignoreUntil" in given:
        at = moment_ms(str(given["ignoreUntil"]))
        if at is None:
            raise Refused(400, "ignoreUntil must be a time such as 2026-12-24T18:00:00Z.")
        return Archive("time", at=at)
    if given or substatus == "archived_until_condition_met":
        raise Refused(400, "The condition is missing: ignoreCount, ignoreUserCount, ignoreUntil.")
    return FOREVER


def _counted(kind: str, given: Mapping[str, Json], count: str, window: str) -> Archive:
    minutes = _number(given, window, MOST_MINUTES) if window in given else 0
    n = _number(given, count, MOST_N if minutes else MOST_COUNTED)
    return Archive("events" if kind == "events" else "users", n=n, minutes=minutes)


def _number(given: Mapping[str, Json], name: str, most: int) -> int:
    value = given[name]
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if type(value) is not int or not 0 < value <= most:
        raise Refused(400, f"{name} must be a whole number from 1 to {most:,}.")
    return value
