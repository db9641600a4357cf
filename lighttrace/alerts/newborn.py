"""New and loud: an issue of less than an hour that is not small news. Told a second time, since the
first message went out with its first event.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lighttrace.alerts.windows import MINUTE_MS, Events
from lighttrace.event.model import Json
from lighttrace.store import causes, lookback
from lighttrace.store.database import Transaction
from lighttrace.store.watching import Seen

YOUNG_MS = 60 * MINUTE_MS
LOUD_EVENTS, LOUD_MINUTES = 50, 5
LOUD_PEOPLE = 10
MOST = 2_000  # that are watched at once: the newest


@dataclass(slots=True)
class Newborn:
    born_at: int
    people: int = 0
    events: Events = field(default_factory=lambda: Events(LOUD_MINUTES))


class Nursery:
    def __init__(self) -> None:
        self._young: dict[int, Newborn] | None = None

    def look(
        self,
        tx: Transaction,
        seen: Sequence[Seen],
        newcomers: Mapping[tuple[int, int], int],
        now_ms: int,
    ) -> int:
        """Write a cause for each issue that has become loud; returns how many."""
        young = self._young
        if young is None:
            young = self._young = _recalled(tx, seen, newcomers, now_ms)
        last: dict[int, Seen] = {}
        loud: set[int] = set()
        for it in seen:
            if it.is_new:
                if len(young) >= MOST:
                    del young[oldest := next(iter(young))]
                    last.pop(oldest, None)
                young[it.issue_id] = Newborn(it.write.event.received_at)
            elif it.issue_id not in young:
                continue
            newborn, at_ms = young[it.issue_id], it.write.event.received_at
            if at_ms - newborn.born_at > YOUNG_MS:
                del young[it.issue_id]
                last.pop(it.issue_id, None)
                continue
            last[it.issue_id] = it
            newborn.events.move(at_ms)
            if newborn.events.add() >= LOUD_EVENTS:
                loud.add(it.issue_id)
        made = 0
        for issue_id, it in last.items():
            newborn = young[issue_id]
            newborn.people += newcomers.get((issue_id, 0), 0)
            if issue_id in loud or newborn.people >= LOUD_PEOPLE:
                del young[issue_id]
                made += _note(tx, it, newborn, is_loud=issue_id in loud)
        return made


def _recalled(
    tx: Transaction, seen: Sequence[Seen], newcomers: Mapping[tuple[int, int], int], now_ms: int
) -> dict[int, Newborn]:
    """Those that were young before this process began, with what they had before this batch."""
    just_made = {it.issue_id for it in seen if it.is_new}
    young: dict[int, Newborn] = {}
    for issue_id, born_at in lookback.newborn(tx, now_ms - YOUNG_MS, MOST):
        if issue_id in just_made or lookback.has_been(tx, "loud", issue_id):
            continue
        newborn = young[issue_id] = Newborn(born_at)
        newborn.people = lookback.people(tx, issue_id) - newcomers.get((issue_id, 0), 0)
        own = sum(it.issue_id == issue_id for it in seen)
        since_ms = now_ms - LOUD_MINUTES * MINUTE_MS
        for minute, n in lookback.minutes(tx, issue_id, since_ms, now_ms):
            newborn.events.move(minute * MINUTE_MS)
            newborn.events.add(n)
        if newborn.events.n and own:
            newborn.events.add(-own)
    return young


def _note(tx: Transaction, it: Seen, newborn: Newborn, *, is_loud: bool) -> bool:
    said: dict[str, Json] = {"of": "users", "n": newborn.people}
    if is_loud:
        said = {"of": "events", "n": newborn.events.n, "minutes": LOUD_MINUTES}
    return causes.note(
        tx,
        "loud",
        it.write.event.received_at,
        issue_id=it.issue_id,
        event_row=it.row,
        said=said,
        dedupe=f"loud:{it.issue_id}",
    )
