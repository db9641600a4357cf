"""Schemas: made, changed after a copy, refused when they are newer or not ours."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lighttrace.clock import FixedClock
from lighttrace.errors import StartError
from lighttrace.store import database, migrate
from lighttrace.store.database import open_writer
from lighttrace.store.migrate import Step, shipped
from lighttrace.store.store import Store
from tests.store.make import add_project

NEXT = len(shipped()) + 1
MORE = Step(
    NEXT,
    f"{NEXT:04}_more.sql",
    """
    -- a comment; with a semicolon
    create table more(id integer primary key, text text not null default ';') strict;
    create trigger more_added after insert on more begin
      update setting set value = 'x;y' where key = 'a';
    end;
    """,
)
BROKEN = Step(
    NEXT, f"{NEXT:04}_broken.sql", "create table half(id); insert into nowhere values(1);"
)
ORPHAN = Step(
    NEXT,
    f"{NEXT:04}_orphan.sql",
    "insert into project_key(project_id, public, created_at) values(99, 'x', 0);",
)


@pytest.fixture
def path(tmp_path: Path, clock: FixedClock) -> Path:
    """A database of the shipped version, with a project in it."""
    path = tmp_path / "lighttrace.db"
    with closing(open_writer(path)) as db:
        migrate.migrate(db, path)
        with database.transaction(db) as tx:
            add_project(tx)
    return path


def run(path: Path, *steps: Step, **options: object) -> list[str]:
    lines: list[str] = []
    with closing(open_writer(path)) as db:
        migrate.migrate(db, path, progress=lines.append, steps=(*shipped(), *steps), **options)
    return lines


def ask(path: Path, sql: str) -> object:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchone()[0]


def test_a_new_database_gets_every_step_and_no_copy(path: Path) -> None:
    assert ask(path, "PRAGMA user_version") == len(shipped())
    assert ask(path, "PRAGMA page_size") == 8192
    assert ask(path, "PRAGMA auto_vacuum") == 2
    assert ask(path, "PRAGMA journal_mode") == "wal"
    assert [p.name for p in path.parent.iterdir() if "before" in p.name] == []


def test_a_database_with_data_is_copied_before_it_is_changed(path: Path) -> None:
    lines = run(path, MORE)
    assert ask(path, "select count(*) from more") == 0
    assert ask(path, "PRAGMA user_version") == NEXT
    copy = path.with_name(f"lighttrace.db.before-{NEXT:04}")
    assert ask(copy, "PRAGMA user_version") == len(shipped())
    assert ask(copy, "select slug from project") == "shop"
    assert copy.name in lines[0]
    assert not copy.with_name(copy.name + ".unfinished").exists()


def test_the_copy_can_be_left_out(path: Path) -> None:
    run(path, MORE, copy=False)
    assert ask(path, "PRAGMA user_version") == NEXT
    assert not path.with_name(f"lighttrace.db.before-{NEXT:04}").exists()


def test_without_room_for_the_copy_nothing_is_changed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = migrate.shutil.disk_usage(path.parent)
    monkeypatch.setattr(migrate.shutil, "disk_usage", lambda folder: usage._replace(free=1000))
    with pytest.raises(StartError, match="--no-copy"):
        run(path, MORE)
    assert ask(path, "PRAGMA user_version") == len(shipped())


@pytest.mark.parametrize("step", [BROKEN, ORPHAN], ids=["a bad statement", "a lost parent"])
def test_a_step_that_fails_leaves_the_file_as_it_was(path: Path, step: Step) -> None:
    with pytest.raises(StartError, match=step.name):
        run(path, step)
    assert ask(path, "PRAGMA user_version") == len(shipped())
    assert ask(path, "select count(*) from sqlite_master where name = 'half'") == 0
    assert ask(path, "select count(*) from project_key") == 1


def test_a_database_of_a_newer_version_is_refused(path: Path, clock: FixedClock) -> None:
    run(path, MORE)
    with pytest.raises(StartError, match="newer LightTrace"):
        Store.open(path, clock=clock)
    with pytest.raises(StartError, match="newer LightTrace"), Store.connect(path):
        pass
    assert ask(path, "PRAGMA user_version") == NEXT


def test_a_command_does_not_migrate(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "shipped", lambda: (*shipped(), MORE))
    with pytest.raises(StartError, match="lighttrace serve"), Store.connect(path):
        pass
    assert ask(path, "PRAGMA user_version") == NEXT - 1


def test_another_programs_database_is_refused(tmp_path: Path, clock: FixedClock) -> None:
    path = tmp_path / "lighttrace.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table theirs(id)")
    with pytest.raises(StartError, match="not one of LightTrace"):
        Store.open(path, clock=clock)
    assert ask(path, "select count(*) from sqlite_master") == 1


def test_what_is_not_a_database_is_refused(tmp_path: Path, clock: FixedClock) -> None:
    path = tmp_path / "lighttrace.db"
    path.write_bytes(b"a letter to somebody" * 1000)
    with pytest.raises(StartError, match="not a database"):
        Store.open(path, clock=clock)
    assert path.read_bytes().startswith(b"a letter")


def test_an_old_sqlite_is_refused_by_name(
    tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.sqlite3, "sqlite_version_info", (3, 34, 1))
    monkeypatch.setattr(database.sqlite3, "sqlite_version", "3.34.1")
    with pytest.raises(StartError, match=r"3\.34\.1.*3\.38\.0"):
        Store.open(tmp_path / "lighttrace.db", clock=clock)


def test_steps_are_numbered_without_a_gap() -> None:
    assert [step.version for step in shipped()] == list(range(1, len(shipped()) + 1))
