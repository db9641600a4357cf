"""What happened of late in a few words, and how old messages were over time: the top of the page of
alerts. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lighttrace.alerts.news import age
from lighttrace.store import alert_ages
from lighttrace.store.alert_ages import Taken
from lighttrace.store.alert_history import Became, Retried
from lighttrace.store.sendings import Ages
from lighttrace.web import age_chart, format, rule_words

FEW = 5  # messages say nothing about the slowest twentieth of them


@dataclass(frozen=True, slots=True)
class Span:
    """Over how long one looks. `unit_ms`: a point of the chart."""

    days: int
    unit_ms: int
    short: str
    words: str


SPANS = {
    "24h": Span(1, format.HOUR, "24 h", "24 h"),
    "14d": Span(14, 12 * format.HOUR, "14 d", "14 days"),
}


def headline(
    became: Became, period: str, slowest_ms: int | None, retried: Sequence[Retried]
) -> tuple[str, str]:
    """What happened in a sentence, and how it ended in another."""
    if not became.all:
        return f"Nobody had to be told of anything in {period}.", ""
    out, held = became.went_out, became.held_back
    first = f"{format.plural(out, 'message')} went out in {period}"
    if held:
        first += f", {held:,} {'was' if held == 1 else 'were'} held back"
    rest = []
    if became.sent:
        arrived = "all have" if became.sent == out > 1 else f"{became.sent:,} {_has(became.sent)}"
        slow = f", the slowest after {said_age(slowest_ms)}" if slowest_ms is not None else ""
        rest.append(f"{arrived} arrived{slow}")
    hooks = len({it.target for it in retried if rule_words.is_webhook(it.target)})
    mails = sum(not rule_words.is_webhook(it.target) for it in retried)
    if hooks:
        rest.append(
            f"{_number(hooks)} {'webhook is' if hooks == 1 else 'webhooks are'} being retried"
        )
    if mails:
        rest.append(f"{_number(mails)} {'mail is' if mails == 1 else 'mails are'} being retried")
    if became.failed:
        rest.append(f"{became.failed:,} could not be delivered")
    if became.due:
        rest.append(f"{became.due:,} on the way")
    second = "; ".join(rest)
    return f"{first}.", f"{second[:1].upper()}{second[1:]}." if second else ""


def _has(n: int) -> str:
    return "has" if n == 1 else "have"


def _number(n: int) -> str:
    return "one" if n == 1 else f"{n:,}"


def change(now: Ages, before: Ages) -> float | None:
    """By how many seconds the slow end has moved; None where there were too few messages."""
    if now.p95_ms is None or before.p95_ms is None or min(now.count, before.count) < FEW:
        return None
    return round((now.p95_ms - before.p95_ms) / 1000, 1)


def said_age(ms: int | None) -> str:
    """`1.1 s`; nothing of what is not known."""
    return "" if ms is None else age(ms / 1000)


def chart(now: Sequence[Taken], span: Span, since_ms: int, zone: str) -> Markup:
    """How old messages were over time; nothing if there was none."""
    course = alert_ages.course(now, since_ms, span.unit_ms, span.days * format.DAY // span.unit_ms)
    slow = [it.p95_ms for it in course if it.p95_ms is not None]
    if not slow:
        return Markup()
    start = format.local(since_ms, zone)
    first = f"{start:%H:%M}" if span.days == 1 else f"{start.day} {start:%b}"
    over = sum(it > age_chart.PROMISED_MS for it in slow)
    spans = "hours" if span.days == 1 else "half days"
    label = (
        f"p95 of messages between {said_age(min(slow))} and {said_age(max(slow))} in {span.words}, "
        + ("never above" if not over else f"in {over} of {len(slow)} {spans} above")
        + " the promised 5 s"
    )
    return age_chart.draw(course, label, first)
