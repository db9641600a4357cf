"""Microsoft Teams: an Adaptive Card for the webhook of a workflow ("When a Teams webhook request is
received"), which has taken the place of the old connectors.

learn.microsoft.com, "Create incoming webhooks with Workflows", "Adaptive Cards schema", "Text
features": 28 KB a message; text blocks and fact sets read Markdown, `RichTextBlock` does not, so
everything of ours stands in one of those and nothing has to be escaped.
"""

from typing import Any

from lighttrace.alerts.shapes import wire
from lighttrace.alerts.shapes.card import Card, Link, Tone
from lighttrace.alerts.shapes.markup import LINE, REASONS, SAYS, VALUE
from lighttrace.alerts.shapes.text import cut
from lighttrace.outward import Request
from lighttrace.settings.webhooks import Webhook

TITLE, ITEMS = 250, 10

COLOUR: dict[Tone, str] = {
    "bad": "Attention",
    "back": "Warning",
    "loud": "Warning",
    "calm": "Accent",
}


def request(card: Card, hook: Webhook, message_id: str) -> Request:
    return wire.request(hook.url, payload(card))


def payload(card: Card) -> dict[str, Any]:
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": cut(card.headline, TITLE),
        "msteams": {"width": "Full"},
        "body": _body(card),
        "actions": [_open(one) for one in card.links],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}


def _body(card: Card) -> list[dict[str, Any]]:
    title = _run(card.headline, TITLE, weight="Bolder", size="Large", color=COLOUR[card.tone])
    blocks = [_block(title)]
    if card.says:
        blocks.append(_block(_run(card.says, SAYS)))
    if card.where:
        blocks.append(_block(_run(card.where, LINE, isSubtle=True)))
    if card.code:
        blocks.append(_block(_run(card.code, LINE, fontType="Monospace")))
    for name, value in card.facts:
        blocks.append(_block(_run(f"{name}  ", VALUE, weight="Bolder"), _run(value, VALUE)))
    blocks += [_block(_run(one, LINE)) for one in card.reasons[:REASONS]]
    for item in card.items[:ITEMS]:
        link = _run(item.title, LINE, selectAction=_open(Link("Open", item.url)))
        blocks.append(_block(link, _run(f"  {item.about}", LINE, isSubtle=True)))
    if left := card.more + len(card.items[ITEMS:]):
        blocks.append(_block(_run(f"and {left} more", LINE)))
    blocks.append(_block(_run(card.foot, LINE, isSubtle=True, size="Small")))
    for block in blocks[1:]:
        block["spacing"] = "Small"
    return blocks


def _block(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, most: int, **look: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": cut(text, most), **look}


def _open(link: Link) -> dict[str, str]:
    return {"type": "Action.OpenUrl", "title": link.words, "url": link.url}
