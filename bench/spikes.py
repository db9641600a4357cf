"""What the search for spikes costs an event, and a look at an issue of fifteen days, as JSON.

`python bench/spikes.py [--events 200000] [--issues 200] [--loud 20]`

`event`: what is done with each event after its COMMIT, while nothing is worth a look, in µs of CPU;
events are spread over issues as they are in life, some loud and most rare, by forty people. `look`:
an issue with events in every minute of fifteen days beside `--issues` others, in ms: reading all of
it, reading what is new, and judging. `usual`: all of it together while `--loud`
issues with events in every minute of fifteen days are as loud as ever, once a second each, in µs of
CPU for each event. `memory`: what the last hour is
remembered by, in MB.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from lighttrace.alerts.spikes.ears import MOST_RINGS, Ears
from lighttrace.alerts.spikes.history import DAY, WINDOWS, Seen
from lighttrace.alerts.spikes.judge import LEAST, fewest, look
from lighttrace.alerts.spikes.pasts import Pasts, ask
from lighttrace.alerts.spikes.rings import MOST_PEOPLE
from lighttrace.store.database import open_reader, open_writer, snapshot, transaction
from lighttrace.store.migrate import migrate
from lighttrace.store.minutes import Subject
from lighttrace.store.writes import Heard

NOW = 29_925_360  # minutes
MINUTE_MS = 60_000
BATCH = 64
DAYS = 15
RARE = 190  # one of the issues that are not loud
LOUD_N, MINUTES = 60, 20


def hearing(events: int, issues: int) -> dict[str, Any]:
    """µs of CPU an event. Whatever seems worth a look is found to be as usual."""
    rng = random.Random(1)
    weights = [1 / (rank + 1) for rank in range(issues)]
    chosen = rng.choices(range(1, issues + 1), weights, k=events)
    # twenty minutes of it, so that looks happen as they do
    heard = [
        Heard(n, 1, issue, NOW * MINUTE_MS + n * 20 * MINUTE_MS // events, rng.randrange(40))
        for n, issue in enumerate(chosen)
    ]
    least = {counted: fewest("default", counted, young=False) for counted in LEAST}
    usual = {counted: {width: 10**6 for width in of} for counted, of in least.items()}
    ears, took, looks = Ears(lambda _: least), [], 0
    for start in range(0, events, BATCH):
        some = heard[start : start + BATCH]
        began_s = time.thread_time()
        ears.hear(some)
        took.append((time.thread_time() - began_s) * 1e6 / len(some))
        now_s = some[-1].at // 1000
        while (key := ears.take(now_s)) is not None:
            looks += 1
            ears.looked(key, now_s, usual, now_s + 300)
    return {
        "mean": round(statistics.fmean(took), 2),
        "p50": round(statistics.median(took), 2),
        "looks": looks,
        "events": events,
    }


def as_usual(path: Path, loud: int) -> dict[str, Any]:
    """µs of CPU an event, for hearing it, reading pasts and judging, as `watch` does it."""
    rng = random.Random(4)
    heard = sorted(
        (
            Heard(0, 1, issue, (NOW + minute) * MINUTE_MS + rng.randrange(MINUTE_MS), person)
            for issue in range(1, loud + 1)
            for minute in range(MINUTES)
            for person in rng.sample(range(9_000), LOUD_N + rng.randrange(-8, 9))
        ),
        key=lambda it: it.at,
    )
    least = {counted: fewest("default", counted, young=False) for counted in LEAST}
    ears, pasts = Ears(lambda _: least), Pasts()
    took, looks, longest_ms = {"hearing": 0.0, "reading": 0.0, "judging": 0.0}, 0, 0.0

    def timed(name: str, work: Callable[..., Any], *args: Any) -> Any:
        began_s = time.thread_time()
        found = work(*args)
        took[name] += time.thread_time() - began_s
        return found

    with closing(open_reader(path)) as reader:
        for it in heard:
            timed("hearing", ears.hear, [it])
            now_s = it.at // 1000
            while (key := ears.take(now_s)) is not None:
                ears.rest(key, now_s)
                with snapshot(reader) as db:
                    asked = timed("reading", ask, db, ears.subject(key), pasts.get(key), it.at)
                pasts.put(key, asked.past)
                began_s = time.thread_time()
                windows = ears.ring(key, 1).windows(now_s)
                verdict, needs = timed(
                    "judging", look, asked.history(windows), now_s // 60, "default"
                )
                longest_ms = max(longest_ms, (time.thread_time() - began_s) * 1000)
                looks += 1
                if verdict is None:
                    ears.looked(key, now_s, needs, now_s + 300)
    each = {name: round(s * 1e6 / len(heard), 1) for name, s in took.items()}
    return {**each, "events": len(heard), "looks": looks, "longest judging, ms": longest_ms}


def memory() -> dict[str, float]:
    """MB that the last hour takes of as many issues as are remembered, however many there are."""
    least = {counted: fewest("default", counted, young=False) for counted in LEAST}
    found, kept = {}, []
    for people in (1, MOST_PEOPLE):
        before_kb = _resident_kb()
        kept.append(ears := Ears(lambda _: least))
        for n in range(people):
            at = NOW * MINUTE_MS + n * 1000
            ears.hear(Heard(n, 1, issue, at, 1_000 * n) for issue in range(1, MOST_RINGS))
        found[f"of {people} people each"] = round((_resident_kb() - before_kb) / 1024, 1)
    return found


def _resident_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def fill(path: Path, issues: int, loud: int) -> None:
    """The first `loud` issues have events in every minute, the others in a hundred a day."""
    rng = random.Random(2)
    first = NOW - DAYS * DAY
    with closing(open_writer(path)) as db:
        migrate(db, path)
        with transaction(db) as tx:
            tx.execute(
                "insert into project(id, slug, name, short_prefix, salt, created_at,"
                " first_event_at) values(1, 'p', 'P', 'P', x'00', 0, ?)",
                (first * MINUTE_MS,),
            )
            for issue in range(1, issues + 1):
                tx.execute(
                    "insert into issue(id, project_id, short, title, level, state_at, created_at)"
                    " values(?1, 1, ?1, 't', 40, 0, 0)",
                    (issue,),
                )
                tx.execute(
                    "insert into grouphash(id, project_id, hash, version, issue_id, created_at)"
                    " values(?1, 1, randomblob(16), 1, ?1, ?2)",
                    (issue, first * MINUTE_MS),
                )
            for minute in range(first, NOW):
                some = rng.sample(range(loud + 1, issues + 1), (issues - loud) * 100 // DAY)
                there = [*range(1, loud + 1), *some]
                tx.executemany(
                    "insert into count_minute values(?1, ?2, 1, ?3, ?3, ?3)",
                    [(minute, issue, LOUD_N if issue <= loud else 5) for issue in there],
                )
                tx.executemany(
                    "insert into count_hour values(?, ?, 1, 0, 5)"
                    " on conflict do update set n = n + 5",
                    [(minute // 60, issue) for issue in there],
                )
                n = LOUD_N * loud + 5 * len(some)
                tx.execute("insert into project_minute values(?, 1, ?, ?)", (minute, n, n))


def looking(path: Path, rounds: int) -> dict[str, Any]:
    took: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[..., Any], *args: Any) -> Any:
        began_s = time.perf_counter()
        found = work(*args)
        took.setdefault(name, []).append((time.perf_counter() - began_s) * 1000)
        return found

    with closing(open_reader(path)) as reader:
        loud, rare, whole, now_ms = Subject(1, 1), Subject(1, RARE), Subject(1), NOW * MINUTE_MS
        seen = {width: Seen(12 * LOUD_N * width, 0) for width in WINDOWS}
        for _ in range(rounds):
            with snapshot(reader) as db:
                timed("read a rare issue", ask, db, rare, None, now_ms)
                timed("read a project", ask, db, whole, None, now_ms)
                found = timed("read every minute of fifteen days", ask, db, loud, None, now_ms)
                timed("read what is new", ask, db, loud, found.past, now_ms + MINUTE_MS)
                timed("judge", look, found.history(seen), NOW, "default")
    return {name: round(statistics.median(times), 2) for name, times in took.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--issues", type=int, default=200)
    parser.add_argument("--loud", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    remembered = memory()  # first, as freed memory would be taken again
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lighttrace.db"
        path.touch()
        fill(path, options.issues, options.loud)
        result = {
            "memory_mb": remembered,
            "event_us": hearing(options.events, options.issues),
            "look_ms": looking(path, options.rounds),
            "usual_us": as_usual(path, options.loud),
        }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
