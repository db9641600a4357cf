"""Mail: one connection for a burst of messages, by `[smtp]`, and what a mail server's "no" means in
plain words.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from types import TracebackType
from typing import Self

import aiosmtplib

from lighttrace.alerts.compose import Mail, compose, test_mail
from lighttrace.alerts.news import News
from lighttrace.errors import DeliveryError
from lighttrace.settings.mail import Smtp
from lighttrace.store.outbox import Message

REFUSED_FOR_GOOD = range(550, 560)  # no such mailbox, policy: trying again changes nothing


def host_of(smtp: Smtp) -> str:
    """The right side of our Message-IDs: the sender's domain, which survives a change of server."""
    return Address(addr_spec=sender(smtp)).domain


def sender(smtp: Smtp) -> str:
    """`from` of the file, else the login if it is an address, else what a local server takes."""
    for candidate in (smtp.from_, smtp.username or ""):
        if "@" in candidate:
            return candidate
    return f"lighttrace@{smtp.host if '.' in smtp.host else 'localhost.localdomain'}"


class Mailer:
    """A mail channel for as long as its `async with` lasts. The connection is opened by the first
    mail.
    """

    name = "mail"

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp
        self._client: aiosmtplib.SMTP | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await _quit(client)

    async def hand_over(self, news: News, message: Message, now_ms: int) -> tuple[str, str]:
        """For `deliver`."""
        return "250", await self.send(compose(news, message, now_ms))

    async def send(self, mail: Mail) -> str:
        """Hand one mail to the server; returns its words. Raises DeliveryError."""
        async with _in_plain_words(self._smtp, mail.to):
            client = await self._connected()
            _, answer = await client.send_message(message_of(mail, sender(self._smtp)))
            return answer

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        smtp = self._smtp
        client = aiosmtplib.SMTP(
            hostname=smtp.host,
            port=smtp.port,
            timeout=smtp.timeout_s,
            use_tls=smtp.tls == "tls",
            start_tls=smtp.tls == "starttls",
        )
        await client.connect()
        self._client = client
        if smtp.username:
            await client.login(smtp.username, smtp.password or "")
        return client


async def _quit(client: aiosmtplib.SMTP) -> None:
    try:
        await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        client.close()


@asynccontextmanager
async def _in_plain_words(smtp: Smtp, to: str) -> AsyncIterator[None]:
    where = f"{smtp.host}:{smtp.port}"
    try:
        yield
    except aiosmtplib.SMTPRecipientsRefused as error:
        first = error.recipients[0]
        raise DeliveryError(
            f"{where} does not take mail for {to}: {first.code} {first.message}",
            permanent=first.code in REFUSED_FOR_GOOD,
            code=str(first.code),
        ) from error
    except aiosmtplib.SMTPAuthenticationError as error:
        raise DeliveryError(
            f"{where} refused the login {smtp.username!r}: {error.code} {error.message}. "
            "Check username and password in [smtp].",
            code=str(error.code),
            channel_down=True,
        ) from error
    except aiosmtplib.SMTPResponseException as error:
        raise DeliveryError(
            f"{where} said no: {error.code} {error.message}", code=str(error.code)
        ) from error
    except aiosmtplib.SMTPTimeoutError as error:
        raise DeliveryError(
            f"{where} did not answer within {smtp.timeout_s:g} s. "
            "Check host and port, and whether a "
            'firewall lets them through; port 465 wants tls = "tls", port 587 tls = "starttls".',
            code="timeout",
            channel_down=True,
        ) from error
    except ssl.SSLError as error:
        raise DeliveryError(
            f"The encrypted connection to {where} failed: {error.reason or error}. "
            'Port 465 wants tls = "tls", port 587 tls = "starttls", '
            'port 25 inside a network tls = "none".',
            code="tls",
            channel_down=True,
        ) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        if "not supported" in str(error):
            raise DeliveryError(
                f"{where} does not offer what [smtp] asks for: {error} "
                'Without encryption on that port, use tls = "none".',
                code="unsupported",
                channel_down=True,
            ) from error
        raise DeliveryError(
            f"{where} cannot be reached: {error}", code="connect", channel_down=True
        ) from error


def message_of(mail: Mail, from_address: str) -> EmailMessage:
    """The mail as SMTP wants it: text and HTML, threaded by issue, marked as sent by a program."""
    message = EmailMessage()
    message["From"] = f"LightTrace <{from_address}>"
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(mail.at / 1000, UTC))
    message["Message-ID"] = mail.message_id
    if mail.thread_id:
        message["References"] = mail.thread_id
        message["In-Reply-To"] = mail.thread_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


async def send_test(smtp: Smtp, to: str, base_url: str, now_ms: int) -> str:
    """For `lighttrace check --mail`: one mail, now. Returns the server's words; raises
    DeliveryError with a remedy.
    """
    message_id = make_msgid(domain=host_of(smtp))
    return await send_one(smtp, test_mail(to, message_id, base_url, now_ms))


async def send_one(smtp: Smtp, mail: Mail) -> str:
    """One mail over a connection of its own. Returns the server's words; raises DeliveryError."""
    async with Mailer(smtp) as mailer:
        return await mailer.send(mail)
