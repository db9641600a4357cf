"""Tags counted: of an issue, one key in full, and of a project over a sample."""

from pathlib import Path

import pytest

from lighttrace.store import affected, tag_stats
from lighttrace.store.affected import Affected
from lighttrace.store.tag_stats import ProjectTallies, TagValue
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event
from tests.store.shelf import Shelf, a_shelf


@pytest.fixture
def shelf(tmp_path: Path):
    with a_shelf(tmp_path, "shop", "blog") as shelf:
        yield shelf


def fill(shelf: Shelf, *browsers: str, **over: object) -> int:
    """One event a browser, a minute apart, the last one at noon; returns the issue."""
    issue = 0
    for at, browser in enumerate(browsers):
        when = NOON - (len(browsers) - 1 - at) * MINUTE
        event = an_event(at=when, tags=(("browser", browser),), **over)
        issue = shelf.receive_one(event)
    return issue


def test_a_key_in_full_says_how_often_since_when_and_until_when(shelf: Shelf):
    issue = fill(shelf, "Firefox", "Chrome", "Firefox", "Safari", "Firefox")
    found = tag_stats.values(shelf.db, issue, None, "browser")
    assert found.values == (
        TagValue("Firefox", 3, NOON - 4 * MINUTE, NOON),
        TagValue("Safari", 1, NOON - MINUTE, NOON - MINUTE),
        TagValue("Chrome", 1, NOON - 3 * MINUTE, NOON - 3 * MINUTE),
    )
    assert (found.total, found.read) == (5, 5)
    assert tag_stats.values(shelf.db, issue, None, "no such key").values == ()


def test_a_period_and_an_environment_leave_out_the_rest(shelf: Shelf):
    fill(shelf, "Firefox", "Chrome", "Safari")
    issue = fill(shelf, "Opera", environment="staging")
    recent = tag_stats.values(shelf.db, issue, None, "browser", NOON - MINUTE)
    assert {it.value for it in recent.values} == {"Chrome", "Safari", "Opera"}
    staging = tag_stats.values(shelf.db, issue, "staging", "browser")
    assert {it.value for it in staging.values} == {"Opera"}
    assert tag_stats.values(shelf.db, issue, "nowhere", "browser").read == 0


def test_people_are_testimonies_and_so_is_each_event_of_nobody(shelf: Shelf):
    for user in ("ada", "ada", "ben", None, None):
        issue = shelf.receive_one(an_event(user=user))
    tally = tag_stats.tally(shelf.db, issue, None)
    assert (tally.events, tally.witnesses, tally.since_ms) == (5, 4, NOON)
    assert tally.by_key["browser"] == {"Firefox 150": 5}


def test_a_project_is_counted_over_all_its_issues_and_no_other_project(shelf: Shelf):
    shelf.receive_one(an_event(group="a", at=NOON - 20 * DAY, tags=(("browser", "old"),)))
    for group in ("a", "b", "c"):
        shelf.receive_one(an_event(group=group, tags=(("browser", group),)))
    shelf.receive_one(an_event(project_id=2, group="d", tags=(("browser", "d"),)))
    found = tag_stats.of_project(shelf.db, 1, None, NOON - DAY)
    assert found.by_key["browser"] == {"a": 1, "b": 1, "c": 1}
    assert tag_stats.of_project(shelf.db, 1, "staging", 0).events == 0


def test_a_large_project_is_sampled_from_all_of_the_time(shelf: Shelf):
    count = 2 * tag_stats.STRETCHES * tag_stats.OF_EACH
    for start in range(0, count, 500):
        shelf.receive(
            *(
                an_event(
                    at=NOON - (count - at) * 1000,
                    group=str(at % 3),
                    tags=(("half", "late" if at >= count // 2 else "early"),),
                )
                for at in range(start, start + 500)
            )
        )
    found = tag_stats.of_project(shelf.db, 1, None, 0)
    assert found.events == tag_stats.STRETCHES * tag_stats.OF_EACH
    assert found.by_key["half"] == {"early": found.events // 2, "late": found.events // 2}


def test_the_tally_of_a_project_is_kept_for_a_minute(shelf: Shelf):
    kept = ProjectTallies()
    shelf.receive_one(an_event())
    assert kept.of(shelf.db, 1, None, NOON - HOUR, NOON).events == 1
    shelf.receive_one(an_event())
    assert kept.of(shelf.db, 1, None, NOON - 2 * HOUR, NOON + MINUTE - 1).events == 1
    assert kept.of(shelf.db, 1, "production", NOON - HOUR, NOON).events == 2
    assert kept.of(shelf.db, 1, None, NOON - HOUR, NOON + MINUTE).events == 2


def test_who_met_an_issue_is_counted_by_person(shelf: Shelf):
    for minute, user in enumerate(("ada", "ben", "ada", None, "Ada Lovelace")):
        issue = shelf.receive_one(an_event(at=NOON + minute * MINUTE, user=user))
    found = affected.everybody(shelf.db, issue, None)
    names = affected.names(shelf.db, found.people)
    ada = next(it for it in found.people if names[it.person_id] == "ada")
    assert found.people[0] == ada == Affected(ada.person_id, 2, NOON, NOON + 2 * MINUTE)
    assert (found.nameless, found.read) == (1, 5)
    assert [names[it.person_id] for it in affected.named(shelf.db, found.people, "ADA")] == [
        "ada",
        "Ada Lovelace",
    ]
    assert affected.named(shelf.db, found.people, "%") == ()
    assert affected.everybody(shelf.db, issue, "staging").read == 0
