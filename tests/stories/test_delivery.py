"""The power goes with a message on its way: one message arrives, whatever was written down."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.mailbox import Mailbox, mailbox
from tests.sdk.server import LIGHTTRACE, Server, run_client, served
from tests.stories.test_first_error import PROGRAMS, settings, wait_for_mails

pytestmark = pytest.mark.sdk


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as made:
        yield made


def fail(server: Server) -> None:
    run_client([sys.executable, "python_uncaught.py"], server.dsn("shop"), PROGRAMS)


def states(server: Server) -> list[str]:
    with closing(sqlite3.connect(server.data / "lighttrace.db")) as db:
        return [row[0] for row in db.execute("select state from outbox")]


def test_killed_between_the_mail_servers_having_it_and_our_knowing_it_is_the_same_message_again(
    tmp_path: Path, box: Mailbox
) -> None:
    box.slow_s = 60
    with served(tmp_path, settings(tmp_path, box)) as server:
        fail(server)
        wait_for_mails(box, 1, 5)
        server.kill()
        assert states(server) == ["due"]
        box.slow_s = 0
        server.start()
        wait_for_mails(box, 2, 5)
        assert server.stop() == 0
        assert states(server) == ["done"]
    assert len(box.messages) == 2
    assert len(set(box.ids())) == 1


def test_a_second_start_on_the_same_database_sends_nothing_and_says_why(
    tmp_path: Path, box: Mailbox
) -> None:
    config = settings(tmp_path, box)
    with served(tmp_path, config) as server:
        where = ("--data", str(tmp_path), "--config", str(config), "--port", "0")
        command = [*LIGHTTRACE, "serve", *where]
        second = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert second.returncode != 0
        assert "another" in second.stderr.lower() or "already" in second.stderr.lower()
        fail(server)
        wait_for_mails(box, 1, 5)
        assert server.stop() == 0
    assert len(box.messages) == 1
