"""Slack, and what understands its older messages (Rocket.Chat, Zulip and others).

Attachments and not blocks, since those others know nothing of blocks. docs.slack.dev, "Sending
messages using incoming webhooks", "Secondary message attachments", "Formatting message text":
`&`, `<` and `>` are escaped and nothing else can be; people are called by `<!channel>`; a message
is cut at 40,000 characters and should have at most 4,000.
"""

import re
from typing import Any

from lighttrace.alerts.shapes import wire
from lighttrace.alerts.shapes.card import COLOURS, Card
from lighttrace.alerts.shapes.markup import VALUE, Markup, body
from lighttrace.alerts.shapes.text import INVISIBLE
from lighttrace.outward import Request
from lighttrace.settings.webhooks import Webhook

TITLE, TEXT = 200, 3000

_CALLS = re.compile(r"@(?=channel|here|everyone|group)", re.I)


def escape(text: str) -> str:
    for mark, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(mark, written)
    return _CALLS.sub(f"@{INVISIBLE}", text)


MRKDWN = Markup(
    escape=escape,
    # a bar inside the words would not be shown, or end them
    link=lambda words, url: f"<{escape(url)}|{words.replace('|', '¦')}>",
    code=lambda text: f"```{escape(text)}```",
    bold=lambda words: f"*{words}*",
)


def request(card: Card, hook: Webhook, message_id: str) -> Request:
    return wire.request(hook.url, payload(card))


def payload(card: Card) -> dict[str, Any]:
    return attachment(card, MRKDWN, MRKDWN.fit(card.headline, TITLE))


def attachment(card: Card, markup: Markup, headline: str) -> dict[str, Any]:
    fields = [
        {"title": name, "value": markup.fit(value, VALUE), "short": True}
        for name, value in card.facts
    ]
    one = {
        "fallback": headline,
        "color": f"#{COLOURS[card.tone]:06x}",
        "title": headline,
        "title_link": card.url,
        "text": body(card, markup, TEXT, facts=False),
        "mrkdwn_in": ["text"],
        "fields": fields,
        "footer": card.foot,
        "ts": card.at // 1000,
    }
    return {"attachments": [one]}
