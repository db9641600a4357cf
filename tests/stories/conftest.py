"""A team with a mailbox, at noon."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lighttrace.clock import FixedClock
from tests.mailbox import Mailbox, mailbox
from tests.store.make import NOON, running
from tests.stories.team import Team


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as made:
        yield made


@pytest.fixture
async def team(tmp_path: Path, box: Mailbox) -> AsyncIterator[Team]:
    clock = FixedClock(NOON)
    async with running(tmp_path / "lighttrace.db", clock, synchronous="NORMAL") as store:
        yield Team(store, box, clock)
