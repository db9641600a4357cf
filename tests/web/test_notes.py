"""Comments on the page of an issue: who may write, change and delete them, and who is told."""

from pathlib import Path
from typing import Any

import pytest

from lighttrace.alerts.loop import Alerts
from lighttrace.store import merging, notes
from tests.mailbox import mailbox
from tests.mailbox import text_of as text_of_mail
from tests.web.sending import add_projects, an_error, send
from tests.web.served import Site, served
from tests.web.test_issue_page import MINUTE, page, text_of
from tests.web.test_reading import given_to_a_team

MAIL = '[smtp]\nhost = "mail.example"\nfrom = "errors@shop.example"\n'


@pytest.fixture
def shop(tmp_path: Path):
    """One issue, and who reads about it; Mira, the owner, is signed in."""
    with served(tmp_path, MAIL) as site:
        site.user()
        site.user("bob@example.com", "member", "Bob Stone")
        site.user("vera@example.com", "viewer", "Vera")
        add_projects(site, "shop")
        send(site, an_error())
        site.sign_in()
        yield site


def becomes(site: Site, email: str) -> None:
    site.client.cookies.clear()
    assert site.sign_in(email).status_code == 303


def say(site: Site, body: str, path: str = "/issues/SHOP-1/notes", **more: str) -> Any:
    return site.client.post(path, data={"body": body, **more})


def told(site: Site) -> list[str]:
    return site.read(lambda db: [row[0] for row in db.execute("select target from outbox")])


def test_what_is_said_stands_among_what_happened(shop: Site):
    shop.clock.advance(MINUTE)
    shop.client.post("/issues/SHOP-1/change", data={"do": "resolve"})
    shop.clock.advance(MINUTE)
    answer = say(shop, "Guard is **gone**, fix in review.")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/issues/SHOP-1#note-1"
    shop.clock.advance(MINUTE)
    shop.client.post("/issues/SHOP-1/change", data={"do": "reopen"})
    html = page(shop, "/issues/SHOP-1")
    history = html.partition('id="history"')[2]
    said = text_of(history)
    places = [said.index(it) for it in ("First event", "resolved", "fix in review", "reopened")]
    assert places == sorted(places)
    assert "<strong>gone</strong>" in history and 'id="note-1"' in history


def test_a_preview_keeps_nothing_and_loses_nothing(shop: Site):
    answer = say(shop, "look at *this*", do="preview")
    assert answer.status_code == 200
    assert "<em>this</em>" in answer.text and "look at *this*</textarea>" in answer.text
    assert shop.read(notes.of_issue, 1) == []


@pytest.mark.parametrize(
    ("body", "problem"), [("  ", "Write something first."), ("x" * 10_001, "at most 10,000")]
)
def test_what_cannot_be_kept_is_said_and_stays_in_the_field(shop: Site, body: str, problem: str):
    answer = say(shop, body)
    assert answer.status_code == 422 and problem in answer.text
    assert body.strip() + "</textarea>" in answer.text
    assert shop.read(notes.of_issue, 1) == []


def test_one_changes_and_deletes_what_one_wrote(shop: Site):
    say(shop, "first")
    shop.clock.advance(MINUTE)
    assert say(shop, "second", "/issues/SHOP-1/notes/1").status_code == 303
    html = page(shop, "/issues/SHOP-1")
    assert "<p>second</p>" in html and "<p>first</p>" not in html and "changed" in html
    answer = shop.client.post("/issues/SHOP-1/notes/1/delete")
    assert answer.headers["location"] == "/issues/SHOP-1#history"
    assert "<p>second</p>" not in page(shop, "/issues/SHOP-1")


def test_bob_must_not_change_or_delete_what_others_wrote(shop: Site):
    say(shop, "by Mira")
    becomes(shop, "bob@example.com")
    html = page(shop, "/issues/SHOP-1")
    assert "by Mira" in html and "/notes/1" not in html
    assert say(shop, "by Bob", "/issues/SHOP-1/notes/1").status_code == 403
    assert shop.client.post("/issues/SHOP-1/notes/1/delete").status_code == 403
    assert shop.read(notes.by_id, 1).body == "by Mira"


def test_an_admin_deletes_what_others_wrote_and_does_not_put_words_in_their_mouth(shop: Site):
    becomes(shop, "bob@example.com")
    say(shop, "by Bob")
    becomes(shop, "mira@example.com")
    assert "Delete this comment" in page(shop, "/issues/SHOP-1")
    assert say(shop, "by Mira", "/issues/SHOP-1/notes/1").status_code == 403
    assert shop.client.post("/issues/SHOP-1/notes/1/delete").status_code == 303
    assert shop.read(notes.by_id, 1) is None


def test_vera_the_viewer_reads_and_must_not_write(shop: Site):
    say(shop, "hello")
    becomes(shop, "vera@example.com")
    html = page(shop, "/issues/SHOP-1")
    assert "<p>hello</p>" in html and "<textarea" not in html
    assert say(shop, "me too").status_code == 403


def test_a_comment_belongs_to_its_issue(shop: Site):
    send(shop, an_error("ValueError"))
    say(shop, "hello")
    assert say(shop, "moved", "/issues/SHOP-2/notes/1").status_code == 404
    assert say(shop, "moved", "/issues/SHOP-1/notes/2").status_code == 404
    assert say(shop, "moved", f"/issues/SHOP-1/notes/{'9' * 40}").status_code == 404
    assert say(shop, "x", "/issues/SHOP-9/notes").status_code == 404


def test_whom_a_comment_names_gets_one_mail(shop: Site):
    say(shop, "@bob and @mira, look")
    assert told(shop) == ["bob@example.com"]  # not who wrote it
    say(shop, "@bob and @vera, look", "/issues/SHOP-1/notes/1")
    assert told(shop) == ["bob@example.com", "vera@example.com"]


def test_who_cannot_see_the_project_is_not_told_and_not_named(shop: Site):
    shop.write(given_to_a_team)
    say(shop, "@bob, look")
    assert told(shop) == []
    html = page(shop, "/issues/SHOP-1")
    assert "<p>@bob, look</p>" in html and "Bob Stone</option>" not in html
    becomes(shop, "bob@example.com")
    assert say(shop, "x").status_code == 404
    assert say(shop, "x", "/issues/SHOP-1/notes/1").status_code == 404


def test_without_a_mail_server_nothing_waits_for_one(mira: Site):
    mira.user("bob@example.com", "member", "Bob")
    add_projects(mira, "shop")
    send(mira, an_error())
    say(mira, "@bob")
    assert told(mira) == []


def test_what_somebody_wrote_who_is_gone_stays(shop: Site):
    say(shop, "by Mira")
    becomes(shop, "bob@example.com")
    shop.write(lambda tx: tx.execute("update note set user_id = null") and None)
    said = text_of(page(shop, "/issues/SHOP-1"))
    assert "Somebody by Mira" in said


def test_what_was_said_about_a_merged_issue_is_read_where_it_went(shop: Site):
    send(shop, an_error("ValueError"))
    say(shop, "about the second", "/issues/SHOP-2/notes")
    now_ms = shop.clock.now_ms()
    undo = shop.write(merging.merge, 1, [2], 1, now_ms)
    assert "<p>about the second</p>" in page(shop, "/issues/SHOP-1")
    assert shop.read(notes.counts, [1]) == {1: 1}
    assert say(shop, "changed", "/issues/SHOP-1/notes/1").status_code == 303
    shop.client.post(f"/undo/{undo.token}")
    assert "<p>changed</p>" not in page(shop, "/issues/SHOP-1")
    assert "<p>changed</p>" in page(shop, "/issues/SHOP-2")


def test_the_mail_is_sent_and_leads_to_the_comment(tmp_path: Path):
    with mailbox() as box:
        smtp = box.smtp()
        text = f'[smtp]\nhost = "{smtp.host}"\nport = {smtp.port}\ntls = "none"\n'
        with served(tmp_path, text + 'from = "errors@shop.example"\n') as site:
            site.user()
            site.user("bob@example.com", "member", "Bob Stone")
            add_projects(site, "shop")
            send(site, an_error())
            site.sign_in()
            services = site.services
            loop = Alerts(services.store, lambda: services.config, site.clock)
            woken: list[bool] = []
            services.wake_alerts = lambda: woken.append(True)
            say(site, "@bob: fixed in **2.0**?")
            assert woken and site.client.portal is not None
            site.client.portal.call(loop.step)
    (mail,) = [it for it in box.messages if it["to"] == "bob@example.com"]
    assert mail["subject"] == "Mira wrote to you about SHOP-1: TypeError"
    assert "@bob: fixed in **2.0**?" in text_of_mail(mail)
    assert "/issues/SHOP-1#note-1" in text_of_mail(mail)
