"""`[smtp]`."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import field

from lighttrace.settings.kinds import Address, Name, Port, Seconds
from lighttrace.toml.setting import Disagreement, Note, Table


class Smtp(Table, frozen=True):
    """`[smtp]`: the mail server that takes our mails. Without this table, no mail is sent."""

    host: Annotated[Name, Note("a mail server", "smtp.example.com")]
    """The machine that takes our mails."""
    port: Port = 587
    """Its port: usually 587 with "starttls", 465 with "tls", 25 with "none"."""
    username: Annotated[str | None, Note("a login name", "lighttrace@example.com")] = None
    """The login, if the mail server wants one."""
    password: Annotated[str | None, Note("a password", "${SMTP_PASSWORD}", secret=True)] = None
    """The password of that login. Rather than here, keep it in the environment, as below, or in a
    file that password_file names.
    """
    from_: Annotated[
        Address, Note("the mail address that our mails come from", "lighttrace@example.com")
    ] = field(default="", name="from")
    """The sender of our mails. Without it, the login is used if that is an address."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted: "starttls" begins in the clear and changes over, "tls" is
    encrypted from the first byte, "none" is for a mail server inside your network.
    """
    timeout_s: Seconds = 20
    """How many seconds the mail server may take to answer."""

    def disagreements(self) -> Iterator[Disagreement]:
        if self.password is not None and not self.username:
            yield Disagreement(
                "username",
                "a password is given, but no username to go with it.",
                'username = "lighttrace@example.com"',
            )
