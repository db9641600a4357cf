"""Who is told of a cause, and what happens above ten mails an hour."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.alerts.expand import GATHER_MS, HOUR_MS, HOURLY, expand_due, summarise
from lighttrace.store import outbox
from lighttrace.store.database import Transaction
from tests.alerts.ledger import a_cause, ledger

NOW = 1_795_000_000_000
HOST = "errors.example.com"


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Transaction]:
    with ledger(tmp_path) as connection:
        yield connection


def rows(tx: Transaction) -> list[tuple[str, str, str]]:
    found = tx.execute("select kind, target, state from outbox order by id")
    return [(kind, target, state) for kind, target, state in found]


def test_each_recipient_gets_a_row_of_its_own(tx: Transaction) -> None:
    a_cause(tx, at=NOW)
    assert expand_due(tx, ("ada@example.com", "ben@example.com"), HOST, NOW) == 1
    assert rows(tx) == [("new", "ada@example.com", "due"), ("new", "ben@example.com", "due")]


def test_a_cause_is_expanded_once_even_if_the_loop_dies_and_starts_again(tx: Transaction) -> None:
    cause = a_cause(tx, at=NOW)
    expand_due(tx, ("ada@example.com",), HOST, NOW)
    tx.execute("update cause set expanded_at = null where id = ?", (cause,))
    expand_due(tx, ("ada@example.com",), HOST, NOW + 1)
    assert len(rows(tx)) == 1


def test_every_row_has_a_message_id_of_its_own_under_the_senders_domain(tx: Transaction) -> None:
    a_cause(tx, at=NOW)
    expand_due(tx, ("ada@example.com", "ben@example.com"), HOST, NOW)
    ids = [row[0] for row in tx.execute("select message_id from outbox")]
    assert len(set(ids)) == 2
    assert all(one.startswith("<") and one.endswith(f"@{HOST}>") for one in ids)


def test_the_tenth_mail_of_an_hour_speaks_for_all_that_is_held_back(tx: Transaction) -> None:
    for _ in range(25):
        a_cause(tx, at=NOW)
    expand_due(tx, ("ada@example.com",), HOST, NOW)
    states = [(kind, state) for kind, _, state in rows(tx)]
    assert states.count(("new", "due")) == HOURLY - 1
    assert states.count(("new", "held")) == 25 - (HOURLY - 1)
    assert states.count(("held", "due")) == 1

    summary = outbox.due(tx, NOW + GATHER_MS, 100)[-1]
    assert outbox.tell(tx, summary, NOW + GATHER_MS)["count"] == 16


def test_no_eleventh_mail_before_the_hour_is_over_and_one_summary_after_it(tx: Transaction) -> None:
    for _ in range(12):
        a_cause(tx, at=NOW)
    expand_due(tx, ("ada@example.com",), HOST, NOW)
    outbox.tell(tx, outbox.due(tx, NOW + GATHER_MS, 100)[-1], NOW + GATHER_MS)

    a_cause(tx, at=NOW + 60_000)
    expand_due(tx, ("ada@example.com",), HOST, NOW + 60_000)
    assert len([row for row in rows(tx) if row[0] == "held"]) == 1

    summarise(tx, HOST, NOW + HOUR_MS + 1)
    assert len([row for row in rows(tx) if row[0] == "held"]) == 2


def test_a_summary_sent_again_says_the_same(tx: Transaction) -> None:
    for _ in range(11):
        a_cause(tx, at=NOW)
    expand_due(tx, ("ada@example.com",), HOST, NOW)
    summary = outbox.due(tx, NOW + GATHER_MS, 100)[-1]
    first = outbox.tell(tx, summary, NOW + GATHER_MS)
    a_cause(tx, at=NOW + 5_000)
    expand_due(tx, ("ada@example.com",), HOST, NOW + 5_000)
    again = [message for message in outbox.due(tx, NOW + HOUR_MS, 100) if message.id == summary.id]
    assert outbox.tell(tx, again[0], NOW + 6_000) == first


def test_one_recipients_flood_leaves_the_other_alone(tx: Transaction) -> None:
    for _ in range(12):
        a_cause(tx, at=NOW)
    expand_due(tx, ("ada@example.com",), HOST, NOW)
    a_cause(tx, at=NOW)
    expand_due(tx, ("ada@example.com", "ben@example.com"), HOST, NOW)
    assert ("new", "ben@example.com", "due") in rows(tx)


def test_without_recipients_causes_are_done_with_and_nothing_is_kept(tx: Transaction) -> None:
    a_cause(tx, at=NOW)
    assert expand_due(tx, (), HOST, NOW) == 1
    assert rows(tx) == []
    assert expand_due(tx, ("ada@example.com",), HOST, NOW) == 0
