"""How long it takes from an event's arrival to the mail server's yes, under load. Prints JSON.

    python bench/alerts.py --rate 200 --seconds 60

Starts `lighttrace serve` over a fresh folder and a mail server that takes everything, offers it a
mixed load, and once a second sends an error of a kind that is new. As a storm is told in digests,
each of these goes to an address that has heard nothing yet: the file is read again before it
(SIGHUP). Measured are the time until the mail server has the whole mail, from the moment before the
event was sent, and how long the server itself says it took.
"""

import argparse
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path
from statistics import quantiles
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from lighttrace.store import sendings  # noqa: E402  (run from a checkout)
from tests.mailbox import Mailbox, mailbox  # noqa: E402
from tests.sdk.server import served  # noqa: E402

MIX = "py_exception,py_exception_small,node_exception,py_message"
SETTLE_S = 26.0  # by then the load's 80 issues are neither new nor, with 50 events each, loud
REREAD_S = 0.25
LONGEST_S = 30.0


def write_file(path: Path, box: Mailbox, to: str) -> None:
    smtp = box.smtp()
    path.write_text(
        f'[smtp]\nhost = "{smtp.host}"\nport = {smtp.port}\ntls = "none"\n'
        f'from = "lt@shop.example"\n[alerts]\nweekly = false\nto = ["{to}"]\n',
        encoding="utf-8",
    )


def probe(url: str, key: str, number: int) -> float:
    """Send an error nobody has seen; returns the time before it."""
    error = {"type": f"Probe{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[number % 26]}{'x' * (number // 26)}"}
    body = json.dumps({"exception": {"values": [{**error, "value": f"number {number}"}]}})
    request = urllib.request.Request(
        f"{url}/api/1/store/?sentry_key={key}", body.encode(), {"Content-Type": "application/json"}
    )
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=10):
        return began


def wait_for(box: Mailbox, to: str, began: float) -> float | None:
    """Seconds until the mail was there, or None."""
    while time.monotonic() - began < LONGEST_S:
        arrived = next((at for at, mail in box.taken if is_probe(mail, to)), None)
        if arrived is not None:
            return arrived - began
        time.sleep(0.005)
    return None


def is_probe(mail: EmailMessage, to: str) -> bool:
    return mail["To"] == to and "Probe" in str(mail["Subject"])


def run(rate: float, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, mailbox() as box:
        data, config = Path(folder), Path(folder) / "lighttrace.toml"
        write_file(config, box, "load@shop.example")
        with served(data, config) as server:
            key = server.dsn("shop").split("://")[1].partition("@")[0]
            dsn = f"{server.url.replace('://', f'://{key}@')}/1"
            load = subprocess.Popen(
                [
                    *(sys.executable, HERE / "load.py", "--dsn", dsn, "--only", MIX),
                    *("--rate", str(rate), "--connections", "16", "--issues", "20"),
                    *("--seconds", str(seconds + SETTLE_S + 5), "--prebuild", "20000"),
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
            time.sleep(SETTLE_S)
            found: list[float | None] = []
            until = time.monotonic() + seconds
            number = 0
            while time.monotonic() < until:
                began_s = time.monotonic()
                to = f"probe{number}@shop.example"
                write_file(config, box, to)
                server.process.send_signal(signal.SIGHUP)
                time.sleep(REREAD_S)
                found.append(wait_for(box, to, probe(server.url, key, number)))
                number += 1
                time.sleep(max(0.0, 1 - (time.monotonic() - began_s)))
            said = json.loads(load.communicate(timeout=60)[0])
            server.stop()
        with closing(sqlite3.connect(data / "lighttrace.db")) as db:
            ages = sendings.ages(db, 0)
    arrived = sorted(it for it in found if it is not None)
    cuts = quantiles(arrived, n=20, method="inclusive")
    return {
        "load": said,
        "probes": len(found),
        "lost": len(found) - len(arrived),
        "p50_ms": round(cuts[9] * 1000),
        "p95_ms": round(cuts[18] * 1000),
        "max_ms": round(arrived[-1] * 1000),
        "as_the_server_says": {"p50_ms": ages.p50_ms, "p95_ms": ages.p95_ms, "n": ages.count},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    print(json.dumps(run(asked.rate, asked.seconds), indent=1))
