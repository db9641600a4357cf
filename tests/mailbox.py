"""A real SMTP server in a thread, and what it was sent."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from lighttrace.settings.mail import Smtp


class Mailbox:
    """The messages of a server. `refuse` is answered instead of taking the next mails, while it is
    set.
    """

    def __init__(
        self,
        login: tuple[str, str] | None = None,
        smtps: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        smtputf8: bool = True,
    ) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.taken: list[tuple[float, EmailMessage]] = []  # with the time (monotonic, s) of our yes
        self.connections = 0
        self.refuse: str | None = None
        self.slow_s = 0.0  # between having a mail and saying so
        self.farewell = False  # at the next mail
        self.left = threading.Event()  # a client has taken leave
        self.said: list[str] = []  # the commands of clients
        self.options: list[str] = []  # of MAIL FROM
        self.raw: list[bytes] = []
        self._transports: list[asyncio.Transport] = []
        self._login = login
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=_free_port(),
            authenticator=self._authenticate if login else None,
            auth_required=login is not None,
            auth_require_tls=False,
            enable_SMTPUTF8=smtputf8,
            ssl_context=smtps,
            tls_context=starttls,
            require_starttls=starttls is not None,
        )

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        self.connections += session.ssl is not None or not server.require_starttls
        assert server.transport is not None
        self._transports.append(server.transport)
        session.host_name = hostname
        return answers

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            return self.refuse
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.raw.append(envelope.content)
        self.messages.append(message)
        self.recipients += envelope.rcpt_tos
        await asyncio.sleep(self.slow_s)
        self.taken.append((time.monotonic(), message))
        return "250 queued as 1"

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.farewell:
            self.farewell = False
            return "421 4.7.0 too many messages in one connection"
        self.options += options
        envelope.mail_from = address
        return "250 OK"

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.said.append("RSET")
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.said.append("QUIT")
        self.left.set()
        return "221 Bye"

    def hang_up(self) -> None:
        """On everybody, without a word."""
        for transport in self._transports:
            self._controller.loop.call_soon_threadsafe(transport.abort)
        self._transports.clear()

    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.messages]

    def ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.messages]

    def smtp(self, **over: Any) -> Smtp:
        """`[smtp]` for this server."""
        given = {
            "host": "127.0.0.1",
            "port": self._controller.port,
            "tls": "none",
            "from_": "lt@shop.example",
        }
        return Smtp(**(given | over))

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert self._login is not None
        wanted = LoginPassword(*(part.encode() for part in self._login))
        return AuthResult(success=data == wanted, handled=False)


def _free_port() -> int:
    """aiosmtpd connects to the port it was told, so it cannot be told any."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def mailbox(login: tuple[str, str] | None = None, **how: Any) -> Iterator[Mailbox]:
    made = Mailbox(login, **how)
    made._controller.start()
    try:
        yield made
    finally:
        made._controller.stop(no_assert=True)


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html_of(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
