"""The finished message, whatever strangers call things: small, in one piece, and nobody else's."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lighttrace.alerts.compose import compose
from lighttrace.alerts.mail import Mailer
from lighttrace.alerts.message import MOST_BYTES, Mail, message_of, subject_line
from lighttrace.alerts.news import News
from lighttrace.store.outbox import Message
from tests.alerts.pictures import LATER, URL, a_story, every_letter, every_news, poisoned
from tests.mailbox import Mailbox
from tests.store.shelf import a_shelf

HEADERS = [
    *("From", "To", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "List-Id"),
    *("Precedence", "List-Unsubscribe", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("MIME-Version", "Content-Type"),
]
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
EVIL = (
    *("\r\nBcc: all@evil.example\r\n\r\n<script>", "\n.\nMAIL FROM:<x>", "=?utf-8?q?x?="),
    *("\u202e\u2066", "\ud800", "\x00\x1b[31m", "\u2028\u0085", "<b>&amp;</td></table>"),
    *("{{ told }}{% raw %}", '" onmouseover="', "@everyone ", "w" * 1_000, "大" * 99, "🧨" * 9),
    *("á" * 200, "&" * 30_000, "大 " * 9_000, "\n" * 30_000),
)
# a number stands for one of them: what is 30,000 letters long cannot be shown when it fails
hostile = st.lists(st.integers(0, len(EVIL) - 1) | st.text(max_size=40), max_size=6)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[News, Message]]]:
    with a_shelf(tmp_path_factory.mktemp("store"), "checkout") as shelf:
        a_story(shelf)
        yield every_news(shelf)


def read_back(mail: Mail) -> EmailMessage:
    """As it travels, and as a program reads it: no defects, no header that is not ours."""
    raw = message_of(mail, "lt@shop.example").as_bytes(policy=policy.SMTP)
    assert len(raw) <= MOST_BYTES
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert set(message.keys()) <= set(HEADERS)
    assert len(set(message.keys())) == len(message.keys())
    for part in message.walk():
        assert part.defects == []
        assert [it.defects for it in part.values() if it.defects] == []  # type: ignore[attr-defined]
    head = raw.partition(b"\r\n\r\n")[0]
    assert all(len(it) <= 78 or b" " not in it.strip() for it in head.split(b"\r\n"))
    return message


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces=hostile)
@example(pieces=[EVIL.index("&" * 30_000)])
@example(pieces=[EVIL.index("\n" * 30_000)])
def test_any_mail_is_small_and_whole_whatever_strangers_call_things(
    told: dict[str, tuple[News, Message]], pieces: list[str | int]
) -> None:
    text = "".join(it if isinstance(it, str) else EVIL[it] for it in pieces)
    mails = {
        name: compose(poisoned(one, text), message, LATER) for name, (one, message) in told.items()
    } | every_letter(text)
    for name, mail in mails.items():
        message = read_back(mail)
        assert message["Subject"] == mail.subject, name
        assert 0 < len(mail.subject) <= 200 and not UNSEEN.search(mail.subject)
        assert message["To"] == "ada@shop.example"
        assert not UNSEEN.search(part(message, "plain")), name
        html = part(message, "html")
        assert not re.search(r"<script|<img|<a [^>]*onmouseover|src=|url\(", html), name
        assert html.count("<table") == html.count("</table>"), name


def test_each_mail_says_the_same_in_both_parts_and_leaves_nothing_unfinished(
    told: dict[str, tuple[News, Message]],
) -> None:
    for name, (one, message) in told.items():
        sent = read_back(compose(one, message, LATER))
        text, html = part(sent, "plain"), part(sent, "html")
        assert not re.search(r"</?[a-z]+[ >/]|&[a-z#0-9]+;|{[{%]|\bNone\b|\n{4}", text), name
        assert not re.search(r"{[{%]|\bNone\b|&amp;amp;", html), name
        assert "prefers-color-scheme:dark" in html
        assert not re.search(r"<img|<link|<script|@import|url\(", html), name
        assert "Left " in text, name
        assert "Left " in html, name


async def test_each_kind_arrives_with_what_mail_programs_go_by(
    told: dict[str, tuple[News, Message]], box: Mailbox
) -> None:
    async with Mailer(box.smtp()) as mailer:
        for one, message in told.values():
            await mailer.hand_over(one, message, LATER)
    assert box.connections == 1
    for (name, (one, message)), sent in zip(told.items(), box.messages, strict=True):
        assert sent["Message-ID"] == message.message_id, name
        assert sent["List-Unsubscribe"] == f"<{URL}/account#messages>"
        assert sent["List-Id"] == "LightTrace <alerts.shop.example>"
        assert sent["Auto-Submitted"] == "auto-generated"
        thread = None
        if one.told is not None and name != "failed":
            thread = f"<issue-{one.told.short_id.lower()}@shop.example>"
        assert sent["References"] == sent["In-Reply-To"] == thread, name


@pytest.mark.parametrize(
    "subject",
    [
        "Back in Bcc: all@evil.example <script>: Bcc: all@evil.example <script> and one more",
        "14× more: " + "大 " * 50 + "大",
        "New in shop: " + "w" * 100,
        "New in shop: = ?utf-8?q?x?=",
    ],
)
def test_a_subject_is_read_as_it_was_written_each_space_of_it(subject: str) -> None:
    mail = Mail("ada@shop.example", subject, "t", "<p>", "<1@h>", "<i@h>", LATER)
    raw = message_of(mail, "lt@shop.example").as_bytes(policy=policy.SMTP)
    assert b"Subject:\r\n" not in raw
    assert message_from_bytes(raw, policy=policy.default)["Subject"] == subject
    assert subject_line("=?utf-8?q?x?=") == "= ?utf-8?q?x?="
