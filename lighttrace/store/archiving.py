"""Archived issues: on what condition one is put away, and whether an event has met it.

Conditions are looked at with each event of an archived issue, in its transaction; a time therefore
fires with the next event after it: an issue that stopped happening need not come back. Figures of
"until it escalates": docs/triage.md, "Archiving".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import msgspec

from lighttrace.event.model import Json
from lighttrace.store import counters, events
from lighttrace.store.counters import DAY_MS, HOUR_MS, HOURS, MINUTE_MS, Period
from lighttrace.store.database import Reader, Transaction

Kind: TypeAlias = Literal["forever", "time", "events", "users", "escalating"]
MOST_N = 10_000  # events of a rate; it is found by going back that many
MOST_COUNTED = 100_000_000
MOST_MINUTES = 7 * 24 * 60
WEEK_HOURS = 7 * HOURS
RATIO = 5.0  # times the usual hour
DAY_RATIO = 2.0  # times the worst day of the week before
LEAST = 10  # events below which nothing escalates, however quiet it was


@dataclass(frozen=True, slots=True)
class Archive:
    """What ends it. `at`: a time in ms. `n` events or users, `minutes`: within so many; 0: since
    it was archived, when there were `counted`. `usual`, `worst`: events of its usual hour and of
    the worst day of the week before.
    """

    kind: Kind
    at: int = 0
    n: int = 0
    minutes: int = 0
    counted: int = 0
    usual: float = 0.0
    worst: int = 0


FOREVER = Archive("forever")
UNTIL_ESCALATING = Archive("escalating")
_DECODER = msgspec.json.Decoder(Archive)


def encode(archive: Archive) -> str | None:
    """As `issue.archive` keeps it; None means for ever."""
    return None if archive.kind == "forever" else msgspec.json.encode(archive).decode()


def decode(text: str | None) -> Archive:
    return FOREVER if text is None else _DECODER.decode(text)


def said(archive: Archive) -> dict[str, Json]:
    """The condition as activity keeps it, without what it is measured against."""
    shown = {"at": archive.at, "n": archive.n, "minutes": archive.minutes}
    return {"kind": archive.kind, **{name: value for name, value in shown.items() if value}}


NUMBERS = "select n, people, first_at from issue_env where env_id = 0 and issue_id = ?"


def begun(tx: Transaction, archive: Archive, issue_id: int, now_ms: int) -> Archive:
    """The condition with what it will be measured against."""
    row = tx.execute(NUMBERS, (issue_id,)).fetchone()
    if row is None:
        return archive
    n, people, first_at = row
    match archive.kind:
        case "events" | "users" if not archive.minutes:
            return replace(archive, counted=n if archive.kind == "events" else people)
        case "escalating":
            usual, worst = _week_before(tx, issue_id, first_at, now_ms)
            return replace(archive, usual=usual, worst=worst)
    return archive


def _week_before(tx: Transaction, issue_id: int, first_at: int, now_ms: int) -> tuple[float, int]:
    """Events of the usual hour and of the worst day."""
    period = Period(now_ms // HOUR_MS + 1 - WEEK_HOURS, now_ms // HOUR_MS + 1)
    units = counters.units(tx, [issue_id], counters.scopes(tx, None), period).get(issue_id, [])
    by_day: dict[int, int] = {}
    for minute, _, n in units:
        day = minute * MINUTE_MS // DAY_MS
        by_day[day] = by_day.get(day, 0) + n
    lived = max(HOURS, min(WEEK_HOURS, (now_ms - first_at) // HOUR_MS))
    return sum(by_day.values()) / lived, max(by_day.values(), default=0)


def met(
    tx: Transaction, archived: Iterable[tuple[int, Archive]], now_ms: int
) -> list[tuple[int, Archive]]:
    """Those of the archived issues whose condition is met, now that their events are counted."""
    return [(issue_id, it) for issue_id, it in archived if _is_met(tx, issue_id, it, now_ms)]


def _is_met(tx: Transaction, issue_id: int, it: Archive, now_ms: int) -> bool:
    match it.kind:
        case "time":
            return now_ms >= it.at
        case "events" | "users" if not it.minutes:
            n, people, _ = tx.execute(NUMBERS, (issue_id,)).fetchone()
            return bool((n if it.kind == "events" else people) - it.counted >= it.n)
        case "events":
            return _events_within(tx, issue_id, it, now_ms)
        case "users":
            return _users_within(tx, issue_id, it, now_ms)
        case "escalating":
            return _escalates(tx, issue_id, it, now_ms)
    return False


def _since(minutes: int, now_ms: int) -> int:
    return now_ms - minutes * MINUTE_MS


RECEIVED_AT = "select received_at from event where id = ?"


def _events_within(tx: Transaction, issue_id: int, it: Archive, now_ms: int) -> bool:
    """Whether its n-th newest event is young enough. The hours are asked first: they are cheap and
    count at least as many.
    """
    since_ms = _since(it.minutes, now_ms)
    if _in_hours(tx, issue_id, since_ms // HOUR_MS, now_ms // HOUR_MS) < it.n:
        return False
    rows = events.newest_rows(tx, issue_id, it.n)
    return len(rows) == it.n and tx.execute(RECEIVED_AT, (rows[-1],)).fetchone()[0] >= since_ms


PEOPLE_OF = """
select count(distinct e.person_id) from json_each(?) w cross join event e on e.id = w.value
 where e.received_at >= ?
"""


def _users_within(tx: Transaction, issue_id: int, it: Archive, now_ms: int) -> bool:
    since_ms = _since(it.minutes, now_ms)
    envs, period = counters.scopes(tx, None), Period(since_ms // HOUR_MS, now_ms // HOUR_MS + 1)
    if counters.people_at_most(tx, [issue_id], envs, period).get(issue_id, 0) < it.n:
        return False
    rows = events.newest_rows(tx, issue_id, MOST_N)
    return bool(tx.execute(PEOPLE_OF, (_json(rows), since_ms)).fetchone()[0] >= it.n)


def _escalates(tx: Transaction, issue_id: int, it: Archive, now_ms: int) -> bool:
    hour = now_ms // HOUR_MS
    if _in_hours(tx, issue_id, hour, hour) >= max(LEAST, RATIO * it.usual):
        return True
    midnight = now_ms // DAY_MS * HOURS
    today = _in_hours(tx, issue_id, midnight, hour)
    return today >= LEAST and today > DAY_RATIO * it.worst


IN_HOURS = """
select coalesce(sum(c.n), 0) from json_each(?) h cross join grouphash g on g.issue_id = ?
 cross join count_hour c on c.hour = h.value and c.hash_id = g.id
"""


def _in_hours(tx: Reader, issue_id: int, first: int, last: int) -> int:
    values = (_json(range(first, last + 1)), issue_id)
    return int(tx.execute(IN_HOURS, values).fetchone()[0])


def _json(numbers: Sequence[int]) -> str:
    return msgspec.json.encode(list(numbers)).decode()
