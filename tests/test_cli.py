"""The command as people and scripts meet it: what it prints where, and its exit codes."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lighttrace import __version__, example
from lighttrace import config as configuration
from lighttrace.cli import cli
from lighttrace.clock import FixedClock, SystemClock
from lighttrace.demo.fill import EMAIL, PASSWORD
from lighttrace.store import audit, invites, second_factors, sessions, tokens, users
from lighttrace.store.audit import Wanted
from lighttrace.store.database import APPLICATION_ID
from lighttrace.store.store import Store
from lighttrace.web.passwords import verify_password
from tests.mailbox import mailbox
from tests.sdk.server import LIGHTTRACE, Server

ASK_S = 5  # of any one request
A_PASSWORD = "correct horse battery"
SDK = pytest.mark.sdk  # one lane for the tests with processes


class Heard(Server):
    """A server whose words are read: `ready` is its first line, `waits_for` follows its log."""

    def start(self) -> None:
        self.process = subprocess.Popen(
            [*LIGHTTRACE, "serve", *self._where(), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline().rstrip("\n")
        assert self.ready, self.ends()
        self.url = self.ready.rpartition(" ")[2]

    def waits_for(self, words: str) -> list[str]:
        """The log up to the line with these words. A log that ends without them is a failure."""
        assert self.process.stderr is not None
        lines = []
        for line in self.process.stderr:
            lines.append(line.rstrip("\n"))
            if words in line:
                return lines
        raise AssertionError(f"never said {words!r}: {lines}")

    def ends(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Its exit code and the rest of what it said. At most 5 s, as promised."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=5)
        assert self.process.stdout is not None and self.process.stderr is not None
        return code, self.process.stdout.read(), self.process.stderr.read()

    def status(self, path: str, data: dict[str, str] | None = None) -> int:
        """Of one request; with `data` a form is posted. Redirects are not followed."""
        opener = urllib.request.build_opener(_Stay())
        body = urllib.parse.urlencode(data).encode() if data else None
        request = urllib.request.Request(
            f"{self.url}{path}", body, headers={"Sec-Fetch-Site": "same-origin"}
        )
        try:
            with opener.open(request, timeout=ASK_S) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def sign_in(self, email: str, password: str) -> int:
        return self.status("/login", {"email": email, "password": password})


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


@contextmanager
def heard(data: Path, config: Path | None = None) -> Iterator[Heard]:
    server = Heard(data, config)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.communicate(timeout=5)


@pytest.fixture(autouse=True)
def away(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file of this machine is found by accident."""
    monkeypatch.chdir(tmp_path_factory.mktemp("away"))
    monkeypatch.setattr(configuration, "SYSTEM_FILE", Path("none.toml"))


@pytest.fixture
def data(tmp_path: Path, clock: FixedClock) -> Path:
    """A folder with an empty database, and nobody using it."""
    store = Store.open(tmp_path / "lighttrace.db", clock=clock)
    store._close_files()
    return tmp_path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and we are in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str | Path, typed: str | None = None) -> Result:
    result = CliRunner().invoke(cli, [str(one) for one in arguments], input=typed)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def done(*arguments: str | Path, typed: str | None = None) -> str:
    """What a command printed that did what it was told."""
    result = run(*arguments, typed=typed)
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    return result.stdout


def refused(*arguments: str | Path, typed: str | None = None) -> str:
    """The one sentence of a command that could not do it: exit code 1, nothing on stdout."""
    result = run(*arguments, typed=typed)
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert re.fullmatch(r"lighttrace: .*\.", line), line
    return line


def misused(*arguments: str | Path, typed: str | None = None) -> str:
    """What a wrong command line is told: exit code 2, after the usage."""
    result = run(*arguments, typed=typed)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: ")
    return result.stderr.splitlines()[-1]


def not_started(*arguments: str | Path) -> str:
    """The one sentence of a server that could not start; only notes come before it."""
    command = [*LIGHTTRACE, "serve", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
    *notes, line = ended.stderr.splitlines()
    assert all(note.startswith("lighttrace: note: ") for note in notes)
    assert re.fullmatch(r"lighttrace: .*\.", line), line
    return line


def rows(data: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(data / "lighttrace.db")) as db:
        return db.execute(sql).fetchall()


# serve: starting and stopping


@SDK
def test_a_first_start_prints_the_ready_line_and_a_link_and_a_term_ends_it(tmp_path: Path):
    with heard(tmp_path / "made") as server:
        port = urllib.parse.urlsplit(server.url).port
        assert server.ready == f"LightTrace {__version__} listening on http://127.0.0.1:{port}"
        assert server.status("/health/ready") == 200
        code, out, err = server.ends()
    assert code == 0
    link = r"Set it up here, within 24 hours: http://127\.0\.0\.1:\d+/setup\?token=[0-9a-f]{64}\n"
    assert re.fullmatch(link, out)
    assert "Traceback" not in err
    assert err.startswith("lighttrace: note: [server] url is not set")


@SDK
def test_the_link_leads_to_the_set_up_and_is_gone_once_somebody_can_sign_in(data: Path):
    with heard(data) as server:
        assert server.process.stdout is not None
        link = server.process.stdout.readline().split()[-1]
        assert server.status(link.removeprefix(server.url)) == 200
        run("user", "add", "ann@example.com", "--data", data, "--password-stdin", typed=A_PASSWORD)
        assert server.status(link.removeprefix(server.url)) != 200
        assert server.ends()[0] == 0
    with heard(data) as server:
        assert server.ends()[:2] == (0, "")


@SDK
def test_control_c_is_an_ordinary_end_too(data: Path):
    with heard(data) as server:
        code, _, err = server.ends(signal.SIGINT)
    assert code == 0
    assert "Traceback" not in err


@SDK
def test_idle_and_unfinished_requests_do_not_hold_up_the_end(data: Path):
    with heard(data) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with (
            socket.create_connection((host, int(port)), ASK_S) as idle,
            socket.create_connection((host, int(port)), ASK_S) as unfinished,
        ):
            idle.sendall(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")
            assert idle.recv(12) == b"HTTP/1.1 200"
            unfinished.sendall(
                b"POST /api/1/envelope/ HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n"
            )
            began = time.monotonic()
            assert server.ends()[0] == 0
            assert time.monotonic() - began < 5


@SDK
def test_the_ready_line_may_fall_on_deaf_ears(data: Path):
    reading, writing = os.pipe()
    os.close(reading)
    command = [*LIGHTTRACE, "serve", "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, stdout=writing, stderr=subprocess.PIPE, text=True) as process:
        os.close(writing)
        while not (data / "lighttrace.db-wal").exists():  # it goes on nevertheless
            assert process.poll() is None
            time.sleep(0.01)
        process.terminate()
        _, err = process.communicate(timeout=5)
        assert "Traceback" not in err


# serve: not starting


@SDK
def test_a_port_that_is_taken(data: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = not_started("--data", data, "--port", str(port))
    assert said.startswith(
        f"lighttrace: Cannot listen on 127.0.0.1 port {port}: Address already in use"
    )
    assert said.endswith(". Choose another one with --host and --port.")


@SDK
def test_a_host_that_is_not_ours(data: Path):
    said = not_started("--data", data, "--port", "0", "--host", "host.invalid")
    assert said.startswith("lighttrace: Cannot listen on host.invalid port 0: ")


@SDK
def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").touch()
    said = not_started("--data", tmp_path / "file" / "below", "--port", "0")
    assert said.startswith(f"lighttrace: Cannot make the folder {tmp_path}/file/below: Not a dir")


@SDK
def test_a_database_that_another_lighttrace_uses(data: Path):
    with heard(data) as server:
        said = not_started("--data", data, "--port", "0")
        assert said == (
            f"lighttrace: Another LightTrace (process {server.process.pid}) is using "
            f"{data}/lighttrace.db. Stop it first, or name another folder with --data."
        )
        assert server.status("/health/ready") == 200  # which it did not notice


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma user_version = 9999")


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table recipe(name)")


def a_text(path: Path) -> None:
    path.write_text("Dear diary, " * 999)


NOT_OURS = [
    (newer, "was written by a newer LightTrace (schema 9999, this one knows "),
    (foreign, "is an SQLite database, but not one of LightTrace."),
    (a_text, "file is not a database."),
]


@SDK
@pytest.mark.parametrize(("spoil", "words"), NOT_OURS)
def test_a_database_that_is_not_ours_is_not_served(data: Path, spoil: Any, words: str):
    spoil(data / "lighttrace.db")
    assert words in not_started("--data", data, "--port", "0")


@pytest.mark.parametrize(("spoil", "words"), NOT_OURS)
def test_a_database_that_is_not_ours_is_not_written_to(data: Path, spoil: Any, words: str):
    spoil(data / "lighttrace.db")
    assert words in refused("project", "list", "--data", data)
    assert words in refused("project", "add", "shop", "--data", data)


def test_an_older_database_is_for_the_server_to_change(data: Path):
    with closing(sqlite3.connect(data / "lighttrace.db")) as db:
        db.execute("pragma user_version = 0")
        assert db.execute("pragma application_id").fetchone()[0] == APPLICATION_ID
    assert "Start `lighttrace serve` once" in refused("project", "list", "--data", data)


# serve: reading the file again


@SDK
def test_a_hangup_makes_the_projects_the_file_has_gained(data: Path):
    file = data / "lighttrace.toml"
    file.write_text('[[project]]\nslug = "shop"\n')
    with heard(data, file) as server:
        assert [one["slug"] for one in server.run("project", "list")] == ["shop"]
        with file.open("a") as more:
            more.write('[[project]]\nslug = "till"\nname = "The till"\nplatform = "go"\n')
        server.process.send_signal(signal.SIGHUP)
        said = server.waits_for("the file was read again")[-1]
        assert said.endswith("the file was read again")  # nothing waits for the next start
        found = {one["slug"]: one["name"] for one in server.run("project", "list")}
        assert found == {"shop": "shop", "till": "The till"}
        assert server.ends()[0] == 0


@SDK
def test_a_hangup_with_a_broken_file_changes_nothing_and_says_why(data: Path):
    file = data / "lighttrace.toml"
    file.write_text("[store]\nretention_days = 30\n")
    with heard(data, file) as server:
        file.write_text('[store]\nretention_days = "x"\n[[project]]\nslug = "shop"\n')
        server.process.send_signal(signal.SIGHUP)
        said = "\n".join(server.waits_for("what held before still holds"))
        assert "store.retention_days: expected a number of days from 1 to 3650" in said
        assert rows(data, "select slug from project") == []
        file.write_text("[store\n")
        server.process.send_signal(signal.SIGHUP)
        assert "this is not TOML" in "\n".join(server.waits_for("what held before still holds"))
        assert server.status("/health/ready") == 200
        file.write_text('[server]\nurl = "https://x.example"\n[[project]]\nslug = "shop"\n')
        server.process.send_signal(signal.SIGHUP)
        said = server.waits_for("the file was read again")[-1]
        assert said.endswith("; at the next start: server.url")
        assert [one["slug"] for one in server.run("project", "list")] == ["shop"]


@SDK
def test_a_hangup_without_a_file_is_no_end(data: Path):
    with heard(data) as server:
        server.process.send_signal(signal.SIGHUP)
        assert server.waits_for("there is no file to read again")
        assert server.status("/health/ready") == 200


# commands beside a running server


@SDK
def test_commands_work_on_the_database_of_a_running_server(data: Path):
    with heard(data) as server:
        dsn = urllib.parse.urlsplit(server.run("project", "add", "Shop")["dsn"])
        path = f"/api{dsn.path}/store/?sentry_key={dsn.username}"
        event = json.dumps({"message": "hello"}).encode()
        with urllib.request.urlopen(f"{server.url}{path}", event, timeout=ASK_S) as answer:
            assert answer.status == 200
        assert rows(data, "select count(*) from event") == [(1,)]
        assert re.fullmatch(r"[0-9a-f]{64}", server.token())

        assert server.sign_in("ann@example.com", A_PASSWORD) != 303
        add = ("user", "add", "ann@example.com", "--data", data, "--password-stdin")
        done(*add, typed=f"{A_PASSWORD}\n")
        assert server.sign_in("ann@example.com", A_PASSWORD) == 303
        change = ("user", "password", "ann@example.com", "--data", data, "--password-stdin")
        done(*change, typed="another horse\n")
        assert server.sign_in("ann@example.com", A_PASSWORD) != 303
        assert server.sign_in("ann@example.com", "another horse") == 303
        assert server.ends()[0] == 0


COMMANDS: list[tuple[str, ...]] = [
    ("project", "add", "shop"),
    ("project", "list"),
    ("user", "add", "ann@example.com", "--password-stdin"),
    ("user", "password", "ann@example.com", "--password-stdin"),
    ("user", "reset", "ann@example.com"),
    ("user", "reset-2fa", "ann@example.com"),
    ("token", "add", "ci"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_without_a_database_a_command_says_where_it_looked(bare: Path, command: tuple[str, ...]):
    typed = f"{A_PASSWORD}\n"
    said = refused(*command, typed=typed)
    assert "There is no database at lighttrace.db. `lighttrace serve` makes one" in said
    said = refused(*command, "--data", bare / "data", typed=typed)
    assert f"There is no database at {bare}/data/lighttrace.db." in said
    (bare / "lighttrace.toml").write_text('[store]\npath = "mine.db"\n')
    assert "There is no database at mine.db." in refused(*command, typed=typed)
    assert [one.name for one in bare.iterdir()] == ["lighttrace.toml"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_a_file_with_a_mistake_stops_every_command(data: Path, command: tuple[str, ...]):
    file = data / "lighttrace.toml"
    file.write_text("[server]\nprot = 80\n")
    result = run(*command, "--config", file, typed=f"{A_PASSWORD}\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "line 2: server.prot: there is no such setting" in result.stderr
    assert rows(data, "select count(*) from project") == [(0,)]


def test_a_locked_database_is_a_sentence(data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lighttrace.store.database.BUSY_TIMEOUT_MS", 10)
    with closing(sqlite3.connect(data / "lighttrace.db", isolation_level=None)) as other:
        other.execute("begin immediate")
        assert "database is locked" in refused("project", "add", "shop", "--data", data)


# project, user, token


def test_a_project_is_added_and_listed(data: Path):
    file = data / "lighttrace.toml"
    file.write_text('[server]\nurl = "https://x.example/errors"\n')
    assert "There are no projects yet" in done("project", "list", "--config", file)
    said = done("project", "add", "Shop & Web", "--config", file)
    found = re.fullmatch(
        r"Project 1, shop-web\nDSN: https://([0-9a-f]{32})@x\.example/errors/1\n", said
    )
    assert found
    added = done(
        "project", "add", "Till", "--platform", "python-django", "--json", "--config", file
    )
    till = json.loads(added)
    assert till == {
        "id": 2,
        "slug": "till",
        "name": "Till",
        "platform": "python-django",
        "dsn": till["dsn"],
    }
    assert re.fullmatch(r"https://[0-9a-f]{32}@x\.example/errors/2", till["dsn"])
    listed = json.loads(done("project", "list", "--json", "--config", file))
    assert [one["slug"] for one in listed] == ["shop-web", "till"]
    assert listed[1] == till
    assert f"{found[1]}@x.example" in done("project", "list", "--config", file)


def test_a_second_project_of_the_same_name_gets_a_slug_of_its_own(data: Path):
    done("project", "add", "Shop", "--data", data)
    assert "Project 2, shop-2\n" in done("project", "add", "Shop", "--data", data)


def test_a_project_without_a_key_says_so(data: Path):
    done("project", "add", "Shop", "--data", data)
    with Store.connect(data / "lighttrace.db") as tx:
        tx.execute("update project_key set disabled_at = 1")
    assert "every key is disabled" in done("project", "list", "--data", data)


def test_the_first_admin_is_the_owner(data: Path):
    def add(email: str, *more: str) -> str:
        options = ("--data", data, "--password-stdin", *more)
        return done("user", "add", email, *options, typed=f"{A_PASSWORD}\n")

    assert add("ann@example.com", "--admin") == "ann@example.com can sign in as owner.\n"
    assert add("bob@example.com", "--admin") == "bob@example.com can sign in as admin.\n"
    assert add("cy@example.com", "--name", "Cy") == "cy@example.com can sign in as member.\n"
    with Store.connect(data / "lighttrace.db") as tx:
        assert [one.name for one in users.every(tx)] == ["ann", "bob", "Cy"]


def somebody(data: Path, email: str, *more: str) -> None:
    options = ("--data", data, "--password-stdin", *more)
    done("user", "add", email, *options, typed=f"{A_PASSWORD}\n")


def logged(data: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """What the audit log says, oldest first; all of it without a person or an address."""
    with Store.connect(data / "lighttrace.db") as tx:
        entries = audit.page(tx, Wanted(), 50)
    assert all(it.user is None and it.ip is None for it in entries)
    return [(it.action, it.subject, it.detail) for it in reversed(entries)]


def test_people_get_roles_and_are_shut_out_and_let_in_again(data: Path):
    somebody(data, "ann@example.com", "--admin")
    somebody(data, "bob@example.com", "--role", "viewer")
    said = done("user", "role", "BOB@example.com", "admin", "--data", data)
    assert said == "bob@example.com was viewer and is admin now.\n"
    done("user", "disable", "bob@example.com", "--data", data)
    listed = done("user", "list", "--data", data).splitlines()
    assert [line.split()[:2] for line in listed] == [
        ["owner", "ann@example.com"],
        ["disabled", "bob@example.com"],
    ]
    assert "Nobody here has" in refused("user", "role", "bob@example.com", "owner", "--data", data)
    said = done("user", "enable", "bob@example.com", "--data", data)
    assert said == "bob@example.com can sign in as admin again.\n"
    shown = json.loads(done("user", "list", "--json", "--data", data))
    assert shown[1] == {
        **{"id": 2, "email": "bob@example.com", "name": "bob", "role": "admin", "teams": []},
        **{"disabled": False, "second_factor": False},
    }
    assert [it[0] for it in logged(data)] == [
        *("user.add", "user.add", "user.role", "user.disable", "user.enable"),
    ]


def test_not_even_the_command_line_takes_the_last_owner_away(data: Path):
    somebody(data, "ann@example.com", "--admin")
    for command in (("role", "ann@example.com", "member"), ("disable", "ann@example.com")):
        assert "This is the only owner" in refused("user", *command, "--data", data)
    assert rows(data, "select role, disabled_at from user") == [("owner", None)]


def test_roles_that_contradict_each_other_or_do_not_exist_are_a_mistake(data: Path):
    add = ("user", "add", "a@example.com", "--data", data, "--password-stdin")
    assert "contradict" in misused(*add, "--admin", "--role", "viewer", typed=A_PASSWORD)
    assert "'emperor' is not one of" in misused(*add, "--role", "emperor", typed=A_PASSWORD)


def test_teams_have_people_and_projects(data: Path):
    assert "everybody sees every project" in done("team", "list", "--data", data)
    assert done("team", "add", "Billing & Co", "--data", data).startswith("Team billing-co.")
    somebody(data, "ann@example.com", "--team", "billing-co")
    somebody(data, "bob@example.com")
    done("team", "join", "#billing-co", "bob@example.com", "--data", data)
    done("team", "leave", "billing-co", "ann@example.com", "--data", data)
    done("project", "add", "shop", "--data", data)
    said = done("team", "projects", "shop", "billing-co", "--data", data)
    assert said == "shop is seen by billing-co, owners and admins.\n"
    assert json.loads(done("team", "list", "--json", "--data", data)) == [
        {
            "slug": "billing-co",
            "name": "Billing & Co",
            "people": ["bob@example.com"],
            "projects": ["shop"],
        }
    ]
    assert "the only team of shop" in refused("team", "remove", "billing-co", "--data", data)
    said = done("team", "projects", "shop", "--everybody", "--data", data)
    assert said == "shop is seen by everybody.\n"
    done("team", "remove", "billing-co", "--data", data)
    assert ("project.teams", "shop", {"was": "everybody", "now": "billing-co"}) in logged(data)


def test_what_a_team_command_cannot_find_it_says(data: Path):
    done("team", "add", "web", "--data", data)
    done("project", "add", "shop", "--data", data)
    assert "There is no team nobody" in refused("team", "remove", "nobody", "--data", data)
    said = refused("team", "join", "web", "ann@example.com", "--data", data)
    assert said == "lighttrace: Nobody here has the address ann@example.com."
    assert "There is no project x" in refused("team", "projects", "x", "web", "--data", data)
    said = misused("team", "projects", "shop", "--data", data)
    assert "Name the teams that see it, or say --everybody." in said
    assert rows(data, "select * from project_team") == []


def test_commands_that_make_projects_and_tokens_are_in_the_audit_log(data: Path):
    done("project", "add", "shop", "--data", data)
    done("token", "add", "ci", "--scope", "event:read", "--data", data)
    assert logged(data) == [
        ("project.add", "shop", {}),
        ("token.add", "ci", {"scopes": "event:read"}),
    ]


def test_somebody_cannot_be_added_twice(data: Path):
    add = ("--data", data, "--password-stdin")
    done("user", "add", "ann@example.com", *add, typed=A_PASSWORD)
    said = refused("user", "add", "ANN@example.com", *add, typed=A_PASSWORD)
    assert said == "lighttrace: There is already a user ANN@example.com."


def test_what_is_no_address_or_no_password_is_refused(data: Path):
    add = ("--data", data, "--password-stdin")
    assert "'ann' is not an e-mail address." in misused("user", "add", "ann", *add, typed="x")
    for command in ("add", "password"):
        said = misused("user", command, "ann@example.com", *add, typed="1234567\n")
        assert "A password needs at least 8 characters." in said
        said = misused("user", command, "ann@example.com", *add, typed="")
        assert "A password needs at least 8 characters." in said
        said = misused("user", command, "ann@example.com", "--data", data)
        assert "Nobody is there to ask for a password: use --password-stdin." in said
    assert rows(data, "select count(*) from user") == [(0,)]


def test_the_password_is_the_first_line_as_it_stands(data: Path):
    options = ("--data", data, "--password-stdin")
    done("user", "add", "ann@example.com", *options, typed="  päss word \r\nmore\n")
    with Store.connect(data / "lighttrace.db") as tx:
        ann = users.by_email(tx, "ann@example.com")
        assert ann is not None
        hashed = users.password_hash(tx, ann.id)
    assert hashed is not None
    assert verify_password("  päss word ", hashed)


def test_nobody_of_that_address_has_a_password(data: Path):
    options = ("--data", data, "--password-stdin")
    said = refused("user", "password", "ann@example.com", *options, typed=A_PASSWORD)
    assert said == "lighttrace: Nobody here has the address ann@example.com."


def test_a_reset_link_is_printed_for_somebody_who_is_locked_out(data: Path):
    options = ("--data", data)
    done("user", "add", "ann@example.com", *options, "--password-stdin", typed=A_PASSWORD)
    link = done("user", "reset", "ANN@example.com", *options).strip()
    found = re.fullmatch(r"http://127\.0\.0\.1:8000/reset/([0-9a-f]{64})", link)
    assert found is not None
    with Store.connect(data / "lighttrace.db") as tx:
        good = invites.reset_of(tx, found[1], SystemClock().now_ms())
        assert good is not None and (good.user.email, good.by_command) == ("ann@example.com", True)
        logged = audit.page(tx, Wanted(), 1)
    assert [(it.action, it.subject) for it in logged] == [("user.reset", "ann@example.com")]
    said = refused("user", "reset", "bob@example.com", *options)
    assert said == "lighttrace: Nobody here has the address bob@example.com."


def test_a_lost_second_factor_is_turned_off(data: Path):
    options = ("--data", data)
    done("user", "add", "ann@example.com", *options, "--password-stdin", typed=A_PASSWORD)
    said = refused("user", "reset-2fa", "ann@example.com", *options)
    assert said == "lighttrace: ann@example.com has no second factor."
    with Store.connect(data / "lighttrace.db") as tx:
        second_factors.add(tx, 1, "SECRET", 0, [], 0)
        sessions.open(tx, 1, None, None, 0, 1)
    done("user", "reset-2fa", "ann@example.com", *options)
    assert rows(data, "select count(*) from second_factor") == [(0,)]
    assert rows(data, "select count(*) from web_session") == [(0,)]


def test_a_token_is_shown_once_and_kept_as_its_hash(data: Path):
    secret = done("token", "add", "ci", "--data", data).strip()
    assert re.fullmatch(r"[0-9a-f]{64}", secret)
    assert secret.encode() not in (data / "lighttrace.db").read_bytes()
    more = ("--scope", "event:read", "--scope", "org:read", "--json")
    made = json.loads(done("token", "add", "reader", *more, "--data", data))
    assert (made["id"], made["name"]) == (2, "reader")
    assert made["scopes"] == ["event:read", "org:read"]
    with Store.connect(data / "lighttrace.db") as tx:
        first, second = tokens.find(tx, secret, 0), tokens.find(tx, made["token"], 0)
    assert first is not None and first.scopes == set(tokens.DEFAULT_SCOPES)
    assert second is not None and second.scopes == {"event:read", "org:read"}


def test_a_scope_that_does_not_exist_is_told_the_ones_that_do(data: Path):
    said = misused("token", "add", "ci", "--scope", "everything", "--data", data)
    assert "'everything' is not one of" in said and "'event:write'" in said


# init, check, demo


def test_init_writes_a_file_that_check_likes(bare: Path):
    assert done("init").startswith("Wrote lighttrace.toml. ")
    assert (bare / "lighttrace.toml").read_text("utf-8") == example.text()
    said = done("check").splitlines()
    assert said[0].startswith("note: [server] url is not set")
    assert said[-1] == "lighttrace.toml: all is well. Database: lighttrace.db"
    assert [one.name for one in bare.iterdir()] == ["lighttrace.toml"]


def test_init_does_not_touch_what_is_there(bare: Path):
    (bare / "lighttrace.toml").write_text("# mine\n")
    assert "lighttrace.toml is there already; nothing was changed." in refused("init")
    assert (bare / "lighttrace.toml").read_text() == "# mine\n"
    assert "Wrote other.toml" in done("init", "--config", "other.toml")
    assert "Cannot write no/where.toml: No such file" in refused(
        "init", "--config", "no/where.toml"
    )


def test_check_says_what_holds_without_a_file(bare: Path):
    said = done("check", "--data", "here").splitlines()[-1]
    assert said == "Without a file: all is well. Database: here/lighttrace.db"


def test_a_named_file_that_is_none(bare: Path):
    result = run("check", "--config", "none.toml")
    assert result.exit_code == 2
    assert "none.toml: cannot be read: No such file or directory." in result.stderr
    assert "is a directory" in misused("check", "--config", bare)


def mail_settings(folder: Path, port: int) -> Path:
    file = folder / "lighttrace.toml"
    file.write_text(
        '[server]\nurl = "https://x.example"\n[alerts]\nto = ["ops@example.com"]\n'
        f'[smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nfrom = "lt@shop.example"\n'
    )
    return file


def test_check_sends_a_mail_and_repeats_what_the_server_said(tmp_path: Path):
    with mailbox() as box:
        file = mail_settings(tmp_path, box.smtp().port)
        said = done("check", "--config", file, "--mail", "ann@example.com")
        assert said.splitlines()[-1] == "Sent to ann@example.com. The mail server said: queued as 1"
        assert box.recipients == ["ann@example.com"]
        assert "https://x.example" in box.messages[0].as_string()
        result = run("check", "--config", file, "--mail", "nobody@example.com")
    assert result.exit_code == 1
    assert "does not take mail for nobody@example.com: 550 5.1.1 no such mailbox" in result.stderr


def test_check_says_when_no_mail_server_is_there(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    result = run("check", "--config", mail_settings(tmp_path, port), "--mail", "a@example.com")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"lighttrace: 127.0.0.1:{port} cannot be reached: ")
    assert len(result.stderr.splitlines()) == 1


def test_check_asks_no_provider_that_is_not_named(bare: Path):
    result = run("check", "--provider")
    assert result.exit_code == 1 and "There is no [sign_in.oidc]" in result.stderr


def test_check_cannot_mail_without_a_mail_server(bare: Path):
    result = run("check", "--mail", "ann@example.com")
    assert result.exit_code == 1
    assert "There is no [smtp] in the settings, so no mail can be sent." in result.stderr


@pytest.mark.slow
def test_the_demo_says_how_to_look_around_and_never_mixes_with_what_is_there(bare: Path):
    result = run("demo")
    assert result.exit_code == 0
    said = result.stdout.splitlines()
    assert re.fullmatch(r"[\d,]+ events in \d+ issues of \d+ projects\.", said[0])
    assert said[1] == "Look around: lighttrace serve --data lighttrace-demo"
    assert said[2] == f"Sign in as {EMAIL} with the password {PASSWORD}"
    before = (bare / "lighttrace-demo/lighttrace.db").read_bytes()
    again = run("demo")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "lighttrace-demo/lighttrace.db exists already. The demo fills a fresh" in again.stderr
    assert (bare / "lighttrace-demo/lighttrace.db").read_bytes() == before


# the command itself


def test_version_and_help():
    assert done("--version") == f"LightTrace {__version__}\n"
    said = done("-h")
    for command in ("serve", "init", "check", "demo", "project", "user", "team", "token"):
        assert re.search(rf"^  {command} +[A-Z]", said, re.M), command
    assert "--no-copy" in done("serve", "--help")


def test_what_does_not_exist_is_a_wrong_command_line():
    assert "No such command 'server'" in misused("server")
    assert "No such option" in misused("serve", "--prot", "1")
    assert "70000 is not in the range" in misused("serve", "--port", "70000")
