"""The body of a message in the markup of a service, within its room."""

from collections.abc import Callable
from dataclasses import dataclass

from lighttrace.alerts.shapes.card import Card
from lighttrace.alerts.shapes.text import fit

SAYS, LINE, VALUE, REASONS = 700, 160, 100, 3  # characters, as written


@dataclass(frozen=True, slots=True)
class Markup:
    """`escape`: a text of somebody else. The others get what is escaped; `code` is for one line and
    escapes itself. `size`: how the service counts.
    """

    escape: Callable[[str], str]
    link: Callable[[str, str], str]
    code: Callable[[str], str]
    bold: Callable[[str], str]
    size: Callable[[str], int] = len
    newline: str = "\n"

    def fit(self, text: str, most: int) -> str:
        return fit(text, most, self.escape, self.size)


def body(card: Card, markup: Markup, room: int, *, facts: bool = True, links: bool = True) -> str:
    """All below the headline. Issues of a list are shown as long as there is room, the others are
    counted; everything else always has its place.
    """
    rows = [markup.fit(card.says, SAYS), markup.fit(card.where, LINE)]
    if card.code:
        rows.append(fit(card.code, LINE, markup.code, markup.size))
    if facts:
        named = (f"{markup.bold(name)} {markup.fit(value, VALUE)}" for name, value in card.facts)
        rows.append(" · ".join(named))
    rows += [markup.fit(one, LINE) for one in card.reasons[:REASONS]]
    foot = ""
    if links:
        foot = " · ".join(markup.link(markup.escape(one.words), one.url) for one in card.links)
    rows = [row for row in rows if row]
    left = room - sum(markup.size(row) + len(markup.newline) for row in (*rows, foot)) - 40
    shown = 0
    for item in card.items:
        title, about = markup.fit(item.title, LINE), markup.fit(item.about, LINE)
        row = f"• {markup.link(title, item.url)} ({about})"
        left -= markup.size(row) + len(markup.newline)
        if left < 0:
            break
        rows.append(row)
        shown += 1
    if more := card.more + len(card.items) - shown:
        rows.append(markup.escape(f"and {more} more"))
    return markup.newline.join([*rows, foot] if foot else rows)
