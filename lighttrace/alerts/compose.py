"""What a mail says: news in HTML and in text."""

from collections.abc import Mapping
from functools import cache, partial

import jinja2

from lighttrace.alerts.message import Mail, subject_line
from lighttrace.alerts.news import Comment, News, Told, age
from lighttrace.alerts.story import story, subject
from lighttrace.store.outbox import Message

SETTINGS = "/account#messages"  # where somebody says what they want to be mailed
COMMENT_LENGTH = 4_000


def compose(news: News, message: Message, now_ms: int) -> Mail:
    """The mail of an outbox row."""
    if news.comment is not None and news.told is not None:
        return _mention(news, news.comment, news.told, message, now_ms)
    made = partial(_mail, news, message, now_ms)
    if news.report is not None:
        return made(news.report.subject, "weekly", {"report": news.report})
    if news.kind == "alive":
        return made(news.words, "alive", {"news": news})
    if news.kind == "failed":
        return made(news.words, "failed", {"news": news, "age": age(news.age_s)})
    if news.digest is not None:
        context = {"digest": news.digest, "last": news.kind == "held"}
        return made(news.digest.headline, "digest", context)
    if news.told is None:
        return made(news.words, "words", {"words": news.words, "age": age(news.age_s)})
    return made(
        subject(news, news.told),
        "issue",
        {"story": story(news, news.told), "told": news.told, "take_url": news.take_url},
        _thread(message, news.told),
    )


def test_mail(to: str, message_id: str, base_url: str, now_ms: int) -> Mail:
    """What `lighttrace check --mail` sends."""
    return letter(
        "test", to, "LightTrace can send mail", message_id, now_ms, {"base_url": base_url}
    )


def letter(
    kind: str,
    to: str,
    subject: str,
    message_id: str,
    now_ms: int,
    context: Mapping[str, object],
) -> Mail:
    """A mail to one person that is about no issue. `kind` names its templates."""
    words = subject_line(subject)
    everything = {**context, "to": to, "subject": words}
    return Mail(
        to=to,
        subject=words,
        text=_render(f"{kind}.txt", everything),
        html=_render(f"{kind}.html", everything),
        message_id=message_id,
        thread_id="",
        at=now_ms,
    )


def _mention(news: News, comment: Comment, told: Told, message: Message, now_ms: int) -> Mail:
    subject = f"{comment.who} wrote to you about {told.short_id}: {told.title}"
    body, more = comment.body[:COMMENT_LENGTH], len(comment.body) > COMMENT_LENGTH
    context = {"told": told, "who": comment.who, "body": body, "more": more, "url": comment.url}
    return _mail(news, message, now_ms, subject, "mention", context, _thread(message, told))


def _host(message: Message) -> str:
    return message.message_id.rpartition("@")[2].rstrip(">")


def _thread(message: Message, told: Told) -> str:
    """What holds the mails of one issue together."""
    return f"<issue-{told.short_id.lower()}@{_host(message)}>"


def _mail(
    news: News,
    message: Message,
    now_ms: int,
    subject: str,
    template: str,
    context: Mapping[str, object],
    thread_id: str = "",
) -> Mail:
    words = subject_line(subject)
    settings_url = f"{news.base_url}{SETTINGS}"
    everything = {
        **context,
        "subject": words,
        "to": message.target,
        "base_url": news.base_url,
        "settings_url": settings_url,
    }
    return Mail(
        to=message.target,
        subject=words,
        text=_render(f"{template}.txt", everything),
        html=_render(f"{template}.html", everything),
        message_id=message.message_id,
        thread_id=thread_id,
        at=now_ms,
        list_id=f"LightTrace <alerts.{_host(message)}>",
        leave_url=settings_url,
    )


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("lighttrace", "web/templates/mail"),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",), default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["thousands"] = lambda n: f"{n:,}"
    return made


def _render(name: str, context: Mapping[str, object]) -> str:
    return _environment().get_template(name).render(context)
