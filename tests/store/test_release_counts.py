"""Events by project and release: counted as they come, and of a database from before."""

import sqlite3

from lighttrace.store import release_counts
from lighttrace.store.release_counts import Span, span
from tests.store.make import DAY, HOUR, NOON, an_event
from tests.store.shelf import Shelf


def named(db: sqlite3.Connection, over: Span, env: str | None = None) -> dict[str, list[int]]:
    names = dict(db.execute("select id, version from release").fetchall()) | {0: ""}
    found = release_counts.courses(db, (1,), env, over).found
    return {names[release_id]: course for (_, release_id), course in found.items()}


def test_events_are_counted_by_release_and_environment(shelf: Shelf) -> None:
    for hours, release, env in ((5, "1.0", "production"), (1, "1.1", "staging"), (0, None, None)):
        shelf.receive(an_event(at=NOON - hours * HOUR, release=release, environment=env))
    over = span(6 * HOUR, 6, NOON)
    assert named(shelf.db, over) == {
        "1.0": [1, 0, 0, 0, 0, 0], "1.1": [0, 0, 0, 0, 1, 0], "": [0, 0, 0, 0, 0, 1],
    }  # fmt: skip
    assert named(shelf.db, over, "staging") == {"1.1": [0, 0, 0, 0, 1, 0]}
    assert named(shelf.db, over, "nowhere") == {}
    assert release_counts.last_day(shelf.db, (2,), None, NOON).every() == [0]


def test_a_span_has_whole_bars_and_ends_after_now() -> None:
    for length, bars in ((DAY, 24), (7 * DAY, 84), (30 * DAY, 84), (90 * DAY, 60), (HOUR, 60)):
        made = span(length, bars, NOON + 1)
        assert made.bars <= bars and made.until_ms > NOON + 1 >= made.until_ms - made.hours * HOUR
        assert made.until_ms - made.since_ms >= length - made.hours * HOUR
    assert span(DAY, 24, NOON).at(NOON) > 90
