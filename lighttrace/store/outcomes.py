"""What became of everything SDKs sent, by hour: the ledger of ingest. Counted from the first day,
because "where did my event go?" is asked about the past.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

from lighttrace.store.database import Reader, Transaction
from lighttrace.store.writes import Outcome

HOUR_MS = 3_600_000
MOST_KINDS = 2_000  # distinct counters waiting to be written; a report of a client chooses reasons
MOST_NAME = 64  # characters of a category, outcome or reason
OTHER = "other"

Kind = tuple[int, int, int, str, str, str, str]  # hour, project, key, category, …


class Ledger:
    """Counts in memory until the writer's next batch, at most a second. Any thread may count."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[Kind] = Counter()

    def count(self, outcomes: Iterable[Outcome], now_ms: int) -> None:
        hour = now_ms // HOUR_MS
        with self._lock:
            for it in outcomes:
                category, outcome, reason = map(_name, (it.category, it.outcome, it.reason))
                kind: Kind = (
                    *(hour, it.project_id, it.key_id, category, outcome, reason),
                    it.source,
                )
                if kind not in self._counts and len(self._counts) >= MOST_KINDS:
                    kind = (*kind[:5], OTHER, kind[6])
                self._counts[kind] += it.n

    def take(self) -> Counter[Kind]:
        """All that was counted since the last time."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, taken: Counter[Kind]) -> None:
        """The batch that should have written them was rolled back."""
        with self._lock:
            self._counts.update(taken)

    def __bool__(self) -> bool:
        return bool(self._counts)


def _name(text: str) -> str:
    return text[:MOST_NAME].encode("utf-8", "replace").decode()


ADD = """
insert into outcome_hour(hour, project_id, key_id, category, outcome, reason, source, n)
values(?, ?, ?, ?, ?, ?, ?, ?)
on conflict(hour, project_id, key_id, category, outcome, reason, source)
do update set n = n + excluded.n
"""


def add(tx: Transaction, counts: Counter[Kind]) -> None:
    tx.executemany(ADD, [(*kind, n) for kind, n in counts.items()])


TOTALS = """
select category, outcome, reason, source, sum(n) from outcome_hour
 where hour >= :since_hour and (:project_id is null or project_id = :project_id)
 group by category, outcome, reason, source order by sum(n) desc
"""


def totals(
    db: Reader, project_id: int | None, since_hour: int
) -> list[tuple[str, str, str, str, int]]:
    """(category, outcome, reason, source, n) since an hour, the most frequent first."""
    values = {"since_hour": since_hour, "project_id": project_id}
    return [tuple(row) for row in db.execute(TOTALS, values)]


OF_PROJECTS = """
select project_id, sum(iif(outcome = 'accepted', n, 0)),
  sum(iif(outcome in ('invalid', 'too_large'), n, 0)), sum(iif(outcome = 'rate_limited', n, 0))
  from outcome_hour where hour = ? and source = 'server' and project_id > 0 group by project_id
"""


@dataclass(frozen=True, slots=True)
class Share:
    """What became of what a project sent in an hour. `limited`: turned away, it was too much."""

    project_id: int
    accepted: int
    refused: int
    limited: int


def of_projects(db: Reader, hour: int) -> list[Share]:
    return [Share(*row) for row in db.execute(OF_PROJECTS, (hour,))]


RECENT_RATE = """
select coalesce(sum(n), 0) from outcome_hour
 where hour >= :hour - 1 and source = 'server' and outcome = 'accepted'
"""


def recent_rate(db: Reader, now_ms: int) -> float:
    """Accepted things a minute, over this hour and the one before."""
    hour, into = divmod(now_ms, HOUR_MS)
    minutes = 60 + into / 60_000
    return float(db.execute(RECENT_RATE, {"hour": hour}).fetchone()[0] / minutes)


ACCEPTED = """
select coalesce(sum(n), 0) from outcome_hour
 where hour >= ? and hour < ? and source = 'server' and outcome = 'accepted'
"""


def accepted(db: Reader, since_hour: int, until_hour: int) -> int:
    """Accepted things from the beginning of one hour to that of another."""
    return int(db.execute(ACCEPTED, (since_hour, until_hour)).fetchone()[0])
