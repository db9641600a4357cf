"""Rules that count, in the transaction of the event: fifty events, ten people, every event."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.store import causes
from tests.alerts.told import Shop, a_shop
from tests.store.make import HOUR, MINUTE, NOON, an_event

SECOND = 1_000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with a_shop(tmp_path) as made:
        yield made


def rule(when: str, where: str = "", name: str = "loud", every: str = "1m") -> str:
    return (
        f'[[alerts.rule]]\nname = "{name}"\nwhen = "{when}"\nevery = "{every}"\n'
        f"where = '{where}'\n"
    )


def counted(shop: Shop) -> list[tuple[str, int, int]]:
    """(kind, number, seconds since NOON) of the causes of rules that count."""
    sql = "select kind, said, at from cause where rule is not null order by id"
    found = shop.db.execute(sql).fetchall()
    return [(kind, json.loads(said).get("n", 0), (at - NOON) // SECOND) for kind, said, at in found]


def send(shop: Shop, *at_s: int, **over: object) -> None:
    for at in at_s:
        shop.receive(an_event(at=NOON + at * SECOND, **over))


def test_five_events_in_a_minute_are_told_once_until_it_was_calmer(shop: Shop) -> None:
    shop.says(rule("5 events in 1m"))
    send(shop, 0, 10, 20, 30)
    assert counted(shop) == []
    send(shop, 40, 41, 42, 50, 55)
    assert counted(shop) == [("events", 5, 40)]
    assert shop.told() == [("ops@example.com", "volume", ["loud: 5 events in 1 min"])]
    send(shop, 200, 201, 202, 203)
    assert len(counted(shop)) == 1
    send(shop, 204)
    assert counted(shop)[1:] == [("events", 5, 204)]


def test_it_can_be_told_again_once_there_were_fewer_than_half_as_many(shop: Shop) -> None:
    """Of five that is two. Two minutes later three are left of them, a moment on two."""
    shop.says(rule("5 events in 5m"))
    send(shop, 0, 1, 150, 151, 152)
    assert counted(shop) == [("events", 5, 152)]
    send(shop, 310, 311)  # the first two are gone, three were left: never fewer
    assert len(counted(shop)) == 1
    shop.restart()
    send(shop, 470, 471, 472)  # two were left
    assert counted(shop) == [("events", 5, 152), ("events", 5, 472)]


@pytest.mark.parametrize(
    ("when", "within_s", "too_late_s"),
    [
        ("3 events in 1m", 57, 61),
        ("3 events in 24h", 82_000, 86_401),
        ("3 users in 24h", 82_000, 86_401),
    ],
)
def test_the_shortest_and_the_longest_window(
    shop: Shop, when: str, within_s: int, too_late_s: int
) -> None:
    shop.says(rule(when))
    for group, last_s in (("in time", within_s), ("too late", too_late_s)):
        for user, at_s in enumerate((0, within_s // 2, last_s)):
            send(shop, at_s, group=group, user=str(user))
        assert len(counted(shop)) == 1, group


def test_a_batch_tells_how_many_there_were_at_its_end(shop: Shop) -> None:
    shop.says(rule("50 events in 5m"))
    shop.receive(*(an_event(at=NOON + n) for n in range(53)))
    assert counted(shop) == [("events", 53, 0)]
    assert ["loud: 53 events in 5 min"] in [said for _, _, said in shop.told()]


def test_that_it_is_new_begins_no_pause_for_numbers(shop: Shop) -> None:
    shop.says(
        '[[alerts.rule]]\nname = "both"\nwhen = ["new", "3 events in 1m", "4 events in 1m"]\n'
    )
    send(shop, 0)
    assert shop.told() == [("ops@example.com", "new", ["both: it is new"])]
    send(shop, 1, 2)
    assert shop.told() == [("ops@example.com", "volume", ["both: 3 events in 1 min"])]
    send(shop, 3)
    assert shop.told() == []  # within half an hour


def test_only_events_that_match_are_counted(shop: Shop) -> None:
    """Ten errors in production are not ten errors in staging."""
    shop.says(rule("3 events in 5m", "environment:production component:checkout"))
    send(shop, 1, 2, 3, 4, environment="staging", tags=(("component", "checkout"),))
    send(shop, 5, 6, 7, tags=())
    send(shop, 8, 9, tags=(("component", "Checkout"),))
    assert counted(shop) == []
    send(shop, 10, tags=(("component", "checkout"),))
    assert counted(shop) == [("events", 3, 10)]


def test_people_are_counted_once_and_go_out_of_the_window(shop: Shop) -> None:
    shop.says(rule("3 users in 1m"))
    for at, user in ((0, "a"), (1, "a"), (2, "b"), (70, "c"), (71, "d"), (72, "c")):
        send(shop, at, user=user)
    assert counted(shop) == []
    send(shop, 73, user="e")
    send(shop, 74)  # nobody in particular
    assert counted(shop) == [("users", 3, 73)]


def test_people_since_it_was_first_seen_are_told_once_for_ever(shop: Shop) -> None:
    for user in "abc":
        send(shop, 0, user=user, group="old")
    shop.says(rule("3 users"))
    send(shop, 1, user="d", group="old")  # had them before there was a rule
    for at, user in enumerate("xyxz"):
        send(shop, at * 3600, user=user)
    assert counted(shop) == [("users", 3, 3 * 3600)]
    shop.restart()
    send(shop, 4 * 3600, user="w")
    assert len(counted(shop)) == 1


def test_people_of_a_part_of_the_events_are_counted_by_themselves(shop: Shop) -> None:
    shop.says(rule("2 users", "environment:production"))
    for user, env in (("a", "production"), ("b", "staging"), ("c", "staging"), ("d", "production")):
        send(shop, 0, user=user, environment=env)
    assert counted(shop) == [("users", 2, 0)]


def test_every_event_is_told_once_in_a_while(shop: Shop) -> None:
    shop.says(rule("every", every="5m"))
    send(shop, 0, 1, 200, 299, 300, 301)
    assert [at for _, _, at in counted(shop)] == [0, 300]
    shop.restart()
    send(shop, 302)
    for _ in range(2):  # another cause, but the pause is that of what was told
        assert len(shop.told(NOON + 302 * SECOND)) <= 1


def test_what_waited_in_a_client_is_not_counted(shop: Shop) -> None:
    shop.says(rule("2 events in 5m"))
    send(shop, 0, 1, 2, happened_at=NOON - 11 * MINUTE)
    assert counted(shop) == []


def test_what_is_asked_of_the_issue_is_asked_when_the_number_is_reached(shop: Shop) -> None:
    """Ten seconds later it is asked again."""
    shop.says(rule("2 events in 5m", "is:acknowledged level:error"))
    send(shop, 0, 1)
    shop.db.execute("update issue set acknowledged_at = 1")
    send(shop, 2, 10)
    assert counted(shop) == []
    send(shop, 11)
    assert counted(shop) == [("events", 5, 11)]


def test_another_project_is_none_of_its_business(shop: Shop) -> None:
    shop.says(rule("2 events in 5m") + 'project = "other"\n')
    send(shop, 0, 1, 2)
    assert counted(shop) == []


# --- restarts and rollbacks ---


@pytest.mark.parametrize("where", ["", "environment:production"])
@pytest.mark.parametrize("seed", range(4))
def test_a_restart_at_any_moment_makes_the_same_causes(
    tmp_path: Path, where: str, seed: int
) -> None:
    """Give or take what a minute counts as one: only some seconds may differ."""
    chance = random.Random(seed)
    quiet = range(0, 1800, 40)
    bursts = [at + chance.randrange(40) for at in (600, 600, 1300) for _ in range(15)]
    times = sorted([*quiet, *bursts])
    stops = set(chance.sample(times, 6))
    found = []
    for with_stops in (False, True):
        (folder := tmp_path / str(with_stops)).mkdir()
        with a_shop(folder) as shop:
            shop.says(rule("12 events in 2m", where))
            for at in times:
                if with_stops and at in stops:
                    shop.restart()
                send(shop, at)
            found.append([at for _, _, at in counted(shop)])
    once, stopped = found
    assert len(once) == 2
    assert len(stopped) == len(once)
    assert all(abs(a - b) <= 60 for a, b in zip(once, stopped, strict=True))


def test_people_are_remembered_over_a_restart(shop: Shop) -> None:
    shop.says(rule("3 users in 5m"))
    send(shop, 0, user="a")
    send(shop, 1, user="b")
    shop.restart()
    send(shop, 2, user="b")
    assert counted(shop) == []
    send(shop, 3, user="c")
    assert counted(shop) == [("users", 3, 3)]
    shop.restart()
    send(shop, 4, user="d")
    assert len(counted(shop)) == 1  # it has spoken, and it has not been calmer since


def test_a_batch_that_is_taken_back_has_not_been_counted(shop: Shop) -> None:
    shop.says(rule("3 events in 5m"))
    send(shop, 0, 1)
    shop.shelf.lose(an_event(at=NOON + 2 * SECOND), an_event(at=NOON + 2 * SECOND))
    assert counted(shop) == []
    send(shop, 3)
    assert counted(shop) == [("events", 3, 3)]


def test_other_rules_take_over_and_those_that_stay_go_on_counting(shop: Shop) -> None:
    shop.says(rule("3 events in 5m"))
    send(shop, 0, 1)
    shop.says(rule("3 events in 5m") + rule("2 events in 5m", name="more"))
    send(shop, 2)
    names = [row[0] for row in shop.db.execute("select rule from cause where rule is not null")]
    assert sorted(names) == ["loud", "more"]


# --- new and loud ---


def test_a_new_issue_that_is_loud_is_told_a_second_time(shop: Shop) -> None:
    send(shop, *range(60))
    said = ["it is new", "50 events in 5 min"]
    assert shop.told() == [("ops@example.com", "new", said)]
    for at in range(10):
        send(shop, at * 300, user=str(at), group="2")
    assert shop.told()[-1][2] == ["it is new", "10 users"]
    send(shop, *range(60), user="x", group="2")
    assert shop.told() == []


def test_an_old_issue_is_not_new_and_loud(shop: Shop) -> None:
    send(shop, 0)
    shop.told()
    send(shop, *range(3601, 3700))
    assert shop.told(NOON + HOUR) == []


def test_that_it_is_new_is_remembered_over_a_restart(shop: Shop) -> None:
    send(shop, *range(30))
    shop.restart()
    send(shop, *range(30, 49))
    assert [it.kind for it in causes.due(shop.db, 10)] == ["new"]
    send(shop, 49)
    assert [it.kind for it in causes.due(shop.db, 10)] == ["new", "loud"]
    shop.restart()
    send(shop, *range(50, 120))
    assert len(causes.due(shop.db, 10)) == 2
