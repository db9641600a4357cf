"""The numbers of an issue that several were merged into, part by part.

All that is counted, is counted by hash, so a hash can move between issues without anything being
written anew. Only `issue_env` is by issue, and knows more than the hashes still say: of people and
events that retention took. So each part keeps the numbers it had when it was merged, and what it
would have had without the merge is those and what its own hashes met since.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lighttrace.store.database import Reader, Transaction
from lighttrace.store.interning import Releases
from lighttrace.store.tallies import DAY_MS

ALL = 0  # the row of `issue_env` for all environments together


@dataclass(frozen=True, slots=True)
class Numbers:
    """A row of `issue_env`: times are event times in ms, events are rows, releases are ids."""

    n: int
    people: int
    first_at: int
    last_at: int
    first_event: int
    last_event: int
    first_release: int | None
    last_release: int | None


ByEnv = dict[int, Numbers]  # environment → its row
Counts = Mapping[int, int]  # environment → how many


OF_ISSUE = """
select e.env_id, e.n, e.people, e.first_at, e.last_at, e.first_event, e.last_event,
  e.first_release, e.last_release
  from (select 0 as id union all select id from environment) v
 cross join issue_env e on e.env_id = v.id and e.issue_id = ?
"""


def of_issue(db: Reader, issue_id: int) -> ByEnv:
    return {env_id: Numbers(*row) for env_id, *row in db.execute(OF_ISSUE, (issue_id,))}


REMOVE = """
delete from issue_env where issue_id = ?
   and env_id in (select 0 union all select id from environment)
"""
WRITE = """
insert into issue_env(env_id, issue_id, project_id, state, n, people, first_at, last_at,
  first_event, last_event, first_release, last_release)
select ?, id, project_id, state, ?, ?, ?, ?, ?, ?, ?, ? from issue where id = ?
"""


def put(tx: Transaction, issue_id: int, numbers: ByEnv) -> None:
    """Let these be the numbers of an issue; none hides it. Project and state are those it has."""
    tx.execute(REMOVE, (issue_id,))
    tx.executemany(
        WRITE,
        [
            (
                *(env_id, it.n, it.people, it.first_at, it.last_at, it.first_event),
                *(it.last_event, it.first_release, it.last_release, issue_id),
            )
            for env_id, it in numbers.items()
        ],
    )


class Sum:
    """Adding up numbers that were counted apart. People have to be told apart by who asks."""

    def __init__(self, db: Reader) -> None:
        self._db = db
        self._releases = Releases()
        self.by_env: ByEnv = {}

    def add(self, more: ByEnv) -> "Sum":
        for env_id, b in more.items():
            a = self.by_env.get(env_id)
            self.by_env[env_id] = b if a is None else self._both(a, b)
        return self

    def _both(self, a: Numbers, b: Numbers) -> Numbers:
        return Numbers(
            n=a.n + b.n,
            people=a.people + b.people,
            first_at=min(a.first_at, b.first_at),
            last_at=max(a.last_at, b.last_at),
            first_event=min(a.first_event, b.first_event),
            last_event=max(a.last_event, b.last_event),
            first_release=self._earlier(a.first_release, b.first_release),
            last_release=self._later(a.last_release, b.last_release),
        )

    def _later(self, a_id: int | None, b_id: int | None) -> int | None:
        a, b = (self._releases.of_id(self._db, it) for it in (a_id, b_id))
        if a is None or (b is not None and b.is_later_than(a)):
            return b.id if b else None
        return a.id

    def _earlier(self, a_id: int | None, b_id: int | None) -> int | None:
        a, b = (self._releases.of_id(self._db, it) for it in (a_id, b_id))
        if a is None or (b is not None and a.is_later_than(b)):
            return b.id if b else None
        return a.id


@dataclass(frozen=True, slots=True)
class Met:
    """What some hashes met: `n` by the counters, `seen` by the events that are still there. `days`
    are the first and last of the counters.
    """

    n: Counts
    seen: ByEnv  # without people
    days: Mapping[int, tuple[int, int]]
    unhandled: bool


DAYS = "select coalesce(min(day), 0), coalesce(max(day), -1) from count_day"
COUNTED = """
select c.env_id, sum(c.n), min(c.day), max(c.day) from json_each(:days) d
 cross join json_each(:envs) v cross join json_each(:hashes) h
 cross join count_day c on c.day = d.value and c.env_id = v.value and c.hash_id = h.value
 group by c.env_id
"""
SEEN = """
select e.env_id, e.release_id, count(*), min(e.happened_at), max(e.happened_at), min(e.id),
  max(e.id), max(e.flags & 1)
  from json_each(:hashes) h cross join event e on e.hash_id = h.value and e.id > :row
 group by e.env_id, e.release_id order by min(e.id)
"""


def counted(
    db: Reader, hashes: Sequence[int], envs: Iterable[int], day: int
) -> dict[int, tuple[int, int, int]]:
    """environment → (events, first day, last day), from a day on."""
    oldest, newest = db.execute(DAYS).fetchone()
    values = {
        "days": json.dumps(list(range(max(oldest, day), newest + 1))),
        "envs": json.dumps([it for it in envs if it != ALL]),
        "hashes": json.dumps(list(hashes)),
    }
    return {env_id: (n, a, b) for env_id, n, a, b in db.execute(COUNTED, values)}


def met(
    db: Reader, hashes: Sequence[int], envs: Iterable[int], *, row: int = 0, day: int = 0
) -> Met:
    """What hashes met in events after a row, on a day and later."""
    n = {ALL: 0}
    days: dict[int, tuple[int, int]] = {}
    for env_id, (count, a, b) in counted(db, hashes, envs, day).items():
        n[env_id] = count
        n[ALL] += count
        days[env_id] = (a, b)
        first, last = days.get(ALL, (a, b))
        days[ALL] = (min(a, first), max(b, last))
    total = Sum(db)
    unhandled = False
    seen = db.execute(SEEN, {"hashes": json.dumps(list(hashes)), "row": row})
    for env_id, release_id, count, first_at, last_at, first, last, flag in seen:
        these = Numbers(count, 0, first_at, last_at, first, last, release_id, release_id)
        total.add({ALL: these, env_id: these})
        unhandled = unhandled or bool(flag)
    return Met(n, total.by_env, days, unhandled)


# Each hash has its people in order, so that to put them together is to merge sorted lists: a
# quarter of what `count(distinct …)` takes (docs/storage.md, "Merge"). The lists are merged one
# after the other, which many of them would not gain by.
ONE_LIST = "select person_id{env} from hash_person not indexed where hash_id = ?"
IN_ALL = "select count(*) from ({union} order by 1)"
IN_EACH = "select env_id, count(*) from ({union} order by 1, 2) group by env_id"
MOST_LISTS = 6
DISTINCT_IN_ALL = """
select count(distinct p.person_id) from json_each(?) h
 cross join hash_person p on p.hash_id = h.value
"""
DISTINCT_IN_EACH = """
select p.env_id, count(distinct p.person_id) from json_each(?) h
 cross join hash_person p on p.hash_id = h.value group by p.env_id
"""


def people(db: Reader, hashes: Sequence[int]) -> dict[int, int]:
    """How many people hashes met, in each environment and in all, as far as it is remembered."""
    if not hashes:
        return {}
    if len(hashes) > MOST_LISTS:
        each, in_all, values = DISTINCT_IN_EACH, DISTINCT_IN_ALL, [json.dumps(list(hashes))]
    else:
        values = [*hashes]  # type: ignore[list-item]
        lists = [ONE_LIST.format(env=", env_id")] * len(hashes)
        each = IN_EACH.format(union=" union ".join(lists))
        in_all = IN_ALL.format(union=" union ".join([ONE_LIST.format(env="")] * len(hashes)))
        if len(hashes) == 1:  # a list of one has the same person once an environment
            in_all = in_all.replace("select person_id", "select distinct person_id")
    found: dict[int, int] = dict(db.execute(each, values).fetchall())
    found[ALL] = int(db.execute(in_all, values).fetchone()[0])
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """An issue as it was when it was merged, or when others were merged into it. `face` is what it
    was called, as JSON.
    """

    issue_id: int
    row: int
    day: int
    numbers: ByEnv
    recent: Counts  # of `n`, those of `day` and later
    forgotten: Counts  # of `people`, those in no row of `hash_person`
    face: str | None = None


NEWEST = "select coalesce(max(id), 0) from event"
FACE = """
select json_object('title', title, 'value', value, 'culprit', culprit, 'level', level,
  'platform', platform, 'unhandled', unhandled) from issue where id = ?
"""


def part(
    db: Reader, issue_id: int, numbers: ByEnv, hashes: Sequence[int], here: Counts, now_ms: int
) -> Part:
    """An issue that is nothing but itself, to be put together with others. `here`: `people` of it.

    A batch may be of the evening before, so yesterday still counts as recent.
    """
    day = now_ms // DAY_MS - 1
    some = counted(db, hashes, numbers, day)
    recent = {env_id: n for env_id, (n, _, _) in some.items()}
    recent[ALL] = sum(recent.values())
    return Part(
        issue_id,
        db.execute(NEWEST).fetchone()[0],
        day,
        numbers,
        recent,
        forgotten(numbers, here),
        db.execute(FACE, (issue_id,)).fetchone()[0],
    )


def forgotten(numbers: ByEnv, here: Counts) -> dict[int, int]:
    """How many of the people an issue has met are no longer remembered one by one."""
    return {env_id: max(0, it.people - here.get(env_id, 0)) for env_id, it in numbers.items()}


STORED = """
select p.issue_id, p.env_id, p.row, p.day, p.n_recent, p.forgotten, p.face, p.n, p.people,
  p.first_at, p.last_at, p.first_event, p.last_event, p.first_release, p.last_release
  from json_each(?) w cross join issue_part p on p.issue_id = w.value
"""


def stored(db: Reader, issue_ids: Iterable[int]) -> dict[int, Part]:
    """The parts among these issues; one that is nothing but itself has none."""
    found: dict[int, Part] = {}
    for row in db.execute(STORED, (json.dumps(list(issue_ids)),)):
        issue_id, env_id, newest, day, n_recent, lost, face, *numbers = row
        it = found.setdefault(issue_id, Part(issue_id, newest, day, {}, {}, {}))
        recent, gone = {**it.recent, env_id: n_recent}, {**it.forgotten, env_id: lost}
        all_numbers = {**it.numbers, env_id: Numbers(*numbers)}
        found[issue_id] = replace(
            it, numbers=all_numbers, recent=recent, forgotten=gone, face=face or it.face
        )
    return found


SAVE = """
insert into issue_part(issue_id, env_id, row, day, n, n_recent, people, forgotten, first_at,
  last_at, first_event, last_event, first_release, last_release, face)
values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
FORGET = "delete from issue_part where issue_id in (select value from json_each(?))"


def save(tx: Transaction, parts: Iterable[Part]) -> None:
    """Keep them, in the place of what was kept of these issues before."""
    parts = list(parts)
    forget(tx, [it.issue_id for it in parts])
    tx.executemany(
        SAVE,
        [
            (
                *(it.issue_id, env_id, it.row, it.day, row.n, it.recent.get(env_id, 0)),
                *(row.people, it.forgotten.get(env_id, 0), row.first_at, row.last_at),
                *(row.first_event, row.last_event, row.first_release, row.last_release),
                it.face if env_id == ALL else None,
            )
            for it in parts
            for env_id, row in it.numbers.items()
        ],
    )


def forget(tx: Transaction, issue_ids: Iterable[int]) -> None:
    tx.execute(FORGET, (json.dumps(list(issue_ids)),))


@dataclass(frozen=True, slots=True)
class Whole:
    """Some parts as they would stand by themselves today."""

    numbers: ByEnv
    people: Counts  # those of them who are remembered one by one
    unhandled: bool


def today(
    db: Reader,
    parts: Iterable[Part],
    hashes: Mapping[int, Sequence[int]],  # issue → hashes that are at home there
    envs: Iterable[int],
) -> Whole:
    """What the parts had and what they met since. People: those of the past, and whoever of the
    hashes' people are remembered.
    """
    parts, envs = list(parts), list(envs)
    total = Sum(db)
    unhandled = False
    for it in parts:
        own = it.numbers
        since = met(db, hashes.get(it.issue_id, ()), envs, row=it.row, day=it.day)
        counts = {
            env_id: since.n.get(env_id, 0) - it.recent.get(env_id, 0)
            for env_id in {*since.n, *it.recent}
        }
        # `seen` says when; how many, the counters say, which are kept for longer than events
        both = Sum(db).add({e: replace(row, people=0) for e, row in own.items()}).add(since.seen)
        rows = {
            env_id: replace(
                row, n=(own[env_id].n if env_id in own else 0) + max(0, counts.get(env_id, 0))
            )
            for env_id, row in both.by_env.items()
        }
        total.add(rows)
        unhandled = unhandled or since.unhandled
    here = people(db, [it for part in parts for it in hashes.get(part.issue_id, ())])
    numbers = {}
    for env_id, row in total.by_env.items():
        had = max((it.numbers[env_id].people for it in parts if env_id in it.numbers), default=0)
        lost = sum(it.forgotten.get(env_id, 0) for it in parts)
        numbers[env_id] = replace(row, people=max(had, here.get(env_id, 0) + lost))
    return Whole(numbers, here, unhandled)
