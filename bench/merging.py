"""What merging two large issues costs, and what the writer is held up by it, as JSON.

`python bench/merging.py [--events 50000] [--database FILE]`

Works on a copy of a database that `bench/pages.py` filled, or fills one of 200,000 events; its two
loudest issues of one project are merged, taken apart, merged and undone. `plan` is the part that
runs in a reader's thread, `writer` what runs in the writer's transaction.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pages

from lighttrace.store import issues, merging, merging_plans, similar
from lighttrace.store.database import open_reader, open_writer, snapshot, transaction
from lighttrace.store.sight import ALL

LOUDEST = """
select e.issue_id, e.n from issue_env e where e.env_id = 0 and e.project_id = ?
 order by e.n desc limit 2
"""


def measure(path: Path, rounds: int) -> dict[str, Any]:
    with closing(open_writer(path)) as writer, closing(open_reader(path)) as reader:
        (a, n_a), (b, n_b) = writer.execute(LOUDEST, (1,)).fetchall()
        took: dict[str, list[float]] = {}

        def timed(name: str, began_s: float) -> None:
            took.setdefault(name, []).append((time.perf_counter() - began_s) * 1000)

        for _ in range(rounds):
            for verb in ("merge", "unmerge"):
                args = (a, [b], pages.NOW_MS) if verb == "merge" else (b,)
                began_s = time.perf_counter()
                with snapshot(reader) as db:
                    plan = getattr(merging_plans, verb)(db, *args)
                timed(f"{verb}, plan", began_s)
                began_s = time.perf_counter()
                with transaction(writer) as tx:
                    if verb == "merge":
                        merging.merge(tx, a, [b], None, pages.NOW_MS, plan)
                    else:
                        merging.unmerge(tx, b, None, pages.NOW_MS, plan)
                timed(f"{verb}, writer", began_s)
        for issue_id in range(1, 200):
            with snapshot(reader) as db:
                issue = issues.get(db, issue_id, ALL)
                began_s = time.perf_counter()
                if issue is not None:
                    similar.of_issue(db, issue)
                timed("similar issues", began_s)
    told = {
        name: {"p50_ms": round(statistics.median(some), 1), "max_ms": round(max(some), 1)}
        for name, some in took.items()
    }
    return {"events": [n_a, n_b], **told}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--issues", type=int, default=2_000)
    parser.add_argument("--database", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lighttrace.db"
        if asked.database:
            shutil.copy(asked.database, path)
        else:
            pages.fill(path, asked.events, asked.issues)
        print(json.dumps(measure(path, asked.rounds), indent=2))


if __name__ == "__main__":
    main()
