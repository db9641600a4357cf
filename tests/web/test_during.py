"""Which issues made a bar of the inbox's chart."""

import re

import pytest

from lighttrace.store import teams
from tests.web.sending import add_projects, an_error, send
from tests.web.served import NOW_MS, Site

MINUTE, DAY = 60_000, 86_400_000
HERE = "/inbox/during?from=2026-11-24T06:00Z&to=2026-11-24T06:20Z"  # NOW_MS is its first minute


@pytest.fixture
def shop(mira: Site) -> Site:
    """From 6:00 to 6:20 Alpha fails three times, Bravo once, in the blog; at 6:20 Charlie does."""
    add_projects(mira, "shop", "blog")
    for minute, name, project in (
        (0, "Alpha", 1), (5, "Alpha", 1), (19, "Alpha", 1), (7, "Bravo", 2), (20, "Charlie", 1),
    ):  # fmt: skip
        mira.clock.set(NOW_MS + minute * MINUTE)
        environment = "staging" if minute == 5 else "production"
        send(mira, an_error(f"{name}Error", environment=environment), project=project)
    mira.clock.set(NOW_MS + 30 * MINUTE)
    return mira


def counted(html: str) -> dict[str, int]:
    names = re.findall(r"<b>(\w+Error)</b>", html)
    return dict(zip(names, map(int, re.findall(r'<td class="r"><b>(\d+)</b>', html)), strict=True))


def test_each_bar_leads_to_the_issues_that_made_it(shop: Site):
    html = shop.client.get("/?environment=production").text
    bars = re.findall(r'<a href="(/inbox/during[^"]*)" tabindex="-1" aria-label="([^"]*)"', html)
    assert [said for _, said in bars] == ["06:00–06:20: 3", "06:20–06:40: 1"]
    address = bars[0][0].replace("&amp;", "&")
    assert counted(shop.client.get(address).text) == {"AlphaError": 2, "BravoError": 1}


def test_it_is_right_to_the_event(shop: Site):
    html = shop.client.get(HERE).text
    assert counted(html) == {"AlphaError": 3, "BravoError": 1}
    assert "<b>4 errors</b> in 2 issues, most of them AlphaError." in html
    assert counted(shop.client.get(f"{HERE}&environment=staging").text) == {"AlphaError": 1}
    assert counted(shop.client.get(f"{HERE}&project=blog").text) == {"BravoError": 1}
    later = re.search(r'href="([^"]*)">Later', html)
    assert later is not None
    assert counted(shop.client.get(later[1].replace("&amp;", "&")).text) == {"CharlieError": 1}


def test_where_nothing_happened_that_is_said(shop: Site):
    quiet = "/inbox/during?from=2026-11-24T04:00Z&to=2026-11-24T05:00Z"
    assert "No error happened from 04:00 to 05:00" in shop.client.get(quiet).text
    shop.clock.set(NOW_MS + 16 * DAY)
    html = shop.client.get(quiet).text
    assert "That is too long ago" in html and "24 November, 04:00 to 05:00" in html


NONSENSE = (
    ("", ""),
    ("x", "y"),
    ("2026-11-24T06:00Z", ""),
    ("2026-11-24T06:20Z", "2026-11-24T06:00Z"),
    ("2026-11-24T06:00Z", "2026-11-26T06:00Z"),
    ("0001-01-01T00:00Z", "0001-01-01T01:00Z"),
    ("2026-11-24T99:99Z", "2026-11-24T06:00Z"),
    ("\0", "\U0001f4a5"),
)


@pytest.mark.parametrize(("since", "until"), NONSENSE)
def test_a_time_that_makes_no_sense_is_the_hour_of_now(shop: Site, since: str, until: str):
    answer = shop.client.get("/inbox/during", params={"from": since, "to": until})
    assert answer.status_code == 200
    assert "06:00 to 07:00" in answer.text and counted(answer.text)["CharlieError"] == 1


def test_bob_must_not_see_what_is_not_his(shop: Site):
    team = shop.write(teams.add, "One", 0)
    shop.write(teams.set_of_project, 1, [team.id])
    shop.user("bob@example.com", "member", "Bob")
    shop.client.post("/logout")
    assert shop.sign_in("bob@example.com").status_code == 303
    assert counted(shop.client.get(HERE).text) == {"BravoError": 1}
    assert shop.client.get(f"{HERE}&project=shop").status_code == 404
