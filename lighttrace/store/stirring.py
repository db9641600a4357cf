"""Issues that were all but asleep and come again, a few times in an hour. Which of them mean
something, `alerts/spikes/stir.py` judges.
"""

from lighttrace.store import activity, causes, counters
from lighttrace.store.counters import Period
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.minutes import Subject
from lighttrace.store.tallies import DAY_MS, HOUR_MS

FEWEST = 3  # events in the hour
KNOWN_MS = 3 * DAY_MS  # of what is younger, nobody knows how rare it is
RARE = 32  # events in RARE_MS, with those of the hour: what has more does not sleep
RARE_MS = 14 * DAY_MS
MOST_LOOKED_AT = 2_000  # with the newest events

# What was told of within a day needs no mention. The range is a list's: docs/storage.md.
OF_LATE = """
select e.issue_id, e.project_id from issue_env e where e.env_id = 0 and e.state = 0
   and e.last_at >= :since and e.first_at <= :known_from
   and not exists(select 1 from cause c where c.issue_id = e.issue_id and c.at >= :told_since)
 order by e.last_at desc limit :most
"""


def candidates(db: Reader, since_ms: int, now_ms: int) -> list[Subject]:
    """The open issues that have had an event since a moment, FEWEST in the hour and hardly any in
    two weeks.
    """
    values = {
        "since": since_ms,
        "known_from": now_ms - KNOWN_MS,
        "told_since": now_ms - DAY_MS,
        "most": MOST_LOOKED_AT,
    }
    found = {row[0]: row[1] for row in db.execute(OF_LATE, values)}
    envs = counters.scopes(db, None)
    late = counters.events(db, list(found), envs, Period.last(HOUR_MS, now_ms))
    some = [issue_id for issue_id, n in late.items() if FEWEST <= n <= RARE]
    ever = counters.events(db, some, envs, Period.last(RARE_MS, now_ms))
    return [Subject(found[it], it) for it in some if ever.get(it, 0) <= RARE]


LAST_EVENT = "select last_event from issue_env where env_id = 0 and state = 0 and issue_id = ?"


def note(tx: Transaction, it: Subject, reason: str, now_ms: int) -> bool:
    """Write it into the issue's activity, and a cause of it. False if it is not open any more, or
    that was done today.
    """
    row = tx.execute(LAST_EVENT, (it.issue_id,)).fetchone()
    if it.issue_id is None or row is None:
        return False
    is_first = causes.note(
        tx,
        "again",
        now_ms,
        issue_id=it.issue_id,
        project_id=it.project_id,
        event_row=row[0],
        said={"reason": reason},
        dedupe=f"again:{it.issue_id}:{now_ms // DAY_MS}",
    )
    if is_first:
        activity.record(tx, [it.issue_id], "active_again", None, now_ms, {"reason": reason})
    return is_first
