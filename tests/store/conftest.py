"""A store that is running, with one project; and a database that tests write themselves."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from lighttrace.clock import FixedClock
from lighttrace.store.store import Store
from tests.store.make import NOON, running
from tests.store.shelf import Shelf, a_shelf


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
async def store(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Store]:
    async with running(tmp_path / "lighttrace.db", clock) as store:
        yield store


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path) as shelf:
        yield shelf


@pytest.fixture
def db(shelf: Shelf) -> Connection:
    return shelf.db
