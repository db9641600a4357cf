"""What a project sends is refused, or is too much; and what users say."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.alerts import trouble
from lighttrace.store import feedback, outcomes
from lighttrace.store.writes import FeedbackWrite
from tests.alerts.told import Shop, a_shop
from tests.store.make import HOUR, NOON, an_event

RULE = '[[alerts.rule]]\nname = "trouble"\nwhen = ["ingest", "quota", "feedback"]\n'


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with a_shop(tmp_path) as made:
        made.says(RULE)
        yield made


def came(shop: Shop, outcome: str, n: int, at: int = NOON, source: str = "server") -> None:
    kind = (at // HOUR, 1, 1, "error", outcome, "", source)
    outcomes.add(shop.db, Counter({kind: n}))


def test_a_project_of_which_much_is_refused_is_told_once_an_hour(shop: Shop) -> None:
    came(shop, "accepted", 150)
    came(shop, "invalid", 49)
    assert trouble.look(shop.db, NOON) == 0
    came(shop, "too_large", 1)
    assert trouble.look(shop.db, NOON) == 1
    assert trouble.look(shop.db, NOON) == 0
    words = "trouble: 50 refused within an hour, 25 % of what was sent"
    assert shop.told() == [("ops@example.com", "quota", [words])]
    came(shop, "invalid", 50, at=NOON + HOUR)
    assert trouble.look(shop.db, NOON + HOUR) == 1


def test_a_few_refused_among_many_are_no_trouble(shop: Shop) -> None:
    came(shop, "accepted", 1000)
    came(shop, "invalid", 100)
    came(shop, "client_discard", 5000, source="client")
    came(shop, "duplicate", 5000)
    assert trouble.look(shop.db, NOON) == 0


def test_the_end_of_the_hour_before_is_still_looked_at(shop: Shop) -> None:
    came(shop, "rate_limited", 1, at=NOON - 1)
    assert trouble.look(shop.db, NOON + 1) == 1
    assert [kind for _, kind, _ in shop.told()] == ["quota"]


def test_what_a_user_says_is_told_once_with_its_issue_or_without(shop: Shop) -> None:
    shop.receive(an_event(event_id="ab" * 16))
    for event_id, message in (("ab" * 16, "it broke"), ("ab" * 16, "again"), ("cd" * 16, "lost")):
        feedback.save(shop.db, FeedbackWrite(1, event_id, "Bea", "", message, NOON))
    assert (
        shop.told() == [("ops@example.com", "feedback", ["trouble: a user has said something"])] * 2
    )
    sql = "select issue_id is null from outbox order by id"
    assert [row[0] for row in shop.db.execute(sql)] == [0, 1]
