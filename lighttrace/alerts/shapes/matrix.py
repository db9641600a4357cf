"""Matrix: a message of an account in a room.

spec.matrix.org, "PUT /rooms/{roomId}/send/{eventType}/{txnId}", "m.text", "User and room mentions":
the transaction id makes a second try the same message; an event has at most 65,536 bytes; with an
empty `m.mentions` nobody is called.
"""

from html import escape as html
from typing import Any
from urllib.parse import quote

from lighttrace.alerts.shapes import wire
from lighttrace.alerts.shapes.card import Card, lines
from lighttrace.alerts.shapes.markup import Markup, body
from lighttrace.alerts.shapes.text import cut
from lighttrace.outward import Request
from lighttrace.settings.webhooks import Webhook

TITLE, TEXT = 250, 4000

HTML = Markup(
    escape=html,
    link=lambda words, url: f'<a href="{html(url)}">{words}</a>',
    code=lambda text: f"<code>{html(text)}</code>",
    bold=lambda words: f"<b>{words}</b>",
    newline="<br>",
)


def request(card: Card, hook: Webhook, message_id: str) -> Request:
    room, txn = quote(hook.chat or "", safe=""), quote(message_id, safe="")
    url = f"{hook.url.rstrip('/')}/_matrix/client/v3/rooms/{room}/send/m.room.message/{txn}"
    headers = {"Authorization": f"Bearer {hook.secret}"}
    return wire.request(url, payload(card), headers, "PUT")


def payload(card: Card) -> dict[str, Any]:
    links = [f"{one.words}: {one.url}" for one in card.links]
    title = HTML.bold(HTML.fit(card.headline, TITLE))
    return {
        "msgtype": "m.text",
        "body": "\n".join([cut(card.headline, TITLE), cut("\n".join(lines(card)), TEXT), *links]),
        "format": "org.matrix.custom.html",
        "formatted_body": f"{title}<br>{body(card, HTML, TEXT)}<br><i>{html(card.foot)}</i>",
        "m.mentions": {},
    }
