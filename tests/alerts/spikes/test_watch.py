"""Spikes in a real database: found after the commit, stored with their cause, gone on with over a
restart, and ended.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lighttrace.alerts import news
from lighttrace.alerts.compose import compose
from lighttrace.alerts.expand import expand_due
from lighttrace.alerts.rules import Policy, Rule
from lighttrace.alerts.spikes import ears, watch
from lighttrace.alerts.spikes.watch import GRACE_S, Setting, Watch
from lighttrace.clock import FixedClock
from lighttrace.errors import DiskError
from lighttrace.event.triggers import trigger
from lighttrace.store import activity, deleting, merging, minutes, outbox, spikes
from lighttrace.store.database import Transaction
from lighttrace.store.minutes import Subject
from lighttrace.store.store import Store
from tests.store.make import DAY, HOUR, MINUTE, NOON, a_hash, an_event, one, rows, running

ADD_COUNTS = (
    "insert into count_minute values(:minute, :hash, 1, :n, :n, :n)",
    "insert into count_hour values(:minute / 60, :hash, 1, 0, :n)"
    " on conflict do update set n = n + :n",
    "insert into project_minute values(:minute, 1, :n, :n)"
    " on conflict do update set n = n + :n, capped = capped + :n",
)
BORN = "update grouphash set created_at = ? where hash = ? returning id"
SET_STATE = "update issue set state = ? where id = 1"

OPS = Policy(fallback=("ops@example.com",))


def past(tx: Transaction, group: str, first: int, every: int, n: int = 1) -> None:
    """`n` events every so many ms up to NOON, counted as if they had come."""
    (hash_id,) = tx.execute(BORN, (first, a_hash(group))).fetchone()
    tx.execute("update project set first_event_at = min(first_event_at, ?)", (first,))
    for sql in ADD_COUNTS:
        tx.executemany(
            sql,
            [
                {"minute": at // MINUTE, "hash": hash_id, "n": n}
                for at in range(first, NOON - MINUTE, every)
            ],
        )


def untold(tx: Transaction) -> None:
    """As if nobody had been told of any cause."""
    tx.execute("update cause set expanded_at = null")


def set_state(tx: Transaction, state: int) -> None:
    tx.execute(SET_STATE, (state,))


class Tracker:
    """A store and its watch, with a clock that is set."""

    def __init__(self, store: Store, clock: FixedClock, setting: Setting = "default") -> None:
        self.store, self.clock = store, clock
        self.woken = 0
        self.setting = setting
        self.watch = Watch(store, lambda it: self.setting, clock, self._wake)
        store.on_commit.append(self.watch.committed)

    def _wake(self) -> None:
        self.woken += 1

    async def begin(self) -> None:
        await self.watch.begin(grace_s=0)

    async def hear(self, times: Iterable[int], group: str = "a", **over: Any) -> None:
        for number, at in enumerate(times):
            self.clock.set(at)
            user = over.get("user", f"u{number}")
            await self.store.submit(an_event(**over | {"at": at, "group": group, "user": user}))
            await self.watch.turn()

    async def wait(self, until: int, step: int = 20_000) -> None:
        while self.clock.now_ms() < until:
            self.clock.advance(step)
            await self.watch.turn()

    async def causes(self) -> list[tuple[str, int | None]]:
        sql = "select kind, issue_id from cause where kind <> 'new' order by id"
        return [tuple(row) for row in await rows(self.store, sql)]

    async def kinds(self, issue_id: int = 1) -> list[str]:
        found = await self.store.read(activity.of_issue, issue_id)
        return [it.kind for it in reversed(found)]


@asynccontextmanager
async def tracking(path: Path, at: int = NOON) -> AsyncIterator[Tracker]:
    clock = FixedClock(at)
    async with running(path, clock) as store:
        tracker = Tracker(store, clock)
        await tracker.begin()
        yield tracker


@pytest.fixture
async def tracker(tmp_path: Path) -> AsyncIterator[Tracker]:
    """Issue 1 has come once a minute for four days, and nobody has heard anything yet."""
    async with tracking(tmp_path / "lighttrace.db", NOON - 4 * DAY) as tracker:
        await tracker.store.submit(an_event(at=NOON - 4 * DAY, user="first"))
        await tracker.store.write(past, "a", NOON - 4 * DAY + MINUTE, MINUTE)
        tracker.clock.set(NOON)
        yield tracker


def loud(start: int = NOON, minutes_long: int = 1, per_min: int = 12) -> list[int]:
    return [start + n * MINUTE // per_min for n in range(per_min * minutes_long)]


async def test_ten_times_as_loud_is_a_spike_within_a_minute(tracker: Tracker) -> None:
    await tracker.hear(loud())
    assert await tracker.causes() == [("spike", 1)]
    assert tracker.woken == 1
    found = (await tracker.store.read(spikes.of_issues, [1])).get(1)
    assert found is not None and found.started_at - NOON <= MINUTE
    assert found.reason == f"{found.n} per min, usually 1"
    assert await one(tracker.store, "select spike_factor from issue") == pytest.approx(found.n)
    assert await tracker.kinds() == ["spiking"]


async def test_the_cause_says_what_was_seen(tracker: Tracker) -> None:
    await tracker.hear(loud())
    ((said, dedupe, event_row),) = await rows(
        tracker.store, "select said, dedupe, event_row from cause where kind = 'spike'"
    )
    found = (await tracker.store.read(spikes.of_issues, [1])).get(1)
    assert found is not None and dedupe == f"spike:{found.id}:0"
    assert f'"reason": "{found.reason}"' in said and event_row is not None


async def test_a_steady_issue_costs_hardly_a_look(tracker: Tracker) -> None:
    asked = []
    read = tracker.store.read

    async def counted(fn: Any, *args: Any) -> Any:
        asked.append(fn)
        return await read(fn, *args)

    tracker.store.read = counted  # type: ignore[method-assign]
    await tracker.hear(range(NOON, NOON + 4 * MINUTE, MINUTE))
    assert len(asked) <= 1


async def test_it_ends_and_is_noted_and_nobody_gets_another_message(tracker: Tracker) -> None:
    await tracker.hear(loud(minutes_long=3))
    await tracker.wait(NOON + HOUR)
    assert await tracker.causes() == [("spike", 1)]
    assert await tracker.kinds() == ["spiking", "spike_over"]
    assert await one(tracker.store, "select spike_factor from issue") is None
    assert await tracker.store.read(spikes.open_ones) == []
    assert await tracker.kinds() == ["spiking", "spike_over"]


async def test_its_words_follow_what_happens(tracker: Tracker) -> None:
    await tracker.hear(loud())
    await tracker.hear(loud(NOON + MINUTE, per_min=60), user=None)
    await tracker.wait(NOON + 2 * MINUTE)
    found = (await tracker.store.read(spikes.of_issues, [1]))[1]
    assert found.n > 20 and found.reason == f"{found.n} per min, usually 1"
    assert await one(tracker.store, "select spike_factor from issue") == pytest.approx(found.n)


async def test_what_gets_worse_after_an_hour_is_said(tracker: Tracker) -> None:
    for minute in range(64):
        at = NOON + minute * MINUTE
        await tracker.hear(loud(at, per_min=12 if minute < 61 else 60), user=None)
    assert await tracker.causes() == [("spike", 1), ("spike_escalated", 1)]
    assert await tracker.kinds() == ["spiking", "spike_escalated"]


async def test_two_looks_never_make_two_causes(tracker: Tracker) -> None:
    twin = Tracker(tracker.store, tracker.clock)
    await twin.begin()
    for number, at in enumerate(loud(minutes_long=2)):
        await tracker.hear([at], user=f"u{number}")
        await twin.watch.turn()
    assert await tracker.causes() == [("spike", 1)]
    assert await one(tracker.store, "select count(*) from spike") == 1


async def test_it_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "lighttrace.db"
    async with tracking(path, NOON - 4 * DAY) as tracker:
        await tracker.store.submit(an_event(at=NOON - 4 * DAY, user="first"))
        await tracker.store.write(past, "a", NOON - 4 * DAY + MINUTE, MINUTE)
        tracker.clock.set(NOON)
        await tracker.hear(loud(minutes_long=2))
    async with tracking(path, NOON + 3 * MINUTE) as again:
        await again.hear(loud(NOON + 3 * MINUTE, minutes_long=3))
        assert await again.causes() == [("spike", 1)]
        await again.wait(NOON + HOUR)
        assert await again.kinds() == ["spiking", "spike_over"]


async def test_a_slow_drip_is_remembered_over_a_restart(tmp_path: Path) -> None:
    """One every twelve minutes of what came once a week, and a restart in between."""
    path = tmp_path / "lighttrace.db"
    async with tracking(path, NOON - 14 * DAY) as tracker:
        await tracker.store.submit(an_event(at=NOON - 14 * DAY, user="first"))
        await tracker.store.write(past, "a", NOON - 14 * DAY + MINUTE, 7 * DAY)
        tracker.clock.set(NOON)
        await tracker.hear([NOON, NOON + 12 * MINUTE], user=None)
    async with tracking(path, NOON + 20 * MINUTE) as again:
        await again.hear([NOON + minute * MINUTE for minute in (24, 36)], user=None)
        assert await again.causes() == []
        await again.hear([NOON + 48 * MINUTE], user=None)
        assert await again.causes() == [("spike", 1)]


async def test_for_five_minutes_after_a_start_nothing_is_judged(tracker: Tracker) -> None:
    tracker.watch._quiet_until_s = NOON // 1000 + GRACE_S
    await tracker.hear(loud(minutes_long=4, per_min=20))
    assert await tracker.causes() == []
    await tracker.wait(NOON + 6 * MINUTE)
    assert await tracker.causes() == [("spike", 1)]


async def test_one_person_is_no_spike_of_an_issue_nor_of_a_project(tracker: Tracker) -> None:
    await tracker.hear(loud(minutes_long=5, per_min=30), user="loop")
    assert await tracker.causes() == []


async def test_what_comes_late_is_no_spike(tracker: Tracker) -> None:
    await tracker.hear(loud(minutes_long=2), happened_at=NOON - HOUR)
    assert await tracker.causes() == []


async def test_many_issues_a_little_louder_are_a_spike_of_the_project(tracker: Tracker) -> None:
    """Seven new issues; none is old enough to be a spike itself."""
    for n, at in enumerate(loud(minutes_long=2, per_min=20)):
        await tracker.hear([at], group=f"new{n % 7}", user=f"u{n}")
    assert await tracker.causes() == [("spike", None)]
    (found,) = await tracker.store.read(spikes.open_ones)
    assert found.subject == Subject(1, None)
    await tracker.wait(NOON + HOUR)
    assert await tracker.store.read(spikes.open_ones) == []


async def test_what_is_archived_is_silent(tracker: Tracker) -> None:
    await tracker.store.write(set_state, 2)
    await tracker.hear(loud())
    assert ("spike", 1) not in await tracker.causes()


async def test_archiving_ends_a_spike_without_a_word(tracker: Tracker) -> None:
    await tracker.hear(loud())
    await tracker.store.write(set_state, 2)
    await tracker.wait(NOON + 2 * MINUTE)
    assert await tracker.kinds() == ["spiking"]
    assert await one(tracker.store, "select ending from spike") == "closed"
    assert await one(tracker.store, "select spike_factor from issue") is None


async def test_a_deleted_issue_leaves_nothing(tracker: Tracker) -> None:
    await tracker.hear(loud())
    await tracker.store.write(deleting.delete, [1], NOON + 2 * MINUTE)
    await tracker.wait(NOON + 2 * MINUTE)
    assert await one(tracker.store, "select count(*) from spike") == 0


async def test_switched_off_for_a_project_nothing_is_judged(tracker: Tracker) -> None:
    tracker.setting = "off"
    await tracker.hear(loud())
    assert await tracker.causes() == []


async def test_merged_issues_are_judged_as_one(tracker: Tracker) -> None:
    """Five a minute each would be a lot for one of them; together they always were ten."""
    await tracker.store.submit(an_event(at=NOON - 4 * DAY, group="b", user="first"))
    await tracker.store.write(past, "b", NOON - 4 * DAY + MINUTE, MINUTE, 9)
    await tracker.store.write(merging.merge, 1, [2], None, NOON)
    await tracker.hear(loud(per_min=12))
    assert await tracker.causes() == []
    counts = await tracker.store.read(minutes.counts, Subject(1, 1), 0, NOON // MINUTE - 2)
    assert {n for _, n, _ in counts[10:]} == {10}


async def test_a_split_issue_forgets_what_is_not_its_own(tracker: Tracker) -> None:
    await tracker.store.submit(an_event(at=NOON - 4 * DAY, group="b", user="first"))
    await tracker.store.write(past, "b", NOON - 4 * DAY + MINUTE, MINUTE, 9)
    undo = await tracker.store.write(merging.merge, 1, [2], None, NOON)
    await tracker.hear(loud(per_min=9), group="b")
    assert undo and 1 in tracker.watch._ears._rings
    await tracker.store.write(merging.unmerge, 2, None, NOON + MINUTE)
    assert 1 not in tracker.watch._ears._rings


async def test_rings_are_bounded(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ears, "MOST_RINGS", 5)
    for n in range(12):
        await tracker.hear([NOON + n * 1000], group=f"g{n}", user="ann")
    assert len(tracker.watch._ears._rings) == 5
    assert len(tracker.watch._ears._projects) == 5


async def test_more_than_can_be_read_at_a_start_is_counted_by_minutes(tracker: Tracker) -> None:
    await tracker.hear(loud(minutes_long=4, per_min=30), user=None)
    found = await tracker.store.read(minutes.last_hour, NOON + 5 * MINUTE, 50)
    assert len(found.events) == 30  # of the last minute; of the one before some were cut
    assert sum(n for *_, minute, n in found.counts if minute >= NOON // MINUTE) == 90


def test_the_watch_steps_often_enough_for_a_spike_to_end_in_time() -> None:
    assert watch.STEP_S <= 60


async def test_the_mail_says_how_loud_it_is_and_was(tracker: Tracker) -> None:
    await tracker.store.write(expand_due, OPS, None, "h", tracker.clock.now_ms())  # that it is new
    await tracker.hear(loud())
    found = (await tracker.store.read(spikes.of_issues, [1]))[1]
    await tracker.store.write(expand_due, OPS, None, "h", tracker.clock.now_ms())
    due = await tracker.store.read(outbox.due, tracker.clock.now_ms(), 9)
    (message,) = (it for it in due if it.kind == "spike")
    told = await tracker.store.read(
        news.read, message, message.payload, "http://h", tracker.clock.now_ms()
    )
    assert told is not None and told.rate == news.Rate(found.n, 1, 1.0)
    mail = compose(told, message, tracker.clock.now_ms())
    assert mail.subject == f"{found.n}× more: KeyError in shop"
    assert mail.text.startswith(f"Spiking, {found.n}× more") and found.reason in mail.text


async def test_nobody_is_mailed_of_a_project_without_a_rule(tracker: Tracker) -> None:
    for n, at in enumerate(loud(minutes_long=2, per_min=20)):
        await tracker.hear([at], group=f"new{n % 7}", user=f"u{n}")
    assert await tracker.causes() == [("spike", None)]
    await tracker.store.write(expand_due, OPS, None, "h", tracker.clock.now_ms())
    kinds = "select distinct kind from outbox"
    assert [kind for (kind,) in await rows(tracker.store, kinds)] == ["new"]
    asked = replace(OPS, rules=(Rule("loud", (trigger("spike"),), to=("ops@example.com",)),))
    await tracker.store.write(untold)
    await tracker.store.write(expand_due, asked, None, "h", tracker.clock.now_ms())
    assert ("spike",) in await rows(tracker.store, kinds)


async def test_the_next_spike_of_an_issue_is_one_again(tracker: Tracker) -> None:
    await tracker.hear(loud(minutes_long=3))
    await tracker.wait(NOON + HOUR)
    await tracker.hear(range(NOON + HOUR, NOON + 3 * HOUR, MINUTE))
    await tracker.hear(loud(NOON + 3 * HOUR, minutes_long=2, per_min=60))
    assert await tracker.causes() == [("spike", 1), ("spike", 1)]


async def test_a_look_that_fails_is_had_again(tracker: Tracker) -> None:
    """A disk that cannot be read for a moment must not make us deaf to an issue."""
    read, broken = tracker.store.read, [True]

    async def sometimes(fn: Any, *args: Any) -> Any:
        if broken and broken.pop():
            raise DiskError("not now")
        return await read(fn, *args)

    tracker.store.read = sometimes  # type: ignore[method-assign]
    with pytest.raises(DiskError):
        await tracker.hear(loud(minutes_long=2))
    await tracker.hear(loud(NOON + 2 * MINUTE, minutes_long=2))
    assert await tracker.causes() == [("spike", 1)]


async def test_a_spike_of_what_is_merged_away_ends(tracker: Tracker) -> None:
    await tracker.store.submit(an_event(at=NOON - HOUR, group="b", user="first"))
    await tracker.hear(loud())
    await tracker.store.write(merging.merge, 2, [1], None, NOON + 2 * MINUTE)
    await tracker.wait(NOON + 3 * MINUTE)
    assert await one(tracker.store, "select ending from spike where issue_id = 1") == "closed"
    assert await tracker.store.read(spikes.of_issues, [1, 2]) == {}


async def test_while_a_look_is_due_events_only_count(tracker: Tracker) -> None:
    """However many there are: what each costs must not be a look."""
    looks: list[int] = []
    watching = tracker.watch._ears
    ask = watching._is_open
    watching._is_open = lambda *it: bool(looks.append(it[2])) or ask(*it)  # type: ignore
    for number in range(400):
        await tracker.store.submit(an_event(at=NOON + number * 5, user=f"u{number}"))
    assert len(looks) <= 12 and 1 in watching.due
