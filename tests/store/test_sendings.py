"""What went out and how it fared, as pages show it."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.alerts import digest, gate
from lighttrace.store import lanes, outbox, sendings
from lighttrace.store.outbox import Attempt, Draft
from lighttrace.store.sendings import Counts
from lighttrace.store.sight import ALL, Sight
from tests.store.make import DAY, HOUR, NOON, an_event
from tests.store.shelf import Shelf, a_shelf
from tests.store.test_plans import asked

SECOND = 1_000
ADA = "ada@example.com"


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path, "shop", "secret") as shelf:
        yield shelf


def send(
    shelf: Shelf, project: int, number: int, *, took_ms: int = SECOND, kind: str = "new"
) -> int:
    """A message of its own, handed over."""
    issue_id = shelf.receive_one(an_event(project_id=project, group=f"{project}-{number}"))
    at = NOON + number * HOUR
    draft = Draft(f"{project}:{number}", kind, ADA, issue_id, at, {})
    made = outbox.add(shelf.db, draft, "host", at)
    assert made is not None
    outbox.release(shelf.db, made, at)
    outbox.claim(shelf.db, made, at)
    outbox.record_delivered(shelf.db, made, Attempt(at + took_ms, "250", 40, "queued as 1"))
    return made


def test_a_message_is_shown_with_its_issue_its_age_and_what_the_other_side_said(shelf: Shelf):
    send(shelf, 1, 0, took_ms=1_100)
    ((row,), cursor) = (
        sendings.history(shelf.db, ALL).rows,
        sendings.history(shelf.db, ALL).cursor,
    )
    assert (row.issue, row.title, row.project, row.state) == ("SHOP-1", "KeyError", "shop", "done")
    assert (row.age_ms, row.attempts[0].answer, cursor) == (1_100, "queued as 1", None)


def test_pages_lead_from_one_to_the_next_and_end(shelf: Shelf):
    for number in range(7):
        send(shelf, 1 + number % 2, number)
    for sight, want in ((ALL, 7), (Sight(frozenset({1})), 4)):
        seen, cursor = [], None
        while True:
            page = sendings.history(shelf.db, sight, cursor, limit=2)
            seen += [row.id for row in page.rows]
            cursor = page.cursor
            if cursor is None:
                break
        assert seen == sorted(seen, reverse=True) and len(seen) == want


def test_bob_must_not_see_messages_about_what_he_does_not_see_nor_digests_that_tell_of_it(
    shelf: Shelf,
):
    send(shelf, 1, 1), send(shelf, 2, 2)
    draft = Draft("d", "digest", ADA, None, NOON, {"members": []})
    outbox.gather(shelf.db, draft, [], "host", NOON)
    bob = Sight(frozenset({1}))
    assert [row.project for row in sendings.history(shelf.db, bob).rows] == ["shop"]
    assert len(sendings.history(shelf.db, ALL).rows) == 3


def test_how_long_messages_took_says_nothing_of_what_was_held_back_on_purpose(shelf: Shelf):
    for number in range(18):
        send(shelf, 1, number, took_ms=SECOND)
    send(shelf, 1, 18, took_ms=9 * SECOND)
    send(shelf, 1, 19, took_ms=DAY, kind="weekly")
    found = sendings.ages(shelf.db, NOON)
    assert (found.count, found.p50_ms) == (19, SECOND)
    assert SECOND < (found.p95_ms or 0) <= 9 * SECOND
    assert sendings.ages(shelf.db, NOON + 30 * DAY).p50_ms is None

    late = Draft("late", "new", ADA, None, NOON, {})
    made = outbox.add(shelf.db, late, "host", NOON)
    assert made is not None
    outbox.release(shelf.db, made, NOON + 5 * DAY)  # a window was open for long
    outbox.record_delivered(shelf.db, made, Attempt(NOON + 5 * DAY + 500, "250", 1, ""))
    assert sendings.ages(shelf.db, NOON + 5 * DAY).p95_ms == 500


def test_what_became_of_the_messages_of_a_day_is_counted(shelf: Shelf):
    send(shelf, 1, 1), send(shelf, 1, 30)
    drafts = [Draft(f"h{n}", "new", ADA, None, NOON, {}) for n in range(4)]
    held = [outbox.add(shelf.db, it, "host", NOON) or 0 for it in drafts]
    outbox.gather(shelf.db, Draft("g", "digest", ADA, None, NOON, {}), held[:3], "host", NOON)
    assert sendings.counts(shelf.db, NOON, NOON + DAY) == Counts(sent=1, waiting=2, gathered=3)


SCAN = re.compile(r"SCAN (o|outbox|delivery|d|i|e|c|h|n|g|u)\b(?! USING| VIRTUAL)")


def everything(db: sqlite3.Connection) -> None:
    sendings.history(db, ALL), sendings.history(db, Sight(frozenset({1})), 9)
    sendings.ages(db, NOON), sendings.counts(db, NOON, NOON + DAY), sendings.is_stuck(db)
    lanes.held(db, ADA), lanes.sent(db, ADA, NOON), lanes.pending(db, ADA)
    outbox.due(db, NOON, 5), outbox.next_due_at(db)
    payload = {"members": [[1, "new"], [2, "spike"]], "by_kind": {"new": 2}}
    digest.read(db, {**payload, "count": 2, "from": NOON, "to": NOON}, "http://x", NOON + HOUR)
    gate.open_for_all(db, None, "host", NOON)


@pytest.mark.parametrize("analysed", [False, True])
def test_nothing_goes_through_a_table_of_messages_or_events(shelf: Shelf, analysed: bool):
    for number in range(60):
        send(shelf, 1, number)
    if analysed:
        shelf.db.execute("analyze")
    for statement in asked(shelf.db, lambda db: everything(db)):
        if statement.lower().lstrip().startswith(("select", "with", "update")):
            plan = [row[3] for row in shelf.db.execute(f"explain query plan {statement}")]
            assert not [line for line in plan if SCAN.match(line)], (statement, plan)
