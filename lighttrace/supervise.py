"""Loops that go on whatever happens to them, and the orderly end of all.

A task that dies inside a lifespan is only a line in the log while the server serves on. So each
loop has a name, is started again after a pause that grows, and shows in the health page when it
last turned. A loop that must not die is fatal: its end is the end of the process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from lighttrace.clock import Clock

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
CALM_S = 60.0  # a loop that ran this long before it failed starts again with the first pause

Beat: TypeAlias = Callable[[], None]
Sleep: TypeAlias = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Loop:
    """Something that runs until it is cancelled; if it returns, it is done. It calls `beat` at each
    turn.
    """

    name: str
    run: Callable[[Beat], Awaitable[None]]
    fatal: bool = False


@dataclass(slots=True)
class Pulse:
    """How a loop is doing, for the health page. Times are ms."""

    name: str
    beat_at: int
    starts: int = 0
    running: bool = False
    error: str | None = None  # of its last failure; None again once it beats


class Supervisor:
    """Lives on the event loop. `on_fatal` is told the one sentence the process ends with."""

    def __init__(
        self,
        clock: Clock,
        *,
        on_fatal: Callable[[str], None] = log.critical,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._on_fatal = on_fatal
        self._sleep = sleep
        self._pulses: dict[str, Pulse] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, loop: Loop) -> None:
        """Run a loop from now on."""
        assert loop.name not in self._tasks, loop.name
        pulse = Pulse(loop.name, self._clock.now_ms())
        self._pulses[loop.name] = pulse
        self._tasks[loop.name] = asyncio.create_task(self._keep(loop, pulse), name=loop.name)

    def pulses(self) -> tuple[Pulse, ...]:
        return tuple(self._pulses.values())

    async def stop(self, patience_s: float = 1.0) -> tuple[str, ...]:
        """Cancel all loops; returns the names of those that did not end in time."""
        tasks = set(self._tasks.values())
        for task in tasks:
            task.cancel()
        if not tasks:
            return ()
        _, left = await asyncio.wait(tasks, timeout=patience_s)
        names = tuple(sorted(task.get_name() for task in left))
        if names:
            log.warning("did not stop within %s s: %s", patience_s, ", ".join(names))
        return names

    async def _keep(self, loop: Loop, pulse: Pulse) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            pulse.starts += 1
            pulse.running = True
            began_s = self._clock.monotonic_s()
            try:
                await loop.run(lambda: self._beat(pulse))
                return
            except Exception as error:
                pulse.error = f"{type(error).__name__}: {error}"
                if loop.fatal:
                    log.critical("%s ended, and nothing works without it", loop.name, exc_info=True)
                    self._on_fatal(f"{loop.name}: {error}")
                    return
                if self._clock.monotonic_s() - began_s >= CALM_S:
                    pause_s = FIRST_PAUSE_S
                log.exception("%s failed; it starts again in %g s", loop.name, pause_s)
            finally:
                pulse.running = False
            await self._sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _beat(self, pulse: Pulse) -> None:
        pulse.beat_at = self._clock.now_ms()
        pulse.error = None
