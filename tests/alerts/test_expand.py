"""Who is told of a cause: everybody once, whatever dies in between."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.alerts import expand, gate
from lighttrace.alerts.expand import expand_due
from lighttrace.alerts.rules import Policy
from lighttrace.store.database import Transaction
from tests.alerts.ledger import a_cause, ledger

NOW = 1_795_000_000_000
HOST = "errors.example.com"
ADA = Policy(fallback=("ada@example.com",))
BOTH = Policy(fallback=("ada@example.com", "ben@example.com"))


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Transaction]:
    with ledger(tmp_path) as connection:
        yield connection


def rows(tx: Transaction) -> list[tuple[str, str, str]]:
    found = tx.execute("select kind, target, state from outbox order by id")
    return [(kind, target, state) for kind, target, state in found]


def test_each_recipient_gets_a_row_of_its_own(tx: Transaction) -> None:
    a_cause(tx, at=NOW)
    assert expand_due(tx, BOTH, None, HOST, NOW)
    assert rows(tx) == [("new", "ada@example.com", "due"), ("new", "ben@example.com", "due")]


def test_a_cause_is_expanded_once_even_if_the_loop_dies_and_starts_again(tx: Transaction) -> None:
    cause = a_cause(tx, at=NOW)
    expand_due(tx, ADA, None, HOST, NOW)
    tx.execute("update cause set expanded_at = null where id = ?", (cause,))
    expand_due(tx, ADA, None, HOST, NOW + 1)
    assert len(rows(tx)) == 1


def test_every_row_has_a_message_id_of_its_own_under_the_senders_domain(tx: Transaction) -> None:
    a_cause(tx, at=NOW)
    expand_due(tx, BOTH, None, HOST, NOW)
    ids = [row[0] for row in tx.execute("select message_id from outbox")]
    assert len(set(ids)) == 2
    assert all(one.startswith("<") and one.endswith(f"@{HOST}>") for one in ids)


def test_one_recipients_flood_leaves_the_other_alone(tx: Transaction) -> None:
    for _ in range(12):
        a_cause(tx, at=NOW)
    expand_due(tx, ADA, None, HOST, NOW)
    a_cause(tx, at=NOW)
    expand_due(tx, BOTH, None, HOST, NOW)
    assert ("new", "ben@example.com", "due") in rows(tx)


def test_without_recipients_causes_are_done_with_and_nothing_is_kept(tx: Transaction) -> None:
    a_cause(tx, at=NOW)
    assert expand_due(tx, Policy(), None, HOST, NOW)
    assert rows(tx) == []
    assert not expand_due(tx, ADA, None, HOST, NOW)


def test_a_storm_that_many_hear_of_takes_several_transactions_and_tells_the_same(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer has other things to do; the gate is opened when all is known."""
    many = Policy(fallback=tuple(f"p{n}@example.com" for n in range(8)))
    for issue in range(1, 31):
        a_cause(tx, at=NOW, issue_id=issue)
    monkeypatch.setattr(expand, "MOST_MADE", 40)
    monkeypatch.setattr(gate, "MOST_LOOKED_AT", 50)
    let_out = [0]
    more = True
    while more:
        more = expand_due(tx, many, None, HOST, NOW)
        let_out.append(sum(state == "due" for _, _, state in rows(tx)))
    assert let_out == [0] * 6 + [1, 2, 3, 4, 5, 6, 7, 8]  # five issues a time, then one person
    held = tx.execute("select count(*) from outbox where state = 'held'").fetchone()[0]
    assert held == 8 * 29
