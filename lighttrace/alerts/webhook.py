"""Webhooks: a message in the shape of its service is sent, and its answer read in plain words.

The addresses and tokens of webhooks are secrets: sentences, logs and what is kept of an answer show
the host and a few letters (`outward.shown`).
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urlsplit

import msgspec

from lighttrace import outward
from lighttrace.alerts.news import News, a_test
from lighttrace.alerts.shapes import (
    discord,
    generic,
    gotify,
    matrix,
    mattermost,
    ntfy,
    slack,
    teams,
    telegram,
)
from lighttrace.alerts.shapes.card import Card, card
from lighttrace.alerts.shapes.text import cut, line
from lighttrace.errors import DeliveryError, OutwardError
from lighttrace.outward import Answer, Request, Resolve, by_system
from lighttrace.settings.webhooks import Webhook
from lighttrace.store.outbox import Message

ANSWER_CHARS = 200  # of its own words that are kept
SECRET_CHARS = 6  # a shorter part of an address is a word, such as "hooks"
LONGEST_PAUSE_S = 60 * 60  # whatever a server asks for
SHORTEST_PAUSE_S = 1

SHAPES: dict[str, Callable[[Card, Webhook, str], Request]] = {
    "slack": slack.request,
    "mattermost": mattermost.request,
    "discord": discord.request,
    "teams": teams.request,
    "telegram": telegram.request,
    "ntfy": ntfy.request,
    "gotify": gotify.request,
    "matrix": matrix.request,
}
# what an answer means for all services; `{who}` says no, and this is why
WHY = {
    400: "it does not take the message",
    401: "it does not know the secret, or the address is wrong",
    403: "it does not let us write there",
    404: "there is no such webhook; make a new one and put its address into the file",
    405: "it takes no messages at this address",
    410: "the webhook was removed; make a new one and put its address into the file",
    413: "the message is too large for it",
    429: "it takes no more messages just now",
}
# trying the same message again cannot help
FINAL = {400, 404, 405, 410, 411, 413, 414, 415, 422}
# others would fare no better, until somebody mends it or some time has passed
DOWN = {401, 403, 404, 405, 407, 410, 429}


def request(news: News, hook: Webhook, now_ms: int) -> Request:
    """A message as its service wants it."""
    if hook.kind == "generic":
        return generic.request(news, hook, now_ms)
    return SHAPES[hook.kind](card(news), hook, news.id)


class Post:
    """A webhook as a channel of `deliver`."""

    in_full = False

    def __init__(self, hook: Webhook, resolve: Resolve = by_system) -> None:
        self._hook = hook
        self._resolve = resolve

    @property
    def name(self) -> str:
        return self._hook.target

    async def hand_over(self, news: News, message: Message, now_ms: int) -> tuple[str, str]:
        """For `deliver`."""
        return await self.send(news, now_ms)

    async def send(self, news: News, now_ms: int) -> tuple[str, str]:
        """Send one message; returns the status and the server's words. Raises DeliveryError."""
        hook = self._hook
        try:
            answer = await outward.send(
                request(news, hook, now_ms),
                allow_private=hook.allow_private,
                resolve=self._resolve,
            )
        except OutwardError as error:
            remedy = ""
            if error.code == "private":
                remedy = f' If it is meant, set allow_private = true for "{hook.name}".'
            raise DeliveryError(
                f"{error}{remedy}", code=error.code, channel_down=error.code != "size"
            ) from error
        words = self._words(answer)
        if 200 <= answer.status < 300:
            return str(answer.status), words or "taken"
        raise self._refusal(answer, words, now_ms)

    def _refusal(self, answer: Answer, words: str, now_ms: int) -> DeliveryError:
        status, who = answer.status, outward.shown(self._hook.url)
        if 300 <= status < 400:
            why = "it points elsewhere, and redirects are not followed; the file needs its address"
        elif status >= 500:
            why = "it is in trouble itself"
        else:
            why = WHY.get(status, "it does not say why")
        said = f" It said: {words}" if words else ""
        return DeliveryError(
            f"{who} answered {status}: {why}.{said}",
            code=str(status),
            permanent=status in FINAL,
            channel_down=status in DOWN or status >= 500 or 300 <= status < 400,
            retry_after_s=_pause_s(answer, now_ms) if status == 429 else None,
        )

    def _words(self, answer: Answer) -> str:
        """What it says, on one line, without what is secret of ours."""
        text = line(answer.body.decode("utf-8", "replace"))
        for secret in _secrets(self._hook):
            text = text.replace(secret, "…")
        return cut(text, ANSWER_CHARS)


def _secrets(hook: Webhook) -> list[str]:
    """What must not be repeated, longest first: tokens, and the parts of an address that may be
    one.
    """
    parts = urlsplit(hook.url)
    pieces = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
    found = [hook.url, hook.secret or "", hook.chat or ""]
    found += [one for one in pieces if len(one) >= SECRET_CHARS]
    return sorted(filter(None, found), key=len, reverse=True)


async def send_test(hook: Webhook, base_url: str, now_ms: int) -> str:
    """For `lighttrace check --webhook`: one message, now. Returns the server's words; raises
    DeliveryError with a remedy.
    """
    _, words = await Post(hook).send(a_test(secrets.token_hex(16), base_url, now_ms), now_ms)
    return words


def _pause_s(answer: Answer, now_ms: int) -> int | None:
    """How long a server wants us to wait: a header in seconds or with a date (RFC 9110), or as
    Discord and Telegram say it in JSON. Bounded; None if it does not say.
    """
    wanted: float | None = None
    text = answer.retry_after.strip()
    if text.isascii() and text.isdigit():
        wanted = float(text[:9])
    elif text:
        wanted = _until(text, now_ms)
    if wanted is None:
        wanted = _said_in_json(answer.body)
    if wanted is None:
        return None
    return int(min(LONGEST_PAUSE_S, max(SHORTEST_PAUSE_S, wanted)))


def _until(date: str, now_ms: int) -> float | None:
    try:
        when = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return (when.replace(tzinfo=when.tzinfo or UTC) - _at(now_ms)).total_seconds()


def _at(now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, UTC)


def _said_in_json(body: bytes) -> float | None:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    inner = said.get("parameters")
    for place in (said, inner if isinstance(inner, dict) else {}):
        found = place.get("retry_after")
        if isinstance(found, int | float) and not isinstance(found, bool):
            return float(found)
    return None
