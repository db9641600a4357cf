"""A rule composed: rehearsed on what happened, and handed out as the file takes it."""

import re
import tomllib
from html import unescape
from pathlib import Path

import pytest

from lighttrace.alerts.rehearse import reached
from lighttrace.store import teams
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site, config_of, served


@pytest.fixture
def shop(tmp_path: Path):
    with served(tmp_path) as site:
        site.user()
        site.sign_in()
        add_projects(site, "shop", "till")
        send(site, an_error("Burned", environment="production"))
        send(site, an_error("Staged", environment="staging"))
        yield site


def compose(site: Site, **fields: str) -> str:
    answer = site.client.get("/alerts/new", params=fields)
    assert answer.status_code == 200
    return answer.text


def test_a_rule_says_what_it_would_have_sent_and_missed(shop: Site, tmp_path: Path):
    html = compose(shop, when="new", where="environment:production", to="team:billing", every="1h")
    assert "Would have sent 1, and missed this 1." in html
    sent, missed = html.split("<h2>Missed</h2>")
    assert "Burned" in sent and "Staged" in missed and "Staged" not in sent
    text = unescape(re.findall(r'<code id="snippet">(.*?)</code>', html, re.DOTALL)[0])
    [rule] = tomllib.loads(text)["alerts"]["rule"]
    assert rule["where"] == "environment:production" and rule["every"] == "1h"
    assert config_of(tmp_path, text).alerts.rules[0].to == ("team:billing",)


def test_a_number_is_rehearsed_by_the_minute(shop: Site):
    send(shop, *[an_error("Burned", environment="production") for _ in range(9)])
    assert "Would have sent 1, and missed this 1." in compose(shop, when="10 events in 5m")
    assert "Would have sent 0, and missed these 2." in compose(shop, when="11 events in 5m")


def test_a_number_can_be_reached_again_when_it_fell_below_half():
    assert reached([(1, 3), (2, 3), (3, 9)], 5, 5) == [2]
    assert reached([(1, 6), (20, 1), (21, 6)], 5, 5) == [1, 21]


@pytest.mark.parametrize(
    "fields",
    [
        {"when": "newish"},
        {"when": "new", "where": "level:>>"},
        {"when": "new", "to": "#billing"},
        {"when": "new", "every": "soon"},
        {"when": "quota", "where": "level:error"},
        {"when": ","},
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_handed_out(shop: Site, fields: dict[str, str]):
    html = compose(shop, **fields)
    assert "note bad" in html and "snippet" not in html


def test_a_rehearsal_shows_only_what_is_seen(shop: Site):
    other = shop.write(teams.add, "Other", 1)
    shop.write(teams.set_of_project, 1, [other.id])
    shop.user("str@example.com", "member", "Str")
    shop.sign_in("str@example.com")
    html = compose(shop, when="new")
    assert "Would have sent 0." in html and "Burned" not in html
