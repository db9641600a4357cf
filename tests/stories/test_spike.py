"""A gateway breaks: an error that everybody knows is suddenly everywhere, and somebody is told."""

import asyncio
from pathlib import Path

from lighttrace.clock import FixedClock
from lighttrace.store import spikes
from lighttrace.store.database import Reader, Transaction
from tests.test_app import House, house

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
FILE = '[[project]]\nslug = "shop"\n[[project]]\nslug = "jobs"\nspikes = "off"\n'
ADD_MINUTE = "insert into count_minute values(?, 1, 1, 1, 1, 1)"
ADD_WHOLE = "insert into project_minute values(?, 1, 1, 1)"
ADD_HOUR = "insert into count_hour values(?, 1, 1, 0, 60)"
SAID = "select said ->> 'reason' from cause where kind = 'spike' and issue_id is not null"
PATIENCE = 300  # looks; the loop reads and writes in threads, so it needs a moment of real time


def was_usual(tx: Transaction, first_ms: int, until_ms: int) -> None:
    """The first issue came once a minute."""
    minutes = range(first_ms // MINUTE + 1, until_ms // MINUTE)
    tx.executemany(ADD_MINUTE, [(at,) for at in minutes])
    tx.executemany(ADD_WHOLE, [(at,) for at in minutes])
    hours = range(first_ms // HOUR + 1, until_ms // HOUR)
    tx.executemany(ADD_HOUR, [(at,) for at in hours])


def said(db: Reader) -> list[str]:
    return [row[0] for row in db.execute(SAID)]


def heard(running: House) -> list[str]:
    async def ask() -> list[str]:
        for _ in range(PATIENCE):
            if found := await running.app.services.store.read(said):
                return found
            await asyncio.sleep(0.02)
        return []

    words: list[str] = running.call(ask)
    return words


def test_a_known_error_that_is_suddenly_everywhere_is_told_once(
    tmp_path: Path, clock: FixedClock
) -> None:
    with house(tmp_path, clock, FILE) as running:
        began = clock.now_ms()
        running.post("shop", {"message": "gateway answered 502"})
        clock.set(began + 4 * DAY)
        running.write(was_usual, began, clock.now_ms())
        for number in range(30):
            clock.advance(2_000)
            for slug in ("shop", "jobs"):
                person = {"id": f"{slug}{number}"}
                running.post(slug, {"message": "gateway answered 502", "user": person})
        assert [words.partition(", ")[2] for words in heard(running)] == ["usually 1"]
        found = running.read(spikes.of_issues, [1, 2])[1]
        assert found.started_at - (began + 4 * DAY) <= MINUTE
