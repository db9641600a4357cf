"""Who was affected, counted exactly: a person counts once per issue and environment, and once per
issue, whatever number of hashes the issue has.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lighttrace.store.database import Transaction, among
from lighttrace.store.learned import Learned

HOUR_MS = 3_600_000
# `person.last_at` decides when a forgotten person is removed, and nothing else: an hour is exact
# enough, and saves a random page for every event of somebody known.
LAST_SEEN_STEP_MS = HOUR_MS

FIND = """
with wanted(key, project_id) as ({values})
select p.project_id, p.key, p.id, p.last_at
  from wanted w cross join person p on p.key = w.key and p.project_id = w.project_id
"""
ADD = """
insert into person(project_id, key, shown, first_at, last_at) values(?, ?, ?, ?, ?) returning id
"""
SEEN = "update person set last_at = max(last_at, ?), shown = coalesce(?, shown) where id = ?"


@dataclass(slots=True)
class Somebody:
    """A person in a batch. Times are receive times in ms."""

    project_id: int
    key: bytes
    shown: str | None
    first_at: int
    last_at: int


class People:
    """(project, key) → id of the person."""

    def __init__(self) -> None:
        self.cache: Learned[tuple[int, bytes], tuple[int, int]] = Learned(50_000)  # id, last_at

    def ids(
        self, tx: Transaction, seen: Mapping[tuple[int, bytes], Somebody]
    ) -> dict[tuple[int, bytes], int]:
        """The row of each, made if it is new; `last_at` moved if it is stale."""
        found: dict[tuple[int, bytes], tuple[int, int]] = {}
        unknown = []
        for who in seen:
            known = self.cache.get(who)
            if known is None:
                unknown.append((who[1], who[0]))
            else:
                found[who] = known
        for project_id, key, person_id, last_at in among(tx, FIND, unknown):
            found[(project_id, key)] = (person_id, last_at)
            self.cache.add((project_id, key), (person_id, last_at))
        stale = []
        ids = {}
        for who, person in seen.items():
            known = found.get(who)
            if known is None:
                names = (person.project_id, person.key, person.shown)
                row = tx.execute(ADD, (*names, person.first_at, person.last_at)).fetchone()
                known = (int(row[0]), person.last_at)
                self.cache.add(who, known)
            elif person.last_at >= known[1] + LAST_SEEN_STEP_MS:
                stale.append((person.last_at, person.shown, known[0]))
                self.cache.add(who, (known[0], person.last_at))
            ids[who] = known[0]
        tx.executemany(SEEN, stale)
        return ids


MET = """
with wanted(hash_id, person_id) as ({values})
select m.hash_id, m.person_id, m.env_id, m.last_hour
  from wanted w cross join hash_person m on m.hash_id = w.hash_id and m.person_id = w.person_id
"""
SIBLINGS = """
with wanted(issue_id) as ({values})
select g.issue_id, g.id from wanted w cross join grouphash g on g.issue_id = w.issue_id
"""
MEET = """
insert into hash_person(hash_id, person_id, env_id, last_hour) values(?, ?, ?, ?)
on conflict(hash_id, person_id, env_id) do update set last_hour = excluded.last_hour
"""


def meet(
    tx: Transaction, sightings: Mapping[tuple[int, int, int], int], issue_of: Mapping[int, int]
) -> Counter[tuple[int, int]]:
    """Record who met what; returns how many people are new to (issue, environment).

    `sightings`: (hash, person, environment) → hour. Environment 0 in the answer is the issue as a
    whole: people new to it in any environment.
    """
    if not sightings:
        return Counter()
    known = _known(tx, {(hash_id, person_id) for hash_id, person_id, _ in sightings})
    met: set[tuple[int, int, int]] = set()  # issue, person, environment; 0 for any
    for hash_id, person_id, env_id in known:
        met.add((issue_of[hash_id], person_id, env_id))
        met.add((issue_of[hash_id], person_id, 0))
    perhaps_new = [
        (issue_of[hash_id], hash_id, person_id)
        for hash_id, person_id, env_id in sightings
        if (issue_of[hash_id], person_id, env_id) not in met
    ]
    # Asked before this batch is written: two hashes of an issue may meet somebody at once.
    for issue_id, person_id, env_id in _met_by_siblings(tx, perhaps_new):
        met.add((issue_id, person_id, env_id))
        met.add((issue_id, person_id, 0))
    tx.executemany(
        MEET,
        [(*key, hour) for key, hour in sightings.items() if known.get(key, -1) < hour],
    )
    newcomers: Counter[tuple[int, int]] = Counter()
    for hash_id, person_id, env_id in sightings:
        issue_id = issue_of[hash_id]
        for scope in (env_id, 0):
            if (issue_id, person_id, scope) not in met:
                met.add((issue_id, person_id, scope))
                newcomers[(issue_id, scope)] += 1
    return newcomers


def _known(tx: Transaction, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int, int], int]:
    return {(row[0], row[1], row[2]): row[3] for row in among(tx, MET, list(pairs))}


def _met_by_siblings(
    tx: Transaction, perhaps_new: Sequence[tuple[int, int, int]]
) -> list[tuple[int, int, int]]:
    """After a merge or a new grouping version an issue has several hashes, and somebody new to one
    may be known from another. Given (issue, hash, person); returns (issue, person, environment).
    """
    if not perhaps_new:
        return []
    hashes: dict[int, list[int]] = {}
    for issue_id, hash_id in among(tx, SIBLINGS, [(i,) for i in {p[0] for p in perhaps_new}]):
        hashes.setdefault(issue_id, []).append(hash_id)
    issue_of = {}
    pairs = set()
    for issue_id, own, person_id in perhaps_new:
        for sibling in hashes.get(issue_id, ()):
            if sibling != own:
                pairs.add((sibling, person_id))
                issue_of[sibling] = issue_id
    return [(issue_of[h], person_id, env_id) for h, person_id, env_id in _known(tx, pairs)]
