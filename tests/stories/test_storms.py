"""What a team hears when much happens at once, and when little does: from the event to the mailbox,
with a clock that is told what time it is.
"""

from datetime import time
from zoneinfo import ZoneInfo

from lighttrace.config import Config
from lighttrace.settings.alerts import Alerts as AlertOptions
from lighttrace.settings.quiet_hours import QuietHours
from tests.mailbox import html_of, text_of
from tests.store.make import DAY, HOUR, MINUTE, NOON, an_event
from tests.stories.team import ADA, Team

SECOND = 1_000


async def test_forty_new_issues_after_a_deploy_are_one_mail_and_one_digest(team: Team) -> None:
    await team.receive(group="old", release="shop@2.0.0")
    await team.wait(HOUR)
    team.box.messages.clear()

    for number in range(40):
        group, title = f"g{number}", f"Error{number}"
        await team.receive(group=group, title=title, release="shop@2.1.0", user=f"u{number % 7}")
        await team.receive(group=group, title=title, release="shop@2.1.0", user=f"u{number % 5}")
        await team.wait(90 * SECOND // 40)
    await team.wait(HOUR)

    assert len(team.box.messages) == 2
    assert team.box.subjects()[1] == "39 new issues in shop since shop@2.1.0"
    said = text_of(team.box.messages[1])
    assert "The first came 2 s after the first event of shop@2.1.0." in said
    assert "They share: release shop@2.1.0, 100 % of all events" in said
    assert "78 events, of 80 in shop, 7 users" in said
    assert said.count("/issues/SHOP-") == 5
    assert "/issues?project=shop&query=firstSeen" in said
    assert "See all 39" in html_of(team.box.messages[1])


async def test_a_database_that_takes_twelve_issues_down_makes_two_mails(team: Team) -> None:
    tags = (("server_name", "web-1"), ("db", "replica"))
    for number in range(12):
        await team.receive(group=f"g{number}", title=f"Error{number}", tags=tags)
        await team.receive(group="calm", tags=(("server_name", "web-9"), ("db", "primary")))
        await team.wait(HOUR)
    await team.wait(DAY)
    team.box.messages.clear()

    broken = (("server_name", "db-2"), ("db", "primary"))
    for number in range(12):
        for _ in range(9):
            group, title = f"g{number}", f"Error{number}"
            issue_id = await team.receive(group=group, title=title, tags=broken)
        await team.cause("spike", issue_id)
        await team.wait(10 * SECOND)
    await team.wait(HOUR)

    assert len(team.box.messages) == 2
    assert team.box.subjects()[1] == "11 issues spiking in shop: host db-2"
    said = text_of(team.box.messages[1])
    assert "They share: host db-2, 100 % of all events" in said
    assert "Also: db primary, 100 % of all events" in said


async def test_what_came_in_the_night_is_one_mail_in_the_morning(team: Team) -> None:
    hours = QuietHours(from_=time(22), to=time(7), zone=ZoneInfo("Europe/Berlin"))
    alerts = AlertOptions(to=(ADA,), quiet_hours=hours)
    team.config = Config(smtp=team.box.smtp(), alerts=alerts)
    team.clock.set(NOON + 10 * HOUR)  # 23:00
    for number in range(3):
        await team.receive(group=f"g{number}")
        await team.wait(2 * HOUR)
    assert team.box.messages == []
    await team.wait(4 * HOUR)
    assert team.box.subjects() == ["3 new issues in shop"]
    assert "It waited for the end of your quiet hours." in text_of(team.box.messages[0])
    assert team.clock.now_ms() >= NOON + 18 * HOUR


async def test_a_noisy_line_makes_as_many_mails_a_day_as_its_rule_speaks_and_then_all_is_as_before(
    team: Team,
) -> None:
    noisy = await team.receive(group="noisy")
    await team.wait(HOUR)
    team.box.messages.clear()
    for _ in range(48):  # the rule speaks every 30 minutes, however many events there are
        await team.cause("loud", noisy)
        await team.wait(30 * MINUTE)
    assert len(team.box.messages) == 48

    await team.wait(7 * DAY)
    team.box.messages.clear()
    await team.receive(group="another")
    assert len(team.box.messages) == 1, "at once"


async def test_a_message_that_goes_ahead_says_how_many_are_held(team: Team) -> None:
    for number in range(4):
        await team.store.submit(an_event(at=NOON, group=f"g{number}"))
    await team.alerts.step()
    assert "3 more messages are held, and told together soon." in text_of(team.box.messages[0])
    await team.wait(HOUR)
    assert "held, and told" not in text_of(team.box.messages[1])
