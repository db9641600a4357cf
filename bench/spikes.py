"""What the search for spikes costs an event, and a look at an issue of fifteen days, as JSON.

`python bench/spikes.py [--events 200000] [--issues 200]`

`event`: what is done with each event after its COMMIT, while nothing is worth a look, in µs of CPU;
events are spread over issues as they are in life, some loud and most rare, by forty people. `look`:
an issue with events in every minute of fifteen days beside `--issues` others, in ms: reading all of
it, reading what is new, and judging.
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

from lighttrace.alerts.spikes.ears import Ears
from lighttrace.alerts.spikes.history import DAY, Seen
from lighttrace.alerts.spikes.judge import LEAST, fewest, look
from lighttrace.alerts.spikes.pasts import ask
from lighttrace.store.database import open_reader, open_writer, snapshot, transaction
from lighttrace.store.migrate import migrate
from lighttrace.store.minutes import Subject
from lighttrace.store.writes import Heard

NOW = 29_925_360  # minutes
MINUTE_MS = 60_000
BATCH = 64
DAYS = 15


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


def fill(path: Path, issues: int) -> None:
    """Issue 1 has events in every minute, the others in a hundred minutes a day."""
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
                there = [1, *rng.sample(range(2, issues + 1), issues * 100 // DAY)]
                tx.executemany(
                    "insert into count_minute values(?, ?, 1, 5, 5, 4)",
                    [(minute, issue) for issue in there],
                )
                tx.executemany(
                    "insert into count_hour values(?, ?, 1, 0, 5)"
                    " on conflict do update set n = n + 5",
                    [(minute // 60, issue) for issue in there],
                )
                tx.execute("insert into project_minute values(?, 1, ?, ?)", (minute, 5, 5))


def looking(path: Path, rounds: int) -> dict[str, Any]:
    took: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[..., Any], *args: Any) -> Any:
        began_s = time.perf_counter()
        found = work(*args)
        took.setdefault(name, []).append((time.perf_counter() - began_s) * 1000)
        return found

    with closing(open_reader(path)) as reader:
        loud, rare, whole, now_ms = Subject(1, 1), Subject(1, 7), Subject(1), NOW * MINUTE_MS
        seen = {width: Seen(n, 0) for width, n in ((1, 60), (5, 80), (15, 120), (60, 350))}
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
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lighttrace.db"
        path.touch()
        fill(path, options.issues)
        looks = looking(path, options.rounds)
    print(json.dumps({"event_us": hearing(options.events, options.issues), "look_ms": looks}))


if __name__ == "__main__":
    main()
