"""Trying the channels out on the page of alerts: a mail to oneself, a message to a webhook."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerts.hooks import hooked
from tests.mailbox import Mailbox, mailbox
from tests.web.served import Site, served
from tests.web.test_alerts_page import swapped

CHANNELS = swapped("section#channels")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as made:
        yield made


@pytest.fixture
def site(tmp_path: Path, box: Mailbox) -> Iterator[Site]:
    smtp = box.smtp()
    with (
        hooked("slack") as server,
        served(
            tmp_path,
            f"""
[smtp]
host = "{smtp.host}"
port = {smtp.port}
tls = "none"
from = "errors@example.com"
[alerts]
to = ["webhook:chat"]
[[alerts.webhook]]
name = "chat"
kind = "slack"
url = "{server.base}/services/T0/B0/secretsecret"
allow_private = true
""",
        ) as site,
    ):
        site.user()
        site.sign_in()
        yield site


def test_a_member_has_a_mail_sent_to_their_own_address(site: Site, box: Mailbox):
    site.user("mem@example.com", "member", "Mem")
    site.sign_in("mem@example.com")
    answer = site.client.post("/alerts/test", headers=CHANNELS, data={"to": "eve@example.com"})
    assert answer.status_code == 200 and answer.text.lstrip().startswith('<section id="channels"')
    assert "Sent to mem@example.com. The mail server said" in answer.text
    assert box.recipients == ["mem@example.com"]
    plain = site.client.post("/alerts/test")
    assert (plain.status_code, plain.headers["location"]) == (303, "/alerts?done=tested.0")
    assert "A test is sent" in site.client.get("/alerts?done=tested.0").text


def test_what_the_mail_server_says_is_told(site: Site, box: Mailbox):
    box.refuse = "451 4.7.1 greylisted"
    answer = site.client.post("/alerts/test", headers=CHANNELS)
    assert answer.status_code == 422 and "greylisted" in answer.text
    whole = site.client.post("/alerts/test")
    assert whole.status_code == 422 and "greylisted" in whole.text and "<html" in whole.text


def test_without_a_mail_server_it_says_what_to_do(tmp_path: Path):
    with served(tmp_path) as site:
        site.user()
        site.sign_in()
        answer = site.client.post("/alerts/test", headers=CHANNELS)
        assert "the file has no [smtp]" in answer.text


def test_there_are_a_few_tests_in_a_while(site: Site, box: Mailbox):
    for _ in range(5):
        assert site.client.post("/alerts/test", headers=CHANNELS).status_code == 200
    answer = site.client.post("/alerts/test", headers=CHANNELS)
    assert answer.status_code == 422 and "Enough tests for now. Try again in 15 min." in answer.text
    assert len(box.messages) == 5
    site.clock.advance(15 * 60 * 1_000)
    assert site.client.post("/alerts/test", headers=CHANNELS).status_code == 200


def test_an_admin_tries_a_webhook_whose_address_is_not_told(site: Site):
    answer = site.client.post("/alerts/test/chat", headers=CHANNELS)
    assert answer.status_code == 200 and "Sent to chat. It said: ok" in answer.text
    assert "secretsecret" not in answer.text
    gone = site.client.post("/alerts/test/pager", headers=CHANNELS)
    assert gone.status_code == 422 and "no webhook of that name" in gone.text


def test_a_member_must_not_try_a_webhook_nor_a_viewer_the_mail(site: Site, box: Mailbox):
    for role, path in (("member", "/alerts/test/chat"), ("viewer", "/alerts/test")):
        site.user(f"{role}@example.com", role, role.title())
        site.sign_in(f"{role}@example.com")
        assert site.client.post(path).status_code == 403
        assert "Send me a test" in site.client.get("/alerts").text or role == "viewer"
        assert 'action="/alerts/test/chat"' not in site.client.get("/alerts").text
    assert box.messages == []
