"""A LightTrace that a browser can visit: the real application in a thread of its own."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from lighttrace import config as configuration
from lighttrace.app import create_app
from lighttrace.clock import Clock, SystemClock
from lighttrace.store import users
from tests.fresh import HASHED

EMAIL = "mira@example.com"


class Tracker:
    """`url` is where it is; `read` and `write` look behind the pages."""

    def __init__(self, url: str, services: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.url = url
        self.services = services
        self._loop = loop

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a coroutine function on the server's loop."""
        return asyncio.run_coroutine_threadsafe(function(*args), self._loop).result(10)

    def read(self, noun: Callable[..., Any], *args: Any) -> Any:
        return self.call(self.services.store.read, noun, *args)

    def write(self, noun: Callable[..., Any], *args: Any) -> Any:
        return self.call(self.services.store.write, noun, *args)

    def add_user(self, email: str = EMAIL, role: str = "owner", name: str = "Mira") -> None:
        self.write(users.add, email, name, role, HASHED, self.services.clock.now_ms())


@contextmanager
def running(path: Path, text: str = "", *, clock: Clock | None = None) -> Iterator[Tracker]:
    """Serve a fresh database in `path` on a free port of the loopback interface."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    file = path / "lighttrace.toml"
    file.write_text(text)
    app = create_app(configuration.load(file, env={}), clock=clock or SystemClock())
    server = uvicorn.Server(
        uvicorn.Config(
            app.asgi, log_config=None, access_log=False, timeout_graceful_shutdown=1, lifespan="on"
        )
    )
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve(sockets=[listening])

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        thread.join(0.02)
    try:
        yield Tracker(url, app.services, loops[0])
    finally:
        app.services.live.close()
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()
