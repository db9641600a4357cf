"""What lies behind a message: read for those who show it, and no more of it than they show."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lighttrace.alerts import background, news
from lighttrace.alerts.background import Background
from lighttrace.alerts.deliver import Courier
from lighttrace.alerts.news import News
from lighttrace.clock import FixedClock
from lighttrace.store import affected, issues, outbox, releases, weeks
from lighttrace.store.outbox import Draft, Message
from lighttrace.store.sight import ALL
from lighttrace.store.store import Store
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event
from tests.store.shelf import Shelf, a_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with a_shelf(tmp_path) as shelf:
        yield shelf


def behind(shelf: Shelf, kind: str, since: int) -> Background:
    issue = issues.get(shelf.db, 1, ALL)
    assert issue is not None
    return background.read(shelf.db, issue, kind, NOON, {"since_at": since}, NOON)


def test_of_many_events_the_newest_are_read(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.receive(*(an_event(at=NOON - n * MINUTE, user=f"u{n % 7}") for n in range(40, 0, -1)))
    found = behind(shelf, "spike", NOON - 20 * MINUTE)
    assert (found.events, found.people, found.since_at) == (20, 7, NOON - 20 * MINUTE)
    monkeypatch.setattr(affected, "MOST_READ", 5)
    found = behind(shelf, "spike", NOON - 20 * MINUTE)
    assert (found.events, found.people) == (5, 5)


def test_the_newest_release_is_the_one_that_was_first_seen_last(shelf: Shelf) -> None:
    """Whatever its number is, and however early another project had it."""
    for hours, release in ((9, "shop@2.0"), (5, "shop@1.9"), (3, "shop@2.0"), (-1, "shop@3.0")):
        shelf.receive(an_event(at=NOON - hours * HOUR, release=release))
    assert releases.last_before(shelf.db, 1, NOON) == ("shop@1.9", NOON - 5 * HOUR)
    assert releases.last_before(shelf.db, 1, NOON - DAY) is None


class Chat:
    """A channel that keeps what it is given."""

    name = "webhook:chat"

    def __init__(self, *, in_full: bool) -> None:
        self.in_full = in_full
        self.told: list[News] = []

    async def hand_over(self, news: News, message: Message, now_ms: int) -> tuple[str, str]:
        self.told.append(news)
        return "200", "ok"


@pytest.mark.parametrize("in_full", [True, False])
async def test_a_channel_is_given_what_it_shows(
    store: Store, clock: FixedClock, in_full: bool
) -> None:
    for n in range(3):
        await store.submit(an_event(at=NOON - n, user=f"u{n}"))
    said = {"since_at": NOON - HOUR}
    draft = Draft("a", "spike", Chat.name, 1, NOON, said)  # type: ignore[arg-type]
    row = await store.write(outbox.add, draft, "h", NOON)
    assert row is not None and await store.write(outbox.release, row, NOON)
    chat = Chat(in_full=in_full)
    courier = Courier(store, clock, "http://h", None, {})
    assert await courier.deliver_due(chat) == 1
    (told,) = chat.told
    assert told.told is not None and told.told.count == 3
    assert told.told.background.people == (3 if in_full else 0)


def test_the_issues_of_a_list_are_told_without_their_events(shelf: Shelf) -> None:
    """Nobody shows the code of each: their bodies are not read for it."""
    shelf.receive(an_event(), an_event(group="b"))
    message = Message(7, "held", "webhook:chat", None, NOON, NOON, NOON, 1, "<7@h>", {})
    asked: list[str] = []
    shelf.db.set_trace_callback(asked.append)
    found = news.read(shelf.db, message, {"issues": [1, 2], "count": 2}, "http://h", NOON)
    shelf.db.set_trace_callback(None)
    assert found is not None and [it.short_id for it in found.others] == ["SHOP-1", "SHOP-2"]
    assert not any("event_body" in statement for statement in asked)


def test_what_nobody_has_taken_is_what_met_most_people(shelf: Shelf) -> None:
    for n in range(4):
        users = range(n + 1)
        shelf.receive(*(an_event(at=NOON + u, group=f"g{n}", user=f"u{u}") for u in users))
    shelf.receive(an_event(at=NOON - 9 * DAY, group="old"))
    shelf.db.execute("update issue set acknowledged_at = 1 where id = 4")
    shelf.db.execute("update issue set state = 1 where id = 3")
    shelf.db.execute("update issue_env set state = 1 where issue_id = 3")
    assert weeks.nobodys(shelf.db, None, NOON - 7 * DAY, NOON + DAY, 3) == [(2, 2), (1, 1)]
    assert weeks.nobodys(shelf.db, (2,), NOON - 7 * DAY, NOON + DAY, 3) == []
    assert weeks.nobodys(shelf.db, None, NOON - 7 * DAY, NOON, 3) == []
