"""What alert rules that count cost an event, in the writer's thread: µs of CPU for its look at an
event of a known issue, without any rule, with rules of other projects, and with twenty of its own.
Prints JSON; the figures go to docs/performance.md.

`python bench/alert_rules.py`. Events have 14 tags and come in batches of 32, from 200 issues.
"""

import json
import secrets
import tempfile
import time
from contextlib import closing
from pathlib import Path

from lighttrace.alerts.counting import Counting
from lighttrace.alerts.rules import Policy, Rule
from lighttrace.event.model import Event, User
from lighttrace.event.query.read import parse
from lighttrace.event.title import Titles
from lighttrace.event.triggers import trigger
from lighttrace.store import migrate
from lighttrace.store.database import open_writer
from lighttrace.store.groups import Group, said
from lighttrace.store.watching import Seen
from lighttrace.store.writes import EventWrite

NOW = 1_795_521_600_000
BATCH, ISSUES, ROUNDS = 32, 200, 300
WHERES = (
    "",
    "environment:production",
    "environment:production level:>=error",
    "environment:production level:>=error component:checkout",
    "!environment:staging browser:Firefox*",
    "url:*/checkout* level:error",
    "release:>=2.0",
    "component:cart OR component:basket",
    "has:user !component:admin",
    "environment:production is:unassigned",
)
WHENS = ("5000 events in 5m", "1000 users in 1h")
TAGS = (
    ("component", "checkout"),
    ("browser", "Firefox 150"),
    ("url", "https://shop.example/checkout/pay"),
    ("user", "id:17"),
    *((f"tag.{n}", f"value {n}") for n in range(10)),
)
PROJECT = """
insert into project(id, slug, name, short_prefix, salt, created_at)
values(1, 'shop', 'Shop', 'SHOP', x'00', 0)
"""


def rules(projects: frozenset[str] | None) -> Policy:
    made = [
        Rule(f"{when} {where}", (trigger(when),), projects, parse(where))
        for when in WHENS
        for where in WHERES
    ]
    return Policy(tuple(made))


def an_event(at: int, row: int) -> Seen:
    issue = row % ISSUES + 1
    event = Event(
        event_id=secrets.token_hex(16),
        received_at=at,
        happened_at=at,
        raw={},
        environment="production",
        release="shop@2.1.0",
        user=User(id=str(row)),
    )
    titles = Titles("KeyError", "'price'", "cart in total")
    write = EventWrite(
        1, 1, event, b"", b"", titles, bytes(16), 1, b"", "error", TAGS, b"person..", "17", ""
    )
    group = Group(issue, issue, False, said(titles.title, titles.value))
    return Seen(write, row, issue, group, row % 1000, False)


def measured(policy: Policy) -> float:
    """µs an event, the median of rounds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lighttrace.db"
        with closing(open_writer(path, synchronous="NORMAL")) as db:
            migrate.migrate(db, path)
            db.execute(PROJECT)
            watch = Counting(policy)
            costs = []
            for number in range(ROUNDS):
                first = number * BATCH
                seen = [an_event(NOW + (first + n) * 20, first + n) for n in range(BATCH)]
                began = time.thread_time_ns()
                watch.look(db, seen, {}, NOW)
                costs.append((time.thread_time_ns() - began) / 1000 / BATCH)
    return round(sorted(costs)[len(costs) // 2], 1)


def main() -> None:
    print(
        json.dumps(
            {
                "no rule that counts": measured(Policy()),
                "20 rules of other projects": measured(rules(frozenset({"other"}))),
                "20 rules of its own": measured(rules(None)),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
