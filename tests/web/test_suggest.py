"""What the search box suggests. `|` is the cursor."""

import html
import re

import pytest

from lighttrace.store import environments, projects, teams
from lighttrace.store.sight import ALL, Sight
from lighttrace.web import suggestions
from tests.web.api.asking import Script
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def shop(mira: Site) -> Site:
    add_projects(mira, "shop", "blog")
    for browser in ("Chrome", "Firefox 128", "Firefox 128"):
        send(mira, an_error(tags={"browser": browser, "first_order": "true", "release": "odd"}))
    send(mira, an_error(tags={"plan": "secret"}, environment="lab", release="b@9"), project=2)
    return mira


def offered(site: Site, text: str, sight: Sight = ALL) -> list[str]:
    """The text after each of the suggestions was chosen."""
    at, whole = text.index("|"), text.replace("|", "", 1)
    email, now_ms = "mira@example.com", site.clock.now_ms()
    groups = site.read(suggestions.of, whole, at, sight, email, now_ms)
    found = [it for group in groups for it in group.items]
    assert len(found) <= suggestions.MOST
    return [whole[: it.start] + it.insert + whole[it.end :] for it in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fir|", ["firstRelease:", "firstSeen:", "first_order:", 'browser:"Firefox 128" ']),
        ("is:new FIR|", ["is:new firstRelease:", "is:new firstSeen:"]),
        ("(is:new OR rele|)", ["(is:new OR release:)"]),
        ("bro|:x", ["browser:x"]),
        ("timess|", ["events:"]),
        ("relase|", ["release:"]),
        ("relase:lat|", ["release:lat"]),
        ("relase:latest fir|", ["release:latest fir"]),
        ("tags[rele|", ["release:"]),
        ("tags[release]:|", ["tags[release]:odd "]),
        ("has:brow|", ["has:browser "]),
        ("browser:|", ['browser:"Firefox 128" ', "browser:Chrome "]),
        ("!browser:fire|", ['!browser:"Firefox 128" ']),
        ('browser:"Firefox 1| x', ['browser:"Firefox 128" ']),
        ("browser:[Chrome,fi|]", ['browser:[Chrome,"Firefox 128"]']),
        ("browser:*fox|", ['browser:"Firefox 128" ']),
        ("chro|", ["browser:Chrome "]),
        ("is:un|", ["is:unresolved ", "is:unassigned ", "is:unhandled ", "is:unseen "]),
        ("is:unresloved|", ["is:unresolved"]),
        ("level:|", ["level:>=error ", "level:fatal "]),
        ("level:>=|", ["level:>=fatal ", "level:>=error "]),
        ("environment:pro|", ["environment:production "]),
        ("release:|", ["release:latest ", "release:b@9 ", "release:shop@1.0.0 "]),
        ("firstSeen:|", ["firstSeen:-1h ", "firstSeen:-24h "]),
        ("age:+3|", ["age:+3m ", "age:+3h ", "age:+3d ", "age:+3w "]),
        ("events:|", ["events:>10 ", "events:>100 "]),
        ("users:>1|", ["users:>10 ", "users:>100 "]),
        ("assigned:|", ["assigned:me ", "assigned:none ", "assigned:mira@example.com "]),
        ("owner:mira|", ["owner:mira@example.com "]),
        ("project:b|", ["project:blog "]),
        ("type:|", ["type:TypeError "]),
        ("type:Ty|", ["type:TypeError "]),
        ("function:cha|", ["function:charge "]),
        ("file:bill|", ["file:shop/billing.py "]),
        ("module:shop.b|", ["module:shop.billing "]),
        ("module:nowhere|", []),
        ("platform:py|", ["platform:python "]),
        ("sdk:pyth|", ["sdk:sentry.python "]),
        ("is:new OR|", []),
        ("eas|", ["release:", "firstRelease:", "lastRelease:"]),
        ("ea|", []),
        ("nothing_like_it:|", []),
        ("message:|", []),
    ],
)
def test_what_can_be_typed_next(shop: Site, text: str, expected: list[str]):
    found = offered(shop, text)
    assert found[: len(expected)] == expected if expected else found == []


def test_a_team_is_offered_by_its_name(shop: Site):
    shop.write(teams.add, "Billing", shop.clock.now_ms())
    assert offered(shop, "assigned:bil|") == ["assigned:#billing "]
    assert offered(shop, "team:|") == ["team:billing "]


def test_only_what_is_seen_is_offered(shop: Site):
    shop_only = Sight(frozenset({1}))
    for text in ("pla|", "plan:|", "secr|", "project:bl|", "environment:lab|", "release:b@|"):
        assert offered(shop, text), text
        assert not [it for it in offered(shop, text, shop_only) if "secret" in it or "plan" in it]
    assert offered(shop, "project:|", shop_only) == ["project:shop "]
    assert "environment:lab " not in offered(shop, "environment:|", shop_only)
    assert "release:b@9 " not in offered(shop, "release:|", shop_only)
    assert shop.read(environments.seen, shop_only) and shop.read(projects.every, shop_only)


def test_what_a_wrong_key_has_meant_is_told_of_ones_own_projects_alone(shop: Site):
    """Mira sees the blog and its tag `plan`; Bob, who is in no team of it, is not told of it."""
    page, api = "/issues?query=plam:x", "/api/0/organizations/lighttrace/issues/?query=plam:x"
    bob = shop.user("bob@example.com", "member", "Bob")
    team = shop.write(teams.add, "Blog", shop.clock.now_ms())
    shop.write(teams.set_of_project, 2, [team.id])
    asks = [Script(shop, user_id=1).refused(api)[1], shop.client.get(page).text]
    assert all("Did you mean plan:?" in it for it in asks)
    shop.client.cookies.clear()
    shop.sign_in(bob.email)
    asks = [Script(shop, user_id=bob.id).refused(api)[1], shop.client.get(page).text]
    assert all("There is no key plam:" in it and "plan" not in it for it in asks)
    # among the events of an issue only its own tags are told, whoever asks
    assert "plan" not in shop.client.get("/issues/SHOP-1/events?query=plam:x").text


def ask(site: Site, query: str, **more: str):
    params = {"query": query, **more}
    return site.client.get("/issues/suggest", params=params, headers=PART)


def test_a_fragment_says_what_goes_where(shop: Site):
    answer = ask(shop, "is:new 😀 browser:fire", at="20")
    assert answer.status_code == 200 and "<html" not in answer.text
    (option,) = re.findall(r'<div class="sugg" role="option"([^>]*)>', answer.text)
    assert 'data-start="17" data-end="21"' in option
    assert 'data-insert="&#34;Firefox 128&#34; "' in option
    assert "2 events" in html.unescape(answer.text)


def test_a_project_of_the_list_narrows_what_is_offered(shop: Site):
    assert ask(shop, "plan:", project="blog").status_code == 200
    assert ask(shop, "plan:", project="shop").status_code == 204
    assert ask(shop, "is:", project="nowhere").status_code == 204


def test_hostile_words_of_a_tag_stay_words(shop: Site):
    evil = '"><script>alert(1)</script>'
    send(shop, an_error(tags={"evil": evil}))
    text = ask(shop, "evil:").text
    assert "<script>" not in text and "&lt;script&gt;" in text


def test_letters_that_grow_when_they_are_small_are_no_failure(shop: Site):
    send(shop, an_error(tags={"evil": "İİİİx"}))
    assert offered(shop, "evil:x|") == ["evil:İİİİx "]
    assert ask(shop, "evil:x").status_code == ask(shop, "evil:i̇").status_code == 200


@pytest.mark.parametrize("at", ["", "-1", "x", "99999999999999999999", "²", "4"])
def test_a_cursor_that_makes_no_sense_is_the_end(shop: Site, at: str):
    assert ask(shop, "is:new", at=at).status_code == 200


def test_a_text_that_is_too_long_has_no_suggestions(shop: Site):
    assert ask(shop, "is:" + "n" * 2000).status_code == 204


def of_rules(shop: Site, text: str) -> str:
    return html.unescape(ask(shop, text, rule="1").text)


def test_a_rule_is_offered_the_keys_that_only_rules_know(shop: Site):
    assert "a part of the week, with its zone" in of_rules(shop, "ti")
    assert 'data-insert=""Mon-Fri 09:00-18:00 Europe/Berlin" "' in of_rules(shop, "time:")
    assert "count:" in of_rules(shop, "cou") and ">=100" in of_rules(shop, "count:")
    assert "a part of the week" not in ask(shop, "ti").text


def test_a_rule_is_offered_nothing_that_only_a_person_can_ask(shop: Site):
    states = of_rules(shop, "is:")
    assert "unresolved" in states and "mine" not in states and "unseen" not in states
    assert ">me<" not in of_rules(shop, "assigned:")
    assert "the 32 hex of an event" not in of_rules(shop, "id")
