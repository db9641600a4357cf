"""The page of alerts: rules as sentences, what was told, mutes made and ended."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.datastructures import QueryParams

from lighttrace.alerts.expand import expand_due
from lighttrace.alerts.rules import policy
from lighttrace.store import mutes, outbox, teams, triage
from lighttrace.store.outbox import Attempt
from lighttrace.web.rule_form import Asked
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site, served
from tests.web.test_issue_page import text_of

RULES = """
[smtp]
host = "mail.example.com"
from = "errors@example.com"
[alerts]
to = ["ops@example.com"]
[[alerts.webhook]]
name = "chat"
kind = "slack"
url = "https://hooks.example.com/services/T0/B0/secretsecret"
[[alerts.rule]]
name = "what matters"
when = ["new", "regression"]
[[alerts.rule]]
name = "burning"
when = "50 events in 5m"
project = ["shop", "till"]
where = "environment:production"
to = ["team:billing", "webhook:chat", "mira@example.com"]
every = "1h"
[[alerts.rule]]
name = "odd"
when = "new"
where = "is:resolved"
"""


@pytest.fixture
def shop(tmp_path: Path):
    """The shop with rules; Mira, an owner, is signed in. One new issue was told of by mail."""
    with served(tmp_path, RULES) as site:
        site.user()
        site.sign_in()
        add_projects(site, "shop", "till")
        billing = site.write(teams.add, "Billing", site.clock.now_ms())
        site.write(teams.join, billing.id, 1)
        yield site


def tell(site: Site) -> list[int]:
    """Turn what happened into messages that are on their way; returns their ids."""
    told = policy(site.services.config)
    while site.write(expand_due, told, None, "host", site.clock.now_ms()):
        pass
    return [it.id for it in site.read(outbox.due, site.clock.now_ms(), 50)]


def page(site: Site, path: str = "/alerts", **headers: str) -> str:
    answer = site.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def rules_of(html: str) -> list[str]:
    return [
        " ".join(text_of(it).split())
        for it in re.findall(r'<article class="rl.*?</article>', html, re.DOTALL)
    ]


def test_without_a_rule_the_page_says_what_holds_and_that_nobody_hears(tmp_path: Path):
    with served(tmp_path) as site:
        site.user()
        site.sign_in()
        html = page(site)
        only = rules_of(html)[0]
        assert only.startswith(
            "When an issue is new , comes back , is louder than foreseen or spikes , tell its owner"
        )
        assert "Built in" in only
        assert "told to nobody" in html
        assert "No message in 24 h" in html
        assert "No message yet" in page(site, "/alerts?period=14d")


def test_rules_are_sentences_and_name_whom_they_tell(shop: Site):
    html = page(shop)
    _, burning, odd = rules_of(html)
    assert burning.startswith(
        "When an issue has 50 events within 5 min in shop or till and environment:production "
        "is true of it, tell #billing , chat and you , at most once per hour for each issue."
    )
    assert "#billing, 1 person you" in burning
    number = shop.services.config.source.read_text().splitlines().index('name = "burning"')
    assert f"burning · line {number}" in burning
    assert "Never fires" in odd and "can never fire" in odd and ", 1 warning<" in html
    assert "secretsecret" not in html and "hooks.example.com" not in html


def test_a_message_shows_its_tries_its_age_and_the_rule_it_came_by(shop: Site):
    send(shop, an_error("Burned"))
    [message] = tell(shop)
    assert "ops@example.com" in page(shop)
    now_ms = shop.clock.now_ms()
    shop.write(outbox.claim, message, now_ms)
    failed = Attempt(now_ms, "451", 30, "Try again later.")
    shop.write(outbox.postpone, message, failed, now_ms + 60_000)
    html = page(shop)
    assert "Try 2" in html and "Try again later." in html and "Retrying" in rules_of(html)[0]
    shop.clock.set(now_ms + 60_000)
    shop.write(outbox.claim, message, shop.clock.now_ms())
    shop.write(outbox.record_delivered, message, Attempt(shop.clock.now_ms(), "250", 30, "ok"))
    html = page(shop)
    assert "New in shop: Burned" in html and "at try 2" in html
    assert "1 message went out in 24 h" in html
    assert re.search(r"p50</dt><dd>60 s|p50</dt><dd>1 min", html)
    assert " 1 · " in rules_of(html)[0] and " 0 · never" in rules_of(html)[1]


def test_older_deliveries_come_as_a_fragment(shop: Site):
    for number in range(30):
        send(shop, an_error(f"Error{number}", value=f"no {number}"))
    tell(shop)
    older = re.findall(r'hx-get="(/alerts\?before=\d+)"', page(shop))[0]
    headers = {
        "hx-request": "true",
        "hx-request-type": "partial",
        "hx-target": "section#deliveries",
    }
    fragment = page(shop, older, **headers)
    assert fragment.lstrip().startswith('<section id="deliveries"')
    assert "Error0<" in fragment and "Error29<" not in fragment
    assert "Error0<" in page(shop, older)


def test_who_sees_some_projects_reads_of_their_messages_only(shop: Site):
    send(shop, an_error("Hidden"))
    tell(shop)
    other = shop.write(teams.add, "Other", 1)
    shop.write(teams.set_of_project, 1, [other.id])
    shop.user("vic@example.com", "viewer", "Vic")
    shop.sign_in("vic@example.com")
    html = page(shop)
    assert "Hidden" not in html and "Nobody had to be told" in html
    assert "ops@example.com" not in html and "an address of the file" in html
    assert "Mute for everybody" not in html and "Mute for me alone" in html


def mute(site: Site, path: str = "/alerts/mute", **fields: str) -> str:
    answer = site.client.post(path, data=fields)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def test_an_issue_is_muted_until_it_has_met_more_people_and_unmuted_early(shop: Site):
    send(shop, an_error("Noisy"))
    for what, n in (("users", "10"), ("events", "100")):
        assert "done=muted" in mute(shop, what="issue:SHOP-1", **{"for": what}, n=n)
    first, second = shop.read(mutes.every, shop.clock.now_ms())
    assert {it.condition.kind for it in (first, second)} == {"users", "events"}
    html = page(shop)
    assert "until 10 more users" in html and "until 100 more events" in html
    assert "done=unmuted" in mute(shop, f"/alerts/mutes/{first.id}/end")
    assert [it.id for it in shop.read(mutes.every, shop.clock.now_ms())] == [second.id]
    assert "done=unmuted" in mute(shop, f"/alerts/mutes/{first.id}/end"), "as in another tab"
    assert shop.client.post("/alerts/mutes/999/end").status_code == 404
    log = text_of(page(shop, "/settings/audit"))
    assert "muted SHOP-1 for everybody" in log and log.count("unmuted SHOP-1") == 1


def test_the_page_of_an_issue_offers_a_mute_and_says_that_there_is_one(shop: Site):
    send(shop, an_error("Noisy"))
    assert "Mute for everybody" in page(shop, "/issues/SHOP-1")
    where = mute(shop, what="issue:SHOP-1", next="/issues/SHOP-1", **{"for": "1h"})
    assert where == "/issues/SHOP-1?done=muted.0"
    html = page(shop, where)
    assert 'id="muted-h"' in html and "Muted. What it keeps back" in html


def test_a_muted_rule_says_so_and_tells_nobody(shop: Site):
    mute(shop, what="rule:what matters", **{"for": "morning"})
    assert "Muted" in rules_of(page(shop))[0]
    send(shop, an_error("Unheard"))
    assert tell(shop) == []
    assert "kept back 1 message" in page(shop)


def test_what_one_keeps_from_oneself_is_ones_own(shop: Site):
    shop.user("vic@example.com", "viewer", "Vic")
    shop.sign_in("vic@example.com")
    assert "done=muted" in mute(shop, "/alerts/mute-me", what="all", **{"for": "week"})
    [own] = shop.read(mutes.every, shop.clock.now_ms())
    assert (own.what.for_user, own.until) == (2, shop.clock.now_ms() + 7 * 24 * 3_600_000)
    assert "Everything" in page(shop)
    shop.sign_in()
    assert "Everything</b>" not in page(shop)
    assert shop.client.post(f"/alerts/mutes/{own.id}/end").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"what": "all", "for": "1h"},
        {"what": "rule:nobody wrote this", "for": "1h"},
        {"what": "issue:SHOP-99", "for": "1h"},
        {"what": "project:shop", "for": "events", "n": "5"},
        {"what": "project:shop", "for": "date", "date": "2020-01-01"},
        {"what": "project:shop", "for": "date", "date": "9999-12-31"},
        {"what": "project:shop", "for": "date", "date": "soon"},
        {"what": "project:shop", "for": "ever"},
        {"what": "", "for": ""},
    ],
)
def test_what_makes_no_sense_mutes_nothing(shop: Site, fields: dict[str, str]):
    assert "done=unmutable" in mute(shop, **fields)
    assert shop.read(mutes.every, shop.clock.now_ms()) == []


def test_who_does_not_see_a_project_cannot_mute_it_nor_learn_of_its_mutes(shop: Site):
    send(shop, an_error("Hidden"))
    other = shop.write(teams.add, "Other", 1)
    shop.write(teams.set_of_project, 1, [other.id])
    mute(shop, what="project:shop", **{"for": "1h"})
    [made] = shop.read(mutes.every, shop.clock.now_ms())
    shop.user("str@example.com", "member", "Str")
    shop.sign_in("str@example.com")
    assert "Project shop" not in page(shop)
    assert shop.client.post(f"/alerts/mutes/{made.id}/end").status_code == 404
    for what in ("project:shop", "issue:SHOP-1"):
        assert "done=unmutable" in mute(shop, what=what, **{"for": "1h"})
    assert len(shop.read(mutes.every, shop.clock.now_ms())) == 1


def swapped(target: str) -> dict[str, str]:
    """What htmx says of a request that fills a part of the page."""
    return {"hx-request": "true", "hx-request-type": "partial", "hx-target": target}


def test_held_back_and_failed_ones_have_a_page_of_their_own(shop: Site):
    send(shop, an_error("Sent"))
    [sent] = tell(shop)
    now_ms = shop.clock.now_ms()
    shop.write(outbox.record_delivered, sent, Attempt(now_ms, "250", 30, "ok"))
    shop.clock.advance(3_600_000)
    send(shop, an_error("Refused", value="for good"))
    [refused] = tell(shop)
    shop.write(outbox.give_up, refused, Attempt(now_ms, "550", 30, "No such mailbox."))
    assert "Nothing was held back" in page(shop, "/alerts?show=held")
    send(shop, an_error("Late", value="a window is open"))
    assert tell(shop) == []
    html = page(shop)
    assert "2 messages went out in 24 h, 1 was held back." in html
    assert "1 could not be delivered" in html
    assert "Failed 1" in html and "Held back 1" in html
    held = page(shop, "/alerts?show=held")
    assert "New in shop: Late" in held and "Waits" in held and "New in shop: Sent" not in held
    failed = page(shop, "/alerts?show=failed", **swapped("section#deliveries"))
    assert "New in shop: Refused" in failed and "New in shop: Sent" not in failed
    assert "2 messages went out in 14 days" in page(shop, "/alerts?period=14d")
    assert "2 messages went out in 24 h" in page(shop, "/alerts?period=century&show=x&before=-1")


def test_who_acted_after_a_message_is_said_beside_it(shop: Site):
    send(shop, an_error("Seen"))
    [message] = tell(shop)
    shop.write(outbox.record_delivered, message, Attempt(shop.clock.now_ms(), "250", 30, "ok"))
    assert "not yet" in page(shop)
    shop.clock.set(shop.clock.now_ms() + 180_000)
    shop.write(triage.acknowledge, [1], 1, shop.clock.now_ms())
    html = page(shop)
    assert "Mira after 3 min" in html
    assert re.search(r"Someone acted</dt><dd>1 .*?of 1<.*?median after 3 min", html, re.DOTALL)


def test_each_rule_leads_to_its_rehearsal(shop: Site):
    links = re.findall(r'href="/alerts/new\?([^"]+)"', page(shop))
    asked = [Asked.read(QueryParams(it.replace("&amp;", "&"))) for it in links]
    assert [replace(it, reshaped=False) for it in asked] == [
        Asked(("new", "regression"), to=("owner",), name="what matters"),
        Asked(
            ("50 events in 5m",),
            ("shop", "till"),
            "environment:production",
            ("team:billing", "webhook:chat", "mira@example.com"),
            "1h",
            "burning",
        ),
        Asked(("new",), where="is:resolved", to=("owner",), name="odd"),
    ]
    assert page(shop, f"/alerts/new?{links[0]}".replace("&amp;", "&"))


def test_a_mute_answers_with_the_page_as_it_is_now(shop: Site):
    fields = {"what": "rule:what matters", "for": "1h", "next": "/alerts?period=14d&show=held"}
    answer = shop.client.post("/alerts/mute", data=fields, headers=swapped("div#alerts-body"))
    assert answer.status_code == 200 and "<html" not in answer.text
    assert '<div class="cols" id="alerts-body"' in answer.text and "Muted. What it" in answer.text
    assert "Rule what matters" in answer.text and "in 14 days" in answer.text
    [made] = shop.read(mutes.every, shop.clock.now_ms())
    ended = shop.client.post(f"/alerts/mutes/{made.id}/end", headers=swapped("div#alerts-body"))
    assert "No longer muted." in ended.text and "Nothing is muted" in ended.text


def test_names_that_stand_for_nothing_are_said_on_their_rule_to_members_alone(tmp_path: Path):
    rule = '[[alerts.rule]]\nname = "lost"\nwhen = "new"\nto = "team:nobody"\n'
    with served(tmp_path, rule) as site:
        site.user()
        site.sign_in()
        assert "There is no team nobody." in rules_of(page(site))[0]
        site.user("vic@example.com", "viewer", "Vic")
        site.sign_in("vic@example.com")
        assert "There is no team" not in page(site)


def test_hours_of_a_webhook_of_its_own_are_said(tmp_path: Path):
    hours = 'from = "{}"\nto = "07:00"\nzone = "Europe/Berlin"\n'
    chat = '[[alerts.webhook]]\nname = "{}"\nkind = "slack"\nurl = "https://chat.example/{}"\n'
    own = f"[alerts.webhook.quiet_hours]\n{hours.format('18:00')}"
    always = "always = true\n"
    for number, (file, said) in enumerate(
        (
            (
                chat.format("a", "a") + own,
                "None for everybody. a has 18:00 to 07:00, Europe/Berlin.",
            ),
            (chat.format("a", "a") + always, "None for everybody."),
            (
                f"[alerts.quiet_hours]\n{hours.format('22:00')}{chat.format('a', 'a')}{always}",
                "when they end. a has none.",
            ),
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        with served(folder, file) as site:
            site.user()
            site.sign_in()
            assert said in text_of(page(site))
