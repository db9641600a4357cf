"""The pages of ownership and of what matters most: rules with their lines, an event tried, a rule
composed.
"""

import re
import tomllib
from html import unescape
from pathlib import Path

import pytest

from lighttrace import config as configuration
from lighttrace.store import projects, teams
from lighttrace.store.sight import ALL
from tests.web.sending import add_projects, an_error, issues, send
from tests.web.served import Site, served
from tests.web.test_issue_page import part, text_of

RULES = '''
[owners]
rules = ["logger:*.celery #platform"]

[[project]]
slug = "shop"
owners = """
* #storefront
path:shop/*.py #billing
tags.component:checkout !level:info #storefront
"""
high_value = ["tags.component:checkout", "url:*/pay"]
'''
OWNERS, PATHS = "/settings/projects/shop/ownership", "/settings/projects/shop/paths"


@pytest.fixture
def shop(tmp_path: Path):
    """The shop with its rules, its teams and Mira, who is signed in."""
    with served(tmp_path, RULES) as site:
        site.user()
        site.sign_in()
        add_projects(site, "shop", "till")
        for name in ("Billing", "Storefront"):
            site.write(teams.add, name, site.clock.now_ms())
        options = site.services.options(0)
        rules = site.services.config.rulebook("shop")
        site.services.project_options = {1: type(options)(rules=rules)}
        send_as_the_app_does(site)
        yield site


def send_as_the_app_does(site: Site) -> None:
    send(site, an_error("Billed"))
    send(site, an_error("Checked", tags={"component": "checkout"}))


def page(site: Site, path: str, **headers: str) -> str:
    answer = site.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def shown_rules(html: str) -> list[str]:
    rules = re.findall(r'<li class="rule of.*?</li>', html, re.DOTALL)
    return [text_of(rule) for rule in rules]


def snippet(html: str) -> str:
    return unescape(re.findall(r'<code id="snippet">(.*?)</code>', html, re.DOTALL)[0])


def test_rules_stand_in_the_files_order_with_line_owner_and_what_they_decided(shop: Site):
    html = page(shop, OWNERS)
    first, *rest = shown_rules(html)
    assert first.startswith("tags.team: NAME the team of that name")
    assert [re.sub(r"\s+", " ", rule) for rule in rest] == [
        "logger: *.celery ? #platform no such team nothing in 30 d line 5",
        "Matches SHOP-2 too: * S #storefront nothing in 30 d line 10",
        "Matches SHOP-2 too: path: shop/*.py B #billing 1 issue line 11",
        "Decides SHOP-2: tags.component: checkout !level: info S #storefront 1 issue line 12",
    ]
    assert "4 rules" in html and "lighttrace.toml" in html


def test_the_newest_event_is_tried_until_another_is_asked_for(shop: Site):
    said = text_of(page(shop, OWNERS))
    assert "SHOP-2 goes to #storefront by tags.component:checkout !level:info , line 12" in said
    assert "2 other rules match, but the last one wins" in said
    assert "In the last 30 days 100 % of issues had an owner." in said
    said = text_of(page(shop, f"{OWNERS}?try=shop-1"))
    assert "shop-1 goes to #billing by path:shop/*.py , line 11: /shop/billing.py" in said


def test_an_event_is_tried_by_its_id_and_swapped_in_alone(shop: Site):
    event = an_error("Info", level="info", tags={"component": "checkout"})
    send(shop, event)
    event_id = event["event_id"]
    html = page(shop, f"{OWNERS}?try={event_id}", **part("div#tried"))
    assert html.lstrip().startswith('<div id="tried"')
    assert f"{event_id} goes to #billing by path:shop/*.py" in text_of(html)


def test_an_issue_of_another_project_is_not_there(shop: Site):
    send(shop, an_error("Foreign"), project=2)
    for unknown in ("TILL-1", "SHOP-999", "ab" * 16, "<b>"):
        said = text_of(page(shop, f"{OWNERS}?try={unknown}"))
        assert "There is no such issue or event in this project" in said


def test_a_team_tag_is_said_to_be_the_reason(shop: Site):
    send(shop, an_error("Tagged", tags={"team": "billing"}), project=2)
    said = text_of(page(shop, "/settings/projects/till/ownership"))
    assert "TILL-1 goes to #billing by its tag team:billing , since no rule matches." in said
    assert "tags.team: NAME the team of that name 1 issue always" in said


def test_a_project_without_events_has_nothing_to_try(shop: Site):
    said = text_of(page(shop, "/settings/projects/till/ownership"))
    assert "There is no event to try yet." in said
    assert "In the last" not in said


def test_what_matters_most_has_a_page_of_its_own(shop: Site):
    html = page(shop, PATHS)
    assert shown_rules(html) == [
        "Decides SHOP-2: tags.component: checkout 1 issue line 14",
        "url: */pay nothing in 30 d line 14",
    ]
    said = text_of(html)
    assert "SHOP-2 matters most by tags.component:checkout , line 14." in said
    assert "In the last 30 days 50 % of issues mattered most." in said
    assert "SHOP-1 matters as usual" in text_of(page(shop, f"{PATHS}?try=SHOP-1"))
    assert "Nothing is marked yet" in page(shop, "/settings/projects/till/paths")


def test_a_composed_rule_is_tried_and_handed_out_with_its_place(shop: Site):
    html = page(shop, f"{OWNERS}?key=type&glob=Chec*&owner=%23billing", **part("div#composed"))
    assert html.lstrip().startswith('<div id="composed"')
    assert snippet(html) == "type:Chec* #billing"
    said = text_of(html)
    assert "as the last of owners of shop, below line 12" in said
    assert "It matches 1 of the newest 2 events; 1 of them belongs to somebody else now." in said


def compose(site: Site, path: str, **fields: str) -> str:
    answer = site.client.get(path, params=fields)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("glob", ["src/*", "*/my account/*", 'it\'s "so"', "\\u0041 ''' \"\"\" ü"])
@pytest.mark.parametrize("slug", ["till", "new"])
def test_a_snippet_can_be_put_into_the_file_as_it_is(
    shop: Site, tmp_path: Path, glob: str, slug: str
):
    """Whatever somebody typed: the snippet is TOML, and the rule in it is the one composed."""
    add_projects(shop, "new")
    fields = {"key": "tags.", "tag": "plan", "glob": glob, "owner": "mira@example.com"}
    for path in (f"/settings/projects/{slug}/ownership", f"/settings/projects/{slug}/paths"):
        html = compose(shop, path, **fields)
        if 'class="note bad"' in html:
            assert "'" in glob and '"' in glob  # both kinds of quotes in one word
            continue
        text = snippet(html)
        assert tomllib.loads(text)["project"][0]["slug"] == slug
        file = tmp_path / "tried.toml"
        file.write_text(text, "utf-8")
        book = configuration.load(file, env={}).rulebook(slug)
        (rule,) = book.high_value if path.endswith("paths") else book.rules
        assert [(it.key, it.glob) for it in rule.matchers] == [("tags.plan", glob)]


def test_a_wrong_rule_is_told_with_the_nearest_right_word(shop: Site):
    for fields, words in (
        ({"key": "pth", "glob": "x", "owner": "#billing"}, 'Did you mean "path:"?'),
        ({"key": "path", "glob": "x", "owner": "billing"}, 'Did you mean "#billing"?'),
        ({"key": "tags.", "glob": "x", "owner": "#billing"}, "A tag goes by its name"),
        ({"key": "path", "glob": "", "owner": "#billing"}, 'Nothing stands behind "path:"'),
        ({"key": "path", "glob": "<i>", "owner": ""}, "No owner is named"),
    ):
        html = compose(shop, OWNERS, **fields)
        assert words in unescape(html)
        assert "<i>" not in html


def test_many_rules_come_in_pages(tmp_path: Path):
    rules = "\n".join(f"path:part{n}/* #team" for n in range(250))
    text = f'[[project]]\nslug = "shop"\nowners = """\n{rules}\n"""\n'
    with served(tmp_path, text) as site:
        site.user()
        site.sign_in()
        add_projects(site, "shop")
        first = page(site, OWNERS)
        assert len(shown_rules(first)) == 101 and len(first) < 150_000
        assert "page 1 of 3" in text_of(first)
        third = page(site, f"{OWNERS}?page=3", **part("div#rules"))
        assert len(shown_rules(third)) == 50
        for odd in ("0", "99", "x", "-1"):
            assert "of 3" in text_of(page(site, f"{OWNERS}?page={odd}"))


def test_vera_the_viewer_may_look_and_a_stranger_to_the_project_may_not(shop: Site):
    shop.user("vera@example.com", "viewer", "Vera")
    shop.sign_in("vera@example.com")
    assert page(shop, OWNERS) and page(shop, PATHS)
    shop.write(teams.set_of_project, 1, [1])
    for path in (OWNERS, PATHS, f"{OWNERS}?try=SHOP-1", "/settings/projects/none/ownership"):
        assert shop.client.get(path).status_code == 404
    assert shop.read(projects.by_slug, "shop", ALL) is not None


def test_the_settings_of_the_project_lead_there(shop: Site):
    html = page(shop, "/settings/projects/shop")
    assert f'href="{OWNERS}"' in html and f'href="{PATHS}"' in html


def test_the_issue_says_whose_it_is_and_why(shop: Site):
    said = text_of(page(shop, "/issues/SHOP-1"))
    assert "Owner B #billing by rule path:shop/*.py , line 11" in said
    assert issues(shop)[0].owner is not None
