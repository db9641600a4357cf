"""Bounds below HTTP, over real sockets: large headers, slow ones, bodies that never end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from lighttrace.web import protocol
from lighttrace.web.protocol import HEADER_BYTES, BoundedProtocol

MOST_READ = 256 * 1024  # what asyncio hands over at once
GET = b"GET / HTTP/1.1\r\nhost: x\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the size of the body; `/early` without having read it."""
    size = 0
    while scope["path"] != "/early":
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"%d bytes" % size
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Line:
    """A connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> bytes:
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return head + await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """Until the server hangs up, which it must within a few seconds."""
        try:
            return await asyncio.wait_for(self.reader.read(), 5)
        except ConnectionError:
            return b""


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Line]:
    """A line that is closed whatever happens, so that no later test is blamed for an open one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):  # the server was faster
            await writer.wait_closed()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_keep_alive=30)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedProtocol(config, state, {}), "127.0.0.1", 0
    )
    async with server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            for connection in list(state.connections):
                connection.transport.abort()
            async with asyncio.timeout(5):
                while state.connections or state.tasks:
                    await asyncio.sleep(0)


@pytest.fixture
async def line(port: int) -> AsyncIterator[Line]:
    async with connected(port) as line:
        yield line


async def test_an_ordinary_connection_is_kept_and_used_again(line: Line) -> None:
    for _ in range(3):
        await line.say(GET + b"\r\n")
        assert b"200" in await line.answer()
    await line.say(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n12")
    await line.say(b"345" + GET + b"\r\n")
    assert b"5 bytes" in await line.answer()
    assert b"0 bytes" in await line.answer()


async def test_headers_may_come_in_pieces(line: Line) -> None:
    for byte in GET + b"x-a: b\r\n\r\n":
        await line.say(bytes([byte]))
    assert b"200" in await line.answer()


@pytest.mark.parametrize(
    "head",
    [
        b"x-one: " + b"a" * (HEADER_BYTES + 100) + b"\r\n\r\n",
        b"".join(b"x-%d: a\r\n" % n for n in range(HEADER_BYTES // 8)) + b"\r\n",
        b"x-endless: " + b"a" * (HEADER_BYTES + 100),
    ],
)
async def test_headers_that_are_too_large_are_431(line: Line, head: bytes) -> None:
    await line.say(GET + head)
    answer = await line.rest()
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"access-control-allow-origin: *" in answer
    assert answer.count(b"HTTP/1.1") == 1


async def test_a_path_that_is_too_long_is_431(line: Line) -> None:
    await line.say(b"GET /" + b"a" * (HEADER_BYTES + 100))
    assert (await line.rest()).startswith(b"HTTP/1.1 431 ")


async def test_headers_of_nearly_the_limit_are_fine_together_with_a_large_body(line: Line) -> None:
    body = b"b" * 200_000
    head = b"POST / HTTP/1.1\r\nhost: x\r\nx-a: %b\r\ncontent-length: %d\r\n\r\n"
    await line.say(head % (b"a" * (HEADER_BYTES - 200), len(body)) + body)
    assert b"200000 bytes" in await line.answer()


async def test_what_is_no_http_is_400_once(line: Line) -> None:
    await line.say(b"\x16\x03\x01 not http\r\n\r\n" * 3)
    answer = await line.rest()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


async def test_a_client_that_never_finishes_its_headers_is_hung_up_on(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEADER_S", 0.1)
    for start in (b"", b"GET", GET, GET + b"x: ", b"\r\n\r\n", GET + b"\r\n" + GET):
        async with connected(port) as line:
            await line.say(start)
            await line.rest()


async def test_dripping_does_not_buy_time(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEADER_S", 0.1)
    async with connected(port) as line, asyncio.timeout(2):
        await line.say(GET)
        while not line.reader.at_eof():
            line.writer.write(b"x-a: b\r\n")
            try:
                await asyncio.wait_for(line.reader.read(1), 0.02)
            except TimeoutError:
                continue
            except ConnectionError:
                break


async def test_a_body_that_never_ends_is_hung_up_on(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "BODY_S", 0.1)
    for path in (b"/", b"/early"):
        async with connected(port) as line:
            await line.say(b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n12345" % path)
            await line.rest()


async def test_trailers_and_chunk_sizes_without_end_are_hung_up_on(port: int) -> None:
    start = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    for endless in (b"3\r\nabc\r\n0\r\nx-trailer: ", b"3;extension="):
        async with connected(port) as line:
            await line.say(start + endless)
            with suppress(ConnectionError):
                for _ in range(4 * MOST_READ // 1024):
                    await line.say(b"a" * 1024)
            await line.rest()


async def test_trailers_are_not_taken_for_headers(line: Line) -> None:
    body = b"3\r\nabc\r\n0\r\nx-sentry-auth: late\r\n\r\n"
    await line.say(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n" + body)
    assert b"3 bytes" in await line.answer()


async def test_after_an_early_answer_the_rest_of_the_body_does_no_harm(line: Line) -> None:
    await line.say(b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
    assert b"0 bytes" in await line.answer()
    await line.say(b"x" * 100_000 + GET + b"\r\n")
    assert b"0 bytes" in await line.answer()
