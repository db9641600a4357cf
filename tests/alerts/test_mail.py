"""Mail against a real server: what arrives, and what its refusals mean in plain words."""

import socket

import pytest

from lighttrace.alerts.mail import Mailer, send_test, sender
from lighttrace.alerts.message import Mail
from lighttrace.errors import DeliveryError
from lighttrace.settings.mail import Smtp
from tests.mailbox import Mailbox, html_of, mailbox, text_of

NOW = 1_795_000_000_000
without_tls = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def a_mail(to: str = "ada@example.com", number: int = 1) -> Mail:
    return Mail(
        to=to,
        subject="New in shop: KeyError – ‘tax’",
        text="plain words\n",
        html="<p>words</p>",
        message_id=f"<{number}@shop.example>",
        thread_id="<issue-shop-1@shop.example>",
        at=NOW,
    )


async def test_a_mail_arrives_as_text_and_html_in_the_thread_of_its_issue(box: Mailbox) -> None:
    async with Mailer(box.smtp()) as mailer:
        await mailer.send(a_mail())
    (message,) = box.messages
    assert message["Subject"] == "New in shop: KeyError – ‘tax’"
    assert message["From"].addresses[0].addr_spec == "lt@shop.example"
    assert message["Message-ID"] == "<1@shop.example>"
    assert message["References"] == "<issue-shop-1@shop.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert text_of(message) == "plain words\n"
    assert html_of(message) == "<p>words</p>\n"


async def test_a_burst_uses_one_connection(box: Mailbox) -> None:
    async with Mailer(box.smtp()) as mailer:
        for number in range(5):
            await mailer.send(a_mail(number=number))
    assert len(box.messages) == 5
    assert box.connections == 1


@without_tls
async def test_it_logs_in_where_the_file_says_so() -> None:
    with mailbox(login=("lt", "s3cret")) as box:
        async with Mailer(box.smtp(username="lt", password="s3cret")) as mailer:
            await mailer.send(a_mail())
        assert box.recipients == ["ada@example.com"]


@without_tls
async def test_a_wrong_password_says_where_to_look() -> None:
    with mailbox(login=("lt", "s3cret")) as box:
        with pytest.raises(DeliveryError, match="username and password in \\[smtp\\]") as caught:
            await send_test(
                box.smtp(username="lt", password="wrong"), "ada@example.com", "http://x", NOW
            )
        assert caught.value.channel_down
        assert not caught.value.permanent


async def test_an_unknown_mailbox_is_final_and_stops_nobody_elses_mail(box: Mailbox) -> None:
    async with Mailer(box.smtp()) as mailer:
        with pytest.raises(DeliveryError, match="does not take mail for nobody@") as caught:
            await mailer.send(a_mail(to="nobody@example.com"))
        assert caught.value.permanent
        assert not caught.value.channel_down
        await mailer.send(a_mail())
    assert box.recipients == ["ada@example.com"]


async def test_a_busy_server_is_asked_again_later(box: Mailbox) -> None:
    box.refuse = "451 4.7.1 try again later"
    with pytest.raises(DeliveryError, match="451") as caught:
        await send_test(box.smtp(), "ada@example.com", "http://x", NOW)
    assert not caught.value.permanent


async def test_nobody_at_the_port_is_said_with_host_and_port() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DeliveryError, match=f"127.0.0.1:{port} cannot be reached") as caught:
        await send_test(
            Smtp(host="127.0.0.1", port=port, tls="none"), "ada@example.com", "http://x", NOW
        )
    assert caught.value.channel_down


async def test_asking_for_encryption_that_is_not_offered_names_the_remedy(box: Mailbox) -> None:
    with pytest.raises(DeliveryError, match='tls = "none"'):
        await send_test(box.smtp(tls="starttls"), "ada@example.com", "http://x", NOW)


async def test_the_test_mail_says_where_its_links_lead(box: Mailbox) -> None:
    await send_test(box.smtp(), "ada@example.com", "https://errors.example.com", NOW)
    assert "https://errors.example.com" in text_of(box.messages[0])


def test_the_sender_is_the_files_from_else_the_login() -> None:
    assert sender(Smtp(host="mail.example.com", from_="lt@a.example")) == "lt@a.example"
    assert sender(Smtp(host="mail.example.com", username="lt@b.example")) == "lt@b.example"
    assert sender(Smtp(host="mail.example.com")) == "lighttrace@mail.example.com"
