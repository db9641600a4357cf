"""The connection to the mail server: encrypted three ways, kept for a burst, replaced when it is
gone.
"""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from lighttrace.alerts.mail import Mailer
from lighttrace.alerts.message import Mail
from lighttrace.errors import DeliveryError
from tests import certificates
from tests.mailbox import Mailbox, mailbox

A_MAIL = Mail(
    to="ada@example.com",
    subject="New in shop: KeyError",
    text="plain words\n",
    html="<p>words</p>",
    message_id="<1@shop.example>",
    thread_id="<issue-shop-1@shop.example>",
    at=1_795_000_000_000,
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """Its certificate, and what a server named localhost shows."""
    of_authority, of_server = certificates.write(tmp_path_factory.mktemp("tls"), "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(of_server)
    return of_authority, context


@pytest.mark.parametrize("how", ["tls", "starttls"])
async def test_a_burst_goes_through_one_encrypted_connection(
    how: str, authority: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    of_authority, context = authority
    monkeypatch.setenv("SSL_CERT_FILE", str(of_authority))
    with mailbox(**{"smtps" if how == "tls" else "starttls": context}) as box:
        async with Mailer(box.smtp(host="localhost", tls=how)) as mailer:
            await mailer.send(A_MAIL)
            await mailer.send(replace(A_MAIL, message_id="<2@shop.example>"))
        assert box.ids() == ["<1@shop.example>", "<2@shop.example>"]
        assert box.connections == 1


@pytest.mark.parametrize("how", ["tls", "starttls"])
async def test_a_certificate_nobody_vouches_for_gets_no_mail(
    how: str, authority: tuple[Path, ssl.SSLContext]
) -> None:
    with mailbox(**{"smtps" if how == "tls" else "starttls": authority[1]}) as box:
        async with Mailer(box.smtp(host="localhost", tls=how)) as mailer:
            with pytest.raises(DeliveryError, match=r"not trusted.*SSL_CERT_FILE") as caught:
                await mailer.send(A_MAIL)
        assert caught.value.channel_down
        assert box.messages == []


async def test_between_two_mails_the_server_is_asked_whether_it_is_there(box: Mailbox) -> None:
    async with Mailer(box.smtp()) as mailer:
        await mailer.send(A_MAIL)
        await mailer.send(A_MAIL)
    assert box.said == ["RSET", "QUIT"]


async def test_a_server_that_hung_up_meanwhile_fails_no_mail(box: Mailbox) -> None:
    async with Mailer(box.smtp()) as mailer:
        await mailer.send(A_MAIL)
        box.hang_up()
        await mailer.send(replace(A_MAIL, message_id="<2@shop.example>"))
    assert box.ids() == ["<1@shop.example>", "<2@shop.example>"]
    assert box.connections == 2


async def test_a_server_that_has_had_enough_of_one_connection_gets_another(box: Mailbox) -> None:
    async with Mailer(box.smtp()) as mailer:
        await mailer.send(A_MAIL)
        box.farewell = True
        await mailer.send(replace(A_MAIL, message_id="<2@shop.example>"))
    assert box.ids() == ["<1@shop.example>", "<2@shop.example>"]
    assert box.connections == 2


async def test_a_server_that_sends_away_the_first_mail_is_left_in_peace(box: Mailbox) -> None:
    box.farewell = True
    async with Mailer(box.smtp()) as mailer:
        with pytest.raises(DeliveryError, match="421") as caught:
            await mailer.send(A_MAIL)
    assert caught.value.channel_down
    assert box.connections == 1


async def test_an_idle_connection_is_given_back(box: Mailbox) -> None:
    mailer = Mailer(box.smtp(), keep_s=0)
    await mailer.send(A_MAIL)
    assert await asyncio.to_thread(box.left.wait, 10)
    await mailer.send(A_MAIL)
    assert box.connections == 2
    await mailer.close()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_a_wrong_login_leaves_no_half_open_connection() -> None:
    with mailbox(login=("lt", "s3cret")) as box:
        mailer = Mailer(box.smtp(username="lt", password="wrong"))
        for _ in range(2):
            with pytest.raises(DeliveryError, match="refused the login"):
                await mailer.send(A_MAIL)
        await mailer.close()


async def test_ascii_addresses_ask_for_no_smtputf8(box: Mailbox) -> None:
    async with Mailer(box.smtp()) as mailer:
        await mailer.send(replace(A_MAIL, subject="Größe – 大", text="Größe 大\n"))
    assert "SMTPUTF8" not in box.options
    assert box.subjects() == ["Größe – 大"]


async def test_an_address_in_any_script_arrives_where_the_server_takes_it(box: Mailbox) -> None:
    async with Mailer(box.smtp()) as mailer:
        await mailer.send(replace(A_MAIL, to="jürgen@example.com"))
    assert "SMTPUTF8" in box.options
    assert box.recipients == ["jürgen@example.com"]


async def test_a_domain_in_any_script_needs_nothing_of_the_server() -> None:
    with mailbox(smtputf8=False) as box:
        async with Mailer(box.smtp()) as mailer:
            await mailer.send(replace(A_MAIL, to="ada@bücher.example"))
        assert box.recipients == ["ada@xn--bcher-kva.example"]


async def test_where_it_is_not_taken_only_this_mail_is_lost() -> None:
    with mailbox(smtputf8=False) as box:
        async with Mailer(box.smtp()) as mailer:
            with pytest.raises(DeliveryError, match="an address such as jürgen@") as caught:
                await mailer.send(replace(A_MAIL, to="jürgen@example.com"))
            assert caught.value.permanent
            assert not caught.value.channel_down
            await mailer.send(A_MAIL)
        assert box.recipients == ["ada@example.com"]
