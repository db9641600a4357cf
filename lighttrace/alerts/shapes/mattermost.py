"""Mattermost: Slack's message with Markdown in its texts.

developers.mattermost.com, "Incoming webhooks" and "Message attachments": `@channel` calls people in
attachments as well, images and links are Markdown; older servers take 8,000 characters of
attachments as JSON.
"""

from lighttrace.alerts.shapes import slack, wire
from lighttrace.alerts.shapes.card import Card
from lighttrace.alerts.shapes.markup import Markup
from lighttrace.alerts.shapes.text import backslashed, cut, uncalled
from lighttrace.outward import Request
from lighttrace.settings.webhooks import Webhook

MARKDOWN = Markup(
    escape=backslashed,
    link=lambda words, url: f"[{words}]({url})",
    code=lambda text: f"\n```\n{text}\n```",
    bold=lambda words: f"**{words}**",
)


def request(card: Card, hook: Webhook, message_id: str) -> Request:
    # a title with a link is shown as it is, and so is what a phone announces
    headline = cut(uncalled(card.headline), slack.TITLE)
    return wire.request(hook.url, slack.attachment(card, MARKDOWN, headline))
