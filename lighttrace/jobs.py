"""The timetable: what happens because time passes, each a loop of its own."""

import asyncio
from collections.abc import Callable

from lighttrace.alerts.ping import Ping
from lighttrace.alerts.routine import Routine
from lighttrace.clock import Clock
from lighttrace.config import Config
from lighttrace.store import deleting, erasing, retention, settling, training, unused
from lighttrace.store.store import Store
from lighttrace.supervise import Beat, Loop

RETENTION_S = 10.0  # between two looks the database may grow past its limit by 40 MB at full load
DICTIONARIES_S = 60.0  # a look is cheap; a project that has sent 200 events shrinks to a fifth


LOOK_S = 20.0  # at the clock on the wall; a look costs a read


def timetable(
    store: Store, config: Callable[[], Config], clock: Clock, routine: Routine, ping: Ping
) -> tuple[Loop, ...]:
    """The loops. `config` is asked anew at each turn, so that a reload counts."""

    async def forget(beat: Beat) -> None:
        while True:
            beat()
            await erasing.sweep(store, clock.now_ms())
            await deleting.sweep(store)
            await settling.sweep(store)
            options = config().store
            await unused.sweep(store, clock.now_ms(), options.artifact_days, options.max_size_bytes)
            await retention.sweep(
                store,
                now_ms=clock.now_ms(),
                keep_days=options.retention_days,
                max_bytes=options.max_size_bytes,
            )
            await asyncio.sleep(RETENTION_S)

    async def train(beat: Beat) -> None:
        while True:
            beat()
            await training.improve(store, clock.now_ms())
            await asyncio.sleep(DICTIONARIES_S)

    async def remind(beat: Beat) -> None:
        while True:
            beat()
            await routine.look()
            await asyncio.sleep(LOOK_S)

    async def give_a_sign(beat: Beat) -> None:
        while True:
            beat()
            await ping.look()
            await asyncio.sleep(LOOK_S)

    return (
        Loop("retention", forget),
        Loop("dictionaries", train),
        Loop("reports", remind),
        Loop("sign of life", give_a_sign),
    )
