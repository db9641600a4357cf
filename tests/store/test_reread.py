"""Events read again from what is kept of them."""

import logging

import pytest

from lighttrace.store import reread
from tests.store.make import an_event
from tests.store.shelf import Shelf


def test_an_event_is_what_its_client_sent(shelf: Shelf):
    sent = b'{"event_id": "%s", "message": "the till is stuck"}' % (b"ab" * 16)
    row = shelf.receive(an_event(body=sent))[0].event_row
    found = reread.with_body(shelf.db, row)
    assert found is not None
    event, body = found
    assert event.message is not None and event.message.formatted == "the till is stuck"
    assert body == sent
    assert reread.event(shelf.db, row) == event
    assert reread.event(shelf.db, row + 1) is None


@pytest.mark.parametrize("damage", ["data = x'00ff'", "size_bytes = 3", "dictionary_id = 77"])
def test_a_damaged_body_is_none_and_the_log_says_so(
    shelf: Shelf, caplog: pytest.LogCaptureFixture, damage: str
):
    row = shelf.receive(an_event())[0].event_row
    shelf.db.execute(f"update event_body set {damage}")
    with caplog.at_level(logging.WARNING):
        assert reread.event(shelf.db, row) is None
    assert f"event in row {row}: " in caplog.text
