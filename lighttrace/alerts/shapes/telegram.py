"""Telegram: a message of a bot, in its HTML.

core.telegram.org/bots/api, "sendMessage" and "HTML style": 1 to 4,096 characters after the markup
is taken out, at most 100 entities; `&`, `<`, `>` and `"` are escaped. `@name` calls somebody. Links
stand in the text: buttons are refused for addresses that are not public.
"""

from html import escape as html
from typing import Any

from lighttrace.alerts.shapes import wire
from lighttrace.alerts.shapes.card import Card
from lighttrace.alerts.shapes.markup import Markup, body
from lighttrace.alerts.shapes.text import uncalled, utf16_units
from lighttrace.outward import Request
from lighttrace.settings.webhooks import Webhook

TITLE, TEXT = 250, 3800


def escape(text: str) -> str:
    return html(uncalled(text))


HTML = Markup(
    escape=escape,
    link=lambda words, url: f'<a href="{html(url)}">{words}</a>',
    code=lambda text: f"<pre>{html(text)}</pre>",
    bold=lambda words: f"<b>{words}</b>",
    size=utf16_units,
)


def request(card: Card, hook: Webhook, message_id: str) -> Request:
    url = f"{hook.url.rstrip('/')}/bot{hook.secret}/sendMessage"
    return wire.request(url, payload(card, hook.chat or ""))


def payload(card: Card, chat: str) -> dict[str, Any]:
    title = HTML.bold(HTML.fit(card.headline, TITLE))
    return {
        "chat_id": chat,
        "text": f"{title}\n{body(card, HTML, TEXT - TITLE)}\n<i>{escape(card.foot)}</i>",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
