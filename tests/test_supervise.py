"""Loops that fail, end, hang and stop."""

import asyncio

import pytest

from lighttrace.clock import FixedClock
from lighttrace.supervise import LONGEST_PAUSE_S, Beat, Loop, Supervisor


class Naps:
    """Sleeping that only moves the clock, and ends the test's patience after `most` naps."""

    def __init__(self, clock: FixedClock, most: int) -> None:
        self.clock = clock
        self.most = most
        self.taken: list[float] = []
        self.enough = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        self.clock.advance(round(seconds * 1000))
        if len(self.taken) == self.most:
            self.enough.set()
            await asyncio.Event().wait()


async def ended(name: str) -> None:
    """Until the task of that loop is over. Others, such as the test's own, go on."""
    await asyncio.wait([task for task in asyncio.all_tasks() if task.get_name() == name])


async def test_a_loop_that_keeps_failing_is_started_again_after_growing_pauses(
    clock: FixedClock,
) -> None:
    naps = Naps(clock, most=9)
    supervisor = Supervisor(clock, sleep=naps)

    async def broken(beat: Beat) -> None:
        raise ValueError("no luck")

    supervisor.start(Loop("broken", broken))
    await naps.enough.wait()
    assert naps.taken == [1, 2, 4, 8, 16, 32, 60, 60, LONGEST_PAUSE_S]
    (pulse,) = supervisor.pulses()
    assert (pulse.starts, pulse.running, pulse.error) == (9, False, "ValueError: no luck")
    assert await supervisor.stop() == ()


async def test_after_a_calm_minute_the_pauses_are_short_again(clock: FixedClock) -> None:
    naps = Naps(clock, most=5)
    supervisor = Supervisor(clock, sleep=naps)
    runs_s = iter([0, 0, 0, 61, 0])

    async def moody(beat: Beat) -> None:
        clock.advance(next(runs_s) * 1000)
        raise ValueError

    supervisor.start(Loop("moody", moody))
    await naps.enough.wait()
    assert naps.taken == [1, 2, 4, 1, 2]
    await supervisor.stop()


async def test_a_beat_shows_when_a_loop_last_turned_and_forgets_its_failure(
    clock: FixedClock,
) -> None:
    naps = Naps(clock, most=99)
    supervisor = Supervisor(clock, sleep=naps)
    tries = iter([True, False])
    beaten = asyncio.Event()

    async def once_broken(beat: Beat) -> None:
        if next(tries):
            raise ValueError("at first")
        clock.advance(5_000)
        beat()
        beaten.set()
        await asyncio.Event().wait()

    supervisor.start(Loop("retention", once_broken))
    await beaten.wait()
    (pulse,) = supervisor.pulses()
    assert (pulse.beat_at, pulse.error, pulse.running) == (clock.now_ms(), None, True)
    await supervisor.stop()


async def test_the_end_of_a_fatal_loop_is_told_once_and_it_is_not_started_again(
    clock: FixedClock,
) -> None:
    told: list[str] = []
    supervisor = Supervisor(clock, on_fatal=told.append, sleep=Naps(clock, most=1))

    async def writer(beat: Beat) -> None:
        raise OSError("the file is damaged")

    supervisor.start(Loop("writer", writer, fatal=True))
    await ended("writer")
    assert told == ["writer: the file is damaged"]
    assert supervisor.pulses()[0].starts == 1


async def test_a_loop_that_returns_is_done(clock: FixedClock) -> None:
    naps = Naps(clock, most=1)
    supervisor = Supervisor(clock, sleep=naps)

    async def once(beat: Beat) -> None:
        beat()

    supervisor.start(Loop("warm-up", once))
    await ended("warm-up")
    assert naps.taken == []
    assert supervisor.pulses()[0].starts == 1
    assert supervisor.pulses()[0].running is False


async def test_stopping_names_the_loop_that_will_not_end(clock: FixedClock) -> None:
    supervisor = Supervisor(clock)
    release = asyncio.Event()
    started = asyncio.Event()

    async def stubborn(beat: Beat) -> None:
        while not release.is_set():
            started.set()
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async def polite(beat: Beat) -> None:
        await asyncio.Event().wait()

    supervisor.start(Loop("stubborn", stubborn))
    supervisor.start(Loop("polite", polite))
    await started.wait()
    assert await supervisor.stop(patience_s=0.01) == ("stubborn",)
    release.set()


async def test_two_loops_of_one_name_are_a_mistake(clock: FixedClock) -> None:
    supervisor = Supervisor(clock)

    async def rest(beat: Beat) -> None:
        await asyncio.Event().wait()

    supervisor.start(Loop("retention", rest))
    with pytest.raises(AssertionError, match="retention"):
        supervisor.start(Loop("retention", rest))
    await supervisor.stop()
