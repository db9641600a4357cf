"""What to fix first, as somebody on call would say it: the inbox comes out in that order, and says
the sum.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace import config as configuration
from lighttrace.event.impact import Weights
from lighttrace.store import inbox
from lighttrace.store.inbox import InboxQuery, Standing
from lighttrace.store.states import State
from tests.store.make import DAY, HOUR, NOON, an_event
from tests.store.shelf import Shelf, a_shelf

LAST_WEEK = NOON - 8 * DAY


class Playbook:
    """A shop's tracker. An issue is called by its title."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def fails(self, title: str, *, at: int = NOON - HOUR, people: int = 1, times: int = 1) -> None:
        """So many people met it, each so many times."""
        write = dict(group=title, title=title, at=at)
        self._shelf.receive(
            *(an_event(user=f"{n}-{title}", **write) for n in range(people) for _ in range(times))
        )

    def is_old(self, title: str) -> None:
        self._shelf.receive_one(an_event(group=title, title=title, at=LAST_WEEK, user="first"))

    def now(self, title: str, **columns: object) -> None:
        """What other parts of LightTrace note about an issue."""
        names = ", ".join(f"{name} = ?" for name in columns)
        sql = f"update issue set {names} where title = ?"
        self._shelf.db.execute(sql, (*columns.values(), title))

    def ranked(self, weights: Weights | None = None) -> dict[str, Standing]:
        """The whole inbox, first things first."""
        found: dict[str, Standing] = {}
        titles = dict(self._shelf.db.execute("select id, title from issue").fetchall())
        for group in inbox.GROUPS:
            query = InboxQuery(
                period_ms=DAY, now_ms=NOON, group=group, weights=weights or Weights()
            )
            for it in inbox.find(self._shelf.db, query).shown[group]:
                found[titles[it.issue_id]] = it
        return found

    def sums(self, weights: Weights | None = None) -> list[str]:
        found = self.ranked(weights).items()
        return [f"{title}: {it.impact.sentence.partition(' ')[2]}" for title, it in found]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Playbook]:
    with a_shelf(tmp_path) as shelf:
        yield Playbook(shelf)


def test_new_before_a_tenfold_spike_before_many_people(shop: Playbook) -> None:
    shop.is_old("EverybodyMeetsIt")
    shop.fails("EverybodyMeetsIt", people=480)
    shop.is_old("Tenfold")
    shop.fails("Tenfold", people=1, times=61)
    shop.now("Tenfold", spike_factor=10.0)
    shop.fails("New", people=1)
    assert shop.sums() == [
        "New: 43: new 40, users 3",
        "Tenfold: 33: spike 30, users 3",
        "EverybodyMeetsIt: 28: users 28",
    ]


def test_the_checkout_before_a_feature_flag(shop: Playbook) -> None:
    for title in ("CheckoutError", "FlagError"):  # the same in everything else
        shop.is_old(title)
        shop.fails(title, people=20)
    shop.now("CheckoutError", high_value="tags.component:checkout")
    assert shop.sums() == [
        "CheckoutError: 30: high value 16, users 14",
        "FlagError: 14: users 14",
    ]


def test_a_new_error_of_the_checkout_needs_somebody_now(shop: Playbook) -> None:
    shop.fails("CheckoutError", people=58)
    shop.now("CheckoutError", high_value="tags.component:checkout")
    (it,) = shop.ranked().values()
    assert (it.group, it.impact.score) == ("act", 74)


def test_acknowledging_moves_the_issue_and_leaves_its_number(shop: Playbook) -> None:
    shop.fails("CheckoutError", people=58)
    shop.now("CheckoutError", high_value="tags.component:checkout")
    before = shop.ranked()["CheckoutError"]
    shop.now("CheckoutError", acknowledged_at=NOON)
    after = shop.ranked()["CheckoutError"]
    assert (before.group, after.group) == ("act", "next")
    assert before.impact == after.impact
    shop.now("CheckoutError", acknowledged_at=None)
    assert shop.ranked()["CheckoutError"] == before


def test_a_small_one_that_is_acknowledged_is_not_lost_among_those_that_can_wait(
    shop: Playbook,
) -> None:
    shop.is_old("Small")
    shop.fails("Small")
    shop.now("Small", acknowledged_at=NOON)
    (it,) = shop.ranked().values()
    assert (it.group, it.impact.score) == ("next", 3)


def test_what_came_back_and_nobody_has_seen_ranks_by_36(shop: Playbook) -> None:
    shop.is_old("Back")
    shop.now("Back", state=State.RESOLVED)
    shop.fails("Back", people=9)
    shop.is_old("Steady")
    shop.fails("Steady", people=9)
    assert shop.sums() == ["Back: 46: came back 36, users 10", "Steady: 10: users 10"]


def test_of_equals_the_newest_comes_first(shop: Playbook) -> None:
    shop.fails("Older", at=NOON - 3 * HOUR)
    shop.fails("Newest", at=NOON - HOUR)
    shop.fails("Between", at=NOON - 2 * HOUR)
    assert list(shop.ranked()) == ["Newest", "Between", "Older"]


def test_weights_of_the_file_change_the_order(shop: Playbook, tmp_path: Path) -> None:
    shop.is_old("EverybodyMeetsIt")
    shop.fails("EverybodyMeetsIt", people=480)
    shop.fails("New", people=1)
    file = tmp_path / "lighttrace.toml"
    file.write_text("[impact]\nusers = 60\nnew = 0\n", encoding="utf-8")
    weights = configuration.load(file, env={}).impact.weights
    assert shop.sums(weights) == [
        "EverybodyMeetsIt: 56: users 56",
        "New: 6: users 6",
    ]
