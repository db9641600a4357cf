"""What storing an event costs: events/s, µs of CPU in the writer's thread, bytes of database.

`python bench/store.py [--events 20000] [--in-flight 64] [--issues 500] [--payload py_exception]`
hands over finished writes as ingest does, a fixed number at a time, and prints JSON. Bodies are
real events; each has its own id, time, user, trace and issue.
"""

import argparse
import asyncio
import json
import random
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from lighttrace.clock import SystemClock
from lighttrace.event import person, tags, title
from lighttrace.event.decode import decode
from lighttrace.event.model import Arrival
from lighttrace.event.normalize import normalise
from lighttrace.store import projects, training
from lighttrace.store.database import Transaction
from lighttrace.store.store import Store
from lighttrace.store.writes import EventWrite

PAYLOADS = Path(__file__).parent / "payloads"


class Source:
    """Endless events made of one payload."""

    def __init__(self, payload: str, issues: int, users: int, seed: int = 1) -> None:
        envelope = (PAYLOADS / f"{payload}.envelope").read_bytes()
        self._body = envelope.split(b"\n", 2)[2].rstrip(b"\n")
        self._random = random.Random(seed)
        self._users = users
        self._hashes = [secrets.token_bytes(16) for _ in range(issues)]
        raw = decode(self._body.replace(b"E" * 32, b"e" * 32)).raw
        self._event = normalise(raw, Arrival(received_at=0))
        self._titles = title.titles(self._event)
        self._tags = tags.all_tags(self._event)
        self._person = person.person(self._event)

    def events(self, start_ms: int, step_ms: float = 1.0) -> Iterator[EventWrite]:
        """One after the other, `step_ms` apart. Issues as in life: few loud, many quiet."""
        n = 0
        while True:
            at = start_ms + int(n * step_ms)
            n += 1
            event_id = f"{self._random.getrandbits(128):032x}"
            issue = int(len(self._hashes) * self._random.random() ** 2)
            user = self._random.randrange(self._users)
            event = msgspec.structs.replace(
                self._event,
                event_id=event_id,
                received_at=at,
                happened_at=at,
                trace_id=f"{self._random.getrandbits(128):032x}",
            )
            body = self._body.replace(b"E" * 32, event_id.encode())
            yield EventWrite(
                project_id=1,
                key_id=1,
                event=event,
                body=body.replace(b"ISSUE0000", b"ISSUE%04d" % (issue % 10_000)),
                derived=b'{"received_at":%d,"ip_address":"203.0.113.9"}' % at,
                titles=self._titles,
                hash=self._hashes[issue],
                grouping_version=1,
                explain=b"{}",
                category="error",
                tags=(*self._tags, ("order", f"A-{user}")),
                person_key=user.to_bytes(8, "big") if self._person else None,
                person_shown=f"user {user}",
                search_frames="checkout cart.py total price",
            )


async def feed(store: Store, source: Iterator[EventWrite], events: int, in_flight: int) -> None:
    """Keep `in_flight` events waiting for their COMMIT until `events` are stored."""
    left = iter(range(events))

    async def client() -> None:
        for _ in left:
            await store.submit(next(source))

    await asyncio.gather(*(client() for _ in range(in_flight)))


def writer_cpu_s(tx: Transaction) -> float:
    """Runs in the writer's thread, so this is that thread's time."""
    return time.thread_time()


async def measure(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    path = folder / "lighttrace.db"
    store = Store.open(path, clock=SystemClock(), synchronous=args.synchronous)
    await store.start()
    await store.write(projects.add, "bench", 0)
    source = Source(args.payload, args.issues, args.users)
    events = source.events(time.time_ns() // 1_000_000 - args.events)
    body_bytes = len(next(events).body)
    await feed(store, events, args.warmup, args.in_flight)
    if not args.no_training:
        await training.improve(store, 0)  # as the server does when a project has sent 200 events
    batches = 0

    def count_batch(_: object) -> None:
        nonlocal batches
        batches += 1

    store.on_commit.append(count_batch)
    writer_s = await store.write(writer_cpu_s)
    process_s, loop_s, wall_s = time.process_time(), time.thread_time(), time.perf_counter()
    await feed(store, events, args.events, args.in_flight)
    wall_s = time.perf_counter() - wall_s
    process_s, loop_s = time.process_time() - process_s, time.thread_time() - loop_s
    writer_s = await store.write(writer_cpu_s) - writer_s
    await store.close()
    each = 1e6 / args.events
    return {
        "payload": args.payload,
        "body_bytes": body_bytes,
        "events": args.events,
        "in_flight": args.in_flight,
        "events_per_s": round(args.events / wall_s),
        "events_per_batch": round(args.events / max(batches, 1), 1),
        "writer_cpu_us": round(writer_s * each, 1),
        "checkpoint_cpu_us": round((process_s - loop_s - writer_s) * each, 1),
        "file_bytes_per_event": round(path.stat().st_size / (args.events + args.warmup)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--warmup", type=int, default=1_000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--issues", type=int, default=500)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--payload", default="py_exception")
    parser.add_argument("--synchronous", choices=("FULL", "NORMAL"), default="FULL")
    parser.add_argument("--no-training", action="store_true", help="only the shipped dictionary")
    parser.add_argument(
        "--folder", type=Path, help="where the database is made; default: temporary"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        print(json.dumps(asyncio.run(measure(args, Path(folder))), indent=1))


if __name__ == "__main__":
    main()
