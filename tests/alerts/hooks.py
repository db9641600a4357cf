"""A local server that takes messages of one kind, and news to send there."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lighttrace.alerts.news import Line, News, Place, Rate, Told
from lighttrace.settings.webhooks import Webhook
from tests.alerts.services import CHECKS, Arrived

NOON = 1_795_521_600_000
URL = "https://errors.example.com"
# how each kind is set up against a server at some address
SET_UP: dict[str, dict[str, str]] = {
    "generic": {"url": "/hooks/lt", "secret": "battery-staple"},
    "slack": {"url": "/services/T0/B0/s3cr3t"},
    "mattermost": {"url": "/hooks/s3cr3t"},
    "discord": {"url": "/api/webhooks/1/s3cr3t"},
    "teams": {"url": "/workflows/1/triggers/manual/paths/invoke?sig=s3cr3t"},
    "telegram": {"url": "", "secret": "12345:s3cr3t", "chat": "-100123"},
    "ntfy": {"url": "/topic-s3cr3t", "secret": "tk_1"},
    "gotify": {"url": "", "secret": "A.s3cr3t"},
    "matrix": {"url": "", "secret": "syt_s3cr3t", "chat": "!room:example.com"},
}
KINDS = tuple(SET_UP)


def a_hook(kind: str, base: str, **over: Any) -> Webhook:
    given: dict[str, Any] = {"name": "chat", "kind": kind, "allow_private": True}
    given |= SET_UP[kind]
    given["url"] = base + given["url"]
    return Webhook(**(given | over))


Answer = tuple[int, dict[str, str], bytes]


class Hooked:
    """A server. `answer` is what it says to the next requests; `checked` kinds are refused with 400
    and a reason if they are not in their shape.
    """

    def __init__(self, kind: str | None, port: int) -> None:
        self.kind = kind
        self.base = f"http://127.0.0.1:{port}"
        self.port = port
        self.arrived: list[Arrived] = []
        self.answer: Answer | Callable[[], Answer] = (200, {}, b"ok")
        self.connections = 0

    def take(self, it: Arrived) -> Answer:
        self.arrived.append(it)
        if self.kind is not None:
            try:
                CHECKS[self.kind](it)
            except AssertionError as error:
                return 400, {}, f"not in shape: {error}".encode()
        return self.answer() if callable(self.answer) else self.answer


@contextmanager
def hooked(
    kind: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Hooked]:
    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, said = made.take(Arrived(self.command, self.path, headers, body))
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            if "Transfer-Encoding" not in more:
                self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_PUT = do_GET = do

        def setup(self) -> None:
            made.connections += 1
            super().setup()

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # who comes at once with forty others is not sent away

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a client that goes away in the middle is what some tests are about

    server = Server((host, port), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    made = Hooked(kind, server.server_address[1])
    made.base = f"http://{host}:{made.port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def a_told(**over: Any) -> Told:
    given: dict[str, Any] = {
        "short_id": "SHOP-1",
        "project": "shop",
        "title": "KeyError",
        "value": "'price'",
        "culprit": "cart in total",
        "level": "error",
        "unhandled": True,
        "count": 37,
        "people": 12,
        "environment": "production",
        "release": "shop@2.1.0",
        "place": Place(
            "total", "cart.py:12", (Line(11, "def total(cart):", False), Line(12, "  x()", True))
        ),
        "steps": ("GET /cart", "click"),
        "since": "38 s",
        "first_at": NOON - 38_000,
        "url": f"{URL}/issues/SHOP-1",
    }
    return Told(**(given | over))


def some_news(kind: str = "new", **over: Any) -> News:
    told = over.pop("told", a_told())
    given: dict[str, Any] = {
        "id": "0" * 31 + "1",
        "kind": kind,
        "at": NOON - 1_100,
        "age_s": 1.1,
        "base_url": URL,
        "url": told.url if told else f"{URL}/issues",
        "told": told,
        "rate": Rate(37, 5, 2.0) if kind.startswith("spike") else None,
        "reasons": ("It began 4 min after the deploy of shop@2.1.0.",),
    }
    return News(**(given | over))


def until(true: Callable[[], bool], at_most_s: float = 5) -> None:
    ends = time.monotonic() + at_most_s
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.005)
