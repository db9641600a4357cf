"""ntfy: published as JSON, so that no title ever comes near a header.

docs.ntfy.sh, "Publish as JSON": to the server's root with the topic inside; a message of at most
4,096 bytes, beyond which it becomes a file; three actions. Texts are plain.
"""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from lighttrace.alerts.shapes import wire
from lighttrace.alerts.shapes.card import Card, Tone, lines
from lighttrace.alerts.shapes.text import fit, utf8_bytes
from lighttrace.outward import Request
from lighttrace.settings.webhooks import Webhook

TITLE, MESSAGE, ACTIONS = 250, 3500, 3
PRIORITY: dict[Tone, int] = {"bad": 4, "back": 4, "loud": 4, "calm": 3}


def request(card: Card, hook: Webhook, message_id: str) -> Request:
    parts = urlsplit(hook.url)
    headers = {"Authorization": f"Bearer {hook.secret}"} if hook.secret else {}
    url = urlunsplit(parts._replace(path="/"))
    return wire.request(url, payload(card, parts.path.strip("/")), headers)


def payload(card: Card, topic: str) -> dict[str, Any]:
    return {
        "topic": topic,
        "title": fit(card.headline, TITLE, size=utf8_bytes),
        "message": fit("\n".join(lines(card)), MESSAGE, size=utf8_bytes),
        "priority": PRIORITY[card.tone],
        "tags": ["warning" if PRIORITY[card.tone] > 3 else "information_source"],
        "click": card.url,
        "actions": [
            {"action": "view", "label": one.words, "url": one.url} for one in card.links[:ACTIONS]
        ],
    }
