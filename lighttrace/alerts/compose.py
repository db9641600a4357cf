"""What a mail says: news in HTML and in text."""

from collections.abc import Mapping
from functools import cache, partial

import jinja2

from lighttrace.alerts.message import Mail, subject_line
from lighttrace.alerts.news import Comment, News, Told
from lighttrace.alerts.phrases import Whole, headline, left, quote, said_in, short, subject, why
from lighttrace.alerts.shapes.text import cut, prose, seen
from lighttrace.alerts.story import story
from lighttrace.store.outbox import Message

SETTINGS = "/account#messages"  # where somebody says what they want to be mailed
COMMENT_LENGTH, LONG, WHO = 4_000, 300, 100


def compose(news: News, message: Message, now_ms: int) -> Mail:
    """The mail of an outbox row."""
    if news.comment is not None and news.told is not None:
        return _mention(news, news.comment, news.told, message, now_ms)
    made = partial(_mail, news, message, now_ms)
    if news.report is not None:
        return made(news.report.subject, "weekly", {"report": news.report, "age": left(news)})
    if news.kind == "alive":
        said = news.words.removeprefix("Alive: ")
        return made(news.words, "alive", {"words": said, "age": left(news)})
    if news.kind == "failed":
        return made(news.words, "failed", _failed(news))
    if news.digest is not None:
        context = {"digest": news.digest, "last": news.kind == "held", "age": left(news)}
        return made(news.digest.headline, "digest", context)
    if news.told is None:
        said = said_in(short(news.project), news.opinion) if news.opinion else news.words
        return made(said, "words", _words(news))
    return made(
        subject(news, news.told),
        "issue",
        {"story": story(news, news.told), "told": news.told, **_urls(news)},
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


def _urls(news: News) -> dict[str, str]:
    return {"take_url": news.take_url, "quiet_url": news.quiet_url}


def _failed(news: News) -> dict[str, object]:
    told, digest = news.told, news.digest
    return {
        "words": short(news.words, LONG),
        "error": short(news.error, LONG),
        "about": digest.headline if digest else headline(told) if told else "",
        "scope": digest.scope if digest else told.project if told else "all projects",
        "url": news.url,
        "link": f"Open {told.short_id}" if told else "Open the list",
        "age": left(news),
    }


def _words(news: News) -> dict[str, object]:
    """Of a project as a whole, or of what a user said about an event that has not come."""
    kicker, about = (
        "Not everything gets through",
        "What is refused is not stored: errors may be missing.",
    )
    if news.opinion is not None:
        who = short(news.opinion.who, WHO)
        kicker = f"Feedback from {who}" if who else "Feedback"
        about = "The event it is about has not come, or is not kept."
    return {
        "kicker": kicker,
        "words": short(news.words, LONG),
        "about": about,
        "quote": quote(news),
        "why": why(news),
        "age": left(news),
    }


def _mention(news: News, comment: Comment, told: Told, message: Message, now_ms: int) -> Mail:
    who = short(comment.who, WHO)
    subject = f"{who} wrote to you about {told.short_id}: {told.title}"
    context = {
        "told": told,
        "about": headline(told),
        "who": who,
        "body": Whole(cut(prose(comment.body), COMMENT_LENGTH)),
        "url": comment.url,
        "age": left(news),
    }
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


def _finished(value: object) -> object:
    """The last look at each word that goes into a mail: all of it can be seen, and nothing is
    endless. Markup is made of words that were looked at.
    """
    return cut(seen(value), LONG) if type(value) is str else value


def _quoted(text: str) -> Whole:
    return Whole("\n".join(f"> {one}".rstrip() for one in text.split("\n")))


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("lighttrace", "web/templates/mail"),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",), default=False),
        undefined=jinja2.StrictUndefined,
        finalize=_finished,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["quoted"] = _quoted
    made.filters["thousands"] = lambda n: f"{n:,}"
    return made


def _render(name: str, context: Mapping[str, object]) -> str:
    return _environment().get_template(name).render(context)
