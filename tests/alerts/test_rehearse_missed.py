"""What a rehearsal says besides what was sent: why not, what would help, what was not looked at."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.alerts.rehearse import stage
from lighttrace.alerts.rehearse.missed import Missed
from lighttrace.alerts.rehearse.rehearsal import Rehearsal, rehearse
from lighttrace.alerts.rules import Rule
from lighttrace.event.impact import Weights
from lighttrace.event.query.read import parse
from lighttrace.event.triggers import trigger
from lighttrace.store import activity, causes, feedback
from lighttrace.store.writes import FeedbackWrite
from tests.alerts.told import Shop, a_shop
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event

CHECKOUT = (("component", "checkout"),)
THEN = NOON - 3 * DAY


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with a_shop(tmp_path) as made:
        made.person("mira")
        yield made


def rehearsed(shop: Shop, when: str, where: str = "", every: int | None = None) -> Rehearsal:
    rule = Rule("r", tuple(map(trigger, when.split(", "))), None, parse(where), every_min=every)
    return rehearse(shop.db, rule, {1: "shop"}, Weights(), NOON)


def burn(shop: Shop, n: int, group: str = "a", at: int = THEN, **event: object) -> int:
    """So many events of different people, a second apart; somebody took the issue."""
    writes = [an_event(at=at + it * 1_000, group=group, user=f"u{it}", **event) for it in range(n)]
    issue_id = shop.receive(*writes)[0].issue_id
    assert issue_id is not None
    activity.record(shop.db, [issue_id], "acknowledged", 1, at + 4 * MINUTE, {})
    return issue_id


def only_missed(found: Rehearsal) -> Missed:
    (missed,) = found.missed
    assert not found.sent
    return missed


def put_right(shop: Shop, missed: Missed) -> Rehearsal:
    """The rule that the button makes of it."""
    assert missed.change is not None
    return rehearsed(shop, ", ".join(map(str, missed.change.when)), str(missed.change.where))


@pytest.mark.parametrize(
    ("when", "where", "why", "words"),
    [
        ("10 users in 5m", "", "6 users in 5 min at most", "Lower to 6 users"),
        ("9 users", "", "6 users at most", "Lower to 6 users"),
        ("spike", "", "this rule does not listen for that", "Also when it is new"),
        ("new", "component:checkout", "it carries no component", "Also where component is missing"),
        ("new", "environment:staging", "environment:staging is not true of it",
         "Without environment:staging"),
        ("6 users in 5m", "component:checkout",
         "6 users in 5 min, but these events carry no component",
         "Also where component is missing"),
        ("6 users in 5m", "environment:staging",
         "6 users in 5 min, but environment:staging is not true of these events",
         "Without environment:staging"),
        ("6 users in 5m", "is:resolved", "is:resolved is not true of it", "Without is:resolved"),
        ("6 events in 5m", "level:error component:checkout environment:production",
         "6 events in 5 min, but these events carry no component",
         "Also where component is missing"),
    ],
)  # fmt: skip
def test_why_it_said_nothing_and_the_change_that_makes_it_speak(
    shop: Shop, when: str, where: str, why: str, words: str
):
    burn(shop, 6)
    missed = only_missed(rehearsed(shop, when, where))
    assert (missed.became, missed.why) == ("was new", why)
    assert missed.act is not None and missed.act.name == "Mira"
    assert missed.change is not None and missed.change.words == words
    found = put_right(shop, missed)
    assert len(found.sent) == 1 and not found.missed


def test_the_state_is_that_of_the_moment_and_not_of_today(shop: Shop):
    burn(shop, 2)
    shop.db.execute("update issue set state = 1, substate = 1, acknowledged_at = ?", (NOON,))
    assert len(rehearsed(shop, "new", "is:unresolved !is:acknowledged is:new").sent) == 1
    assert not rehearsed(shop, "new", "is:resolved").sent
    assert not rehearsed(shop, "2 events in 5m", "is:resolved").sent


def test_no_change_is_offered_that_would_not_help(shop: Shop):
    burn(shop, 1)
    missed = only_missed(rehearsed(shop, "10 users in 5m"))
    assert missed.why == "1 user in 5 min at most" and missed.change is None
    shop.receive(*[an_event(at=THEN + HOUR + it, group="b") for it in range(9)])
    activity.record(shop.db, [2], "resolved", 1, THEN + 2 * HOUR, {})
    found = rehearsed(shop, "10 users in 5m")
    assert [it.why for it in found.missed][1] == "none of its events says who met it"


def test_what_nobody_cared_for_is_not_missed_but_what_came_back_is(shop: Shop):
    shop.receive(an_event(at=THEN), an_event(at=THEN, group="b"))
    assert not rehearsed(shop, "spike").missed
    causes.add(shop.db, [("regression", 2, 2, THEN + HOUR)])
    assert [it.became for it in rehearsed(shop, "spike").missed] == ["came back"]


def test_variants_are_counted_on_what_was_read_once(shop: Shop):
    burn(shop, 30)
    burn(shop, 12, "b", at=THEN + HOUR, environment="staging")
    burn(shop, 6, "c", at=THEN + 2 * HOUR)
    found = rehearsed(shop, "10 users in 5m", "environment:production")
    assert [(it.words, it.sent, it.missed) for it in found.variants] == [
        ("20 users in 5 min", 1, 2),
        ("10 users in 2 min", 1, 2),
        ("10 users in 5 min", 1, 2),
        ("10 users in 10 min", 1, 2),
        ("5 users in 5 min", 2, 1),
        ("10 users in 5 min, without environment:production", 2, 1),
    ]
    for it in found.variants:
        alone = rehearsed(shop, str(it.when[0]), str(it.where))
        assert (it.sent, it.missed) == (len(alone.sent), len(alone.missed)), it.words


def test_a_pause_holds_back_what_comes_of_the_same_issue(shop: Shop):
    for n in range(3):
        burn(shop, 6, at=THEN + n * 20 * MINUTE)
    found = rehearsed(shop, "6 events in 5m")
    assert [len(it.it.after) for it in found.sent] == [1, 0] and len(found.held) == 1
    assert len(rehearsed(shop, "6 events in 5m", every=1).sent) == 3


def test_feedback_refusals_and_quotas_are_known_by_what_was_kept(shop: Shop):
    stored = shop.receive(an_event(at=THEN, event_id="0" * 32))
    write = FeedbackWrite(
        project_id=1, event_id="0" * 32, received_at=THEN + HOUR, name="", email="", message="odd"
    )
    feedback.save(shop.db, write)
    add = "insert into outcome_hour values(?, 1, 1, 'error', ?, '', 'server', ?)"
    hour = THEN // HOUR
    rows = [(hour, "accepted", 100), (hour, "invalid", 60), (hour + 1, "invalid", 40)]
    shop.db.executemany(add, [*rows, (hour + 2, "rate_limited", 7)])
    found = rehearsed(shop, "feedback, ingest, quota")
    refused, said, limited = (it.it.words for it in found.sent)
    assert refused == "60 refused within an hour, 38 % of what was sent"
    assert said == "a user has said something" and "more was sent than" in limited
    assert found.sent[1].face is not None and found.sent[1].it.issue_id == stored[0].issue_id
    assert found.sent[0].face is None and found.sent[0].project == "shop" and not found.missed
    assert not rehearsed(shop, "feedback", "environment:staging").sent


def test_other_projects_are_not_looked_at(shop: Shop):
    burn(shop, 30)
    rule = Rule("r", (trigger("5 users in 5m"), trigger("new")))
    assert not rehearse(shop.db, rule, {}, Weights(), NOON).sent
    other = Rule("r", rule.when, frozenset(("till",)))
    assert not rehearse(shop.db, other, {1: "shop"}, Weights(), NOON).sent


def test_what_is_beyond_the_bounds_is_said(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    for n, group in enumerate("abcd"):
        writes = [
            an_event(at=THEN + n * HOUR + it * 1_000, group=group, tags=CHECKOUT)
            for it in range(40 - 5 * n)
        ]
        shop.receive(*writes)
    monkeypatch.setattr(stage, "MOST_ISSUES", 2)
    monkeypatch.setattr(stage, "MOST_LOUD", 1)
    monkeypatch.setattr(stage, "MOST_EVENTS", 60)
    monkeypatch.setattr(stage, "MOST_OF_ISSUE", 37)
    found = rehearsed(shop, "20 events in 5m")
    assert found.quiet == 1 and len(found.sent) == 3
    assert [(it.by_minute, it.total) for it in found.partly] == [(True, 40), (False, 35)]
    found = rehearsed(shop, "20 events in 5m", "component:checkout")
    assert found.quiet == 2 and len(found.sent) == 2
    assert [(it.by_minute, it.asked, it.total) for it in found.partly] == [
        (False, 30, 40),
        (False, 30, 35),
    ]


def test_nothing_is_written(shop: Shop, tmp_path: Path):
    burn(shop, 9)
    db = sqlite3.connect(f"{(tmp_path / 'lighttrace.db').as_uri()}?mode=ro", uri=True)
    try:
        rule = Rule("r", (trigger("5 users in 5m"), trigger("5 users"), trigger("every")))
        assert rehearse(db, rule, {1: "shop"}, Weights(), NOON).sent
    finally:
        db.close()
