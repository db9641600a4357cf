"""The header SDKs obey, and the budget of bytes that are held at once."""

import asyncio
import re

import pytest

from lighttrace.errors import BusyError
from lighttrace.ingest import quotas
from lighttrace.ingest.quotas import InFlight, RateLimit

# as the specification and two SDKs read it
LIMIT = re.compile(r"\d+:[a-z_]+(;[a-z_]+)*:organization:[a-z_]+|\d+::organization:[a-z_]+")


def test_every_limit_is_written_as_sdks_read_it() -> None:
    every = [*quotas.NEVER_KEPT.values(), quotas.QUEUE_FULL, quotas.OVERLOADED]
    for limit in every:
        assert LIMIT.fullmatch(str(limit)), limit
    header = quotas.header([quotas.NEVER_KEPT["replay_event"], quotas.NEVER_KEPT["profile"]])
    assert header == (
        "3600:replay:organization:unsupported, "
        "3600:profile;profile_chunk;profile_chunk_ui:organization:unsupported"
    )


def test_a_limit_is_said_once() -> None:
    replays = [quotas.NEVER_KEPT["replay_event"], quotas.NEVER_KEPT["replay_recording"]]
    assert quotas.header(replays) == "3600:replay:organization:unsupported"
    assert quotas.header([]) == ""
    assert str(RateLimit(5, (), "overloaded")) == "5::organization:overloaded"


def test_a_full_queue_never_stops_sessions_and_check_ins() -> None:
    assert quotas.QUEUE_FULL.categories


async def test_who_fits_does_not_wait() -> None:
    budget = InFlight(100, 5.0)
    lease = budget.lease()
    await budget.room(60)
    lease.add(60)
    await budget.room(40)
    assert budget.held == 60
    lease.give_back()
    lease.give_back()
    assert budget.held == 0


async def test_a_single_body_larger_than_the_budget_is_let_through_when_it_is_alone() -> None:
    budget = InFlight(10, 5.0)
    await budget.room(1000)


async def test_who_does_not_fit_goes_on_when_somebody_leaves() -> None:
    budget = InFlight(100, 5.0)
    first = budget.lease()
    first.add(90)
    went_on: list[int] = []

    async def wait_for(size_bytes: int) -> None:
        await budget.room(size_bytes)
        budget.lease().add(size_bytes)
        went_on.append(size_bytes)

    waiting = [asyncio.create_task(wait_for(size)) for size in (50, 40, 30)]
    await asyncio.sleep(0)
    assert went_on == []
    first.give_back()
    for _ in range(5):
        await asyncio.sleep(0)
    assert went_on == [50, 40]
    waiting[2].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_who_waits_too_long_is_told_to_come_back() -> None:
    budget = InFlight(100, 0.01)
    budget.lease().add(100)
    with pytest.raises(BusyError) as refused:
        await budget.room(1)
    assert refused.value.status == 429
    assert refused.value.retry_after_s == 5


async def test_somebody_who_gave_up_does_not_swallow_the_turn_of_the_next() -> None:
    budget = InFlight(100, 5.0)
    first = budget.lease()
    first.add(100)
    gone = asyncio.create_task(budget.room(10))
    patient = asyncio.create_task(budget.room(10))
    await asyncio.sleep(0)
    gone.cancel()
    first.give_back()
    await asyncio.wait_for(patient, 1)
