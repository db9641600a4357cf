"""How `0.1.0.db.xz` was made: the database that version 0.1.0 leaves behind, by its own code.

    python make_0_1_0.py 0.1.0.db.xz        with version 0.1.0 installed

Some 180 of the events of its demo, three people, a session, a token, what somebody did to issues,
a mail that was not sent any more. The names, secrets and times below are those of the test.
"""

import asyncio
import lzma
import sys
import tempfile
from collections import Counter
from pathlib import Path

from lighttrace import __version__
from lighttrace.alerts.expand import expand_due
from lighttrace.clock import FixedClock
from lighttrace.demo import fill
from lighttrace.demo.events import Sending, history
from lighttrace.store import feedback, issues, sessions, tokens, users
from lighttrace.store.database import Transaction
from lighttrace.store.states import State
from lighttrace.store.store import Store
from lighttrace.store.writes import FeedbackWrite
from lighttrace.web.passwords import hash_password

NOW_MS = 1_795_492_800_000  # 24 November 2026
SESSION, TOKEN = "5e55" * 16, "70ce" * 16
DAY_MS = 86_400_000
MOST_ALIKE = 6
EVENT_ID = "0ddba11" + "0" * 25
# somebody without an id, somewhere without a name
STRANGER = {
    "event_id": EVENT_ID,
    "platform": "python",
    "level": "fatal",
    "sdk": {"name": "sentry.python.flask", "version": "2.70.0"},
    "user": {"username": "Root", "ip_address": "203.0.113.9"},
    "contexts": {"trace": {"trace_id": "ace0" * 8, "span_id": "ace0" * 4}},
    "tags": {"team": "billing"},
    "logentry": {"formatted": "the ledger of Tuesday is two cents short"},
}


def some(sendings: list[Sending]) -> list[Sending]:
    """The first few of each kind and the last one."""
    seen: Counter[str] = Counter()
    last = {kind(one): one for one in sendings}
    kept = []
    for one in sendings:
        seen[kind(one)] += 1
        if seen[kind(one)] <= MOST_ALIKE or one is last[kind(one)]:
            kept.append(one)
    stranger = Sending(NOW_MS - DAY_MS // 2, "shop-api", STRANGER)
    return sorted([*kept, stranger], key=lambda one: one.at)


def kind(one: Sending) -> str:
    values = one.payload.get("exception", {}).get("values", [{}])
    return f"{one.project} {values[-1].get('type')} {values[-1].get('value', '')[:5]}"


def people(tx: Transaction) -> None:
    password = hash_password("correct horse battery")
    users.add(tx, "ann@shop.example", "Ann", "member", password, NOW_MS)
    users.add(tx, "Bob@Shop.example", "Bob", "admin", password, NOW_MS)
    tokens.new_secret = lambda: TOKEN
    tokens.add(tx, "ci", ["event:read", "org:read", "project:read"], None, NOW_MS)
    sessions.new_secret = lambda: SESSION
    sessions.open(tx, 2, "198.51.100.7", "Firefox", NOW_MS, 30 * DAY_MS)
    feedback.save(tx, FeedbackWrite(
        project_id=2, event_id=EVENT_ID, received_at=NOW_MS,
        name="Kim", email="kim@example.org", message="Two cents?",
    ))


def work(tx: Transaction) -> None:
    fill._triage(tx, NOW_MS)
    expand_due(tx, ("ops@shop.example",), "errors.shop.example", NOW_MS)
    issues.set_state(tx, [1], State.RESOLVED, 2, NOW_MS)
    issues.set_state(tx, [1], State.UNRESOLVED, 2, NOW_MS + 1000)


async def leave(path: Path) -> None:
    clock = FixedClock(NOW_MS - 14 * DAY_MS)
    store = Store.open(path, clock=clock)
    await store.start()
    origins = await store.write(
        fill._people_and_projects, hash_password("lighttrace-demo"), clock.now_ms()
    )
    sendings = some(list(history(NOW_MS)))
    for at in range(0, len(sendings), 20):
        await fill._send(store, clock, sendings[at : at + 20], origins)
    clock.set(NOW_MS)
    await store.write(people)
    await store.write(work)
    await store.close()
    print(len(sendings), "events")


if __name__ == "__main__":
    assert __version__ == "0.1.0"
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "lighttrace.db"
        asyncio.run(leave(made))
        Path(sys.argv[1]).write_bytes(lzma.compress(made.read_bytes(), preset=9))
