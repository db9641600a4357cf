"""The gate every message passes: alone and at once, with others in a digest, or later. Storms,
quiet hours and the hourly cap are decided here, in the transaction that says what becomes of a row.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lighttrace.alerts import asides, quiet, storm, wall
from lighttrace.alerts.quiet import Hours, Quiet
from lighttrace.event.model import Json
from lighttrace.store import counters, lanes, outbox, users
from lighttrace.store.counters import Period
from lighttrace.store.database import Transaction
from lighttrace.store.lanes import Held
from lighttrace.store.users import User

TOP = 5  # issues named in a digest; the rest is a link away
MOST_MEMBERS = 500  # of a digest that are looked into, to find what they share
MOST_LOOKED_AT = 1_000  # held messages a transaction, if of several people: 30 ms of the writer


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody to be told. `hours`: in which they are left alone; `zone`: where their clock
    hangs.
    """

    name: str
    hours: Quiet | None
    zone: str
    person: User | None = None


def open_for_all(tx: Transaction, hours: Hours | None, host: str, now_ms: int) -> bool:
    """Let out what is held and may go now. Returns whether that was all: in a storm that many
    people hear of it takes several transactions. `hours`: of those who have chosen no quiet hours
    of their own; `host` goes into Message-IDs.
    """
    looked_at = 0
    outbox.bring_back(tx, now_ms)
    lanes.wake(tx, now_ms)
    for target in lanes.targets(tx):
        if lanes.waits(tx, target, storm.STRONG | storm.ASKED_FOR, now_ms):
            continue
        if looked_at >= MOST_LOOKED_AT:
            return False
        looked_at += _open_for(tx, _target(tx, target, hours or Hours()), host, now_ms)
    return True


def _open_for(tx: Transaction, to: Target, host: str, now_ms: int) -> int:
    """Returns how many held messages were looked at."""
    target, hours = to.name, to.hours
    lane = lanes.lane(tx, target)
    looked_at = 0
    while True:  # each turn but the last lets something out, and the cap ends it
        held = lanes.held(tx, target)
        looked_at += len(held)
        morning = quiet.ends_at(hours, now_ms) if hours else None
        if hours and morning is not None:
            waiting = [it for it in held if hours.lets_through(it.kind)]
            since = 0
        else:
            waiting, since = held, quiet.ended_at(hours, now_ms) if hours else 0
        sent, pending = lanes.sent(tx, target, now_ms), lanes.pending(tx, target)
        decision = storm.decide(lane, waiting, sent, pending, now_ms, since)
        lane = decision.lane
        if decision.form is None:
            again = (decision.until, morning, now_ms + lanes.LOOK_MS) if held else ()
            sooner = [at for at in again if at is not None]
            seen = held[-1].id if held else 0
            lanes.put(tx, target, lane, min(sooner, default=None), seen)
            return looked_at
        told = [it for it in waiting if it.id in set(decision.ids)]
        if decision.form == "last":
            until = min(sent, default=now_ms) + storm.HOUR_MS
            _gather(tx, to, "held", told, host, now_ms, {"until": until})
        elif decision.form == "alone" or _is_of_one(told):
            _release(tx, told, now_ms, more=len(held) - len(told))
        else:
            _gather(tx, to, "digest", told, host, now_ms, {"night": told[0].at < since})


def _is_of_one(told: Sequence[Held]) -> bool:
    """Whether all of it is about one issue: that is one message with all its reasons, and no
    digest.
    """
    return told[0].issue_id is not None and len({it.issue_id for it in told}) == 1


def _release(tx: Transaction, told: Sequence[Held], now_ms: int, more: int) -> None:
    """Let the strongest go out; it says the reasons of the others too."""
    first = storm.strongest(told)
    outbox.join(tx, first.id, [it.id for it in told if it.id != first.id], now_ms)
    outbox.release(tx, first.id, now_ms, more=more)


def _gather(
    tx: Transaction,
    to: Target,
    kind: str,
    told: Sequence[Held],
    host: str,
    now_ms: int,
    said: dict[str, Json],
) -> None:
    """One message for all of them. What it will say of each is looked up when it is sent."""
    kinds: dict[int, str] = {}  # of an issue the strongest
    for it in told:
        if it.issue_id is not None:
            kinds[it.issue_id] = max(
                kinds.get(it.issue_id, ""), it.kind, key=lambda kind: storm.STRENGTH.get(kind, 0)
            )
    members = list(kinds)[:MOST_MEMBERS]
    about_none = [it for it in told if it.issue_id is None]
    draft = outbox.Draft(
        dedupe=f"{kind}:{told[0].id}:{to.name}",
        kind=kind,
        target=to.name,
        issue_id=None,
        caused_at=told[0].at,
        payload={
            "count": len(told),
            "by_kind": Counter(kinds.values()) + Counter(it.kind for it in about_none),
            "issues": _loudest(tx, members, told[0].at, now_ms),
            "members": [(it, kinds[it]) for it in members],
            "from": told[0].at,
            "to": told[-1].at,
            "zone": to.zone,
            **asides.take(tx, to.name, to.person, wall.zone(to.zone), now_ms, members),
            **said,
        },
    )
    outbox.gather(tx, draft, [it.id for it in told], host, now_ms)


def _loudest(tx: Transaction, issue_ids: Sequence[int], since_ms: int, now_ms: int) -> list[int]:
    """The issues with the most events since the hour in which this began."""
    period = Period.last(max(now_ms - since_ms, 0), now_ms)
    counted = counters.events(tx, issue_ids, counters.scopes(tx, None), period)
    return sorted(issue_ids, key=lambda it: -counted.get(it, 0))[:TOP]


def _target(tx: Transaction, name: str, hours: Hours) -> Target:
    """Somebody's own choice stands before that of the file, "none" included."""
    person = users.by_email(tx, name)
    if person is None:
        return Target(name, hours.of(name), hours.zone_of(name))
    own = "quiet" in person.options
    return Target(
        name,
        quiet.of_options(person.options) if own else hours.of(name),
        str(person.options.get("timezone") or hours.zone_of(name)),
        person,
    )
