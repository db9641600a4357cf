"""Gotify: a message of an application.

gotify.net/api-docs, "createMessage", and gotify.net/docs/msgextras. It sets no limits of its own.
"""

from typing import Any

from lighttrace.alerts.shapes import wire
from lighttrace.alerts.shapes.card import Card, lines
from lighttrace.alerts.shapes.text import cut
from lighttrace.outward import Request
from lighttrace.settings.webhooks import Webhook

TITLE, MESSAGE = 250, 3000


def request(card: Card, hook: Webhook, message_id: str) -> Request:
    headers = {"X-Gotify-Key": hook.secret or ""}
    return wire.request(f"{hook.url.rstrip('/')}/message", payload(card), headers)


def payload(card: Card) -> dict[str, Any]:
    links = [f"{one.words}: {one.url}" for one in card.links]
    return {
        "title": cut(card.headline, TITLE),
        "message": "\n".join([cut("\n".join(lines(card)), MESSAGE), *links]),
        "priority": 5 if card.tone == "calm" else 8,
        "extras": {
            "client::display": {"contentType": "text/plain"},
            "client::notification": {"click": {"url": card.url}},
        },
    }
