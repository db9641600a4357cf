"""What a message costs at a million events, from its cause to the words of it, and whom it holds
up. Prints JSON, ms at the median and at the most; the figures go to docs/performance.md.

    python bench/mails.py [--database FILE] [--runs 20] [--only spike]

The database is that of `bench/pages.py`, with 220,000 of the events in one issue, which is told
of, after a long life of alerts: 100,000 messages sent, 2,000 held in a storm, 20,000 releases, a
hundred people, 300 mutes. `writer`: transactions, each with its COMMIT. `reader`: in a thread that
reads. `loop`: in the event loop. `cpu`: the median of what the processor took of it.
"""

import argparse
import json
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pages
from pages import NOW_MS

from lighttrace.alerts import gate, news, routine, weekly
from lighttrace.alerts.compose import compose
from lighttrace.alerts.expand import expand_due
from lighttrace.alerts.message import message_of
from lighttrace.alerts.rules import DEFAULT, Policy, Rule
from lighttrace.alerts.webhook import request
from lighttrace.event.query.read import parse
from lighttrace.event.triggers import trigger
from lighttrace.settings.webhooks import Webhook
from lighttrace.store import causes, events, lanes, migrate, outbox, teams, users
from lighttrace.store.counters import DAY_MS, HOUR_MS, MINUTE_MS
from lighttrace.store.database import open_reader, open_writer, snapshot, transaction
from lighttrace.store.outbox import Attempt, Draft, Message

EVENTS, ISSUES, LOUDEST = 1_000_000, 10_000, 0.22
SENT, HELD, RELEASES, PEOPLE, TEAMS, MUTES = 100_000, 2_000, 20_000, 100, 10, 300
HOST, URL = "errors.example", "https://errors.example"
LOUD, SMALL = 1, 4_001  # issues of the same project
HOOK = Webhook(name="chat", kind="generic", url="https://chat.example/x", secret="a" * 32)
POLICY = Policy(
    (
        Rule(
            DEFAULT,
            tuple(map(trigger, ("new", "regression", "escalating", "spike"))),
            to=("owner",),
        ),
        Rule("shop", (trigger("new"),), None, parse("environment:production"), ("team:team1",)),
        Rule("many", (trigger("5000 events in 5m"),), to=("team:team1",)),
    ),
    ("ops@shop.example",),
)
MANY = "insert into release(version, package, sort_key, added_at) values(?, 'shop', null, 0)"
OF_PROJECTS = """
insert or ignore into release_project(project_id, release_id, first_event_at, last_event_at)
select 1 + r.id % 4, r.id, :now_ms - 90 * 86400000 + r.id * 80 * 86400000 / :n, :now_ms
  from release r
"""
TOLD = """
insert into outbox(dedupe, kind, target, issue_id, caused_at, made_at, due_at, state, done_at,
  released_at, message_id, payload) values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}')
"""
CAUSE = "insert into cause(kind, issue_id, event_row, at, expanded_at) values('new', ?, ?, ?, ?)"
MUTE = """
insert into mute(issue_id, rule, for_user, made_by, made_at, until, condition)
values(?, ?, ?, 1, ?, ?, ?)
"""
CLEAR = (
    "delete from outbox where state = 'due'",
    "delete from outbox where state = 'held' and target not like 'storm%'",
    "delete from lane where target not like 'storm%'",
)
UNTIL_MANY = '{"kind":"events","n":10000,"minutes":10080}'
PAUSE = "insert into rule_told(rule, issue_id, project_id, at) values('many', ?, 1, ?)"
ACTIVITY = "insert into activity(issue_id, at, user_id, kind, detail) values(?, ?, 1, ?, ?)"
OUTCOMES = """
insert into outcome_hour select hour, g.project_id, 1, 'error', 'accepted', '', 'server', sum(c.n)
  from count_hour c join grouphash g on g.id = c.hash_id group by 1, 2
"""


def live(path: Path) -> None:
    """Give it people and a life of alerts."""
    rng = random.Random(3)
    with closing(open_writer(path, synchronous="NORMAL")) as db:
        migrate.migrate(db, path)
    with closing(open_writer(path, synchronous="NORMAL")) as db, transaction(db) as tx:
        for n in range(PEOPLE):
            made = users.add(tx, f"person{n}@shop.example", f"P {n}", "member", None, 0)
            if n < TEAMS:
                teams.add(tx, f"Team {n}", 0, slug=f"team{n}")
            teams.join(tx, n % TEAMS + 1, made.id)
        for project_id in range(1, pages.PROJECTS + 1):
            teams.set_of_project(tx, project_id, range(1, TEAMS + 1))
        tx.execute("update issue set owner_team = 1 + id % 10")
        tx.executemany(MANY, [(f"shop@{n}.5.0+{n:08x}",) for n in range(2, RELEASES)])
        tx.execute(OF_PROJECTS, {"now_ms": NOW_MS, "n": RELEASES})
        told = []
        for n in range(SENT + HELD):
            at = NOW_MS - 90 * DAY_MS + n * 90 * DAY_MS // (SENT + HELD)
            kind, state = rng.choice(("new", "new", "spike")), "done" if n < SENT else "held"
            to = "storm@shop.example" if state == "held" else f"person{n % PEOPLE}@shop.example"
            done = at if state == "done" else None
            told.append((f"old:{n}", kind, to, rng.randrange(ISSUES) + 1, at, at, at, state, done,
                         done, f"<{n}@{HOST}>"))  # fmt: skip
        tx.executemany(TOLD, told)
        tx.executemany(CAUSE, [(it[3], 1, it[4], it[4]) for it in told])
        for n in range(MUTES):
            far, condition = NOW_MS + 30 * DAY_MS, UNTIL_MANY if n < MUTES // 3 else None
            # a third are of loud issues until something happens, the others of people
            issue_id, by = (
                (n + 2, None) if condition else (rng.randrange(ISSUES) + 1, n % PEOPLE + 1)
            )
            tx.execute(MUTE, (issue_id, None, by, NOW_MS - DAY_MS, far, condition))
        tx.executemany(PAUSE, [(n, NOW_MS - DAY_MS) for n in range(ISSUES)])
        for n in range(300):
            at = NOW_MS - 20 * DAY_MS + n * MINUTE_MS
            tx.execute(ACTIVITY, (LOUD, at, "assigned", "{}"))
        tx.execute(ACTIVITY, (LOUD, NOW_MS - 12 * DAY_MS, "resolved", "{}"))
        back = {"release": "shop@1.48.0"}
        tx.execute(ACTIVITY, (LOUD, NOW_MS - 5 * DAY_MS, "regressed", json.dumps(back)))
        tx.execute(OUTCOMES)
    with closing(open_writer(path, synchronous="NORMAL")) as db:
        db.execute("PRAGMA optimize")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


T = TypeVar("T")


@dataclass
class Clock:
    """What took how long, by where and what."""

    took: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def of(self, name: str, work: Callable[[], T]) -> T:
        began_s, cpu_s = time.perf_counter(), time.thread_time()
        found = work()
        took = (time.perf_counter() - began_s) * 1000, (time.thread_time() - cpu_s) * 1000
        self.took.setdefault(name, []).append(took)
        return found

    def ms(self) -> dict[str, dict[str, float]]:
        found = {}
        for name, took in self.took.items():
            wall, cpu = zip(*took, strict=True)
            p50, longest, cpu_p50 = statistics.median(wall), max(wall), statistics.median(cpu)
            found[name] = {"p50": round(p50, 2), "max": round(longest, 2), "cpu": round(cpu_p50, 2)}
        return found


@dataclass(frozen=True)
class Case:
    """A message. `said`: what its cause says."""

    kind: causes.Kind
    issue_id: int
    said: dict[str, Any] = field(default_factory=dict)


def _spike(minutes: int) -> dict[str, Any]:
    rate = {"count": 61, "window_min": 60, "usual": 4.0}
    since = NOW_MS - minutes * MINUTE_MS
    return {"rate": rate, "reason": "61 per h, usually 4", "since_at": since}


def cases(db: sqlite3.Connection) -> dict[str, Case]:
    row = events.first_row_since(db, NOW_MS - 5 * DAY_MS)
    return {
        "new": Case("new", SMALL),
        "new, and already 220,000 events": Case("new", LOUD),
        "regression, 12,000 events since": Case("regression", LOUD, {"event_row": row}),
        "spike, five minutes ago": Case("spike", LOUD, _spike(5)),
        "spike, 12,000 events since": Case("spike", LOUD, _spike(5 * 1440)),
        "a rule that counts": Case("events", LOUD, {"n": 5_000, "minutes": 60, "reason": "5,000"}),
    }


def _clear(tx: sqlite3.Connection) -> None:
    """What the others were told, so that the next message goes at once."""
    for statement in CLEAR:
        tx.execute(statement)


class Road:
    """From a cause to the words, as the alerts loop goes it."""

    def __init__(self, path: Path) -> None:
        self._writer = open_writer(path)
        self._reader = open_reader(path)
        self._number = 0

    def close(self) -> None:
        self._writer.close()
        self._reader.close()

    def told(self, clock: Clock, case: Case) -> None:
        self._number += 1
        n = self._number
        now_ms = NOW_MS + n * HOUR_MS // 1000
        with transaction(self._writer) as tx:
            _clear(tx)
            rule = "many" if case.kind == "events" else None
            row = case.said.get("event_row")
            if rule is not None:
                tx.execute("delete from rule_told where issue_id = ?", (case.issue_id,))
            about = {"issue_id": case.issue_id, "event_row": row, "rule": rule, "said": case.said}
            causes.note(tx, case.kind, now_ms, dedupe=f"bench:{n}:{case.kind}", **about)
        clock.of("writer: who is told", lambda: self._write(expand_due, POLICY, None, HOST, now_ms))
        due = clock.of("reader: what is due", lambda: self._read(outbox.due, now_ms, 50, "mail"))
        clock.of("reader: what is due next", lambda: self._read(outbox.next_due_at))
        clock.of("reader: which window closes next", lambda: self._read(lanes.next_at))
        self.sent(clock, due[0], now_ms)
        self.hooked(clock, due[0], now_ms)

    def sent(self, clock: Clock, message: Message, now_ms: int) -> None:
        clock.of("writer: claimed", lambda: self._write(outbox.claim, message.id, now_ms))
        found = clock.of("reader: facts of a mail", lambda: self._facts(message, now_ms))
        assert found is not None
        mail = clock.of("loop: composed", lambda: compose(found, message, now_ms))
        clock.of("loop: as bytes", lambda: message_of(mail, "lt@shop.example").as_bytes())
        sent = Attempt(now_ms, "250", 9, "OK")
        clock.of(
            "writer: written down",
            lambda: self._write(outbox.record_delivered, message.id, sent),
        )

    def hooked(self, clock: Clock, message: Message, now_ms: int) -> None:
        found = clock.of(
            "reader: facts of a webhook", lambda: self._facts(message, now_ms, in_full=False)
        )
        assert found is not None
        clock.of("loop: a webhook's JSON", lambda: request(found, HOOK, now_ms))

    def digest(self, clock: Clock) -> None:
        """Forty new issues in one message."""
        self._number += 1
        to, now_ms = f"digest{self._number}@shop.example", NOW_MS + HOUR_MS
        with transaction(self._writer) as tx:
            _clear(tx)
            for n in range(40):
                issue_id = n + 1 if n < 20 else 4 * n + 1
                draft = Draft(f"{to}:{n}", "new", to, issue_id, NOW_MS - 3 * HOUR_MS, {})
                outbox.add(tx, draft, HOST, NOW_MS - 3 * HOUR_MS)
        clock.of("writer: the gate", lambda: self._write(gate.open_for_all, None, HOST, now_ms))
        due = self._read(outbox.due, now_ms, 50, "mail")
        self.sent(clock, next(it for it in due if it.target == to), now_ms)

    def weekly(self, clock: Clock) -> None:
        self._number += 1
        to, now_ms = f"weekly{self._number}@shop.example", NOW_MS + HOUR_MS
        with snapshot(self._reader) as db:
            person = users.by_email(db, "person0@shop.example")
        assert person is not None
        kept = dict(weekly.payload(person, NOW_MS - 27 * HOUR_MS))
        draft = Draft(f"week:{self._number}", "weekly", to, None, NOW_MS, kept)
        with transaction(self._writer) as tx:
            _clear(tx)
            outbox.add(tx, draft, HOST, now_ms)
        self._write(gate.open_for_all, None, HOST, now_ms)
        due = self._read(outbox.due, now_ms, 50, "mail")
        self.sent(clock, next(it for it in due if it.kind == "weekly"), now_ms)
        clock.of("reader: the line of the day", lambda: self._read(routine.alive, NOW_MS))

    def _facts(self, message: Message, now_ms: int, **how: bool) -> news.News | None:
        return self._read(partial(news.read, **how), message, message.payload, URL, now_ms)

    def _write(self, work: Callable[..., T], *args: Any) -> T:
        with transaction(self._writer) as tx:
            return work(tx, *args)

    def _read(self, work: Callable[..., T], *args: Any) -> T:
        with snapshot(self._reader) as db:
            return work(db, *args)


def measure(path: Path, runs: int, only: str) -> dict[str, Any]:
    road, found = Road(path), {}
    with closing(road), closing(open_reader(path)) as db:
        asked: dict[str, Callable[[Clock], None]] = {
            name: (lambda clock, case=case: road.told(clock, case))
            for name, case in cases(db).items()
        }
        asked["digest of 40"] = road.digest
        asked["weekly report"] = road.weekly
        for name, ask in asked.items():
            if only not in name:
                continue
            ask(Clock())  # to warm
            clock = Clock()
            for _ in range(runs):
                ask(clock)
            found[name] = clock.ms()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--database", type=Path, help="of bench/pages.py: filled if not there")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--only", default="", help="messages whose name has this")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        filled = given.database or Path(folder) / "pages.db"
        if not filled.exists():
            pages.fill(filled, EVENTS, ISSUES, loudest=LOUDEST)
        path = Path(folder) / "mails.db"
        shutil.copyfile(filled, path)
        live(path)
        print(json.dumps({"ms": measure(path, given.runs, given.only)}, indent=1))


if __name__ == "__main__":
    main()
