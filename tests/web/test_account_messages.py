"""Of what somebody wants a mail, their own quiet hours, and whether they want the weekly report."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from lighttrace.alerts import quiet, weekly
from lighttrace.alerts.quiet import Quiet
from lighttrace.store import preferences, users
from lighttrace.store.users import User
from tests.web.served import Site

OWN = {"quiet": "own", "from": "21:30", "to": "06:00", "day": ["mon", "fri"], "level": "spike"}


def me(site: Site) -> User:
    found = site.read(users.by_email, "mira@example.com")
    assert found is not None
    return found


def save(site: Site, **given: object) -> str:
    return str(site.client.post("/account/messages", data=given).headers["location"])


def test_nobody_has_said_anything_yet(mira: Site):
    page = mira.client.get("/account").text
    assert 'value="file" checked' in page and 'name="weekly" checked' in page
    assert "quiet" not in me(mira).options and weekly.wants(me(mira))


def test_own_hours_hold_and_are_shown_again(mira: Site):
    mira.client.post("/account/look", data={"theme": "auto", "timezone": "Asia/Kolkata"})
    assert save(mira, **OWN) == "/account?saved=messages#messages"
    assert quiet.of_options(me(mira).options) == Quiet(
        frozenset({0, 4}), time(21, 30), time(6), ZoneInfo("Asia/Kolkata"), "spike"
    )
    assert not weekly.wants(me(mira))
    page = mira.client.get("/account").text
    assert 'value="own" checked' in page and 'value="21:30"' in page
    assert "by the clock in Asia/Kolkata" in page

    save(mira, quiet="none", weekly="on")
    assert me(mira).options["quiet"] is None and weekly.wants(me(mira))
    save(mira, quiet="file")
    assert "quiet" not in me(mira).options


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "25:00"},
        {"from": ""},
        {"to": "21:30"},
        {"day": []},
        {"day": ["someday"]},
        {"level": "loud"},
        {"quiet": "always"},
    ],
)
def test_hours_that_are_none_change_nothing_and_say_so(mira: Site, wrong: dict[str, object]):
    before = me(mira).options
    assert save(mira, **{**OWN, **wrong}) == "/account?saved=hours-wrong#messages"
    assert me(mira).options == before
    assert "two different times and a day" in mira.client.get("/account?saved=hours-wrong").text


def test_of_what_one_wants_a_mail_is_kept_and_shown_again(mira: Site):
    save(mira, quiet="file", **{"of-new": "mine", "of-spike": "none"})
    wants = mira.read(preferences.of, me(mira).id)
    assert {kind: it for kind, it in wants.items() if it != "all"} == {
        "new": "mine",
        "spike": "none",
    }
    page = mira.client.get("/account").text
    assert '<option value="mine" selected>' in page and '<option value="none" selected>' in page


def test_a_want_that_is_not_offered_changes_nothing(mira: Site):
    answer = mira.client.post("/account/messages", data={"quiet": "none", "of-new": "sometimes"})
    assert answer.status_code == 400
    assert mira.read(preferences.of, me(mira).id)["new"] == "all"
    assert "quiet" not in me(mira).options
