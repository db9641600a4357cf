"""The ingest application over a real store in a temporary file, asked in process as SDKs ask it."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
from starlette.types import Receive, Scope, Send

from lighttrace import config as configuration
from lighttrace.clock import FixedClock
from lighttrace.limits import LIMITS, Limits
from lighttrace.store import events, issue_list, outcomes, projects, refusals
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.events import EventRow
from lighttrace.store.issue_list import IssueQuery, IssueRow
from lighttrace.store.refusals import RefusalRow
from lighttrace.store.store import Store
from lighttrace.web.ingest import Ingest
from lighttrace.web.live import Live
from lighttrace.web.state import ProjectOptions, Services
from tests.fresh import database

NOW_MS = 1_795_436_100_000  # 2026-11-23, when the corpus was recorded
KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"  # of the corpus; here of project 1
SECOND = "b" * 32  # of project 2
DISABLED = "d" * 32  # of project 1
UNKNOWN = "0" * 32
CLIENT = "sentry.python/2.75.0"
PEER = "203.0.113.9"
CORPUS = Path(__file__).parent.parent / "data" / "corpus"


class Posting:
    """`post` as an SDK does; `events`, `counted`, `refused` look at what came of it."""

    def __init__(self, store: Store, services: Services, asgi: Ingest) -> None:
        self.store = store
        self.services = services
        self.asgi = asgi
        transport = httpx2.ASGITransport(app=asgi, client=(PEER, 5000))
        # `accept-encoding` and the like of the client must not hide what a test sends
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://testserver")

    async def post(
        self,
        body: Any,
        path: str = "/api/1/envelope/",
        *,
        key: str | None = KEY,
        headers: Mapping[str, str] = {},
        method: str = "POST",
    ) -> httpx2.Response:
        auth = {
            "x-sentry-auth": f"Sentry sentry_key={key}, sentry_version=7, sentry_client={CLIENT}"
        }
        answer: httpx2.Response = await self.client.request(
            method, path, content=body, headers={**(auth if key else {}), **headers}
        )
        if answer.status_code != 404 or "x-sentry-error" in answer.headers:
            assert_readable_by_browsers(answer)
        return answer

    async def replay(self, name: str, **changed: str) -> httpx2.Response:
        """Send a capture of the corpus again, with its own headers and body, to project 1."""
        meta = json.loads((CORPUS / f"{name}.json").read_text())
        path = changed.get("path") or rerouted(meta["path"])
        skipped = ("host", "content-length", "transfer-encoding", "connection", "accept-encoding")
        headers = [(key, value) for key, value in meta["headers"] if key.lower() not in skipped]
        body = (CORPUS / f"{name}.body").read_bytes()
        answer: httpx2.Response = await self.client.request(
            meta["method"], path, content=body, headers=headers
        )
        assert_readable_by_browsers(answer)
        return answer

    async def event(self, event_id: str) -> EventRow | None:
        return await self.store.read(events.by_event_id, event_id, 1)

    async def issues(self) -> list[IssueRow]:
        query = IssueQuery(
            project_ids=(1,), env=None, period_ms=None, state=None, sort="first_seen", cursor=None,
            limit=500, now_ms=self.services.clock.now_ms(),
        )  # fmt: skip
        page = await self.store.read(issue_list.search, query)
        return list(page.rows)

    async def counted(self, project_id: int = 1) -> Counter[tuple[str, str, str]]:
        """(category, outcome, reason) → n, client reports left out."""
        await self.flushed()
        totals = await self.store.read(outcomes.totals, project_id, 0)
        found: Counter[tuple[str, str, str]] = Counter()
        for category, outcome, reason, source, n in totals:
            if source == "server":
                found[category, outcome, reason] += n
        return found

    async def refused(self, project_id: int = 1) -> list[RefusalRow]:
        await self.flushed()
        return await self.store.read(refusals.of_project, project_id, 0)

    async def flushed(self) -> None:
        """What is written beside events goes with the next transaction: make one."""
        await self.store.write(lambda tx: None)


def rerouted(path: str) -> str:
    """The path of a capture, with project 1 in it: the corpus has one key for all its projects."""
    route, _, query = path.partition("?")
    parts = route.split("/")
    if route == "/tunnel":
        return "/api/1/envelope/"
    if parts[2].isdigit():
        parts[2] = "1"
    return "/".join(parts) + (f"?{query}" if query else "")


def assert_readable_by_browsers(answer: httpx2.Response) -> None:
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = answer.headers["access-control-expose-headers"]
    for name in ("x-sentry-error", "x-sentry-rate-limits", "retry-after"):
        assert name in exposed
    if answer.status_code >= 400:
        assert answer.json().keys() == {"detail", "causes"}
        assert answer.headers["x-sentry-error"]
    if answer.status_code == 200:
        assert "retry-after" not in answer.headers


@asynccontextmanager
async def posting(
    path: Path,
    *,
    toml: str = "",
    limits: Limits = LIMITS,
    options: Mapping[int, ProjectOptions] = {},
    **changed_limits: Any,
) -> AsyncIterator[Posting]:
    file = path / "lighttrace.toml"
    file.write_text(f'[store]\npath = "{path / "lighttrace.db"}"\n{toml}')
    config = configuration.load(file, env={}, flags={})
    clock = FixedClock(NOW_MS)
    database(config.store.path)
    store = Store.open(config.store.path, clock=clock, synchronous="NORMAL")
    await store.start()
    await store.write(_furnish)
    services = Services(store, config, clock, Live(), project_options=dict(options))
    asgi = Ingest(_pages, services, replace(limits, **changed_limits))
    made = Posting(store, services, asgi)
    try:
        yield made
    finally:
        await made.client.aclose()
        await store.close()


def _furnish(tx: Transaction) -> None:
    for number, (name, key) in enumerate((("Shop", KEY), ("Blog", SECOND)), start=1):
        project = projects.add(tx, name, NOW_MS)
        assert project.id == number
        tx.execute("update project_key set public = ? where project_id = ?", (key, number))
    tx.execute(
        "insert into project_key(project_id, public, created_at, disabled_at) values(1, ?, ?, ?)",
        (DISABLED, NOW_MS, NOW_MS),
    )


async def _pages(scope: Scope, receive: Receive, send: Send) -> None:
    """What comes after ingest: here only a sign that it was reached."""
    await send({"type": "http.response.start", "status": 404, "headers": [(b"x-pages", b"yes")]})
    await send({"type": "http.response.body", "body": b"a page"})


def envelope(*items: tuple[str, Any], **header: Any) -> bytes:
    lines = [json.dumps(header).encode()]
    for kind, payload in items:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        lines += [json.dumps({"type": kind, "length": len(data)}).encode(), data]
    return b"\n".join(lines)


def message(text: str = "hello", **fields: Any) -> dict[str, Any]:
    return {"message": text, **fields}


def stored_events(db: Reader) -> int:
    return int(db.execute("select count(*) from event").fetchone()[0])
