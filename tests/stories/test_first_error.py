"""The main job, whole: a real SDK's error becomes an issue and a mail, and nobody waits for it."""

import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.mailbox import Mailbox, mailbox, text_of
from tests.sdk.server import Server, run_client, served

pytestmark = pytest.mark.sdk
PROGRAMS = Path(__file__).parents[1] / "sdk" / "programs"
MAILED_WITHIN_S = 5


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as made:
        yield made


def settings(folder: Path, box: Mailbox) -> Path:
    """A file as a small team has it: a mail server, and one address to tell."""
    smtp = box.smtp()
    file = folder / "lighttrace.toml"
    file.write_text(
        f'[smtp]\nhost = "{smtp.host}"\nport = {smtp.port}\ntls = "none"\n'
        'from = "lighttrace@example.com"\n[alerts]\nto = ["ops@example.com"]\n',
        encoding="utf-8",
    )
    return file


def wait_for_mails(box: Mailbox, number: int, within_s: float) -> None:
    until = time.monotonic() + within_s
    while len(box.messages) < number:
        assert time.monotonic() < until, f"{len(box.messages)} mails after {within_s} s"
        time.sleep(0.02)


def test_an_error_is_in_the_mailbox_within_seconds_and_only_once(
    tmp_path: Path, box: Mailbox
) -> None:
    with served(tmp_path, settings(tmp_path, box)) as server:
        dsn = server.dsn("shop")
        run_client([sys.executable, "python_uncaught.py"], dsn, PROGRAMS)
        wait_for_mails(box, 1, MAILED_WITHIN_S)
        run_client([sys.executable, "python_uncaught.py"], dsn, PROGRAMS)
        server.stop()
        server.start()
        run_client([sys.executable, "python_uncaught.py"], dsn, PROGRAMS)
        assert server.stop() == 0
    (mail,) = box.messages
    assert "KeyError" in str(mail["subject"])
    assert mail["to"] == "ops@example.com"
    assert "price" in text_of(mail)  # the function that failed


def test_a_mail_server_that_is_away_loses_nothing(tmp_path: Path, box: Mailbox) -> None:
    box.refuse = "451 4.3.0 try again later"
    with served(tmp_path, settings(tmp_path, box)) as server:
        run_client([sys.executable, "python_uncaught.py"], server.dsn("shop"), PROGRAMS)
        assert server.stop() == 0
        assert box.messages == []
        waiting = due_messages(server)
    assert waiting == 1


def due_messages(server: Server) -> int:
    """What the outbox still means to send."""
    with closing(sqlite3.connect(server.data / "lighttrace.db")) as db:
        return int(db.execute("select count(*) from outbox where state = 'due'").fetchone()[0])
