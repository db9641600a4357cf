"""How LightTrace says "not now" and "never this", and how much it holds at once.

See docs/protocol.md, "When it is too much". The header's grammar is the SDKs': integers only, since
one SDK skips what it cannot parse; never `Retry-After` with an answer of 200, since another would
then stop sending everything.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from lighttrace.errors import BusyError

# A full queue is written in about two seconds; what an SDK does not send meanwhile is lost.
QUEUE_FULL_S = 3
IN_FLIGHT_S = 5
NEVER_S = 3600  # families nobody here will look at: SDKs ask again every hour


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`categories`: none means everything."""

    retry_after_s: int
    categories: tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        return f"{self.retry_after_s}:{';'.join(self.categories)}:organization:{self.reason}"


QUEUE_FULL = RateLimit(QUEUE_FULL_S, ("error", "default", "security"), "queue_full")
OVERLOADED = RateLimit(IN_FLIGHT_S, (), "overloaded")

# Every spelling of a family, since SDKs disagree.
_PROFILES = RateLimit(NEVER_S, ("profile", "profile_chunk", "profile_chunk_ui"), "unsupported")
_REPLAYS = RateLimit(NEVER_S, ("replay",), "unsupported")
_METRICS = RateLimit(NEVER_S, ("trace_metric", "trace_metric_byte", "metric"), "unsupported")
_BUCKETS = RateLimit(NEVER_S, ("metric_bucket",), "unsupported")
NEVER_KEPT = {
    "profile": _PROFILES,
    "profile_chunk": _PROFILES,
    "replay_event": _REPLAYS,
    "replay_recording": _REPLAYS,
    "replay_video": _REPLAYS,
    "trace_metric": _METRICS,
    "statsd": _BUCKETS,
    "metric_buckets": _BUCKETS,
    "metric_meta": _BUCKETS,
}


def header(limits: Iterable[RateLimit]) -> str:
    """The value of `X-Sentry-Rate-Limits`."""
    return ", ".join(str(limit) for limit in dict.fromkeys(limits))


@dataclass(slots=True)
class InFlight:
    """How many bytes requests may hold together; who does not fit waits, then is told to come back.

    Bytes are counted as they arrive, not as they are announced: who announces 20 MiB and sends
    nothing takes nothing from others.
    """

    total: int
    wait_s: float
    held: int = 0
    _waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    async def room(self, size_bytes: int) -> None:
        """Returns when that many more fit. Raises BusyError if it takes too long."""
        if self._fits(size_bytes):
            return
        try:
            async with asyncio.timeout(self.wait_s):
                while not self._fits(size_bytes):
                    await self._turn()
        except TimeoutError as error:
            raise BusyError(
                "The server is busy: too much is being received at once.", retry_after_s=IN_FLIGHT_S
            ) from error
        self._wake()  # there may be room for the next one too

    def lease(self) -> "Lease":
        return Lease(self)

    def release(self, size_bytes: int) -> None:
        self.held -= size_bytes
        self._wake()

    def _fits(self, size_bytes: int) -> bool:
        return self.held == 0 or self.held + size_bytes <= self.total

    async def _turn(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def _wake(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return


@dataclass(slots=True)
class Lease:
    """What one request holds; given back when it needs it no more."""

    budget: InFlight
    size_bytes: int = 0

    def add(self, size_bytes: int) -> None:
        self.size_bytes += size_bytes
        self.budget.held += size_bytes

    def give_back(self) -> None:
        if self.size_bytes:
            size_bytes, self.size_bytes = self.size_bytes, 0
            self.budget.release(size_bytes)
