"""What mails say in a line or so: the subject, what it is about, why it came and how old it is.
Words of strangers are made to fit. Pure.
"""

from lighttrace.alerts.news import News, Opinion, Told, age
from lighttrace.alerts.reasons import SAID
from lighttrace.alerts.shapes.text import cut, line, prose

SHORT, TITLE, VALUE, OPINION = 120, 120, 240, 2_000  # letters


class Whole(str):
    """Words that are fit for a mail as they are, however long; others are cut."""

    __slots__ = ()


def short(text: str, most: int = SHORT) -> str:
    """A stranger's words, on one line of so many letters."""
    return cut(line(text), most)


def subject(news: News, told: Told) -> str:
    """The fact in a line: `New in shop: KeyError, 38 users so far`, `Back in api@2.4.1: KeyError`,
    `14× more: OperationalError in fulfillment`.
    """
    title = cut(line(told.title) or told.short_id, 60)
    at = f"{title} in {short(told.project)}"
    match news.kind:
        case "regression":
            back = told.background.back
            return f"Back in {(back and short(back.release)) or short(told.project)}: {title}"
        case "escalating":
            return f"Out of the archive: {at}"
        case "spike":
            return f"{times(news) or 'Spiking'}: {at}"
        case "spike_escalated":
            return f"Still rising{', ' if times(news) else ''}{times(news)}: {at}"
        case "new":
            return f"New in {short(told.project)}: {_to_whom(told, title)}"
        case "volume" | "users" if short(news.louder):
            return f"{'New and loud, ' if news.newborn else ''}{short(news.louder)}: {at}"
        case "feedback" if news.opinion is not None:
            return f"{said_in(short(told.project), news.opinion)} ({title})"
    return f"{label(news)}: {at}"


def said_in(project: str, opinion: Opinion) -> str:
    """`Feedback in shop: “It broke when I paid”`"""
    return f"Feedback in {project}: “{short(opinion.words, 60)}”"


def label(news: News) -> str:
    """`every` rule that counts nothing has nothing to say but that it happened again."""
    match news.kind:
        case "feedback":
            return "Feedback"
        case "users":
            return "New, and many users" if news.newborn else "Many users"
        case "volume" if news.louder:
            return "New and loud" if news.newborn else "Many events"
    return "Again"


def times(news: News) -> str:
    """`14× more`; nothing where nothing is usual."""
    rate = news.rate
    factor = rate.count / rate.usual if rate is not None and rate.usual > 0 else 0
    return f"{min(factor, 1000):.0f}× more" if factor >= 2 else ""


def _to_whom(told: Told, title: str) -> str:
    if told.people > 1:
        return f"{title}, {told.people:,} users so far"
    return f"{title}: {short(told.value)}" if short(told.value) else title


def why(news: News) -> str:
    """The reasons, without a full stop."""
    reasons = "; ".join(short(it, VALUE) for it in news.reasons)
    return Whole(reasons or SAID.get(news.kind, "a rule says so"))


def left(news: News) -> str:
    """How old it was when it left: each try to send it puts a mail together anew."""
    return f"Left {old(news)}."


def old(news: News) -> str:
    """`1.1 s after the event arrived`"""
    return f"{age(news.age_s)} after {_cause(news)}"


def quote(news: News) -> str:
    return Whole(cut(prose(news.opinion.words), OPINION)) if news.opinion else ""


def headline(told: Told) -> str:
    title, value = short(told.title, TITLE), short(told.value, VALUE)
    return f"{title}: {value}" if value and title else title or value or told.short_id


def _cause(news: News) -> str:
    if news.report is not None:
        return "it was due"
    if news.digest is not None and news.kind != "failed":
        return "the first of them"
    match news.kind:
        case "feedback":
            return "it was said"
        case "mention":
            return "it was written"
        case "spike" | "spike_escalated" | "quota":
            return "it was noticed"
        case "alive":
            return "it was due"
        case "failed":
            return "what it tells of happened"
    return "the event arrived"
