"""What events have in common: their tags, counted over the newest of an issue, or over a sample of
a project.

Nothing is stored for this: reading the newest 1,000 takes 5 ms, obeys every filter and every merge,
and is what people look at an issue for (docs/storage.md, "Decisions").
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lighttrace.store import environments, events
from lighttrace.store.database import Reader

TOP = 10
SAMPLE = 1_000  # events of the distributions on the page of an issue
MOST_READ = 10_000  # events that a page about tags is counted over: 30 ms
# In a rare environment: how many of the newest events are looked at to find the sample.
LOOKED_AT = 5
MOST_LOOKED_AT = 20_000
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
# The sample of a project: from each of so many stretches of time, so many of the newest events.
STRETCHES, OF_EACH = 10, 100
# A week at least: what people use does not change by the hour, and in its worst hour an issue is
# all there is of its project.
SPANS_MS = tuple(24 * HOUR_MS * days for days in (7, 30, 90))


@dataclass(frozen=True, slots=True)
class TagStat:
    """One key. `total` events of the sample have it; `values` are its most frequent ones."""

    key: str
    total: int
    values: tuple[tuple[str, int], ...]
    distinct: int


@dataclass(frozen=True, slots=True)
class Tally:
    """The tags of some events: key → value → how many of them bear it.

    `witnesses` are the people among them and the events of nobody known: what one person sends a
    thousand times is still one testimony. `since_ms`: when the oldest came in; 0 if there is none.
    """

    events: int
    witnesses: int
    since_ms: int
    by_key: dict[str, Counter[str]]

    def stats(self) -> tuple[TagStat, ...]:
        """The most frequent keys first."""
        found = (
            TagStat(key, values.total(), tuple(values.most_common(TOP)), len(values))
            for key, values in self.by_key.items()
        )
        return tuple(sorted(found, key=lambda stat: (-stat.total, stat.key)))


def of_issue(
    db: Reader, issue_id: int, env: str | None, sample: int = SAMPLE
) -> tuple[TagStat, ...]:
    """The tags of the newest `sample` events, the most frequent keys first."""
    return tally(db, issue_id, env, sample).stats()


def tally(
    db: Reader, issue_id: int, env: str | None, most: int = SAMPLE, since_ms: int = 0
) -> Tally:
    """The tags of the newest events of an issue that came in since then, at most `most`."""
    return of_rows(db, newest(db, issue_id, env, most, since_ms))


IN_ENV = """
select e.id from json_each(?) w cross join event e on e.id = w.value where e.env_id = ? limit ?
"""


def newest(db: Reader, issue_id: int, env: str | None, most: int, since_ms: int = 0) -> list[int]:
    """The newest rows of an issue in an environment, newest first, that came in since then.

    Of a rare environment those among the newest MOST_LOOKED_AT.
    """
    env_id = environments.scope(db, env)
    if env_id is None:
        return []
    everywhere = env_id == environments.ALL
    looked_at = most if everywhere else min(most * LOOKED_AT, MOST_LOOKED_AT)
    rows = events.newest_rows(db, issue_id, looked_at)
    if since_ms:
        first = events.first_row_since(db, since_ms)
        rows = [row for row in rows if row >= first]
    if everywhere:
        return rows
    return [row[0] for row in db.execute(IN_ENV, (json.dumps(rows), env_id, most))]


TAGS_OF = """
select e.received_at, e.person_id, e.tags from json_each(?) w cross join event e on e.id = w.value
"""


def _tags_of(db: Reader, rows: list[int]) -> Iterable[Any]:
    return db.execute(TAGS_OF, (json.dumps(rows),))


def of_rows(db: Reader, rows: list[int]) -> Tally:
    """The tags of these events."""
    counts: Counter[int] = Counter()
    people: set[int] = set()
    n = nameless = 0
    since_ms = 2**62
    for received_at, person_id, tags in _tags_of(db, rows):
        n += 1
        if person_id is None:
            nameless += 1
        else:
            people.add(person_id)
        since_ms = min(since_ms, received_at)
        counts.update(events.unpack(tags))
    by_key: dict[str, Counter[str]] = {}
    for tag, (key, value) in events.tag_names(db, counts).items():
        by_key.setdefault(key, Counter())[value] += counts[tag]
    return Tally(n, len(people) + nameless, since_ms if n else 0, by_key)


@dataclass(frozen=True, slots=True)
class TagValue:
    """One value of a key: events that bear it, and when the first and last of them came in."""

    value: str
    n: int
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Values:
    """All values of a key among the newest `read` events, the most frequent first; `total` of the
    events have the key.
    """

    values: tuple[TagValue, ...]
    total: int
    read: int


VALUES_OF_KEY = """
select v.id, v.value from json_each(?) w cross join tag_value v on v.id = w.value
 where v.key_id = (select id from tag_key where name = ?)
"""


def values(db: Reader, issue_id: int, env: str | None, key: str, since_ms: int = 0) -> Values:
    """The values of one key over the newest MOST_READ events."""
    rows = newest(db, issue_id, env, MOST_READ, since_ms)
    read = [(row[0], events.unpack(row[2])) for row in _tags_of(db, rows)]
    ids = {tag for _, tags in read for tag in tags}
    own = dict(db.execute(VALUES_OF_KEY, (json.dumps(list(ids)), key)).fetchall())
    mine = frozenset(own)
    seen: dict[int, list[int]] = {}  # id → when, the newest first
    for received_at, tags in read:
        for tag in mine.intersection(tags):
            seen.setdefault(tag, []).append(received_at)
    found: dict[str, list[int]] = {}
    for tag, times in seen.items():  # several ids stand for "(other)"
        found.setdefault(events.shown_value(own[tag]), []).extend(times)
    every = (TagValue(value, len(at), min(at), max(at)) for value, at in found.items())
    ordered = sorted(every, key=lambda it: (-it.n, -it.last_at, it.value))
    return Values(tuple(ordered), sum(it.n for it in ordered), len(rows))


KEY_EXISTS = "select exists(select 1 from tag_key where name = ?)"


def is_key(db: Reader, key: str) -> bool:
    """Whether any event ever had a tag of that name."""
    return bool(db.execute(KEY_EXISTS, (key,)).fetchone()[0])


def of_project(db: Reader, project_id: int, env: str | None, since_ms: int) -> Tally:
    """The tags of a project since then, over events from all of that time: STRETCHES equal parts
    of it, the newest OF_EACH of each. 6 ms at a million events.
    """
    first = events.first_row_since(db, since_ms)
    end = events.newest_row(db) + 1
    rows: list[int] = []
    for part in range(STRETCHES):
        low = first + (end - first) * part // STRETCHES
        high = first + (end - first) * (part + 1) // STRETCHES
        rows += events.rows_of_project(db, project_id, env, low, high, OF_EACH)
    return of_rows(db, rows)


class ProjectTallies:
    """Tallies of projects, each kept for a minute: to judge an issue by, not to show."""

    MOST = 200

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str | None, int], tuple[int, Tally]] = {}

    def of(self, db: Reader, project_id: int, env: str | None, since_ms: int, now_ms: int) -> Tally:
        """The tally of a project over the week, month or quarter that `since_ms` is in."""
        span_ms = next((it for it in SPANS_MS if now_ms - since_ms <= it), SPANS_MS[-1])
        key = project_id, env, span_ms
        made_at, found = self._kept.get(key, (0, None))
        if found is None or not 0 <= now_ms - made_at < MINUTE_MS:
            found = of_project(db, project_id, env, now_ms - span_ms)
            if len(self._kept) >= self.MOST:
                self._kept.clear()
            self._kept[key] = (now_ms, found)
        return found
