"""What the queries of the pages cost at size: p50 and p95 in ms, and the CPU of it, as JSON.

`python bench/pages.py [--events 1000000] [--issues 10000] [--database FILE] [--runs 30]`

Fills a database straight by SQL (a minute or two for a million events), unless `--database` names
one that is there already, and asks what the pages ask, each on a warm connection as the server's
readers have. The stream is that of docs/storage.md: zipf over the issues, 90 days, 50 releases,
4 environments, 4 projects, 200,000 people, 14 tags of which one is nearly unique.
"""

import argparse
import itertools
import json
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from lighttrace.event.model import Arrival
from lighttrace.event.query.read import parse
from lighttrace.event.version import sort_key
from lighttrace.store import (
    activity,
    affected,
    bodies,
    counters,
    events,
    feedback,
    hashes,
    inbox,
    inbox_rows,
    issue_events,
    issue_list,
    issues,
    migrate,
    pace,
    tag_stats,
    text_index,
    volume,
)
from lighttrace.store.counters import DAY_MS, HOUR_MS, Period
from lighttrace.store.database import open_reader, open_writer, snapshot, transaction
from lighttrace.store.inbox import InboxQuery
from lighttrace.store.issue_events import EventQuery
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.search import compile
from lighttrace.store.sight import ALL
from lighttrace.store.states import State

NOW_MS = 1_795_521_600_000  # 2026-11-24 12:00 UTC
DAYS = 90
RELEASES, PROJECTS, PEOPLE = 50, 4, 200_000
ENVS = ("production", "staging", "", "development")
ENV_WEIGHTS = (85, 10, 3, 2)
TAGS = {  # key → distinct values
    "level": 3, "browser": 40, "browser.name": 8, "os": 25, "os.name": 5, "device": 300,
    "transaction": 400, "url": 1500, "handled": 2, "mechanism": 6, "component": 12, "runtime": 10,
    "server_name": 20, "request": 0,
}  # fmt: skip
PRESENT = (text_index.EVERY, *map(text_index.presence, TAGS))
WORDS = ("order", "cart", "payment", "user", "session", "price", "stock", "coupon", "gateway")
# Pages ask for one body at a time, so a few will do: these, and those an issue is opened with.
BODY_EVERY = 50
PAYLOADS = Path(__file__).parent / "payloads"
SMALL, USUAL = "py_exception_small.envelope", "py_exception.envelope"  # 6.5 KB and 31 KB of JSON
USUAL_EVERY = 20  # issues; the others have small bodies
CHUNK = 20_000


def fill(
    path: Path, count: int, issue_count: int, seed: int = 7, loudest: float | None = None
) -> None:
    """A database as `count` events over DAYS days would have left it. `loudest`: the share of them
    that issue 1 has, if not that of its rank.
    """
    rng = random.Random(seed)
    with closing(open_writer(path, synchronous="NORMAL")) as db:
        migrate.migrate(db, path)
        db.execute("PRAGMA synchronous=OFF")
        with transaction(db):
            bodies.add_shipped(db)
            values = _names(db)
            _issues(db, rng, issue_count)
        weights = _weights(issue_count, loudest)
        for first in range(1, count + 1, CHUNK):
            with transaction(db):
                _events(db, rng, first, min(CHUNK, count + 1 - first), count, weights, values)
            print(f"\r{first:,} events", end="", file=sys.stderr)
        print("\rcounting   ", file=sys.stderr)
        for statement in COUNTERS:
            with transaction(db):
                db.execute(statement)
        with transaction(db):
            _bodies_to_open(db)
        while text_index.settle(db):  # as the server does in its spare time
            pass
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA optimize")


def _names(db: sqlite3.Connection) -> list[list[tuple[int, str]]]:
    """Projects, environments, releases, people; returns (id, token) of the values of each tag."""
    for number in range(1, PROJECTS + 1):
        db.execute(
            "insert into project(id, slug, name, short_prefix, salt, created_at)"
            " values(?, ?, ?, ?, x'00', 0)",
            (number, f"p{number}", f"P{number}", f"P{number}"),
        )
    db.executemany("insert into environment(name) values(?)", [(name,) for name in ENVS])
    db.executemany(
        "insert into release(version, package, sort_key, added_at) values(?, 'shop', ?, 0)",
        [(it, sort_key(it)) for it in (f"shop@1.{n}.0" for n in range(RELEASES))],
    )
    db.executemany(
        "insert into person(project_id, key, shown, first_at, last_at) values(1, ?, ?, 0, 0)",
        [(n.to_bytes(8, "big"), f"user{n}@example.com") for n in range(PEOPLE)],
    )
    found = []
    ids = itertools.count(1)
    for key_id, (key, distinct) in enumerate(TAGS.items(), 1):
        db.execute("insert into tag_key(id, name) values(?, ?)", (key_id, key))
        own = []
        for n in range(distinct or 3_000):
            value_id, value = next(ids), f"{key} {n}" if distinct else f"\0{n}"
            db.execute(
                "insert into tag_value(id, key_id, value) values(?, ?, ?)",
                (value_id, key_id, value),
            )
            own.append((value_id, text_index.token(key, value)))
        found.append(own)
    return found


def _issues(db: sqlite3.Connection, rng: random.Random, issue_count: int) -> None:
    states = rng.choices(
        (State.UNRESOLVED, State.RESOLVED, State.ARCHIVED), (80, 15, 5), k=issue_count
    )
    for issue_id in range(1, issue_count + 1):
        words = " ".join(rng.choices(WORDS, k=4))
        db.execute(
            "insert into issue(id, project_id, short, title, value, culprit, level, platform,"
            " state, state_at, created_at) values(?, ?, ?, ?, ?, ?, 40, 'python', ?, 0, 0)",
            (
                issue_id, issue_id % PROJECTS + 1, issue_id, f"Error{issue_id % 97}",
                f"{words} {issue_id}", f"{words.split()[0]} in total", states[issue_id - 1],
            ),
        )  # fmt: skip
        for hash_id in _hashes(issue_id):
            db.execute(
                "insert into grouphash(id, project_id, hash, version, issue_id, created_at)"
                " values(?, ?, ?, 1, ?, 0)",
                (hash_id, issue_id % PROJECTS + 1, hash_id.to_bytes(16, "big"), issue_id),
            )
            own = list(dict.fromkeys(rng.choices(WORDS, k=12)))
            names = ([f"{it}_total" for it in own], [f"shop/{it}.py" for it in own], ())
            frames = "\n".join(map("\t".join, names))
            title, value = f"Error{issue_id % 97}", f"{words} {issue_id}"
            text_index.add_group(db, hash_id, title, value, frames)
    db.execute(STANDING, {"at": NOW_MS - HOUR_MS})


# what tells issues apart in the inbox
STANDING = """
update issue set unhandled = id % 3 = 0, level = iif(id % 50 = 0, 50, 40),
  substate = iif(id % 40 = 0, 2, 1), acknowledged_at = iif(id % 97 = 0, :at, null),
  high_value = iif(id % 11 = 0, 'tags.component:checkout', null)
"""


def _hashes(issue_id: int) -> list[int]:
    """Every hundredth issue has two, as after a merge."""
    return [issue_id, issue_id + 1_000_000] if issue_id % 100 == 0 else [issue_id]


def _weights(issue_count: int, loudest: float | None) -> list[float]:
    """How loud issues are, each with those before it: 1/(rank + 1), so that the loudest two have
    5 % each of a million events among 10,000 issues.
    """
    found = [1 / (max(rank, 1) + 1) for rank in range(issue_count)]
    if loudest is not None:
        found[0] = sum(found[1:]) * loudest / (1 - loudest)
    return list(itertools.accumulate(found))


def _events(
    db: sqlite3.Connection,
    rng: random.Random,
    first: int,
    some: int,
    count: int,
    weights: list[float],
    values: list[list[tuple[int, str]]],
) -> None:
    picked = rng.choices(range(1, len(weights) + 1), cum_weights=weights, k=some)
    envs = rng.choices(range(1, len(ENVS) + 1), ENV_WEIGHTS, k=some)
    table = text_index.EventText()
    event_rows, body_rows, text_rows = [], [], []
    for number in range(some):
        row = first + number
        at = NOW_MS - DAYS * DAY_MS + row * DAYS * DAY_MS // count
        issue_id, env_id = picked[number], envs[number]
        release = max(1, min(RELEASES, row * RELEASES // count + rng.choice((0, 0, 0, -1))))
        tags = [own[min(int(len(own) * rng.random() ** 2), len(own) - 1)] for own in values]
        project_id = issue_id % PROJECTS + 1
        person = None if rng.random() < 0.1 else int(PEOPLE * rng.random() ** 1.5) + 1
        event_rows.append(
            (
                row, rng.randbytes(16), project_id, rng.choice(_hashes(issue_id)), at, at, env_id,
                release, person, 40, 0, rng.randbytes(16) if rng.random() < 0.5 else None,
                array("I", [tag[0] for tag in tags]).tobytes(),
            )
        )  # fmt: skip
        tokens = [tag[1] for tag in tags]
        tokens.append(text_index.token("environment", ENVS[env_id - 1]))
        tokens.append(text_index.token("level", "error"))
        tokens.append(text_index.token("project", str(project_id)))
        tokens.append(text_index.token("release", f"shop@1.{release - 1}.0"))
        tokens.extend(PRESENT)
        if person is not None:
            tokens.append(text_index.token("user.id", str(person)))
        said = f"{rng.choice(WORDS)} {issue_id} {rng.randrange(10_000)}"
        said = text_index.spoken(f"Error{issue_id % 97}", said) if row % 2 else ""
        text_rows.append((row, event_rows[-1][3], f"{said} {' '.join(tokens)}"))
        if row % BODY_EVERY == 0:
            body_rows.append(_body(row, event_rows[-1][1], at, issue_id))
    db.executemany(
        "insert into event(id, event_id, project_id, hash_id, received_at, happened_at, env_id,"
        " release_id, person_id, level, flags, trace_id, tags)"
        " values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        event_rows,
    )
    db.executemany(ADD_BODY, body_rows)
    table.add(db, text_rows)


ADD_BODY = "insert or ignore into event_body values(?, ?, ?, ?, ?)"


@cache
def _compressed(name: str) -> tuple[int, bytes]:
    """(size, what is stored) of the event in a payload file."""
    _, header, rest = (PAYLOADS / name).read_bytes().split(b"\n", 2)
    body = rest[: json.loads(header)["length"]]
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("create table dictionary(id, project_id, kind, data)")  # none but the shipped
        _, data = bodies.Compressor(db).compress(0, body)
    return len(body), data


def _body(row: int, event_id: bytes, at: int, issue_id: int) -> tuple[int, int, int, bytes, bytes]:
    """A row of `event_body`. The bytes are those of all its kind: what tells events apart is said
    by their `derived`, the id and the time.
    """
    size, data = _compressed(USUAL if issue_id % USUAL_EVERY == 0 else SMALL)
    derived = msgspec.json.encode(Arrival(received_at=at, event_id=event_id.hex()))
    return row, bodies.SHIPPED_ID, size, derived, data


OPENED = """
select e.id, e.event_id, e.received_at, n.issue_id
  from issue_env n cross join event e on e.id in (n.first_event, n.last_event)
"""


def _bodies_to_open(db: sqlite3.Connection) -> None:
    """Bodies of the events that an issue's page opens by itself: first, last, recommended."""
    db.executemany(ADD_BODY, [_body(*row) for row in db.execute(OPENED).fetchall()])
    issue_ids = [row[0] for row in db.execute("select issue_id from issue_env where env_id = 0")]
    for issue_id in issue_ids:
        row = events.chosen(db, issue_id, "recommended")
        if row is not None:
            own = _body(row.row, bytes.fromhex(row.event_id), row.received_at, issue_id)
            db.execute(ADD_BODY, own)


ISSUE_ENV = """
insert into issue_env(env_id, issue_id, project_id, state, n, people, first_at, last_at,
  first_event, last_event, first_release, last_release)
select {env}, g.issue_id, i.project_id, i.state, count(*), count(distinct e.person_id),
  min(e.happened_at), max(e.happened_at), min(e.id), max(e.id), min(e.release_id),
  max(e.release_id)
  from event e join grouphash g on g.id = e.hash_id join issue i on i.id = g.issue_id
 group by {env_group}g.issue_id
"""
COUNTERS = (
    f"""insert into count_hour select received_at / {HOUR_MS}, hash_id, env_id, release_id, count(*)
     from event group by 1, 2, 3, 4""",
    f"""insert into count_day select received_at / {DAY_MS}, env_id, hash_id, release_id, count(*)
     from event group by 1, 2, 3, 4""",
    f"""insert into count_release
     select received_at / {HOUR_MS}, project_id, env_id, release_id, count(*)
     from event group by 1, 2, 3, 4""",
    """insert into release_project(project_id, release_id, first_event_at, last_event_at)
     select project_id, release_id, min(received_at), max(received_at)
     from event where release_id is not null group by 1, 2""",
    f"""insert into count_minute select received_at / 60000, hash_id, env_id, count(*), count(*), 1
     from event where received_at > {NOW_MS - 15 * DAY_MS} group by 1, 2, 3""",
    f"""insert into hash_person select hash_id, person_id, env_id, max(received_at) / {HOUR_MS}
     from event where person_id is not null group by 1, 2, 3""",
    ISSUE_ENV.format(env="0", env_group=""),
    ISSUE_ENV.format(env="e.env_id", env_group="e.env_id, "),
    """insert into feedback(project_id, event_id, received_at, message)
     select project_id, event_id, received_at, 'It broke.' from event where id % 5000 = 0""",
)


def inboxes(db: sqlite3.Connection) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The inbox as its page asks it, and what every page asks for the sidebar. 30 days stand for an
    installation where all that is open happened of late.
    """
    for words, period_ms in (("1 h", HOUR_MS), ("24 h", DAY_MS), ("30 d", 30 * DAY_MS)):
        for env in (None, "production"):
            query = InboxQuery(period_ms=period_ms, env=env, now_ms=NOW_MS)

            def shown(query: InboxQuery = query) -> None:
                found = inbox.find(db, query)
                for some in found.shown.values():
                    inbox_rows.rows(db, query, some)
                until_ms = (NOW_MS // 1_200_000 + 1) * 1_200_000
                volume.bars(db, None, query.env, until_ms - 2 * DAY_MS, until_ms, 1_200_000)
                pace.to_acknowledge(db, None, NOW_MS)
                pace.to_resolve(db, None, NOW_MS)

            yield f"inbox, {words}, {env or 'all environments'}", shown
            waiting = replace(query, group="wait")
            yield (
                f"inbox, {words}, {env or 'all environments'}, what can wait",
                (lambda query=waiting: inbox.find(db, query)),
            )
        count = InboxQuery(period_ms=period_ms, now_ms=NOW_MS)
        yield (
            f"how many need somebody, {words}",
            (lambda query=count: inbox.count_act_now(db, query)),
        )
        yield (
            f"where an issue stands, {words}",
            (lambda query=count: inbox.standing(db, 1, query)),
        )


SEARCHES = {
    "a rare word": "4711",
    "a common word": "gateway",
    "a beginning": "gat",
    "a phrase": '"price 17"',
    "a pasted message": "Error17: gateway session price coupon 4711",
    "words that are nowhere": "no such thing",
    "three tags": 'component:"component 1" browser:"browser 1" level:error',
    "a rare tag": 'url:"url 1400"',
    "a tag of half the events": 'os.name:"os.name 0"',
    "all but one tag": '!browser:"browser 0"',
    "a pattern": "url:*11*",
    "a function": "function:order_total",
    "issues only": "is:unassigned events:>20 firstSeen:-30d",
    "issues or events": 'is:archived OR component:"component 1"',
    "releases from one on": "release:>=1.40",
    "one user": "user.id:17",
}


def searches(
    db: sqlite3.Connection, listed: Callable[..., Callable[[], Any]]
) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Searches as their page asks them; people of very many events come after the rows."""
    tags = compile.tag_names(db)
    for words, text in SEARCHES.items():
        what = parse(text, tags)
        for period, period_ms in (("14 d", 14 * DAY_MS), ("90 d", 90 * DAY_MS)):
            for env in ("production", None):
                given = {"what": what, "env": env, "period_ms": period_ms, "people_later": True}
                name = f"search: {words}, {period}, {env or 'all environments'}"
                yield name, listed(**given)
                if env is None:
                    yield f"{name}, by events", listed(**given, sort="events")
    half = parse(SEARCHES["a tag of half the events"], tags)
    for period, period_ms in (("14 d", 14 * DAY_MS), ("90 d", 90 * DAY_MS)):
        for sort in ("last_seen", "events", "users"):
            given = {"what": half, "env": None, "period_ms": period_ms, "sort": sort}
            yield f"search: people of half the events, {period}, by {sort}", listed(**given)
        query = IssueQuery(what=half, period_ms=period_ms, now_ms=NOW_MS)
        yield (
            f"search: how many of each state have half the events, {period}",
            (lambda query=query: issue_list.totals(db, query)),
        )


def questions(db: sqlite3.Connection) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What is asked, by name."""

    def listed(**over: Any) -> Callable[[], Any]:
        given = {"state": State.UNRESOLVED, "env": "production", "period_ms": 14 * DAY_MS}
        query = IssueQuery(now_ms=NOW_MS, **(given | over))
        return lambda: issue_list.search(db, query)

    def second(**over: Any) -> Callable[[], Any]:
        cursor = listed(**over)().next_cursor
        return listed(**over, cursor=cursor)

    periods = {"24 h": DAY_MS, "7 d": 7 * DAY_MS, "14 d": 14 * DAY_MS, "30 d": 30 * DAY_MS,
               "90 d": 90 * DAY_MS, "ever": None}  # fmt: skip
    for words, period_ms in periods.items():
        for env in ("production", None):
            for sort in ("last_seen", "first_seen", "events", "users"):
                name = f"issues by {sort}, {words}, {env or 'all environments'}"
                yield name, listed(period_ms=period_ms, env=env, sort=sort)
    for sort in ("last_seen", "events", "users"):
        yield f"issues by {sort}, 14 d, page 2", second(sort=sort)
    yield "issues by events, 14 d, one project", listed(sort="events", project_ids=(2,))
    yield "issues by events, 14 d, all states", listed(sort="events", state=None)
    yield from inboxes(db)
    yield from searches(db, listed)
    small = db.execute("select issue_id from issue_env where env_id = 0 and n < 9").fetchone()[0]
    for words, issue_id in (("loudest", 1), ("two hashes", 100), ("small", small)):
        row = db.execute(
            "select last_event from issue_env where env_id = 0 and issue_id = ?", (issue_id,)
        ).fetchone()[0]
        middle = events.newest_rows(db, issue_id, 500)[-1]
        for env in (None, "development"):
            where = env or "all environments"

            def shown(issue_id: int = issue_id, env: str | None = env, row: int = middle) -> None:
                issues.get(db, issue_id, ALL)
                period = Period.last(30 * DAY_MS, NOW_MS)
                until_ms = period.until_hour * HOUR_MS
                counters.series(db, issue_id, env, period.since_ms, until_ms, 6 * HOUR_MS)
                counters.totals(db, issue_id, env, period.since_ms)
                event = events.chosen(db, issue_id, "recommended", env)
                events.around(db, issue_id, row)
                if event is not None:
                    bodies.of_event(db, event.row)
                activity.of_issue(db, issue_id)

            yield f"{words} issue: the page without tags, 30 d, {where}", shown
            yield (
                f"{words} issue: tags, {where}",
                (lambda issue_id=issue_id, env=env: tag_stats.of_issue(db, issue_id, env)),
            )
            yield (
                f"{words} issue: a tag in full, {where}",
                lambda issue_id=issue_id, env=env: tag_stats.values(db, issue_id, env, "browser"),
            )
            yield (
                f"{words} issue: who met it, {where}",
                lambda issue_id=issue_id, env=env: affected.everybody(db, issue_id, env),
            )
            for text in ("", 'os.name:"os.name 0"', "nothing"):
                query = EventQuery(env=env, text=text)
                yield (
                    f"{words} issue: its events, {text or 'all'}, {where}",
                    lambda issue_id=issue_id, query=query: issue_events.page(db, issue_id, query),
                )
            for which in ("recommended", "latest", "first"):
                yield (
                    f"{words} issue: {which} event, {where}",
                    (
                        lambda issue_id=issue_id, which=which, env=env: events.chosen(
                            db, issue_id, which, env
                        )
                    ),
                )
        yield (
            f"{words} issue: around",
            lambda issue_id=issue_id, row=row: events.around(db, issue_id, row),
        )
        yield (
            f"{words} issue: list of events",
            lambda issue_id=issue_id: events.list_of_issue(db, issue_id, None, 50),
        )
        yield f"{words} issue: hashes", lambda issue_id=issue_id: hashes.of_issue(db, issue_id)
        yield f"{words} issue: feedback", lambda issue_id=issue_id: feedback.of_issue(db, issue_id)
    yield (
        "tags of a project, 30 d",
        lambda: tag_stats.of_project(db, 2, None, NOW_MS - 30 * DAY_MS),
    )
    yield "events of a project", lambda: events.list_of_project(db, 2, None, 100)


def measure(path: Path, runs: int, only: str) -> dict[str, Any]:
    """Each question `runs` times on one warm connection."""
    timings = {}
    with closing(open_reader(path)) as db:
        for name, ask in questions(db):
            if only not in name:
                continue
            took_ms, cpu_ms = [], []
            for _ in range(runs + 2):  # two to warm
                with snapshot(db):
                    began_s, cpu_s = time.perf_counter(), time.thread_time()
                    ask()
                    took_ms.append((time.perf_counter() - began_s) * 1000)
                    cpu_ms.append((time.thread_time() - cpu_s) * 1000)
            took_ms = sorted(took_ms[2:])
            timings[name] = {
                "p50": round(statistics.median(took_ms), 1),
                "p95": round(took_ms[int(len(took_ms) * 0.95)], 1),
                "cpu": round(
                    statistics.median(cpu_ms[2:]), 1
                ),  # what a busy machine adds is not in
            }
    return timings


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--database", type=Path, help="filled if it is not there, and kept")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--only", default="", help="questions whose name has this")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.database or Path(folder) / "pages.db"
        if not path.exists():
            fill(path, given.events, given.issues)
        timings = measure(path, given.runs, given.only)
        slow = [name for name, took in timings.items() if took["p50"] > 50]
        result = {
            "events": given.events,
            "size_bytes": path.stat().st_size,
            "load": os.getloadavg()[0],
            "over_50_ms": slow,
            "ms": timings,
        }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
