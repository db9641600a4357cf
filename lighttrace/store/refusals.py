"""Requests that were turned away, the newest of them: what the set-up page shows as "1 request
arrived with a wrong key". A ring of fixed size, so that it costs the same whoever knocks.
"""

from collections import deque
from dataclasses import dataclass
from threading import Lock

from lighttrace.store.database import Reader, Transaction
from lighttrace.store.writes import Refusal

SLOTS = 2_000
MOST_WAITING = 200  # between two batches; of a flood the newest are kept
MOST_TEXT = 500  # characters

LAST_SLOT = "select slot from refusal order by at desc, slot desc limit 1"
PUT = """
insert or replace into refusal(slot, at, project_id, event_id, ip, sdk, category, outcome, reason,
  detail) values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
Row = tuple[object, ...]


class Ring:
    """Refusals in memory until the writer's next batch. Any thread may add."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[Row] = deque(maxlen=MOST_WAITING)
        self._next: int | None = None

    def add(self, it: Refusal, now_ms: int) -> None:
        row = (
            *(now_ms, it.project_id, _event_id(it.event_id), _text(it.ip), _text(it.sdk)),
            *(_text(it.category), _text(it.outcome), _text(it.reason), _text(it.detail)),
        )
        with self._lock:
            self._waiting.append(row)

    def take(self) -> list[Row]:
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
        return taken

    def put_back(self, taken: list[Row]) -> None:
        with self._lock:
            self._waiting.extendleft(reversed(taken[: MOST_WAITING - len(self._waiting)]))

    def write(self, tx: Transaction, rows: list[Row]) -> None:
        """Put rows into the next slots. Where the ring stood before a restart is read from it."""
        if self._next is None:
            last = tx.execute(LAST_SLOT).fetchone()
            self._next = 0 if last is None else (last[0] + 1) % SLOTS
        first = self._next
        tx.executemany(PUT, [((first + i) % SLOTS, *row) for i, row in enumerate(rows)])
        self._next = (first + len(rows)) % SLOTS

    def __bool__(self) -> bool:
        return bool(self._waiting)


def _text(text: str | None) -> str | None:
    return None if text is None else text[:MOST_TEXT].encode("utf-8", "replace").decode()


def _event_id(text: str | None) -> bytes | None:
    try:
        return bytes.fromhex(text) if text and len(text) == 32 else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class RefusalRow:
    at: int  # ms
    reason: str
    detail: str | None
    ip: str | None
    sdk: str | None


OF_PROJECT = """
select at, reason, detail, ip, sdk from refusal
 where project_id = ? and at >= ? order by at desc, slot desc limit 200
"""


def of_project(db: Reader, project_id: int, since_ms: int) -> list[RefusalRow]:
    """The newest refusals whose URL named the project."""
    return [RefusalRow(*row) for row in db.execute(OF_PROJECT, (project_id, since_ms))]
