"""A store, a clock that stands still at noon, and a mail server: what most tests of alerts need."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lighttrace.clock import FixedClock
from lighttrace.store.store import Store
from tests.mailbox import Mailbox, mailbox
from tests.store.make import NOON, running


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as made:
        yield made


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
async def store(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Store]:
    async with running(tmp_path / "lighttrace.db", clock) as made:
        yield made
