"""The inbox counts only what may matter, and is right about all of it."""

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lighttrace.event import impact
from lighttrace.event.impact import Weights
from lighttrace.store import inbox, inbox_rows, pace, volume
from lighttrace.store.assignees import Assignee
from lighttrace.store.inbox import Inbox, InboxQuery, Whose
from lighttrace.store.owners import Owner
from lighttrace.store.states import State, Substate
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event
from tests.store.shelf import Shelf, a_shelf

QUERY = InboxQuery(period_ms=DAY, now_ms=NOON)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path, "shop", "stock") as shelf:
        yield shelf


def mark(shelf: Shelf, issue_id: int, **columns: object) -> None:
    names = ", ".join(f"{name} = ?" for name in columns)
    shelf.db.execute(f"update issue set {names} where id = ?", (*columns.values(), issue_id))


def ids(found: Inbox, group: inbox.Group) -> list[int]:
    return [it.issue_id for it in found.shown.get(group, ())]


def an_old_one(shelf: Shelf, group: str, users: int = 1, **over: object) -> int:
    """An issue of last week that happened again to so many people an hour ago."""
    shelf.receive_one(an_event(at=NOON - 8 * DAY, group=group, user="old", **over))
    issue_id = 0
    for n in range(users):
        event = an_event(at=NOON - HOUR, group=group, user=f"{group}{n}", **over)
        issue_id = shelf.receive_one(event)
    return issue_id


def test_three_groups_and_what_is_quiet(shelf: Shelf) -> None:
    for n in range(90):
        event = an_event(at=NOON - HOUR, group="burning", user=f"u{n}", level="fatal")
        burning = shelf.receive_one(event)
    fresh = shelf.receive_one(an_event(at=NOON - HOUR, group="fresh"))
    old = an_old_one(shelf, "old")
    shelf.receive_one(an_event(at=NOON - 3 * DAY, group="quiet"))
    found = inbox.find(shelf.db, QUERY)
    assert found.counts == {"act": 1, "next": 1, "wait": 1}
    assert (ids(found, "act"), ids(found, "next"), ids(found, "wait")) == ([burning], [fresh], [])
    assert found.waiting_since == NOON - HOUR
    assert inbox.quiet(shelf.db, QUERY) == 1
    assert inbox.count_act_now(shelf.db, QUERY) == 1
    unfolded = inbox.find(shelf.db, replace(QUERY, group="wait"))
    assert ids(unfolded, "wait") == [old] and unfolded.counts == found.counts


def test_people_are_those_of_the_period_and_environment(shelf: Shelf) -> None:
    for n in range(300):
        shelf.receive_one(an_event(at=NOON - 5 * DAY, group="loud", user=f"u{n}", unhandled=True))
    for n in range(4):
        issue_id = shelf.receive_one(an_event(group="loud", user=f"u{n}", unhandled=True))
    shelf.receive_one(an_event(group="loud", user="v", environment="staging", unhandled=True))
    sums = {
        env: inbox.standing(shelf.db, issue_id, replace(QUERY, env=env))
        for env in (None, "production", "staging", "never")
    }
    assert {env: it and it.impact.sentence for env, it in sums.items()} == {
        None: "Impact 18: unhandled 10, users 8",
        "production": "Impact 17: unhandled 10, users 7",
        "staging": "Impact 53: new 40, unhandled 10, users 3",
        "never": None,
    }
    assert inbox.find(shelf.db, QUERY).counts == {"act": 0, "next": 0, "wait": 1}


def test_an_error_nobody_handled_counts_in_the_backend_only(shelf: Shelf) -> None:
    backend = an_old_one(shelf, "a", unhandled=True)
    browser = an_old_one(shelf, "b", unhandled=True, platform="javascript")
    assert [it and it.impact.score for it in one_by_one(shelf, backend, browser)] == [13, 3]


def one_by_one(shelf: Shelf, *issue_ids: int) -> list[inbox.Standing | None]:
    return [inbox.standing(shelf.db, it, QUERY) for it in issue_ids]


def test_the_same_trace_lifts_the_lesser_issue_once(shelf: Shelf) -> None:
    trace = "ab" * 16
    for n in range(120):
        worst = shelf.receive_one(
            an_event(group="worst", user=f"u{n}", level="fatal", trace_id=trace, title="PayError")
        )
    both = {"user": "x", "trace_id": trace}
    fresh = shelf.receive_one(an_event(group="fresh", **both))
    old = an_old_one(shelf, "old", trace_id=trace)
    alone = shelf.receive_one(an_event(group="alone", trace_id="cd" * 16))
    found = inbox.find(shelf.db, QUERY)
    by_id = {it.issue_id: it for it in (*found.shown["act"], *found.shown["next"])}
    assert by_id[worst].worse_id is None
    assert by_id[fresh].impact.sentence == "Impact 51: new 40, same trace 8, users 3"
    assert by_id[fresh].worse_id == worst
    assert by_id[alone].impact.score == 40
    (waiting,) = inbox.find(shelf.db, replace(QUERY, group="wait")).shown["wait"]
    assert waiting.issue_id == old
    same = inbox.standing(shelf.db, fresh, QUERY)
    assert same == by_id[fresh]
    (lifted,) = one_by_one(shelf, old)
    assert lifted is not None and lifted.impact.parts[0].words == "same trace as PayError in shop"


def test_the_lesser_issue_may_be_lifted_to_the_ones_that_need_somebody(shelf: Shelf) -> None:
    trace = "ab" * 16
    for n in range(120):
        shelf.receive_one(an_event(group="worst", user=f"u{n}", level="fatal", trace_id=trace))
    for n in range(100):
        shelf.receive_one(an_event(group="near", user=f"n{n}", trace_id=trace))
    found = inbox.find(shelf.db, replace(QUERY, weights=Weights(same_trace=12)))
    assert [it.impact.score for it in found.shown["act"]] == [73, 72]
    assert inbox.count_act_now(shelf.db, replace(QUERY, weights=Weights(same_trace=12))) == 2
    assert inbox.count_act_now(shelf.db, replace(QUERY, weights=Weights(same_trace=0))) == 1


def test_whose_it_is(shelf: Shelf) -> None:
    db = shelf.db
    db.execute(
        "insert into user(id, email, name, role, created_at) values(1, 'm@x', 'Mira', 'owner', 0),"
        " (2, 'j@x', 'Jonas', 'member', 0)"
    )
    db.execute("insert into team(id, slug, name, created_at) values(5, 'billing', 'Billing', 0)")
    names = ("mine", "owned", "team", "others", "taken", "nobody")
    made = {it: shelf.receive_one(an_event(group=it)) for it in names}
    mark(shelf, made["mine"], assignee_user=1)
    mark(shelf, made["owned"], owner_user=1, owner_rule="path:src/* mira@x")
    mark(shelf, made["team"], owner_team=5, owner_rule="tag team:billing")
    mark(shelf, made["others"], assignee_user=2)
    mark(shelf, made["taken"], owner_user=1, owner_team=5, assignee_user=2)
    mine = inbox.find(db, replace(QUERY, whose=Whose((1,))))
    assert set(ids(mine, "next")) == {made["mine"], made["owned"]}
    billing = inbox.find(db, replace(QUERY, whose=Whose((), (5,))))
    assert ids(billing, "next") == [made["team"]]
    assert billing.counts == {"act": 0, "next": 1, "wait": 0}
    every = inbox.find(db, QUERY)
    rows = inbox_rows.rows(db, QUERY, every.shown["next"])
    by_id = {it.issue.id: it.issue for it in rows}
    nobody, taken, team = (by_id[made[it]] for it in ("nobody", "taken", "team"))
    assert (nobody.assignee, nobody.owner) == (None, None)
    assert taken.assignee == Assignee("user", 2, "Jonas", "j@x")
    assert team.owner == Owner("team", 5, "billing", "tag team:billing")


def test_rows_say_what_came_back_and_who_is_on_it(shelf: Shelf) -> None:
    db = shelf.db
    db.execute(
        "insert into user(id, email, name, role, created_at) values(1, 'm@x', 'Mira', 'owner', 0)"
    )
    issue_id = shelf.receive_one(an_event(at=NOON - 3 * DAY, group="back", release="api@1"))
    resolved = "insert into activity(issue_id, at, user_id, kind) values(?, ?, 1, 'resolved')"
    db.execute(resolved, (issue_id, NOON - 2 * DAY))
    db.execute("update issue set state = ?", (State.RESOLVED,))
    shelf.receive_one(an_event(at=NOON - HOUR, group="back", release="api@2"))
    mark(shelf, issue_id, acknowledged_at=NOON - MINUTE, acknowledged_by=1)
    (row,) = inbox_rows.rows(db, QUERY, inbox.find(db, QUERY).shown["next"])
    assert (row.around.back_in, row.around.resolved_by) == ("api@2", "Mira")
    assert row.around.resolved_at == NOON - 2 * DAY
    assert (row.issue.acknowledged_by, row.issue.acknowledged_at) == ("Mira", NOON - MINUTE)
    assert row.standing.since == NOON - HOUR
    assert row.issue.n == 1 and row.issue.n_ever == 2


def test_only_projects_that_are_asked_for(shelf: Shelf) -> None:
    here = shelf.receive_one(an_event(group="a"))
    shelf.receive_one(an_event(group="b", project_id=2))
    found = inbox.find(shelf.db, replace(QUERY, project_ids=(1,)))
    assert (ids(found, "next"), found.total) == ([here], 1)
    assert inbox.find(shelf.db, replace(QUERY, project_ids=())).total == 0
    assert inbox.standing(shelf.db, here, replace(QUERY, project_ids=(2,))) is not None
    bars = [volume.bars(shelf.db, it, None, NOON - DAY, NOON + HOUR, HOUR) for it in (None, (1,))]
    assert [sum(it) for it in bars] == [2, 1]


def test_bars_hold_what_came_in_their_time_and_nothing_else(shelf: Shelf) -> None:
    for minutes in (0, 19, 20, 59, 60):
        shelf.receive_one(an_event(at=NOON + minutes * MINUTE, environment="production"))
    shelf.receive_one(an_event(at=NOON + 20 * MINUTE, environment=None))
    fine = (NOON, NOON + HOUR, 20 * MINUTE)
    assert volume.bars(shelf.db, None, None, *fine) == [2, 2, 1]
    assert volume.bars(shelf.db, None, "production", *fine) == [2, 1, 1]
    assert volume.bars(shelf.db, None, "", *fine) == [0, 1, 0]
    assert volume.bars(shelf.db, None, "never", *fine) == [0, 0, 0]
    assert volume.bars(shelf.db, None, None, NOON - HOUR, NOON + 2 * HOUR, HOUR) == [0, 5, 1]


@pytest.mark.parametrize("seed", range(6))
def test_what_is_not_counted_could_not_have_mattered(tmp_path: Path, seed: int) -> None:
    """A crowd of issues, ranked with and without the shortcuts."""
    rng = random.Random(seed)
    with a_shelf(tmp_path) as shelf:
        writes = []
        for n in range(900):
            group = int(60 * rng.random() ** 2)
            at = NOON - int(rng.random() ** 2 * 20 * DAY)
            env = rng.choice(("production", "staging", None))
            level = "fatal" if group % 7 == 0 else "error"
            writes.append(
                an_event(
                    at=at, group=f"g{group}", user=f"u{rng.randrange(400)}", environment=env,
                    level=level, unhandled=group % 3 == 0,
                    trace_id=f"{rng.randrange(40):032x}" if n % 3 else None,
                )
            )  # fmt: skip
        writes.sort(key=lambda it: it.event.received_at)
        for start in range(0, len(writes), 20):
            shelf.receive(*writes[start : start + 20])
        for group in range(60):
            change = rng.choice(
                ({"substate": Substate.REGRESSED}, {"high_value": "x"}, {"acknowledged_at": 1},
                 {"spike_factor": 4.2}, {"spike_factor": 40}, {"substate": 1})
            )  # fmt: skip
            mark(shelf, group + 1, **change)
        weights = Weights(users=30 + seed * 6, fatal=10 + seed * 4)
        for env in (None, "production"):
            for hours in (1, 6, 24):
                query = replace(QUERY, env=env, weights=weights, period_ms=hours * HOUR)
                compare(shelf.db, query)


def compare(db: sqlite3.Connection, query: InboxQuery) -> None:
    every = [inbox.standing(db, n, query) for n in range(1, 61)]
    ranked = sorted((it for it in every if it is not None), key=lambda it: it.order)
    found = inbox.find(db, query)
    assert inbox.count_act_now(db, query) == found.counts["act"]
    for group in inbox.GROUPS:
        wanted = [it for it in ranked if it.group == group]
        assert found.counts[group] == len(wanted)
        shown = inbox.find(db, replace(query, group=group)).shown[group]
        assert [it.order for it in shown] == [it.order for it in wanted[: inbox.MOST_SHOWN]]
        if group != "wait":
            assert {it.issue_id: it for it in shown}.items() <= {
                it.issue_id: it for it in wanted
            }.items()


def test_how_long_people_took(shelf: Shelf) -> None:
    db = shelf.db
    db.execute(
        "insert into user(id, email, name, role, created_at) values(1, 'm@x', 'Mira', 'owner', 0)"
    )
    add = "insert into activity(issue_id, at, user_id, kind) values(?, ?, ?, ?)"
    for n, (ack, done) in enumerate(((10, 60), (20, 300), (90, None)), 1):
        issue_id = shelf.receive_one(an_event(at=NOON - DAY, group=f"g{n}", title=f"E{n}"))
        db.execute(add, (issue_id, NOON - DAY + ack * MINUTE, 1, "acknowledged"))
        db.execute(add, (issue_id, NOON - DAY + ack * MINUTE + 1, 1, "assigned"))  # not the first
        if done:
            db.execute(add, (issue_id, NOON - DAY + done * MINUTE, 1, "resolved"))
    earlier = shelf.receive_one(an_event(at=NOON - 9 * DAY, group="earlier"))
    db.execute(add, (earlier, NOON - 9 * DAY + 5 * MINUTE, 1, "acknowledged"))
    by_rule = shelf.receive_one(an_event(at=NOON - DAY, group="rule"))
    db.execute(add, (by_rule, NOON - DAY + 1, None, "assigned"))  # nobody did that
    taken_back = shelf.receive_one(an_event(at=NOON - DAY, group="taken back"))
    db.execute(add, (taken_back, NOON - DAY + MINUTE, 1, "acknowledged"))
    db.execute(add, (taken_back, NOON - DAY + 2 * MINUTE, 1, "undone"))
    assert pace.to_acknowledge(db, None, NOON) == pace.Pace(20 * MINUTE, 5 * MINUTE, 3)
    assert pace.to_resolve(db, None, NOON) == pace.Pace(180 * MINUTE, None, 2)
    assert pace.to_resolve(db, (2,), NOON) == pace.Pace(None, None, 0)
    newest = pace.recent(db, None, NOON - DAY, 2)
    assert [(it.kind, it.title, it.user_name) for it in newest] == [
        ("resolved", "E2", "Mira"),
        ("assigned", "E3", "Mira"),
    ]


def test_what_came_back_is_timed_from_its_return(shelf: Shelf) -> None:
    db = shelf.db
    db.execute(
        "insert into user(id, email, name, role, created_at) values(1, 'm@x', 'Mira', 'owner', 0)"
    )
    issue_id = shelf.receive_one(an_event(at=NOON - 30 * DAY))
    add = "insert into activity(issue_id, at, user_id, kind) values(?, ?, ?, ?)"
    db.execute(add, (issue_id, NOON - 29 * DAY, 1, "resolved"))
    db.execute(add, (issue_id, NOON - HOUR, None, "regressed"))
    db.execute(add, (issue_id, NOON - HOUR + 7 * MINUTE, 1, "acknowledged"))
    assert pace.to_acknowledge(db, None, NOON).last_ms == 7 * MINUTE


def test_levels_and_groups_share_their_borders() -> None:
    assert (impact.ACT_NOW, impact.NEXT) == (70, 35)
