"""What is sent because its time has come, once; and the sign of life to somebody outside."""

from datetime import UTC, datetime, time
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import msgspec
import pytest

from lighttrace.alerts.loop import Alerts
from lighttrace.alerts.ping import Ping, Sign, trouble
from lighttrace.alerts.routine import Routine
from lighttrace.clock import FixedClock
from lighttrace.config import Config
from lighttrace.errors import OutwardError
from lighttrace.settings.alerts import Alerts as AlertOptions
from lighttrace.store import asides, mutes, teams, triage, users, viewers
from lighttrace.store.assignees import Assignee
from lighttrace.store.database import Transaction
from lighttrace.store.mutes import Muted
from lighttrace.store.states import State
from lighttrace.store.store import Store
from lighttrace.store.users import User
from tests.mailbox import Mailbox, html_of, text_of
from tests.store.make import DAY, HOUR, MINUTE, add_project, an_event, rows

BERLIN = ZoneInfo("Europe/Berlin")
MIRA, BOB = "mira@shop.example", "bob@shop.example"


def at(text: str) -> int:
    """UTC, in ms."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


SATURDAY = at("2026-11-21T10:00:00")
MONDAY = at("2026-11-23T07:00:00")  # 08:00 in Berlin


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(SATURDAY)


class House:
    def __init__(self, store: Store, box: Mailbox, clock: FixedClock, **alerts: object) -> None:
        self.store, self.clock = store, clock
        self.config = Config(smtp=box.smtp(), alerts=AlertOptions(**alerts))  # type: ignore[arg-type]
        self.alerts = Alerts(store, lambda: self.config, clock)
        self.restart()

    def restart(self) -> None:
        self.routine = Routine(
            self.store, lambda: self.config, self.clock, lambda: "shop.example", self.alerts.wake
        )

    async def look(self) -> None:
        await self.routine.look()
        await self.alerts.step()


async def somebody(store: Store, email: str, role: str = "member", **options: object) -> User:
    def add(tx: Transaction) -> User:
        person = users.add(tx, email, email.split("@")[0].title(), role, None, SATURDAY - 30 * DAY)
        users.set_options(tx, person.id, {"timezone": "Europe/Berlin", **options})
        return person

    return await store.write(add)


async def test_on_monday_at_eight_where_they_are_everybody_gets_their_week_once(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await somebody(store, MIRA, "owner")
    await somebody(store, BOB, timezone="America/New_York")
    house = House(store, box, clock)
    await store.submit(an_event(at=SATURDAY, title="KeyError", user="u1"))
    clock.set(MONDAY - 1)
    await house.look()
    assert box.messages == []

    clock.set(MONDAY)
    for _ in range(3):
        await house.look()
    house.restart()
    await house.look()
    assert box.recipients == [MIRA]
    assert box.subjects() == ["Monday: 1 new, 0 fixed"]
    said = text_of(box.messages[0])
    assert "1 new issue, 0 fixed, 0 came back" in said
    assert "Your week, 16 to 22 November" in said
    assert "KeyError: 'price' (nobody · shop · 1 event · 1 user)" in said
    assert "Mondays at 08:00, Europe/Berlin." in said

    clock.set(MONDAY + 6 * HOUR)
    await house.look()
    assert box.recipients == [MIRA, BOB]


async def test_the_report_names_what_is_new_what_is_back_and_what_is_loudest(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    who = await somebody(store, BOB, weekly=False)
    await somebody(store, MIRA, "owner")
    week_ago, titles = SATURDAY - 20 * DAY, ("BackError", "LoudError", "CrowdError")
    clock.set(week_ago)
    found = {
        title: await store.submit(an_event(at=week_ago, title=title, group=title, user="u0"))
        for title in titles
    }
    clock.set(SATURDAY)
    back = found["BackError"].issue_id
    assert back is not None
    await store.write(triage.set_state, [back], State.RESOLVED, who.id, SATURDAY - 10 * DAY)
    bob = Assignee("user", who.id, who.name)
    await store.write(triage.assign, [back], bob, None, SATURDAY - 9 * DAY)
    await store.submit(an_event(at=SATURDAY, title="BackError", group="BackError", user="u1"))
    for number in range(30):
        await store.submit(an_event(at=SATURDAY, title="LoudError", group="LoudError", user="u1"))
        if number < 9:
            person = f"u{number}"
            crowd = an_event(at=SATURDAY, title="CrowdError", group="CrowdError", user=person)
            await store.submit(crowd)
    await store.submit(an_event(at=SATURDAY, title="NewError", group="NewError", user="u1"))

    clock.set(MONDAY)
    await House(store, box, clock).look()
    message = dict(zip(box.recipients, box.messages, strict=True))[MIRA]
    said = text_of(message)
    assert "1 new issue, 0 fixed, 1 came back" in said
    order = [said.index(it) for it in ("New, and nobody has it", "Came back", "Most users")]
    assert order == sorted(order)
    assert "NewError: 'price' (nobody · shop · 1 event · 1 user)" in said
    assert "BackError: 'price' (Bob · shop · 1 event · 1 user)" in said
    assert "CrowdError: 'price' (9 users · shop · 9 events · nobody)" in said
    assert "LoudError: 'price' (1 user · shop · 30 events · nobody)" in said
    assert html_of(message).count(">Came back<") == 1


async def test_nobody_gets_a_report_who_does_not_want_it_or_if_there_are_to_be_none(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await somebody(store, MIRA, weekly=False)
    await somebody(store, BOB)
    clock.set(MONDAY)
    await House(store, box, clock, weekly=False).look()
    assert box.recipients == []
    await House(store, box, clock).look()
    assert box.recipients == [BOB]


async def test_a_server_that_was_away_sends_it_later_that_day_but_not_on_the_next(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await somebody(store, MIRA)
    clock.set(MONDAY + 24 * HOUR)
    await House(store, box, clock).look()
    assert box.messages == []
    clock.set(MONDAY + 7 * DAY + 11 * HOUR)
    await House(store, box, clock).look()
    assert len(box.messages) == 1


async def test_bob_must_not_read_of_a_project_that_he_does_not_see(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    await somebody(store, MIRA, "owner")
    await somebody(store, BOB)

    def hide(tx: Transaction) -> None:
        add_project(tx, 2, "secret")
        team = teams.add(tx, "Vault", SATURDAY)
        tx.execute("insert into project_team values(2, ?)", (team.id,))

    await store.write(hide)
    await store.submit(an_event(at=SATURDAY, project_id=2, title="SecretError"))
    clock.set(MONDAY)
    await House(store, box, clock).look()
    by = dict(zip(box.recipients, box.messages, strict=True))
    assert "SecretError" in html_of(by[MIRA]) and "1 new issue" in text_of(by[MIRA])
    assert "SecretError" not in html_of(by[BOB]) and "0 new issues" in text_of(by[BOB])


async def test_messages_that_nobody_followed_are_called_noise(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    person = await somebody(store, MIRA, "owner")
    stored = await store.submit(an_event(at=SATURDAY, title="ChunkLoadError"))

    def tell(tx: Transaction) -> None:
        for number in range(25):
            tx.execute(
                "insert into outbox(dedupe, kind, target, issue_id, caused_at, made_at, due_at,"
                " state, message_id, payload) values(?, 'volume', ?, ?, 0, ?, 0, 'done', '', '{}')",
                (f"v{number}", MIRA, stored.issue_id, SATURDAY + number),
            )

    await store.write(tell)
    clock.set(MONDAY)
    await House(store, box, clock).look()
    assert "ChunkLoadError made 25 messages, and nobody opened it." in text_of(box.messages[0])

    assert stored.issue_id is not None
    await store.write(viewers.note, stored.issue_id, person.id, SATURDAY)
    clock.set(MONDAY)
    await store.write(lambda tx: tx.execute("delete from outbox where kind = 'weekly'") and None)
    await House(store, box, clock).look()
    assert "nobody opened it" not in text_of(box.messages[1])


async def test_what_mutes_kept_back_is_said_to_whom_it_would_have_reached_and_once(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    mira, bob = await somebody(store, MIRA, "owner"), await somebody(store, BOB)

    def mute(tx: Transaction) -> None:
        for whom, by, messages in ((None, mira.id, 30), (mira.id, mira.id, 4), (bob.id, bob.id, 1)):
            what = Muted(project_id=1, for_user=whom)
            made = mutes.add(tx, what, MONDAY + 4 * DAY, by, SATURDAY)
            for _ in range(messages):
                for person in (mira, bob):
                    if whom in (None, person.id):
                        asides.note(tx, person.email, "muted", made, SATURDAY)

    await store.write(mute)
    clock.set(MONDAY)
    await House(store, box, clock).look()
    by = dict(zip(box.recipients, map(text_of, box.messages), strict=True))
    everybody = "- 30 not sent: shop muted by Mira until Friday 08:00\n"
    assert everybody in by[MIRA] and everybody in by[BOB]
    assert "- 4 not sent: shop muted by you until Friday 08:00\n" in by[MIRA]
    assert "- 1 not sent: shop muted by you until Friday 08:00\n" in by[BOB]
    assert "- 4 not sent" not in by[BOB]
    box.messages.clear()
    clock.set(MONDAY + 7 * DAY)
    await House(store, box, clock).look()
    assert "not sent" not in text_of(box.messages[0])


async def test_a_line_a_day_says_what_happened_on_the_last(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    house = House(store, box, clock, to=("ops@shop.example",), alive=(time(8), BERLIN))
    for number in range(3):
        await store.submit(an_event(at=SATURDAY, group=f"g{number}"))
    await house.look()
    clock.advance(10 * MINUTE)
    await house.look()
    clock.set(SATURDAY + DAY)
    for _ in range(3):
        await house.look()
    house.restart()
    await house.look()
    assert [it.strip() for it in box.subjects() if "Alive" in it] == [
        "Alive: 0 events, 0 messages sent in the last day",
        "Alive: 3 events, 3 messages sent in the last day, 2 told together with others",
    ]
    clock.advance(DAY)
    await house.look()
    assert await rows(store, "select count(*) from outbox where kind = 'alive'") == [(3,)]


WELL = SimpleNamespace(name="alerts", beat_at=SATURDAY, running=True)


class Outside:
    """Somebody who waits for a sign of life."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 204

    async def __call__(self, url: str, allow_private: bool) -> int:
        self.asked.append(url)
        if self.status == 0:
            raise OutwardError("hc.example cannot be reached", code="connect")
        return self.status


async def test_a_sign_of_life_is_given_every_few_minutes_while_messages_get_through(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    options = AlertOptions(to=(MIRA,), ping_url="https://hc.example/x", ping_every_min=10)
    config = Config(smtp=box.smtp(), alerts=options)
    outside, loop = Outside(), Alerts(store, lambda: config, clock)
    beating = SimpleNamespace(name="alerts", beat_at=clock.now_ms(), running=True)
    ping = Ping(store, lambda: config, clock, lambda: (beating,), outside)
    for _ in range(30):
        await ping.look()
        clock.advance(MINUTE)
        beating.beat_at = clock.now_ms()
    assert outside.asked == ["https://hc.example/x"] * 3
    given = ping.sign
    assert given.at and not given.trouble

    box.refuse = "451 no"
    await store.submit(an_event())
    await loop.step()
    clock.advance(11 * MINUTE)
    await loop.step()
    beating.beat_at = clock.now_ms()
    assert not await ping.look()
    assert len(outside.asked) == 3
    assert ping.sign == Sign(given.at, "a message cannot be delivered")

    box.refuse = None
    clock.advance(HOUR)
    await loop.step()
    beating.beat_at = clock.now_ms()
    assert await ping.look()


async def test_without_an_address_nobody_is_asked_and_a_failure_is_no_crash(
    store: Store, box: Mailbox, clock: FixedClock
) -> None:
    outside = Outside()
    config = Config()
    assert not await Ping(store, lambda: config, clock, lambda: (WELL,), outside).look()
    outside.status = 0
    given = msgspec.structs.replace(config, alerts=AlertOptions(ping_url="https://hc.example/x"))
    assert not await Ping(store, lambda: given, clock, lambda: (WELL,), outside).look()
    assert len(outside.asked) == 1


async def test_no_sign_of_life_is_given_by_a_house_that_is_not_well(store: Store) -> None:
    health = store.health()
    still = SimpleNamespace(name="alerts", beat_at=SATURDAY - HOUR, running=True)
    ended = SimpleNamespace(name="alerts", beat_at=SATURDAY, running=False)
    assert trouble((WELL,), health, False, SATURDAY) == ""
    for pulses in ((), (still,), (ended,)):
        assert trouble(pulses, health, False, SATURDAY) == "the alerts loop stands still"
    assert trouble((WELL,), health, True, SATURDAY) == "a message cannot be delivered"
