"""uvicorn's HTTP protocol with the bounds it lacks: how large headers are and how long things take.

Without them a client that sends a header byte by byte, or one without end, keeps a connection and
its memory for as long as it likes. The refusal is written here, below any application.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_BYTES = 32 * 1024  # of a request line and its headers; SDKs send about one
HEADER_S = 10.0  # from connecting, or from the first byte of a further request
# from there to the end of the body; who reads bodies of SDKs answers 408 long before
BODY_S = 120.0

_DETAIL = b'{"detail":"The headers are larger than 32,768 bytes.","causes":[]}'
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"access-control-allow-origin: *\r\n"
    b"content-type: application/json\r\n"
    b"content-length: %d\r\n"
    b"connection: close\r\n"
    b"\r\n%b" % (len(_DETAIL), _DETAIL)
)


class BoundedProtocol(HttpToolsProtocol):
    """Give it to uvicorn as `http=`."""

    _deadline: asyncio.TimerHandle | None = None
    _in_headers = True  # or between two requests
    # Received since the parser last had anything to tell: an endless header, trailer or chunk size.
    # The parser does not say where in a read that was, so what came behind it in the same read,
    # at most 256 KB, is not counted.
    _silent_bytes = 0
    _has_begun = False  # something of the next request is here
    _is_over = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._allow(HEADER_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        self._silent_bytes += len(data)
        super().data_received(data)
        if self._silent_bytes > HEADER_BYTES:
            self._refuse()
        if self._deadline is not None or self._is_over:
            return
        # a request that came whole, as nearly all do, is given no deadline at all
        if not self._in_headers:
            self._allow(BODY_S)
        elif self.cycle is None or self.cycle.response_complete:
            self._allow(HEADER_S)

    def on_message_begin(self) -> None:
        self._has_begun = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_headers:  # trailers are of no use to anybody here
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > HEADER_BYTES:
            self._refuse()
            raise ValueError("headers too large")  # ends the parsing of what has arrived
        self._in_headers = False
        self._silent_bytes = 0
        self._stop_clock()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._silent_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_headers = True
        self._has_begun = False
        self._silent_bytes = 0
        self._stop_clock()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # half a request came behind the one just answered, and perhaps nothing ever follows
        if self._has_begun and self._in_headers and self._deadline is None and not self._is_over:
            self._allow(HEADER_S)

    def send_400_response(self, msg: str) -> None:
        if not self._is_over:
            self._is_over = True
            super().send_400_response(msg)

    def _allow(self, limit_s: float) -> None:
        self._deadline = self.loop.call_later(limit_s, self._give_up)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._stop_clock()
        if self._in_headers:
            self.transport.write(TOO_LARGE)
        self.transport.close()

    def _give_up(self) -> None:
        self._deadline = None
        self._is_over = True
        self.transport.close()
