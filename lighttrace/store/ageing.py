"""How old everything but events may grow. Each step removes a little and says how many rows it
looked at or removed; 0 means there is nothing to do.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from lighttrace.store import asides, audit, settings, text_index
from lighttrace.store.database import Transaction
from lighttrace.store.tallies import DAY_MS, HOUR_MS, MINUTE_MS

MINUTES_KEPT_MS = 15 * DAY_MS  # what the spike rule looks back on
HOURS_KEPT_MS = 90 * DAY_MS
DAYS_KEPT_MS = 730 * DAY_MS
LEDGER_KEPT_MS = 90 * DAY_MS
LETTERS_KEPT_MS = 90 * DAY_MS  # outbox and deliveries, and the spikes they tell of
ASIDES_KEPT_MS = 14 * DAY_MS  # what no digest has mentioned by then is no news
PAUSES_KEPT_MS = 8 * DAY_MS
CAUSES_KEPT_MS = 15 * DAY_MS  # once they are told: rules are rehearsed on the last 14 days
QUIET_ISSUE_MS = 400 * DAY_MS  # resolved or archived, and without an event for so long
PRESSED_KEPT_MS = 2 * DAY_MS  # of counters, when the database is full of them
ROTATION_HOURS = 24  # people and tag values are gone through this often
ROWS = 2_000  # of narrow tables in one bite
ISSUES = 50


@dataclass(frozen=True, slots=True)
class Age:
    """The moment, and what is left of events."""

    now_ms: int
    oldest_at: int  # ms; nothing that hangs on events has to be older
    oldest_row: int  # of event
    pressed: bool  # the database is over its size, and not because of events


OLDEST_UNIT = "select min({unit}) from {table}"
REMOVE_UNIT = "delete from {table} where {unit} = ?"


def _counters(table: str, unit: str, unit_ms: int, kept_ms: int) -> "Step":
    def remove(tx: Transaction, age: Age) -> int:
        kept = min(kept_ms, PRESSED_KEPT_MS) if age.pressed else kept_ms
        floor = (age.now_ms - kept) // unit_ms
        removed = 0
        while removed < ROWS:
            oldest = tx.execute(OLDEST_UNIT.format(table=table, unit=unit)).fetchone()[0]
            if oldest is None or oldest >= floor:
                break
            removed += tx.execute(REMOVE_UNIT.format(table=table, unit=unit), (oldest,)).rowcount
        return removed

    return remove


@dataclass(frozen=True, slots=True)
class Rotation:
    """Going through a whole table in bites, from one cutoff hour; kept in `setting`."""

    cutoff_hour: int
    after: list[int] | None  # the last key looked at; None: done

    @classmethod
    def current(cls, tx: Transaction, name: str) -> "Rotation":
        text = settings.get(tx, f"retention.{name}")
        return cls(0, None) if text is None else cls(*json.loads(text))

    def put(self, tx: Transaction, name: str) -> None:
        settings.put(tx, f"retention.{name}", json.dumps([self.cutoff_hour, self.after]))

    def is_due(self, cutoff_hour: int, *, pressed: bool) -> bool:
        return cutoff_hour >= self.cutoff_hour + (1 if pressed else ROTATION_HOURS)


NEXT_MEETINGS = """
select hash_id, person_id, env_id, last_hour from hash_person
 where (hash_id, person_id, env_id) > (?, ?, ?) order by hash_id, person_id, env_id limit ?
"""
REMOVE_MEETING = "delete from hash_person where hash_id = ? and person_id = ? and env_id = ?"


def _meetings(tx: Transaction, age: Age) -> int:
    """People whom a hash has not met since the oldest event. `issue_env.people` keeps counting
    them: it is the number of all time.
    """
    rotation = Rotation.current(tx, "hash_person")
    if rotation.after is None:
        if not rotation.is_due(age.oldest_at // HOUR_MS, pressed=age.pressed):
            return 0
        rotation = Rotation(age.oldest_at // HOUR_MS, [0, 0, 0])
    rows = tx.execute(NEXT_MEETINGS, (*(rotation.after or ()), ROWS)).fetchall()
    old = [row[:3] for row in rows if row[3] < rotation.cutoff_hour]
    tx.executemany(REMOVE_MEETING, old)
    after = list(rows[-1][:3]) if len(rows) == ROWS else None
    Rotation(rotation.cutoff_hour, after).put(tx, "hash_person")
    return max(len(rows), 1)


NEXT_PEOPLE = "select id, last_at from person where id > ? order by id limit ?"
REMOVE_PERSON = "delete from person where id = ?"


def _people(tx: Transaction, age: Age) -> int:
    """People nobody remembers: after `_meetings` has been through with the same cutoff."""
    meetings = Rotation.current(tx, "hash_person")
    rotation = Rotation.current(tx, "person")
    if rotation.after is None:
        if meetings.after is not None or meetings.cutoff_hour <= rotation.cutoff_hour:
            return 0
        rotation = Rotation(meetings.cutoff_hour, [0])
    rows = tx.execute(NEXT_PEOPLE, (*(rotation.after or ()), ROWS)).fetchall()
    # `last_at` may lag an hour behind the last event
    floor = (rotation.cutoff_hour - 2) * HOUR_MS
    tx.executemany(REMOVE_PERSON, [(row[0],) for row in rows if row[1] < floor])
    after = [rows[-1][0]] if len(rows) == ROWS else None
    Rotation(rotation.cutoff_hour, after).put(tx, "person")
    return max(len(rows), 1)


NEXT_VALUES = "select id, last_day from tag_value where id > ? order by id limit ?"
REMOVE_VALUE = "delete from tag_value where id = ?"
REMOVE_KEYS = (
    "delete from tag_key where not exists (select 1 from tag_value where key_id = tag_key.id)"
)
# what was removed stays in the index of words until its parts are merged; it is small
MERGE = "insert into tag_fts(tag_fts) values('optimize')"


def _tag_values(tx: Transaction, age: Age) -> int:
    """Values no event names any more; their place among a key's 2,000 is free again."""
    rotation = Rotation.current(tx, "tag_value")
    cutoff_hour = age.oldest_at // HOUR_MS
    if rotation.after is None:
        if not rotation.is_due(cutoff_hour, pressed=False):
            return 0
        rotation = Rotation(cutoff_hour, [0])
    rows = tx.execute(NEXT_VALUES, (*(rotation.after or ()), ROWS)).fetchall()
    floor = rotation.cutoff_hour // 24 - 1
    unused = [(row[0],) for row in rows if row[1] < floor]
    tx.executemany(REMOVE_VALUE, unused)
    if unused and len(rows) < ROWS:
        tx.execute(MERGE)
    after = [rows[-1][0]] if len(rows) == ROWS else None
    if after is None:
        tx.execute(REMOVE_KEYS)
    Rotation(rotation.cutoff_hour, after).put(tx, "tag_value")
    return max(len(rows), 1)


QUIET = """
select e.issue_id from issue_env e join issue i on i.id = e.issue_id
 where e.env_id = 0 and e.last_event < :oldest_row
   and (:pressed or (e.last_at < :floor and i.state_at < :floor and i.state <> 0))
 order by e.last_event limit :limit
"""
HASHES_OF = "select id from grouphash where issue_id = ?"
REMOVE_OF_HASH = ("delete from hash_person where hash_id = ?", "delete from grouphash where id = ?")
REMOVE_OF_ISSUE = (
    "delete from cause where issue_id = ?",
    "delete from issue_env where issue_id = ?1"
    " and env_id in (select 0 union all select id from environment)",
    "delete from issue where id = ?",  # its activity goes with it
)


def _issues(tx: Transaction, age: Age) -> int:
    """Issues without events that nobody waits for; of a full database, the oldest without events.
    An event that comes after all makes a new issue.
    """
    values = {
        "oldest_row": age.oldest_row,
        "pressed": age.pressed,
        "floor": age.now_ms - QUIET_ISSUE_MS,
        "limit": ISSUES,
    }
    issues = tx.execute(QUIET, values).fetchall()
    for (issue_id,) in issues:
        for (hash_id,) in tx.execute(HASHES_OF, (issue_id,)).fetchall():
            text_index.remove_group(tx, hash_id)
            for sql in REMOVE_OF_HASH:
                tx.execute(sql, (hash_id,))
        for sql in REMOVE_OF_ISSUE:
            tx.execute(sql, (issue_id,))
    return len(issues)


def _rows_older(table: str, key: str, condition: str, at: Callable[[Age], int]) -> "Step":
    sql = (
        f"delete from {table} where {key} in"
        f" (select {key} from {table} where {condition} order by {key} limit {ROWS})"
    )

    def remove(tx: Transaction, age: Age) -> int:
        return tx.execute(sql, (at(age),)).rowcount

    return remove


LEDGER = "delete from outcome_hour where hour < ?"


def _ledger(tx: Transaction, age: Age) -> int:
    return tx.execute(LEDGER, ((age.now_ms - LEDGER_KEPT_MS) // HOUR_MS,)).rowcount


def _audit(tx: Transaction, age: Age) -> int:
    return audit.forget(tx, age.now_ms, ROWS)


# no pause is longer than a week (`event/triggers.py`)
PAUSES = f"""
delete from rule_told where (rule, issue_id, project_id) in (
  select rule, issue_id, project_id from rule_told where at < ? limit {ROWS})
"""


def _pauses(tx: Transaction, age: Age) -> int:
    return tx.execute(PAUSES, (age.now_ms - PAUSES_KEPT_MS,)).rowcount


Step = Callable[[Transaction, Age], int]
STEPS: tuple[Step, ...] = (
    _counters("count_minute", "minute", MINUTE_MS, MINUTES_KEPT_MS),
    _counters("project_minute", "minute", MINUTE_MS, MINUTES_KEPT_MS),
    _counters("count_hour", "hour", HOUR_MS, HOURS_KEPT_MS),
    _counters("count_release", "hour", HOUR_MS, HOURS_KEPT_MS),
    _meetings,
    _people,
    _tag_values,
    _issues,
    _counters("count_day", "day", DAY_MS, DAYS_KEPT_MS),
    _ledger,
    _rows_older("cause", "id", "expanded_at < ?", lambda age: age.now_ms - CAUSES_KEPT_MS),
    _rows_older(
        "outbox", "id", "state <> 'due' and made_at < ?", lambda age: age.now_ms - LETTERS_KEPT_MS
    ),
    _pauses,
    _rows_older("mute", "id", "until < ?", lambda age: age.now_ms - LETTERS_KEPT_MS),
    lambda tx, age: asides.forget(tx, age.now_ms - ASIDES_KEPT_MS),
    _rows_older("lane", "target", "told_at < ?", lambda age: age.now_ms - LETTERS_KEPT_MS),
    _rows_older("spike", "id", "ended_at < ?", lambda age: age.now_ms - LETTERS_KEPT_MS),
    _rows_older("web_session", "token_hash", "expires_at < ?", lambda age: age.now_ms),
    _rows_older("sign_in", "token_hash", "expires_at < ?", lambda age: age.now_ms),
    _rows_older("invite", "token_hash", "expires_at < ?", lambda age: age.now_ms - DAY_MS),
    _audit,
    _rows_older("feedback", "id", "received_at < ?", lambda age: age.oldest_at),
)
