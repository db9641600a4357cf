"""Two weeks of the shop, sent through the real ingest by a clock that walks from then to now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lighttrace.alerts.expand import expand_due
from lighttrace.clock import FixedClock
from lighttrace.demo import people
from lighttrace.demo.events import DAY_MS, DAYS, Sending, history
from lighttrace.demo.faults import PROJECTS
from lighttrace.errors import StartError
from lighttrace.ingest import pipeline
from lighttrace.ingest.envelope import parse_envelope
from lighttrace.ingest.origin import Origin
from lighttrace.limits import LIMITS
from lighttrace.store import issue_list, keys, notes, projects, triage, users
from lighttrace.store.database import Transaction
from lighttrace.store.issue_list import IssueQuery, IssueRow
from lighttrace.store.states import State
from lighttrace.store.store import Store
from lighttrace.web.passwords import hash_password

EMAIL, PASSWORD = "mira@shop.example", "lighttrace-demo"
FINDING = """Only with the new retry: the second click finds the order already taken.

- the guard `if (busy) return;` on the button is gone since **web@3.18.2**
- fix in review, @mira looks after it
"""
TOGETHER = 100  # events handed to the store before waiting: they become batches

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Filled:
    """What was made, for the words after it."""

    projects: int
    issues: int
    events: int


async def fill(
    path: Path, now_ms: int, tell: Tell = lambda done, of: None, days: int = DAYS
) -> Filled:
    """Fill a fresh database. `tell(done, of)` reports progress in events.

    Raises StartError if there is a database already: made-up events must not mix with real ones.
    """
    if path.exists():
        raise StartError(
            f"{path} exists already. The demo fills a fresh database: choose another --data folder."
        )
    began_ms = now_ms - DAYS * DAY_MS
    clock = FixedClock(began_ms)
    store = Store.open(path, clock=clock, synchronous="NORMAL")
    await store.start()
    try:
        password_hash = hash_password(PASSWORD)
        origins = await store.write(_people_and_projects, password_hash, began_ms)
        await store.write(people.settle, password_hash, began_ms, now_ms)
        sendings = [one for one in history(now_ms) if one.at >= now_ms - days * DAY_MS]
        for start in range(0, len(sendings), TOGETHER):
            await _send(store, clock, sendings[start : start + TOGETHER], origins)
            tell(min(start + TOGETHER, len(sendings)), len(sendings))
        clock.set(now_ms)
        while await store.write(expand_due, (), "", now_ms):
            pass  # nobody is to be mailed about what never happened
        return Filled(len(origins), await store.write(_triage, now_ms), len(sendings))
    finally:
        await store.close()


def _people_and_projects(tx: Transaction, password_hash: str, now_ms: int) -> dict[str, Origin]:
    users.add(tx, EMAIL, "Mira", "owner", password_hash, now_ms)
    origins = {}
    for project in PROJECTS:
        made = projects.add(tx, project.name, now_ms, slug=project.slug, platform=project.platform)
        key = keys.of_project(tx, made.id)[0]
        origins[project.slug] = Origin(project_id=made.id, key_id=key.id, received_at=now_ms)
    return origins


async def _send(
    store: Store, clock: FixedClock, sendings: list[Sending], origins: dict[str, Origin]
) -> None:
    waiting = []
    for sending in sendings:
        clock.set(sending.at)
        origin = origins[sending.project]
        at = Origin(origin.project_id, origin.key_id, sending.at)
        work = pipeline.of_envelope(parse_envelope(_envelope(sending), LIMITS), at, LIMITS)
        waiting += [store.submit(write) for write in work.events]
    for future in waiting:
        await future


def _envelope(sending: Sending) -> bytes:
    header = msgspec.json.encode({"event_id": sending.payload["event_id"]})
    return b"%b\n%b\n%b\n" % (header, b'{"type":"event"}', msgspec.json.encode(sending.payload))


def _triage(tx: Transaction, now_ms: int) -> int:
    """Somebody has worked here: two issues are resolved, one is archived. Returns how many issues
    there are.
    """
    everything = IssueQuery(
        project_ids=None, env=None, period_ms=None, state=None, text="", sort="last_seen",
        cursor=None, limit=100, now_ms=now_ms,
    )  # fmt: skip
    rows = issue_list.search(tx, everything).rows
    quiet = [row.id for row in rows if row.title in ("ZeroDivisionError", "JSONDecodeError")]
    noise = [row.id for row in rows if row.title == "AbortError"]
    triage.set_state(tx, quiet, State.RESOLVED, 1, now_ms - 3 * 3_600_000)
    triage.set_state(tx, noise, State.ARCHIVED, 1, now_ms - 26 * 3_600_000)
    _say(tx, rows, now_ms)
    return len(rows)


def _say(tx: Transaction, rows: Sequence[IssueRow], now_ms: int) -> None:
    """What somebody wrote about the error in the checkout."""
    for row in rows:
        if row.title == "TypeError" and "orderId" in row.value:
            notes.add(tx, row.id, 1, FINDING, now_ms - 3 * 60_000)
