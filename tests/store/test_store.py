"""Opening, reading, and living beside the commands of another process."""

import asyncio
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from lighttrace.clock import FixedClock
from lighttrace.errors import StartError, StoreError
from lighttrace.store import database, keys
from lighttrace.store.database import Reader
from lighttrace.store.store import Store
from tests.store.make import NOON, an_event, one, rows, running


def test_only_one_server_may_have_a_database(tmp_path: Path, clock: FixedClock) -> None:
    path = tmp_path / "lighttrace.db"
    first = Store.open(path, clock=clock)
    with pytest.raises(StartError, match=rf"Another LightTrace \(process {os.getpid()}\)"):
        Store.open(path, clock=clock)
    asyncio.run(first.close())
    asyncio.run(Store.open(path, clock=clock).close())


@pytest.mark.skipif(os.geteuid() != 0, reason="permissions are tried as another user")
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, clock: FixedClock) -> None:
    tmp_path.chmod(0o755)
    folder = tmp_path / "data"
    folder.mkdir(mode=0o555)
    os.seteuid(65534)
    try:
        with pytest.raises(StartError, match="Permission denied"):
            Store.open(folder / "lighttrace.db", clock=clock)
    finally:
        os.seteuid(0)


def test_a_folder_is_made_for_the_server_and_for_nobody_else(
    tmp_path: Path, clock: FixedClock
) -> None:
    path = tmp_path / "new" / "data" / "lighttrace.db"
    with pytest.raises(StartError, match="There is no database"):
        Store.open(path, clock=clock, create=False)
    with pytest.raises(StartError, match="There is no database"), Store.connect(path):
        pass
    assert not path.parent.exists()
    asyncio.run(Store.open(path, clock=clock).close())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_reader_cannot_write(store: Store) -> None:
    def try_to(db: Reader) -> None:
        db.execute("delete from project")

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await store.read(try_to)
    assert await one(store, "select count(*) from project") == 1


async def test_a_reader_sees_one_moment_for_as_long_as_it_looks(store: Store) -> None:
    loop = asyncio.get_running_loop()

    def look_twice(db: Reader) -> tuple[int, int]:
        count = "select count(*) from event"
        before = db.execute(count).fetchone()[0]
        asyncio.run_coroutine_threadsafe(submit(), loop).result(10)
        return before, db.execute(count).fetchone()[0]

    async def submit() -> None:
        await store.submit(an_event())

    assert await store.read(look_twice) == (0, 0)
    assert await one(store, "select count(*) from event") == 1


async def test_a_question_that_takes_too_long_is_given_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "READ_LIMIT_S", 0.05)
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
    with pytest.raises(StoreError, match="took longer"):
        await rows(store, endless)
    assert await one(store, "select 1") == 1


async def test_a_project_made_by_a_command_works_at_once(store: Store) -> None:
    with Store.connect(store.path) as tx:
        key = keys.add(tx, 1, "from a command", NOON)
    found = store.keys.find(key.public)
    assert found == key


async def test_a_key_disabled_by_a_command_is_noticed(store: Store) -> None:
    public = f"{1:032x}"
    assert store.keys.find(public) is not None
    noticed = asyncio.Event()
    store.on_commit.append(lambda committed: noticed.set())
    with Store.connect(store.path) as tx:
        keys.set_disabled(tx, 1, 1, NOON)
    await asyncio.wait_for(noticed.wait(), 5)  # without any traffic
    key = store.keys.find(public)
    assert key is not None and key.disabled_at == NOON


async def test_a_key_disabled_on_a_page_is_noticed_at_once(store: Store) -> None:
    assert await store.write(keys.set_disabled, 1, 1, NOON)
    key = store.keys.find(f"{1:032x}")
    assert key is not None and key.disabled_at == NOON
    await store.write(keys.set_disabled, 1, 1, None)
    key = store.keys.find(f"{1:032x}")
    assert key is not None and key.disabled_at is None


async def test_a_key_of_a_deleted_project_is_unknown(store: Store) -> None:
    def delete(tx: database.Transaction) -> None:
        tx.execute("update project set deleted_at = 1")

    await store.write(delete)
    assert store.keys.find(f"{1:032x}") is None


@pytest.mark.parametrize("public", ["f" * 32, "", "\ud800", "' or 1=1 --", "\0"])
async def test_a_key_nobody_made_is_unknown(store: Store, public: str) -> None:
    assert store.keys.find(public) is None


async def test_what_a_command_changes_is_not_remembered_wrongly(store: Store) -> None:
    """A hash the writer has in memory is given to another issue by another process."""
    await store.submit(an_event(group="a"))
    await store.submit(an_event(group="b"))
    with Store.connect(store.path) as tx:
        tx.execute("update grouphash set issue_id = 1")
    assert (await store.submit(an_event(group="b"))).issue_id == 1


async def test_a_command_that_fails_changes_nothing(store: Store) -> None:
    with pytest.raises(KeyError), Store.connect(store.path) as tx:
        tx.execute("delete from project_key")
        raise KeyError
    assert await one(store, "select count(*) from project_key") == 1


async def test_health_knows_the_size(store: Store) -> None:
    health = store.health()
    assert health.writer_alive and not health.disk_full and health.queue == 0
    assert health.size_bytes >= 8192


async def test_synchronous_normal_is_possible(tmp_path: Path, clock: FixedClock) -> None:
    async with running(tmp_path / "lighttrace.db", clock, synchronous="NORMAL") as store:
        assert await store.write(lambda tx: tx.execute("PRAGMA synchronous").fetchone()[0]) == 1
        await store.submit(an_event())
