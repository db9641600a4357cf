"""What any chat is told, in plain words: nothing is escaped yet, and nothing is cut."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from lighttrace.alerts.news import Kind, News, Rate, Told
from lighttrace.alerts.phrases import old
from lighttrace.alerts.shapes.text import code, line

Tone: TypeAlias = Literal["bad", "back", "loud", "calm"]
# of the stylesheet: --error-mark, --regr-mark, --spike-mark, --info-mark
COLOURS: dict[Tone, int] = {"bad": 0xD5392F, "back": 0xA9359E, "loud": 0xD8681A, "calm": 0x2F7FC4}
TONES: dict[Kind, Tone] = {
    "new": "bad",
    "regression": "back",
    "escalating": "loud",
    "spike": "loud",
    "spike_escalated": "loud",
    "volume": "loud",
    "users": "loud",
    "digest": "bad",
    "held": "bad",
}
ASIDES = 5
SEVERAL = ("digest", "held")
VERBS: dict[Kind, str] = {
    "new": "New",
    "regression": "Back",
    "escalating": "Louder",
    "spike": "Spike",
    "spike_escalated": "Still rising",
    "volume": "Many events",
    "users": "Many users",
    "feedback": "Feedback",
    "quota": "Quota",
    "failed": "Not delivered",
    "weekly": "Your week",
    "alive": "Alive",
}


@dataclass(frozen=True, slots=True)
class Link:
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Item:
    """One of several issues."""

    title: str
    about: str
    url: str


@dataclass(frozen=True, slots=True)
class Card:
    """`says`: the error's own words. `where` and `code`: the place and its line. `facts`: names and
    values. `more`: how many items are not shown. `at` in ms.
    """

    tone: Tone
    headline: str
    url: str
    says: str
    where: str
    code: str
    facts: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]
    items: tuple[Item, ...]
    more: int
    links: tuple[Link, ...]
    foot: str
    at: int


def card(news: News) -> Card:
    told = news.told
    place = told.place if told else None
    hit = next((it.text for it in place.code if it.hit), "") if place else ""
    where = " in ".join(filter(None, (place.function, place.file))) if place else ""
    return Card(
        tone=TONES.get(news.kind, "calm"),
        headline=headline(news),
        url=news.url,
        says=line(_says(news)),
        where=line(where or (told.culprit if told else "")),
        code=code(hit),
        facts=tuple((name, it) for name, it in _facts(told, news.rate) if it) if told else (),
        reasons=tuple(filter(None, map(line, (*news.reasons, *_asides(news))))),
        items=tuple(_item(one) for one in news.others),
        more=max(0, news.count - len(news.others)),
        links=tuple(_links(news)),
        foot=_foot(news),
        at=news.at,
    )


def headline(news: News) -> str:
    """The fact, in a line: what happened, where, to what."""
    told, n = news.told, news.count
    if news.kind == "test":
        return "LightTrace can send messages here"
    if news.kind == "failed":
        return line(news.words) or VERBS["failed"]
    if news.kind == "held":
        return f"{n} more message{'' if n == 1 else 's'} held back"
    if news.kind == "digest":
        return line(news.words) or f"{n} issues at once"
    if told is None:
        return line(news.words) or VERBS.get(news.kind, "News")
    if news.comment is not None:
        return line(f"{news.comment.who} wrote about {told.short_id}: {told.title}")
    verb = VERBS.get(news.kind, "New")
    if news.rate is not None and news.kind == "spike" and news.rate.usual > 0:
        factor = news.rate.count / news.rate.usual
        verb = f"{factor:.0f}× more" if factor >= 2 else verb
    return line(f"{verb} in {told.project}: {line(told.title) or told.short_id}")


def lines(card: Card) -> Iterator[str]:
    """All of it but the headline and the links, in plain text."""
    yield from filter(None, (card.says, card.where, card.code))
    if card.facts:
        yield ", ".join(f"{name}: {value}" for name, value in card.facts)
    yield from card.reasons
    for item in card.items:
        yield f"- {item.title} ({item.about})"
    if card.more and card.items:
        yield f"and {card.more} more"
    yield card.foot


def at_utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def how_loud(rate: Rate) -> str:
    """`37 in 5 min, usually 2`."""
    usual = f"{rate.usual:.0f}" if rate.usual >= 10 else f"{rate.usual:.1f}".removesuffix(".0")
    return f"{rate.count} in {rate.window_min} min, usually {usual}"


def _says(news: News) -> str:
    if news.comment is not None:
        return news.comment.body
    if news.kind == "test":
        return f"Links in messages lead to {news.base_url}"
    if news.kind == "held":
        until = news.digest.until if news.digest else ""
        told = f"What comes until {until} is told then." if until else "The rest is told after it."
        return f"So that there are no more than ten messages an hour. {told}"
    if news.kind == "failed":
        about = news.digest.headline if news.digest else news.told.title if news.told else ""
        return f"{line(news.error)} It was about: {about}" if about else line(news.error)
    if news.digest is not None:
        return news.digest.sharing
    return news.told.value if news.told else ""


def _asides(news: News) -> Iterator[str]:
    """What a digest mentions by the way; a mail has room for all of it."""
    said = news.digest.asides if news.digest is not None else ()
    yield from said[:ASIDES]
    if len(said) > ASIDES:
        yield f"{len(said) - ASIDES} more like these."


def _facts(told: Told, rate: Rate | None) -> Iterator[tuple[str, str]]:
    yield "Events", how_loud(rate) if rate else f"{told.count} in {told.since}"
    if told.people:
        yield "Users", str(told.people)
    yield "Environment", line(told.environment)
    yield "Release", line(told.release)
    if told.unhandled or told.level != "error":
        yield "Level", f"{told.level}, unhandled" if told.unhandled else told.level
    yield "First seen", f"{at_utc(told.first_at):%Y-%m-%d %H:%M} UTC"


def _item(told: Told) -> Item:
    events = f"{told.count} event{'' if told.count == 1 else 's'}"
    title = line(f"{told.title}: {told.value}" if told.value else told.title)
    return Item(title or told.short_id, line(f"{told.project}, {events}"), told.url)


def _links(news: News) -> Iterator[Link]:
    if news.told is None:
        yield Link("Open the list" if news.others else "Open LightTrace", news.url)
        if news.digest is not None and news.kind in SEVERAL:
            yield Link("Held-back messages", news.digest.held_url)
        return
    if news.comment is not None:
        yield Link("Open the comment", news.comment.url)
        return
    yield Link("I'm on it", news.take_url)
    yield Link(f"Open {news.told.short_id}", news.told.url)


def _foot(news: News) -> str:
    """Who says it, and how old it was when it left."""
    if news.kind == "test":
        return "LightTrace"
    if news.digest is not None and news.kind in SEVERAL:
        n = news.digest.count
        return f"LightTrace, {n} message{'' if n == 1 else 's'}, {news.digest.span}, {old(news)}"
    more = f", {news.more} more held back" if news.more else ""
    return f"LightTrace, {old(news)}{more}"
