"""Listening: the socket, uvicorn around it, signals, and the orderly end.

May import anything of ours. What is said to people goes through `tell`; `cli` prints it.
"""

import asyncio
import gc
import logging
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import msgspec
import uvicorn

from lighttrace.app import App
from lighttrace.clock import SystemClock
from lighttrace.config import Config
from lighttrace.errors import ConfigError, StartError, StoreError
from lighttrace.web.protocol import BoundedProtocol

log = logging.getLogger(__name__)

BACKLOG = 2048
HTTP_S = 2  # for requests under way when we are told to stop; the writer gets two more
KEEP_ALIVE_S = 75  # longer than the idle time of common proxies, so that they hang up first
OPEN_FILES = 65_536
# Decoding an event makes thousands of objects at once and no cycles. With Python's own threshold of
# 700 the collector ran in every event and took a quarter of the time (docs/performance.md).
COLLECT_AFTER = 50_000

Ready = Callable[[str, str | None], None]  # our address, and the set-up link if there is one


def run(config: Config, *, copy: bool, tell: Callable[[str], None], ready: Ready) -> str | None:
    """Serve until told to stop. Returns the reason if it ended by itself. Raises StartError."""
    listening = _listen(config.server.host, config.server.port)
    with listening:
        host, port = config.server.host, listening.getsockname()[1]
        config = msgspec.structs.replace(
            config, server=msgspec.structs.replace(config.server, port=port)
        )
        for warning in config.warnings:
            tell(f"note: {warning}")
        _raise_open_files()
        ended: list[str] = []
        app = App(config, clock=SystemClock(), copy=copy, progress=tell, on_fatal=ended.append)
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        server = _Server(_settings(app, config), app, ended, lambda link: ready(url, link))
        with suppress(SystemExit):  # how uvicorn says that the start failed; `ended` says why
            server.run(sockets=[listening])
        if not server.started and not ended:
            ended.append("it could not start; the log above says why")
    return ended[0] if ended else None


def _settings(app: App, config: Config) -> uvicorn.Config:
    proxies = list(config.server.trusted_proxies)
    return uvicorn.Config(
        app.asgi,
        http=BoundedProtocol,
        ws="none",
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=HTTP_S,
    )


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        app: App,
        ended: list[str],
        ready: Callable[[str | None], None],
    ) -> None:
        super().__init__(config)
        self._app = app
        self._ended = ended
        self._ready = ready
        self._reloading: asyncio.Task[None] | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM is an ordinary end with exit code 0; uvicorn would raise it again afterwards."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        gc.collect()
        gc.freeze()  # what is there now stays, and need not be looked through again
        gc.set_threshold(COLLECT_AFTER, 20, 50)
        token = self._app.setup_token
        base_url = self._app.services.config.base_url
        self._ready(f"{base_url}/setup?token={token}" if token else None)

    async def on_tick(self, counter: int) -> bool:
        return bool(self._ended) or await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.services.live.close()  # streams would hold up the end
        await super().shutdown(sockets=sockets)

    def _reload(self) -> None:
        self._reloading = asyncio.get_running_loop().create_task(self._reload_file())

    async def _reload_file(self) -> None:
        if self._app.services.config.source is None:
            log.warning("SIGHUP: there is no file to read again")
            return
        try:
            waits = await self._app.reload()
        except ConfigError as error:
            for problem in error.problems:
                place = f", line {problem.line}" if problem.line else ""
                log.error("%s%s: %s: %s", error.source, place, problem.path, problem.message)
            log.error("the file was not taken over: what held before still holds")
        except StoreError as error:
            log.error("the file was not taken over: %s", error)
        else:
            later = f"; at the next start: {', '.join(waits)}" if waits else ""
            log.info("the file was read again%s", later)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise StartError(
            f"Cannot listen on {host} port {port}: {_why(error)}. "
            "Choose another one with --host and --port."
        ) from error


def _raise_open_files() -> None:
    """Each connection is a file; many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _why(error: OSError) -> str:
    """The system's words alone: asyncio and getaddrinfo wrap them in theirs."""
    if isinstance(error, socket.gaierror) or not error.errno:
        return error.strerror or str(error)
    return os.strerror(error.errno)
