"""Files that are not what they should be: another program's, cut short, overwritten. Whoever opens
one is told so in a sentence, and what is not ours stays as it is.
"""

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lighttrace.clock import FixedClock
from lighttrace.errors import StartError, StoreError
from lighttrace.store import keys, projects
from lighttrace.store.database import PAGE_SIZE_BYTES, require_ours
from lighttrace.store.sight import ALL
from lighttrace.store.store import Store
from tests.store.make import NOON, an_event, running


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lighttrace.db"


def use(path: Path) -> None:
    """As a command does."""
    with Store.connect(path) as tx:
        for project in projects.every(tx, ALL):
            keys.add(tx, project.id, "another", NOON)


def serve(path: Path) -> None:
    async def once() -> None:
        async with running(path, FixedClock(NOON)) as store:
            await store.submit(an_event())

    asyncio.run(once())


WAYS = (use, serve)


def contents(folder: Path) -> dict[str, bytes]:
    return {it.name: it.read_bytes() for it in folder.iterdir() if not it.name.endswith(".lock")}


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("way", WAYS)
def test_another_programs_file_stays_as_it_is(
    path: Path, mode: str, way: Callable[[Path], None]
) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"pragma journal_mode = {mode}")
        db.execute("create table recipe(name)")
    before = contents(path.parent)
    with pytest.raises(StartError, match="not one of LightTrace"):
        way(path)
    assert contents(path.parent) == before


@pytest.mark.parametrize("way", WAYS)
def test_another_programs_file_stays_as_it_is_while_that_program_runs(
    path: Path, way: Callable[[Path], None]
) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma journal_mode = wal")
        db.execute("create table recipe(name)")  # in the log, and not yet in the file
        before = contents(path.parent)
        with pytest.raises(StartError, match="not one of LightTrace"):
            way(path)
        after = contents(path.parent)
        assert {name: after[name] for name in ("lighttrace.db", "lighttrace.db-wal")} == {
            name: before[name] for name in ("lighttrace.db", "lighttrace.db-wal")
        }


def test_a_database_killed_before_its_first_checkpoint_is_ours(
    tmp_path: Path, path: Path, clock: FixedClock
) -> None:
    killed = tmp_path / "killed"
    killed.mkdir()
    store = Store.open(path, clock=clock)
    for name in (path.name, f"{path.name}-wal"):
        shutil.copy(tmp_path / name, killed / name)
    asyncio.run(store.close())
    assert (killed / path.name).read_bytes()[68:72] == bytes(4)  # our mark is in the log only
    use(killed / path.name)
    serve(killed / path.name)


OTHER_PROCESS = """
import sqlite3, sys
from lighttrace.store.sight import ALL
db = sqlite3.connect(sys.argv[1])
db.execute("select * from sqlite_master").fetchall()
db.close()  # whoever is the last one removes the log
"""


def test_a_look_at_a_file_ends_no_lock_of_this_process(path: Path, clock: FixedClock) -> None:
    store = Store.open(path, clock=clock)
    log = path.with_name(path.name + "-wal")
    assert log.stat().st_size
    require_ours(path)
    subprocess.run([sys.executable, "-c", OTHER_PROCESS, str(path)], check=True)
    assert log.exists()
    asyncio.run(store.close())


def test_an_empty_file_is_ours_to_fill(path: Path) -> None:
    path.touch()
    serve(path)
    use(path)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "content", [b"x", b"SQLite format 3\0", b"Dear diary, " * 999, bytes(9999)]
)
def test_what_is_no_database_is_said_to_be_none(
    path: Path, way: Callable[[Path], None], content: bytes
) -> None:
    path.write_bytes(content)
    with pytest.raises(
        StartError, match=r"not a database\. If it was .* restore the newest backup"
    ):
        way(path)
    assert path.read_bytes() == content


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    """A small database, whole and with an empty log."""
    path = tmp_path_factory.mktemp("sound") / "lighttrace.db"

    async def fill() -> None:
        async with running(path, FixedClock(NOON)) as store:
            for n in range(20):
                await store.submit(an_event(group=str(n), user=str(n)))

    asyncio.run(fill())
    yield path.read_bytes()


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_was_cut_short_is_damaged(
    path: Path, sound: bytes, way: Callable[[Path], None]
) -> None:
    for kept in (108, 4096, PAGE_SIZE_BYTES, PAGE_SIZE_BYTES * 3, len(sound) // 2, len(sound) - 1):
        path.write_bytes(sound[:kept])
        with pytest.raises(StartError, match=r"is damaged .* restore the newest backup"):
            way(path)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("filler", ["zeros", "noise", "another page"])
def test_a_page_that_was_overwritten_is_met_with_a_sentence(
    path: Path, sound: bytes, way: Callable[[Path], None], filler: str
) -> None:
    rng = random.Random(3)
    said = 0
    for page in range(0, len(sound) // PAGE_SIZE_BYTES, 1 if filler == "zeros" else 3):
        start = page * PAGE_SIZE_BYTES
        other = rng.randrange(1, len(sound) // PAGE_SIZE_BYTES) * PAGE_SIZE_BYTES
        fill = {
            "zeros": bytes(PAGE_SIZE_BYTES),
            "noise": rng.randbytes(PAGE_SIZE_BYTES),
            "another page": sound[other : other + PAGE_SIZE_BYTES],
        }[filler]
        start += 200 if page == 0 else 0  # or it is no database
        path.write_bytes(sound[:start] + fill + sound[start + PAGE_SIZE_BYTES :])
        for it in path.parent.glob("*-wal"):
            it.unlink()
        try:
            way(path)
        except sqlite3.IntegrityError:
            assert filler == "another page"  # a whole page of other rows can pass for sound
        except (StartError, StoreError) as error:
            said += 1
            assert str(error), page
    assert said
