"""How SQLite goes about what alerts ask: by seeks, as for the pages (`test_plans`). A message goes
its whole road here, so that nothing is left out that is asked on it.
"""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from lighttrace import config
from lighttrace.alerts import gate, news, routine, rules, trouble, weekly
from lighttrace.alerts.expand import expand_due
from lighttrace.alerts.spikes.pasts import ask
from lighttrace.event.model import Json
from lighttrace.store import (
    activity,
    causes,
    lanes,
    lookback,
    minutes,
    mutes,
    outbox,
    preferences,
    releases,
    sendings,
    spikes,
    users,
)
from lighttrace.store.archiving import Archive
from lighttrace.store.minutes import Subject
from lighttrace.store.mutes import Muted
from lighttrace.store.outbox import Attempt, Draft, Message
from lighttrace.store.sight import ALL, Sight
from lighttrace.store.spikes import Spike
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event
from tests.store.shelf import a_shelf
from tests.store.test_plans import GROWS, SORTS_OF_ITS_OWN, Ask, asked, assert_planned

HOST, URL, TO = "errors.example.com", "https://errors.example.com", "u1@shop.example"
FILE = """
[smtp]
host = "smtp.example.com"
from = "lighttrace@example.com"
[alerts]
to = ["ops@shop.example"]
alive = "08:00 UTC"
[[alerts.rule]]
name = "all"
when = ["new", "regression", "spike", "feedback"]
where = "environment:production release:latest user:u1 OR is:unassigned"
to = ["owner", "team:web", "everyone"]
[[alerts.rule]]
name = "trouble"
when = "ingest"
"""
SENT = """
insert into outbox(dedupe, kind, target, issue_id, caused_at, made_at, due_at, state, done_at,
  released_at, message_id, payload)
select 'old:' || id, 'new', 'u' || id % 20 || '@shop.example', 1 + id % 20, received_at,
  received_at, received_at, iif(id % 10, 'done', 'held'), iif(id % 10, received_at, null),
  received_at, '<' || id || '@h>', '{"reasons": ["new"]}' from event
"""
TRIED = "insert into delivery(outbox_id, at, ok, took_ms) select id, made_at, 1, 9 from outbox"
CAUSED = """
insert into cause(kind, issue_id, event_row, at, expanded_at)
select 'new', 1 + id % 20, id, received_at, received_at from event
"""
TOLD = "insert into rule_told(rule, issue_id, project_id, at) select 'all', id, 1, 0 from issue"
SORTS = (
    *SORTS_OF_ITS_OWN,
    "indexed by spike_open where s.ended_at is null",  # those that are on
    "from user where disabled_at is null",
    "from mute m",  # at most 1,000 are open
    "from told t cross join issue i",  # those of 20 messages and more
    "where e.env_id = 0 and e.last_at >=",  # one range of `issue_env`
)
# These hold what is under way, which is little.
UNDER_WAY = "cause_due|mute_open|outbox_due|outbox_untold|outbox_pending|spike_open"
SCAN = re.compile(
    rf"SCAN ({'|'.join(GROWS)}|d|o)(?! VIRTUAL)(?! USING (COVERING )?INDEX ({UNDER_WAY}))\b"
)
# in `test_plans`, or as far back as its limit says
HELD_THERE = re.compile("with done as materialized|order by e.id desc limit 50000$")
SPIKE = Spike(0, Subject(1, 3), "events", 5, 40, 1.0, "40 in 5 min", 0, 1.0, 1.0, 40)


def policy(folder: Path) -> rules.Policy:
    file = folder / "lighttrace.toml"
    file.write_text(FILE, "utf-8")
    return rules.policy(config.load(file, env={}))


@pytest.fixture(scope="module", params=["as it comes", "analysed"])
def db(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sqlite3.Connection]:
    with a_shelf(tmp_path_factory.mktemp("plans"), *(f"shop{n}" for n in range(30))) as shelf:
        for n in range(400):
            shelf.receive(
                an_event(
                    at=NOON - (400 - n) * HOUR,
                    group=str(n % 20),
                    user=f"u{n % 50}",
                    release=f"shop@1.{n // 10}",
                )
            )
        for n in range(20):
            users.add(shelf.db, f"u{n}@shop.example", f"U{n}", "member", None, NOON)
            mutes.add(shelf.db, Muted(issue_id=n + 1, for_user=n + 1), NOON + DAY, 1, NOON)
        for statement in (SENT, TRIED, CAUSED, TOLD):
            shelf.db.execute(statement)
        if request.param == "analysed":
            shelf.db.execute("analyze")
        yield shelf.db


def told(kind: str, issue_id: int | None, **payload: Json) -> Ask:
    """What a message looks up."""
    message = Message(7, kind, TO, issue_id, NOON, NOON, NOON, 1, "<7@h>", payload)
    return lambda db: news.read(db, message, message.payload, URL, NOON + MINUTE)


def expanded(db: sqlite3.Connection, folder: Path) -> None:
    ends = Archive("events", n=9, minutes=60)
    mutes.add(db, Muted(issue_id=4), NOON + DAY, 1, NOON, condition=ends)
    for n, kind in enumerate(("new", "regression", "spike", "feedback")):
        causes.note(db, kind, NOON, issue_id=3 + n, event_row=50 + n, project_id=1)
    causes.note(db, "ingest", NOON, project_id=1, dedupe="ingest:1")
    expand_due(db, policy(folder), None, HOST, NOON)


def delivered(db: sqlite3.Connection) -> None:
    row = outbox.add(db, Draft("a", "new", TO, 3, NOON, {}), HOST, NOON)
    assert row is not None
    outbox.release(db, row, NOON)
    outbox.next_due_at(db), lanes.next_at(db)
    for channel in ("mail", "webhook:chat"):
        outbox.due(db, NOON, 9, channel), outbox.put_off(db, channel, NOON, 0)
    assert outbox.claim(db, row, NOON)
    outbox.release_claims(db)
    attempt = Attempt(NOON, "250", 9, "OK")
    outbox.postpone(db, row, attempt, NOON), outbox.give_up(db, row, attempt)
    outbox.record_delivered(db, row, attempt)


def spiking(db: sqlite3.Connection) -> None:
    begun = spikes.begin(db, SPIKE, {"reason": "loud"}, NOON)
    assert begun is not None
    spikes.go_on(db, begun), spikes.tell(db, begun, "spike_escalated", {"reason": ""}, NOON)
    spikes.open_ones(db), spikes.end(db, begun, "over", NOON)
    spikes.begin(db, replace(SPIKE, subject=Subject(1)), None, NOON)


def back(db: sqlite3.Connection) -> None:
    for kind, at in (("resolved", NOON - DAY), ("regressed", NOON - HOUR)):
        activity.record(db, [3], kind, 1, at, {"release": "shop@1.5"})
    told("regression", 3, event_row=390)(db)


def reported(db: sqlite3.Connection) -> None:
    person = users.by_email(db, TO)
    assert person is not None
    kept = weekly.payload(person, NOON)
    assert weekly.read(db, kept, URL) is not None


MEMBERS = [[n, "new"] for n in range(1, 9)]
TOGETHER = {"members": MEMBERS, "by_kind": {"new": 8}, "from": NOON - DAY, "to": NOON, "count": 8}
SIGHTS = {"everything": ALL, "a project": Sight(frozenset((1,)))}
QUESTIONS: dict[str, Ask] = {
    **{f"a mail: {kind}": told(kind, 3, event_row=390, since_at=NOON - DAY)
       for kind in get_args(causes.Kind)},
    "a mail: it is back": back,
    "a digest": told("digest", None, issues=[1, 2], **TOGETHER),
    "a weekly report": reported,
    "the newest release": lambda db: releases.last_before(db, 1, NOON),
    "who lets out what is held": lambda db: gate.open_for_all(db, None, HOST, NOON),
    "what is held": lambda db: (lanes.waits(db, TO, ("spike",), NOON), lanes.held(db, TO)),
    "on its way": delivered,
    "a spike": spiking,
    **{f"the past of {words}": lambda db, it=it: ask(db, it, None, NOON)
       for words, it in {"an issue": Subject(1, 1), "a project": Subject(1)}.items()},
    "the last hour": lambda db: (minutes.last_hour(db, NOON), minutes.known(db, Subject(1))),
    "what a rule has counted": lambda db: (
        lookback.minutes(db, 1, NOON - HOUR, NOON), lookback.met(db, [1, 2], 0),
        lookback.people(db, 1), lookback.has_spoken(db, "events", "all", 1, NOON),
        lookback.has_been(db, "loud", 1), lookback.newborn(db, NOON - DAY, 9),
    ),
    "what is muted": lambda db: (
        mutes.every(db, NOON), mutes.of_issue(db, 1, NOON), mutes.of_person(db, 1, NOON),
        mutes.in_force(db, [1, 2], NOON),
    ),
    "who wants what": lambda db: preferences.of_people(db, [1, 2], 1),
    "trouble": lambda db: trouble.look(db, NOON),
    "the line of the day": lambda db: routine.alive(db, NOON),
    **{f"what was sent, to somebody who sees {words}": lambda db, it=it: sendings.history(db, it)
       for words, it in SIGHTS.items()},
    "how long it took": lambda db: (sendings.ages(db, NOON - DAY), sendings.is_stuck(db)),
}  # fmt: skip


@pytest.mark.parametrize("name", QUESTIONS)
def test_alerts_ask_only_what_indexes_answer(db: sqlite3.Connection, name: str) -> None:
    statements = [it for it in asked(db, QUESTIONS[name]) if not HELD_THERE.search(it)]
    assert_planned(db, statements, SORTS, SCAN)


def test_so_does_who_finds_out_whom_to_tell(db: sqlite3.Connection, tmp_path: Path) -> None:
    assert_planned(db, asked(db, lambda db: expanded(db, tmp_path)), SORTS, SCAN)
