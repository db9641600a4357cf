"""What is worth no message, and is said all the same: when there is a digest, or on Monday."""

import json
from typing import Any

import pytest

from lighttrace.alerts import news
from lighttrace.alerts.routine import Routine
from lighttrace.alerts.shapes import generic
from lighttrace.alerts.shapes.card import card
from lighttrace.alerts.spikes import stir
from lighttrace.store import activity, asides, mutes, teams, users
from lighttrace.store.database import Transaction
from lighttrace.store.mutes import Muted
from lighttrace.store.outbox import Message
from tests.mailbox import html_of, text_of
from tests.store.make import DAY, HOUR, MINUTE, NOON, add_project, rows
from tests.stories.team import ADA, Team

WEEK = 7 * DAY
FRIDAY_NOON = NOON + 3 * DAY  # NOON is a Tuesday's, UTC


async def look(team: Team) -> int:
    noted = await stir.look(team.store, lambda _: "default", team.clock.now_ms())
    await team.alerts.step()
    return noted


async def comes_again(team: Team, **over: Any) -> int:
    """Once a week, and then three times within an hour; somebody looks each time."""
    event = {"group": "rare", "title": "RareError", "value": "again", **over}
    for at in (NOON - 2 * WEEK, NOON - WEEK, NOON, NOON + 20 * MINUTE, NOON + 40 * MINUTE):
        team.clock.set(at)
        issue_id = await team.receive(**event)
        await look(team)
    return issue_id


async def somebody(team: Team, email: str, **options: Any) -> users.User:
    def add(tx: Transaction) -> users.User:
        person = users.add(tx, email, email.split("@")[0].title(), "member", None, NOON - 30 * DAY)
        users.set_options(tx, person.id, options)
        return person

    return await team.store.write(add)


async def storm(team: Team, count: int = 3) -> str:
    """A digest, as a text."""
    for number in range(count):
        await team.receive(group=f"storm{number}", title=f"Storm{number}")
    await team.wait(HOUR)
    assert "new issues" in team.box.subjects()[-1]
    return text_of(team.box.messages[-1])


async def test_3_an_issue_that_is_active_again_is_listed_in_the_next_digest_and_makes_no_mail(
    team: Team,
) -> None:
    issue_id = await comes_again(team)
    assert team.box.subjects() == ["New in shop: RareError: again"]
    await team.wait(2 * HOUR)
    assert len(team.box.messages) == 1, "it makes no message by itself"
    entries = await team.store.read(activity.of_issue, issue_id)
    (noted,) = (it.detail["reason"] for it in entries if it.kind == "active_again")
    assert noted == "3 per h, usually 1 a week"

    said = await storm(team)
    assert "Active again\n- RareError: again (3 per h, usually 1 a week)\n" in said
    assert "  http://127.0.0.1:8000/issues/SHOP-1\n" in said
    page = html_of(team.box.messages[-1])
    assert "Active again" in page and "3 per h, usually 1 a week" in page
    await team.wait(HOUR)
    assert "Active again" not in await storm(team, 9), "it is said once"


async def test_a_chat_and_a_program_are_told_by_the_way_too(team: Team) -> None:
    await comes_again(team)
    await storm(team)
    (payload,) = await rows(team.store, "select payload from outbox where kind = 'digest'")
    now_ms = team.clock.now_ms()
    payload = json.loads(payload[0])
    message = Message(1, "digest", "webhook:x", None, NOON, NOON, NOON, 1, "<a@b>", payload)
    told = await team.store.read(news.read, message, message.payload, "https://x.example", now_ms)
    assert told is not None
    said = "Active again: SHOP-1, RareError: again (3 per h, usually 1 a week)."
    assert card(told).reasons == (said,)
    assert generic.payload(told)["asides"] == [said]


async def test_what_then_becomes_a_message_is_not_mentioned_any_more(team: Team) -> None:
    issue_id = await comes_again(team)
    await team.cause("spike", issue_id)
    assert team.box.subjects()[-1].startswith("Spiking: RareError")
    assert "Active again" not in await storm(team)


async def test_it_is_looked_for_again_and_again_and_noted_once(team: Team) -> None:
    await comes_again(team)
    for _ in range(6):
        team.clock.advance(5 * MINUTE)
        assert await look(team) == 0
    assert len(await team.store.read(asides.of, ADA, "again")) == 1


async def test_what_comes_every_day_is_not_active_again(team: Team) -> None:
    for day in range(14, 0, -1):
        team.clock.set(NOON - day * DAY)
        await team.receive(group="daily")
        await team.receive(group="daily")
    for at in (NOON, NOON + 20 * MINUTE, NOON + 40 * MINUTE):
        team.clock.set(at)
        await team.receive(group="daily")
        assert await look(team) == 0


async def test_without_a_digest_the_report_of_monday_says_it(team: Team) -> None:
    await somebody(team, ADA)
    await comes_again(team)
    team.clock.set(NOON + 6 * DAY)  # Monday
    clock, alerts = team.clock, team.alerts
    await Routine(team.store, lambda: team.config, clock, lambda: "h", alerts.wake).look()
    await team.alerts.step()
    assert team.box.subjects()[-1].startswith("Monday:")
    said = text_of(team.box.messages[-1])
    assert "Active again\n- RareError: again (3 per h, usually 1 a week)\n" in said
    assert "Active again" not in await storm(team)


async def test_a_digest_says_what_mutes_kept_back_and_until_when(team: Team) -> None:
    mira = await somebody(team, "mira@example.com")
    issue_id = await team.receive(group="muted")
    until, what = FRIDAY_NOON, Muted(issue_id=issue_id)
    await team.store.write(mutes.add, what, until, mira.id, NOON)
    for _ in range(7):
        await team.cause("regression", issue_id)
        team.clock.advance(MINUTE)
    assert len(team.box.messages) == 1
    await team.wait(HOUR)
    assert "- 7 not sent: SHOP-1 muted by Mira until Friday 12:00\n" in await storm(team)
    await team.wait(HOUR)
    assert "not sent" not in await storm(team, 9)


async def test_it_is_told_by_the_readers_clock_and_not_of_what_they_see_no_more(team: Team) -> None:
    ada = await somebody(team, ADA, timezone="Europe/Berlin")
    await team.store.write(add_project, 2, "vault")
    seen = await team.receive(group="seen")
    hidden = await team.receive(group="hidden", project_id=2)
    for issue_id in (seen, hidden):
        what = Muted(issue_id=issue_id, for_user=ada.id)
        await team.store.write(mutes.add, what, FRIDAY_NOON, ada.id, NOON)
        await team.cause("regression", issue_id)

    def hide(tx: Transaction) -> None:
        made = teams.add(tx, "Vault", NOON)
        tx.execute("insert into project_team values(2, ?)", (made.id,))

    await team.store.write(hide)
    await team.wait(HOUR)
    said = await storm(team)
    assert "- 1 not sent: SHOP-1 muted by you until Friday 13:00\n" in said
    assert "VAULT" not in said and "vault" not in said


@pytest.mark.parametrize("name", ["<b>Mira</b>", "Mira\r\nBcc: x"])
async def test_names_are_no_markup(team: Team, name: str) -> None:
    mira = await somebody(team, "mira@example.com")
    await team.store.write(users.set_name, mira.id, name)
    issue_id = await team.receive(group="muted")
    await team.store.write(mutes.add, Muted(project_id=1), FRIDAY_NOON, mira.id, NOON)
    await team.cause("regression", issue_id)
    (mute,) = await team.store.read(mutes.every, NOON)
    await team.store.write(mutes.end, mute.id, team.clock.now_ms())
    await team.wait(HOUR)
    await storm(team)
    assert "<b>Mira" not in html_of(team.box.messages[-1])
    assert team.box.messages[-1]["Bcc"] is None
