"""Reading what is posted, within bounds of size, of time and of all bodies together.

A body counts in one of two budgets at a time: while it arrives, and once it is unpacked. Who has
unpacked always comes to an end without waiting, so waiting for them is safe.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.types import Receive

from lighttrace.errors import IngestError
from lighttrace.ingest import quotas
from lighttrace.ingest.body import decompress, too_large
from lighttrace.limits import Limits

T = TypeVar("T")

# Work on larger bodies leaves the loop: a megabyte of JSON would hold up everybody else for 20 ms.
LARGE_PACKED, LARGE = 64 * 1024, 256 * 1024  # bytes


class GoneError(Exception):
    """The client hung up: nobody is left to answer."""


class Bodies:
    """What all requests share: the budgets, and one thread for large work."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        half = limits.in_flight // 2
        self.arriving = quotas.InFlight(half, limits.in_flight_wait_s)
        self.unpacked = quotas.InFlight(half, limits.in_flight_wait_s)
        # two threads would only share the interpreter's lock with the loop
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="large-bodies")

    def open(self, receive: Receive, headers: Mapping[bytes, bytes]) -> "Body":
        return Body(self, receive, headers)

    async def work(self, size_bytes: int, work: Callable[..., T], *args: Any) -> T:
        """Call something pure with a body of that size: here if it is small, else in the thread."""
        if size_bytes <= LARGE:
            return work(*args)
        return await self.aside(work, *args)

    async def aside(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)


class Body:
    """The body of one request. To be closed when the request has been answered."""

    def __init__(self, shared: Bodies, receive: Receive, headers: Mapping[bytes, bytes]) -> None:
        self._shared = shared
        self._receive = receive
        self._headers = headers
        self._arriving = shared.arriving.lease()
        self._unpacked = shared.unpacked.lease()

    def close(self) -> None:
        self._arriving.give_back()
        self._unpacked.give_back()

    async def read(self, limit: int) -> bytes:
        """The body as it was sent.

        Raises TooLargeError, BusyError, GoneError, and IngestError with 408 for one that drips.
        """
        declared = self._headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared[:20]) > limit:
            raise too_large(limit)
        limit_s = self._shared.limits.body_read_s
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(limit_s):
                while await self._next(parts, limit):
                    pass
        except TimeoutError as error:
            detail = f"The body did not arrive within {limit_s:g} seconds."
            raise IngestError(detail, status=408, reason="slow_body") from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _next(self, parts: list[bytes], limit: int) -> bool:
        """Take what has arrived; False at the end. Nothing is received while there is no room."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        part: bytes = message.get("body", b"")
        if self._arriving.size_bytes + len(part) > limit:
            raise too_large(limit)
        await self._shared.arriving.room(len(part))
        self._arriving.add(len(part))
        parts.append(part)
        return bool(message.get("more_body", False))

    async def unpack(self, *, is_trusted: bool) -> bytes:
        """The body as it was meant. Who has shown no key (`is_trusted`) cannot hold up the loop."""
        limits = self._shared.limits
        packed = await self.read(limits.compressed_body)
        encoding = self._headers.get(b"content-encoding", b"").decode("latin-1")
        # how large it will be is known only afterwards: the budget may be overdrawn by one body
        await self._shared.unpacked.room(len(packed))
        if is_trusted and len(packed) <= LARGE_PACKED:
            plain = decompress(packed, encoding, limits.envelope)
        else:
            plain = await self._shared.aside(decompress, packed, encoding, limits.envelope)
        self._arriving.give_back()
        self._unpacked.add(len(plain))
        return plain
