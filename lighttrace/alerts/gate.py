"""The gate every message passes: alone and at once, with others in a digest, or later. Storms,
quiet hours and the hourly cap are decided here, in the transaction that says what becomes of a row.
"""

from collections import Counter
from collections.abc import Sequence

from lighttrace.alerts import quiet, storm
from lighttrace.alerts.quiet import Hours, Quiet
from lighttrace.store import counters, lanes, outbox, users
from lighttrace.store.counters import Period
from lighttrace.store.database import Transaction
from lighttrace.store.lanes import Held

TOP = 5  # issues named in a digest; the rest is a link away
MOST_MEMBERS = 500  # of a digest that are looked into, to find what they share


def open_for_all(tx: Transaction, hours: Hours | None, host: str, now_ms: int) -> None:
    """Let out what is held and may go now. `hours`: of those who have chosen no quiet hours of
    their own; `host` goes into Message-IDs.
    """
    outbox.bring_back(tx, now_ms)
    lanes.wake(tx, now_ms)
    for target in lanes.targets(tx):
        if lanes.waits(tx, target, storm.STRONG | storm.ASKED_FOR, now_ms):
            continue
        _open_for(tx, target, _hours_of(tx, target, hours), host, now_ms)


def _open_for(tx: Transaction, target: str, hours: Quiet | None, host: str, now_ms: int) -> None:
    lane = lanes.lane(tx, target)
    while True:  # each turn but the last lets something out, and the cap ends it
        held = lanes.held(tx, target)
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
            return
        told = [it for it in waiting if it.id in set(decision.ids)]
        if decision.form == "alone":
            outbox.release(tx, told[0].id, now_ms, more=len(held) - 1)
        else:
            kind = "held" if decision.form == "last" else "digest"
            _gather(tx, target, kind, told, host, now_ms, night=told[0].at < since)


def _gather(
    tx: Transaction,
    target: str,
    kind: str,
    told: Sequence[Held],
    host: str,
    now_ms: int,
    *,
    night: bool,
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
        dedupe=f"{kind}:{told[0].id}:{target}",
        kind=kind,
        target=target,
        issue_id=None,
        caused_at=told[0].at,
        payload={
            "count": len(told),
            "by_kind": Counter(kinds.values()) + Counter(it.kind for it in about_none),
            "issues": _loudest(tx, members, told[0].at, now_ms),
            "members": [(it, kinds[it]) for it in members],
            "from": told[0].at,
            "to": told[-1].at,
            "night": night,
        },
    )
    outbox.gather(tx, draft, [it.id for it in told], host, now_ms)


def _loudest(tx: Transaction, issue_ids: Sequence[int], since_ms: int, now_ms: int) -> list[int]:
    """The issues with the most events since the hour in which this began."""
    period = Period.last(max(now_ms - since_ms, 0), now_ms)
    counted = counters.events(tx, issue_ids, counters.scopes(tx, None), period)
    return sorted(issue_ids, key=lambda it: -counted.get(it, 0))[:TOP]


def _hours_of(tx: Transaction, target: str, hours: Hours | None) -> Quiet | None:
    """Somebody's own choice stands before that of the file, "none" included."""
    person = users.by_email(tx, target)
    if person is None or "quiet" not in person.options:
        return hours.of(target) if hours else None
    return quiet.of_options(person.options)
