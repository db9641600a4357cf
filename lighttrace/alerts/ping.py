"""The sign of life to somebody outside: `[alerts] ping_url` is asked for as long as messages get
through. When it is asked for no more, whoever waits for it raises the alarm that we cannot.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from lighttrace import outward
from lighttrace.clock import Clock
from lighttrace.config import Config
from lighttrace.errors import OutwardError
from lighttrace.store import sendings
from lighttrace.store.store import Store, StoreHealth

log = logging.getLogger(__name__)

STILL_MS = 5 * 60_000  # the alerts loop turns every 30 s


class Pulse(Protocol):
    """How a loop is doing."""

    @property
    def name(self) -> str: ...
    @property
    def beat_at(self) -> int: ...
    @property
    def running(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Sign:
    """The last sign of life since the start (ms), and why there is none now, if so."""

    at: int | None = None
    trouble: str = ""


Ask = Callable[[str, bool], Awaitable[int]]


async def ask(url: str, allow_private: bool) -> int:
    """Ask for an address; its status. Raises OutwardError."""
    request = outward.Request(url, method="GET")
    return (await outward.send(request, allow_private=allow_private)).status


def trouble(pulses: tuple[Pulse, ...], health: StoreHealth, stuck: bool, now_ms: int) -> str:
    """Why no sign of life may be given; nothing if all is well."""
    alerts = next((it for it in pulses if it.name == "alerts"), None)
    if alerts is None or not alerts.running or now_ms - alerts.beat_at > STILL_MS:
        return "the alerts loop stands still"
    if not health.writer_alive:
        return "the database writer has stopped"
    if health.disk_full:
        return "the disk is full"
    return "a message cannot be delivered" if stuck else ""


class Ping:
    """`look` as often as you like: it asks when the time has come."""

    def __init__(
        self,
        store: Store,
        config: Callable[[], Config],
        clock: Clock,
        pulses: Callable[[], tuple[Pulse, ...]],
        ask: Ask = ask,
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._pulses = pulses
        self._ask = ask
        self._asked_s: float | None = None
        self.sign = Sign()

    async def look(self) -> bool:
        """Whether a sign of life was given."""
        options, now_s = self._config().alerts, self._clock.monotonic_s()
        if options.ping_url is None:
            return False
        if self._asked_s is not None and now_s - self._asked_s < options.ping_every_min * 60:
            return False
        stuck = await self._store.read(sendings.is_stuck)
        why = trouble(self._pulses(), self._store.health(), stuck, self._clock.now_ms())
        if not why:
            self._asked_s = now_s
            try:
                status = await self._ask(options.ping_url, options.ping_allow_private)
                why = "" if 200 <= status < 300 else f"it was answered {status}"
            except OutwardError as error:
                why = str(error)
        if why and why != self.sign.trouble:
            log.warning("no sign of life to [alerts] ping_url: %s", why)
        self.sign = Sign(self.sign.at if why else self._clock.now_ms(), why)
        return not why
