"""What becomes of every message there is to tell: each is told once, whatever comes between."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import time
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighttrace.alerts import gate, news
from lighttrace.alerts.compose import compose
from lighttrace.alerts.deliver import next_try_ms
from lighttrace.alerts.expand import expand_due
from lighttrace.alerts.quiet import Hours, Quiet
from lighttrace.alerts.rules import Policy
from lighttrace.alerts.shapes.card import card
from lighttrace.alerts.storm import HOURLY
from lighttrace.store import lanes, migrate, outbox, users
from lighttrace.store.database import Transaction
from lighttrace.store.outbox import Attempt
from tests.alerts.ledger import a_cause, ledger

NOON = 1_795_521_600_000  # a Tuesday
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
HOST, ADA, BEN = "shop.example", "ada@example.com", "ben@example.com"
BERLIN = ZoneInfo("Europe/Berlin")
ON_CALL = "webhook:on-call"
NIGHT = Hours(Quiet(frozenset(range(7)), time(22), time(7), BERLIN), {ON_CALL: None})
EVENING = NOON + 10 * HOUR  # 23:00 in Berlin
MORNING = NOON + 18 * HOUR  # 07:00


class Post:
    """A ledger, a clock, and a channel that does as it is told."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.now = NOON
        self.handed: list[tuple[int, str, str]] = []  # (when, Message-ID, target)

    def happen(self, kind: str = "new", times: int = 1, *to: str, hours: Hours | None = None):
        for number in range(times):
            a_cause(self.tx, at=self.now, kind=kind, issue_id=number + 1)
        self.tick(*to, hours=hours)

    def tick(self, *to: str, hours: Hours | None = None) -> None:
        while expand_due(self.tx, Policy(fallback=to or (ADA,)), hours, HOST, self.now):
            pass

    def deliver(self, outcome: str = "yes") -> None:
        """`no`: the server refuses; `dies`: it took them, and then we were gone."""
        for message in outbox.due(self.tx, self.now, 50):
            assert outbox.claim(self.tx, message.id, self.now)
            if outcome == "no":
                due_at = self.now + next_try_ms(message.attempts + 1)
                outbox.postpone(self.tx, message.id, Attempt(self.now, "451", 1, "no"), due_at)
                continue
            self.handed.append((self.now, message.message_id, message.target))
            if outcome == "yes":
                outbox.record_delivered(self.tx, message.id, Attempt(self.now, "250", 1, "ok"))
        if outcome == "dies":
            outbox.release_claims(self.tx)

    def live(self, ms: int, *to: str, hours: Hours | None = None) -> None:
        """Time passes; the loop sleeps until a window closes or a message is due."""
        until = self.now + ms
        while self.now < until:
            self.tick(*to, hours=hours)
            self.deliver()
            self.tick(*to, hours=hours)
            found = [
                it for it in (lanes.next_at(self.tx), *outbox.next_due_at(self.tx).values()) if it
            ]
            self.now = min(until, max(self.now + SECOND, min(found, default=until)))
        self.tick(*to, hours=hours)
        self.deliver()

    def rows(self) -> list[tuple[str, str]]:
        """(kind, state) of what was sent or waits to be."""
        found = self.tx.execute(
            "select kind, state from outbox where state <> 'held' or done_at is null order by id"
        )
        return [(kind, state) for kind, state in found]

    def fates(self) -> Counter[str]:
        """What became of each cause and target."""
        found: Counter[str] = Counter()
        for state, told_by, done_at in self.tx.execute(
            "select state, told_by, done_at from outbox where dedupe like 'cause:%'"
        ):
            if state == "held" and told_by is not None:
                by = self.tx.execute("select state from outbox where id = ?", (told_by,))
                state = f"told in a message that is {by.fetchone()[0]}"
            elif state == "held":
                state = "waits" if done_at is None else "lost"
            found[state] += 1
        return found


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    with ledger(tmp_path) as connection:
        yield Post(connection)


def test_forty_new_issues_are_one_message_and_one_digest(post: Post) -> None:
    post.happen("new", 40)
    post.live(HOUR)
    assert [kind for kind, _ in post.rows()] == ["new", "digest"]
    assert post.fates() == {"done": 1, "told in a message that is done": 39}
    payload = (
        outbox.due(post.tx, post.now, 1)
        or post.tx.execute("select payload from outbox where kind = 'digest'").fetchone()[0]
    )
    assert '"count": 39' in str(payload)


def test_a_single_one_that_was_held_is_a_message_like_any_other(post: Post) -> None:
    post.happen("new", 1)
    a_cause(post.tx, at=post.now, kind="new", issue_id=7)
    post.live(HOUR)
    assert [kind for kind, _ in post.rows()] == ["new", "new"]
    assert [at - NOON for at, _, _ in post.handed] == [0, 5 * MINUTE]


def test_two_that_were_held_are_one_message(post: Post) -> None:
    post.happen("new", 3)
    post.live(HOUR)
    assert [kind for kind, _ in post.rows()] == ["new", "digest"]


def test_several_about_one_issue_are_its_message_with_all_their_reasons(post: Post) -> None:
    post.happen("new", 1)
    for kind in ("loud", "new", "loud"):
        post.now += SECOND
        a_cause(post.tx, at=post.now, kind=kind, issue_id=7)
        post.tick()
    post.live(HOUR)
    assert [kind for kind, _ in post.rows()] == ["new", "new"]
    assert post.fates() == {"done": 2, "told in a message that is done": 2}
    (payload,) = post.tx.execute(
        "select payload from outbox where kind = 'new' and state = 'done' and issue_id = 7"
    )
    assert json.loads(payload[0])["reasons"] == ["it is new", "loud"]
    assert "more" not in json.loads(payload[0])


SENT = """
insert into outbox(dedupe, kind, target, caused_at, made_at, due_at, state, done_at, message_id,
  payload) values(?1, 'new', ?2, ?3, ?3, ?3, 'done', ?3, ?1, '{}')
"""


def test_the_tenth_of_an_hour_says_until_when_by_the_readers_clock_and_where_to_look(
    post: Post,
) -> None:
    ada = users.add(post.tx, ADA, "Ada", "member", None, NOON)
    users.set_options(post.tx, ada.id, {"timezone": "Europe/Berlin"})
    for number in range(HOURLY - 1):
        post.tx.execute(SENT, (f"s{number}", ADA, NOON + number * MINUTE))
    post.now += 20 * MINUTE
    post.happen("new", 3)
    post.now += 3 * SECOND
    post.tick()
    (last,) = outbox.due(post.tx, post.now, 9)
    told = news.read(post.tx, last, last.payload, "https://x.example", post.now)
    assert told is not None
    mail, chat = compose(told, last, post.now), card(told)
    assert "13:20 (Europe/Berlin)" in mail.text and "13:20 (Europe/Berlin)" in mail.html
    assert "what comes until\n14:00 (Europe/Berlin) is held back" in mail.text
    assert "What comes until 14:00 (Europe/Berlin) is told then." in chat.says
    held = "https://x.example/alerts?show=held#deliveries"
    assert held in mail.text and held in mail.html
    assert held in [it.url for it in chat.links]
    said = "LightTrace, 3 messages, 13:20 (Europe/Berlin)"
    assert chat.foot == f"{said}, 3.0 s after the first of them"


def test_a_digest_is_made_once_and_says_the_same_when_it_is_sent_again(post: Post) -> None:
    post.happen("new", 3)
    post.deliver()
    post.now += 5 * MINUTE
    post.tick()
    post.deliver("dies")
    post.happen("new", 1)
    post.deliver()
    (first, _), (second, again), (third, last) = [
        (at, message_id) for at, message_id, _ in post.handed
    ]
    assert again == last and first < second <= third


def test_at_night_only_what_is_strong_goes_out_and_the_rest_is_one_message_in_the_morning(
    post: Post,
) -> None:
    post.now = EVENING
    post.happen("new", 3, hours=NIGHT)
    post.happen("regression", 1, hours=NIGHT)
    assert [row for row in post.rows() if row[1] != "held"] == []
    assert EVENING < (lanes.next_at(post.tx) or 0) <= MORNING

    post.happen("spike", 1, hours=NIGHT)
    post.deliver()
    assert [kind for kind, state in post.rows() if state == "done"] == ["spike"]

    post.live(MORNING - post.now, hours=NIGHT)
    assert [kind for kind, state in post.rows() if state == "done"] == ["spike", "digest"]
    assert post.handed[-1][0] == MORNING
    post.live(HOUR, hours=NIGHT)
    assert len(post.handed) == 2


def test_somebody_chooses_hours_of_their_own_or_none_at_all(post: Post) -> None:
    for email, chosen in ((ADA, None), (BEN, {"from": "12:00", "to": "23:30"})):
        person = users.add(post.tx, email, email[:3], "member", None, NOON)
        hours = chosen and {**chosen, "days": ["tue"], "level": "none"}
        options = {"quiet": hours, "timezone": "Europe/Berlin"}
        users.set_options(post.tx, person.id, options)
    post.now = EVENING
    post.happen("spike", 1, ADA, BEN, hours=NIGHT)
    post.deliver()
    assert [to for _, _, to in post.handed] == [ADA]
    post.live(HOUR, ADA, BEN, hours=NIGHT)
    assert [(at - EVENING, to) for at, _, to in post.handed] == [(0, ADA), (HOUR // 2, BEN)]


def test_who_ends_their_quiet_hours_is_told_soon(post: Post) -> None:
    post.now = EVENING
    post.happen("new", 3, hours=NIGHT)
    post.live(HOUR)
    assert [kind for kind, state in post.rows() if state == "done"] == ["new", "digest"]


def test_a_storm_is_not_gone_through_anew_with_each_thing_that_comes(post: Post) -> None:
    post.happen("new", 3)
    asked: list[str] = []
    post.tx.set_trace_callback(asked.append)
    post.happen("new", 2)
    assert not [it for it in asked if it.lstrip().startswith("select id, kind, made_at")]
    post.happen("spike", 1)
    assert [it for it in asked if it.lstrip().startswith("select id, kind, made_at")]
    post.tx.set_trace_callback(None)
    assert post.rows()[-1] == ("spike", "due")


def test_a_chat_that_is_always_told_hears_it_at_night(post: Post) -> None:
    post.now = EVENING
    post.happen("new", 1, ADA, ON_CALL, hours=NIGHT)
    channels = [
        it.target for name in ("mail", ON_CALL) for it in outbox.due(post.tx, EVENING, 9, name)
    ]
    assert channels == [ON_CALL]


def test_a_chat_with_hours_of_its_own_is_told_when_those_end(post: Post) -> None:
    lunch = Quiet(frozenset(range(7)), time(22), time(23, 30), BERLIN, "none")
    hours = Hours(NIGHT.default, {ON_CALL: lunch})
    post.now = EVENING
    post.happen("new", 2, ADA, ON_CALL, hours=hours)
    post.happen("spike", 1, ON_CALL, hours=hours)
    assert outbox.due(post.tx, EVENING, 9, ON_CALL) == []
    post.now += HOUR // 2
    post.tick(hours=hours)
    (message,) = outbox.due(post.tx, post.now, 9, ON_CALL)
    assert message.kind == "digest" and message.payload["count"] == 3
    assert outbox.due(post.tx, post.now, 9) == []


def test_a_mail_server_that_was_away_for_days_brings_ten_messages_at_most(post: Post) -> None:
    for _ in range(300):
        post.happen("new", 2)
        post.deliver("no")
        post.now += 10 * MINUTE
    assert post.fates()["lost"] == 0
    post.now += 4 * HOUR
    post.tick()
    post.deliver()
    assert len(post.handed) <= HOURLY
    post.live(3 * HOUR)
    assert set(post.fates()) == {"done", "told in a message that is done"}


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("happen"),
            st.sampled_from(["new", "regression", "spike", "loud"]),
            st.integers(1, 15),
        ),
        st.tuples(st.just("pass"), st.integers(1, 40 * 60), st.just(0)),
        st.tuples(st.just("deliver"), st.sampled_from(["yes", "no", "dies"]), st.just(0)),
        st.tuples(st.just("clock"), st.integers(-3 * 3600, 3 * 3600), st.just(0)),
    ),
    max_size=50,
)


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_under_any_order_of_ticks_deaths_and_failures_each_cause_is_told_exactly_once(
    story,
) -> None:
    with TemporaryDirectory() as folder, ledger(Path(folder)) as connection:
        post = Post(connection)
        stepped = False
        for what, how, times in story:
            if what == "happen":
                post.happen(how, times, ADA, BEN)
            elif what == "deliver":
                post.deliver(how)
            else:
                post.now += how * SECOND
                stepped |= what == "clock"
            post.tick(ADA, BEN)
        post.live(5 * DAY, ADA, BEN)
        causes = connection.execute("select count(*) from cause").fetchone()[0]
        assert post.fates().total() == 2 * causes
        assert set(post.fates()) <= {"done", "told in a message that is done"}
        assert connection.execute("select count(*) from outbox where state = 'due'").fetchone() == (
            0,
        )
        # a message that went out twice is one message
        first = {message_id: (at, to) for at, message_id, to in reversed(post.handed)}
        for at, to in first.values() if not stepped else ():
            assert sum(at <= it < at + HOUR and to == who for it, who in first.values()) <= HOURLY


def test_the_gate_asks_for_nothing_when_nothing_is_held(post: Post) -> None:
    gate.open_for_all(post.tx, None, HOST, NOON)
    assert lanes.next_at(post.tx) is None


def test_what_was_on_its_way_in_an_older_version_arrives(tmp_path: Path) -> None:
    """Summaries had other payloads, and those that were still to be written had none."""
    path = tmp_path / "lighttrace.db"
    steps = migrate.shipped()
    (noise,) = (it.version for it in steps if it.name.endswith("_noise.sql"))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate.migrate(db, path, steps=steps[: noise - 1])
        for name, kind, state, payload in (
            ("a", "new", "held", "{}"),
            ("b", "held", "due", "{}"),
            ("c", "held", "due", '{"count": 3, "issues": [1, 2, null]}'),
        ):
            db.execute(
                "insert into outbox(dedupe, kind, target, caused_at, made_at, due_at, state,"
                " message_id, payload) values(?1, ?2, 'ada@example.com', 0, ?3, ?3, ?4, ?1, ?5)",
                (name, kind, NOON, state, payload),
            )
        migrate.migrate(db, path)
        post = Post(db)
        post.tick()
        by_kind = {it.kind: it for it in outbox.due(db, NOON, 9)}
        assert set(by_kind) == {"new", "held"}
        summary = by_kind["held"]
        told = news.read(db, summary, summary.payload, "http://x", NOON)
        assert told is not None and told.digest is not None and told.digest.count == 3
        assert compose(told, summary, NOON).subject == "3 new issues"
