"""Counting events by minute, hour and day, by hash, environment and release.

Counters are rows of (time, …): a batch writes to the right end of each table only, and ageing cuts
off the left end. All times are receive times.
"""

from collections import Counter
from dataclasses import dataclass, field

from lighttrace.store.database import Transaction

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
CAP = 3  # events of one person that count for a spike, a minute: docs/spikes.md
# What was held back for so long, in a phone without a network, tells nothing of this minute.
LATE_MS = 10 * MINUTE_MS
# At 1,500 events/s this is the last two minutes; a process that starts anew reads no more than this
MOST_RECALLED = 200_000

Minute = tuple[int, int, int]  # minute, hash, environment

RECENT = """
select received_at, hash_id, env_id, iif(received_at - happened_at > :late_ms, null, person_id)
  from event where id < :first_row order by id desc limit :limit
"""
OF_MINUTE = """
select person_id, count(*) from event
 where hash_id = ? and env_id = ? and received_at >= ? and received_at < ? and id < ?
   and person_id is not null and received_at - happened_at <= ? group by person_id
"""


def is_late(received_at: int, happened_at: int) -> bool:
    """Whether an event, times in ms, counts for no spike."""
    return received_at - happened_at > LATE_MS


class MinuteBook:
    """How often each person met each hash in the last two minutes: what `capped` and `people` of
    `count_minute` are counted with. Rebuilt from the events at start, so a restart counts nobody
    twice.
    """

    def __init__(self) -> None:
        self._times: dict[Minute, dict[int, int]] = {}  # person → how often, up to CAP
        self._fresh: dict[tuple[int, int, int, int], int] = {}
        self._newest = 0
        self._complete_from: int | None = None  # minutes from here on are wholly in `_times`

    def meet(self, tx: Transaction, key: Minute, person_id: int, first_row: int) -> int:
        """How often the person had met the hash in that minute before, up to CAP."""
        times = self._times.get(key)
        if times is None:
            times = self._recall(tx, key, first_row)
        quad = (*key, person_id)
        before = self._fresh.get(quad)
        if before is None:
            before = times.get(person_id, 0)
        if before < CAP:
            self._fresh[quad] = before + 1
        return before

    def _recall(self, tx: Transaction, key: Minute, first_row: int) -> dict[int, int]:
        if self._complete_from is None:
            self._rebuild(tx, first_row)
        times = self._times.setdefault(key, {})
        if not times and key[0] < (self._complete_from or 0):
            # An event that comes late, or a clock that was put back: rare, so it may cost a scan.
            start = key[0] * MINUTE_MS
            values = (key[1], key[2], start, start + MINUTE_MS, first_row, LATE_MS)
            times.update((who, min(n, CAP)) for who, n in tx.execute(OF_MINUTE, values))
        return times

    def _rebuild(self, tx: Transaction, first_row: int) -> None:
        rows = 0
        oldest = 0
        values = {"late_ms": LATE_MS, "first_row": first_row, "limit": MOST_RECALLED}
        for received_at, hash_id, env_id, person_id in tx.execute(RECENT, values):
            minute = received_at // MINUTE_MS
            self._newest = max(self._newest, minute)
            if minute < self._newest - 1:
                oldest = minute
                break
            rows += 1
            oldest = minute
            if person_id is not None:
                times = self._times.setdefault((minute, hash_id, env_id), {})
                times[person_id] = min(times.get(person_id, 0) + 1, CAP)
        # Past the bound the oldest minute read is incomplete: it is asked for when it is needed.
        self._complete_from = oldest + 1 if rows == MOST_RECALLED else self._newest - 1
        if rows == MOST_RECALLED:
            self._times = {k: v for k, v in self._times.items() if k[0] > oldest}

    def keep(self) -> None:
        for (minute, hash_id, env_id, person_id), n in self._fresh.items():
            self._times.setdefault((minute, hash_id, env_id), {})[person_id] = n
            if minute > self._newest:
                self._newest = minute
        self._fresh.clear()
        floor = self._newest - 1
        if self._complete_from is not None and floor > self._complete_from:
            self._complete_from = floor
            self._times = {k: v for k, v in self._times.items() if k[0] >= floor}

    def drop(self) -> None:
        self._fresh.clear()

    def forget(self) -> None:
        self.__init__()  # type: ignore[misc]


ADD_MINUTE = """
insert into count_minute(minute, hash_id, env_id, n, capped, people) values(?, ?, ?, ?, ?, ?)
on conflict(minute, hash_id, env_id) do update
set n = n + excluded.n, capped = capped + excluded.capped, people = people + excluded.people
"""
ADD_PROJECT = """
insert into project_minute(minute, project_id, n, capped) values(?, ?, ?, ?)
on conflict(minute, project_id) do update set n = n + excluded.n, capped = capped + excluded.capped
"""
ADD_HOUR = """
insert into count_hour(hour, hash_id, env_id, release_id, n) values(?, ?, ?, ?, ?)
on conflict(hour, hash_id, env_id, release_id) do update set n = n + excluded.n
"""
ADD_RELEASE = """
insert into count_release(hour, project_id, env_id, release_id, n) values(?, ?, ?, ?, ?)
on conflict(hour, project_id, env_id, release_id) do update set n = n + excluded.n
"""
ADD_DAY = """
insert into count_day(day, env_id, hash_id, release_id, n) values(?, ?, ?, ?, ?)
on conflict(day, env_id, hash_id, release_id) do update set n = n + excluded.n
"""


@dataclass(slots=True)
class Tallies:
    """The sums of one batch."""

    book: MinuteBook
    minutes: dict[Minute, list[int]] = field(default_factory=dict)  # n, capped, people
    projects: dict[tuple[int, int], list[int]] = field(default_factory=dict)  # n, capped
    hours: Counter[tuple[int, int, int, int]] = field(default_factory=Counter)
    days: Counter[tuple[int, int, int, int]] = field(default_factory=Counter)
    releases: Counter[tuple[int, int, int, int]] = field(default_factory=Counter)

    def count(
        self,
        tx: Transaction,
        received_at: int,
        project_id: int,
        hash_id: int,
        env_id: int,
        release_id: int | None,
        person_id: int | None,
        first_row: int,
        *,
        late: bool,
    ) -> None:
        """Count one event. `first_row` is the first event row of the batch."""
        key = (received_at // MINUTE_MS, hash_id, env_id)
        sums = self.minutes.get(key)
        if sums is None:
            sums = self.minutes[key] = [0, 0, 0]
        whole = self.projects.setdefault((key[0], project_id), [0, 0])
        sums[0] += 1
        whole[0] += 1
        if not late:
            before = 0 if person_id is None else self.book.meet(tx, key, person_id, first_row)
            sums[1] += before < CAP
            sums[2] += person_id is not None and before == 0
            whole[1] += before < CAP
        release = release_id or 0
        hour = received_at // HOUR_MS
        self.hours[(hour, hash_id, env_id, release)] += 1
        self.releases[(hour, project_id, env_id, release)] += 1
        self.days[(received_at // DAY_MS, env_id, hash_id, release)] += 1

    def write(self, tx: Transaction) -> None:
        tx.executemany(ADD_MINUTE, [(*key, *sums) for key, sums in self.minutes.items()])
        tx.executemany(ADD_PROJECT, [(*key, *sums) for key, sums in self.projects.items()])
        tx.executemany(ADD_HOUR, [(*key, n) for key, n in self.hours.items()])
        tx.executemany(ADD_DAY, [(*key, n) for key, n in self.days.items()])
        tx.executemany(ADD_RELEASE, [(*key, n) for key, n in self.releases.items()])
