"""A rule composed: rehearsed on what happened, and handed out as the file takes it."""

import re
import tomllib
from html import unescape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lighttrace.store import activity, mutes, teams
from lighttrace.store.mutes import Muted
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


def handle(site: Site, issue_id: int) -> None:
    """Somebody took it."""
    now_ms = site.clock.now_ms()
    site.write(activity.record, [issue_id], "acknowledged", 1, now_ms, {})


def headline(html: str) -> str:
    return re.findall(r'id="verdict">(.*?) <span', html, re.DOTALL)[0]


def test_a_rule_says_what_it_would_have_sent_and_missed(shop: Site, tmp_path: Path):
    handle(shop, 2)
    fields = {"when": "new", "where": "environment:production", "to": "team:billing"}
    html = compose(shop, **fields, every="1h")
    assert headline(html) == "Would have sent 1, and missed this 1."
    sent, missed = html.split('id="missed-h">Missed</h2>')
    assert "Burned" in sent and "Staged" in missed and "Staged" not in sent
    assert "It was new: environment:production is not true of it." in unescape(missed)
    assert "Mira took it" in missed and "Without environment:production" in missed
    text = unescape(re.findall(r'<pre id="snippet" hidden>(.*?)</pre>', html, re.DOTALL)[0])
    [rule] = tomllib.loads(text)["alerts"]["rule"]
    assert rule["where"] == "environment:production" and rule["every"] == "1h"
    assert config_of(tmp_path, text).alerts.rules[0].to == ("team:billing",)
    coloured = re.findall(r'<pre class="code snipped".*?</pre>', html, re.DOTALL)[0]
    shown = unescape(re.sub(r"<[^>]+>|\n", "", re.sub(r"<span>\d+</span>", "", coloured)))
    assert shown == text.replace("\n", "")


def test_what_nobody_cared_about_is_not_missed(shop: Site):
    html = compose(shop, when="new", where="environment:production")
    assert headline(html) == "Would have sent 1."


def test_the_change_that_is_offered_makes_it_speak(shop: Site):
    handle(shop, 2)
    html = compose(shop, when="5 events in 5m", where="environment:production")
    assert headline(html) == "Would have sent 0, and missed this 1."
    send(shop, *[an_error("Staged", environment="staging") for _ in range(4)])
    html = compose(shop, when="5 events in 5m", where="environment:production")
    [link] = re.findall(r'<a class="btn sm mt8" href="([^"]*)">Without env', html)
    assert headline(shop.client.get(unescape(link)).text) == "Would have sent 1."


def test_a_number_is_lowered_to_what_there_was(shop: Site):
    handle(shop, 1)
    send(shop, *[an_error("Burned", environment="production") for _ in range(8)])
    html = compose(shop, when="20 events in 5m")
    assert "9 events in 5 min at most." in html
    [link] = re.findall(r'<a class="btn sm mt8" href="([^"]*)">Lower to 9 events', html)
    assert headline(shop.client.get(unescape(link)).text) == "Would have sent 1."
    rows = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
    words = [re.sub(r"<[^>]+>", " ", row).split("  ") for row in rows]
    assert len(rows) == 6 and "10 events in 5 min" in rows[5], words


def test_the_page_begins_with_a_rule_that_is_rehearsed(shop: Site):
    html = compose(shop)
    assert headline(html) == "Would have sent 0."
    assert "when = &#34;10 users in 5m&#34;" in html
    assert '<option value="users" selected>' in html
    assert "<option selected>shop</option>" in compose(shop, project="shop")


def test_the_form_leads_to_the_address_that_says_it_shortest(shop: Site):
    fields = [("moment", "events"), ("n", "50"), ("within", "5"), ("moment", "new"), ("n", "")]
    fields += [("within", ""), ("moment", ""), ("n", ""), ("within", "")]
    fields += [("project", "shop"), ("project", ""), ("where", "level:error"), ("to", "#a")]
    fields += [("to", "owner"), ("to", ""), ("drop", "owner"), ("every", "1h"), ("name", "Odd")]
    answer = shop.client.get("/alerts/new", params=fields, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == (
        "/alerts/new?when=50%20events%20in%205m,%20new&project=shop&where=level:error"
        "&to=team:a&every=1h&name=Odd"
    )


def test_a_fragment_says_the_address_and_draws_the_form_when_it_has_to(shop: Site):
    ask = {"hx-request": "true", "hx-request-type": "partial", "hx-target": "div#rehearsed"}
    fields = {"moment": ["new", ""], "n": ["", ""], "within": ["", ""], "project": "", "to": ""}
    answer = shop.client.get("/alerts/new", params=fields, headers=ask)
    assert answer.headers["hx-replace-url"] == "/alerts/new?when=new"
    assert "<form" not in answer.text and 'hx-target="#when-e"' in answer.text
    more = shop.client.get("/alerts/new", params=fields | {"to": "owner"}, headers=ask)
    assert 'id="rule"' in more.text and "<html" not in more.text


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"when": "newish"}, "when", 'Did you mean "new"?'),
        ({"when": "x users in 5m"}, "when", '"x" is no number.'),
        ({"when": "5 users in 9 weeks"}, "when", "is no time"),
        ({"when": "new", "where": "level:>>"}, "where", "level: takes debug"),
        ({"when": "new", "where": "is:mine"}, "where", "a rule is nobody"),
        ({"when": "new", "to": "nobody there"}, "to", "is nobody"),
        ({"when": "new", "every": "soon"}, "every", "is no time"),
        ({"when": "every", "every": "1m"}, "every", "would be a flood"),
        ({"when": "quota", "where": "level:error"}, "where", "as a whole"),
        ({"when": "new", "project": "none"}, "project", "There is no project none"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_handed_out(
    shop: Site, fields: dict[str, str], field: str, said: str
):
    html = unescape(compose(shop, **fields))
    slot = re.findall(rf'id="{field}-e">(.*?)</div>', html, re.DOTALL)[0]
    assert said in slot
    assert "note bad" in html and "snippet" not in html


def test_a_rule_that_can_never_speak_says_why(shop: Site):
    assert "This rule can never speak:" in compose(shop, when="new", where="is:resolved")


def test_whom_it_would_tell_is_said_as_far_as_they_see_it(shop: Site):
    tove = shop.user("tove@example.com", "member", "Tove")
    team = shop.write(teams.add, "Billing", 1)
    other = shop.write(teams.add, "Other", 1)
    shop.write(teams.join, team.id, tove.id)
    shop.write(teams.set_of_project, 1, [other.id])
    html = compose(shop, when="new", project="shop", to="team:billing,webhook:none")
    whom = re.findall(r'id="whom".*?</ul>', html, re.DOTALL)[0]
    assert "Tove does not see shop and hears nothing" in whom
    assert "no [[alerts.webhook]] is called none" in whom
    html = compose(shop, when="new", project="till", to="team:billing")
    assert "<b>#billing</b>: Tove" in html


def test_what_is_muted_is_said(shop: Site):
    assert "muted" not in compose(shop, when="new")
    until = shop.clock.now_ms() + 3_600_000
    shop.write(mutes.add, Muted(issue_id=1), until, 1, shop.clock.now_ms())
    html = compose(shop, when="new")
    assert html.count("It is muted now, so nobody would hear of it today.") == 1


PARTS = st.lists(st.text(max_size=30) | st.sampled_from(["users", "5", "events", "5m", ""]))
HOSTILE = st.dictionaries(
    st.sampled_from(["when", "moment", "n", "within", "project", "where", "to", "drop", "every"]),
    PARTS.filter(bool),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HOSTILE)
def test_an_address_that_makes_no_sense_is_answered(shop: Site, params: dict[str, list[str]]):
    answer = shop.client.get("/alerts/new", params=params)
    if "moment" in params:
        assert answer.status_code == 303
        answer = shop.client.get(answer.headers["location"])
    assert answer.status_code == 200
    assert 'id="verdict"' in answer.text or "This is no rule yet." in answer.text


def test_a_rehearsal_shows_only_what_is_seen(shop: Site):
    other = shop.write(teams.add, "Other", 1)
    shop.write(teams.set_of_project, 1, [other.id])
    shop.user("str@example.com", "member", "Str")
    shop.sign_in("str@example.com")
    for when in ("new", "2 events in 5m", "1 users", "every"):
        html = compose(shop, when=when)
        assert headline(html) == "Would have sent 0." and "Burned" not in html
    assert "There is no project shop" in compose(shop, when="new", project="shop")
