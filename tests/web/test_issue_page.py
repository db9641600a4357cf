"""The page of one issue: what it says of the issue, of one of its events, and of all of them."""

import re
from typing import Any

import pytest

from lighttrace.store import events
from tests.event.corpus import samples
from tests.web.sending import FRAMES, add_projects, an_error, issues, send, send_samples
from tests.web.served import Site

MINUTE, DAY = 60_000, 86_400_000
NOW_S = 1_795_500_000


@pytest.fixture
def shop(mira: Site) -> Site:
    add_projects(mira, "shop")
    return mira


def page(site: Site, path: str, **headers: str) -> str:
    answer = site.client.get(path, headers=headers)
    assert answer.status_code == 200, path
    return answer.text


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def part(target: str, current: str = "") -> dict[str, str]:
    return {
        "HX-Request": "true",
        "HX-Request-Type": "partial",
        "HX-Target": target,
        "HX-Current-URL": f"http://testserver{current}",
    }


def ids(site: Site) -> list[str]:
    """Event ids of the first issue, the newest first."""
    rows = site.read(events.newest_rows, issues(site)[0].id, 100)
    return [it.event_id for it in site.read(events.of_rows, rows)]


def test_the_head_says_what_since_when_and_in_which_release(shop: Site):
    now = shop.clock.now_ms()
    shop.clock.set(now - 3 * DAY)
    send(shop, an_error(release="shop@1.0.0", user={"id": "1"}))
    shop.clock.set(now - 5 * MINUTE)
    send(shop, an_error(release="shop@1.2.0", user={"id": "2"}, environment="staging"))
    shop.clock.set(now)
    html = page(shop, "/issues/SHOP-1")
    assert "<title>TypeError: unsupported operand · LightTrace</title>" in html
    said = text_of(html)
    assert "First seen 3 d ago shop@1.0.0" in said and "Last seen 5 min ago shop@1.2.0" in said
    assert "2 events 2 users in 14 d" in said
    assert "production 50 % staging 50 %" in said
    chart = re.search(r'<svg class="chart"[^>]*aria-label="([^"]+)"', html)
    assert chart and chart[1].startswith("2 events in 14 d, most of them ")
    only = text_of(page(shop, "/issues/SHOP-1?environment=staging&period=24h"))
    assert "1 event 1 user in 24 h" in only and "1 of 1" not in only


def test_an_issue_is_found_in_any_spelling_and_others_are_not(shop: Site):
    send(shop, an_error())
    answer = shop.client.get("/issues/shop-1/events/latest?environment=production")
    assert answer.status_code == 302
    assert answer.headers["location"] == "/issues/SHOP-1/events/latest?environment=production"
    for path in ("/issues/SHOP-2", "/issues/NOPE-1", "/issues/SHOP", "/issues/SHOP-1/events/no"):
        assert shop.client.get(path).status_code == 404, path
    assert shop.client.get(f"/issues/SHOP-1/events/{'0' * 32}").status_code == 404


def test_one_walks_from_event_to_event(shop: Site):
    for at in range(3):
        shop.clock.advance(MINUTE)
        send(shop, an_error(value=f"number {at}"))
    newest, middle, oldest = ids(shop)
    html = page(shop, f"/issues/SHOP-1/events/{middle}")
    assert "2 of 3" in html
    assert re.search(rf'href="/issues/SHOP-1/events/{oldest}"[^>]*data-key="\["', html)
    assert re.search(rf'href="/issues/SHOP-1/events/{newest}"[^>]*data-key="\]"', html)
    assert "1 of 3" in page(shop, "/issues/SHOP-1/events/first")
    assert "3 of 3" in page(shop, "/issues/SHOP-1/events/latest")
    fragment = page(shop, f"/issues/SHOP-1/events/{oldest}", **part("div#event"))
    assert fragment.lstrip().startswith('<div id="event"') and "<html" not in fragment


def test_an_environment_without_events_says_so(shop: Site):
    send(shop, an_error())
    html = page(shop, "/issues/SHOP-1?environment=staging")
    assert "No event is kept of staging" in html


def test_own_calls_are_shown_and_those_of_libraries_folded(shop: Site):
    send(shop, an_error())
    html = page(shop, "/issues/SHOP-1")
    assert re.search(r'<details open><summary class="fh">.*?charge', html)
    assert "2 frames in fastapi, starlette" in html
    assert "crashed here" in html and 'class="ln hit"' in html
    assert '<span class="k">return</span>' in html
    assert re.search(r"<dt>rate</dt> <dd class=\"tx-bad\"[^>]*><bdi>None</bdi>", html)
    every = page(shop, "/issues/SHOP-1?frames=all")
    assert "2 frames in" not in every and "starlette/" in every


def test_secrets_were_removed_before_anybody_could_see_them(shop: Site):
    send(shop, an_error())
    html = page(shop, "/issues/SHOP-1")
    assert "hunter2" not in html and '<span class="filtered">[Filtered]</span>' in html
    assert "1 value removed as secret" in html


def test_exceptions_that_caused_one_another_stand_under_each_other(shop: Site):
    chain = [
        {"type": "ConnectionError", "value": "refused", "stacktrace": {"frames": FRAMES}},
        {"type": "PaymentError", "value": "no answer", "stacktrace": {"frames": FRAMES}},
    ]
    send(shop, an_error(exceptions=chain))
    said = text_of(page(shop, "/issues/SHOP-1"))
    assert "2 exceptions, the last one first" in said
    assert 0 < said.index("PaymentError no answer") < said.index("caused by ConnectionError")


def test_a_group_of_exceptions_names_its_members(shop: Site):
    def link(number: int, type_: str, source: str = "", **more: Any) -> dict[str, Any]:
        mechanism = {"type": "chained", "exception_id": number, "source": source, **more}
        return {"type": type_, "value": "x", "mechanism": mechanism}

    group = [
        link(2, "KeyError", "exceptions[1]", parent_id=0),
        link(1, "ValueError", "exceptions[0]", parent_id=0),
        link(0, "ExceptionGroup", is_exception_group=True),
    ]
    send(shop, an_error(exceptions=group))
    said = text_of(page(shop, "/issues/SHOP-1"))
    assert "member 1 of ExceptionGroup ValueError" in said
    assert "member 2 of ExceptionGroup KeyError" in said


def test_steps_tell_how_long_before_the_crash_they_were(shop: Site):
    steps = [
        {"timestamp": NOW_S - 12, "category": "navigation", "data": {"from": "/", "to": "/cart"}},
        {"timestamp": NOW_S - 3, "category": "ui.click", "message": "button.pay"},
        {"timestamp": NOW_S - 2.2, "category": "ui.click", "message": "button.pay"},
    ]
    send(shop, an_error(breadcrumbs={"values": steps}, timestamp=NOW_S))
    said = text_of(page(shop, "/issues/SHOP-1"))
    assert "navigation / → /cart −12 s" in said
    assert "ui.click button.pay −3 s" in said
    assert "button.pay same step 0.8 s earlier −2.2 s" in said
    assert "3 steps, times before the crash" in said


def test_of_many_steps_the_last_are_shown_and_the_others_come_when_asked_for(shop: Site):
    steps = [
        {"timestamp": NOW_S - 100 + at, "category": "ui.click", "message": f"step{at:03}"}
        for at in range(50)
    ]
    send(shop, an_error(breadcrumbs=steps, timestamp=NOW_S))
    html = page(shop, "/issues/SHOP-1")
    assert "20 earlier steps" in html and "step020" in html and "step019" not in html
    more = re.search(r'href="([^"]*show=crumbs)[^"]*" data-more', html)
    assert more
    fragment = page(shop, more[1], **part("div#part-crumbs"))
    assert "step019" in fragment and "step020" not in fragment and "<html" not in fragment
    # without script the same link leads to the whole page with all steps
    assert {f"step{at:03}" in page(shop, more[1]) for at in range(50)} == {True}


def test_a_part_that_does_not_exist_is_not_found(shop: Site):
    send(shop, an_error())
    for key in ("e0-99", "e9-0", "t0", "nonsense", "e-1", "s-0", "e٣-1"):
        answer = shop.client.get(f"/issues/SHOP-1?show={key}", headers=part("div#part-x"))
        assert answer.status_code == 404, key


def test_request_user_contexts_flags_extra_and_packages(shop: Site):
    send(
        shop,
        an_error(
            request={
                "url": "https://shop.example/pay",
                "method": "POST",
                "query_string": "locale=de",
                "headers": {"X-Shop": "7", "Cookie": "session=abc"},
                "data": {"cart": [1, 2]},
            },
            user={"id": "42", "email": "ada@example.com"},
            contexts={
                "os": {"name": "Linux", "version": "6.12"},
                "flags": {"values": [{"flag": "fast-pay", "result": True}]},
                "state": {"cart": {"items": 3}},
            },
            extra={"attempt": 2, "nested": {"deep": [1, None]}},
            modules={"fastapi": "0.120"},
            tags={"team": "billing"},
        ),
    )
    html = page(shop, "/issues/SHOP-1")
    said = text_of(html)
    for words in (
        "POST https://shop.example/pay",
        "locale de",
        "X-Shop 7",
        "ada@example.com",
        "Operating system name Linux version 6.12",
        "Feature flags fast-pay true",
        "attempt 2",
        "fastapi 0.120",
        "team billing",
    ):
        assert words in said, words
    assert "session=abc" not in html


def test_tags_are_told_with_their_shares_and_lead_to_the_list(shop: Site):
    for browser in ("Chrome", "Chrome", "Chrome", "Safari"):
        send(shop, an_error(tags={"browser.kind": browser}))
    html = page(shop, "/issues/SHOP-1")
    assert "browser.kind: Chrome 75 %, Safari 25 %" in html
    link = re.search(r'href="(/issues\?[^"]*browser.kind[^"]+Safari[^"]+)"', html)
    assert link and "TypeError" in page(shop, link[1].replace("&amp;", "&"))


def test_it_says_why_events_are_in_one_issue(shop: Site):
    send(shop, an_error(), an_error(fingerprint=["mine"], title="Other"))
    said = text_of(page(shop, "/issues/SHOP-1"))
    assert "Grouped by the exception TypeError and 2 application frames" in said
    assert "type , used TypeError" in said
    assert "the fingerprint the client set" in text_of(page(shop, "/issues/SHOP-2"))


def test_an_event_as_json_to_read_and_as_a_file(shop: Site):
    send(shop, an_error(extra={"odd": "</script><b>"}))
    html = page(shop, "/issues/SHOP-1")
    link = re.search(r'href="(/events/[0-9a-f]{32}\.json\?[^"]+)"', html)
    assert link
    pretty = page(shop, link[1].replace("&amp;", "&"))
    assert "<b>" not in pretty.partition('class="json')[2] and "SHOP-1" in pretty
    raw = shop.client.get(link[1].partition("?")[0])
    assert raw.headers["content-type"] == "application/json"
    assert raw.json()["extra"] == {"odd": "</script><b>"}
    assert shop.client.get("/events/" + "0" * 32 + ".json").status_code == 404
    assert shop.client.get(link[1].partition("?")[0] + "?project=no").status_code == 404
    download = shop.client.get(link[1].partition("?")[0] + "?download")
    assert download.headers["content-disposition"].startswith("attachment; filename=")


def test_an_event_whose_body_is_gone_says_so(shop: Site):
    send(shop, an_error())
    shop.write(lambda tx: tx.execute("delete from event_body").rowcount)
    assert "body is no longer kept" in text_of(page(shop, "/issues/SHOP-1"))


def test_news_renew_numbers_and_leave_the_event_that_is_read(shop: Site):
    send(shop, an_error(value="first"))
    [shown] = ids(shop)
    shop.clock.advance(MINUTE)
    send(shop, an_error(value="second"))
    headers = part("", "/issues/SHOP-1/events/latest?period=24h")
    html = page(shop, f"/issues/SHOP-1/news?event={shown}", **headers)
    assert "2 events 2 users" not in text_of(html)
    assert "2 events 0 users in 24 h" in text_of(html)
    assert "1 of 2" in html and re.search(r'data-key="\]"', html)
    for target in ("#pills", "#about", "#counts", "#chart", "#evstep"):
        assert f'hx-target="{target}"' in html
    assert "issue-head" not in html and 'id="event"' not in html
    assert shop.client.get("/issues/SHOP-9/news", headers=headers).status_code == 204


def test_a_link_of_a_message_puts_the_focus_on_acknowledge_and_changes_nothing(shop: Site):
    send(shop, an_error())
    html = page(shop, "/issues/SHOP-1?focus=acknowledge")
    assert re.findall(r"<button[^>]* autofocus>", html) == [
        '<button class="btn primary" name="do" value="acknowledge" data-key="a" autofocus>'
    ]
    assert "autofocus" not in page(shop, "/issues/SHOP-1")
    assert 'value="acknowledge"' in page(shop, "/issues/SHOP-1"), "following it did nothing"


def test_a_link_of_a_message_opens_the_mute_for_a_day_and_changes_nothing(shop: Site):
    send(shop, an_error())
    html = page(shop, "/issues/SHOP-1?focus=mute")
    assert re.findall(r"<button[^>]* autofocus>", html) == [
        '<button name="for" value="day" autofocus>'
    ]
    assert html.index("/alerts/mute-me") < html.index("autofocus"), "for oneself alone"
    assert '<details class="drop end muting" name="drop" open>' in html
    assert "Unmute" not in page(shop, "/issues/SHOP-1"), "following it did nothing"
    form = {"what": "issue:SHOP-1", "for": "day", "next": "/issues/SHOP-1"}
    assert shop.client.post("/alerts/mute-me", data=form).status_code == 303
    assert "Unmute SHOP-1" in page(shop, "/issues/SHOP-1")


def test_a_viewer_sees_no_way_to_change_it(shop: Site):
    send(shop, an_error())
    shop.user("vera@example.com", "viewer", "Vera")
    shop.client.cookies.clear()
    shop.sign_in("vera@example.com")
    main = page(shop, "/issues/SHOP-1").partition('id="main"')[2].partition("<dialog")[0]
    forms = set(re.findall(r'<form[^>]* action="([^"]*)"', main))
    assert forms == {"/alerts/mute-me"}  # what they are told is their own affair


def test_whatever_real_clients_sent_can_be_looked_at(shop: Site):
    """Every event of the corpus: each issue, its first and its last event, all frames, its JSON."""
    send_samples(shop, *samples())
    every = issues(shop)
    assert len(every) > 30
    for issue in every:
        path = f"/issues/{issue.short_id}"
        for more in ("", "/events/first", "/events/latest?frames=all"):
            html = page(shop, path + more)
            assert len(html) < 150_000, path
            for key in re.findall(r'href="([^"]*\bshow=[^"#]+)', html)[:3]:
                target = "div#part-" + key.partition("show=")[2].partition("&")[0]
                page(shop, key.replace("&amp;", "&"), **part(target))
        found = re.search(r'href="(/events/[^"]+)"', html)
        assert found
        page(shop, found[1].replace("&amp;", "&"))


def test_a_damaged_body_does_not_hide_its_issue(shop: Site):
    send(shop, an_error())
    shop.write(lambda tx: tx.execute("update event_body set data = x'00ff'").rowcount)
    html = page(shop, f"/issues/{issues(shop)[0].short_id}")
    assert "no longer kept" in html


def test_what_stands_out_against_the_whole_project_is_said_below_the_tags(shop: Site):
    def some(count: int, title: str, connection: str) -> None:
        for at in range(count):
            user = {"id": f"{title}-{connection}-{at}"}
            tags = {"connection": connection}
            send(shop, an_error(title, user=user, tags=tags))

    some(40, "TypeError", "4g")
    some(50, "ValueError", "wifi")
    said = text_of(page(shop, "/issues/SHOP-1"))
    assert "Stands out: connection 4g is 100 % here, 44 % across shop" in said
    assert "Stands out" in page(shop, "/issues/SHOP-2")
    assert "Stands out" not in page(shop, "/issues/SHOP-2?environment=staging")
