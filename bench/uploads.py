"""How soon an uploaded map is usable, and what events notice of it. Prints JSON.

    python bench/uploads.py --rate 300 --seconds 12

Bundles the TypeScript compiler with esbuild (both from tests/node_modules), which makes a map of
more than 10 MB, starts `lighttrace serve` over a fresh folder, sends it events at a steady rate
(`load.py`), and in the middle uploads script and map with sentry-cli. Told are the seconds from the
command's start to the map being found, how long events waited for their answer with and without the
upload, and what memory the server had.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from lighttrace.store import artifacts, maps  # noqa: E402  (run from a checkout)
from lighttrace.store.bundles import Build  # noqa: E402
from lighttrace.store.maps import FoundMap  # noqa: E402
from lighttrace.store.store import Store  # noqa: E402
from tests.sdk.server import Server, served  # noqa: E402

MODULES = HERE.parent / "tests" / "node_modules"


def built(folder: Path) -> None:
    """A script of some megabytes and its map."""
    entry = MODULES / "typescript" / "lib" / "typescript.js"
    command = [
        *(MODULES / ".bin" / "esbuild", entry, "--bundle", "--minify", "--sourcemap"),
        *("--platform=node", "--log-level=error", f"--outfile={folder / 'main.js'}"),
    ]
    subprocess.run(command, check=True)


def load(server: Server, dsn: str, rate: float, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, HERE / "load.py", "--dsn", dsn, "--connections", "16",
               "--rate", str(rate), "--seconds", str(seconds), "--prebuild", "4000",
               "--pid", str(server.process.pid)]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def upload(server: Server, token: str, site: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(site),
        "SENTRY_URL": server.url,
        "SENTRY_AUTH_TOKEN": token,
        "SENTRY_ORG": "lighttrace",
        "SENTRY_PROJECT": "shop",
    }
    command = [MODULES / ".bin" / "sentry-cli", "sourcemaps", "upload", "--release", "big@1", site]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def until_found(server: Server) -> FoundMap:
    while True:
        with Store.connect(server.data / "lighttrace.db") as db:
            found = maps.by_url(db, Build(1, "big@1"), "/main.js")
        if isinstance(found, FoundMap):
            return found
        time.sleep(0.05)


def rss_mb(server: Server) -> float:
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def measure(rate: float, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        site, data = Path(place, "site"), Path(place, "data")
        site.mkdir()
        data.mkdir()
        built(site)
        with served(data) as server:
            dsn, token = server.dsn("shop"), server.token()
            alone, _ = load(server, dsn, rate, seconds).communicate()
            before_mb = rss_mb(server)
            beside = load(server, dsn, rate, seconds)
            time.sleep(seconds / 3)
            began_s = time.monotonic()
            upload(server, token, site)
            sent_s = time.monotonic() - began_s
            found = until_found(server)
            usable_s = time.monotonic() - began_s
            told, _ = beside.communicate()
            with Store.connect(data / "lighttrace.db") as db:
                table = artifacts.content(db, found.id) or b""
                stored = artifacts.sizes(db)
            return {
                "map_mb": round((site / "main.js.map").stat().st_size / 1e6, 1),
                "script_mb": round((site / "main.js").stat().st_size / 1e6, 1),
                "table_kb": len(table) // 1000,
                "stored_mb": round(stored.stored_bytes / 1e6, 2),
                "sent_s": round(sent_s, 2),
                "usable_s": round(usable_s, 2),
                "rss_mb": {"before": before_mb, "after": rss_mb(server)},
                "alone": json.loads(alone),
                "with_upload": json.loads(told),
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rate", type=float, default=300.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=12.0)
    asked = parser.parse_args()
    print(json.dumps(measure(asked.rate, asked.seconds)))


if __name__ == "__main__":
    main()
