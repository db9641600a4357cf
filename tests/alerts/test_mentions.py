"""The mail to whom a comment names."""

from pathlib import Path

import pytest

from lighttrace.alerts import gate, mentions, news
from lighttrace.alerts.compose import compose
from lighttrace.store import notes, outbox, users
from tests.store.make import NOON, an_event
from tests.store.shelf import Shelf, a_shelf

URL = "https://errors.example"


@pytest.fixture
def shelf(tmp_path: Path):
    with a_shelf(tmp_path) as shelf:
        yield shelf


def test_it_says_who_wrote_what_about_which_issue_and_where_to_answer(shelf: Shelf):
    issue = shelf.receive_one(an_event())
    mira = users.add(shelf.db, "mira@shop.example", "Mira", "owner", None, NOON)
    body = "@jonas <b>look</b>\nat this"
    note = notes.add(shelf.db, issue, mira.id, body, NOON)
    mentions.tell(shelf.db, issue, note, ["jonas@shop.example"], "shop.example", NOON)
    mentions.tell(shelf.db, issue, note, ["jonas@shop.example"], "shop.example", NOON)
    gate.open_for_all(shelf.db, None, "shop.example", NOON)
    (message,) = outbox.due(shelf.db, NOON, 10)
    told = news.read(shelf.db, message, message.payload, URL, NOON)
    assert told is not None
    mail = compose(told, message, NOON)
    assert mail.to == "jonas@shop.example"
    assert mail.subject == "Mira wrote to you about SHOP-1: KeyError"
    assert body in mail.text and f"{URL}/issues/SHOP-1#note-{note}" in mail.text
    assert "&lt;b&gt;look&lt;/b&gt;" in mail.html and "<b>look" not in mail.html
    assert mail.thread_id == "<issue-shop-1@shop.example>"


def test_a_comment_that_was_taken_back_is_not_mailed(shelf: Shelf):
    issue = shelf.receive_one(an_event())
    note = notes.add(shelf.db, issue, None, "@jonas", NOON)
    mentions.tell(shelf.db, issue, note, ["jonas@shop.example"], "shop.example", NOON)
    notes.remove(shelf.db, note)
    gate.open_for_all(shelf.db, None, "shop.example", NOON)
    (message,) = outbox.due(shelf.db, NOON, 10)
    assert news.read(shelf.db, message, message.payload, URL, NOON) is None
