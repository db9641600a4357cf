"""A spike that began with a release says so, out of the rows of real events."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lighttrace.alerts import news
from lighttrace.alerts.compose import compose
from lighttrace.alerts.expand import expand_due
from lighttrace.alerts.news import News
from lighttrace.alerts.shapes import generic
from lighttrace.alerts.shapes.card import card
from lighttrace.alerts.spikes import words
from lighttrace.store import activity, outbox
from lighttrace.store.outbox import Message
from tests.alerts.spikes.test_watch import OPS, Tracker, past, tracking
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event

SECOND = 1_000
ONSET = NOON + 4 * MINUTE


@pytest.fixture
async def tracker(tmp_path: Path) -> AsyncIterator[Tracker]:
    """Issue 1 has come twice a minute for four days, of shop@2.0.0."""
    async with tracking(tmp_path / "lighttrace.db", NOON - 4 * DAY) as tracker:
        first = an_event(at=NOON - 4 * DAY, user="first", release="shop@2.0.0")
        await tracker.store.submit(first)
        await tracker.store.write(past, "a", NOON - 4 * DAY + MINUTE, MINUTE, 2)
        await tracker.store.write(expand_due, OPS, None, "h", NOON - 4 * DAY)  # that it is new
        yield tracker


async def deployed(tracker: Tracker, at: int = NOON) -> None:
    """The first event of shop@2.1.0 comes, of another issue."""
    tracker.clock.set(at)
    await tracker.store.submit(an_event(at=at, group="other", release="shop@2.1.0"))


async def fifteen_a_minute(tracker: Tracker, *releases: str) -> None:
    """Twice a minute up to the onset; from then on every four seconds, of these in turn."""
    await tracker.hear(range(NOON + 10 * SECOND, ONSET, 30 * SECOND), release="shop@2.0.0")
    for number, at in enumerate(range(ONSET, ONSET + 90 * SECOND, 4 * SECOND)):
        await tracker.hear([at], user=f"v{number}", release=releases[number % len(releases)])


async def told(tracker: Tracker) -> tuple[News, Message]:
    """What the message of the spike says; those about new issues have gone."""
    now_ms = tracker.clock.now_ms()
    await tracker.store.write(expand_due, OPS, None, "h", now_ms)
    due = await tracker.store.read(outbox.due, now_ms, 9)
    (message,) = (it for it in due if it.kind == "spike")
    found = await tracker.store.read(news.read, message, message.payload, "http://h", now_ms)
    assert found is not None
    return found, message


async def test_8_four_minutes_after_a_release_it_is_named_wherever_the_spike_is_told(
    tracker: Tracker,
) -> None:
    await deployed(tracker)
    await fifteen_a_minute(tracker, "shop@2.1.0")
    found, message = await told(tracker)
    (reason,) = found.reasons
    assert reason.endswith("per min, usually 2; began 4 min after shop@2.1.0")
    assert message.caused_at - ONSET <= MINUTE

    mail = compose(found, message, tracker.clock.now_ms())
    for part in (mail.text, mail.html):
        assert "usually 2" in part and "began 4 min after shop@2.1.0" in part
        assert "Loud since shop@2.1.0" in part
        assert "4 min after the first event of this release" in part
    assert reason in card(found).reasons
    assert generic.payload(found)["reasons"] == [reason]

    entries = await tracker.store.read(activity.of_issue, 1)
    noted = next(it.detail for it in entries if it.kind == "spiking")
    assert noted["began"] == {
        "release": "shop@2.1.0",
        "after_ms": pytest.approx(4 * MINUTE, abs=30 * SECOND),
        "words": "began 4 min after shop@2.1.0",
    }


async def test_a_release_that_most_events_do_not_carry_is_not_accused(tracker: Tracker) -> None:
    await deployed(tracker)
    await fifteen_a_minute(tracker, "shop@2.1.0", "shop@2.0.0")
    found, message = await told(tracker)
    assert "began" not in found.reasons[0]
    mail = compose(found, message, tracker.clock.now_ms())
    assert "Loud since" not in mail.text and "No release began" not in mail.text


async def test_a_release_of_an_hour_before_is_not_accused(tracker: Tracker) -> None:
    await deployed(tracker, NOON - HOUR)
    await fifteen_a_minute(tracker, "shop@2.1.0")
    found, message = await told(tracker)
    assert "began" not in found.reasons[0]
    mail = compose(found, message, tracker.clock.now_ms())
    assert "No release began within 30 minutes before." in mail.text


async def test_without_any_release_nothing_is_said_of_one(tracker: Tracker) -> None:
    tracker.clock.set(NOON)
    for number, at in enumerate(range(ONSET, ONSET + MINUTE, 4 * SECOND)):
        await tracker.hear([at], user=f"v{number}", release=None)
    found, _ = await told(tracker)
    assert "began" not in found.reasons[0]


def test_the_name_of_a_release_is_a_strangers_text() -> None:
    assert words.began("shop@2.1.0", 48_000) == "began 48 s after shop@2.1.0"
    assert words.began("a\r\nb" + "x" * 500, 0).startswith("began 0 s after a b")
    assert len(words.began("x" * 500, 0)) <= 100
