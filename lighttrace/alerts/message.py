"""A mail as it travels: headers and two parts, by RFC 5322. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import format_datetime

from lighttrace.alerts.shapes.text import cut, line

SUBJECT_LENGTH = 120
# Gmail shows no more of a mail than 102 KB, in whatever encoding it came.
MOST_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Mail:
    """A finished mail. `at` in ms; `thread_id` holds the mails of one issue together. `list_id`
    ("name <id>") is what people file it by, and `leave_url` where one says that one wants no more;
    a letter has neither.
    """

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    thread_id: str
    at: int
    list_id: str = ""
    leave_url: str = ""


def subject_line(words: str) -> str:
    """Fit for a header, whatever an error calls itself: a line break would be another header, and
    `=?` words in another writing (RFC 2047).
    """
    return cut(line(words).replace("=?", "= ?"), SUBJECT_LENGTH) or "LightTrace"


class _Subject(UniqueUnstructuredHeader):
    """Folded by the older half of the library. The newer one loses spaces between words that are
    not ASCII, and begins a line that is full with an empty one.
    """

    def fold(self, *, policy: Policy) -> str:
        text = str(self)
        charset = "us-ascii" if text.isascii() else "utf-8"
        folded = Header(text, charset, header_name="Subject").encode(linesep=policy.linesep)
        return f"Subject: {folded}{policy.linesep}"


HEADERS = HeaderRegistry()
HEADERS.map_to_type("subject", _Subject)  # type: ignore[arg-type]  # a mixin, as theirs
POLICY = EmailPolicy(header_factory=HEADERS)


def message_of(mail: Mail, from_address: str) -> EmailMessage:
    """Text and HTML, threaded by issue, marked as sent by a program: nothing answers it by itself.

    Following `List-Unsubscribe` changes nothing, and there is no `List-Unsubscribe-Post`
    (docs/decisions.md, "People").
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = _address(from_address, "LightTrace")
    message["To"] = _address(mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(mail.at / 1000, UTC))
    message["Message-ID"] = mail.message_id
    if mail.thread_id:
        message["References"] = mail.thread_id
        message["In-Reply-To"] = mail.thread_id
    if mail.list_id:
        message["List-Id"] = mail.list_id
        message["Precedence"] = "list"
    if mail.leave_url:
        message["List-Unsubscribe"] = f"<{mail.leave_url}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(_text_only(mail.text))
    message.add_alternative(_text_only(mail.html), subtype="html")
    return message


def _address(address: str, name: str = "") -> Address:
    user, _, domain = in_dns(address).rpartition("@")
    return Address(name, username=user, domain=domain)


def in_dns(address: str) -> str:
    """With its domain as it is looked up: only what is left of the @ may need SMTPUTF8."""
    user, _, domain = address.rpartition("@")
    try:
        return f"{user}@{domain.encode('idna').decode()}"
    except UnicodeError:  # no such domain can be; the server says so
        return address


def _text_only(text: str) -> str:
    """Without what no mail may hold: half surrogates, NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", " ")
