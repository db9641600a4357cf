"""What a mail says: news in HTML and in text."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import jinja2

from lighttrace.alerts.digest import Digest
from lighttrace.alerts.message import Mail, subject_line
from lighttrace.alerts.news import News, Told, age
from lighttrace.store.outbox import Message

# kind → the beginning of its subject, and how it came back
BACK = {
    "regression": ("Back", "Came back after it was resolved"),
    "escalating": ("Louder", "Out of the archive: what it was archived until has happened"),
    "spike": ("Spiking", "Spiking"),
    "spike_escalated": ("Louder still", "Louder still"),
    "volume": ("Many events", "Many events"),
    "users": ("Many users", "Many users"),
    "feedback": ("Feedback", "A user has said something about it"),
}


def compose(news: News, message: Message, now_ms: int) -> Mail:
    """The mail of an outbox row."""
    if news.comment is not None and news.told is not None:
        return _mention(news, news.told, message, now_ms)
    if news.report is not None:
        context = {"report": news.report, "base_url": news.base_url}
        mail = _mail(message, news.report.subject, "weekly", context, "", now_ms)
        return replace(mail, leave_url=f"{news.base_url}/account#messages")
    if news.kind == "alive":
        context = {"news": news, "base_url": news.base_url}
        return _mail(message, news.words, "alive", context, "", now_ms)
    if news.kind == "failed":
        context = {"news": news, "age": age(news.age_s), "base_url": news.base_url}
        return _mail(message, news.words, "failed", context, "", now_ms)
    if news.digest is not None:
        return _digest(news, news.digest, message, now_ms)
    if news.told is None:
        context = {"words": news.words, "age": age(news.age_s), "base_url": news.base_url}
        return _mail(message, news.words, "words", context, "", now_ms)
    verb, came_back = BACK.get(news.kind, ("New", ""))
    subject = f"{verb} in {news.told.project}: {_headline(news.told)}"
    if news.louder:
        came_back += f": {news.louder}"
    context = {
        "told": news.told,
        "back": came_back,
        "why": "; ".join(news.reasons) or "it is new",
        "age": age(news.age_s),
        "more": news.more,
        "base_url": news.base_url,
    }
    return _mail(message, subject, "issue", context, _thread(message, news.told), now_ms)


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


def _digest(news: News, digest: Digest, message: Message, now_ms: int) -> Mail:
    context = {"digest": digest, "last": news.kind == "held", "base_url": news.base_url}
    return _mail(message, digest.headline, "digest", context, "", now_ms)


def _mention(news: News, told: Told, message: Message, now_ms: int) -> Mail:
    assert news.comment is not None
    who, body, url = news.comment.who, news.comment.body, news.comment.url
    context = {"told": told, "who": who, "body": body, "url": url}
    subject = f"{who} wrote to you about {told.short_id}: {told.title}"
    return _mail(message, subject, "mention", context, _thread(message, told), now_ms)


def _thread(message: Message, told: Told) -> str:
    """What holds the mails of one issue together."""
    return f"<issue-{told.short_id.lower()}@{message.message_id.rpartition('@')[2]}"


def _headline(told: Told) -> str:
    if told.people > 1:
        return f"{told.title}, {told.people} users so far"
    return f"{told.title}: {told.value}" if told.value else told.title


def _mail(
    message: Message,
    subject: str,
    template: str,
    context: dict[str, object],
    thread_id: str,
    now_ms: int,
) -> Mail:
    words = subject_line(subject)
    everything = {**context, "subject": words, "to": message.target}
    return Mail(
        to=message.target,
        subject=words,
        text=_render(f"{template}.txt", everything),
        html=_render(f"{template}.html", everything),
        message_id=message.message_id,
        thread_id=thread_id,
        at=now_ms,
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
    made.filters["clock"] = lambda at: f"{datetime.fromtimestamp(at / 1000, UTC):%H:%M}"
    return made


def _render(name: str, context: Mapping[str, object]) -> str:
    return _environment().get_template(name).render(context)
