"""Discord: one embed that calls nobody.

docs.discord.com (discord.com/developers/docs), "Execute Webhook", "Embed Limits", "Allowed
Mentions": title 256, description 4,096, 25 fields with a name of 256 and a value of 1,024, footer
2,048, all together 6,000 characters; nothing may be empty.
"""

from typing import Any

from lighttrace.alerts.shapes import wire
from lighttrace.alerts.shapes.card import COLOURS, Card, at_utc
from lighttrace.alerts.shapes.markup import VALUE, Markup, body
from lighttrace.alerts.shapes.text import backslashed, utf16_units
from lighttrace.outward import Request
from lighttrace.settings.webhooks import Webhook

TITLE, DESCRIPTION = 256, 3500

MARKDOWN = Markup(
    escape=backslashed,
    link=lambda words, url: f"[{words}](<{url}>)",
    code=lambda text: f"```\n{text}\n```",
    bold=lambda words: f"**{words}**",
    size=utf16_units,
)


def request(card: Card, hook: Webhook, message_id: str) -> Request:
    return wire.request(hook.url, payload(card))


def payload(card: Card) -> dict[str, Any]:
    embed = {
        "title": MARKDOWN.fit(card.headline, TITLE),
        "url": card.url,
        "description": body(card, MARKDOWN, DESCRIPTION, facts=False),
        "color": COLOURS[card.tone],
        "fields": [
            {"name": name, "value": MARKDOWN.fit(value, VALUE), "inline": True}
            for name, value in card.facts
        ],
        "footer": {"text": card.foot},
        "timestamp": at_utc(card.at).isoformat(),
    }
    return {"username": "LightTrace", "embeds": [embed], "allowed_mentions": {"parse": []}}
