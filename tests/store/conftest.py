"""A store that is running, with one project; what it holds is compared with its counters at the
end.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lighttrace.clock import FixedClock
from lighttrace.store.store import Store
from tests.store.make import NOON, running


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
async def store(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Store]:
    async with running(tmp_path / "lighttrace.db", clock) as store:
        yield store
