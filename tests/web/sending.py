"""Events of SDKs for tests of pages: made by hand or taken from the corpus, sent through the real
ingest.
"""

import json
import secrets
from typing import Any

import httpx2

from lighttrace.store import issue_list, keys, projects
from lighttrace.store.issue_list import IssueQuery, IssueRow
from lighttrace.web.ingest import Ingest
from tests.event.corpus import Sample
from tests.web.served import Site

FRAMES = (
    {
        "function": "app",
        "filename": "starlette/routing.py",
        "abs_path": "/venv/site-packages/starlette/routing.py",
        "module": "starlette.routing",
        "lineno": 73,
        "in_app": False,
    },
    {
        "function": "run",
        "filename": "fastapi/routing.py",
        "abs_path": "/venv/site-packages/fastapi/routing.py",
        "module": "fastapi.routing",
        "lineno": 212,
        "in_app": False,
    },
    {
        "function": "checkout",
        "filename": "shop/api.py",
        "module": "shop.api",
        "lineno": 88,
        "in_app": True,
        "pre_context": ["def checkout(cart):"],
        "context_line": "    return charge(cart.total)",
        "post_context": [],
    },
    {
        "function": "charge",
        "filename": "shop/billing.py",
        "module": "shop.billing",
        "lineno": 14,
        "in_app": True,
        "pre_context": ["def charge(total):", "    rate = RATES.get(region)"],
        "context_line": "    return total * rate",
        "post_context": ["", "# end"],
        "vars": {"total": "12", "rate": None, "password": "hunter2"},
    },
)


def an_error(title: str = "TypeError", value: str = "unsupported operand", **over: Any) -> Any:
    """An error as the Python SDK would send it. `user`, `tags` and any other field can be given."""
    stack = {"frames": over.pop("frames", FRAMES)}
    chain = [{"type": title, "value": value, "stacktrace": stack, "module": "shop"}]
    return {
        "event_id": secrets.token_hex(16),
        "platform": "python",
        "level": "error",
        "environment": "production",
        "release": "shop@1.0.0",
        "transaction": "/checkout",
        "exception": {"values": over.pop("exceptions", chain)},
        **over,
    }


def add_projects(site: Site, *slugs: str) -> None:
    for slug in slugs:
        site.write(projects.add, slug, site.clock.now_ms())


def send(site: Site, *events: Any, project: int = 1) -> None:
    """Post events as an SDK does, each acknowledged before the next goes out."""
    _post(site, project, [(json.dumps(event).encode(), {}) for event in events])


def send_samples(site: Site, *samples: Sample, project: int = 1) -> None:
    _post(site, project, [(it.payload, {}) for it in samples])


def _post(site: Site, project: int, bodies: list[tuple[bytes, dict[str, str]]]) -> None:
    key = next(it.public for it in site.read(keys.of_project, project) if it.disabled_at is None)

    async def post() -> list[int]:
        transport = httpx2.ASGITransport(app=Ingest(_nothing, site.services))
        async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as client:
            path = f"/api/{project}/store/?sentry_key={key}"
            return [
                (await client.post(path, content=body, headers=headers)).status_code
                for body, headers in bodies
            ]

    assert site.client.portal is not None
    assert set(site.client.portal.call(post)) <= {200}


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("not an address of ingest")


def issues(site: Site) -> list[IssueRow]:
    """Every issue, the first one first."""
    query = IssueQuery(sort="first_seen", limit=100, now_ms=site.clock.now_ms())
    return list(reversed(site.read(issue_list.search, query).rows))
