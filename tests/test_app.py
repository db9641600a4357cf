"""The composition root, run in process: what starts, what a new file changes, how it is doing."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from lighttrace import __version__
from lighttrace import config as configuration
from lighttrace.app import SETUP_LINK_MS, App, create_app
from lighttrace.clock import FixedClock
from lighttrace.errors import ConfigError, StartError, StoreError
from lighttrace.store import audit, bodies, events, invites, issue_list, keys, projects, users
from lighttrace.store.audit import Wanted
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.issue_list import IssueQuery
from lighttrace.store.sight import ALL
from tests.fresh import HASHED

LOOPS = {
    "alerts",
    "spikes",
    "trouble",
    "warm-up",
    "owners",
    "late maps",
    "retention",
    "dictionaries",
} | {
    *("reports", "sign of life", "stirring", "uploads"),
}
SHOP = '[[project]]\nslug = "shop"\n'


class House:
    """An app that runs over a file; `client` asks it from outside."""

    def __init__(self, file: Path, clock: FixedClock) -> None:
        self.file = file
        self.fatal: list[str] = []
        config = configuration.load(file, env={})
        self.app = App(config, clock=clock, on_fatal=self.fatal.append)
        self.client = TestClient(self.app.asgi, base_url="http://testserver")

    def call_off(self) -> None:
        """Give the database back without ever having run."""
        asyncio.run(self.app.services.store.close())

    def call(self, function: Any, *arguments: Any) -> Any:
        """On the loop that the app runs on."""
        assert self.client.portal is not None
        return self.client.portal.call(function, *arguments)

    def read(self, noun: Any, *arguments: Any) -> Any:
        return self.call(self.app.services.store.read, noun, *arguments)

    def write(self, noun: Any, *arguments: Any) -> Any:
        return self.call(self.app.services.store.write, noun, *arguments)

    def reload(self, text: str) -> tuple[str, ...]:
        self.file.write_text(text, "utf-8")
        waits: tuple[str, ...] = self.call(self.app.reload)
        return waits

    def slugs(self) -> list[str]:
        return [one.slug for one in self.read(projects.every, ALL)]

    def titles(self) -> list[str]:
        """Of all issues, the newest first."""
        query = IssueQuery(now_ms=self.app.services.clock.now_ms())
        rows = self.read(issue_list.search, query).rows
        return [row.title for row in sorted(rows, key=lambda row: -row.id)]

    def post(self, slug: str, payload: dict[str, Any]) -> str:
        """An event to the project, as an SDK sends it; returns its id."""
        project = self.read(projects.by_slug, slug, ALL)
        key = self.read(keys.of_project, project.id)[0].public
        answer = self.client.post(
            f"/api/{project.id}/store/?sentry_key={key}", content=json.dumps(payload)
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])


@contextmanager
def house(folder: Path, clock: FixedClock, text: str = "") -> Iterator[House]:
    file = folder / configuration.FILE
    file.write_text(text, "utf-8")
    made = House(file, clock)
    with made.client:
        yield made


# starting


def test_the_projects_of_the_file_are_made_once_with_a_key(tmp_path: Path, clock: FixedClock):
    text = f'{SHOP}name = "The shop"\nplatform = "python"\n[[project]]\nslug = "till"\n'
    with house(tmp_path, clock, text) as first:
        made = first.read(projects.every, ALL)
        assert {(one.slug, one.name, one.platform) for one in made} == {
            ("shop", "The shop", "python"),
            ("till", "till", None),
        }
        assert [len(first.read(keys.of_project, one.id)) for one in made] == [1, 1]
        before = first.read(keys.every)
    with house(tmp_path, clock, text) as second:
        assert second.read(projects.every, ALL) == made
        assert second.read(keys.every) == before


def test_what_the_file_says_of_a_project_wins_and_what_it_leaves_out_stays(
    tmp_path: Path, clock: FixedClock
):
    with house(tmp_path, clock, f'{SHOP}name = "Shop"\nplatform = "go"\n') as first:
        (made,) = first.read(projects.every, ALL)
    with house(tmp_path, clock, f'{SHOP}name = "Our shop"\n') as second:
        (renamed,) = second.read(projects.every, ALL)
    assert (renamed.id, renamed.name, renamed.platform) == (made.id, "Our shop", "go")


def test_a_project_that_the_file_no_longer_names_is_kept(tmp_path: Path, clock: FixedClock):
    with house(tmp_path, clock, SHOP) as first:
        assert first.slugs() == ["shop"]
    with house(tmp_path, clock) as second:
        assert second.slugs() == ["shop"]


def test_a_project_that_somebody_deleted_is_not_brought_back_by_the_file(
    tmp_path: Path, clock: FixedClock, caplog: pytest.LogCaptureFixture
):
    with house(tmp_path, clock, SHOP) as first:
        first.write(projects.delete, first.read(projects.by_slug, "shop", ALL).id, clock.now_ms())
    with house(tmp_path, clock, SHOP) as second:
        assert second.slugs() == []
    assert "[[project]] shop is ignored: the project was deleted" in caplog.text


def test_the_door_is_open_until_somebody_can_sign_in(tmp_path: Path, clock: FixedClock):
    with house(tmp_path, clock) as first:
        old = first.app.setup_token
        assert old is not None
        assert first.client.get(f"/setup?token={old}").status_code == 200
    with house(tmp_path, clock) as second:
        token = second.app.setup_token
        assert token is not None
        assert not second.read(invites.valid, old, clock.now_ms())  # only the newest link works
        assert second.read(invites.valid, token, clock.now_ms() + SETUP_LINK_MS - 1)
        assert not second.read(invites.valid, token, clock.now_ms() + SETUP_LINK_MS)
        second.write(users.add, "ann@example.com", "Ann", "owner", HASHED, clock.now_ms())
    with house(tmp_path, clock) as third:
        assert third.app.setup_token is None


def test_a_database_that_cannot_be_had_is_said_before_anything_runs(
    tmp_path: Path, clock: FixedClock
):
    (tmp_path / "lighttrace.db").write_text("Dear diary, " * 99)
    with pytest.raises(StartError, match="file is not a database"):
        House(_touched(tmp_path / configuration.FILE), clock)
    (tmp_path / "lighttrace.db").unlink()
    House(tmp_path / configuration.FILE, clock).call_off()  # the lock was given back


def _touched(file: Path) -> Path:
    file.touch()
    return file


def test_two_apps_cannot_have_one_database(tmp_path: Path, clock: FixedClock):
    with (
        house(tmp_path, clock) as first,
        pytest.raises(StartError, match="Another LightTrace"),
    ):
        House(first.file, clock)


def test_after_its_end_the_database_is_one_file_and_free(tmp_path: Path, clock: FixedClock):
    with house(tmp_path, clock, SHOP) as running:
        running.post("shop", {"message": "hello"})
    assert not (tmp_path / "lighttrace.db-wal").exists()
    with closing(sqlite3.connect(tmp_path / "lighttrace.db")) as db:
        assert db.execute("select count(*) from event").fetchone()[0] == 1
        assert db.execute("pragma journal_mode=delete").fetchone()[0] == "delete"  # nobody has it


def test_the_app_of_the_file_takes_the_time_of_this_machine(tmp_path: Path):
    file = _touched(tmp_path / configuration.FILE)
    app = create_app(configuration.load(file, env={}))
    with TestClient(app.asgi) as client:
        assert client.get("/health/ready").json()["loops"]["retention"] < 60


# reading the file again


def test_a_reload_makes_new_projects_and_takes_over_what_can_change_live(
    tmp_path: Path, clock: FixedClock
):
    with house(tmp_path, clock, SHOP) as running:
        began = running.app.services.loaded_at
        clock.advance(1_000)
        waits = running.reload(
            f'[store]\nretention_days = 7\n[alerts]\nto = ["a@example.com"]\n{SHOP}'
            '[[project]]\nslug = "till"\n'
        )
        assert waits == ()
        assert running.app.services.loaded_at == began + 1_000
        assert running.slugs() == ["shop", "till"]
        config = running.app.services.config
        assert (config.store.retention_days, config.alerts.to) == (7, ("a@example.com",))
        assert running.post("till", {"message": "hello"})


def test_a_reload_is_in_the_audit_log_a_broken_file_is_not(tmp_path: Path, clock: FixedClock):
    with house(tmp_path, clock, SHOP) as running:
        with pytest.raises(ConfigError):
            running.reload("nonsense = 1")
        assert running.read(audit.page, Wanted(), 5) == []
        running.reload(SHOP)
        [entry] = running.read(audit.page, Wanted(), 5)
        assert (entry.action, entry.subject) == ("settings.reload", configuration.FILE)


def test_a_reload_names_what_waits_for_the_next_start(tmp_path: Path, clock: FixedClock):
    with house(tmp_path, clock) as running:
        waits = running.reload('[server]\nport = 9\n[store]\npath = "other.db"\n')
        assert waits == ("server.port", "store.path")
        assert running.app.services.config.server.port == 8000
        assert running.app.services.config.store.path == tmp_path / "lighttrace.db"
        running.reload("")
        assert not (tmp_path / "other.db").exists()


def test_a_broken_file_changes_nothing(tmp_path: Path, clock: FixedClock):
    with house(tmp_path, clock, SHOP) as running:
        before = running.app.services.config, running.app.services.project_options
        with pytest.raises(ConfigError):
            running.reload('[[project]]\nslug = "till"\n[store]\nretention_days = "x"\n')
        with pytest.raises(ConfigError):
            running.reload("[[project\n")
        running.file.unlink()
        with pytest.raises(ConfigError):
            running.call(running.app.reload)
        assert (running.app.services.config, running.app.services.project_options) == before
        assert running.slugs() == ["shop"]


def test_what_is_scrubbed_follows_the_file(tmp_path: Path, clock: FixedClock):
    payload = {"message": "x", "extra": {"tax_id": "12-34"}}

    def stored(event_id: str) -> bytes:
        body = running.read(_body, event_id)
        assert isinstance(body, bytes)
        return body

    with house(tmp_path, clock, SHOP) as running:
        assert b"12-34" in stored(running.post("shop", payload))
        running.reload(f'{SHOP}scrub.keys = ["tax_id"]\n')
        assert b"12-34" not in stored(running.post("shop", payload))
        running.reload(SHOP)
        assert b"12-34" in stored(running.post("shop", payload))


# how it is doing


def test_health_says_that_it_lives_and_can_store(tmp_path: Path, clock: FixedClock):
    with house(tmp_path, clock) as running:
        live = running.client.get("/health/live")
        assert (live.status_code, live.json()) == (200, {"status": "live"})
        ready = running.client.get("/health/ready")
        assert ready.status_code == 200
        said = ready.json()
        assert said.pop("loops").keys() == LOOPS
        assert said.pop("queue") < 10  # the loops have work of their own at the start
        assert said == {
            "status": "ready",
            "version": __version__,
            "disk_full": False,
            "writer_alive": True,
        }


def test_health_is_bad_once_the_writer_has_died_and_the_process_is_told_to_end(
    tmp_path: Path, clock: FixedClock
):
    def find_damage(tx: Transaction) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    with house(tmp_path, clock, SHOP) as running:
        told = running.call(_event)
        running.app.services.store.on_fatal.append(lambda reason: told.set())
        with pytest.raises(StoreError):
            running.write(find_damage)
        running.call(told.wait)
        running.call(asyncio.to_thread, running.app.services.store._writer.join)
        ready = running.client.get("/health/ready")
        assert ready.status_code == 503
        assert (ready.json()["status"], ready.json()["writer_alive"]) == ("unavailable", False)
        assert running.client.get("/health/live").status_code == 200
        (reason,) = running.fatal
        assert "is damaged" in reason and "restore the newest backup" in reason


async def _event() -> asyncio.Event:
    return asyncio.Event()


def _body(db: Reader, event_id: str) -> bytes:
    row = events.by_event_id(db, event_id, None)
    assert row is not None
    body = bodies.of_event(db, row.row)
    assert body is not None
    return body.body


def test_a_reload_takes_new_rules_for_named_and_for_other_projects(
    tmp_path: Path, clock: FixedClock
):
    rule = "fingerprints = '''\nlogger:till -> till title=\"The till\"\n'''\n"
    with house(tmp_path, clock, f'{SHOP}[[project]]\nslug = "bar"\n') as running:
        for text in "ab":
            running.post("shop", {"message": text, "logger": "till"})
        assert running.titles() == ["b", "a"]
        running.reload(f"{SHOP}{rule}")
        for text in "cd":
            running.post("shop", {"message": text, "logger": "till"})
        assert running.titles() == ["The till", "b", "a"]
        running.reload(f"[grouping]\n{rule}")  # for projects that the file does not name as well
        running.post("bar", {"message": "e", "logger": "till"})
        running.post("bar", {"message": "f", "logger": "counter"})
        assert running.titles() == ["f", "The till", "The till", "b", "a"]


def test_a_reload_takes_another_sensitivity_to_spikes(tmp_path: Path, clock: FixedClock):
    with house(tmp_path, clock, '[[project]]\nslug = "shop"\n') as running:
        project_id = running.read(projects.by_slug, "shop", ALL).id
        assert running.app.services.options(project_id).spikes == "default"
        running.reload('[alerts]\nspikes = "low"\n[[project]]\nslug = "shop"\nspikes = "off"\n')
        assert running.app.services.options(project_id).spikes == "off"
        assert running.app.services.options(99).spikes == "low"
