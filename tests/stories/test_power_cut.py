"""`kill -9` in the middle of a flood: what was acknowledged is there, once, and adds up."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lighttrace.store.doctor import disagreements
from tests.mailbox import Mailbox, mailbox
from tests.sdk.server import Server, served
from tests.stories.test_first_error import settings

pytestmark = [pytest.mark.sdk, pytest.mark.slow]
LOAD = Path(__file__).parents[2] / "bench" / "load.py"
ROUNDS = 3
MOST_MAILS = 10  # an hour and recipient


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as made:
        yield made


def flood(server: Server, dsn: str, log: Path, seconds: float) -> None:
    """Load from 32 connections; the power goes while they are busy."""
    command = [sys.executable, str(LOAD), "--dsn", dsn, "--seconds", "60", "--connections", "32"]
    command += ["--prebuild", "3000", "--issues", "40", "--ack-log", str(log), "--stop-on-error"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        until = time.monotonic() + 30
        while not log.exists() or not log.stat().st_size:
            assert time.monotonic() < until, "nothing was acknowledged"
            time.sleep(0.01)
        time.sleep(seconds)
        server.kill()


def test_nothing_acknowledged_is_lost_and_nothing_is_counted_or_mailed_twice(
    tmp_path: Path, box: Mailbox
) -> None:
    with served(tmp_path, settings(tmp_path, box)) as server:
        key = server.dsn("shop").split("://")[1].partition("@")[0]
        acknowledged: set[str] = set()
        for number in range(ROUNDS):
            log = tmp_path / f"{number}.acks"
            flood(server, f"{server.url.replace('://', f'://{key}@')}/1", log, 0.7)
            acknowledged |= set(log.read_text(encoding="ascii").split())
            server.start()
        assert server.stop() == 0
        with closing(sqlite3.connect(server.data / "lighttrace.db")) as db:
            stored = [row[0] for row in db.execute("select lower(hex(event_id)) from event")]
            assert db.execute("pragma integrity_check").fetchone()[0] == "ok"
            assert disagreements(db) == []
            events = db.execute("select sum(n) from issue_env where env_id = 0").fetchone()[0]
    assert acknowledged
    assert acknowledged <= set(stored)
    assert len(stored) == len(set(stored)) == events
    ids = [str(mail["message-id"]) for mail in box.messages]
    assert 0 < len(set(ids)) <= MOST_MAILS
