"""The pages over a real store in a temporary file, asked in process."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from lighttrace import config as configuration
from lighttrace.clock import FixedClock
from lighttrace.config import Config
from lighttrace.store import users
from lighttrace.store.store import Store
from lighttrace.store.users import User
from lighttrace.web import routes
from lighttrace.web.live import Live
from lighttrace.web.state import Services
from tests.fresh import HASHED, PASSWORD, database

NOW_MS = 1_795_500_000_000  # 24 November 2026
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


class Site:
    """A running site: `client` asks it, `read` and `write` look behind it."""

    def __init__(self, client: TestClient, services: Services) -> None:
        self.client = client
        self.services = services
        self.clock = services.clock
        assert isinstance(self.clock, FixedClock)

    def read(self, noun: Callable[..., Any], *args: Any) -> Any:
        assert self.client.portal is not None
        return self.client.portal.call(self.services.store.read, noun, *args)

    def write(self, noun: Callable[..., Any], *args: Any) -> Any:
        assert self.client.portal is not None
        return self.client.portal.call(self.services.store.write, noun, *args)

    def user(
        self, email: str = "mira@example.com", role: str = "owner", name: str = "Mira"
    ) -> User:
        user: User = self.write(users.add, email, name, role, HASHED, self.clock.now_ms())
        return user

    def sign_in(self, email: str = "mira@example.com", password: str = PASSWORD) -> Any:
        return self.client.post("/login", data={"email": email, "password": password})


def config_of(path: Path, text: str = "") -> Config:
    """A configuration with its database in `path`."""
    file = path / "lighttrace.toml"
    file.write_text(f'[store]\npath = "{path / "lighttrace.db"}"\n{text}')
    return configuration.load(file, env={}, flags={})


@contextmanager
def served(
    path: Path,
    text: str = "",
    *,
    headers: Mapping[str, str] = {},
    base_url: str = "http://testserver",
) -> Iterator[Site]:
    config = config_of(path, text)
    clock = FixedClock(NOW_MS)
    made: list[Services] = []

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, Services]]:
        database(config.store.path)
        store = Store.open(config.store.path, clock=clock, synchronous="NORMAL")
        await store.start()
        live = Live()
        store.on_commit.append(live.committed)
        made.append(Services(store, config, clock, live))
        yield {"services": made[0]}
        live.close()
        await made[0].errands.stop()
        await store.close()

    asgi = routes.site(config, lifespan)
    with TestClient(
        asgi,
        base_url=base_url,
        headers={"user-agent": AGENT, **headers},
        follow_redirects=False,
        raise_server_exceptions=False,
    ) as client:
        yield Site(client, made[0])
