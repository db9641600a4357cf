"""Every moment, every filter and its opposite, by mail and by webhook: rules as a user writes them,
through the whole application, to a mail server and a program that listen.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from lighttrace.alerts import trouble
from lighttrace.clock import FixedClock
from lighttrace.store import keys, outcomes, projects, teams, triage, users
from lighttrace.store.archiving import Archive
from lighttrace.store.database import Reader, Transaction
from lighttrace.store.sight import ALL
from lighttrace.store.states import State
from tests.alerts.hooks import Hooked, hooked
from tests.mailbox import Mailbox, mailbox, text_of
from tests.stories.test_spike import was_usual
from tests.test_app import House, house

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
FILE = """
[smtp]
host = "{host}"
port = {port}
tls = "none"
from = "lighttrace@example.com"

[alerts]
to = ["ops@example.com"]

[[project]]
slug = "shop-web"

[owners]
rules = ["path:src/checkout/* #billing"]
auto_assign = true
"""
EVENT_ID = "ab" * 16
EVENT = {
    "event_id": EVENT_ID,
    "platform": "javascript",
    "level": "error",
    "logger": "checkout.pay",
    "environment": "production",
    "release": "shop@2.1.0",
    "transaction": "POST /checkout/pay",
    "tags": {"component": "checkout", "attempt": "3"},
    "user": {"id": "17", "email": "mira@shop.example"},
    "exception": [
        {
            "type": "PaymentError",
            "value": "connection to gateway-7 refused",
            "mechanism": {"type": "onerror", "handled": False},
            "stacktrace": {
                "frames": [
                    {"filename": "src/checkout/pay.ts", "function": "charge", "in_app": True}
                ]
            },
        }
    ],
}


class Listening:
    """An application with rules, and what those it tells have heard."""

    def __init__(self, app: House, clock: FixedClock, box: Mailbox, program: Hooked) -> None:
        self.app, self.clock, self.box, self.program = app, clock, box, program

    def post(self, **over: object) -> None:
        self.clock.advance(SECOND)
        self.app.post("shop-web", {**EVENT, "event_id": None, **over})

    def heard(self) -> Counter[str]:
        """Whom a message has reached, once nothing waits to be told any more."""
        self.settle()
        mails = Counter(str(it["to"]) for it in self.box.messages)
        return mails + Counter({"program": len(self.program.arrived)})

    def settle(self) -> None:
        ends = time.monotonic() + 20
        self.app.app.services.wake_alerts()
        while self.app.read(_waits):
            assert time.monotonic() < ends, self.app.read(_what_waits)
            time.sleep(0.01)


WAITING = """
select (select count(*) from cause where expanded_at is null)
  + (select count(*) from outbox where state = 'due')
"""


LEFT = "select target, attempts, error from outbox where state = 'due'"


def _what_waits(db: Reader) -> list[object]:
    return db.execute(LEFT).fetchall()


def _waits(db: Reader) -> int:
    return int(db.execute(WAITING).fetchone()[0])


@contextmanager
def listening(folder: Path, clock: FixedClock, rules: str) -> Iterator[Listening]:
    with mailbox() as box, hooked("generic") as program:
        smtp = box.smtp()
        file = FILE.format(host=smtp.host, port=smtp.port) + rules.replace("{url}", program.base)
        with house(folder, clock, file) as app:
            app.write(_people, clock.now_ms())
            yield Listening(app, clock, box, program)


def _people(tx: Transaction, now_ms: int) -> None:
    billing = teams.add(tx, "Billing", now_ms)
    users.add(tx, "mira@shop.example", "Mira", "member", None, now_ms)
    assert billing.slug == "billing"


# --- when ---


def resolve(it: Listening) -> None:
    it.app.write(triage.set_state, [1], State.RESOLVED, None, it.clock.now_ms())


def archive(it: Listening) -> None:
    until, now_ms = Archive("events", n=2), it.clock.now_ms()
    it.app.write(partial(triage.set_state, archive=until), [1], State.ARCHIVED, None, now_ms)


def was_usual_for_days(it: Listening) -> None:
    began = it.clock.now_ms()
    it.post()
    it.clock.set(began + 4 * DAY)
    it.app.write(was_usual, began, it.clock.now_ms())


def gets_loud(it: Listening) -> None:
    for number in range(30):
        it.post(user={"id": str(number)})


def says_something(it: Listening) -> None:
    said = {"event_id": EVENT_ID, "name": "Bea", "email": "", "comments": "It took my money"}
    lines = ({"event_id": EVENT_ID}, {"type": "user_report"}, said)
    project = it.app.read(projects.by_slug, "shop-web", ALL)
    public = it.app.read(keys.of_project, project.id)[0].public
    body = "\n".join(map(json.dumps, lines))
    at = f"/api/{project.id}/envelope/?sentry_key={public}"
    assert it.app.client.post(at, content=body).status_code == 200


def is_refused(outcome: str, n: int) -> Callable[[Listening], None]:
    def send(it: Listening) -> None:
        hour = it.clock.now_ms() // HOUR
        it.app.write(outcomes.add, Counter({(hour, 1, 1, "error", outcome, "", "server"): n}))
        it.app.write(trouble.look, it.clock.now_ms())

    return send


def nothing(it: Listening) -> None:
    pass


def posted(*several: dict[str, object]) -> Callable[[Listening], None]:
    def post(it: Listening) -> None:
        for one in several:
            it.post(**one)

    return post


ONCE = posted({})
MOMENTS: dict[str, tuple[Callable[[Listening], None], Callable[[Listening], None], str]] = {
    # when → what is not enough, what is, what the message says
    "new": (nothing, ONCE, "it is new"),
    "regression": (lambda it: (ONCE(it), ONCE(it), resolve(it))[0], ONCE, "it is back"),
    "escalating": (
        lambda it: (ONCE(it), archive(it), ONCE(it))[0],
        ONCE,
        "it is louder than foreseen",
    ),
    "spike": (was_usual_for_days, gets_loud, "usually 1"),
    "3 events in 5m": (posted({}, {}), ONCE, "3 events in 5 min"),
    "2 users in 1h": (posted({}, {}), posted({"user": {"id": "18"}}), "2 users in an hour"),
    "2 users": (posted({}, {}), posted({"user": {"id": "18"}}), "2 users"),
    "every": (nothing, ONCE, "there is an event"),
    "feedback": (posted({"event_id": EVENT_ID}), says_something, "a user has said something"),
    "ingest": (is_refused("invalid", 49), is_refused("invalid", 1), "50 refused"),
    "quota": (
        is_refused("invalid", 60),
        is_refused("rate_limited", 9),
        "more was sent than can be taken",
    ),
}


@pytest.mark.parametrize("when", MOMENTS)
def test_each_moment_is_told_by_mail_and_webhook_when_it_comes_and_not_before(
    tmp_path: Path, clock: FixedClock, when: str
) -> None:
    rule = RULE.format(name="it", when=when, where="", base="{url}").replace("where = ''\n", "")
    not_enough, enough, words = MOMENTS[when]
    with listening(tmp_path, clock, rule) as it:
        not_enough(it)
        assert it.heard() == {}
        enough(it)
        assert it.heard() == {"it@example.com": 1, "program": 1}
        assert words in text_of(it.box.messages[0])
        arrived = it.program.arrived[0].json
        assert any(words in reason for reason in arrived["reasons"]), arrived["reasons"]


# --- where ---

RULE = """
[[alerts.rule]]
name = "{name}"
when = "{when}"
where = '{where}'
to = ["{name}@example.com", "webhook:{name}"]

[[alerts.webhook]]
name = "{name}"
kind = "generic"
url = "{base}/{name}"
secret = "battery-staple"
allow_private = true
"""

# each holds for the event above; what does not is the same with another value
HOLD = (
    "environment:production",
    "environment:[production,staging]",
    "environment:prod*",
    "level:error",
    "level:>=warning",
    "level:[error,fatal]",
    "is:unhandled",
    "handled:no",
    "component:checkout",
    "component:CHECK*",
    "component:*heck*",
    "component:[search,checkout]",
    "has:component",
    "attempt:>2",
    "release:shop@2.1.0",
    "release:shop@*",
    "release:2.1.0",
    "release:latest",
    "release:>=2.0",
    "release:~2.1",
    'message:"connection to * refused"',
    "message:gateway",
    "type:PaymentError",
    "type:*Error",
    "culprit:*pay*",
    "title:PaymentError",
    "file:checkout/pay.ts",
    "function:charge",
    "logger:checkout.*",
    "platform:javascript",
    "transaction:*/pay",
    "user.email:mira@shop.example",
    "user:17",
    "project:shop-*",
    "age:<1h",
    "count:>=1",
    "users:<5",
    "owner:#billing",
    "assigned:#billing",
    "team:billing",
    "is:assigned",
    'time:"Wed 11:00-12:00 UTC"',
    'time:"Mon-Fri Europe/Berlin"',
    "(level:fatal OR component:checkout) environment:production",
    "gateway",
)
NOT = (
    "environment:[staging,dev]",
    'environment:""',
    "level:>=fatal",
    "handled:yes",
    "component:[search,cart]",
    "has:nothing_of_the_kind",
    "attempt:>3",
    "release:shop@2.0.*",
    "release:<2.0",
    'message:"connection to * accepted"',
    "type:TypeError",
    "culprit:*login*",
    "logger:root",
    "platform:python",
    "user.email:ada@shop.example",
    "count:>100",
    "owner:none",
    "assigned:#search",
    "team:search",
    'time:"Sat,Sun UTC"',
    'time:"Wed 09:00-11:00 UTC"',
)


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("when", ["new", "3 events in 5m", "every"])
def test_each_filter_lets_through_what_it_means_and_its_opposite_everything_else(
    tmp_path: Path, clock: FixedClock, when: str, half: int
) -> None:
    """Each filter and each opposite is a rule with an address and a webhook of its own."""
    told, file = {}, []
    for n, (where, holds) in enumerate(
        [*((it, True) for it in HOLD), *((it, False) for it in NOT)]
    ):
        if n % 2 == half:
            opposite = f"!({where})" if where[:1] in "(" else f"!{where}"
            told |= {f"is-{n}": where} if holds else {f"not-{n}": opposite}
            file += [RULE.format(name=f"is-{n}", when=when, where=where, base="{url}")]
            file += [RULE.format(name=f"not-{n}", when=when, where=opposite, base="{url}")]
    with listening(tmp_path, clock, "".join(file)) as it:
        for _ in range(3 if "events" in when else 1):
            it.post()
        it.settle()
        mailed = {str(mail["to"]).partition("@")[0] for mail in it.box.messages}
        hooked_to = {arrived.path.removeprefix("/") for arrived in it.program.arrived}
        for names in (mailed, hooked_to):
            assert {name: told.get(name) for name in names} == told


# --- how often ---


def test_after_a_message_a_rule_keeps_silent_about_the_issue_for_as_long_as_it_says(
    tmp_path: Path, clock: FixedClock
) -> None:
    """Three rules and what comes of an issue within an hour, with the usual pauses and another."""
    rules = "".join(
        RULE.format(name=name, when=when, where="level:error", base="{url}").replace(
            "where", f'every = "{every}"\nwhere' if every else "where"
        )
        for name, when, every in (
            ("often", "every", "20m"),
            ("usually", "every", ""),
            ("counted", "2 events in 1m", "1h"),
        )
    )
    told: dict[int, set[str]] = {}
    with listening(tmp_path, clock, rules) as it:
        began = clock.now_ms()
        before: Counter[str] = Counter()
        for minute in (0, 19, 21, 29, 31, 42, 59, 61):
            clock.set(began + minute * MINUTE)
            it.post()
            it.post()
            told[minute] = {who.partition("@")[0] for who in it.heard() - before} - {"program"}
            before = it.heard()
    assert told == {
        0: {"often", "usually", "counted"},
        19: set(),
        21: {"often"},
        29: set(),
        31: {"usually"},
        42: {"often"},
        59: set(),
        61: {"usually", "counted"},
    }
