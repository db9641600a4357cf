"""Many at once, slow ones, greedy ones: none of them keeps the others from being heard."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.sdk.server import Server, served

pytestmark = pytest.mark.sdk
CROWD = 1000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with served(tmp_path) as running:
        yield running


def connected(server: Server) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), 10)


def a_request(key: str, message: str) -> bytes:
    body = json.dumps({"message": message}).encode()
    return (
        b"POST /api/1/store/?sentry_key=%b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b"
        % (key.encode(), len(body), body)
    )


def status(line: socket.socket) -> int:
    """The status of one answer, which is read to its end."""
    with line.makefile("rb") as answer:
        found = int(answer.readline()[9:12])
        length = 0
        while (header := answer.readline().lower()) not in (b"\r\n", b""):
            if header.startswith(b"content-length:"):
                length = int(header[15:])
        assert len(answer.read(length)) == length
    return found


def test_a_thousand_connections_that_stay_open_are_all_answered(server: Server) -> None:
    key = server.dsn("shop").split("://")[1].partition("@")[0]
    with ExitStack() as stack:
        lines = [stack.enter_context(connected(server)) for _ in range(CROWD)]
        for turn in range(2):
            for line in lines:
                line.sendall(a_request(key, f"turn {turn}"))
            assert {status(line) for line in lines} == {200}
    token = server.token()
    issues = server.api("projects/lighttrace/shop/issues/", token)
    assert sum(int(issue["count"]) for issue in issues) == 2 * CROWD


def test_clients_that_drip_do_not_keep_others_waiting(server: Server) -> None:
    key = server.dsn("shop").split("://")[1].partition("@")[0]
    with ExitStack() as stack:
        for number in range(300):
            slow = stack.enter_context(connected(server))
            slow.sendall(a_request(key, "slow")[: 20 + number % 90])
        quick = stack.enter_context(connected(server))
        began = time.monotonic()
        quick.sendall(a_request(key, "quick"))
        assert status(quick) == 200
        assert time.monotonic() - began < 5


def test_a_body_that_is_too_large_is_refused_before_it_is_read(server: Server) -> None:
    key = server.dsn("shop").split("://")[1].partition("@")[0]
    head = (
        f"POST /api/1/envelope/?sentry_key={key} HTTP/1.1\r\nhost: x\r\n"
        f"content-length: {1 << 40}\r\n\r\n"
    )
    with connected(server) as line:
        line.sendall(head.encode())
        assert status(line) == 413
    with connected(server) as line:
        line.sendall(a_request(key, "still here"))
        assert status(line) == 200
