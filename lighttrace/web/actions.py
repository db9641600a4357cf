"""What a form asks to do to issues: read from its fields, carried out, and said in words.

The field `do` says it: `resolve`, `reopen`, `acknowledge`, `unacknowledge`, `assign:me`,
`assign:none`, `assign:user:3`, `assign:team:2`, `archive` (until it escalates), `archive:forever`,
`archive:time:24h`, `archive:events:100`, `archive:events:100:60` (within so many minutes), the same
with `users`, and `archive:custom`, which takes the fields `what`, `n` and `minutes`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

from lighttrace.errors import RefusedError
from lighttrace.event.model import Json
from lighttrace.store import archiving, assignees, issues, triage
from lighttrace.store.activity import Undo
from lighttrace.store.archiving import FOREVER, UNTIL_ESCALATING, Archive
from lighttrace.store.database import Transaction
from lighttrace.store.sight import Sight
from lighttrace.store.states import State
from lighttrace.web import format, guards, said, state

HOURS = {"1h": 1, "4h": 4, "24h": 24, "7d": 7 * 24, "30d": 30 * 24}
# what the menus offer beside "until it escalates": (`do`, words)
OFFERED = (
    ("archive:forever", "for ever"),
    ("archive:time:24h", "for 24 hours"),
    ("archive:time:7d", "for a week"),
    ("archive:events:100", "until 100 more events"),
    ("archive:events:100:60", "until 100 events in an hour"),
    ("archive:users:10", "until 10 more users"),
)
STATES = {"resolve": State.RESOLVED, "reopen": State.UNRESOLVED, "archive": State.ARCHIVED}


@dataclass(frozen=True, slots=True)
class Action:
    """`to`: `me`, `none`, or what `assignees.find` reads. A time in `archive` is from now on."""

    verb: Literal["resolve", "reopen", "archive", "acknowledge", "unacknowledge", "assign"]
    archive: Archive = UNTIL_ESCALATING
    to: str = ""

    @property
    def moves(self) -> bool:
        """Whether the issue leaves the lists of its state."""
        return self.verb in STATES


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: a name of `said.WORDS`, and more about it for a message."""

    what: str
    undo: Undo | None
    more: str = ""

    def toast(self, request: Request) -> tuple[str, str]:
        """(what was done, address of the undo)."""
        if self.undo is None:
            return said.words(self.what, 0), ""
        text = said.words(self.what, self.undo.count) + (f" {self.more}" if self.more else "")
        return text, said.undo_url(request, self.undo.token)


def read(form: Mapping[str, object]) -> Action | None:
    """None if the form makes no sense."""
    verb, _, rest = str(form.get("do", ""))[:200].partition(":")
    match verb:
        case "resolve" | "reopen" | "acknowledge" | "unacknowledge" if not rest:
            return Action(verb)
        case "assign" if rest:
            return Action("assign", to=rest)
        case "archive":
            archive = _custom(form) if rest == "custom" else _archive(rest.split(":"))
            return None if archive is None else Action("archive", archive)
    return None


def _archive(parts: Sequence[str]) -> Archive | None:
    match parts:
        case [""] | ["escalating"]:
            return UNTIL_ESCALATING
        case ["forever"]:
            return FOREVER
        case ["time", length] if length in HOURS:
            return Archive("time", at=HOURS[length] * format.HOUR)
        case ["events" | "users" as kind, n]:
            return _counted(kind, _number(n), 0)
        case ["events" | "users" as kind, n, minutes]:
            return _counted(kind, _number(n), _number(minutes) or -1)
    return None


def _custom(form: Mapping[str, object]) -> Archive | None:
    """`minutes` may be left empty."""
    what, minutes = str(form.get("what", "")), str(form.get("minutes", "")).strip()
    if what not in ("events", "users"):
        return None
    within = (_number(minutes) or -1) if minutes else 0
    return _counted(what, _number(str(form.get("n", ""))), within)


def _counted(kind: str, n: int, minutes: int) -> Archive | None:
    most = archiving.MOST_N if minutes else archiving.MOST_COUNTED
    if not 0 < n <= most or not 0 <= minutes <= archiving.MOST_MINUTES:
        return None
    return Archive("events" if kind == "events" else "users", n=n, minutes=minutes)


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


async def perform(request: Request, action: Action, issue_ids: Sequence[int]) -> Done:
    """Do it to those of the issues that whoever asks sees."""
    services = state.of(request)
    return await services.store.write(
        carry_out,
        action,
        issue_ids,
        guards.sight(request),
        guards.person(request).id,
        services.clock.now_ms(),
    )


def carry_out(
    tx: Transaction,
    action: Action,
    issue_ids: Sequence[int],
    sight: Sight,
    user_id: int | None,
    now_ms: int,
) -> Done:
    seen = issues.visible(tx, issue_ids, sight)
    if action.verb in ("acknowledge", "unacknowledge"):
        on = action.verb == "acknowledge"
        undo = triage.acknowledge(tx, seen, user_id, now_ms, on=on)
        return Done(action.verb + "d" if undo else "same", undo)
    if action.verb == "assign":
        return _assign(tx, action.to, seen, user_id, now_ms)
    archive = action.archive
    if archive.kind == "time":
        archive = Archive("time", at=now_ms + archive.at)
    wanted = STATES[action.verb]
    undo = triage.set_state(tx, seen, wanted, user_id, now_ms, archive=archive)
    more = until(archiving.said(archive), now_ms) if action.verb == "archive" else ""
    return Done(triage.KINDS[wanted] if undo else "same", undo, more)


def _assign(
    tx: Transaction, to: str, seen: Sequence[int], user_id: int | None, now_ms: int
) -> Done:
    whom = None if to == "none" else assignees.find(tx, f"user:{user_id}" if to == "me" else to)
    if whom is None and to != "none":
        return Done("nobody", None)
    try:
        undo = triage.assign(tx, seen, whom, user_id, now_ms)
    except RefusedError:
        return Done("unseen", None)
    if whom is None:
        return Done("unassigned" if undo else "same", undo)
    return Done("assigned" if undo else "same", undo, f"to {whom.shown}")


def until(archive: Mapping[str, Json], now_ms: int) -> str:
    """`for ever`, `until 100 more events`, `until 5 users within 30 min`: a condition as activity
    keeps it.
    """
    n, minutes = int(archive.get("n") or 0), int(archive.get("minutes") or 0)
    match archive.get("kind"):
        case "time":
            left_ms = int(archive.get("at") or 0) - now_ms
            return f"for {format.span(left_ms)}" if left_ms > 0 else "until a time that has passed"
        case "events" | "users" as kind:
            things = format.plural(n, str(kind)[:-1])
            if minutes:
                return f"until {things} within {format.span(minutes * format.MINUTE)}"
            number, _, thing = things.partition(" ")
            return f"until {number} more {thing}"
        case "escalating":
            return "until it escalates"
    return "for ever"
