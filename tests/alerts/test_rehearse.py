"""A rehearsal against what the rules themselves told while the same events came."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.alerts.rehearse.rehearsal import Rehearsal, rehearse
from lighttrace.alerts.rules import Rule
from lighttrace.event.impact import Weights
from lighttrace.event.query.read import parse
from lighttrace.event.triggers import trigger
from tests.alerts.told import Shop, a_shop
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event

TOLD = """
select json_extract(o.payload, '$.event_row'), o.issue_id from outbox o
 where o.kind not in ('digest', 'held') order by o.id
"""
SECOND = 1_000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with a_shop(tmp_path) as made:
        yield made


def rehearsed(shop: Shop, when: str, where: str = "", every: int | None = None) -> Rehearsal:
    asks = parse(where)
    rule = Rule("r", tuple(map(trigger, when.split(", "))), None, asks, ("owner",), every)
    return rehearse(shop.db, rule, {1: "shop"}, Weights(), NOON)


def history(seed: int) -> list[dict[str, object]]:
    """Three days of an odd shop: four issues, bursts, many people, some events that came late."""
    dice = random.Random(seed)
    found: list[dict[str, object]] = []
    for _ in range(9):
        start, group = NOON - dice.randrange(HOUR, 3 * DAY), dice.choice("abcd")
        gap = dice.choice((2, 9, 40)) * SECOND
        for n in range(dice.randrange(2, 50)):
            at = start + n * gap + dice.randrange(gap)
            late = 11 * MINUTE if dice.random() < 0.05 else 0
            found.append(
                {
                    "received_at": at,
                    "happened_at": at - late,
                    "group": group,
                    "title": f"{group.upper()}Error",
                    "user": f"u{dice.randrange(30)}" if dice.random() < 0.8 else None,
                    "environment": dice.choice(("production", "production", "staging")),
                    "tags": (("component", dice.choice(("checkout", "cart"))),)
                    if dice.random() < 0.7
                    else (),
                }
            )
    found.sort(key=lambda it: (str(it["received_at"]), str(it["group"])))
    known: set[object] = set()
    for it in found:  # a window begins with what the counters say of its minute, late events too
        if it["group"] not in known:
            it["happened_at"] = it["received_at"]
        known.add(it["group"])
    return found


RULES = [
    ("20 events in 5m", "", None),
    ("20 events in 5m", "environment:production", None),
    ("8 events in 10m", "component:checkout !environment:staging", 5),
    ("10 users in 5m", "", None),
    ("6 users in 1h", "component:checkout", 60),
    ("12 users", "", None),
    ("5 users", "environment:staging", None),
    ("every", "component:cart", 20),
    ("new, 15 events in 5m", "level:>=error", None),
    ("10 events in 5m", "age:>1h", None),
    ("4 events in 1m", "", 10),
]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("when", "where", "every"), RULES)
def test_it_tells_what_the_rules_told(
    shop: Shop, seed: int, when: str, where: str, every: int | None
):
    moments = ", ".join(f'"{it}"' for it in when.split(", "))
    lines = ["[[alerts.rule]]", 'name = "r"', f"when = [{moments}]", 'to = "ops@example.com"']
    lines += [f"where = '{where}'"] if where else []
    lines += [f'every = "{every}m"'] if every else []
    shop.says("\n".join(lines))
    for it in history(seed):
        at = it["received_at"]
        assert isinstance(at, int)
        shop.receive(an_event(**it))
        shop.told(at)
    told = sorted((row or 0, issue_id) for row, issue_id in shop.db.execute(TOLD))
    found = rehearsed(shop, when, where, every)
    assert not found.partly and not found.quiet
    said = sorted((it.it.row or 0, it.it.issue_id) for it in found.sent)
    assert said == told
