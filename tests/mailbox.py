"""A real SMTP server in a thread, and what it was sent."""

import asyncio
import socket
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

    def __init__(self, login: tuple[str, str] | None = None) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.taken: list[tuple[float, EmailMessage]] = []  # with the time (monotonic, s) of our yes
        self.connections = 0
        self.refuse: str | None = None
        self.slow_s = 0.0  # between having a mail and saying so
        self._login = login
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=_free_port(),
            authenticator=self._authenticate if login else None,
            auth_required=login is not None,
            auth_require_tls=False,
        )

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        self.connections += 1
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
        self.messages.append(message)
        self.recipients += envelope.rcpt_tos
        await asyncio.sleep(self.slow_s)
        self.taken.append((time.monotonic(), message))
        return "250 queued as 1"

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
def mailbox(login: tuple[str, str] | None = None) -> Iterator[Mailbox]:
    made = Mailbox(login)
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
