"""What whole pages cost at size: ms from a request to the last byte of its answer in one process,
p50, p95 and fastest, the CPU of it and the size of the HTML, as JSON; the figures go to
docs/performance.md. What others do on the machine is in all of these, in the CPU the least.

`python bench/whole_pages.py DATABASE [--runs 20] [--only WORDS]`

DATABASE is one that `bench/pages.py --database` filled, or a copy: somebody is signed in there. The
application is asked as a server asks it (ASGI) by one person who sees everything; its
configuration has the rules of fifty teams, ten each. Requests take turns, so that whatever else the
machine does is shared by all of them.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from owners import TEAM
from pages import NOW_MS, SEARCHES

from lighttrace import config as configuration
from lighttrace.clock import FixedClock
from lighttrace.serve import COLLECT_AFTER
from lighttrace.store import sessions, users
from lighttrace.store.store import Store
from lighttrace.web import routes
from lighttrace.web.live import Live
from lighttrace.web.state import Services

TEAMS = 50
RULES = {  # composed, and rehearsed on 14 days
    "new, with a search": {"when": "new, regression", "where": "environment:production"},
    "10 users in 5 min": {"when": "10 users in 5m"},
    "10 users in 5 min, production": {"when": "10 users in 5m", "where": "environment:production"},
    "50 events in 5 min, two tags": {
        "when": "50 events in 5m",
        "where": "environment:production browser:Firefox*",
    },
    "50 events in 5 min, a word": {"when": "50 events in 5m", "where": "timeout"},
    "100 users since the first": {"when": "100 users"},
    "500 events in a day": {"when": "500 events in 1d"},
    "every": {"when": "every", "every": "1h"},
    "1 user in 5 min": {"when": "1 users in 5m"},
}
PART = {"hx-request": "true", "hx-request-type": "partial", "hx-target": "div#list"}


def config_text(database: Path) -> str:
    rules = [f"{it.format(n=n)} #team-{n}" for n in range(TEAMS) for it in TEAM]
    return f"[store]\npath = {json.dumps(str(database))}\n[owners]\nrules = {json.dumps(rules)}\n"


def listed(**asked: str) -> str:
    return f"/issues?{urlencode(asked, quote_via=quote)}"


def addresses() -> dict[str, str]:
    """What is asked for, by name."""
    found = {
        "inbox": "/",
        "inbox, production, 24 h": "/?environment=production&period=24h",
        "list": "/issues?state=unresolved",
        "list, production, by events": listed(environment="production", sort="events"),
        "list, one project": listed(project="p2"),
        "list, 90 d, by events": listed(period="90d", sort="events"),
        "list, 90 d, by users": listed(period="90d", sort="users"),
        "the loudest issue": "/issues/P2-1",
        "the loudest issue, production": "/issues/P2-1?environment=production",
        "a quiet issue": "/issues/P3-49J",
        "releases": "/releases",
        "releases, production, 30 d": "/releases?environment=production&period=30d",
        "releases, one project": "/releases?project=p2",
        "a release": "/releases/p2/shop@1.49.0",
        "a release, all issues": "/releases/p2/shop@1.49.0?tab=all&period=30d",
        "uploads of a project": "/settings/projects/p2/uploads",
    }
    for words, text in SEARCHES.items():
        for period in ("14d", "90d"):
            found[f"search: {words}, {period}"] = listed(query=text, period=period)
            here = {"query": text, "period": period, "environment": "production"}
            found[f"search: {words}, {period}, production"] = listed(**here)
            loudest = listed(query=text, period=period, sort="events")
            found[f"search: {words}, {period}, by events"] = loudest
    for period in ("14d", "90d"):
        text = SEARCHES["a tag of half the events"]
        later = listed(query=text, period=period).replace("/issues?", "/issues/counts?")
        found[f"counts after the rows: a tag of half the events, {period}"] = later
    for words, rule in RULES.items():
        found[f"rule: {words}"] = f"/alerts/new?{urlencode(rule, quote_via=quote)}"
    return found


Ask = Callable[[str], Awaitable[tuple[int, int]]]


def asker(app: Any, services: Services, cookie: str) -> Ask:
    """Asks for an address, as a browser does; answers (status, size of the body)."""

    async def ask(address: str) -> tuple[int, int]:
        path, _, query = address.partition("?")
        headers = {"host": "localhost", "cookie": cookie, "accept": "text/html"}
        if path.endswith("/counts"):
            headers |= PART
        scope = {
            "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "root_path": "", "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            "client": ("127.0.0.1", 1), "server": ("localhost", 80),
            "state": {"services": services},
        }  # fmt: skip
        status, size = 0, 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status, size
            status = message.get("status", status)
            size += len(message.get("body", b""))

        await app(scope, receive, send)
        return status, size

    return ask


async def measure(database: Path, runs: int, only: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lighttrace.toml"
        file.write_text(config_text(database))
        config = configuration.load(file, env={}, flags={})
    clock = FixedClock(NOW_MS)
    store = Store.open(database, clock=clock, create=False, copy=False)
    await store.start()
    services = Services(store, config, clock, Live())
    cookie = await store.write(_sign_in)
    ask = asker(routes.site(config, lambda app: None), services, cookie)  # type: ignore[arg-type]
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 50)  # as the server does
    wanted = {name: it for name, it in addresses().items() if only in name}
    took: dict[str, list[float]] = {name: [] for name in wanted}
    cpu: dict[str, list[float]] = {name: [] for name in wanted}
    sizes = {}
    try:
        for turn in range(runs + 1):  # one to warm
            for name, address in wanted.items():
                began_s, cpu_s = time.perf_counter(), time.process_time()
                status, size = await ask(address)
                if turn:
                    took[name].append((time.perf_counter() - began_s) * 1000)
                    cpu[name].append((time.process_time() - cpu_s) * 1000)
                assert status == 200, f"{status} {address}"
                sizes[name] = size
    finally:
        await store.close()
    return {
        name: {
            "p50": round(statistics.median(took[name]), 1),
            "fastest": round(min(took[name]), 1),
            "p95": round(sorted(took[name])[int(runs * 0.95)], 1),
            "cpu": round(statistics.median(cpu[name]), 1),
            "kb": round(sizes[name] / 1000, 1),
        }
        for name in wanted
    }


def _sign_in(tx: Any) -> str:
    email = f"bench{time.time_ns()}@example.com"
    user = users.add(tx, email, "Bench", "owner", None, NOW_MS)
    secret = sessions.open(tx, user.id, "127.0.0.1", "bench", NOW_MS, 86_400_000)
    return f"lighttrace_session={secret}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("database", type=Path)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--only", default="", help="pages whose name has this")
    given = parser.parse_args()
    timings = asyncio.run(measure(given.database, given.runs, given.only))
    result = {
        "load": os.getloadavg()[0],
        "over_50_ms": [name for name, it in timings.items() if it["cpu"] > 50],
        "over_150_kb": [name for name, it in timings.items() if it["kb"] > 150],
        "ms": timings,
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
