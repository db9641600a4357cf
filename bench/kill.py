"""What a power cut loses: nothing that was acknowledged. Prints JSON, a line a round; exit code 1
if anything is gone.

    python bench/kill.py --rounds 5 --after 3

Starts `lighttrace serve` over a fresh folder, loads it from 64 connections, kills it with SIGKILL
in the middle, starts it again and looks for every event that was answered 200. SIGKILL keeps the
page cache of the operating system, so this shows what the process loses; what the disk loses is the
business of `synchronous = "FULL"`.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from lighttrace.store.doctor import disagreements  # noqa: E402  (run from a checkout)
from tests.sdk.server import Server  # noqa: E402


def acknowledged(log: Path) -> set[str]:
    return set(log.read_text(encoding="ascii").split()) if log.exists() else set()


def one_round(server: Server, dsn: str, log: Path, after_s: float) -> dict[str, Any]:
    load = subprocess.Popen(
        [
            *(sys.executable, HERE / "load.py", "--dsn", dsn, "--seconds", "60"),
            *("--prebuild", "10000", "--ack-log", log, "--stop-on-error"),
        ],
        stdout=subprocess.DEVNULL,
    )
    while not log.exists() or log.stat().st_size == 0:
        time.sleep(0.01)
    time.sleep(after_s)
    server.kill()
    load.wait()
    began_s = time.perf_counter()
    server.start()
    ready_s = time.perf_counter() - began_s
    database = next(server.data.glob("*.db"))
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        stored = {row[0] for row in db.execute("select lower(hex(event_id)) from event")}
        told = acknowledged(log)
        return {
            "acknowledged": len(told),
            "lost": len(told - stored),
            "ready_again_s": round(ready_s, 2),
            "integrity": db.execute("pragma quick_check").fetchone()[0],
            "disagreements": disagreements(db),
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--after", type=float, default=3)
    asked = parser.parse_args()
    lost = 0
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        key = server.run("project", "add", "kill")["dsn"].split("://")[1].partition("@")[0]
        for number in range(asked.rounds):
            dsn = server.url.replace("://", f"://{key}@") + "/1"
            log = Path(folder) / f"{number}.acks"
            found = one_round(server, dsn, log, asked.after)
            print(json.dumps(found), flush=True)
            lost += found["lost"] + len(found["disagreements"])
        server.stop()
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
