"""Mail: one connection for a burst of messages, by `[smtp]`, and what a mail server's "no" means in
plain words.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid
from types import TracebackType
from typing import Self

import aiosmtplib

from lighttrace.alerts.compose import compose, test_mail
from lighttrace.alerts.message import Mail, in_dns, message_of
from lighttrace.alerts.news import News
from lighttrace.errors import DeliveryError
from lighttrace.settings.mail import Smtp
from lighttrace.store.outbox import Message

KEEP_S = 10.0  # of idleness; servers hang up after minutes, and a burst of a storm is seconds long
LAST_WORD_S = 2.0  # a server that does not say good-bye holds up no stop of ours
LEAVING = 421
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
    """The mail channel: one connection, opened by the first mail and kept for a burst and `keep_s`
    seconds after its last one.

    A server may close it meanwhile, which fails no mail: a connection that was used before is asked
    first whether it is there, and replaced once if the server leaves in the middle. A mail that is
    handed over twice because of that is the same message, with the same Message-ID.
    """

    name = "mail"
    in_full = True

    def __init__(self, smtp: Smtp, keep_s: float = KEEP_S) -> None:
        self.smtp = smtp
        self._keep_s = keep_s
        self._client: aiosmtplib.SMTP | None = None
        self._lapse: asyncio.TimerHandle | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Take leave of the server. The next mail opens a new connection."""
        self._stay()
        client, self._client = self._client, None
        if client is not None:
            await _quit(client)
        await asyncio.gather(*self._leaving)

    async def hand_over(self, news: News, message: Message, now_ms: int) -> tuple[str, str]:
        """For `deliver`."""
        return "250", await self.send(compose(news, message, now_ms))

    async def send(self, mail: Mail) -> str:
        """Hand one mail to the server; returns its words. Raises DeliveryError."""
        self._stay()
        try:
            async with _in_plain_words(self.smtp, mail.to):
                return await self._send(mail)
        finally:
            loop = asyncio.get_running_loop()
            self._lapse = loop.call_later(self._keep_s, self._leave)

    async def _send(self, mail: Mail) -> str:
        message = message_of(mail, sender(self.smtp))
        if (client := await self._used()) is not None:
            try:
                return await _say(client, message, mail.to)
            except (aiosmtplib.SMTPException, OSError) as error:
                if not _has_left(error):
                    raise
        return await _say(await self._new(), message, mail.to)

    async def _used(self) -> aiosmtplib.SMTP | None:
        """The connection of an earlier mail, if the server still holds its end of it."""
        client = self._client
        if client is None or not client.is_connected:
            return None
        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError):
            client.close()
            return None
        return client

    async def _new(self) -> aiosmtplib.SMTP:
        smtp = self.smtp
        client = aiosmtplib.SMTP(
            hostname=smtp.host,
            port=smtp.port,
            timeout=smtp.timeout_s,
            use_tls=smtp.tls == "tls",
            start_tls=smtp.tls == "starttls",
        )
        try:
            await client.connect()
            if smtp.username:
                await client.login(smtp.username, smtp.password or "")
        except BaseException:
            client.close()
            raise
        self._client = client
        return client

    def _stay(self) -> None:
        if self._lapse is not None:
            self._lapse.cancel()
            self._lapse = None

    def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            leaving = asyncio.create_task(_quit(client))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)


async def _say(client: aiosmtplib.SMTP, message: EmailMessage, to: str) -> str:
    _, answer = await client.send_message(message, recipients=[in_dns(to)])
    return answer


def _has_left(error: Exception) -> bool:
    """Whether the server hung up, or says that it is about to."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return any(one.code == LEAVING for one in error.recipients)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return error.code == LEAVING
    return isinstance(error, ConnectionError)


async def _quit(client: aiosmtplib.SMTP) -> None:
    if not client.is_connected:
        return
    try:
        await client.quit(timeout=LAST_WORD_S)
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
            channel_down=first.code == LEAVING,
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
            f"{where} said no: {error.code} {error.message}",
            code=str(error.code),
            channel_down=error.code == LEAVING,
        ) from error
    except aiosmtplib.SMTPTimeoutError as error:
        raise DeliveryError(
            f"{where} did not answer within {smtp.timeout_s:g} s. "
            "Check host and port, and whether a "
            'firewall lets them through; port 465 wants tls = "tls", port 587 tls = "starttls".',
            code="timeout",
            channel_down=True,
        ) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        if (broken := _of_tls(error)) is not None:
            raise DeliveryError(_about_tls(broken, where), code="tls", channel_down=True) from error
        if isinstance(error, aiosmtplib.SMTPNotSupported) and not to.isascii():
            raise DeliveryError(
                f"{where} takes no mail for an address such as {to}: {error}",
                permanent=True,
                code="unsupported",
            ) from error
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


def _of_tls(error: BaseException) -> ssl.SSLError | None:
    """What is wrong with the encryption, if that is what is wrong."""
    if isinstance(error, ssl.SSLError):
        return error
    return None if error.__cause__ is None else _of_tls(error.__cause__)


def _about_tls(error: ssl.SSLError, where: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of {where} is not trusted: {error.verify_message}. "
            "[smtp] host must be a name in it; of an authority of your own, name the certificate "
            "in the environment: SSL_CERT_FILE=/etc/ssl/our-ca.pem."
        )
    return (
        f"The encrypted connection to {where} failed: {error.reason or error}. "
        'Port 465 wants tls = "tls", port 587 tls = "starttls", '
        'port 25 inside a network tls = "none".'
    )


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
