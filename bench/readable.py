"""What an event of minified code costs that uploaded maps make readable: 30 frames, all of which
have a map, read as ingest reads them. Prints JSON; the figures go to docs/performance.md.

`python bench/readable.py MAP` takes a map beside its script, e.g. one that `bench/sourcemaps.py`
makes.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from sourcemaps import best_ms, made

from lighttrace.clock import SystemClock
from lighttrace.event.model import Arrival, Event
from lighttrace.event.normalize import normalise
from lighttrace.sourcemaps.decode import decode
from lighttrace.store import projects, readable
from lighttrace.store.bundles import Build
from lighttrace.store.database import open_reader
from lighttrace.store.store import Store
from tests.store.uploads import Put, put_bundle

ID = "4933f615-20c5-54a1-b1b9-65a2e8d1f4ad"
URL = "https://shop.example/assets/main.js"
FRAMES = 30


def an_event(places: list[tuple[int, int]]) -> Event:
    frames = [
        {"abs_path": URL, "lineno": line + 1, "colno": column + 1, "function": "t", "in_app": True}
        for line, column in random.sample(places, FRAMES)
    ]
    raw: dict[str, Any] = {
        "platform": "javascript",
        "exception": {"values": [{"type": "TypeError", "stacktrace": {"frames": frames}}]},
        "debug_meta": {"images": [{"code_file": URL, "debug_id": ID}]},
    }
    return normalise(raw, Arrival(received_at=1, event_id="a" * 32))


def costs(file: Path, folder: Path, rounds: int) -> dict[str, Any]:
    read = decode(file.read_bytes())
    script = file.with_suffix("").read_bytes()
    lines = script.decode().split("\n")
    places = [(n, at) for n, line in enumerate(lines) for at in range(0, len(line), 7)]
    path = folder / "lighttrace.db"
    Store.open(path, clock=SystemClock())
    files = (
        Put("~/main.js", "script", script, ID),
        Put(
            *("~/main.js.map", "map", read.table.to_bytes(), ID),
            sources={it.path: it.content for it in read.sources},
        ),
    )
    with Store.connect(path) as tx:
        projects.add(tx, "web", 1)
        put_bundle(tx, (Build(1),), *files)
    db = open_reader(path)
    events = [an_event(places) for _ in range(rounds)]
    first = best_ms(partial(readable.with_maps, db, 1, events[0]), 1)
    taken = []
    for event in events:
        began = time.process_time()
        found, _ = readable.with_maps(db, 1, event)
        taken.append((time.process_time() - began) * 1000)
        assert any(frame.minified for frame in found.exceptions[0].frames)
    again = []
    for event in events[-100:]:
        began = time.process_time()
        readable.with_maps(db, 1, event)
        again.append((time.process_time() - began) * 1000)
    return {
        "first event, ms": first,
        "event, ms": round(statistics.median(taken), 2),
        "event of sources that were read before, ms": round(statistics.median(again), 2),
        "a frame of it, µs": round(statistics.median(again) / FRAMES * 1000, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("map", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=500)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = chosen.map or made("6mb", Path(folder))
        print(json.dumps(costs(file, Path(folder), chosen.rounds), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
