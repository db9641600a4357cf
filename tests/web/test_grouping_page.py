"""The page that says why an event is in its issue, and tries a rule on what is there."""

import html
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from lighttrace import config as configuration
from lighttrace.web import grouping_view
from lighttrace.web.state import ProjectOptions
from tests.web.sending import FRAMES, add_projects, an_error, issues, send
from tests.web.served import Site
from tests.web.test_issue_page import page, text_of

GROUPING = "/issues/SHOP-1/grouping"


def words_of(markup: str) -> str:
    return html.unescape(text_of(markup))


@pytest.fixture
def shop(mira: Site) -> Site:
    add_projects(mira, "shop", "blog")
    return mira


def take(site: Site, text: str) -> None:
    """Rules, as the file says them."""
    file = site.services.config.source
    assert file is not None
    file.write_text(text, "utf-8")
    config = configuration.load(file, env={})
    site.services.config = config
    site.services.project_options = {1: ProjectOptions(grouping=config.grouping_rules("shop"))}


def tried(site: Site, rule: str, kind: str = "fingerprint", **over: str) -> str:
    return page(site, f"{GROUPING}?{urlencode({'kind': kind, 'rule': rule, **over})}")


def test_it_is_said_in_words_what_was_used_and_what_was_not(shop: Site) -> None:
    send(shop, an_error())
    said = words_of(page(shop, GROUPING))
    assert "Here because a TypeError is raised in charge, called from checkout." in said
    assert "Two places decided; release, user, message and line numbers did not." in said
    assert (
        "message , not used unsupported operand ignored: the stack says where it happened" in said
    )
    assert "shop.billing :14 charge return total * rate line numbers never count" in said
    assert "2 frames , not used run, app ignored: not the application's" in said
    assert "{{ default }} neither the program nor a rule asked for one" in said
    assert "One hash leads here" in said and "TypeError: charge ← checkout 1" in said
    only = words_of(page(shop, f"{GROUPING}?parts=used"))
    assert "ignored" not in only.replace("Used and ignored", "") and "shop.billing" in only


def test_the_page_of_the_issue_leads_here_with_its_event(shop: Site) -> None:
    one, other = an_error(), an_error(value="another")
    send(shop, one, other)
    there = page(shop, f"/issues/SHOP-1/events/{one['event_id']}")
    assert f'href="{GROUPING}?event={one["event_id"]}">Why is it here?' in there
    here = page(shop, f"{GROUPING}?event={one['event_id']}")
    assert one["event_id"][:8] in here and other["event_id"] not in here.partition("kinds-h")[0]
    assert shop.client.get("/issues/SHOP-9/grouping").status_code == 404
    assert "no longer kept" in page(shop, f"{GROUPING}?event=no-such-event")


def test_a_rule_says_what_it_would_change(shop: Site) -> None:
    send(shop, *[an_error("DownA")] * 1, an_error("DownB"), an_error("Other"))
    for region in ("eu", "us"):
        send(shop, an_error("Split", tags={"region": region}))
    said = words_of(tried(shop, "error.type:Down* -> down"))
    assert "Would change 2 issues: joins SHOP-2 and SHOP-1 in a new issue." in said or (
        "Would change 2 issues: joins SHOP-1 and SHOP-2 in a new issue." in said
    )
    assert "3 of 5 events stay where they are." in said and "2 other issues" in said
    split = words_of(tried(shop, "error.type:Split -> {{ default }}, {{ tags.region }}"))
    assert "Would change 1 issue: splits SHOP-4 into 2." in split
    nothing = words_of(tried(shop, "error.type:Never -> x"))
    assert "Would change nothing: all 5 events stay where they are." in nothing
    assert len(issues(shop)) == 4, "trying changes nothing"


def test_a_stack_trace_rule_may_join(shop: Site) -> None:
    helper = {"function": "report", "module": "shop.log", "in_app": True}
    send(shop, an_error(), an_error(frames=[*FRAMES, helper]))
    said = words_of(tried(shop, "function:report -group", kind="stack"))
    assert "Would change 2 issues: joins SHOP-" in said and "1 of 2 events stay" in said
    assert "in a new issue" not in said
    only = words_of(tried(shop, "function:report -group", kind="stack", of="issue"))
    assert "Would change nothing: the one event stays where it is." in only


def test_the_snippet_holds_the_rule_where_it_wins(shop: Site) -> None:
    send(shop, an_error())
    take(
        shop,
        '[[project]]\nslug = "shop"\nfingerprints = "logger:a -> b"\nstack_rules = "app:no -group"',
    )
    first = html.unescape(tried(shop, 'message:"*<x>*" -> y'))
    assert "fingerprints = '''\nmessage:\"*<x>*\" -> y\nlogger:a -> b\n'''\n" in first
    last = html.unescape(tried(shop, "function:run -group", kind="stack"))
    assert "stack_rules = '''\napp:no -group\nfunction:run -group\n'''\n" in last


def test_a_snippet_is_right_toml_whatever_the_rule(tmp_path: Any) -> None:
    rules = ['path:"c:\\\\x\\\\*" -group', "function:'''* -group"]
    file = tmp_path / "lighttrace.toml"
    for rule in rules:
        file.write_text(grouping_view.snippet("shop", "stack", rule, ()), "utf-8")
        config = configuration.load(file, env={})
        assert config.projects[0].stack_rules[0].text == rule


def test_a_wrong_rule_is_told_what_is_wrong(shop: Site) -> None:
    send(shop, an_error())
    said = tried(shop, "functoin:run -group", kind="stack")
    assert "There is no matcher" in said and "Did you mean" in said
    assert 'aria-invalid="true"' in said and "lighttrace.toml</h3>" not in said
    assert "Would change" not in said
    assert "500 characters" in tried(shop, "x" * 600)
    hostile = tried(shop, '<script>alert(1)</script> "')
    assert "<script>alert" not in hostile


def test_rules_that_have_a_say_are_named_and_changes_since_are_told(shop: Site) -> None:
    send(shop, an_error())
    assert "would go elsewhere" not in page(shop, GROUPING)
    rule = 'error.type:TypeError -> types title="Type errors"'
    take(shop, f"[[project]]\nslug = \"shop\"\nfingerprints = '''\n{rule}\n'''")
    said = words_of(page(shop, GROUPING))
    assert "An event like this one would go elsewhere today." in said
    assert "A rule of lighttrace.toml had a say" in said and "TypeError -> types" in said
    assert "1 fingerprint rule, 0 stack trace rules" in said
    assert "Grouped by a fingerprint rule (“types”)" in words_of(page(shop, "/issues/SHOP-1"))


def test_frames_are_folded_and_marked_by_the_rules(shop: Site) -> None:
    send(shop, an_error())
    assert "4 frames" not in words_of(page(shop, GROUPING))
    take(shop, '[[project]]\nslug = "shop"\nstack_rules = "module:shop.api -app"')
    said = words_of(page(shop, GROUPING))
    assert "Here because a TypeError is raised in charge." in said
    assert "not the application's, by the rule module:shop.api -app" in said
    assert "3 frames in " in words_of(page(shop, "/issues/SHOP-1"))


def test_many_hashes_are_listed_with_an_event_each(shop: Site) -> None:
    send(shop, *(an_error(f"E{n}") for n in range(3)))
    shop.write(_into_one)
    said = page(shop, GROUPING)
    assert "3 hashes lead here" in words_of(said)
    assert words_of(said).count("← checkout 1") == 3
    assert said.count(f"{GROUPING}?event=") >= 3


def _into_one(tx: Any) -> None:
    tx.execute("update grouphash set issue_id = 1")


def test_a_viewer_may_look_and_try_and_gets_no_buttons_that_change(shop: Site) -> None:
    send(shop, an_error(), an_error("Other"))
    shop.write(_into_one)
    shop.user("vera@example.com", "viewer")
    shop.client.cookies.clear()
    assert shop.client.get(GROUPING).status_code == 303
    assert shop.sign_in("vera@example.com").status_code == 303
    said = tried(shop, "error.type:Other -> x")
    assert "Would change" in said
    for verb in ("split", "unmerge", "merge", "discard"):
        assert f'formaction="{GROUPING[:-8]}{verb}"' not in said
    assert (
        "<button" in said
        and "Split off <kbd>" not in said
        and 'type="radio" name="hash"' not in said
    )
    assert "Delete and discard" not in said


def test_what_was_merged_is_named_and_taken_out_again_or_split_off(shop: Site) -> None:
    send(shop, an_error("One"), an_error("Two"), an_error("Three"))
    assert "Split off" not in page(shop, GROUPING).partition("<dialog")[0], "one hash is no choice"
    for other in ("SHOP-2", "SHOP-3"):
        form = {"into": "SHOP-1"}
        assert shop.client.post(f"/issues/{other}/merge", data=form).status_code == 303
    said = page(shop, GROUPING)
    assert "3 hashes lead here" in words_of(said) and said.count('type="radio" name="hash"') == 2
    assert "Two: charge ← checkout came from SHOP-2" in words_of(said)
    taken = re.search(r'name="from" value="(\d+)" formaction="/issues/SHOP-1/unmerge"', said)
    chosen = re.search(r'name="hash" value="(\d+)" required aria-label', said)
    assert taken is not None and chosen is not None
    assert shop.client.post("/issues/SHOP-1/split", data={"hash": chosen[1]}).status_code == 303
    assert "2 hashes lead here" in words_of(page(shop, GROUPING))
    taken = re.search(r'name="from" value="(\d+)" formaction', page(shop, GROUPING))
    assert taken is not None
    assert shop.client.post("/issues/SHOP-1/unmerge", data={"from": taken[1]}).status_code == 303
    assert "One hash leads here" in words_of(page(shop, GROUPING))


def test_a_fragment_is_the_trial_alone(shop: Site) -> None:
    send(shop, an_error())
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#try"}
    address = f"{GROUPING}?{urlencode({'kind': 'stack', 'rule': 'function:charge -group'})}"
    said = shop.client.get(address, headers=headers).text
    assert said.lstrip().startswith('<section id="try"') and "Would change 1 issue" in said


def test_one_issue_that_storms_does_not_hide_the_others(shop: Site) -> None:
    send(shop, an_error("Quiet"), *(an_error("Loud") for _ in range(60)))
    said = words_of(tried(shop, "error.type:Quiet -> quiet"))
    assert "Would change 1 issue: begins SHOP-1 anew. 50 of 51 events stay" in said
